//! The one task that polls rumqttc's event loop, for one connection. It polls and tells, nothing else.

use rumqttc::Outgoing;
use rumqttc::v5::mqttbytes::v5::{ConnAck, Packet, PubAckReason, Publish, SubscribeReasonCode};
use rumqttc::v5::{Event, EventLoop};
use tokio::sync::mpsc;

use super::limits::{PACKET_MAX, WINDOW};

/// What happened on the connection.
#[derive(Debug)]
pub(super) enum Driven {
    /// CONNACK came.
    Connected(Terms),
    /// The oldest request handed over went out; QoS 0 has packet id 0.
    Sent { packet_id: u16 },
    /// PUBACK came.
    Acknowledged { packet_id: u16, reason: PubAckReason },
    /// A message came.
    Received(Publish),
    /// The broker refused a subscription.
    NotSubscribed(String),
    /// The connection is gone; nothing follows.
    Lost(String),
}

/// What the broker grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Terms {
    /// Largest packet it takes, in bytes.
    pub(super) packet_max: usize,
    /// Publications it takes without PUBACK.
    pub(super) window: usize,
}

/// Polls until the connection is gone or nobody listens.
pub(super) async fn drive(mut events: EventLoop, told: mpsc::Sender<Driven>) {
    loop {
        let driven = match events.poll().await {
            Ok(event) => driven(event),
            Err(error) => Some(Driven::Lost(chain(&error))),
        };
        let Some(driven) = driven else { continue };
        let last = matches!(driven, Driven::Lost(_));
        if told.send(driven).await.is_err() || last {
            return;
        }
    }
}

fn driven(event: Event) -> Option<Driven> {
    match event {
        Event::Incoming(Packet::ConnAck(connack)) => Some(Driven::Connected(terms(&connack))),
        Event::Incoming(Packet::PubAck(ack)) => {
            Some(Driven::Acknowledged { packet_id: ack.pkid, reason: ack.reason })
        }
        Event::Incoming(Packet::Publish(publish)) => Some(Driven::Received(publish)),
        Event::Incoming(Packet::SubAck(ack)) => {
            let refused = |code: &SubscribeReasonCode| !matches!(code, SubscribeReasonCode::Success(_));
            ack.return_codes
                .iter()
                .find(|code| refused(code))
                .map(|code| Driven::NotSubscribed(format!("{code:?}")))
        }
        Event::Outgoing(
            Outgoing::Publish(packet_id) | Outgoing::Subscribe(packet_id) | Outgoing::Unsubscribe(packet_id),
        ) => Some(Driven::Sent { packet_id }),
        Event::Outgoing(Outgoing::AwaitAck(packet_id)) => {
            // rumqttc would now wait with everything until this one id is acknowledged: better a new connection.
            Some(Driven::Lost(format!("packet id {packet_id} came round before it was acknowledged")))
        }
        Event::Outgoing(Outgoing::Disconnect) => Some(Driven::Lost("disconnected in order".into())),
        Event::Incoming(_) | Event::Outgoing(_) => None,
    }
}

fn terms(connack: &ConnAck) -> Terms {
    let granted = connack.properties.as_ref();
    let packet_max = granted.and_then(|all| all.max_packet_size).unwrap_or(PACKET_MAX).min(PACKET_MAX);
    let window = granted.and_then(|all| all.receive_max).map_or(WINDOW, usize::from);
    Terms { packet_max: usize::try_from(packet_max).unwrap_or(usize::MAX), window: window.clamp(1, WINDOW) }
}

/// An error with its causes, each said once.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    text
}
