//! What the cloud is owed, in the order of its worth: notices, witnesses, journal rows.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use vestibule_contract::topic::{EventType, Topic};
use vestibule_core::id::{BuildingId, NoticeId};
use vestibule_core::input::Input;
use vestibule_store::JournalRow;

use super::journal::{Acknowledged, Journal};
use super::notices::Notices;
use super::outbox::Outbox;
use crate::engine::{EngineHandle, Outgoing, Witness};
use crate::mqtt::{Feed, Message};

/// Witnesses that wait for a connection: their rows wait in memory and follow when the disk is back.
const WITNESSES_MAX: usize = 64;

/// MQTT user property of a row that was durable before the connection stood.
const LATE: (&str, &str) = ("late", "true");

/// Everything owed to the cloud.
pub struct Owed {
    journal: Journal,
    notices: Notices,
    witnesses: VecDeque<Witness>,
    /// The newest acknowledged row, until the engine is told of it.
    newest: Option<Acknowledged>,
    dropped: u64,
}

/// What a publication was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Debt {
    /// The row with this sequence.
    Row(u64),
    /// This notice.
    Notice(NoticeId),
    /// A witness.
    Witness,
}

impl Owed {
    /// Owed: everything after what the outbox says is acknowledged.
    #[must_use]
    pub fn new(outbox: Arc<dyn Outbox>) -> Self {
        Self {
            journal: Journal::new(outbox),
            notices: Notices::default(),
            witnesses: VecDeque::new(),
            newest: None,
            dropped: 0,
        }
    }
}

impl Feed for Owed {
    type Sent = Debt;

    fn connected(&mut self, engine: &EngineHandle) {
        let head = engine.view().head.map_or(0, |head| head.sequence);
        self.journal.connected(head);
        self.notices.connected();
    }

    fn told(&mut self, outgoing: Outgoing) {
        match outgoing {
            Outgoing::Row(_) => self.journal.poke(),
            Outgoing::NoticeWaiting => self.notices.poke(),
            Outgoing::Missed { .. } => {
                self.journal.poke();
                self.notices.poke();
            }
            Outgoing::Witness(witness) => {
                if self.witnesses.len() >= WITNESSES_MAX {
                    self.witnesses.pop_front();
                    self.dropped += 1;
                }
                self.witnesses.push_back(witness);
            }
            Outgoing::Changed(_) | Outgoing::Reply { .. } | Outgoing::Resync { .. } | Outgoing::Stopping => {}
        }
    }

    fn next(&mut self, building: &BuildingId) -> Option<(Message, Debt)> {
        if let Some(notice) = self.notices.next() {
            let message = Message::once(Topic::Notice.text(building), notice.bytes);
            return Some((message, Debt::Notice(notice.id)));
        }
        if let Some(Witness { event_type, bytes }) = self.witnesses.pop_front() {
            return Some((
                Message::once(topic(event_type, building), Bytes::from_owner(bytes)),
                Debt::Witness,
            ));
        }
        let (row, late) = self.journal.next()?;
        let sequence = row.sequence;
        Some((message(row, late, building), Debt::Row(sequence)))
    }

    fn acknowledged(&mut self, sent: Debt, engine: &EngineHandle) {
        match sent {
            Debt::Row(sequence) => self.newest = self.journal.acknowledged(sequence).or(self.newest),
            Debt::Notice(id) => self.notices.acknowledged(id, engine),
            Debt::Witness => {}
        }
    }

    fn settled(&mut self, engine: &EngineHandle) {
        let Some(Acknowledged { sequence, hash }) = self.newest.take() else { return };
        if let Err(error) = engine.submit(Input::JournalAcknowledged { sequence, hash }) {
            // The next acknowledgement says the same and more.
            tracing::debug!(%error, sequence, "acknowledgement not taken");
        }
    }

    fn not_taken(&mut self, sent: Debt) {
        match sent {
            Debt::Row(sequence) => {
                tracing::error!(sequence, "the cloud's broker does not take this row; the journal waits");
                self.journal.not_taken(sequence);
            }
            Debt::Notice(id) => self.notices.not_taken(id),
            Debt::Witness => self.dropped += 1,
        }
    }

    fn lost(&mut self, _: Vec<Debt>) {
        self.journal.lost();
        self.notices.lost();
    }

    async fn refilled(&mut self, engine: &EngineHandle) {
        tokio::select! {
            () = self.journal.refilled() => {}
            () = self.notices.refilled(engine) => {}
        }
    }

    fn dropped(&self) -> u64 {
        self.dropped
    }
}

/// A type that is not one of this contract (the row is damaged) is published all the same, so that the cloud sees what
/// `verify` sees.
fn topic(event_type: &str, building: &BuildingId) -> String {
    Topic::Event(EventType::new(event_type).unwrap_or_else(EventType::unreadable)).text(building)
}

fn message(row: JournalRow, late: bool, building: &BuildingId) -> Message {
    let message = Message::once(topic(&row.event_type, building), Bytes::from_owner(row.bytes));
    if late { message.with_property(LATE.0, LATE.1) } else { message }
}

#[cfg(test)]
mod tests {
    use super::super::outbox::OutboxError;
    use super::*;

    struct Empty;

    impl Outbox for Empty {
        fn acknowledged(&self) -> Result<u64, OutboxError> {
            Ok(0)
        }

        fn rows_after(&self, _: u64, _: usize) -> Result<Vec<JournalRow>, OutboxError> {
            Ok(Vec::new())
        }
    }

    #[test]
    fn witness_of_no_known_type_is_said_and_keeps_nothing_back() {
        let building = BuildingId::new("b").expect("id");
        let mut owed = Owed::new(Arc::new(Empty));
        for event_type in ["no/type", "parcel.stored"] {
            owed.told(Outgoing::Witness(Witness { event_type, bytes: Arc::from(*b"{}") }));
        }
        let next = |owed: &mut Owed| owed.next(&building).map(|(message, _)| message.topic);
        assert_eq!(next(&mut owed).as_deref(), Some("vestibule/v1/b/event/journal.unreadable"));
        assert_eq!(next(&mut owed).as_deref(), Some("vestibule/v1/b/event/parcel.stored"));
        assert_eq!(next(&mut owed), None);
    }
}
