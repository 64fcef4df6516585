//! Roles as data: which topics each may publish, retain and read, from `roles.toml`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use super::topic::{BadTopic, check_filter, covers, overlap};
use crate::enroll::{Identity, ROLE_MAX};

/// The roles of a building's own bus.
const BUILDING_ROLES: &str = include_str!("../../../broker-config/roles.toml");
/// The roles of a broker that stands in for the cloud.
const CLOUD_ROLES: &str = include_str!("../../../broker-config/cloud-roles.toml");
/// Commands, below the prefix: their messages never pass through rumqttd (see `post.rs`).
const COMMANDS: &str = "command/#";
/// Longest roles file in bytes; a real one has a few kB.
const FILE_BYTES_MAX: usize = 64 * 1024;
/// Most patterns of one list. A packet is checked against each, so this bounds its cost.
const PATTERNS_MAX: usize = 64;

/// Why a roles file is not usable. Line and column count from 1.
#[derive(Debug, thiserror::Error)]
pub enum RolesError {
    /// The file could not be read.
    #[error("cannot read {path}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Not TOML, or not of this shape; the text names line and column.
    #[error("{origin}: {source}")]
    Syntax {
        /// Which file.
        origin: String,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// A value that cannot be used.
    #[error("{origin}:{line}:{column}: {problem}")]
    Value {
        /// Which file.
        origin: String,
        /// Line.
        line: usize,
        /// Column.
        column: usize,
        /// What is wrong.
        problem: Problem,
    },
}

/// What is wrong with one value of a roles file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The pattern breaks a rule that every topic must keep.
    #[error("pattern \"{0}\": {1}")]
    Pattern(String, BadTopic),
    /// A brace that is neither `{building}` nor `{name}`.
    #[error("pattern \"{0}\": only {{building}} and {{name}} are filled in")]
    Placeholder(String),
    /// The prefix does not separate one building from another.
    #[error("prefix \"{0}\" does not end with {{building}}/")]
    Prefix(String),
    /// A topic that may be retained but not published.
    #[error("pattern \"{0}\" may be retained but is not in publish")]
    RetainWithoutPublish(String),
    /// A pattern that reaches commands and more, or retains one.
    #[error("pattern \"{0}\": commands are read by filters below command/ alone, and never retained")]
    Commands(String),
    /// A role name no certificate can carry.
    #[error("role \"{0}\" is not 1 to {ROLE_MAX} characters of a-z, 0-9 and '-'")]
    RoleName(String),
    /// A list that is too long.
    #[error("more than {PATTERNS_MAX} patterns")]
    TooMany,
    /// The file itself is too long.
    #[error("more than {FILE_BYTES_MAX} bytes")]
    TooLong,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    prefix: Spanned<String>,
    role: BTreeMap<Spanned<String>, RoleEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RoleEntry {
    #[serde(default)]
    publish: Vec<Spanned<String>>,
    #[serde(default)]
    retain: Vec<Spanned<String>>,
    #[serde(default)]
    subscribe: Vec<Spanned<String>>,
}

/// What one role may do; patterns are relative to the table's prefix and may hold `{name}`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Role {
    /// Topics it may publish.
    pub publish: Vec<String>,
    /// Of those, topics it may set the retain flag on.
    pub retain: Vec<String>,
    /// Topics it may read.
    pub subscribe: Vec<String>,
}

/// Every role a broker knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleTable {
    prefix: String,
    roles: BTreeMap<String, Role>,
}

impl RoleTable {
    /// The roles of a building's own bus, as built in.
    ///
    /// # Errors
    /// None in a tested build: a test reads this table.
    pub fn building() -> Result<Self, RolesError> {
        Self::parse("roles.toml (built in)", BUILDING_ROLES)
    }

    /// The roles of a broker standing in for the cloud, as built in.
    ///
    /// # Errors
    /// None in a tested build: a test reads this table.
    pub fn cloud() -> Result<Self, RolesError> {
        Self::parse("cloud-roles.toml (built in)", CLOUD_ROLES)
    }

    /// Reads a site's own table.
    ///
    /// # Errors
    /// [`RolesError`] with file, line and column.
    pub fn read(path: &Path) -> Result<Self, RolesError> {
        let text =
            fs::read_to_string(path).map_err(|source| RolesError::Read { path: path.to_owned(), source })?;
        Self::parse(&path.display().to_string(), &text)
    }

    /// Reads a table from text; `origin` names it in errors.
    ///
    /// # Errors
    /// [`RolesError`] with line and column of the first problem.
    pub fn parse(origin: &str, text: &str) -> Result<Self, RolesError> {
        let at = |offset: usize, problem: Problem| {
            let before = text.get(..offset).unwrap_or_default();
            let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
            RolesError::Value {
                origin: origin.to_owned(),
                line: before.matches('\n').count() + 1,
                column: before.len() - line_start + 1,
                problem,
            }
        };
        if text.len() > FILE_BYTES_MAX {
            return Err(at(0, Problem::TooLong));
        }
        let file: File = toml::from_str(text)
            .map_err(|source| RolesError::Syntax { origin: origin.to_owned(), source: Box::new(source) })?;
        let prefix = check_prefix(&file.prefix).map_err(|problem| at(file.prefix.span().start, problem))?;
        let mut roles = BTreeMap::new();
        for (name, entry) in &file.role {
            let name_at = |problem| at(name.span().start, problem);
            let role_name = check_role_name(name.get_ref()).map_err(name_at)?;
            let list = |patterns: &[Spanned<String>]| {
                if patterns.len() > PATTERNS_MAX {
                    return Err(name_at(Problem::TooMany));
                }
                patterns
                    .iter()
                    .map(|p| check_pattern(p.get_ref()).map_err(|problem| at(p.span().start, problem)))
                    .collect::<Result<Vec<_>, _>>()
            };
            check_commands(&entry.retain, &entry.subscribe)
                .map_err(|(offset, problem)| at(offset, problem))?;
            let role = Role {
                publish: list(&entry.publish)?,
                retain: list(&entry.retain)?,
                subscribe: list(&entry.subscribe)?,
            };
            for (pattern, spanned) in role.retain.iter().zip(&entry.retain) {
                if !role.publish.iter().any(|publish| covers(publish, pattern)) {
                    return Err(at(spanned.span().start, Problem::RetainWithoutPublish(pattern.clone())));
                }
            }
            roles.insert(role_name, role);
        }
        Ok(Self { prefix, roles })
    }

    /// The role of that name.
    #[must_use]
    pub fn role(&self, name: &str) -> Option<&Role> {
        self.roles.get(name)
    }

    /// Every role with its name.
    pub fn roles(&self) -> impl Iterator<Item = (&str, &Role)> {
        self.roles.iter().map(|(name, role)| (name.as_str(), role))
    }

    /// What every topic of `building` starts with.
    #[must_use]
    pub fn prefix_of(&self, building: &str) -> String {
        self.prefix.replace("{building}", building)
    }

    /// A pattern as a full filter for one client.
    #[must_use]
    pub fn expand(&self, pattern: &str, who: &Identity) -> String {
        format!("{}{}", self.prefix_of(who.building()), pattern.replace("{name}", who.name()))
    }

    /// Every command, as a full filter of a building.
    #[must_use]
    pub fn commands_of(&self, building: &str) -> String {
        format!("{}{COMMANDS}", self.prefix_of(building))
    }

    /// Every topic that some role may retain, as full filters of a building.
    #[must_use]
    pub fn retained_of(&self, building: &str) -> Vec<String> {
        let prefix = self.prefix_of(building);
        let patterns = self.roles.values().flat_map(|role| &role.retain);
        patterns.map(|pattern| format!("{prefix}{}", pattern.replace("{name}", "+"))).collect()
    }
}

fn check_prefix(prefix: &Spanned<String>) -> Result<String, Problem> {
    let prefix = prefix.get_ref();
    let filled = prefix.replace("{building}", "b");
    if !prefix.ends_with("/{building}/") || filled.contains(['{', '}', '+', '#']) {
        return Err(Problem::Prefix(prefix.clone()));
    }
    Ok(prefix.clone())
}

fn check_role_name(name: &str) -> Result<String, Problem> {
    // The other parts only complete the check of the role.
    match Identity::new("building", name, "name") {
        Ok(identity) => Ok(identity.role().to_owned()),
        Err(_) => Err(Problem::RoleName(name.to_owned())),
    }
}

/// Commands are nobody's to retain, and no filter mixes them with what rumqttd delivers.
fn check_commands(retain: &[Spanned<String>], subscribe: &[Spanned<String>]) -> Result<(), (usize, Problem)> {
    let reaches = |pattern: &str| overlap(COMMANDS, &pattern.replace("{name}", "+"));
    let mixed = |pattern: &str| reaches(pattern) && !covers(COMMANDS, pattern);
    let retained = retain.iter().find(|pattern| reaches(pattern.get_ref()));
    match retained.or_else(|| subscribe.iter().find(|pattern| mixed(pattern.get_ref()))) {
        Some(bad) => Err((bad.span().start, Problem::Commands(bad.get_ref().clone()))),
        None => Ok(()),
    }
}

fn check_pattern(pattern: &str) -> Result<String, Problem> {
    let filled = pattern.replace("{building}", "b").replace("{name}", "n");
    if filled.contains(['{', '}']) || pattern.contains("{building}") {
        return Err(Problem::Placeholder(pattern.to_owned()));
    }
    check_filter(&filled).map_err(|bad| Problem::Pattern(pattern.to_owned(), bad))?;
    Ok(pattern.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_tables_are_read() {
        let building = RoleTable::building().unwrap();
        assert_eq!(
            building.roles().map(|(name, _)| name).collect::<Vec<_>>(),
            ["gateway", "reader", "staff", "technician"]
        );
        assert_eq!(building.prefix_of("maple-court"), "vestibule/v1/maple-court/");
        let cloud = RoleTable::cloud().unwrap();
        assert_eq!(
            cloud.roles().map(|(name, _)| name).collect::<Vec<_>>(),
            ["cloud", "gateway", "notifier", "reader"]
        );
    }

    #[test]
    fn a_problem_is_named_with_line_and_column() {
        let text = "prefix = \"v/{building}/\"\n[role.staff]\npublish = [\"a\",\n  \"b/#/c\"]\n";
        assert_eq!(
            RoleTable::parse("r.toml", text).unwrap_err().to_string(),
            "r.toml:4:3: pattern \"b/#/c\": a wildcard stands alone in its level of a filter, and # at its end"
        );
        let text = "prefix = \"v/{building}/\"\n[role.staff]\nretain = [\"a\"]\n";
        assert!(RoleTable::parse("r.toml", text).unwrap_err().to_string().starts_with("r.toml:3:11: "));
        let text = "prefix = \"v/{building}/\"\n[role.Staff]\n";
        assert!(RoleTable::parse("r.toml", text).unwrap_err().to_string().starts_with("r.toml:2:7: role"));
        let text = "prefix = \"v/\"\n[role.staff]\n";
        assert!(RoleTable::parse("r.toml", text).unwrap_err().to_string().starts_with("r.toml:1:10: prefix"));
        let text = "prefix = \"v/{building}/\"\n[role.staff]\nread = []\n";
        assert!(RoleTable::parse("r.toml", text).unwrap_err().to_string().contains("line 3"));
        let text = "prefix = \"v/{building}/\"\n[role.staff]\nsubscribe = [\"reply/{client}\"]\n";
        assert!(RoleTable::parse("r.toml", text).unwrap_err().to_string().contains("{name}"));
        for list in ["subscribe = [\"#\"]", "publish = [\"command/x\"]\nretain = [\"command/x\"]"] {
            let text = format!("prefix = \"v/{{building}}/\"\n[role.staff]\n{list}\n");
            let problem = RoleTable::parse("r.toml", &text).unwrap_err().to_string();
            assert!(problem.contains("never retained"), "{problem}");
        }
    }
}
