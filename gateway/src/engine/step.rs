//! One step: decide and apply each input, make all of it durable in one commit, then let the effects out.

use std::sync::Arc;

use vestibule_contract::event::{Envelope, provisional};
use vestibule_contract::notice::{Context, NotifierKey, seal};
use vestibule_core::Building;
use vestibule_core::building::Change;
use vestibule_core::effect::Effect;
use vestibule_core::event::{Durability, Event};
use vestibule_core::id::NoticeId;
use vestibule_core::input::{Input, NotSent, PulseReport, StorageHealth};
use vestibule_core::row::{Row, RowKey};
use vestibule_core::time::{Mono, Now};
use vestibule_store::{CommitError, JournalRow, Reader, ReopenError, Resumption, Store};

use super::entropy::EntropySource;
use super::handle::SealedNotice;
use super::held::{HeldAnswers, promises_a_record};
use super::published::{Counters, Head, Published};
use super::released::{Released, ViewChange, Witness};
use super::riders::{NamedBy, Riders, name_rows};
use super::upkeep::{Keep, Upkeep};

/// The owner of the building: synchronous, without clock, thread or tokio.
pub struct Engine {
    building: Building,
    store: Store,
    entropy: EntropySource,
    notifier: Option<NotifierKey>,
    support: String,
    riders: Riders,
    upkeep: Upkeep,
    storage: StorageHealth,
    held: HeldAnswers,
    acknowledgements: Acknowledgements,
    witnessed: u64,
    counters: Counters,
}

/// Whose sequences an acknowledgement of the journal counts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Acknowledgements {
    /// The journal's, which is the one this start began with.
    Current,
    /// An older journal's: a new epoch began under the running daemon, and the uplink learns of it by the next start.
    Outdated,
}

/// What an engine is made of.
pub struct Parts {
    /// The building with its rows loaded.
    pub building: Building,
    /// The store it was loaded from, its boot begun.
    pub store: Store,
    /// Randomness for decisions.
    pub entropy: EntropySource,
    /// Whose key notices are sealed to; `None` where there is no cloud.
    pub notifier: Option<NotifierKey>,
    /// Whom notices tell to call.
    pub support: String,
    /// How long journal rows are kept.
    pub keep: Keep,
    /// Rows that were made while loading and are not durable yet.
    pub rows: Vec<(RowKey, Option<Row>)>,
    /// When the daemon started.
    pub now: Mono,
}

/// Decisions of one step that are applied and not recorded yet.
#[derive(Default)]
struct Decided {
    events: Vec<Event>,
    effects: Vec<Effect>,
    /// The most that any decision of the step asks for; a guess or a command's outcome forces a commit without an event.
    durability: Durability,
}

impl Engine {
    /// Takes the parts. The first input must be `Input::Started`; a store that began degraded is told to the core
    /// with the first step.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let mut riders = Riders::since(parts.building.journal_acknowledged());
        riders.add(parts.rows, Vec::new(), Durability::Rides, parts.now);
        Self {
            building: parts.building,
            store: parts.store,
            entropy: parts.entropy,
            notifier: parts.notifier,
            support: parts.support,
            riders,
            upkeep: Upkeep::new(parts.keep, parts.now),
            storage: StorageHealth::Recovered,
            held: HeldAnswers::default(),
            acknowledgements: Acknowledgements::Current,
            witnessed: 0,
            counters: Counters::default(),
        }
    }

    /// Decides all inputs in order, commits once, and returns what may be released. Without inputs it has time for upkeep.
    pub fn step(&mut self, inputs: &mut Vec<Input>, now: Now) -> Released {
        let mut released = Released::default();
        let idle = inputs.is_empty();
        self.reopen_if_due(now, &mut released);
        let mut decided = Decided::default();
        for input in inputs.drain(..) {
            self.decide(input, now, &mut decided, &mut released);
        }
        self.settle(decided, now, &mut released);
        if idle && self.upkeep_deadline().is_some() {
            let gap = self.upkeep.step(&mut self.store, &mut self.counters, now);
            self.durable(gap.into_iter().collect(), &mut released);
        }
        released.tell_once();
        released
    }

    /// Makes durable what rides, whatever its age; the last thing before the daemon ends.
    pub fn flush(&mut self, now: Now) -> Released {
        let mut released = Released::default();
        self.commit(Vec::new(), now, &mut released);
        released
    }

    /// When `step` must be called again although no input came.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Mono> {
        let core = self.tick_deadline();
        let own = [self.riders.deadline(), self.store.next_attempt(), self.upkeep_deadline()];
        own.into_iter().chain([core]).flatten().min()
    }

    /// When upkeep is due. Not while events ride: they may have been promised their sequences.
    fn upkeep_deadline(&self) -> Option<Mono> {
        let rests = !self.riders.hold_events() && self.store.next_sequence().is_some();
        rests.then(|| self.upkeep.due())
    }

    /// When the core wants an `Input::Tick`.
    #[must_use]
    pub fn tick_deadline(&self) -> Option<Mono> {
        self.building.next_deadline().map(|(at, _)| at)
    }

    /// The snapshot after the last step.
    #[must_use]
    pub fn published(&self) -> Published {
        let head = self.store.reader().head();
        Published {
            view: self.building.view(),
            head: Some(Head { sequence: head.sequence, hash: head.hash }),
            waiting_rows: u64::try_from(self.store.waiting()).unwrap_or(u64::MAX),
            acknowledged: self.building.journal_acknowledged(),
            waiting_notices: self.building.waiting_notices().len(),
            counters: self.counters,
        }
    }

    /// Notes how long the last step took that made rows durable, in microseconds.
    pub fn note_commit(&mut self, micros: u64) {
        self.counters.last_commit_us = micros;
    }

    /// What all rows of this start have in common.
    #[must_use]
    pub const fn envelope(&self) -> &Envelope {
        self.store.envelope()
    }

    /// A reader of the journal.
    #[must_use]
    pub fn reader(&self) -> Reader {
        self.store.reader()
    }

    /// Waiting notices later than `after`, oldest first, sealed to the notifier's key. None while the disk is away:
    /// a notice that left is acknowledged by a row.
    pub fn sealed_notices(&mut self, after: Option<NoticeId>, max: usize) -> Vec<SealedNotice> {
        let Some(key) = &self.notifier else { return Vec::new() };
        if self.storage == StorageHealth::Degraded {
            return Vec::new();
        }
        let envelope = self.store.envelope();
        let context = Context {
            building: envelope.building.clone(),
            epoch: envelope.epoch,
            support: self.support.clone(),
        };
        let waiting = self.building.waiting_notices().into_iter();
        let due = waiting.filter(|id| after.is_none_or(|after| *id > after)).take(max);
        let mut sealed = Vec::new();
        for id in due {
            let Some(text) = self.building.notice(id) else { continue };
            match seal(&context, key, id, &text, self.entropy.draw()) {
                Ok(bytes) => sealed.push(SealedNotice { id, bytes }),
                Err(error) => tracing::error!(notice = %id, error = %error, "notice cannot be sealed"),
            }
        }
        sealed
    }

    fn decide(&mut self, input: Input, now: Now, decided: &mut Decided, released: &mut Released) {
        self.counters.inputs += 1;
        let acknowledges = matches!(input, Input::JournalAcknowledged { .. });
        if acknowledges && self.acknowledgements == Acknowledgements::Outdated {
            return;
        }
        let decision = self.building.decide(input, now, self.entropy.entropy());
        decided.durability = decided.durability.max(decision.durability());
        for change in decision.changes {
            self.building.apply(&change);
            released.view = released.view.max(ViewChange::Observed);
            if let Change::Event(event) = change {
                decided.events.push(event);
            }
        }
        decided.effects.extend(decision.effects);
    }

    /// Records what was decided and lets its effects out.
    fn settle(&mut self, mut decided: Decided, now: Now, released: &mut Released) {
        if let Some(next) = self.store.next_sequence() {
            for caused in self.riders.sequences(next, &decided.events) {
                if caused.named_by == NamedBy::Outcome {
                    self.building.record_sequences(&caused.key, &caused.sequences);
                }
                name_rows(&mut decided.effects, &caused);
            }
        }
        let acts = decided.durability == Durability::Forces
            || decided.effects.iter().any(|effect| matches!(effect, Effect::Unlock(_) | Effect::Notice(_)));
        let degraded = self.storage == StorageHealth::Degraded;
        self.riders.add(self.building.take_changed_rows(), decided.events, decided.durability, now.mono);
        if acts || degraded || self.store.next_sequence().is_none() || self.riders.is_due(now.mono) {
            self.commit(decided.effects, now, released);
        } else {
            self.release(decided.effects, released);
        }
    }

    fn commit(&mut self, effects: Vec<Effect>, now: Now, released: &mut Released) {
        let batch = self.riders.take();
        let (events, empty) = (batch.events.clone(), batch.is_empty());
        let error = match self.store.commit(batch, now.mono) {
            Ok(committed) => {
                self.counters.commits += u64::from(!empty);
                self.durable(committed.rows, released);
                self.release(effects, released);
                return;
            }
            Err(error) => error,
        };
        if let CommitError::Failed { .. } = error {
            self.counters.storage_failures += 1;
            tracing::error!(%error, "journal cannot be written; pickups and staff on site go on");
        }
        self.witness(&events, released);
        self.degrade(effects, now, released);
    }

    /// Nothing is undone: what is allowed without a disk is released, the rest is taken back in the core's own terms.
    fn degrade(&mut self, effects: Vec<Effect>, now: Now, released: &mut Released) {
        let first = self.storage == StorageHealth::Recovered;
        self.storage = StorageHealth::Degraded;
        let mut inputs = Vec::new();
        if first {
            inputs.push(Input::Storage(StorageHealth::Degraded));
        }
        for effect in effects {
            match effect {
                Effect::Unlock(unlock) if !Effect::Unlock(unlock.clone()).allowed_when_degraded() => {
                    self.counters.unlocks_withheld += 1;
                    let report = PulseReport::NotSent(NotSent::Withheld);
                    inputs.push(Input::Pulse { unlock: unlock.id, report });
                }
                Effect::Reply { key, outcome }
                    if promises_a_record(&outcome) && (first || self.held.owes(&key)) =>
                {
                    self.held.keep(key, outcome);
                }
                effect if effect.allowed_when_degraded() => self.release(vec![effect], released),
                // A notice waits as a row and is sent when the disk is back.
                _ => {}
            }
        }
        if inputs.is_empty() {
            return;
        }
        let mut decided = Decided::default();
        for input in inputs {
            self.decide(input, now, &mut decided, released);
        }
        self.settle(decided, now, released);
    }

    fn reopen_if_due(&mut self, now: Now, released: &mut Released) {
        if self.store.next_attempt().is_none_or(|due| due > now.mono) {
            return;
        }
        let (building, epoch) = (&self.building, self.store.epoch());
        let reopened = self.store.reopen(now, &|| building.rows());
        // A new file may have been made although the attempt as a whole failed.
        if self.store.epoch() != epoch {
            self.begin_epoch();
        }
        match reopened {
            Ok(reopened) => {
                let waited = reopened.rows.len();
                tracing::warn!(waited, "journal is written again; the rows that waited are durable");
                self.durable(reopened.rows, released);
                if let Resumption::Renewed { set_aside, why } = reopened.resumption {
                    let file = set_aside.unwrap_or_else(|| "none".into());
                    tracing::error!(why, file, "database had to be made anew; the old file is kept");
                    released.restart = Some("the journal began a new epoch".into());
                }
                self.recover(now, released);
            }
            Err(ReopenError::StillAway { why }) => {
                self.counters.storage_failures += 1;
                tracing::warn!(why, "journal still cannot be written");
            }
            Err(error @ ReopenError::NotLoaded) => released.restart = Some(error.to_string()),
        }
    }

    /// What counts in the old journal's sequences is forgotten, or the cloud would miss the new one's first rows.
    fn begin_epoch(&mut self) {
        self.acknowledgements = Acknowledgements::Outdated;
        self.building.begin_epoch();
        self.held.forget_sequences();
    }

    fn recover(&mut self, now: Now, released: &mut Released) {
        if self.storage == StorageHealth::Recovered {
            return;
        }
        self.storage = StorageHealth::Recovered;
        let held = self.held.take();
        self.release(held, released);
        let mut decided = Decided::default();
        self.decide(Input::Storage(StorageHealth::Recovered), now, &mut decided, released);
        decided.effects.extend(self.building.waiting_notices().into_iter().last().map(Effect::Notice));
        self.settle(decided, now, released);
    }

    fn durable(&mut self, rows: Vec<JournalRow>, released: &mut Released) {
        self.counters.rows += u64::try_from(rows.len()).unwrap_or(u64::MAX);
        released.rows.extend(rows);
    }

    fn witness(&mut self, events: &[Event], released: &mut Released) {
        for event in events {
            self.witnessed += 1;
            let bytes = Arc::from(provisional(self.store.envelope(), self.witnessed, event));
            released.witnesses.push(Witness { event_type: event.fact.name(), bytes });
        }
    }

    fn release(&mut self, effects: Vec<Effect>, released: &mut Released) {
        if !effects.is_empty() {
            released.view = ViewChange::Changed;
        }
        let unlocks = effects.iter().filter(|effect| matches!(effect, Effect::Unlock(_))).count();
        self.counters.unlocks += u64::try_from(unlocks).unwrap_or(u64::MAX);
        released.effects.extend(effects);
    }
}
