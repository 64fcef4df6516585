//! One message on its way to a broker.

use bytes::Bytes;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Publish, PublishProperties};

/// A message to publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub(crate) topic: String,
    pub(super) payload: Bytes,
    pub(super) kind: Kind,
    pub(super) correlation: Option<Bytes>,
    pub(super) user: Vec<(String, String)>,
}

/// Delivery of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// QoS 1.
    Once,
    /// QoS 1 and retained; an empty payload clears the topic.
    Kept,
    /// QoS 0.
    Sample,
}

impl Message {
    fn new(topic: String, payload: impl Into<Bytes>, kind: Kind) -> Self {
        Self { topic, payload: payload.into(), kind, correlation: None, user: Vec::new() }
    }

    /// A message that must arrive: QoS 1, not retained.
    #[must_use]
    pub fn once(topic: String, payload: impl Into<Bytes>) -> Self {
        Self::new(topic, payload, Kind::Once)
    }

    /// The last known truth of its topic: QoS 1, retained. An empty payload clears the topic.
    #[must_use]
    pub fn kept(topic: String, payload: impl Into<Bytes>) -> Self {
        Self::new(topic, payload, Kind::Kept)
    }

    /// A sample that may be lost: QoS 0.
    #[must_use]
    pub fn sample(topic: String, payload: impl Into<Bytes>) -> Self {
        Self::new(topic, payload, Kind::Sample)
    }

    /// The same with an MQTT 5 user property.
    #[must_use]
    pub fn with_property(mut self, name: &str, value: &str) -> Self {
        self.user.push((name.into(), value.into()));
        self
    }

    pub(super) fn with_correlation(mut self, correlation: Option<Bytes>) -> Self {
        self.correlation = correlation;
        self
    }

    pub(super) const fn qos(&self) -> QoS {
        match self.kind {
            Kind::Once | Kind::Kept => QoS::AtLeastOnce,
            Kind::Sample => QoS::AtMostOnce,
        }
    }

    pub(super) const fn retain(&self) -> bool {
        matches!(self.kind, Kind::Kept)
    }

    pub(super) fn properties(&self) -> PublishProperties {
        PublishProperties {
            correlation_data: self.correlation.clone(),
            user_properties: self.user.clone(),
            ..PublishProperties::default()
        }
    }

    /// Bytes of the packet, its packet id included.
    pub(super) fn packet_size(&self) -> usize {
        let mut packet =
            Publish::new(self.topic.clone(), self.qos(), self.payload.clone(), Some(self.properties()));
        packet.pkid = 1;
        packet.size()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::BytesMut;

    #[test]
    fn packet_size_is_what_goes_out_when_properties_are_there() {
        let message = Message::once("a/b".into(), vec![7; 300])
            .with_property("late", "true")
            .with_correlation(Some(Bytes::from_static(b"c-1")));
        let mut packet =
            Publish::new("a/b", QoS::AtLeastOnce, message.payload.clone(), Some(message.properties()));
        packet.pkid = 9;
        let mut out = BytesMut::new();
        packet.write(&mut out).unwrap();
        assert_eq!(message.packet_size(), out.len());
    }
}
