//! CONNECT: what a client asks for, and whether it gets it.

use rumqttc::mqttbytes::v4;
use rumqttc::v5::mqttbytes::{self as m5, v5};

use super::acl::{Acl, Denied, Message, Payload, Retain};
use super::limits::{KEEP_ALIVE_GIVEN, KEEP_ALIVE_MAX};
use super::wire::{Frame, Version, WireError, kind, qos_from_v4};
use crate::enroll::Identity;

/// What a CONNECT says, version aside.
#[derive(Debug)]
pub(super) struct Hello {
    pub(super) version: Version,
    pub(super) client_id: String,
    pub(super) clean: Clean,
    /// Seconds; 0 asks for none.
    pub(super) keep_alive: u16,
    /// The will as the message it would become.
    pub(super) will: Option<v5::Publish>,
    /// QoS 1 messages the client takes at once.
    pub(super) receive_maximum: u16,
    /// Largest packet the client takes, in bytes.
    pub(super) packet_maximum: u32,
    /// Whether reason strings may be sent.
    pub(super) problem_information: ProblemInformation,
    /// An MQTT 5 authentication exchange was asked for.
    pub(super) authentication: Option<String>,
}

/// The clean session or clean start flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clean {
    Yes,
    No,
}

/// Whether an MQTT 5 client wants to be told why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProblemInformation {
    Wanted,
    Unwanted,
}

/// Why there is no CONNECT to look at.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoHello {
    /// Another packet came first.
    #[error("the first packet is of type {0}, not CONNECT")]
    NotConnect(u8),
    /// Neither MQTT 3.1.1 nor 5.
    #[error("protocol level {0} is not offered")]
    Protocol(u8),
    /// Not MQTT at all, or broken.
    #[error(transparent)]
    Wire(#[from] WireError),
}

/// Why a client is not let in; becomes a CONNACK.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("the certificate is not one of this building's: {0}")]
    Certificate(String),
    #[error("the role {0} is not known here")]
    Role(String),
    #[error("the client id must be {0} or start with {0} and a full stop")]
    ClientId(String),
    #[error("an empty client id needs a clean session")]
    EmptyClientId,
    #[error("the keep-alive must be 1 to {} s", KEEP_ALIVE_MAX.as_secs())]
    KeepAlive,
    #[error("the will: {0}")]
    Will(Denied),
    #[error("QoS 2 is not offered")]
    WillQos,
    #[error("authentication is by certificate only")]
    Authentication,
    #[error("this name has as many connections as it may have")]
    TooMany,
    #[error("no connection is free")]
    Full,
    #[error("the broker is not ready, come back")]
    Unavailable,
}

impl Refusal {
    /// The code of MQTT 3.1.1.
    pub(super) fn code_v311(&self) -> v4::ConnectReturnCode {
        match self {
            Self::ClientId(_) | Self::EmptyClientId => v4::ConnectReturnCode::BadClientId,
            Self::TooMany | Self::Full | Self::Unavailable => v4::ConnectReturnCode::ServiceUnavailable,
            _ => v4::ConnectReturnCode::NotAuthorized,
        }
    }

    /// The code of MQTT 5.
    pub(super) fn code_v5(&self) -> v5::ConnectReturnCode {
        match self {
            Self::Certificate(_) | Self::Role(_) => v5::ConnectReturnCode::NotAuthorized,
            Self::ClientId(_) | Self::EmptyClientId => v5::ConnectReturnCode::ClientIdentifierNotValid,
            Self::KeepAlive => v5::ConnectReturnCode::ImplementationSpecificError,
            Self::Will(Denied::Retain) => v5::ConnectReturnCode::RetainNotSupported,
            Self::Will(Denied::Topic(_)) => v5::ConnectReturnCode::TopicNameInvalid,
            Self::Will(_) => v5::ConnectReturnCode::NotAuthorized,
            Self::WillQos => v5::ConnectReturnCode::QoSNotSupported,
            Self::Authentication => v5::ConnectReturnCode::BadAuthenticationMethod,
            Self::TooMany => v5::ConnectReturnCode::QuotaExceeded,
            Self::Full => v5::ConnectReturnCode::ServerBusy,
            Self::Unavailable => v5::ConnectReturnCode::ServerUnavailable,
        }
    }
}

/// Reads a CONNECT of either version.
pub(super) fn read_connect(frame: &Frame) -> Result<Hello, NoHello> {
    if frame.kind() != kind::CONNECT {
        return Err(NoHello::NotConnect(frame.kind()));
    }
    match frame.body() {
        [0, 4, b'M', b'Q', b'T', b'T', 4, ..] => {
            let connect =
                v4::Connect::read(frame.v4_header()?, frame.bytes().clone()).map_err(WireError::from)?;
            Ok(hello_v311(connect))
        }
        [0, 4, b'M', b'Q', b'T', b'T', 5, ..] => {
            let (connect, will, _login) =
                v5::Connect::read(frame.v5_header()?, frame.bytes().clone()).map_err(WireError::from)?;
            Ok(hello_v5(connect, will))
        }
        [0, 4, b'M', b'Q', b'T', b'T', level, ..] => Err(NoHello::Protocol(*level)),
        [0, 6, b'M', b'Q', b'I', b's', b'd', b'p', level, ..] => Err(NoHello::Protocol(*level)),
        _ => Err(NoHello::Wire(WireError::Short)),
    }
}

fn hello_v311(connect: v4::Connect) -> Hello {
    let will = connect.last_will.map(|will| v5::Publish {
        dup: false,
        qos: qos_from_v4(will.qos),
        retain: will.retain,
        topic: will.topic.into(),
        pkid: 0,
        payload: will.message,
        properties: None,
    });
    Hello {
        version: Version::V311,
        client_id: connect.client_id,
        clean: if connect.clean_session { Clean::Yes } else { Clean::No },
        keep_alive: connect.keep_alive,
        will,
        receive_maximum: u16::MAX,
        packet_maximum: u32::MAX,
        problem_information: ProblemInformation::Unwanted,
        authentication: None,
    }
}

fn hello_v5(connect: v5::Connect, will: Option<v5::LastWill>) -> Hello {
    let properties = connect.properties.unwrap_or_default();
    let problem_information = match properties.request_problem_info {
        Some(0) => ProblemInformation::Unwanted,
        _ => ProblemInformation::Wanted,
    };
    Hello {
        version: Version::V5,
        client_id: connect.client_id,
        clean: if connect.clean_start { Clean::Yes } else { Clean::No },
        keep_alive: connect.keep_alive,
        will: will.map(will_as_publish),
        receive_maximum: properties.receive_maximum.unwrap_or(u16::MAX).max(1),
        packet_maximum: properties.max_packet_size.unwrap_or(u32::MAX),
        problem_information,
        authentication: properties.authentication_method,
    }
}

/// The delay is dropped: sessions end with the connection, and with them the delay.
fn will_as_publish(will: v5::LastWill) -> v5::Publish {
    let properties = will.properties.map(|properties| v5::PublishProperties {
        payload_format_indicator: properties.payload_format_indicator,
        message_expiry_interval: properties.message_expiry_interval,
        content_type: properties.content_type,
        response_topic: properties.response_topic,
        correlation_data: properties.correlation_data,
        user_properties: properties.user_properties,
        ..v5::PublishProperties::default()
    });
    v5::Publish {
        dup: false,
        qos: will.qos,
        retain: will.retain,
        topic: will.topic,
        pkid: 0,
        payload: will.message,
        properties,
    }
}

/// The client id a client gets: its own, or the one it asked us to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ClientId {
    /// `name` or `name.suffix`.
    Own(String),
    /// None given: the first free of `name.1`, `name.2` ... A random one would cost memory for ever.
    Choose,
}

/// Checks everything a CONNECT asks for against the certificate's rights.
pub(super) fn check(hello: &Hello, who: &Identity, acl: &Acl) -> Result<ClientId, Refusal> {
    if hello.authentication.is_some() {
        return Err(Refusal::Authentication);
    }
    let in_bounds = (1..=KEEP_ALIVE_MAX.as_secs()).contains(&u64::from(hello.keep_alive));
    if hello.version == Version::V311 && !in_bounds {
        return Err(Refusal::KeepAlive);
    }
    if let Some(will) = &hello.will {
        check_will(will, acl)?;
    }
    if hello.client_id.is_empty() {
        return match (hello.version, hello.clean) {
            (Version::V311, Clean::No) => Err(Refusal::EmptyClientId),
            _ => Ok(ClientId::Choose),
        };
    }
    match hello.client_id.strip_prefix(who.name()) {
        Some("") => Ok(ClientId::Own(hello.client_id.clone())),
        Some(rest) if is_suffix(rest) => Ok(ClientId::Own(hello.client_id.clone())),
        _ => Err(Refusal::ClientId(who.name().to_owned())),
    }
}

/// Longest client id in bytes, so that no log line and no table is at a client's mercy.
const CLIENT_ID_MAX: usize = 64;

fn is_suffix(rest: &str) -> bool {
    let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.');
    rest.len() > 1 && rest.len() < CLIENT_ID_MAX - 20 && rest.starts_with('.') && rest.bytes().all(plain)
}

fn check_will(will: &v5::Publish, acl: &Acl) -> Result<(), Refusal> {
    if will.qos == m5::QoS::ExactlyOnce {
        return Err(Refusal::WillQos);
    }
    acl.may_publish(message_of(will)).map_err(Refusal::Will)?;
    match will.properties.as_ref().and_then(|properties| properties.response_topic.as_deref()) {
        Some(topic) => acl.may_ask_reply_on(topic).map_err(Refusal::Will),
        None => Ok(()),
    }
}

/// A message as the ACL sees it. A topic that is not UTF-8 becomes empty, which is refused.
pub(super) fn message_of(publish: &v5::Publish) -> Message<'_> {
    Message {
        topic: std::str::from_utf8(&publish.topic).unwrap_or_default(),
        retain: if publish.retain { Retain::Yes } else { Retain::No },
        payload: if publish.payload.is_empty() { Payload::Empty } else { Payload::Present },
    }
}

/// The keep-alive that holds, in seconds, and whether the client must be told.
pub(super) fn keep_alive_of(hello: &Hello) -> (u16, Option<u16>) {
    let given = u16::try_from(KEEP_ALIVE_GIVEN.as_secs()).unwrap_or(u16::MAX);
    match u64::from(hello.keep_alive) {
        asked if (1..=KEEP_ALIVE_MAX.as_secs()).contains(&asked) => (hello.keep_alive, None),
        _ => (given, Some(given)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::roles::RoleTable;
    use super::*;

    fn hello(version: Version, client_id: &str) -> Hello {
        Hello {
            version,
            client_id: client_id.to_owned(),
            clean: Clean::Yes,
            keep_alive: 30,
            will: None,
            receive_maximum: 10,
            packet_maximum: 1000,
            problem_information: ProblemInformation::Wanted,
            authentication: None,
        }
    }

    fn checked(hello: &Hello) -> Result<ClientId, Refusal> {
        let who = Identity::new("b", "staff", "desk").unwrap();
        check(hello, &who, &Acl::of(&RoleTable::building().unwrap(), &who).unwrap())
    }

    #[test]
    fn a_client_id_is_the_name_or_the_name_with_a_suffix() {
        for id in ["desk", "desk.phone", "desk.phone-2"] {
            assert_eq!(checked(&hello(Version::V5, id)), Ok(ClientId::Own(id.to_owned())), "{id}");
        }
        for id in ["desk2", "des", "gateway", "desk.", "desk./x", "desk.\u{e4}", "Desk"] {
            assert!(matches!(checked(&hello(Version::V5, id)), Err(Refusal::ClientId(_))), "{id}");
        }
        assert_eq!(checked(&hello(Version::V311, "")), Ok(ClientId::Choose));
        let kept = Hello { clean: Clean::No, ..hello(Version::V311, "") };
        assert_eq!(checked(&kept), Err(Refusal::EmptyClientId));
    }

    #[test]
    fn a_keep_alive_out_of_bounds_is_refused_or_replaced() {
        let none = Hello { keep_alive: 0, ..hello(Version::V311, "desk") };
        assert_eq!(checked(&none), Err(Refusal::KeepAlive));
        let long = Hello { keep_alive: 3600, ..hello(Version::V5, "desk") };
        assert!(checked(&long).is_ok());
        assert_eq!(keep_alive_of(&long), (60, Some(60)));
        assert_eq!(keep_alive_of(&hello(Version::V5, "desk")), (30, None));
    }
}
