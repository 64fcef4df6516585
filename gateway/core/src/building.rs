//! The building: its state, and the one function that decides.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

use crate::code::Keyring;
use crate::command::CommandKey;
use crate::draft::Draft;
use crate::effect::Effect;
use crate::event::{Durability, Event};
use crate::id::NoticeId;
use crate::input::{Entropy, Input};
use crate::refusal::Refusal;
use crate::row::{NoticeRow, Row, RowKey};
use crate::site::Site;
use crate::state::{Entry, State};
use crate::time::{Mono, Now, Timestamp};
pub use crate::timer::TimerReason;
use crate::view::View;

/// The key all pickup codes are derived from. Wiped on drop; has no Debug, Display or Serialize.
#[derive(zeroize::ZeroizeOnDrop)]
pub struct CodeKey(pub [u8; 32]);

/// A change of state. Applied in memory first, made durable in one commit, in this order.
pub enum Change {
    /// A fact: one journal row.
    Event(Event),
    /// One entry of the state: a row's new content, a session's step, a debounced level, a counter.
    Note(Note),
}

/// One entry of the state with its new value. Opaque outside the core.
pub struct Note(Entry);

impl Change {
    /// How soon this change must be on the disk; of a whole decision, [`Decision::durability`] says it.
    #[must_use]
    pub fn durability(&self) -> Durability {
        match self {
            Self::Event(event) => event.fact.durability(),
            Self::Note(note) => match &note.0 {
                // A guess that a power cut could undo would be free; a command's outcome must outlive its reply.
                Entry::Budget(..) | Entry::Outcome(..) => Durability::Forces,
                // Alone these are acknowledgements.
                Entry::Gateway(..) | Entry::Notice(_, None) => Durability::Lingers,
                entry if entry.row_key().is_none() => Durability::Lingers,
                _ => Durability::Rides,
            },
        }
    }
}

impl Decision {
    /// How soon this decision must be on the disk: its facts say it, and its notes where they force or where there is no fact.
    #[must_use]
    pub fn durability(&self) -> Durability {
        let of_facts = self.changes.iter().filter(|change| matches!(change, Change::Event(_)));
        let of_facts = of_facts.map(Change::durability).max();
        let of_all = self.changes.iter().map(Change::durability).max().unwrap_or_default();
        match (of_facts, of_all) {
            (_, Durability::Forces) | (None, _) => of_all,
            (Some(of_facts), _) => of_facts,
        }
    }
}

/// What one input leads to.
pub struct Decision {
    /// Changes, in order.
    pub changes: Vec<Change>,
    /// Effects, released in order after the commit.
    pub effects: Vec<Effect>,
    /// The immediate answer where the input was a request; commands are answered by [`Effect::Reply`].
    pub reply: Option<Result<(), Refusal>>,
}

/// One building in memory.
pub struct Building {
    site: Site,
    keys: Keyring,
    state: State,
    changed: BTreeSet<RowKey>,
}

/// What a notice says, with its code in clear: to be sealed at once, never stored, logged or sent as it is.
#[derive(zeroize::ZeroizeOnDrop)]
pub struct NoticeText {
    /// Canonical JSON fields are made by the contract from these.
    #[zeroize(skip)]
    pub row: NoticeRow,
    /// Label of the compartment.
    #[zeroize(skip)]
    pub label: String,
    /// The code, ten digits.
    pub code: Option<String>,
    /// Until when the code's parcel is held: its arrival and `Policy::hold`. Only beside a code.
    #[zeroize(skip)]
    pub deadline: Option<Timestamp>,
}

impl Building {
    /// Takes the site and the rows of the last start.
    #[must_use]
    pub fn load(site: Site, key: CodeKey, rows: impl IntoIterator<Item = (RowKey, Row)>) -> Self {
        let mut state = State::default();
        rows.into_iter().for_each(|(key, row)| state.load(key, row));
        let mut keys = Keyring::new(key);
        for (id, parcel) in &state.parcels {
            keys.follow(&site.building, *id, Some(parcel));
        }
        Self { site, keys, state, changed: BTreeSet::new() }
    }

    /// Decides. Changes nothing.
    #[must_use]
    pub fn decide(&self, input: Input, now: Now, entropy: Entropy) -> Box<Decision> {
        let mut draft = Draft::new(&self.site, &self.keys, &self.state, now, entropy.0);
        let reply = decide(&mut draft, input);
        let (events, entries, effects) = draft.finish();
        let events = events.into_iter().map(Change::Event);
        let notes = entries.into_iter().map(|entry| Change::Note(Note(entry)));
        Box::new(Decision { changes: events.chain(notes).collect(), effects, reply })
    }

    /// Applies one change of a decision: the only place where the building changes. A fact is for the journal; the
    /// state it stands for is in the notes of the same decision.
    pub fn apply(&mut self, change: &Change) {
        let Change::Note(Note(entry)) = change else { return };
        if let Entry::Parcel(id, parcel) = entry {
            self.keys.follow(&self.site.building, *id, parcel.as_ref());
        }
        self.changed.extend(entry.row_key());
        self.state.set(entry.clone());
    }

    /// The rows that changed since this was last asked, with `None` for those that are gone. Whether they force a
    /// commit is said by [`Decision::durability`].
    pub fn take_changed_rows(&mut self) -> Vec<(RowKey, Option<Row>)> {
        let changed = core::mem::take(&mut self.changed);
        changed
            .into_iter()
            .map(|key| {
                let row = self.state.row(&key);
                (key, row)
            })
            .collect()
    }

    /// Every state row as it is now: a database file that has to be made anew begins with them.
    #[must_use]
    pub fn rows(&self) -> Vec<(RowKey, Row)> {
        let keys = self.state.row_keys();
        keys.into_iter().filter_map(|key| self.state.row(&key).map(|row| (key, row))).collect()
    }

    /// Adds the sequences of the journal rows a command caused to its remembered outcome, before the commit that
    /// makes both durable. A key that is not remembered is ignored.
    pub fn record_sequences(&mut self, key: &CommandKey, sequences: &[u64]) {
        if let Some(outcome) = self.state.outcomes.get_mut(key) {
            outcome.events.extend_from_slice(sequences);
            self.changed.insert(RowKey::Command(key.clone()));
        }
    }

    /// Forgets what names sequences of an epoch that has ended. The rows of the new epoch's first commit say the same,
    /// so none is marked as changed.
    pub fn begin_epoch(&mut self) {
        self.state.gateway.values_mut().for_each(|gateway| gateway.acknowledged = None);
        self.state.outcomes.values_mut().for_each(|outcome| outcome.events.clear());
    }

    /// When `Input::Tick` is due next, and why.
    #[must_use]
    pub fn next_deadline(&self) -> Option<(Mono, TimerReason)> {
        crate::timer::next_deadline(&self.state, &self.site)
    }

    /// The public truth.
    #[must_use]
    pub fn view(&self) -> View {
        crate::snapshot::view(&self.state, &self.site)
    }

    /// The building as built.
    #[must_use]
    pub const fn site(&self) -> &Site {
        &self.site
    }

    /// A waiting notice in clear, for sealing.
    #[must_use]
    pub fn notice(&self, id: NoticeId) -> Option<NoticeText> {
        let row = self.state.notices.get(&id)?.clone();
        let parcel = self.state.parcels.get(&row.parcel);
        let place = parcel.and_then(|parcel| parcel.state.place());
        let built = place.and_then(|place| self.site.compartments.get(&place.compartment));
        let label = built.map(|site| site.label.clone()).unwrap_or_default();
        let code = row.code.map(|counter| self.keys.derive(&self.site.building, &row.unit, counter).digits());
        let held = parcel.filter(|_| code.is_some());
        let deadline = held.map(|parcel| parcel.arrived.after(self.site.policy.hold));
        Some(NoticeText { row, label, code, deadline })
    }

    /// The newest journal row that the cloud acknowledged; none before the first.
    #[must_use]
    pub fn journal_acknowledged(&self) -> Option<u64> {
        self.state.gateway.get(&()).and_then(|gateway| gateway.acknowledged).map(|(sequence, _)| sequence)
    }

    /// Every notice that is not acknowledged, oldest first.
    #[must_use]
    pub fn waiting_notices(&self) -> Vec<NoticeId> {
        self.state.notices.keys().copied().collect()
    }
}

/// One arm for each input.
fn decide(d: &mut Draft<'_>, input: Input) -> Option<Result<(), Refusal>> {
    if !matches!(input, Input::Started(_)) {
        d.follow_clock();
    }
    match input {
        Input::Started(started) => d.started(started),
        Input::Stopping => d.stopping(),
        Input::Tick => d.tick(),
        Input::Contact { compartment, contact, level, at } => {
            d.contact_read(&compartment, contact, level, at)
        }
        Input::Probe { probe, reading } => d.probe_read(&probe, reading),
        Input::Device { device, health } => d.device_reported(&device, health),
        Input::Line { line, health } => d.line_reported(&line, health),
        Input::ForeignFrame { line, frames } => d.foreign_frames(&line, frames),
        Input::Reader { terminal, report } => d.reader_reported(&terminal, report),
        Input::Pulse { unlock, report } => d.pulse_reported(unlock, report),
        Input::Entry { terminal, entry } => return Some(d.entry(&terminal, &entry)),
        Input::Command(request) => return Some(d.command(request)),
        Input::Storage(health) => d.storage_is(health),
        Input::SealBroken(broken) => d.seal_broken(broken),
        Input::SealSet { by, at } => d.seal_set(by, at),
        Input::NoticeAcknowledged(id) => d.notice_acknowledged(id),
        Input::JournalAcknowledged { sequence, hash } => d.journal_acknowledged(sequence, hash),
    }
    None
}
