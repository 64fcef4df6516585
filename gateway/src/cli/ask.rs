//! Asking the daemon over its socket.

use std::path::{Path, PathBuf};

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
