//! `vestibule unlock`: one door, once, and what became of it. Several doors are a round.

use std::path::Path;

use vestibule_contract::command::{NoArguments, Request as CommandPayload};
use vestibule_contract::reply::{Reply, StatusWord};
use vestibule_core::command::REASON_MAX;
use vestibule_core::time::Millis;

use super::arguments::Unlock;
use super::{Exit, Failure, Out, ask, round};
use crate::config::nearest;
use crate::console::snapshot::Compartment;

/// How long the caller wants the door opened: somebody stands in front of it.
const WANTED: Millis = Millis::seconds(30);

/// Runs the command.
///
/// # Errors
/// The daemon cannot be reached, or there is no such door.
pub fn unlock(socket: &Path, arguments: &Unlock, out: &mut Out) -> Result<Exit, Failure> {
    let typed = match (&arguments.cancel, arguments.doors.as_slice()) {
        (Some(of), _) => return round::cancel(socket, of, out),
        (None, [one]) => one,
        (None, _) => return round::unlock_many(socket, arguments, out),
    };
    let reason = reason(arguments)?;
    let mut client = ask::connect(socket)?;
    let snapshot = ask::snapshot(&mut client)?;
    let door = find(&snapshot.compartments, typed)?;
    let id = arguments.id.clone().map_or_else(ask::fresh_id, Ok)?;
    let payload = CommandPayload::<NoArguments> {
        target: Some(door.id.clone()),
        reason: Some(reason.to_owned()),
        not_after: Some(ask::not_after(WANTED)),
        ..CommandPayload::new(&id)
    };
    let reply = ask::command(&mut client, "unlock", &payload, || match out.json {
        true => Ok(()),
        false => Ok(out.line(format!("Opening door {} ({}) ...", door.label, door.id))?),
    })?;
    tell(&reply, door, out)
}

/// Why, as the journal will say it.
pub(super) fn reason(arguments: &Unlock) -> Result<&str, Failure> {
    let reason = arguments.reason.as_deref().unwrap_or_default().trim();
    if reason.is_empty() || reason.len() > REASON_MAX {
        let words = format!("--reason must have 1 to {REASON_MAX} bytes: it is what the journal says");
        return Err(Failure { exit: Exit::Usage, words });
    }
    Ok(reason)
}

/// By id, else by what the sticker says.
pub(super) fn find<'a>(doors: &'a [Compartment], typed: &str) -> Result<&'a Compartment, Failure> {
    let by_id = doors.iter().find(|door| door.id == typed);
    let found = by_id.or_else(|| doors.iter().find(|door| door.label.eq_ignore_ascii_case(typed)));
    found.ok_or_else(|| {
        let names = doors.iter().flat_map(|door| [door.label.as_str(), door.id.as_str()]);
        let near = nearest(typed, names).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        Failure::new(format!("there is no door \"{typed}\"{near}"))
    })
}

fn tell(reply: &Reply, door: &Compartment, out: &mut Out) -> Result<Exit, Failure> {
    let name = format!("Door {} ({})", door.label, door.id);
    out.either(reply, || match reply.status {
        // It stood open before, which says nothing of its lock.
        StatusWord::Done if reply.detail.word != "opened" => format!("{name}: {}", reply.detail.sentence),
        StatusWord::Done => format!("{name} is open."),
        StatusWord::Unknown => {
            format!(
                "{name}: nobody knows whether it opened. Look at it before you try again. {}",
                reply.detail.sentence
            )
        }
        _ => format!("{name} was not opened: {} ({})", reply.detail.sentence, reply.detail.word),
    })?;
    Ok(if reply.status == StatusWord::Done { Exit::Done } else { Exit::Failed })
}
