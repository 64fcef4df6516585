//! The building: its state, and the one function that decides.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::command::CommandKey;
use crate::effect::Effect;
use crate::event::{Durability, Event};
use crate::id::NoticeId;
use crate::input::{Entropy, Input};
use crate::refusal::Refusal;
use crate::row::{Row, RowKey};
use crate::site::Site;
use crate::time::{Mono, Now};
use crate::view::View;

/// The key all pickup codes are derived from. Wiped on drop; has no Debug, Display or Serialize.
#[derive(zeroize::ZeroizeOnDrop)]
pub struct CodeKey(pub [u8; 32]);

/// A change of state. Applied in memory first, made durable in one commit, in this order.
pub enum Change {
    /// A fact: one journal row.
    Event(Event),
    /// State that is not worth a journal row (a session's step, a debounced level, a counter).
    Note(Note),
}

/// A change of state without a journal row. Opaque outside the core.
pub struct Note(());

impl Change {
    /// How soon this change must be on the disk. A decision forces a commit if one of its changes does.
    #[must_use]
    pub const fn durability(&self) -> Durability {
        match self {
            Self::Event(event) => event.fact.durability(),
            Self::Note(_) => Durability::Rides,
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

/// Why `next_deadline` asks to be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TimerReason {
    /// An unlock's door did not report in time.
    Unlock,
}

/// One building in memory.
pub struct Building {
    site: Site,
    _key: CodeKey,
}

/// What a notice says, with its code in clear: to be sealed at once, never stored, logged or sent as it is.
#[derive(zeroize::ZeroizeOnDrop)]
pub struct NoticeText {
    /// Canonical JSON fields are made by the contract from these.
    #[zeroize(skip)]
    pub row: crate::row::NoticeRow,
    /// Label of the compartment.
    #[zeroize(skip)]
    pub label: alloc::string::String,
    /// The code, ten digits.
    pub code: Option<alloc::string::String>,
}

impl Building {
    /// Takes the site and the rows of the last start.
    #[must_use]
    pub fn load(site: Site, key: CodeKey, _rows: impl IntoIterator<Item = (RowKey, Row)>) -> Self {
        Self { site, _key: key }
    }

    /// Decides. Changes nothing.
    #[must_use]
    pub fn decide(&self, _input: Input, _now: Now, _entropy: Entropy) -> Box<Decision> {
        Box::new(Decision { changes: Vec::new(), effects: Vec::new(), reply: None })
    }

    /// Applies one change of a decision.
    pub fn apply(&mut self, _change: &Change) {}

    /// The rows that changed since this was last asked, with `None` for those that are gone, and whether one of them forces a commit.
    pub fn take_changed_rows(&mut self) -> Vec<(RowKey, Option<Row>)> {
        Vec::new()
    }

    /// Every state row as it is now: a database file that has to be made anew begins with them.
    #[must_use]
    pub fn rows(&self) -> Vec<(RowKey, Row)> {
        Vec::new()
    }

    /// Adds the sequences of the journal rows a command caused to its remembered outcome, before the commit that
    /// makes both durable. A key that is not remembered is ignored.
    pub fn record_sequences(&mut self, _key: &CommandKey, _sequences: &[u64]) {}

    /// When `Input::Tick` is due next, and why.
    #[must_use]
    pub fn next_deadline(&self) -> Option<(Mono, TimerReason)> {
        None
    }

    /// The public truth.
    #[must_use]
    pub fn view(&self) -> View {
        let _ = &self.site;
        unreachable_view()
    }

    /// A waiting notice in clear, for sealing.
    #[must_use]
    pub fn notice(&self, _id: NoticeId) -> Option<NoticeText> {
        None
    }

    /// Every notice that is not acknowledged, oldest first.
    #[must_use]
    pub fn waiting_notices(&self) -> Vec<NoticeId> {
        Vec::new()
    }
}

#[expect(clippy::unimplemented, reason = "replaced with the first state")]
fn unreachable_view() -> View {
    unimplemented!("the state is not built yet")
}
