//! The places of keys and certificates that a configuration names: what is there, and what is still to be enrolled.

use std::path::{Path, PathBuf};

use super::ca::Purpose;
use super::error::EnrollError;
use super::identity::{BadIdentity, Identity, NAME_MAX};
use super::request::{REQUEST_EXTENSION, Requested, request};
use crate::config::{Configuration, Tls};

/// Role of a broker.
pub(super) const BROKER: &str = "broker";
/// Role of the daemon, towards the building's broker and the cloud's.
const GATEWAY: &str = "gateway";

/// Who signs for a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    /// The building's own (`enroll --building-ca`).
    Building,
    /// The cloud's.
    Cloud,
}

/// One end of TLS: which files, for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The files.
    pub files: Tls,
    /// Whose certificate belongs there.
    pub identity: Identity,
    /// As what.
    pub purpose: Purpose,
    /// Who signs it.
    pub authority: Authority,
}

/// How far a place is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Key and certificate are there.
    Enrolled,
    /// The key is there, or its request: the certificate is awaited.
    Requested,
    /// There is nothing yet.
    Empty,
}

impl Slot {
    /// Every place that a configuration names.
    ///
    /// # Errors
    /// [`BadIdentity`] where a file's name cannot be made a name.
    pub fn all(configuration: &Configuration) -> Result<Vec<Self>, BadIdentity> {
        let building = configuration.site.building.as_str();
        let slot = |files: &Tls, role, purpose, authority| {
            let identity = Identity::new(building, role, &name_of(&files.key, role))?;
            Ok(Self { files: files.clone(), identity, purpose, authority })
        };
        let mut all = Vec::new();
        if let Some(broker) = &configuration.broker {
            let listening = (!broker.listen.ip().is_loopback()).then(rustix::system::uname);
            let hostname = listening.as_ref().and_then(|names| names.nodename().to_str().ok());
            let purpose = server(&broker.host, hostname);
            all.push(slot(&broker.server, BROKER, purpose, Authority::Building)?);
            all.push(slot(&broker.client, GATEWAY, Purpose::Client, Authority::Building)?);
        }
        if let Some(cloud) = &configuration.cloud {
            all.push(slot(&cloud.client, GATEWAY, Purpose::Client, Authority::Cloud)?);
        }
        Ok(all)
    }

    /// How far it is.
    #[must_use]
    pub fn state(&self) -> State {
        // A key that only its own user may look at is there, too: a folder that is closed to us says nothing of it.
        match (self.files.certificate.exists(), self.files.key.exists() || self.request_path().exists()) {
            (true, true) => State::Enrolled,
            (_, true) => State::Requested,
            (_, false) => State::Empty,
        }
    }

    /// Where its request lies, or will.
    #[must_use]
    pub fn request_path(&self) -> PathBuf {
        self.files.key.with_extension(REQUEST_EXTENSION)
    }

    /// Makes its key unless there is one, and the request.
    ///
    /// # Errors
    /// As [`request`].
    pub fn request(&self) -> Result<Requested, EnrollError> {
        request(&self.files.key, &self.identity, &self.purpose)
    }
}

/// The broker is reached where the daemon looks for it and, when others may connect, under this computer's name.
fn server(host: &str, hostname: Option<&str>) -> Purpose {
    if let Ok(address) = host.parse() {
        return Purpose::Server { dns: Vec::new(), addresses: vec![address] };
    }
    let mut dns = vec![host.to_owned()];
    let plain = |name: &&str| {
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
    };
    if let Some(name) = hostname.filter(plain) {
        dns.extend([name.to_owned(), format!("{name}.local")]);
    }
    dns.sort();
    dns.dedup();
    Purpose::Server { dns, addresses: Vec::new() }
}

/// `gateway-one.key` is the key of the gateway `one`; a file of another form gives its name whole.
fn name_of(key: &Path, role: &str) -> String {
    let stem = key.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let own = stem.strip_prefix(role).and_then(|rest| rest.strip_prefix('-')).unwrap_or(stem);
    let plain = own.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' });
    plain.take(NAME_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_comes_from_the_keys_file() {
        for (file, name) in [
            ("/tls/gateway-one.key", "one"),
            ("/tls/gateway.key", "gateway"),
            ("/tls/cloud-gateway.key", "cloud-gateway"),
            ("/tls/My Key.pem", "my-key"),
            ("/tls/a-very-long-name-of-a-gateway.key", "a-very-long-name-of-"),
        ] {
            assert_eq!(name_of(Path::new(file), "gateway"), name, "{file}");
        }
    }

    #[test]
    fn broker_is_named_for_others_only_where_they_may_connect() {
        let dns = |host, name| match server(host, name) {
            Purpose::Server { dns, .. } => dns,
            Purpose::Client => Vec::new(),
        };
        assert_eq!(dns("localhost", None), ["localhost"]);
        assert_eq!(dns("localhost", Some("lobby")), ["lobby", "lobby.local", "localhost"]);
        assert_eq!(dns("localhost", Some("(none)")), ["localhost"]);
        let addressed = Purpose::Server { dns: Vec::new(), addresses: vec!["10.0.0.5".parse().unwrap()] };
        assert_eq!(server("10.0.0.5", Some("lobby")), addressed);
    }
}
