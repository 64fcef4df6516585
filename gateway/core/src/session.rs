//! A terminal's session: who is served, and what each entry means in each state.

use crate::draft::Draft;
use crate::id::{CarrierId, CompartmentId, TerminalId, UnitId};
use crate::input::{Entry, Key};
use crate::pickup::Resident;
use crate::refusal::Refusal;
use crate::screen::Screen;
use crate::site::Size;
use crate::time::Mono;
use crate::timer::session_due;
use crate::view::TerminalUse;

/// Somebody is served at a terminal. A terminal without session shows its first screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    /// When something was last done here.
    pub(crate) at: Mono,
    pub(crate) warned: Warned,
    pub(crate) state: State,
}

/// Whether "still there?" is on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Warned {
    No,
    Yes,
}

/// What the terminal expects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Nothing: a last screen is on, and the next entry starts afresh.
    Lingering,
    AskUnit,
    AskCode {
        unit: UnitId,
    },
    AskRecipient {
        carrier: CarrierId,
    },
    ConfirmRecipient {
        carrier: CarrierId,
        unit: UnitId,
    },
    AskSize {
        carrier: CarrierId,
        unit: UnitId,
        sizes: alloc::vec::Vec<Size>,
    },
    /// A courier is at this door.
    AtDoor {
        carrier: CarrierId,
        compartment: CompartmentId,
    },
    Resident(Resident),
}

/// What kind of state; the table's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StateKind {
    Nobody,
    AskUnit,
    AskCode,
    AskRecipient,
    ConfirmRecipient,
    AskSize,
    AtDoor,
    Resident,
}

/// What kind of entry; the table's columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EntryKind {
    Typed,
    Key(Key),
    Card,
}

/// What an entry means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    Refuse(Refusal),
    /// A code: whose?
    Identify,
    TakeUnit,
    TakeCode,
    TakeRecipient,
    RecipientIsRight,
    BackToRecipient,
    TakeSize,
    /// The next parcel's unit; the former is done.
    NextRecipient,
    /// The parcel at this door is done.
    ParcelDone,
    AtDoor(crate::deposit::Step),
    /// The courier leaves.
    CourierLeaves,
    /// The resident's next parcel.
    NextParcel,
    /// The resident leaves.
    ResidentLeaves,
    /// The same screen for a while longer.
    Extend,
    End,
}

/// The table.
pub(crate) const fn meaning(state: StateKind, entry: EntryKind) -> Meaning {
    use crate::deposit::{Leave, Step};
    use EntryKind::Typed;
    match (state, entry) {
        (StateKind::Nobody, Typed) => Meaning::Identify,
        (StateKind::AskUnit, Typed) => Meaning::TakeUnit,
        (StateKind::AskCode, Typed) => Meaning::TakeCode,
        (StateKind::AskRecipient | StateKind::ConfirmRecipient, Typed) => Meaning::TakeRecipient,
        (StateKind::ConfirmRecipient, EntryKind::Key(Key::Confirm)) => Meaning::RecipientIsRight,
        (StateKind::ConfirmRecipient | StateKind::AskSize, EntryKind::Key(Key::Cancel)) => {
            Meaning::BackToRecipient
        }
        (StateKind::AskSize, Typed) => Meaning::TakeSize,
        (StateKind::AtDoor, Typed) => Meaning::NextRecipient,
        (StateKind::AtDoor, EntryKind::Key(key)) => match key {
            Key::Confirm | Key::Next => Meaning::ParcelDone,
            Key::Cancel => Meaning::CourierLeaves,
            Key::NotDelivered => Meaning::AtDoor(Step::NotDelivered),
            Key::Reopen => Meaning::AtDoor(Step::Reopen),
            Key::NeedLarger => Meaning::AtDoor(Step::Leave(Leave::Larger)),
            Key::NotEmpty => Meaning::AtDoor(Step::Leave(Leave::NotEmpty)),
        },
        (StateKind::AskRecipient, EntryKind::Key(Key::Cancel)) => Meaning::CourierLeaves,
        (StateKind::Resident, EntryKind::Key(Key::Next)) => Meaning::NextParcel,
        (StateKind::Resident, EntryKind::Key(Key::Cancel)) => Meaning::ResidentLeaves,
        (StateKind::Resident, EntryKind::Key(Key::Confirm)) => Meaning::Extend,
        (StateKind::Nobody | StateKind::AskUnit | StateKind::AskCode, EntryKind::Key(Key::Cancel)) => {
            Meaning::End
        }
        // Fobs are not given out yet.
        (StateKind::Nobody, EntryKind::Card) => Meaning::Refuse(Refusal::UnknownCard),
        // The last screen speaks of reopening; it is the code that does it, not whoever stands there.
        (StateKind::Nobody, EntryKind::Key(Key::Reopen)) => Meaning::Refuse(Refusal::TypeAgain),
        _ => Meaning::Refuse(Refusal::NotNow),
    }
}

impl Session {
    /// What others may see of it.
    pub(crate) const fn public(&self) -> TerminalUse {
        match self.state {
            State::Lingering | State::AskUnit | State::AskCode { .. } => TerminalUse::Idle,
            State::Resident(_) => TerminalUse::Resident,
            State::AskRecipient { .. }
            | State::ConfirmRecipient { .. }
            | State::AskSize { .. }
            | State::AtDoor { .. } => TerminalUse::Courier,
        }
    }

    /// The door a resident is at.
    pub(crate) fn visited_door(&self) -> Option<&CompartmentId> {
        match &self.state {
            State::Resident(resident) => resident.visit.as_ref().map(|visit| &visit.compartment),
            _ => None,
        }
    }

    /// The courier who is served.
    pub(crate) const fn carrier(&self) -> Option<&CarrierId> {
        match &self.state {
            State::AskRecipient { carrier }
            | State::ConfirmRecipient { carrier, .. }
            | State::AskSize { carrier, .. }
            | State::AtDoor { carrier, .. } => Some(carrier),
            State::Lingering | State::AskUnit | State::AskCode { .. } | State::Resident(_) => None,
        }
    }

    const fn kind(&self) -> StateKind {
        match self.state {
            State::Lingering => StateKind::Nobody,
            State::AskUnit => StateKind::AskUnit,
            State::AskCode { .. } => StateKind::AskCode,
            State::AskRecipient { .. } => StateKind::AskRecipient,
            State::ConfirmRecipient { .. } => StateKind::ConfirmRecipient,
            State::AskSize { .. } => StateKind::AskSize,
            State::AtDoor { .. } => StateKind::AtDoor,
            State::Resident(_) => StateKind::Resident,
        }
    }
}

impl Draft<'_> {
    /// Somebody did something at a terminal.
    pub(crate) fn entry(&mut self, terminal: &TerminalId, entry: &Entry) -> Result<(), Refusal> {
        if !self.site.terminals.contains_key(terminal) {
            return Err(Refusal::NotFound);
        }
        let session = self.t.sessions.get(terminal).cloned();
        let was_warned = session.as_ref().is_some_and(|session| session.warned == Warned::Yes);
        self.touch(terminal);
        if was_warned {
            let screen = self.screen_of(terminal);
            self.show(terminal, screen);
            if matches!(entry, Entry::Key(Key::Confirm)) {
                return Ok(());
            }
        }
        let state = session.as_ref().map_or(StateKind::Nobody, Session::kind);
        let (kind, text) = match entry {
            Entry::Typed(typed) => (EntryKind::Typed, typed.expose()),
            Entry::Key(key) => (EntryKind::Key(*key), ""),
            Entry::Card(_) => (EntryKind::Card, ""),
        };
        let result = match meaning(state, kind) {
            Meaning::Refuse(refusal) => self.means_nothing(terminal, state, refusal),
            Meaning::Identify => self.identify(terminal, text),
            Meaning::TakeUnit => self.take_unit(terminal, text),
            Meaning::TakeCode => self.take_code(terminal, text),
            Meaning::TakeRecipient => self.take_recipient(terminal, text),
            Meaning::RecipientIsRight => self.recipient_is_right(terminal),
            Meaning::BackToRecipient => self.back_to_recipient(terminal),
            Meaning::TakeSize => self.take_size(terminal, text),
            Meaning::NextRecipient => self.next_recipient(terminal, text),
            Meaning::ParcelDone => self.parcel_done(terminal),
            Meaning::AtDoor(step) => self.at_door(terminal, step),
            Meaning::CourierLeaves => self.courier_leaves(terminal),
            Meaning::NextParcel => self.pickup_step(terminal, crate::pickup::Step::Next),
            Meaning::ResidentLeaves => self.resident_leaves(terminal),
            Meaning::Extend => {
                let screen = self.screen_of(terminal);
                self.show(terminal, screen);
                Ok(())
            }
            Meaning::End => {
                self.end_session(terminal);
                Ok(())
            }
        };
        result.or_else(|refusal| self.refuse(terminal, refusal))
    }

    /// An entry that means nothing is answered on the screen too, and where nobody is served that screen ends by itself.
    fn means_nothing(
        &mut self,
        terminal: &TerminalId,
        state: StateKind,
        refusal: Refusal,
    ) -> Result<(), Refusal> {
        if state == StateKind::Nobody {
            self.linger(terminal);
        }
        Err(refusal)
    }

    /// Puts a session into a state; a new one begins where there is none.
    pub(crate) fn set_session(&mut self, terminal: &TerminalId, state: State) {
        let session = Session { at: self.now.mono, warned: Warned::No, state };
        self.t.sessions.put(terminal.clone(), session);
    }

    /// Something was done here.
    pub(crate) fn touch(&mut self, terminal: &TerminalId) {
        let now = self.now.mono;
        self.t.sessions.edit(terminal, |session| (session.at, session.warned) = (now, Warned::No));
    }

    /// Back to the first screen.
    pub(crate) fn end_session(&mut self, terminal: &TerminalId) {
        self.t.sessions.remove(terminal);
        self.show(terminal, Screen::Welcome);
    }

    /// Leaves the last screen on until somebody else comes, or for a while.
    pub(crate) fn linger(&mut self, terminal: &TerminalId) {
        self.set_session(terminal, State::Lingering);
    }

    /// What a terminal shows now.
    fn screen_of(&self, terminal: &TerminalId) -> Screen {
        let Some(session) = self.t.sessions.get(terminal) else { return Screen::Welcome };
        match &session.state {
            State::Lingering => Screen::Welcome,
            State::AskUnit => Screen::AskUnit,
            State::AskCode { .. } => Screen::AskCode,
            State::AskRecipient { .. } => Screen::AskRecipient,
            State::ConfirmRecipient { unit, .. } => Screen::ConfirmRecipient { unit: unit.clone() },
            State::AskSize { sizes, .. } => Screen::AskSize { sizes: sizes.clone() },
            State::AtDoor { compartment, .. } => self.screen_at_door(compartment),
            State::Resident(resident) => self.screen_of_visit(terminal, resident),
        }
    }

    /// Whether a door of this session keeps it from timing out.
    fn is_held(&self, terminal: &TerminalId, session: &Session) -> bool {
        let at_door = self.t.deposits.iter().any(|(_, d)| d.terminal == *terminal && d.holds_session());
        session.visited_door().is_some() || (session.carrier().is_some() && at_door)
    }

    /// Warns and ends sessions at which nothing is done.
    pub(crate) fn sessions_due(&mut self) {
        let now = self.now.mono;
        let all: alloc::vec::Vec<_> =
            self.t.sessions.iter().map(|(terminal, session)| (terminal.clone(), session.clone())).collect();
        for (terminal, session) in all {
            if session_due(&session, self.site.policy.terminal_idle) > now {
                continue;
            }
            if self.is_held(&terminal, &session) {
                self.touch(&terminal);
            } else if session.warned == Warned::No && session.state != State::Lingering {
                self.t.sessions.edit(&terminal, |session| session.warned = Warned::Yes);
                self.show(&terminal, Screen::StillThere);
            } else {
                self.end_session(&terminal);
            }
        }
    }
}
