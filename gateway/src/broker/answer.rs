//! Packets the guard writes to a client itself, in the client's version, with a reason where MQTT 5 has room for one.

use bytes::BytesMut;
use rumqttc::mqttbytes::{self as m4, v4};
use rumqttc::v5::mqttbytes::{self as m5, v5};

use super::hello::{ProblemInformation, Refusal};
use super::limits::PACKET_BYTES_MAX;
use super::wire::{Version, WireError, kind, write_puback};

/// How one client is spoken to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    pub(super) version: Version,
    pub(super) problem_information: ProblemInformation,
}

impl Manner {
    fn reason(self, text: &str) -> Option<String> {
        (self.problem_information == ProblemInformation::Wanted).then(|| text.to_owned())
    }
}

/// What a CONNACK tells an MQTT 5 client about this broker.
pub(super) struct Welcome {
    /// The id chosen for a client that gave none.
    pub(super) assigned_id: Option<String>,
    /// The keep-alive to use instead of the asked one, in seconds.
    pub(super) keep_alive: Option<u16>,
}

/// CONNACK, accepted. No session is ever present: none is kept.
pub(super) fn connack(manner: Manner, welcome: Welcome, out: &mut BytesMut) -> Result<(), WireError> {
    if manner.version == Version::V311 {
        v4::ConnAck::new(v4::ConnectReturnCode::Success, false).write(out)?;
        return Ok(());
    }
    let properties = v5::ConnAckProperties {
        session_expiry_interval: Some(0),
        max_qos: Some(1),
        max_packet_size: Some(PACKET_BYTES_MAX),
        assigned_client_identifier: welcome.assigned_id,
        topic_alias_max: Some(0),
        shared_subscription_available: Some(0),
        server_keep_alive: welcome.keep_alive,
        ..no_properties()
    };
    let code = v5::ConnectReturnCode::Success;
    v5::ConnAck { session_present: false, code, properties: Some(properties) }.write(out)?;
    Ok(())
}

/// CONNACK, refused. The reason is told even where reason strings are unwanted: MQTT 5 allows it on CONNACK.
pub(super) fn connack_refused(
    version: Version,
    refusal: &Refusal,
    out: &mut BytesMut,
) -> Result<(), WireError> {
    match version {
        Version::V311 => {
            v4::ConnAck::new(refusal.code_v311(), false).write(out)?;
        }
        Version::V5 => {
            let properties =
                v5::ConnAckProperties { reason_string: Some(refusal.to_string()), ..no_properties() };
            let code = refusal.code_v5();
            v5::ConnAck { session_present: false, code, properties: Some(properties) }.write(out)?;
        }
    }
    Ok(())
}

/// CONNACK for a protocol level that is not offered, in the form each level understands.
pub(super) fn connack_wrong_protocol(level: u8, out: &mut BytesMut) {
    /// MQTT 3.x: unacceptable protocol version.
    const UNACCEPTABLE: u8 = 1;
    /// MQTT 5 and later: unsupported protocol version.
    const UNSUPPORTED: u8 = 0x84;
    if level < 5 {
        out.extend_from_slice(&[kind::CONNACK << 4, 2, 0, UNACCEPTABLE]);
    } else {
        out.extend_from_slice(&[kind::CONNACK << 4, 3, 0, UNSUPPORTED, 0]);
    }
}

fn no_properties() -> v5::ConnAckProperties {
    v5::ConnAckProperties {
        session_expiry_interval: None,
        receive_max: None,
        max_qos: None,
        retain_available: None,
        max_packet_size: None,
        assigned_client_identifier: None,
        topic_alias_max: None,
        reason_string: None,
        user_properties: Vec::new(),
        wildcard_subscription_available: None,
        subscription_identifiers_available: None,
        shared_subscription_available: None,
        server_keep_alive: None,
        response_information: None,
        server_reference: None,
        authentication_method: None,
        authentication_data: None,
    }
}

/// PUBACK of a refused message; MQTT 5 only, 3.1.1 has no way to refuse one.
pub(super) fn puback_refused(
    manner: Manner,
    pkid: u16,
    reason: v5::PubAckReason,
    text: &str,
    out: &mut BytesMut,
) -> Result<(), WireError> {
    let properties = manner
        .reason(text)
        .map(|reason| v5::PubAckProperties { reason_string: Some(reason), user_properties: Vec::new() });
    v5::PubAck { pkid, reason, properties }.write(out)?;
    Ok(())
}

/// PUBACK of an accepted message.
pub(super) fn puback(pkid: u16, out: &mut BytesMut) {
    write_puback(pkid, out);
}

/// SUBACK with one code for each filter in the order asked.
pub(super) fn suback(
    manner: Manner,
    pkid: u16,
    codes: &[v5::SubscribeReasonCode],
    text: Option<&str>,
    out: &mut BytesMut,
) -> Result<(), WireError> {
    if manner.version == Version::V311 {
        let return_codes = codes.iter().map(|code| match code {
            v5::SubscribeReasonCode::Success(m5::QoS::AtMostOnce) => {
                v4::SubscribeReasonCode::Success(m4::QoS::AtMostOnce)
            }
            v5::SubscribeReasonCode::Success(_) => v4::SubscribeReasonCode::Success(m4::QoS::AtLeastOnce),
            _ => v4::SubscribeReasonCode::Failure,
        });
        v4::SubAck::new(pkid, return_codes.collect()).write(out)?;
        return Ok(());
    }
    let properties = text
        .and_then(|text| manner.reason(text))
        .map(|reason| v5::SubAckProperties { reason_string: Some(reason), user_properties: Vec::new() });
    v5::SubAck { pkid, return_codes: codes.to_vec(), properties }.write(out)?;
    Ok(())
}

/// UNSUBACK with one reason for each filter in the order asked.
pub(super) fn unsuback(
    manner: Manner,
    pkid: u16,
    reasons: &[v5::UnsubAckReason],
    out: &mut BytesMut,
) -> Result<(), WireError> {
    match manner.version {
        Version::V311 => v4::UnsubAck::new(pkid).write(out)?,
        Version::V5 => v5::UnsubAck { pkid, reasons: reasons.to_vec(), properties: None }.write(out)?,
    };
    Ok(())
}

/// A message for the client; MQTT 3.1.1 has no place for its properties.
pub(super) fn publish(manner: Manner, publish: &v5::Publish, out: &mut BytesMut) -> Result<(), WireError> {
    match manner.version {
        Version::V5 => publish.write(out)?,
        Version::V311 => {
            let qos = match publish.qos {
                m5::QoS::AtMostOnce => m4::QoS::AtMostOnce,
                _ => m4::QoS::AtLeastOnce,
            };
            let topic = String::from_utf8_lossy(&publish.topic).into_owned();
            let mut old = v4::Publish::from_bytes(topic, qos, publish.payload.clone());
            (old.pkid, old.dup, old.retain) = (publish.pkid, publish.dup, publish.retain);
            old.write(out)?
        }
    };
    Ok(())
}

/// DISCONNECT with the reason; MQTT 3.1.1 has none from a server.
pub(super) fn disconnect(
    manner: Manner,
    code: v5::DisconnectReasonCode,
    text: &str,
    out: &mut BytesMut,
) -> Result<(), WireError> {
    if manner.version == Version::V311 {
        return Ok(());
    }
    let properties = manner.reason(text).map(|reason| v5::DisconnectProperties {
        session_expiry_interval: None,
        reason_string: Some(reason),
        user_properties: Vec::new(),
        server_reference: None,
    });
    v5::Disconnect { reason_code: code, properties }.write(out)?;
    Ok(())
}
