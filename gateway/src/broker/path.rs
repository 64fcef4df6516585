//! The guard's packet path without its sockets and clocks: bytes of one client and of rumqttd in, bytes for both and
//! commands out. `serve` and `pump` make the same calls around real sockets; tests and the fuzz target make them here.

use std::sync::Arc;

use bytes::BytesMut;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::Publish;

use super::acl::Acl;
use super::answer::{self, Manner, Welcome};
use super::ending::Ending;
use super::hello::{self, Hello, NoHello};
use super::limits::{CONNECT_BYTES_MAX, PACKET_BYTES_MAX};
use super::metrics::Metrics;
use super::post::{Desk, Post, price};
use super::quota::Quota;
use super::roles::RoleTable;
use super::session::{Outputs, Session, SessionFacts};
use super::wire::next_frame;
use crate::enroll::Identity;

/// One connection.
pub struct PacketPath {
    who: Identity,
    acl: Acl,
    state: State,
    unread: BytesMut,
    out: Outputs,
    post: Arc<Post>,
}

enum State {
    /// CONNECT is to come.
    Hello,
    Session(Box<Session>, Desk),
    /// Nothing more is read.
    Ended,
}

/// What became of the bytes so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The next packet is not whole.
    More,
    /// One packet was taken.
    Took,
    /// The connection has ended, with the reason that the log has.
    Ended(String),
}

/// A command that the guard gives to its readers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Its topic, as it came.
    pub topic: Vec<u8>,
    /// Its payload.
    pub payload: Vec<u8>,
    /// Where the reply is to go, if it says so.
    pub response_topic: Option<String>,
}

/// What the last step wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// In the client's version of MQTT.
    pub to_client: Vec<u8>,
    /// In MQTT 5.
    pub to_broker: Vec<u8>,
    /// At most one a step.
    pub command: Option<Command>,
}

impl PacketPath {
    /// A connection whose certificate is of that name; none if the table does not know its role.
    #[must_use]
    pub fn new(roles: &RoleTable, who: Identity) -> Option<Self> {
        let acl = Acl::of(roles, &who)?;
        let (unread, out) = (BytesMut::new(), Outputs::default());
        Some(Self { who, acl, state: State::Hello, unread, out, post: Arc::default() })
    }

    /// Takes bytes as a socket gives them, and says how many wait to be read.
    pub fn receive(&mut self, bytes: &[u8]) -> usize {
        if !matches!(self.state, State::Ended) {
            self.unread.extend_from_slice(bytes);
        }
        self.unread.len()
    }

    /// Handles the next packet of the client.
    pub fn step(&mut self) -> Step {
        let stepped = match &mut self.state {
            State::Hello => self.hello(),
            State::Session(session, _) => take(session, &mut self.unread, &mut self.out),
            State::Ended => return Step::More,
        };
        self.or_end(stepped)
    }

    /// Handles packets of rumqttd, whole ones.
    pub fn from_broker(&mut self, bytes: &[u8]) -> Step {
        let State::Session(session, _) = &mut self.state else { return Step::More };
        let mut unread = BytesMut::from(bytes);
        let mut taken = Ok(Step::Took);
        while let (Ok(Step::Took), Ok(Some(frame))) = (&taken, next_frame(&mut unread, u32::MAX)) {
            taken = session.take_from_broker(&frame, &mut self.out).map(|()| Step::Took);
        }
        self.or_end(taken)
    }

    /// Gives this client a command of somebody else's, if it reads its topic and takes one more.
    pub fn command(&mut self, topic: &str, payload: &[u8]) -> Step {
        let State::Session(session, desk) = &mut self.state else { return Step::More };
        let publish = Publish::new(topic, QoS::AtLeastOnce, payload.to_vec(), None);
        let Some(credit) = desk.counter.credit_now(price(&publish)) else { return Step::More };
        let sent = desk.counter.send(&publish, credit).is_ok();
        let mail = if sent && session.takes_commands() { desk.mailbox.now() } else { None };
        let taken = mail.map_or(Ok(()), |mail| session.take_command(mail, 0, &mut self.out));
        self.or_end(taken.map(|()| Step::Took))
    }

    /// What was written since this was asked last.
    pub fn written(&mut self) -> Written {
        let command = self.out.posted.take();
        Written {
            to_client: self.out.to_client.split().to_vec(),
            to_broker: self.out.to_broker.split().to_vec(),
            command: command.map(|one| Command {
                topic: one.topic.to_vec(),
                payload: one.payload.to_vec(),
                response_topic: one.properties.and_then(|properties| properties.response_topic),
            }),
        }
    }

    fn hello(&mut self) -> Result<Step, Ending> {
        let refused = |text: String| Ok(Step::Ended(text));
        let frame = match next_frame(&mut self.unread, CONNECT_BYTES_MAX) {
            Ok(Some(frame)) => frame,
            Ok(None) => return Ok(Step::More),
            Err(error) => return refused(error.to_string()),
        };
        let hello = match hello::read_connect(&frame) {
            Ok(hello) => hello,
            Err(no_hello) => {
                if let NoHello::Protocol(level) = no_hello {
                    answer::connack_wrong_protocol(level, &mut self.out.to_client);
                }
                return refused(no_hello.to_string());
            }
        };
        match hello::check(&hello, &self.who, &self.acl) {
            Ok(_) => self.welcome(&hello),
            Err(refusal) => {
                answer::connack_refused(hello.version, &refusal, &mut self.out.to_client)?;
                refused(refusal.to_string())
            }
        }
    }

    fn welcome(&mut self, hello: &Hello) -> Result<Step, Ending> {
        let manner = Manner { version: hello.version, problem_information: hello.problem_information };
        let facts = SessionFacts {
            manner,
            acl: self.acl.clone(),
            name: self.who.to_string(),
            receive_maximum: hello.receive_maximum,
            packet_maximum: hello.packet_maximum,
        };
        let (subscriber, desk) = self.post.open(&facts.name);
        let session =
            Session::new(facts, subscriber, Arc::new(Quota::default()), Arc::new(Metrics::default()));
        let (_, given) = hello::keep_alive_of(hello);
        let welcome = Welcome { assigned_id: None, keep_alive: given };
        answer::connack(manner, welcome, &mut self.out.to_client)?;
        self.state = State::Session(Box::new(session), desk);
        Ok(Step::Took)
    }

    fn or_end(&mut self, stepped: Result<Step, Ending>) -> Step {
        let step = match (stepped, &self.state) {
            (Ok(step), _) => step,
            (Err(ending), State::Session(session, _)) => {
                if let Some((code, text)) = ending.told() {
                    // A reason that cannot be written is not told.
                    answer::disconnect(session.manner(), code, &text, &mut self.out.to_client).ok();
                }
                Step::Ended(ending.to_string())
            }
            (Err(ending), _) => Step::Ended(ending.to_string()),
        };
        if let Step::Ended(_) = step {
            self.state = State::Ended;
            self.unread.clear();
        }
        step
    }
}

/// Takes a packet, and acknowledges a command as soon as it was given to its readers: here that is at once.
fn take(session: &mut Session, unread: &mut BytesMut, out: &mut Outputs) -> Result<Step, Ending> {
    let Some(frame) = next_frame(unread, PACKET_BYTES_MAX)? else { return Ok(Step::More) };
    session.take_from_client(&frame, out)?;
    if let Some(command) = &out.posted
        && command.qos != QoS::AtMostOnce
    {
        answer::puback(command.pkid, &mut out.to_client);
    }
    Ok(Step::Took)
}
