//! `vestibule reader`: how readers stand, and their keys.

use std::path::Path;

use super::arguments::{Reader, ReaderAction};
use super::table::aligned;
use super::{Exit, Failure, Out, ask};
use crate::console::protocol::{Message, ReaderAct, Request};
use crate::console::snapshot::Reader as Shown;

/// Runs the command.
///
/// # Errors
/// The daemon cannot be reached or refuses.
pub fn reader(socket: &Path, arguments: &Reader, out: &mut Out) -> Result<Exit, Failure> {
    let mut client = ask::connect(socket)?;
    let (id, act) = match &arguments.action {
        ReaderAction::List => {
            let snapshot = ask::snapshot(&mut client)?;
            out.either(&snapshot.readers, || words(&snapshot.readers))?;
            return Ok(Exit::Done);
        }
        ReaderAction::Install { reader } => (reader, ReaderAct::Install),
        ReaderAction::Forget { reader } => (reader, ReaderAct::Forget),
    };
    client.ask(&Request::Reader { id: id.clone(), act }).map_err(ask::failure)?;
    match client.answer().map_err(ask::failure)? {
        Message::End => {}
        other => return Err(ask::unexpected(&other)),
    }
    out.either(&Message::End, || match act {
        ReaderAct::Install => format!(
            "Reader {id} is being given its key. Leave its housing open until it shows its light, then close it; \
             `vestibule reader list` tells how it stands. The window shuts in five minutes."
        ),
        ReaderAct::Forget => {
            format!("The key of reader {id} is forgotten; reset the reader as its maker says before it is installed again.")
        }
    })?;
    Ok(Exit::Done)
}

/// The table for a person.
#[must_use]
pub fn words(readers: &[Shown]) -> String {
    if readers.is_empty() {
        return "No terminal is a reader: a reader is a [[terminal]] with line and address.".to_owned();
    }
    let head = ["READER", "LINE", "ADDRESS", "STATE", "HOUSING", "LOOK AT"].map(str::to_owned).to_vec();
    let rows = readers.iter().map(|reader| {
        let state = reader.state.replace('_', " ");
        vec![
            reader.id.clone(),
            reader.line.clone(),
            reader.address.to_string(),
            match reader.window_s {
                Some(left) => format!("{state}, install window open for {left} s"),
                None => state,
            },
            match reader.tampered {
                Some(true) => "open",
                Some(false) => "closed",
                None => "-",
            }
            .to_owned(),
            reader.attention().map(|(_, next)| next).unwrap_or_default(),
        ]
    });
    aligned(&std::iter::once(head).chain(rows).collect::<Vec<_>>())
}
