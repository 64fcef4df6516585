//! `vestibule backup`: the building's record in one file, with the daemon running or stopped.

use std::path::PathBuf;

use vestibule_store::Snapshot;

use super::arguments::{Arguments, Backup};
use super::journal::Source;
use super::{Exit, Failure, Out, progress};
use crate::backup::{BackupError, Save, save};
use crate::config::{self, Configuration, Layers};
use crate::console::protocol::JournalRequest;
use crate::enroll::Slot;

/// Runs the command.
///
/// # Errors
/// Neither daemon nor file can be read, or the backup cannot be written; then there is none.
pub fn backup(arguments: &Arguments, backup: &Backup, out: &mut Out) -> Result<Exit, Failure> {
    let loaded = config::load_for_start(&Layers::from_options(&arguments.config));
    let configuration = loaded
        .configuration
        .ok_or_else(|| Failure::new("there is no good configuration; see `vestibule check`"))?;
    let mut source = Source::open(arguments)?;
    let snapshot = source.snapshot()?;
    // Damage is told now, and not on the day that the backup is needed.
    snapshot.rows().map_err(|error| Failure::chain(&error))?;
    let request = Save {
        to: &backup.file,
        snapshot: &snapshot,
        state_dir: &configuration.local.state_dir,
        identity: identity(&configuration)?,
        made: jiff::Timestamp::now(),
    };
    let bar = progress::rows(out, expected(&snapshot));
    let saved = save(&request, &mut |take| {
        let rows = JournalRequest {
            after: snapshot.pruned().sequence,
            rows: Some(expected(&snapshot)),
            follow: false,
        };
        let mut failed = None;
        let read = source.each(rows, &mut |sequence, _, event| {
            bar.inc(1);
            take(sequence, event).map_err(|error| {
                let words = Failure::chain(&error);
                failed = Some(error);
                words
            })
        });
        match (failed, read) {
            (Some(error), _) => Err(error),
            (None, Err(failure)) => Err(BackupError::File {
                operation: "read the journal for",
                path: backup.file.clone(),
                source: std::io::Error::other(failure.words),
            }),
            (None, Ok(())) => Ok(()),
        }
    });
    bar.finish_and_clear();
    let saved = saved.map_err(|error| Failure::chain(&error))?;
    let head = snapshot.head();
    out.either(&saved.manifest, || {
        format!(
            "{} holds the state of {} up to row {} and {} rows of the journal.\n\
             Private keys and residents' names are inside: keep it where nobody else reads it, or encrypt it (age, gpg).\n\
             Bring it back with `vestibule restore`: a new epoch then begins, and recipients are told new codes.",
            backup.file.display(),
            snapshot.building(),
            head.sequence,
            saved.rows
        )
    })?;
    Ok(Exit::Done)
}

fn expected(snapshot: &Snapshot) -> u64 {
    snapshot.head().sequence.saturating_sub(snapshot.pruned().sequence)
}

/// Certificates and keys that the configuration names, each once.
pub fn identity(configuration: &Configuration) -> Result<Vec<PathBuf>, Failure> {
    let slots = Slot::all(configuration).map_err(|error| Failure::chain(&error))?;
    let files = slots.into_iter().flat_map(|slot| [slot.files.ca, slot.files.certificate, slot.files.key]);
    let mut files: Vec<PathBuf> = files.collect();
    files.sort();
    files.dedup();
    Ok(files)
}
