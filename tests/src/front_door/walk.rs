//! One input walked through the packet path in several cuts, everything that comes out judged.
//!
//! Input: a byte for role (bits 0-1), greeting (bits 2-3) and whether the peer's commands come (bit 4); a byte that seeds the
//! cuts; then what the client sends.

use std::sync::LazyLock;

use vestibule::broker::RoleTable;
use vestibule::broker::path::{Command, PacketPath, Step, Written};
use vestibule::enroll::Identity;

use super::inner::{Echo, answer};
use super::mqtt::{Packet, filters, packet, packets, property, texts};
use super::rights::{CLIENTS, PREFIX, at_most_once, may_command, may_publish, may_read};

/// Bytes the guard reads at once.
const READ: usize = 8 * 1024;
/// The largest packet it takes.
const LARGEST: usize = 128 * 1024;
/// What translating or writing a packet anew may add to it.
const TRANSLATION: usize = 1024;
/// Packets a client of an input may send: more tell nothing new.
const STEPS: usize = 300;

/// How the connection began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    /// CONNECT has not been taken.
    Unknown,
    V311,
    V5,
}

/// Everything that came of one walk.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcome {
    to_client: Vec<u8>,
    to_broker: Vec<u8>,
    commands: Vec<Command>,
    ended: Option<String>,
}

/// Walks one input; panics when something comes out that must not, or when the cuts make a difference.
///
/// # Panics
/// With what was broken.
pub fn check(input: &[u8]) {
    let [head, cuts, sent @ ..] = input else { return };
    let whole = Walk::new(*head).run(sent, |_| READ);
    let mut state = u32::from(*cuts) | 0x100;
    let cut = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        usize::try_from(state >> 24).unwrap_or(1) % 40 + 1
    };
    assert_eq!(Walk::new(*head).run(sent, cut), whole, "cuts make a difference");
    if sent.len() <= 512 {
        assert_eq!(Walk::new(*head).run(sent, |_| 1), whole, "single bytes make a difference");
    }
}

/// One connection and what is known of it.
struct Walk {
    role: &'static str,
    name: &'static str,
    path: PacketPath,
    greeting: Vec<u8>,
    peers: bool,
    /// The largest packet that the client said it takes.
    largest: usize,
    version: Version,
    echo: Echo,
    steps: usize,
    outcome: Outcome,
}

impl Walk {
    fn new(head: u8) -> Self {
        let (role, name) = CLIENTS[usize::from(head & 3)];
        let who = Identity::new("maple-court", role, name).expect("an identity");
        static ROLES: LazyLock<RoleTable> = LazyLock::new(|| RoleTable::building().expect("the roles"));
        let path = PacketPath::new(&ROLES, who).expect("a role of the table");
        let greeting = greeting(head >> 2 & 3, name);
        let largest = if head >> 2 & 3 == 3 { 300 } else { usize::MAX };
        let (version, outcome) = (Version::Unknown, Outcome::default());
        Self {
            role,
            name,
            path,
            greeting,
            peers: head & 16 != 0,
            largest,
            version,
            echo: Echo::default(),
            steps: 0,
            outcome,
        }
    }

    fn run(mut self, sent: &[u8], mut cut: impl FnMut(usize) -> usize) -> Outcome {
        let bytes = [&self.greeting[..], sent].concat();
        let mut rest = &bytes[..];
        while !rest.is_empty() && self.outcome.ended.is_none() {
            let (next, after) = rest.split_at(cut(rest.len()).clamp(1, rest.len().min(READ)));
            let unread = self.path.receive(next);
            assert!(unread <= LARGEST + READ + 5, "{unread} bytes are kept unread");
            rest = after;
            self.take();
        }
        self.outcome
    }

    /// Takes whole packets until there is none.
    fn take(&mut self) {
        while self.outcome.ended.is_none() {
            let step = self.path.step();
            if step == Step::More {
                return;
            }
            let written = self.path.written();
            self.judge(&written, &step);
            self.note(written, step);
            self.steps += 1;
            if self.steps > STEPS {
                self.outcome.ended = Some("enough".to_owned());
            }
        }
    }

    /// What a step wrote is kept, and the inner broker and peers do their part.
    fn note(&mut self, written: Written, step: Step) {
        let broker = written.to_broker.clone();
        self.outcome.to_client.extend(written.to_client);
        self.outcome.to_broker.extend(written.to_broker);
        self.outcome.commands.extend(written.command);
        if let Step::Ended(why) = step {
            self.outcome.ended = Some(why);
            return;
        }
        for packet in packets(&broker) {
            let answers = answer(&packet, &mut self.echo);
            let step = self.path.from_broker(&answers);
            self.react(step);
        }
        if self.peers && self.version != Version::Unknown && self.outcome.ended.is_none() {
            let step = self.path.command(&format!("{PREFIX}command/unlock/peer"), b"open");
            self.react(step);
        }
    }

    /// What the guard writes after a packet that is not the client's: acknowledgements towards rumqttd at most.
    fn react(&mut self, step: Step) {
        let written = self.path.written();
        self.judge(&written, &step);
        for packet in packets(&written.to_broker) {
            assert_eq!(packet.kind, 4, "only acknowledgements answer rumqttd");
            answer(&packet, &mut self.echo);
        }
        self.outcome.to_client.extend(written.to_client);
        self.outcome.to_broker.extend(written.to_broker);
        if let Step::Ended(why) = step {
            self.outcome.ended = Some(why);
        }
    }

    fn judge(&mut self, written: &Written, step: &Step) {
        for packet in packets(&written.to_client) {
            self.judge_client(&packet);
        }
        if self.version == Version::Unknown {
            assert!(
                written.to_broker.is_empty() && written.command.is_none(),
                "nobody is served before CONNACK"
            );
        }
        for packet in packets(&written.to_broker) {
            assert!(packet.length <= LARGEST + TRANSLATION, "{} bytes for rumqttd", packet.length);
            self.judge_broker(&packet);
        }
        if let Some(command) = &written.command {
            let topic = String::from_utf8_lossy(&command.topic);
            assert!(may_command(self.role, self.name, &command.topic), "{} commands {topic}", self.role);
            assert!(!matches!(step, Step::Ended(_)), "who commands stays");
            let answered = |reply: &String| may_read(self.role, self.name, reply.as_bytes());
            assert!(command.response_topic.iter().all(answered), "a reply elsewhere: {command:?}");
        }
    }

    fn judge_client(&mut self, packet: &Packet<'_>) {
        if packet.kind == 2 {
            assert_eq!(self.version, Version::Unknown, "one CONNACK");
            let refused = packet.body[1] != 0;
            self.version = match (refused, packet.body.len()) {
                (true, _) => Version::Unknown,
                (false, 2) => Version::V311,
                (false, _) => Version::V5,
            };
            return;
        }
        let five = self.version == Version::V5;
        match packet.kind {
            3 => {
                let publish = packet.publish(five).expect("a PUBLISH in the client's version");
                let topic = String::from_utf8_lossy(publish.topic);
                assert!(
                    packet.length <= self.largest,
                    "{} bytes for a client that takes fewer",
                    packet.length
                );
                // The inner broker of this walk gives a client its own messages: those it may write, too.
                let own = may_publish(self.role, publish.topic, publish.retain);
                assert!(own || may_read(self.role, self.name, publish.topic), "{} hears {topic}", self.role);
            }
            4 | 9 | 11 => assert!(packet.body.len() >= 2, "{packet:02x?}"),
            13 => assert!(packet.body.is_empty()),
            14 => assert!(five, "MQTT 3.1.1 knows no DISCONNECT from a server"),
            other => panic!("packet type {other} for a client"),
        }
        assert_ne!(self.version, Version::Unknown, "nothing but CONNACK before CONNACK");
    }

    fn judge_broker(&self, packet: &Packet<'_>) {
        match packet.kind {
            3 => {
                let publish = packet.publish(true).expect("a PUBLISH in MQTT 5");
                let topic = String::from_utf8_lossy(publish.topic);
                assert!(publish.qos <= 1 && (publish.qos == 0 || publish.pkid > 0), "{publish:?}");
                assert!(
                    may_publish(self.role, publish.topic, publish.retain),
                    "{} writes {topic}",
                    self.role
                );
                let has = |id| publish.properties.iter().filter(|(own, _)| *own == id).count();
                assert_eq!(has(property::TOPIC_ALIAS) + has(property::SUBSCRIPTION_IDENTIFIER), 0, "{topic}");
                for (_, reply) in publish.properties.iter().filter(|(id, _)| *id == property::RESPONSE_TOPIC)
                {
                    assert!(
                        may_read(self.role, self.name, &reply[2..]),
                        "{} asks for a reply elsewhere",
                        self.role
                    );
                }
            }
            4 | 12 => {}
            8 => {
                let (pkid, rest) = packet.numbered(true).expect("a SUBSCRIBE in MQTT 5");
                assert!(pkid > 0);
                let filters = filters(rest).expect("filters");
                assert!((1..=24).contains(&filters.len()));
                for (filter, options) in filters {
                    let text = String::from_utf8_lossy(filter);
                    assert!(may_read(self.role, self.name, filter), "{} reads {text}", self.role);
                    assert!(
                        !text.starts_with(&format!("{PREFIX}command")),
                        "commands are not rumqttd's: {text}"
                    );
                    assert!(options & 3 <= u8::from(!at_most_once(filter)), "{text} at quality {options}");
                }
            }
            10 => {
                let (pkid, rest) = packet.numbered(true).expect("an UNSUBSCRIBE in MQTT 5");
                assert!(pkid > 0 && !texts(rest).expect("filters").is_empty());
            }
            other => panic!("packet type {other} for rumqttd"),
        }
    }
}

/// A CONNECT before the input: none, 3.1.1, 5, or 5 with a window of 2 and packets of 300 bytes at most.
fn greeting(which: u8, name: &str) -> Vec<u8> {
    let small: &[u8] = &[8, 0x21, 0, 2, 0x27, 0, 0, 1, 44];
    let (level, properties): (u8, &[u8]) = match which {
        0 => return Vec::new(),
        1 => (4, &[]),
        2 => (5, &[0]),
        _ => (5, small),
    };
    let id = [&[0, u8::try_from(name.len()).expect("a short name")], name.as_bytes()].concat();
    let body = [&[0, 4, b'M', b'Q', b'T', b'T', level, 2, 0, 60], properties, &id].concat();
    let greeting = [&[0x10, u8::try_from(body.len()).expect("short")], &body[..]].concat();
    assert!(packet(&greeting).is_some());
    greeting
}
