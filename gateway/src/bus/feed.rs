//! Events for the local bus: the newest rows and witnesses, for whoever listens now. What must not be lost is the
//! journal's business.

use std::collections::VecDeque;

use vestibule_contract::topic::{EventType, Topic};
use vestibule_core::id::BuildingId;

use crate::engine::{EngineHandle, Outgoing};
use crate::mqtt::{Feed, Message};

/// Events that wait for the broker: a restart of it at the busiest hour. The oldest are dropped first and counted.
const EVENTS_MAX: usize = 256;

/// Events that wait, oldest first.
#[derive(Debug, Default)]
pub(super) struct Events {
    waiting: VecDeque<Event>,
    dropped: u64,
}

/// One event on its way.
#[derive(Debug)]
pub(super) struct Event {
    name: &'static str,
    bytes: bytes::Bytes,
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
            Outgoing::Row(row) => {
                self.push(Event { name: row.name, bytes: bytes::Bytes::from_owner(row.bytes) })
            }
            Outgoing::Witness { name, bytes } => {
                self.push(Event { name, bytes: bytes::Bytes::from_owner(bytes) });
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
        let topic = Topic::Event(EventType::new(event.name)?).text(building);
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
