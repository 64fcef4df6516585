//! The client: one loop over connection, engine, feed and timers. It never waits for the broker.

use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Filter, Publish};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use vestibule_contract::topic::{commands_filter, prefix, states_filter};
use vestibule_core::command::Channel;
use vestibule_core::id::BuildingId;

use super::Publisher;
use super::commands::Commands;
use super::connection::{Connection, offline};
use super::endpoint::Endpoint;
use super::feed::Feed;
use super::limits::{EVENTS_MAX, SAMPLE_PERIOD, STOP_PATIENCE};
use super::link::Happened;
use super::message::Message;
use super::outbound::{Outbound, Said, is_current};
use super::sampler::Samples;
use crate::clock;
use crate::engine::{EngineHandle, Outgoing};
use crate::telemetry::{self, Telemetry};

/// Which broker, and as whom.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The broker.
    pub endpoint: Endpoint,
    /// Who publishes.
    pub publisher: Publisher,
    /// Which of the engine's channels this is: [`Channel::Bus`] or [`Channel::Cloud`].
    pub channel: Channel,
    /// Totals of lines and boards, for samples.
    pub telemetry: Telemetry,
}

/// Runs until the engine says that the daemon stops, or is gone. Never fails: a broker that is away is tried again.
pub async fn run<F: Feed>(settings: Settings, engine: EngineHandle, feed: F) {
    let queue = engine.subscribe(settings.channel);
    Client::new(settings, engine, feed).run(queue).await;
}

/// Waits until the daemon stops, where nothing is configured.
pub async fn idle(engine: &EngineHandle, channel: Channel) {
    let mut queue = engine.subscribe(channel);
    while !matches!(queue.recv().await, None | Some(Outgoing::Stopping)) {}
}

/// What a publication was for.
enum Sent<S> {
    Said(Said),
    Fed(S),
    Farewell,
}

/// What is subscribed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ears {
    /// Nothing yet.
    Shut,
    /// Commands, and our own retained state, to clear what is no longer configured.
    Wide,
    /// The retained state was heard; that subscription is to end.
    Closing,
    /// Commands.
    Commands,
}

/// How far stopping has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Running,
    /// What waits goes out first.
    Flushing,
    /// `offline` is said, then DISCONNECT.
    Leaving,
    Ended,
}

struct Client<F: Feed> {
    publisher: Publisher,
    channel: Channel,
    engine: EngineHandle,
    feed: F,
    connection: Connection<Sent<F::Sent>>,
    ears: Ears,
    phase: Phase,
    /// When stopping must have come to its end.
    stop_by: Option<Instant>,
    outbound: Outbound,
    commands: Commands,
    samples: Samples,
    telemetry: Telemetry,
}

impl<F: Feed> Client<F> {
    fn new(settings: Settings, engine: EngineHandle, feed: F) -> Self {
        Self {
            connection: Connection::new(settings.endpoint),
            commands: Commands::new(settings.publisher.building.clone(), settings.channel),
            publisher: settings.publisher,
            channel: settings.channel,
            engine,
            feed,
            ears: Ears::Shut,
            phase: Phase::Running,
            stop_by: None,
            outbound: Outbound::default(),
            samples: Samples::new(settings.telemetry.clone()),
            telemetry: settings.telemetry,
        }
    }

    async fn run(mut self, mut queue: mpsc::Receiver<Outgoing>) {
        let mut sampling = interval(SAMPLE_PERIOD);
        sampling.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while self.phase != Phase::Ended {
            let due = self.due();
            tokio::select! {
                happened = self.connection.next() => self.burst(happened),
                told = queue.recv(), if self.phase == Phase::Running => self.told(told),
                () = self.feed.refilled(&self.engine) => {}
                _ = sampling.tick() => self.sample(),
                () = sleep_until(due) => self.on_time(),
            }
            self.hand_over();
        }
    }

    fn due(&self) -> Instant {
        let none = Instant::now() + Duration::from_secs(3_600);
        let timers = [self.connection.due(), self.stop_by];
        timers.into_iter().flatten().min().unwrap_or(none)
    }

    fn on_time(&mut self) {
        if self.stop_by.is_some_and(|by| Instant::now() >= by) {
            tracing::warn!("stopped before everything was acknowledged");
            self.phase = Phase::Ended;
        } else {
            // Time on record never goes back: the start is not before the newest row.
            let recorded = self.engine.view().view.gateway.started;
            if let Err(reason) = self.connection.on_time(&self.publisher, recorded) {
                self.lost(reason);
            }
        }
    }

    /// What happened, and what has happened meanwhile: a backlog's acknowledgements come many at a time.
    fn burst(&mut self, first: Happened<Sent<F::Sent>>) {
        self.happened(first);
        for _ in 1..EVENTS_MAX {
            let Some(next) = self.connection.meanwhile() else { break };
            self.happened(next);
        }
        self.feed.settled(&self.engine);
    }

    fn happened(&mut self, happened: Happened<Sent<F::Sent>>) {
        match happened {
            Happened::Connected => self.connected(),
            Happened::Moved => {}
            Happened::Acknowledged(sent) => self.acknowledged(sent),
            Happened::NotTaken(sent, reason) => {
                tracing::warn!(?reason, "publication refused by the broker");
                self.not_taken(sent);
            }
            Happened::Received(publish) => self.received(&publish),
            Happened::NotSubscribed(reason) => {
                tracing::warn!(reason, "subscription refused by the broker");
            }
            Happened::Lost(_) if self.phase == Phase::Leaving => self.phase = Phase::Ended,
            Happened::Lost(reason) => self.lost(reason),
        }
    }

    fn connected(&mut self) {
        self.connection.connected();
        self.telemetry.connected(self.which(), clock::wall());
        self.ears = Ears::Shut;
        self.outbound.everything(&self.engine.view().view);
        self.feed.connected(&self.engine);
    }

    fn lost(&mut self, reason: String) {
        self.telemetry.lost(self.which(), clock::wall(), &reason);
        let mut said = Vec::new();
        let mut fed = Vec::new();
        for sent in self.connection.lost(reason) {
            match sent {
                Sent::Said(one) => said.push(one),
                Sent::Fed(one) => fed.push(one),
                Sent::Farewell => {}
            }
        }
        self.outbound.again(said);
        self.feed.lost(fed);
        if self.phase != Phase::Running {
            self.phase = Phase::Ended;
        }
    }

    const fn which(&self) -> telemetry::Link {
        match self.channel {
            Channel::Cloud => telemetry::Link::Cloud,
            Channel::Bus | Channel::Console => telemetry::Link::Bus,
        }
    }

    fn acknowledged(&mut self, sent: Sent<F::Sent>) {
        match sent {
            Sent::Said(_) => {}
            Sent::Fed(sent) => self.feed.acknowledged(sent, &self.engine),
            Sent::Farewell => {
                if let Some(link) = self.connection.link() {
                    link.disconnect();
                }
            }
        }
    }

    fn not_taken(&mut self, sent: Sent<F::Sent>) {
        match sent {
            Sent::Said(_) => {}
            Sent::Fed(sent) => self.feed.not_taken(sent),
            Sent::Farewell => self.phase = Phase::Ended,
        }
    }

    fn received(&mut self, publish: &Publish) {
        let topic = String::from_utf8_lossy(&publish.topic);
        if topic.starts_with(&(prefix(&self.publisher.building) + "state/")) {
            let kept = publish.retain && !publish.payload.is_empty();
            if kept && !is_current(&self.publisher.building, &self.engine.view().view, &topic) {
                self.outbound.clear(topic.into_owned());
            }
        } else if let Some(reply) = self.commands.take(publish, &self.engine) {
            self.outbound.reply(reply);
        }
    }

    fn told(&mut self, told: Option<Outgoing>) {
        match told {
            None | Some(Outgoing::Stopping) => {
                self.phase = if self.connection.is_up() { Phase::Flushing } else { Phase::Ended };
                self.stop_by = Some(Instant::now() + STOP_PATIENCE);
            }
            Some(Outgoing::Changed(thing)) => self.outbound.changed(thing),
            Some(Outgoing::Reply { key, outcome }) => {
                if let Some(reply) = self.commands.reply(&key, &outcome) {
                    self.outbound.reply(reply);
                }
            }
            Some(Outgoing::Resync { key, outcome }) => {
                self.outbound.everything(&self.engine.view().view);
                if key.channel == self.channel
                    && let Some(marker) = self.commands.reply(&key, &outcome)
                {
                    self.outbound.marker(marker);
                }
            }
            Some(Outgoing::Missed { dropped }) => {
                tracing::warn!(dropped, "too slow for the engine; all state is said again");
                self.outbound.everything(&self.engine.view().view);
                self.feed.told(Outgoing::Missed { dropped });
            }
            Some(other) => self.feed.told(other),
        }
    }

    fn sample(&mut self) {
        let dropped = self.feed.dropped() + self.outbound.dropped();
        self.samples.take(&self.engine.view(), clock::wall(), dropped);
        if self.ears == Ears::Wide {
            self.ears = Ears::Closing;
        }
    }

    /// Hands the next request over, if there is room and something waits.
    fn hand_over(&mut self) {
        while self.connection.link().is_some_and(|link| link.has_room()) {
            if !self.listen() && !self.publish() {
                return;
            }
        }
    }

    /// Whether a subscription was handed over.
    fn listen(&mut self) -> bool {
        let building = &self.publisher.building;
        match (self.ears, self.connection.link()) {
            (Ears::Shut, Some(link)) => {
                link.subscribe(filters(building));
                self.ears = Ears::Wide;
                true
            }
            (Ears::Closing, Some(link)) => {
                link.unsubscribe(states_filter(building));
                self.ears = Ears::Commands;
                true
            }
            (Ears::Wide | Ears::Commands, _) | (_, None) => false,
        }
    }

    /// Whether there was a message.
    fn publish(&mut self) -> bool {
        let Some((message, sent)) = self.next_message() else { return false };
        let Some(link) = self.connection.link() else { return false };
        match link.check(&message) {
            Ok(()) => link.publish(message, sent),
            Err(error) => {
                tracing::error!(topic = message.topic, %error, "message not sent");
                self.not_taken(sent);
            }
        }
        true
    }

    fn next_message(&mut self) -> Option<(Message, Sent<F::Sent>)> {
        if self.phase == Phase::Leaving {
            return None;
        }
        let said = self.outbound.next(&self.publisher, &self.engine.view().view);
        if let Some((message, said)) = said {
            return Some((message, Sent::Said(said)));
        }
        if let Some((message, sent)) = self.feed.next(&self.publisher.building) {
            return Some((message, Sent::Fed(sent)));
        }
        match self.phase {
            Phase::Running => {
                let sample = self.samples.next(&self.publisher.building)?;
                Some((sample, Sent::Said(Said::Sample)))
            }
            Phase::Flushing => self.farewell(),
            Phase::Leaving | Phase::Ended => None,
        }
    }

    /// `offline`, once everything else has arrived.
    fn farewell(&mut self) -> Option<(Message, Sent<F::Sent>)> {
        if !self.connection.link().is_some_and(|link| link.is_idle()) {
            return None;
        }
        self.phase = Phase::Leaving;
        offline(&self.publisher).ok().map(|message| (message, Sent::Farewell))
    }
}

fn filters(building: &BuildingId) -> Vec<Filter> {
    let mut commands = Filter::new(commands_filter(building), QoS::AtLeastOnce);
    // A broker takes the retain flag off a message that it passes on at once, unless it is told to keep it: a retained
    // command is refused when it is sent, not only when it is found again.
    commands.preserve_retain = true;
    let mut states = Filter::new(states_filter(building), QoS::AtMostOnce);
    states.nolocal = true;
    vec![commands, states]
}
