//! One connection: hands requests over, a few ahead of the socket, and joins packet ids to what was sent.

use std::collections::VecDeque;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Filter, PubAckReason, Publish};
use rumqttc::v5::{AsyncClient, MqttOptions};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::drive::{Driven, Terms, drive};
use super::limits::{EVENTS_MAX, REQUESTS_MAX};
use super::message::Message;

/// A connection that is being made, held or lost. Dropping it drops the socket. `S` says what a publication was for.
pub(super) struct Link<S> {
    client: AsyncClient,
    events: mpsc::Receiver<Driven>,
    driver: JoinHandle<()>,
    terms: Option<Terms>,
    handed: VecDeque<Handed<S>>,
    unacknowledged: VecDeque<(u16, S)>,
    /// When the broker last took something, or first owed something.
    progress: Instant,
}

/// A request that rumqttc has and has not sent yet. It sends them in the order in which it got them.
enum Handed<S> {
    Publication(S),
    Sample,
    Other,
}

/// What happened, with packet ids translated.
#[derive(Debug)]
pub(super) enum Happened<S> {
    /// The connection stands.
    Connected,
    /// There may be room for the next request.
    Moved,
    /// A publication arrived at the broker.
    Acknowledged(S),
    /// The broker refused a publication.
    NotTaken(S, PubAckReason),
    /// A message came.
    Received(Publish),
    /// The broker refused a subscription.
    NotSubscribed(String),
    /// The connection is gone. Nothing follows.
    Lost(String),
}

/// A message that cannot go over this connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a packet of {bytes} bytes: the broker takes at most {most}")]
pub(super) struct TooLarge {
    pub(super) bytes: usize,
    pub(super) most: usize,
}

impl<S> Link<S> {
    /// Begins to connect.
    pub(super) fn open(options: MqttOptions) -> Self {
        let (client, eventloop) = AsyncClient::new(options, REQUESTS_MAX);
        let (told, events) = mpsc::channel(EVENTS_MAX);
        Self {
            client,
            events,
            driver: tokio::spawn(drive(eventloop, told)),
            terms: None,
            handed: VecDeque::new(),
            unacknowledged: VecDeque::new(),
            progress: Instant::now(),
        }
    }

    /// Whether a request can be handed over now.
    pub(super) fn has_room(&self) -> bool {
        let window = self.terms.map_or(0, |terms| terms.window);
        self.handed.len() < REQUESTS_MAX && self.unacknowledged.len() + self.handed.len() < window
    }

    /// Whether everything handed over is acknowledged.
    pub(super) fn is_idle(&self) -> bool {
        self.handed.is_empty() && self.unacknowledged.is_empty()
    }

    /// Since when the broker owes a PUBACK without giving any; `None` if it owes none.
    pub(super) fn owed_since(&self) -> Option<Instant> {
        (!self.unacknowledged.is_empty()).then_some(self.progress)
    }

    /// Whether a message can go over this connection at all.
    pub(super) fn check(&self, message: &Message) -> Result<(), TooLarge> {
        let most = self.terms.map_or(0, |terms| terms.packet_max);
        let bytes = message.packet_size();
        if bytes > most { Err(TooLarge { bytes, most }) } else { Ok(()) }
    }

    /// Hands over a message that [`Self::check`] let through; [`Self::has_room`] was asked before.
    pub(super) fn publish(&mut self, message: Message, sent: S) {
        let qos = message.qos();
        let handed = self.client.try_publish_with_properties(
            message.topic.clone(),
            qos,
            message.retain(),
            message.payload.clone(),
            message.properties(),
        );
        self.handed.push_back(match qos {
            QoS::AtMostOnce => Handed::Sample,
            _ => Handed::Publication(sent),
        });
        self.noticed(handed);
    }

    /// Hands over a subscription.
    pub(super) fn subscribe(&mut self, filters: Vec<Filter>) {
        let handed = self.client.try_subscribe_many(filters);
        self.handed.push_back(Handed::Other);
        self.noticed(handed);
    }

    /// Hands over the end of a subscription.
    pub(super) fn unsubscribe(&mut self, filter: String) {
        let handed = self.client.try_unsubscribe(filter);
        self.handed.push_back(Handed::Other);
        self.noticed(handed);
    }

    /// Hands over DISCONNECT: the broker then forgets the last will.
    pub(super) fn disconnect(&mut self) {
        let handed = self.client.try_disconnect();
        self.noticed(handed);
    }

    /// A request is refused only if the driver has ended; its last event says why and comes next.
    fn noticed(&self, handed: Result<(), rumqttc::v5::ClientError>) {
        if let Err(error) = handed {
            tracing::debug!(%error, "request not taken by the connection");
        }
    }

    /// What is lost with the connection, oldest first.
    pub(super) fn into_unacknowledged(self) -> Vec<S> {
        let Self { handed, unacknowledged, driver, .. } = self;
        driver.abort();
        let handed = handed.into_iter().filter_map(|handed| match handed {
            Handed::Publication(sent) => Some(sent),
            Handed::Sample | Handed::Other => None,
        });
        unacknowledged.into_iter().map(|(_, sent)| sent).chain(handed).collect()
    }

    /// The next thing that happens. Cancel-safe.
    pub(super) async fn next(&mut self) -> Happened<S> {
        match self.events.recv().await {
            Some(driven) => self.take(driven),
            None => Happened::Lost("the connection's task has ended".into()),
        }
    }

    /// What has happened already, if there is more.
    pub(super) fn meanwhile(&mut self) -> Option<Happened<S>> {
        self.events.try_recv().ok().map(|driven| self.take(driven))
    }

    fn take(&mut self, driven: Driven) -> Happened<S> {
        match driven {
            Driven::Connected(terms) => {
                self.terms = Some(terms);
                Happened::Connected
            }
            Driven::Sent { packet_id } => self.sent(packet_id),
            Driven::Acknowledged { packet_id, reason } => self.acknowledged(packet_id, reason),
            Driven::Received(publish) => Happened::Received(publish),
            Driven::NotSubscribed(reason) => Happened::NotSubscribed(reason),
            Driven::Lost(reason) => Happened::Lost(reason),
        }
    }

    fn sent(&mut self, packet_id: u16) -> Happened<S> {
        if let Some(Handed::Publication(sent)) = self.handed.pop_front() {
            if self.unacknowledged.is_empty() {
                self.progress = Instant::now();
            }
            self.unacknowledged.push_back((packet_id, sent));
        }
        Happened::Moved
    }

    fn acknowledged(&mut self, packet_id: u16, reason: PubAckReason) -> Happened<S> {
        let Some(at) = self.unacknowledged.iter().position(|(id, _)| *id == packet_id) else {
            return Happened::Lost(format!("PUBACK for packet id {packet_id}, which is not in use"));
        };
        self.progress = Instant::now();
        match (self.unacknowledged.remove(at), reason) {
            (Some((_, sent)), PubAckReason::Success | PubAckReason::NoMatchingSubscribers) => {
                Happened::Acknowledged(sent)
            }
            (Some((_, sent)), reason) => Happened::NotTaken(sent, reason),
            (None, _) => Happened::Moved,
        }
    }
}
