//! `vestibule unlock` with several doors, or with `--cancel`.

use std::path::Path;

use serde::Serialize;
use serde_json::value::RawValue;
use vestibule_contract::command::{NoArguments, Request as CommandPayload, UnlockManyArguments};
use vestibule_contract::reply::{Reply, StatusWord};
use vestibule_core::time::{Millis, Timestamp};

use super::arguments::Unlock;
use super::unlock::{find, fresh_id, reason};
use super::{Exit, Failure, Out, ask};
use crate::console::Client;
use crate::console::protocol::{Message, Request};

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
    let id = arguments.id.clone().map_or_else(fresh_id, Ok)?;
    let compartments = doors.iter().map(|door| door.id.clone()).collect();
    let payload = CommandPayload {
        reason: Some(reason.to_owned()),
        not_after: Some(until(WANTED)),
        arguments: Some(UnlockManyArguments { compartments }),
        ..CommandPayload::new(&id)
    };
    client.wait_for_ever().map_err(ask::failure)?;
    order(&mut client, "unlock.many", &payload)?;
    let reply = final_word(&mut client, || {
        if !out.json {
            let doors = doors.len();
            out.line(format!("Opening {doors} doors in turn ... (stop it: vestibule unlock --cancel {id})"))?;
        }
        Ok(())
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
        not_after: Some(until(CANCEL_WANTED)),
        ..CommandPayload::new(&fresh_id()?)
    };
    order(&mut client, "unlock.cancel", &payload)?;
    let reply = final_word(&mut client, || Ok(()))?;
    out.either(&reply, || match reply.status {
        StatusWord::Done => format!("Cancelled: what {of} had not sent yet stays shut; a pulse that is under way cannot be called back."),
        _ => format!("Nothing of {of} waits to be opened: {} ({})", reply.detail.sentence, reply.detail.word),
    })?;
    Ok(if reply.status == StatusWord::Done { Exit::Done } else { Exit::Failed })
}

fn until(wanted: Millis) -> String {
    vestibule_contract::time::text(Timestamp(jiff::Timestamp::now().as_millisecond()).after(wanted))
}

fn order<A: Serialize>(client: &mut Client, name: &str, payload: &CommandPayload<A>) -> Result<(), Failure> {
    let text = serde_json::to_string(payload).and_then(RawValue::from_string);
    let payload = text.map_err(|error| Failure::new(error.to_string()))?;
    client.ask(&Request::Command { name: name.to_owned(), payload }).map_err(ask::failure)
}

fn final_word(client: &mut Client, mut begun: impl FnMut() -> Result<(), Failure>) -> Result<Reply, Failure> {
    loop {
        match client.answer().map_err(ask::failure)? {
            Message::Reply(reply) if reply.status == StatusWord::Received => begun()?,
            Message::Reply(reply) => return Ok(reply),
            other => return Err(ask::unexpected(&other)),
        }
    }
}
