//! `vestibule decommission`: this computer stops being this building's gateway.

use std::io::{BufRead as _, IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;
use vestibule_core::parcel::ParcelState;
use vestibule_core::row::Row;
use vestibule_store::{Folder, Reader};

use super::arguments::{Arguments, Decommission};
use super::{Exit, Failure, Out, journal, stopped};
use crate::commission::REPORTS;
use crate::config::{self, Configuration, Layers};
use crate::decommission::{UPGRADE_BACKUPS, destroy};
use crate::enroll::Slot;
use crate::run::mark_folder;

/// Longest answer that is read from a person.
const ANSWER_BYTES_MAX: u64 = 256;

#[derive(Serialize)]
struct Done {
    building: String,
    removed: Vec<String>,
    revoke: Vec<String>,
}

/// Runs the command.
///
/// # Errors
/// The daemon runs, parcels wait, the person did not confirm, or a file could not be removed.
pub fn decommission(arguments: &Arguments, given: &Decommission, out: &mut Out) -> Result<Exit, Failure> {
    let loaded = config::load_for_start(&Layers::from_options(&arguments.config));
    let configuration = loaded
        .configuration
        .ok_or_else(|| Failure::new("there is no configuration: nothing to decommission"))?;
    let state_dir = &configuration.local.state_dir;
    let _ours = stopped(state_dir)?;
    let record = Reader::open(&Folder::new(state_dir), &configuration.site.building);
    let waiting = waiting(&configuration, record.as_ref());
    if !given.with_parcels
        && let Some(words) = waiting
    {
        return Err(Failure::new(format!(
            "{words}; nothing is changed (--with-parcels goes on all the same)"
        )));
    }
    if let Some(file) = &given.export {
        export(file, state_dir, &record, out)?;
    }
    confirmed(given, configuration.site.building.as_str())?;
    let slots = Slot::all(&configuration).map_err(|error| Failure::chain(&error))?;
    let keys: Vec<PathBuf> =
        slots.iter().flat_map(|slot| [slot.files.key.clone(), slot.request_path()]).collect();
    let mut folders: Vec<PathBuf> = mark_folder(state_dir).into_iter().collect();
    folders.push(state_dir.join(REPORTS));
    // Another state folder than the installed one has no business with the package's backups.
    if state_dir == Path::new(config::STATE_DIR) {
        folders.push(UPGRADE_BACKUPS.into());
    }
    let words = format!("{} at {}", configuration.site.building, jiff::Timestamp::now());
    let removed = destroy(state_dir, &words, &keys, &folders).map_err(|error| Failure::chain(&error))?;
    let done = Done {
        building: configuration.site.building.to_string(),
        removed: removed.iter().map(|path| path.display().to_string()).collect(),
        revoke: slots.iter().map(|slot| slot.files.certificate.display().to_string()).collect(),
    };
    out.either(&done, || tell(&done))?;
    Ok(Exit::Done)
}

/// What still lies in the building, in words; `None` when nothing does.
fn waiting<E: std::fmt::Display>(
    configuration: &Configuration,
    record: Result<&Reader, E>,
) -> Option<String> {
    let rows = record.map_err(|error| error.to_string()).and_then(|reader| {
        let snapshot = reader.snapshot().map_err(|error| error.to_string())?;
        snapshot.rows().map_err(|error| error.to_string())
    });
    let rows = match rows {
        Ok(rows) => rows,
        Err(why) => return Some(format!("nobody can tell what lies in the compartments: {why}")),
    };
    let places = rows.iter().filter_map(|(_, row)| match row {
        // What was collected has a place only for its grace period.
        Row::Parcel(parcel) if !matches!(parcel.state, ParcelState::Collected { .. }) => parcel.state.place(),
        _ => None,
    });
    let label = |place: &vestibule_core::parcel::Place| {
        let site = configuration.site.compartments.get(&place.compartment);
        site.map_or_else(|| place.compartment.to_string(), |site| site.label.clone())
    };
    let mut doors: Vec<String> = places.map(label).collect();
    doors.sort();
    doors.dedup();
    (!doors.is_empty()).then(|| format!("parcels lie in {}: hand them out first", doors.join(", ")))
}

fn export<E: std::fmt::Display>(
    file: &Path,
    state_dir: &Path,
    record: &Result<Reader, E>,
    out: &mut Out,
) -> Result<(), Failure> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if folder.canonicalize()?.starts_with(state_dir.canonicalize()?) {
        return Err(Failure::new("the state folder is emptied: export to another one"));
    }
    match record {
        Ok(reader) => journal::export_file(reader.clone(), file, out),
        Err(error) => Err(Failure::new(format!("the journal cannot be read: {error}"))),
    }
}

/// The building's id, typed or given: nobody does this by a slip.
fn confirmed(given: &Decommission, building: &str) -> Result<(), Failure> {
    let answer = match &given.yes_decommission {
        Some(answer) => answer.clone(),
        None if std::io::stdin().is_terminal() => {
            let mut asked = std::io::stderr();
            write!(
                asked,
                "Every key, code and record of this gateway goes; --export FILE keeps the journal.\n\
                 Type the building's id to go on: "
            )?;
            asked.flush()?;
            let mut line = String::new();
            std::io::stdin().lock().take(ANSWER_BYTES_MAX).read_line(&mut line)?;
            line.trim().to_owned()
        }
        None => {
            let words = format!("give --yes-decommission {building} where nobody can be asked");
            return Err(Failure { exit: Exit::Usage, words });
        }
    };
    if answer == building {
        return Ok(());
    }
    Err(Failure::new(format!("{answer:?} is not this building's id; nothing is changed")))
}

fn tell(done: &Done) -> String {
    let Done { building, removed, revoke } = done;
    format!(
        "This is no longer the gateway of {building}: {} files are gone, the keys first. No code and no certificate of it is \
         good for anything.\nErasing is not overwriting, and on flash overwriting is not either: destroy the card if residents' \
         names on it matter.\nRevoke at the authority (vestibule enroll --building-ca DIR --revoke FILE):\n  {}\n\
         It does not start again until somebody enrols it: vestibule enroll --request",
        removed.len(),
        revoke.join("\n  ")
    )
}
