//! Topics, typed both ways: category first, so that one wildcard or one ACL line covers a category.

use std::fmt;

use vestibule_core::effect::Thing;
use vestibule_core::id::{BadId, BuildingId};

use crate::TOPIC_MAX;
use crate::identity::ClientName;

/// Most levels of a topic: AWS IoT takes 8.
pub const LEVELS_MAX: usize = 8;

/// A topic below `vestibule/v1/{building}/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Topic {
    /// Last known truth of a thing; retained, QoS 1.
    State(Thing),
    /// Journal rows of one type; QoS 1.
    Event(EventType),
    /// Samples of a thing; QoS 0.
    Telemetry(Thing),
    /// Sealed notices; cloud only, QoS 1.
    Notice,
    /// Requests; QoS 1, never retained. The last level is the sender's certificate name, which the broker's ACL enforces.
    Command {
        /// What is asked.
        name: CommandName,
        /// Who asks.
        client: ClientName,
    },
    /// Answers to one client; QoS 1.
    Reply(ClientName),
}

/// A CloudEvents type as a topic level, e.g. `parcel.stored`. Known by its form only: readers may be older than the gateway.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventType(Box<str>);

impl EventType {
    /// Longest event type in bytes.
    pub const MAX: usize = 64;

    /// Checks a text against `[a-z_]+.[a-z_]+`.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let word = |part: &str| !part.is_empty() && part.bytes().all(|b| matches!(b, b'a'..=b'z' | b'_'));
        let (subject, verb) = text.split_once('.')?;
        (text.len() <= Self::MAX && word(subject) && word(verb)).then(|| Self(text.into()))
    }

    /// The topic level of rows whose stored bytes say no readable type any more.
    #[must_use]
    pub fn unreadable() -> Self {
        Self("journal.unreadable".into())
    }

    /// The type as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The commands built so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "see `vestibule_core::command::Command`")]
pub enum CommandName {
    Challenge,
    Unlock,
    UnlockMany,
    UnlockCancel,
    ParcelIntake,
    DirectorySync,
    CarriersSync,
    Resync,
}

impl CommandName {
    /// Every command.
    pub const ALL: [Self; 8] = [
        Self::Challenge,
        Self::Unlock,
        Self::UnlockMany,
        Self::UnlockCancel,
        Self::ParcelIntake,
        Self::DirectorySync,
        Self::CarriersSync,
        Self::Resync,
    ];

    /// The name as in topics and on the console.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Challenge => "challenge",
            Self::Unlock => "unlock",
            Self::UnlockMany => "unlock.many",
            Self::UnlockCancel => "unlock.cancel",
            Self::ParcelIntake => "parcel.intake",
            Self::DirectorySync => "directory.sync",
            Self::CarriersSync => "carriers.sync",
            Self::Resync => "resync",
        }
    }

    /// The command of that name.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|name| name.as_str() == word)
    }
}

impl fmt::Display for CommandName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a text is not a topic of this building.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TopicError {
    /// More than [`TOPIC_MAX`] bytes, or another building's, or another version's.
    #[error("topic is not below {expected}")]
    Foreign {
        /// What all topics of this building begin with.
        expected: String,
    },
    /// No such category, or too few or too many levels.
    #[error("topic has no form of this contract")]
    Form,
    /// A level is not an id.
    #[error("topic level {level:?}: {source}")]
    Level {
        /// The level.
        level: String,
        /// What is wrong with it.
        source: BadId,
    },
    /// No such kind of thing.
    #[error("no things of kind {0:?} have topics")]
    Kind(String),
    /// No such command; the sender can be told.
    #[error("there is no command {word:?}")]
    NoSuchCommand {
        /// What was asked.
        word: String,
        /// Who asked.
        client: ClientName,
    },
}

/// What all topics of a building begin with, with the closing slash.
#[must_use]
pub fn prefix(building: &BuildingId) -> String {
    format!("vestibule/v{}/{building}/", crate::VERSION)
}

/// Filter for every command of every client.
#[must_use]
pub fn commands_filter(building: &BuildingId) -> String {
    prefix(building) + "command/+/+"
}

/// Filter for the state of every thing.
#[must_use]
pub fn states_filter(building: &BuildingId) -> String {
    prefix(building) + "state/+/+"
}

impl Topic {
    /// The whole topic.
    #[must_use]
    pub fn text(&self, building: &BuildingId) -> String {
        let prefix = prefix(building);
        match self {
            Self::State(thing) => format!("{prefix}state/{}/{}", thing.kind(), thing.id()),
            Self::Event(event) => format!("{prefix}event/{}", event.as_str()),
            Self::Telemetry(thing) => format!("{prefix}telemetry/{}/{}", thing.kind(), thing.id()),
            Self::Notice => prefix + "notice",
            Self::Command { name, client } => format!("{prefix}command/{name}/{client}"),
            Self::Reply(client) => format!("{prefix}reply/{client}"),
        }
    }

    /// Reads a topic of this building.
    ///
    /// # Errors
    /// [`TopicError`] says what is wrong where.
    pub fn parse(building: &BuildingId, text: &str) -> Result<Self, TopicError> {
        let expected = prefix(building);
        let below = text.strip_prefix(&expected).filter(|_| text.len() <= TOPIC_MAX);
        let Some(below) = below else { return Err(TopicError::Foreign { expected }) };
        let levels: Vec<&str> = below.splitn(LEVELS_MAX, '/').collect();
        match levels[..] {
            ["state", kind, id] => thing(kind, id).map(Self::State),
            ["telemetry", kind, id] => thing(kind, id).map(Self::Telemetry),
            ["event", name] => EventType::new(name).map(Self::Event).ok_or(TopicError::Form),
            ["notice"] => Ok(Self::Notice),
            ["command", word, sender] => command(word, sender),
            ["reply", name] => client(name).map(Self::Reply),
            _ => Err(TopicError::Form),
        }
    }
}

fn command(word: &str, sender: &str) -> Result<Topic, TopicError> {
    let client = client(sender)?;
    match CommandName::of(word) {
        Some(name) => Ok(Topic::Command { name, client }),
        None => Err(TopicError::NoSuchCommand { word: word.into(), client }),
    }
}

fn client(level: &str) -> Result<ClientName, TopicError> {
    ClientName::new(level).map_err(|source| TopicError::Level { level: level.into(), source })
}

fn thing(kind: &str, id: &str) -> Result<Thing, TopicError> {
    fn level<T: std::str::FromStr<Err = BadId>>(text: &str) -> Result<T, TopicError> {
        text.parse().map_err(|source| TopicError::Level { level: text.into(), source })
    }
    match kind {
        "gateway" if id == "self" => Ok(Thing::Gateway),
        "compartment" => level(id).map(Thing::Compartment),
        "door" => level(id).map(Thing::Door),
        "probe" => level(id).map(Thing::Probe),
        "device" => level(id).map(Thing::Device),
        "line" => level(id).map(Thing::Line),
        "terminal" => level(id).map(Thing::Terminal),
        _ => Err(TopicError::Kind(kind.into())),
    }
}

/// Where an answer goes: the caller's MQTT 5 response topic if it is the caller's own reply topic or below it, else that reply topic.
#[must_use]
pub fn reply_to(building: &BuildingId, client: &ClientName, response_topic: Option<&str>) -> String {
    let own = Topic::Reply(client.clone()).text(building);
    match response_topic {
        Some(asked) if is_at_or_below(&own, asked) => asked.into(),
        _ => own,
    }
}

fn is_at_or_below(own: &str, asked: &str) -> bool {
    let Some(rest) = asked.strip_prefix(own) else { return false };
    let plain =
        rest.bytes().all(|b| matches!(b, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'/'));
    let small = asked.len() <= TOPIC_MAX && asked.split('/').count() <= LEVELS_MAX;
    (rest.is_empty() || rest.starts_with('/')) && plain && small
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_core::id::{CompartmentId, DeviceId, LineId, ProbeId, TerminalId};

    fn house() -> BuildingId {
        BuildingId::new("maple-court").unwrap()
    }

    fn every_topic() -> Vec<(Topic, &'static str)> {
        let client = || ClientName::new("anna").unwrap();
        let a1 = || CompartmentId::new("a-1").unwrap();
        vec![
            (Topic::State(Thing::Gateway), "state/gateway/self"),
            (Topic::State(Thing::Compartment(a1())), "state/compartment/a-1"),
            (Topic::State(Thing::Door(a1())), "state/door/a-1"),
            (Topic::State(Thing::Device(DeviceId::new("locks").unwrap())), "state/device/locks"),
            (Topic::State(Thing::Terminal(TerminalId::new("lobby").unwrap())), "state/terminal/lobby"),
            (Topic::Telemetry(Thing::Probe(ProbeId::new("cold-1").unwrap())), "telemetry/probe/cold-1"),
            (Topic::Telemetry(Thing::Line(LineId::new("rs485-1").unwrap())), "telemetry/line/rs485-1"),
            (Topic::Event(EventType::new("parcel.stored").unwrap()), "event/parcel.stored"),
            (Topic::Notice, "notice"),
            (
                Topic::Command { name: CommandName::ParcelIntake, client: client() },
                "command/parcel.intake/anna",
            ),
            (Topic::Reply(client()), "reply/anna"),
        ]
    }

    #[test]
    fn topic_is_the_same_when_written_and_read() {
        for (topic, below) in every_topic() {
            let text = format!("vestibule/v1/maple-court/{below}");
            assert_eq!(topic.text(&house()), text);
            assert_eq!(Topic::parse(&house(), &text), Ok(topic));
            assert!(text.split('/').count() <= LEVELS_MAX && text.is_ascii());
        }
    }

    #[test]
    fn longest_topic_fits_when_every_id_has_its_full_length() {
        let long = "a".repeat(vestibule_core::id::ID_MAX);
        let building = BuildingId::new(&long).unwrap();
        let topic = Topic::Telemetry(Thing::Compartment(CompartmentId::new(&long).unwrap())).text(&building);
        assert!(topic.len() <= TOPIC_MAX, "{}", topic.len());
    }

    #[test]
    fn topic_is_refused_when_it_is_not_of_this_contract() {
        let parse = |below: &str| Topic::parse(&house(), &format!("vestibule/v1/maple-court/{below}"));
        assert_eq!(parse("state/gateway/other"), Err(TopicError::Kind("gateway".into())));
        assert_eq!(parse("state/cupboard/a-1"), Err(TopicError::Kind("cupboard".into())));
        assert!(matches!(parse("state/door/A 1"), Err(TopicError::Level { .. })));
        for form in
            ["", "state", "state/door/a-1/more", "command/unlock", "event/Parcel", "event/a.b.c", "/notice"]
        {
            assert_eq!(parse(form), Err(TopicError::Form), "{form}");
        }
        let foreign = Topic::parse(&house(), "vestibule/v1/maple-court-2/notice");
        assert!(matches!(foreign, Err(TopicError::Foreign { .. })));
    }

    #[test]
    fn sender_is_known_when_the_command_is_not() {
        let asked = Topic::parse(&house(), "vestibule/v1/maple-court/command/open.all/anna");
        let client = ClientName::new("anna").unwrap();
        assert_eq!(asked, Err(TopicError::NoSuchCommand { word: "open.all".into(), client }));
    }

    #[test]
    fn response_topic_is_honoured_only_when_it_is_the_callers_own() {
        let anna = ClientName::new("anna").unwrap();
        let own = "vestibule/v1/maple-court/reply/anna";
        let to = |asked: &str| reply_to(&house(), &anna, Some(asked));
        assert_eq!(to(&format!("{own}/phone/1")), format!("{own}/phone/1"));
        for other in [
            "vestibule/v1/maple-court/reply/anna2",
            "vestibule/v1/maple-court/reply/bob",
            "vestibule/v1/maple-court/state/door/a-1",
            "vestibule/v1/maple-court/reply/anna/#",
            "vestibule/v1/maple-court/reply/anna/+",
            "vestibule/v1/maple-court/reply/anna/\u{e9}",
            "vestibule/v1/maple-court/reply/anna/1/2/3/4",
        ] {
            assert_eq!(to(other), own, "{other}");
        }
        assert_eq!(reply_to(&house(), &anna, None), own);
    }
}
