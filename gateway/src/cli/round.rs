//! `vestibule unlock` with several doors, or with `--cancel`.

use std::path::Path;
use std::time::Duration;

use vestibule_contract::command::{NoArguments, Request as CommandPayload, UnlockManyArguments};
use vestibule_contract::reply::StatusWord;
use vestibule_core::time::Millis;

use super::arguments::Unlock;
use super::unlock::{find, reason};
use super::{Exit, Failure, Out, ask};

/// How long the caller wants doors opened: what the gateway allows, less what clocks of one computer cannot differ by.
const WANTED: Millis = Millis::seconds(115);
/// How long a cancelling is wanted.
const CANCEL_WANTED: Millis = Millis::seconds(30);

/// Opens several doors, one after the other.
///
/// # Errors
/// The daemon cannot be reached, or there is no such door.
pub fn unlock_many(socket: &Path, arguments: &Unlock, out: &mut Out) -> Result<Exit, Failure> {
    let reason = reason(arguments)?;
    let mut client = ask::connect(socket)?;
    let snapshot = ask::snapshot(&mut client)?;
    let doors = arguments.doors.iter().map(|typed| find(&snapshot.compartments, typed));
    let doors = doors.collect::<Result<Vec<_>, _>>()?;
    let id = arguments.id.clone().map_or_else(ask::fresh_id, Ok)?;
    let compartments = doors.iter().map(|door| door.id.clone()).collect();
    let payload = CommandPayload {
        reason: Some(reason.to_owned()),
        not_after: Some(ask::not_after(WANTED)),
        arguments: Some(UnlockManyArguments { compartments }),
        ..CommandPayload::new(&id)
    };
    client.wait_longer(Duration::from_millis(WANTED.0)).map_err(ask::failure)?;
    let count = doors.len();
    let reply = ask::command(&mut client, "unlock.many", &payload, || match out.json {
        true => Ok(()),
        false => {
            let words =
                format!("Opening {count} doors in turn ... (stop it: vestibule unlock --cancel {id})");
            Ok(out.line(words)?)
        }
    })?;
    out.either(&reply, || reply.detail.sentence.clone())?;
    Ok(if reply.status == StatusWord::Done { Exit::Done } else { Exit::Failed })
}

/// Takes back what a command has not opened yet.
///
/// # Errors
/// The daemon cannot be reached.
pub fn cancel(socket: &Path, of: &str, out: &mut Out) -> Result<Exit, Failure> {
    let mut client = ask::connect(socket)?;
    let payload = CommandPayload::<NoArguments> {
        target: Some(of.to_owned()),
        not_after: Some(ask::not_after(CANCEL_WANTED)),
        ..CommandPayload::new(&ask::fresh_id()?)
    };
    let reply = ask::command(&mut client, "unlock.cancel", &payload, || Ok(()))?;
    out.either(&reply, || match reply.status {
        StatusWord::Done => {
            format!("Cancelled: what {of} had not sent yet stays shut; a pulse under way is not called back.")
        }
        _ => format!("Nothing of {of} waits to be opened: {} ({})", reply.detail.sentence, reply.detail.word),
    })?;
    Ok(if reply.status == StatusWord::Done { Exit::Done } else { Exit::Failed })
}
