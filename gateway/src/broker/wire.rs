//! Packets as bytes, for both MQTT versions. Inside the guard every packet is MQTT 5; 3.1.1 is translated at this edge.
//!
//! The codec is rumqttc's. Frames are cut here, so that its "more bytes needed" inside a whole frame is what it is: a
//! malformed packet.

use bytes::{Bytes, BytesMut};
use rumqttc::mqttbytes::{self as m4, v4};
use rumqttc::v5::mqttbytes::{self as m5, v5};

/// MQTT version of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// Protocol level 4.
    V311,
    /// Protocol level 5.
    V5,
}

/// Why bytes are not a packet.
#[derive(Debug, thiserror::Error)]
pub(super) enum WireError {
    /// The fixed header announces more than the limit.
    #[error("a packet of {0} bytes is over the limit")]
    TooLarge(usize),
    /// MQTT 5 breaks its rules.
    #[error("malformed MQTT 5 packet: {0}")]
    V5(#[from] m5::Error),
    /// MQTT 3.1.1 breaks its rules.
    #[error("malformed MQTT 3.1.1 packet: {0}")]
    V311(#[from] m4::Error),
    /// Shorter than its kind must be.
    #[error("the packet is cut short")]
    Short,
    /// A kind of packet that has no place here.
    #[error("packet type {0} has no place here")]
    Unexpected(u8),
}

/// One whole packet.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    bytes: Bytes,
    header: usize,
}

impl Frame {
    /// The packet type, 1 to 15.
    pub(super) fn kind(&self) -> u8 {
        self.bytes.first().copied().unwrap_or_default() >> 4
    }

    /// Everything after the fixed header.
    pub(super) fn body(&self) -> &[u8] {
        self.bytes.get(self.header..).unwrap_or_default()
    }

    /// The packet as it came.
    pub(super) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    fn packet_id(&self) -> Result<u16, WireError> {
        let id = self.body().first_chunk().copied().map(u16::from_be_bytes).ok_or(WireError::Short)?;
        if id == 0 { Err(WireError::V5(m5::Error::PacketIdZero)) } else { Ok(id) }
    }

    pub(super) fn v5_header(&self) -> Result<v5::FixedHeader, WireError> {
        Ok(v5::check(self.bytes.iter(), None)?)
    }

    pub(super) fn v4_header(&self) -> Result<m4::FixedHeader, WireError> {
        Ok(m4::check(self.bytes.iter(), usize::MAX)?)
    }
}

/// Packet types by number.
pub(super) mod kind {
    pub(crate) const CONNECT: u8 = 1;
    pub(crate) const CONNACK: u8 = 2;
    pub(crate) const PUBLISH: u8 = 3;
    pub(crate) const PUBACK: u8 = 4;
    pub(crate) const SUBSCRIBE: u8 = 8;
    pub(crate) const SUBACK: u8 = 9;
    pub(crate) const UNSUBSCRIBE: u8 = 10;
    pub(crate) const UNSUBACK: u8 = 11;
    pub(crate) const PINGREQ: u8 = 12;
    pub(crate) const PINGRESP: u8 = 13;
    pub(crate) const DISCONNECT: u8 = 14;
}

/// Cuts the next whole packet off the buffer; none when more bytes are needed.
pub(super) fn next_frame(buffer: &mut BytesMut, largest: u32) -> Result<Option<Frame>, WireError> {
    let length = match v5::check(buffer.iter(), Some(largest)) {
        Ok(header) => header.frame_length(),
        Err(m5::Error::InsufficientBytes(_)) => return Ok(None),
        Err(m5::Error::PayloadSizeLimitExceeded { pkt_size, .. }) => {
            return Err(WireError::TooLarge(pkt_size));
        }
        Err(error) => return Err(error.into()),
    };
    let bytes = buffer.split_to(length).freeze();
    let more = bytes.iter().skip(1).take_while(|byte| *byte & 0x80 != 0).count();
    Ok(Some(Frame { bytes, header: 2 + more }))
}

/// What a client sends after CONNECT, in MQTT 5 terms.
#[derive(Debug)]
pub(super) enum ClientPacket {
    /// A message.
    Publish(v5::Publish),
    /// The acknowledgement of a QoS 1 message.
    PubAck(u16),
    /// Filters to read.
    Subscribe(v5::Subscribe),
    /// Filters to read no longer.
    Unsubscribe {
        /// Packet id.
        pkid: u16,
        /// Which.
        filters: Vec<String>,
    },
    /// Keep-alive.
    PingReq,
    /// The end, with or without the will.
    Disconnect(Farewell),
}

/// How a client says goodbye.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Farewell {
    /// The will is not published.
    Clean,
    /// MQTT 5 reason 0x04, or any error: the will is published.
    WithWill,
}

/// Reads one packet of a client.
pub(super) fn read_client(version: Version, frame: &Frame) -> Result<ClientPacket, WireError> {
    match (frame.kind(), version) {
        (kind::PUBLISH, Version::V5) => {
            Ok(ClientPacket::Publish(v5::Publish::read(frame.v5_header()?, frame.bytes.clone())?))
        }
        (kind::PUBLISH, Version::V311) => {
            let publish = v4::Publish::read(frame.v4_header()?, frame.bytes.clone())?;
            Ok(ClientPacket::Publish(publish_from_v4(publish)?))
        }
        (kind::PUBACK, _) => Ok(ClientPacket::PubAck(frame.packet_id()?)),
        (kind::SUBSCRIBE, Version::V5) => {
            frame.packet_id()?;
            Ok(ClientPacket::Subscribe(v5::Subscribe::read(frame.v5_header()?, frame.bytes.clone())?))
        }
        (kind::SUBSCRIBE, Version::V311) => {
            frame.packet_id()?;
            let subscribe = v4::Subscribe::read(frame.v4_header()?, frame.bytes.clone())?;
            let filters = subscribe.filters.into_iter().map(|f| v5::Filter::new(f.path, qos_from_v4(f.qos)));
            let filters = filters.collect();
            Ok(ClientPacket::Subscribe(v5::Subscribe { pkid: subscribe.pkid, filters, properties: None }))
        }
        (kind::UNSUBSCRIBE, Version::V5) => {
            let pkid = frame.packet_id()?;
            let unsubscribe = v5::Unsubscribe::read(frame.v5_header()?, frame.bytes.clone())?;
            Ok(ClientPacket::Unsubscribe { pkid, filters: unsubscribe.filters })
        }
        (kind::UNSUBSCRIBE, Version::V311) => {
            let pkid = frame.packet_id()?;
            let unsubscribe = v4::Unsubscribe::read(frame.v4_header()?, frame.bytes.clone())?;
            Ok(ClientPacket::Unsubscribe { pkid, filters: unsubscribe.topics })
        }
        (kind::PINGREQ, _) => Ok(ClientPacket::PingReq),
        (kind::DISCONNECT, Version::V311) => Ok(ClientPacket::Disconnect(Farewell::Clean)),
        (kind::DISCONNECT, Version::V5) => Ok(ClientPacket::Disconnect(match frame.body().first() {
            None | Some(0) => Farewell::Clean,
            Some(_) => Farewell::WithWill,
        })),
        (other, _) => Err(WireError::Unexpected(other)),
    }
}

fn publish_from_v4(publish: v4::Publish) -> Result<v5::Publish, WireError> {
    let qos = qos_from_v4(publish.qos);
    if qos != m5::QoS::AtMostOnce && publish.pkid == 0 {
        return Err(WireError::V311(m4::Error::PacketIdZero));
    }
    Ok(v5::Publish {
        dup: publish.dup,
        qos,
        retain: publish.retain,
        topic: Bytes::from(publish.topic),
        pkid: publish.pkid,
        payload: publish.payload,
        properties: None,
    })
}

/// The same quality in MQTT 5's type.
pub(super) fn qos_from_v4(qos: m4::QoS) -> m5::QoS {
    match qos {
        m4::QoS::AtMostOnce => m5::QoS::AtMostOnce,
        m4::QoS::AtLeastOnce => m5::QoS::AtLeastOnce,
        m4::QoS::ExactlyOnce => m5::QoS::ExactlyOnce,
    }
}

/// Writes a PUBACK that says success, the same bytes in both versions.
pub(super) fn write_puback(pkid: u16, out: &mut BytesMut) {
    let [high, low] = pkid.to_be_bytes();
    out.extend_from_slice(&[kind::PUBACK << 4, 2, high, low]);
}

/// What rumqttd sends after CONNACK.
#[derive(Debug)]
pub(super) enum BrokerPacket {
    /// A message; its id where it is to be acknowledged.
    Publish(Box<v5::Publish>),
    /// The acknowledgement of a client's message.
    PubAck(u16),
    /// The answer to a SUBSCRIBE.
    SubAck(u16),
    /// The answer to one filter of an UNSUBSCRIBE.
    UnsubAck(u16),
    /// Keep-alive.
    PingResp,
    /// rumqttd ends the link.
    Disconnect,
}

/// Reads one packet of rumqttd.
pub(super) fn read_broker(frame: &Frame) -> Result<BrokerPacket, WireError> {
    match frame.kind() {
        kind::PUBLISH => {
            let publish = v5::Publish::read(frame.v5_header()?, frame.bytes.clone())?;
            Ok(BrokerPacket::Publish(Box::new(publish)))
        }
        kind::PUBACK => Ok(BrokerPacket::PubAck(frame.packet_id()?)),
        kind::SUBACK => Ok(BrokerPacket::SubAck(frame.packet_id()?)),
        kind::UNSUBACK => Ok(BrokerPacket::UnsubAck(frame.packet_id()?)),
        kind::PINGRESP => Ok(BrokerPacket::PingResp),
        kind::DISCONNECT => Ok(BrokerPacket::Disconnect),
        other => Err(WireError::Unexpected(other)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Nothing a socket sends makes the codec panic or read past its frame.
        #[test]
        fn any_bytes_are_read_or_refused(
            first in prop::sample::select(vec![0x10u8, 0x30, 0x32, 0x34, 0x40, 0x82, 0xA2, 0xC0, 0xE0, 0xF0]),
            body in prop::collection::vec(any::<u8>(), 0..120),
        ) {
            let mut buffer = BytesMut::new();
            buffer.extend_from_slice(&[first, u8::try_from(body.len()).unwrap()]);
            buffer.extend_from_slice(&body);
            let frame = next_frame(&mut buffer, 1024).unwrap().unwrap();
            prop_assert!(buffer.is_empty());
            prop_assert_eq!(frame.body(), &body[..]);
            for version in [Version::V311, Version::V5] {
                drop(read_client(version, &frame));
            }
            drop(super::super::hello::read_connect(&frame));
        }
    }

    #[test]
    fn a_frame_is_cut_only_when_whole_and_small() {
        let mut buffer = BytesMut::from(&[0xC0u8][..]);
        assert!(next_frame(&mut buffer, 10).unwrap().is_none());
        buffer.extend_from_slice(&[0x00, 0xC0]);
        assert_eq!(next_frame(&mut buffer, 10).unwrap().unwrap().kind(), kind::PINGREQ);
        assert_eq!(&buffer[..], &[0xC0]);
        let mut large = BytesMut::from(&[0x30u8, 0xFF, 0xFF, 0x7F][..]);
        assert!(matches!(next_frame(&mut large, 1000), Err(WireError::TooLarge(2_097_151))));
        let mut endless = BytesMut::from(&[0x30u8, 0xFF, 0xFF, 0xFF, 0xFF, 0x01][..]);
        assert!(next_frame(&mut endless, 1000).is_err());
    }
}
