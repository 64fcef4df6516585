//! One MQTT client of either version, by rumqttc, with what a test wants to know of it.

use std::sync::Arc;
use std::time::Duration;

use rumqttc::v5::mqttbytes as m5;
use rumqttc::{TlsConfiguration, Transport};
use tokio::time::timeout;

use super::bench::{Bench, PATIENCE};

/// MQTT version of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    V311,
    V5,
}

/// Both versions.
pub const VERSIONS: [Version; 2] = [Version::V311, Version::V5];

/// A message to publish or received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub topic: String,
    pub payload: String,
    pub retain: bool,
}

/// What happened to a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    Message(Message),
    /// PUBACK; with MQTT 5 whether it says success.
    PubAck(bool),
    /// SUBACK: the granted QoS of each filter, none where refused.
    SubAck(Vec<Option<u8>>),
    UnsubAck,
    /// The connection ended or was refused, with rumqttc's words.
    Closed(String),
}

enum Inner {
    V311(rumqttc::AsyncClient, Box<rumqttc::EventLoop>),
    V5(rumqttc::v5::AsyncClient, Box<rumqttc::v5::EventLoop>),
}

/// A client.
pub struct Probe {
    inner: Inner,
}

/// How a probe connects.
pub struct Terms<'a> {
    pub tls: Arc<rustls::ClientConfig>,
    pub version: Version,
    pub id: &'a str,
    pub will: Option<Message>,
}

impl Probe {
    /// Connects by the terms; the error is rumqttc's.
    pub async fn connect(bench: &Bench, terms: Terms<'_>) -> Result<Self, String> {
        let transport = Transport::Tls(TlsConfiguration::Rustls(terms.tls));
        let (host, port) = (bench.address.ip().to_string(), bench.address.port());
        let inner = match terms.version {
            Version::V311 => {
                let mut options = rumqttc::MqttOptions::new(terms.id, host, port);
                options.set_transport(transport).set_keep_alive(Duration::from_secs(30));
                options.set_max_packet_size(1 << 20, 1 << 20);
                if let Some(will) = terms.will {
                    let qos = rumqttc::QoS::AtLeastOnce;
                    options.set_last_will(rumqttc::LastWill::new(will.topic, will.payload, qos, will.retain));
                }
                let (client, events) = rumqttc::AsyncClient::new(options, 10);
                Inner::V311(client, Box::new(events))
            }
            Version::V5 => {
                let mut options = rumqttc::v5::MqttOptions::new(terms.id, host, port);
                options.set_transport(transport).set_keep_alive(Duration::from_secs(30));
                if let Some(will) = terms.will {
                    let qos = m5::QoS::AtLeastOnce;
                    let will = m5::v5::LastWill::new(will.topic, will.payload, qos, will.retain, None);
                    options.set_last_will(will);
                }
                let (client, events) = rumqttc::v5::AsyncClient::new(options, 10);
                Inner::V5(client, Box::new(events))
            }
        };
        let mut probe = Self { inner };
        match timeout(PATIENCE, probe.connack()).await.expect("CONNACK in time") {
            Ok(()) => Ok(probe),
            Err(refused) => Err(refused),
        }
    }

    /// Connects a client of the building under its own name.
    pub async fn of(bench: &Bench, version: Version, role: &str, name: &str) -> Self {
        let terms = Terms { tls: bench.tls(role, name), version, id: name, will: None };
        Self::connect(bench, terms).await.expect("connected")
    }

    async fn connack(&mut self) -> Result<(), String> {
        match &mut self.inner {
            Inner::V311(_, events) => loop {
                match events.poll().await {
                    Ok(rumqttc::Event::Incoming(rumqttc::Packet::ConnAck(_))) => return Ok(()),
                    Ok(_) => {}
                    Err(error) => return Err(format!("{error:?}")),
                }
            },
            Inner::V5(_, events) => loop {
                match events.poll().await {
                    Ok(rumqttc::v5::Event::Incoming(m5::v5::Packet::ConnAck(_))) => return Ok(()),
                    Ok(_) => {}
                    Err(error) => return Err(format!("{error:?}")),
                }
            },
        }
    }

    /// Publishes at QoS 1 and waits for what comes of it; messages on the way are passed over.
    pub async fn publish(&mut self, message: &Message) -> Heard {
        let Message { topic, payload, retain } = message.clone();
        match &self.inner {
            Inner::V311(client, _) => {
                client.publish(topic, rumqttc::QoS::AtLeastOnce, retain, payload).await.unwrap();
            }
            Inner::V5(client, _) => {
                client.publish(topic, m5::QoS::AtLeastOnce, retain, payload).await.unwrap();
            }
        }
        self.hear_until(|heard| matches!(heard, Heard::PubAck(_) | Heard::Closed(_))).await
    }

    /// Subscribes at QoS 1 and waits for the answer.
    pub async fn subscribe(&mut self, filters: &[&str]) -> Heard {
        match &self.inner {
            Inner::V311(client, _) => {
                let filters = filters.iter().map(|filter| {
                    rumqttc::SubscribeFilter::new((*filter).to_owned(), rumqttc::QoS::AtLeastOnce)
                });
                client.subscribe_many(filters).await.unwrap();
            }
            Inner::V5(client, _) => {
                let filters = filters.iter().map(|filter| m5::v5::Filter::new(*filter, m5::QoS::AtLeastOnce));
                client.subscribe_many(filters).await.unwrap();
            }
        }
        self.hear_until(|heard| matches!(heard, Heard::SubAck(_) | Heard::Closed(_))).await
    }

    /// Unsubscribes and waits for the answer.
    pub async fn unsubscribe(&mut self, filter: &str) -> Heard {
        match &self.inner {
            Inner::V311(client, _) => client.unsubscribe(filter).await.unwrap(),
            Inner::V5(client, _) => client.unsubscribe(filter).await.unwrap(),
        }
        self.hear_until(|heard| matches!(heard, Heard::UnsubAck | Heard::Closed(_))).await
    }

    /// Says goodbye and waits for the end.
    pub async fn leave(mut self) {
        match &self.inner {
            Inner::V311(client, _) => client.disconnect().await.unwrap(),
            Inner::V5(client, _) => client.disconnect().await.unwrap(),
        }
        self.hear_until(|heard| matches!(heard, Heard::Closed(_))).await;
    }

    /// The next message.
    pub async fn message(&mut self) -> Message {
        match self.hear_until(|heard| matches!(heard, Heard::Message(_) | Heard::Closed(_))).await {
            Heard::Message(message) => message,
            other => panic!("{other:?} instead of a message"),
        }
    }

    /// Every message up to the one with this payload, which is left out.
    pub async fn messages_before(&mut self, marker: &str) -> Vec<Message> {
        let mut before = Vec::new();
        loop {
            let message = self.message().await;
            if message.payload == marker {
                return before;
            }
            before.push(message);
        }
    }

    /// The first thing heard that is wanted.
    pub async fn hear_until(&mut self, wanted: impl Fn(&Heard) -> bool) -> Heard {
        let hear = async {
            loop {
                if let Some(heard) = self.hear().await
                    && wanted(&heard)
                {
                    return heard;
                }
            }
        };
        timeout(PATIENCE, hear).await.expect("heard in time")
    }

    async fn hear(&mut self) -> Option<Heard> {
        match &mut self.inner {
            Inner::V311(_, events) => match events.poll().await {
                Ok(rumqttc::Event::Incoming(packet)) => heard_v311(packet),
                Ok(rumqttc::Event::Outgoing(_)) => None,
                Err(error) => Some(Heard::Closed(format!("{error:?}"))),
            },
            Inner::V5(_, events) => match events.poll().await {
                Ok(rumqttc::v5::Event::Incoming(packet)) => heard_v5(packet),
                Ok(rumqttc::v5::Event::Outgoing(_)) => None,
                Err(error) => Some(Heard::Closed(format!("{error:?}"))),
            },
        }
    }
}

fn heard_v311(packet: rumqttc::Packet) -> Option<Heard> {
    match packet {
        rumqttc::Packet::Publish(publish) => Some(Heard::Message(Message {
            topic: publish.topic,
            payload: String::from_utf8(publish.payload.to_vec()).unwrap(),
            retain: publish.retain,
        })),
        rumqttc::Packet::PubAck(_) => Some(Heard::PubAck(true)),
        rumqttc::Packet::SubAck(ack) => Some(Heard::SubAck(
            ack.return_codes
                .iter()
                .map(|code| match code {
                    rumqttc::SubscribeReasonCode::Success(qos) => Some(*qos as u8),
                    rumqttc::SubscribeReasonCode::Failure => None,
                })
                .collect(),
        )),
        rumqttc::Packet::UnsubAck(_) => Some(Heard::UnsubAck),
        _ => None,
    }
}

fn heard_v5(packet: m5::v5::Packet) -> Option<Heard> {
    match packet {
        m5::v5::Packet::Publish(publish) => Some(Heard::Message(Message {
            topic: String::from_utf8(publish.topic.to_vec()).unwrap(),
            payload: String::from_utf8(publish.payload.to_vec()).unwrap(),
            retain: publish.retain,
        })),
        m5::v5::Packet::PubAck(ack) => Some(Heard::PubAck(matches!(
            ack.reason,
            m5::v5::PubAckReason::Success | m5::v5::PubAckReason::NoMatchingSubscribers
        ))),
        m5::v5::Packet::SubAck(ack) => Some(Heard::SubAck(
            ack.return_codes
                .iter()
                .map(|code| match code {
                    m5::v5::SubscribeReasonCode::Success(qos) => Some(*qos as u8),
                    _ => None,
                })
                .collect(),
        )),
        m5::v5::Packet::UnsubAck(_) => Some(Heard::UnsubAck),
        m5::v5::Packet::Disconnect(disconnect) => Some(Heard::Closed(format!("{disconnect:?}"))),
        _ => None,
    }
}

/// A message without the retain flag.
pub fn plain(topic: impl Into<String>, payload: impl Into<String>) -> Message {
    Message { topic: topic.into(), payload: payload.into(), retain: false }
}

/// A message with the retain flag.
pub fn retained(topic: impl Into<String>, payload: impl Into<String>) -> Message {
    Message { retain: true, ..plain(topic, payload) }
}
