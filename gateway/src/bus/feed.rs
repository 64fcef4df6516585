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
        // Who listens sees a row of no known type, too, as the cloud does.
        let event_type = EventType::new(&event.event_type).unwrap_or_else(EventType::unreadable);
        Some((Message::once(Topic::Event(event_type).text(building), event.bytes.clone()), event))
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use vestibule_core::unit::Digest;

    use super::*;

    fn row(event_type: &str) -> Outgoing {
        let bytes = Arc::from(*b"{}");
        Outgoing::Row(JournalRow { sequence: 1, hash: Digest([0; 32]), event_type: event_type.into(), bytes })
    }

    #[test]
    fn rows_behind_one_of_no_known_type_are_said_and_so_is_that_one() {
        let building = BuildingId::new("b").expect("id");
        let mut events = Events::default();
        events.told(row("no/type"));
        events.told(row("parcel.stored"));
        let next = |events: &mut Events| events.next(&building).map(|(message, _)| message.topic);
        assert_eq!(next(&mut events).as_deref(), Some("vestibule/v1/b/event/journal.unreadable"));
        assert_eq!(next(&mut events).as_deref(), Some("vestibule/v1/b/event/parcel.stored"));
        assert_eq!(next(&mut events), None);
    }
}
