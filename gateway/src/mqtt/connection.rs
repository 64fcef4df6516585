//! The connection over time: made, held, lost, and tried again after a wait.

use tokio::time::Instant;
use vestibule_core::effect::Thing;
use vestibule_core::time::Timestamp;

use vestibule_contract::state;
use vestibule_contract::topic::Topic;

use super::Publisher;
use super::backoff::Backoff;
use super::endpoint::Endpoint;
use super::limits::{ACKNOWLEDGE_PATIENCE, GOOD_CONNECTION};
use super::link::{Happened, Link};
use super::message::Message;

/// The connection to one broker. `S` says what a publication was for.
pub(super) struct Connection<S> {
    endpoint: Endpoint,
    link: Option<Link<S>>,
    connected_at: Option<Instant>,
    retry_at: Instant,
    backoff: Backoff,
    /// The last reason that was logged: an outage is one line, not one for each attempt.
    reason: Option<String>,
}

impl<S> Connection<S> {
    /// Not connected; due at once.
    pub(super) fn new(endpoint: Endpoint) -> Self {
        Self {
            backoff: Backoff::new(endpoint.retry_first, endpoint.retry_most),
            endpoint,
            link: None,
            connected_at: None,
            retry_at: Instant::now(),
            reason: None,
        }
    }

    /// The link that requests can be handed to: CONNACK came.
    pub(super) const fn link(&mut self) -> Option<&mut Link<S>> {
        match (&self.connected_at, &mut self.link) {
            (Some(_), Some(link)) => Some(link),
            _ => None,
        }
    }

    /// Whether CONNACK came.
    pub(super) const fn is_up(&self) -> bool {
        self.connected_at.is_some()
    }

    /// The next thing that happens; never, while there is no link. Cancel-safe.
    pub(super) async fn next(&mut self) -> Happened<S> {
        match &mut self.link {
            Some(link) => link.next().await,
            None => std::future::pending().await,
        }
    }

    /// What has happened already, if there is more.
    pub(super) fn meanwhile(&mut self) -> Option<Happened<S>> {
        self.link.as_mut()?.meanwhile()
    }

    /// When [`Self::on_time`] has something to do, if ever.
    pub(super) fn due(&self) -> Option<Instant> {
        match &self.link {
            None => Some(self.retry_at),
            Some(link) => link.owed_since().map(|since| since + ACKNOWLEDGE_PATIENCE),
        }
    }

    /// Connects if that is due; `recorded` is the newest time on record. Says why the connection must be given up, if
    /// it must.
    pub(super) fn on_time(&mut self, publisher: &Publisher, recorded: Timestamp) -> Result<(), String> {
        let now = Instant::now();
        match &self.link {
            None if now >= self.retry_at => self.connect(publisher, recorded),
            Some(link) if link.owed_since().is_some_and(|since| now >= since + ACKNOWLEDGE_PATIENCE) => {
                Err(format!("no PUBACK for {} s", ACKNOWLEDGE_PATIENCE.as_secs()))
            }
            _ => Ok(()),
        }
    }

    fn connect(&mut self, publisher: &Publisher, recorded: Timestamp) -> Result<(), String> {
        let offline = offline(publisher).map_err(|error| error.to_string())?;
        let options = self.endpoint.options(offline, recorded).map_err(|error| error.to_string())?;
        self.link = Some(Link::open(options));
        Ok(())
    }

    /// CONNACK came.
    pub(super) fn connected(&mut self) {
        let Endpoint { host, port, .. } = &self.endpoint;
        tracing::info!(host, port, "connected to broker");
        self.reason = None;
        self.connected_at = Some(Instant::now());
    }

    /// The connection is gone; gives back what was not acknowledged, oldest first.
    pub(super) fn lost(&mut self, reason: String) -> Vec<S> {
        if self.connected_at.take().is_some_and(|at| at.elapsed() >= GOOD_CONNECTION) {
            self.backoff.reset();
        }
        let wait = self.backoff.after_failure(getrandom::u32().unwrap_or(u32::MAX));
        self.retry_at = Instant::now() + wait;
        if self.reason.as_ref() != Some(&reason) {
            let Endpoint { host, port, .. } = &self.endpoint;
            tracing::warn!(host, port, reason, "no connection to broker");
            self.reason = Some(reason);
        }
        self.link.take().map(Link::into_unacknowledged).unwrap_or_default()
    }
}

/// What `state/gateway/self` says when we are gone: as last will, and before an orderly DISCONNECT.
pub(super) fn offline(publisher: &Publisher) -> Result<Message, vestibule_contract::PayloadError> {
    let topic = Topic::State(Thing::Gateway).text(&publisher.building);
    let payload = state::will(publisher.boot, publisher.boot_id, &publisher.version)?;
    Ok(Message::kept(topic, payload))
}
