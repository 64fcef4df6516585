//! `vestibule enroll --building-ca`: the building's own authority, and keys with certificates from it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::super::arguments::Enroll;
use super::super::{Exit, Failure, Out};
use super::{purpose, usage};
use crate::broker::RoleTable;
use crate::config::nearest;
use crate::enroll::{BuildingCa, Existing};

/// The role of the brokers themselves; no ACL names it.
pub const BROKER: &str = "broker";

#[derive(Serialize)]
struct Written {
    building: String,
    ca: String,
    certificate: Option<String>,
    key: Option<String>,
}

/// Makes an authority, or a key with its certificate at once.
pub fn authority(folder: &Path, arguments: &Enroll, out: &mut Out) -> Result<Exit, Failure> {
    let written = match (&arguments.building, &arguments.role, &arguments.name, &arguments.out) {
        (Some(building), None, None, None) => {
            let ca = BuildingCa::create(building, folder).map_err(|e| Failure::chain(&e))?;
            // An empty list, so that brokers can be told of it from the first day.
            ca.revoke(folder, &[]).map_err(|e| Failure::chain(&e))?;
            let path = folder.join("ca.pem").display().to_string();
            Written { building: ca.building().to_owned(), ca: path, certificate: None, key: None }
        }
        (None, Some(role), Some(name), Some(dir)) => {
            known(role, arguments.roles.as_deref())?;
            let ca = BuildingCa::open(folder).map_err(|e| Failure::chain(&e))?;
            let existing = if arguments.replace { Existing::Replace } else { Existing::Refuse };
            let files = ca
                .issue_into(dir, role, name, &purpose(arguments), existing)
                .map_err(|e| Failure::chain(&e))?;
            Written {
                building: ca.building().to_owned(),
                ca: files.ca.display().to_string(),
                certificate: Some(files.certificate.display().to_string()),
                key: Some(files.key.display().to_string()),
            }
        }
        _ => {
            let words = "give --building alone to make an authority, --role, --name and --out to issue from it, \
                --sign to sign a request, or --revoke";
            return Err(usage(words));
        }
    };
    out.either(&written, || words(&written))?;
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct Revoked {
    list: String,
}

/// Puts certificates on the list of revoked ones.
pub fn revoke(folder: &Path, arguments: &Enroll, out: &mut Out) -> Result<Exit, Failure> {
    let ca = BuildingCa::open(folder).map_err(|e| Failure::chain(&e))?;
    let certificates: Vec<&Path> = arguments.revoke.iter().map(PathBuf::as_path).collect();
    let list = ca.revoke(folder, &certificates).map_err(|e| Failure::chain(&e))?;
    let revoked = Revoked { list: list.display().to_string() };
    out.either(&revoked, || {
        format!(
            "revoked; copy {} to where [broker] revoked says: it is in force within seconds",
            revoked.list
        )
    })?;
    Ok(Exit::Done)
}

/// Refuses a role that no broker knows: its certificate would only be refused at the door, with less to go by.
pub fn known(role: &str, own: Option<&Path>) -> Result<(), Failure> {
    let tables = [Some(RoleTable::building()), Some(RoleTable::cloud()), own.map(RoleTable::read)];
    let tables: Vec<RoleTable> =
        tables.into_iter().flatten().collect::<Result<_, _>>().map_err(|error| Failure::chain(&error))?;
    let served = tables.iter().flat_map(RoleTable::roles).map(|(name, _)| name);
    let names: BTreeSet<&str> = served.chain([BROKER]).collect();
    if names.contains(role) {
        return Ok(());
    }
    let near = nearest(role, names.iter().copied()).map(|near| format!("; did you mean {near}?"));
    let all = names.into_iter().collect::<Vec<_>>().join(", ");
    let words = format!("no broker knows the role {role}{}; roles: {all}", near.unwrap_or_default());
    Err(Failure { exit: Exit::Usage, words })
}

fn words(written: &Written) -> String {
    match (&written.certificate, &written.key) {
        (Some(certificate), Some(key)) => {
            format!("certificate  {certificate}\nkey          {key}\nauthority    {}", written.ca)
        }
        _ => format!(
            "The authority of {} is made: {}\nKeep its key (ca.key beside it) safe: whoever has it can be anybody in this building.",
            written.building, written.ca
        ),
    }
}
