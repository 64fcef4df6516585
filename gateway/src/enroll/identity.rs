//! Who a certificate speaks for: building, role and name, as a URI and as a common name.

use std::fmt;

/// What every identity URI starts with.
pub const URN_PREFIX: &str = "urn:vestibule:";
/// Longest building id in bytes, as everywhere in a topic.
pub const BUILDING_MAX: usize = 32;
/// Longest role name in bytes.
pub const ROLE_MAX: usize = 10;
/// Longest client name in bytes.
pub const NAME_MAX: usize = 20;

/// Upper bound of an X.520 common name in characters; OpenSSL refuses to write more.
const COMMON_NAME_MAX: usize = 64;
const _: () = assert!(BUILDING_MAX + 1 + ROLE_MAX + 1 + NAME_MAX <= COMMON_NAME_MAX);

/// Why a text is not an identity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadIdentity {
    /// The URI does not start with [`URN_PREFIX`].
    #[error("\"{0}\" does not start with {URN_PREFIX}")]
    Scheme(String),
    /// The URI has not exactly the three parts building, role and name.
    #[error("\"{0}\" is not {URN_PREFIX}{{building}}:{{role}}:{{name}}")]
    Parts(String),
    /// A part is empty, too long or has a character outside `[a-z0-9-]`.
    #[error("{part} \"{text}\" is not 1 to {max} characters of a-z, 0-9 and '-'")]
    Part {
        /// Which part.
        part: &'static str,
        /// What was found.
        text: String,
        /// Longest allowed length in bytes.
        max: usize,
    },
}

/// Whom a certificate speaks for. Each part is `[a-z0-9-]`, so that it can stand in a topic and in an ACL unquoted.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity {
    building: String,
    role: String,
    name: String,
}

impl Identity {
    /// Checks the three parts.
    ///
    /// # Errors
    /// [`BadIdentity::Part`] names the first bad part.
    pub fn new(building: &str, role: &str, name: &str) -> Result<Self, BadIdentity> {
        Ok(Self {
            building: part("building", building, BUILDING_MAX)?,
            role: part("role", role, ROLE_MAX)?,
            name: part("name", name, NAME_MAX)?,
        })
    }

    /// Reads `urn:vestibule:{building}:{role}:{name}`.
    ///
    /// # Errors
    /// [`BadIdentity`] says what is wrong with the text.
    pub fn from_urn(urn: &str) -> Result<Self, BadIdentity> {
        let rest = urn.strip_prefix(URN_PREFIX).ok_or_else(|| BadIdentity::Scheme(urn.to_owned()))?;
        let mut parts = rest.split(':');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(building), Some(role), Some(name), None) => Self::new(building, role, name),
            _ => Err(BadIdentity::Parts(urn.to_owned())),
        }
    }

    /// The building's id.
    #[must_use]
    pub fn building(&self) -> &str {
        &self.building
    }

    /// The role, a table name of `roles.toml`.
    #[must_use]
    pub fn role(&self) -> &str {
        &self.role
    }

    /// The name, unique in a role; client ids and the reply topic start from it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The URI for the subject alternative name.
    #[must_use]
    pub fn urn(&self) -> String {
        format!("{URN_PREFIX}{}:{}:{}", self.building, self.role, self.name)
    }

    /// The common name `{building}.{role}.{name}`, at most 64 characters.
    ///
    /// Mosquitto takes a user name from the common name only. With the name alone a staff certificate called "gateway"
    /// would be the gateway; with building and role in it, it is nobody but itself, on a shared cloud broker too.
    #[must_use]
    pub fn common_name(&self) -> String {
        format!("{}.{}.{}", self.building, self.role, self.name)
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.role, self.name)
    }
}

fn part(part: &'static str, text: &str, max: usize) -> Result<String, BadIdentity> {
    let plain = text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    if text.is_empty() || text.len() > max || !plain {
        return Err(BadIdentity::Part { part, text: text.to_owned(), max });
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urn_reads_back_when_written() {
        let identity = Identity::new("maple-court", "staff", "front-desk").unwrap();
        assert_eq!(identity.urn(), "urn:vestibule:maple-court:staff:front-desk");
        assert_eq!(Identity::from_urn(&identity.urn()).unwrap(), identity);
        assert_eq!(identity.common_name(), "maple-court.staff.front-desk");
    }

    #[test]
    fn urn_is_refused_when_malformed() {
        for bad in [
            "",
            "urn:vestibule:",
            "urn:vestibule:b:staff",
            "urn:vestibule:b:staff:a:extra",
            "urn:vestibule:b::a",
            "urn:vestibule:b:Staff:a",
            "urn:vestibule:b:staff:a/b",
            "urn:vestibule:b:staff:a.b",
            "urn:vestibule:b:staff:+",
            "urn:vestibule:b:staff:aaaaaaaaaaaaaaaaaaaaa",
            "URN:vestibule:b:staff:a",
            "spiffe://b/staff/a",
        ] {
            assert!(Identity::from_urn(bad).is_err(), "{bad}");
        }
    }
}
