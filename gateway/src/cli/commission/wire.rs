//! The wire that a job asks its questions on: the port itself while the daemon is stopped, else the line as the daemon lends it.

use std::path::Path;

use device_drivers::commission::ask::{Answer, Question};
use device_drivers::port::{AskFailed, Borrowed};

use super::super::{Exit, Failure, ask};
use super::place::Place;
use crate::console::protocol::{BorrowRequest, Message, Request};
use crate::console::{Client, ClientError};

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
    /// The daemon does not lend it, or says nothing that we understand.
    pub fn take(place: &Place, socket: &Path, wanted: BorrowRequest) -> Result<Self, Failure> {
        if place.line.is_none() {
            return Ok(Self::Own(Borrowed::new(place.path.clone())));
        }
        let mut client = match Client::connect(socket) {
            Ok(client) => client,
            Err(ClientError::Unreachable { .. }) => return Ok(Self::Own(Borrowed::new(place.path.clone()))),
            Err(error) => return Err(ask::failure(error)),
        };
        client.ask(&Request::Borrow(wanted)).map_err(ask::failure)?;
        match client.answer().map_err(ask::failure)? {
            Message::Lent => Ok(Self::Lent(client)),
            other => Err(ask::unexpected(&other)),
        }
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
        AskFailed::Question(_) => Exit::Failed,
        AskFailed::Open { .. } | AskFailed::Lost(_) => Exit::Unreachable,
    };
    Failure { exit, words: error.to_string() }
}
