//! Asking the daemon over its socket.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::value::RawValue;
use vestibule_contract::command::Request as CommandPayload;
use vestibule_contract::reply::{Reply, StatusWord};
use vestibule_core::time::{Millis, Timestamp};

use super::arguments::Arguments;
use super::{Exit, Failure};
use crate::config::{self, Layers};
use crate::console::protocol::{Message, Request};
use crate::console::snapshot::Snapshot;
use crate::console::{Client, ClientError};

/// The socket to knock at: as given, else as configured, else the usual one.
pub fn socket(arguments: &Arguments) -> PathBuf {
    arguments.socket.clone().unwrap_or_else(|| config::peek_socket(&Layers::from_options(&arguments.config)))
}

/// Connects.
///
/// # Errors
/// [`Exit::Unreachable`] with what to do about it.
pub fn connect(socket: &Path) -> Result<Client, Failure> {
    Client::connect(socket).map_err(failure)
}

/// What a client's error means to a person.
pub fn failure(error: ClientError) -> Failure {
    match &error {
        ClientError::Unreachable { source, .. } => {
            let next = match source.kind() {
                std::io::ErrorKind::PermissionDenied => "you may not use the socket",
                _ => "is it running? try: systemctl status vestibule",
            };
            Failure { exit: Exit::Unreachable, words: format!("{error}; {next}") }
        }
        ClientError::Lost(_) => Failure { exit: Exit::Unreachable, words: error.to_string() },
        ClientError::Odd(_) | ClientError::TooLong => Failure::new(error.to_string()),
    }
}

/// What the daemon said instead of an answer.
pub fn unexpected(message: &Message) -> Failure {
    match message {
        Message::Error { word, sentence } => Failure::new(format!("{sentence} ({word})")),
        _ => Failure::new("the daemon answered something else; are both of the same version?"),
    }
}

/// How everything is.
///
/// # Errors
/// The daemon cannot be reached or refuses.
pub fn snapshot(client: &mut Client) -> Result<Snapshot, Failure> {
    client.ask(&Request::Snapshot).map_err(failure)?;
    match client.answer().map_err(failure)? {
        Message::Snapshot(snapshot) => Ok(*snapshot),
        other => Err(unexpected(&other)),
    }
}

/// Sends a command and waits for its last word. `begun` runs when the daemon has taken it.
///
/// # Errors
/// The daemon is lost, or `begun` fails.
pub fn command<A: Serialize>(
    client: &mut Client,
    name: &str,
    payload: &CommandPayload<A>,
    mut begun: impl FnMut() -> Result<(), Failure>,
) -> Result<Reply, Failure> {
    let text = serde_json::to_string(payload).and_then(RawValue::from_string);
    let payload = text.map_err(|error| Failure::new(error.to_string()))?;
    client.ask(&Request::Command { name: name.to_owned(), payload }).map_err(failure)?;
    loop {
        match client.answer().map_err(failure)? {
            Message::Reply(reply) if reply.status == StatusWord::Received => begun()?,
            Message::Reply(reply) => return Ok(reply),
            other => return Err(unexpected(&other)),
        }
    }
}

/// The `not_after` of a command that is wanted for so long from now.
pub fn not_after(wanted: Millis) -> String {
    vestibule_contract::time::text(Timestamp(jiff::Timestamp::now().as_millisecond()).after(wanted))
}

/// An id that no other command has.
///
/// # Errors
/// The system has no randomness.
pub fn fresh_id() -> Result<String, Failure> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::new(format!("the system has no randomness: {error}")))?;
    Ok(format!("cli-{:016x}", u64::from_be_bytes(bytes)))
}
