//! One connection: questions in, answers out.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::timeout;
use vestibule_contract::command::{self, Arrival};
use vestibule_contract::reply::Reply;
use vestibule_contract::topic::CommandName;
use vestibule_core::command::{Actor, Channel, Command, Retention, Status};
use vestibule_core::input::Input;
use vestibule_core::refusal::Refusal;
use vestibule_core::time::Timestamp;

use super::lines::{Lines, NoLine, write};
use super::peer::{Peer, Role};
use super::protocol::{LINE_MAX, Message, Request};
use super::server::Shared;
use super::{borrow, journal, reader, snapshot, state, terminal, trace};

/// How long a connection may say nothing between two questions.
const IDLE_TIME_MAX: Duration = Duration::from_secs(60);
/// How long a command's final answer may take: an unlock's is out after its deadline, its pulse and its watch.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(30);

/// The same for a round of doors: it ends at its deadline, after the last pulse and watch.
const ROUND_TIME_MAX: Duration = Duration::from_secs(150);

/// One connection.
pub struct Session {
    /// What all share.
    pub shared: Arc<Shared>,
    /// Who it is.
    pub peer: Peer,
    /// What they say.
    pub lines: Lines<OwnedReadHalf>,
    writer: OwnedWriteHalf,
}

impl Session {
    /// Takes a connection of a known peer.
    pub fn new(shared: Arc<Shared>, peer: Peer, stream: UnixStream) -> Self {
        let (reader, writer) = stream.into_split();
        Self { shared, peer, lines: Lines::new(reader), writer }
    }

    /// Answers until the peer hangs up, is silent for too long, or does not speak our language.
    ///
    /// # Errors
    /// Only what the socket says.
    pub async fn run(mut self) -> io::Result<()> {
        loop {
            let line = match timeout(IDLE_TIME_MAX, self.lines.next()).await {
                Ok(Ok(line)) => line,
                Ok(Err(NoLine::Ended)) => return Ok(()),
                Ok(Err(NoLine::Io(error))) => return Err(error),
                Ok(Err(NoLine::Malformed)) => {
                    let sentence = format!("A question is one line of JSON with at most {LINE_MAX} bytes.");
                    return self.say(&Message::error("malformed", sentence)).await;
                }
                Err(_) => return self.say(&Message::error("idle", "Nothing was asked for too long.")).await,
            };
            match serde_json::from_slice(&line) {
                Ok(request) => self.answer(request).await?,
                Err(error) => self.say(&Message::error("malformed", error.to_string())).await?,
            }
        }
    }

    /// Writes one line.
    ///
    /// # Errors
    /// The peer is gone, or does not read.
    pub async fn say(&mut self, message: &Message) -> io::Result<()> {
        write(&mut self.writer, message).await
    }

    async fn answer(&mut self, request: Request) -> io::Result<()> {
        match request {
            Request::Snapshot => {
                let now = Timestamp(jiff::Timestamp::now().as_millisecond());
                let totals = self.shared.telemetry.totals();
                let snapshot =
                    snapshot::make(&self.shared.configuration, &self.shared.engine.view(), &totals, now);
                self.say(&Message::Snapshot(Box::new(snapshot))).await
            }
            Request::Command { name, payload } => self.command(&name, payload.get()).await,
            Request::Journal(request) => journal::send(self, request).await,
            Request::Verify { anchor } => journal::verify(self, anchor).await,
            Request::Trace(request) => trace::send(self, &request).await,
            Request::State => state::send(self).await,
            Request::Borrow(request) => borrow::lend(self, &request).await,
            Request::Ask(_) | Request::Return => {
                self.say(&Message::error("not_now", "Borrow a line first.")).await
            }
            Request::Reader { id, act } => reader::act(self, &id, act).await,
            Request::Terminal { id } => terminal::sit(self, &id).await,
            Request::Type(_) | Request::Press(_) | Request::Leave => {
                self.say(&Message::error("not_now", "Sit down at a terminal first.")).await
            }
        }
    }

    async fn command(&mut self, name: &str, payload: &str) -> io::Result<()> {
        let Some(name) = CommandName::of(name) else {
            return self.say(&Message::error("not_found", format!("There is no command {name:?}."))).await;
        };
        if self.peer.role != Role::Staff {
            let sentence = Refusal::NotAllowed.sentence().to_owned();
            return self.say(&Message::Reply(Reply::refused(None, Refusal::NotAllowed, sentence))).await;
        }
        let arrival = Arrival {
            channel: Channel::Console,
            actor: Actor::Staff(self.peer.name.clone()),
            retention: Retention::Live,
        };
        let request = match command::parse(name, payload.as_bytes(), arrival) {
            Ok(request) => request,
            Err(error) => {
                let reply = Reply::refused(error.id.as_ref(), Refusal::Malformed, error.to_string());
                return self.say(&Message::Reply(reply)).await;
            }
        };
        let patience = match request.command {
            Command::UnlockMany { .. } => ROUND_TIME_MAX,
            _ => ANSWER_TIME_MAX,
        };
        let key = request.key.clone();
        let mut answers = self.shared.replies.listen(&key);
        if self.shared.engine.submit(Input::Command(Box::new(request))).is_err() {
            let sentence = Refusal::TooManyCommands.sentence().to_owned();
            return self
                .say(&Message::Reply(Reply::refused(Some(&key.id), Refusal::TooManyCommands, sentence)))
                .await;
        }
        loop {
            match timeout(patience, answers.recv()).await {
                Ok(Some(outcome)) => {
                    self.say(&Message::Reply(Reply::of(&key.id, &outcome))).await?;
                    if outcome.status != Status::Received {
                        return Ok(());
                    }
                }
                Ok(None) | Err(_) => {
                    let sentence = "The answer was lost; ask again with the same id and the same words.";
                    return self.say(&Message::error("no_answer", sentence)).await;
                }
            }
        }
    }
}
