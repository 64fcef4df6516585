//! The wire that a job asks its questions on: the port itself while the daemon is stopped, else the line as the daemon lends it.

use std::path::Path;

use device_drivers::commission::ask::{Answer, Question};
use device_drivers::port::{AskFailed, Borrowed};

use super::super::{Exit, Failure, ask};
use super::place::Place;
use crate::console::protocol::{BorrowRequest, Message, Request};
use crate::console::{Client, ClientError};

/// On whose word a line is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// Nothing is moved, or the state folder is ours and the break of the seal noted down.
    Own,
    /// The running daemon's, which notes the break down as it lends: with it gone nobody has, and nothing is moved.
    Daemon,
}

/// A line that is ours for a while.
pub enum Wire {
    /// Nobody else has the port.
    Own(Borrowed),
    /// The daemon's line; hanging up gives it back.
    Lent(Client),
}

impl Wire {
    /// Takes the line: from the daemon where it runs and has it, else by opening its port.
    ///
    /// # Errors
    /// The daemon does not lend it, or says nothing that we understand, or is gone since it gave leave.
    pub fn take(place: &Place, socket: &Path, wanted: BorrowRequest, leave: Leave) -> Result<Self, Failure> {
        if place.line.is_none() {
            return Ok(Self::own(place));
        }
        let mut client = match Client::connect(socket) {
            Ok(client) => client,
            Err(ClientError::Unreachable { .. }) if leave == Leave::Own => {
                return Ok(Self::own(place));
            }
            Err(error) => return Err(ask::failure(error)),
        };
        client.ask(&Request::Borrow(wanted)).map_err(ask::failure)?;
        match client.answer().map_err(ask::failure)? {
            Message::Lent => Ok(Self::Lent(client)),
            other => Err(ask::unexpected(&other)),
        }
    }

    fn own(place: &Place) -> Self {
        Self::Own(Borrowed::new(place.path.clone()).switched_by(place.direction))
    }

    /// Asks one question.
    ///
    /// # Errors
    /// The line cannot be had, or not any longer.
    pub fn ask(&mut self, question: &Question) -> Result<Answer, Failure> {
        match self {
            Self::Own(port) => port.ask(question).map_err(failed),
            Self::Lent(client) => {
                client.ask(&Request::Ask(question.clone())).map_err(ask::failure)?;
                match client.answer().map_err(ask::failure)? {
                    Message::Answer(answer) => Ok(answer),
                    other => Err(ask::unexpected(&other)),
                }
            }
        }
    }
}

fn failed(error: AskFailed) -> Failure {
    let exit = match &error {
        AskFailed::Question(_) | AskFailed::NotSetUp { .. } => Exit::Failed,
        AskFailed::Open { .. } | AskFailed::Lost(_) => Exit::Unreachable,
    };
    Failure { exit, words: error.to_string() }
}

#[cfg(test)]
mod tests {
    use device_drivers::spec::Direction;

    use super::*;

    #[test]
    fn port_is_not_opened_past_a_daemon_that_ended_after_it_gave_leave() {
        let folder = tempfile::tempdir().unwrap();
        let (socket, path) = (folder.path().join("console.sock"), folder.path().join("bus0"));
        let direction = Direction::default();
        let place = Place { line: Some("one".to_owned()), path, direction, setting: None, protocol: None };
        let take = |leave| Wire::take(&place, &socket, BorrowRequest::reads("one".to_owned()), leave);
        assert!(matches!(take(Leave::Own), Ok(Wire::Own(_))));
        assert!(take(Leave::Daemon).is_err());
    }
}
