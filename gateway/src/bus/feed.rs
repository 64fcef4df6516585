//! Events for the local bus: the newest rows and witnesses, for whoever listens now. What must not be lost is the
//! journal's business.

use std::collections::VecDeque;

use bytes::Bytes;
use vestibule_contract::topic::{EventType, Topic};
use vestibule_core::id::BuildingId;
use vestibule_store::JournalRow;

use crate::engine::{EngineHandle, Outgoing, Witness};
use crate::mqtt::{Feed, Message};

/// Events that wait for the broker: a restart of it at the busiest hour. The oldest are dropped first and counted.
const EVENTS_MAX: usize = 256;

/// Events that wait, oldest first.
#[derive(Debug, Default)]
pub struct Events {
    waiting: VecDeque<Event>,
    dropped: u64,
}

/// One event on its way.
#[derive(Debug)]
pub struct Event {
    event_type: Box<str>,
    bytes: Bytes,
}

impl Events {
    fn push(&mut self, event: Event) {
        if self.waiting.len() >= EVENTS_MAX {
            self.waiting.pop_front();
            self.dropped += 1;
        }
        self.waiting.push_back(event);
    }
}

impl Feed for Events {
    type Sent = Event;

    fn connected(&mut self, _: &EngineHandle) {}

    fn told(&mut self, outgoing: Outgoing) {
        match outgoing {
            Outgoing::Row(JournalRow { event_type, bytes, .. }) => {
                self.push(Event { event_type, bytes: Bytes::from_owner(bytes) });
            }
            Outgoing::Witness(Witness { event_type, bytes }) => {
                self.push(Event { event_type: event_type.into(), bytes: Bytes::from_owner(bytes) });
            }
            Outgoing::Missed { dropped } => self.dropped += dropped,
            Outgoing::Changed(_)
            | Outgoing::Reply { .. }
            | Outgoing::Resync { .. }
            | Outgoing::NoticeWaiting
            | Outgoing::Stopping => {}
        }
    }

    fn next(&mut self, building: &BuildingId) -> Option<(Message, Event)> {
        let event = self.waiting.pop_front()?;
        let topic = Topic::Event(EventType::new(&event.event_type)?).text(building);
        Some((Message::once(topic, event.bytes.clone()), event))
    }

    fn acknowledged(&mut self, _: Event, _: &EngineHandle) {}

    fn not_taken(&mut self, _: Event) {
        self.dropped += 1;
    }

    fn lost(&mut self, sent: Vec<Event>) {
        for event in sent.into_iter().rev() {
            if self.waiting.len() < EVENTS_MAX {
                self.waiting.push_front(event);
            } else {
                self.dropped += 1;
            }
        }
    }

    async fn refilled(&mut self, _: &EngineHandle) {
        // Everything comes through `told`.
        std::future::pending().await
    }

    fn dropped(&self) -> u64 {
        self.dropped
    }
}
