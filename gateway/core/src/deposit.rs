//! A courier's deposit in one compartment: from the reserved door to the settled parcel, with the exceptions on the way.

use crate::compartment::InspectionCause;
use crate::id::{CarrierId, ParcelId, TerminalId};
use crate::refusal::Refusal;
use crate::time::Mono;

/// A compartment a courier has to do with. Ends with the daemon: what is in flight then is interrupted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Deposit {
    pub(crate) parcel: ParcelId,
    pub(crate) carrier: CarrierId,
    pub(crate) terminal: TerminalId,
    pub(crate) phase: Phase,
    /// Whether the courier said or showed that this one is done.
    pub(crate) outcome: Outcome,
    /// Whether the journal has it as deposited.
    pub(crate) noted: Noted,
    /// Doors this parcel was offered, this one included.
    pub(crate) doors: u8,
}

/// Whether `parcel.deposited` is recorded for this door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Noted {
    NotYet,
    Deposited,
}

/// Whether the courier's part is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    Awaited,
    Known,
}

/// Where a deposit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// The lock is being pulsed.
    Opening,
    /// The door stands open.
    Open,
    /// Shut since then, and not long enough.
    Shut(Mono),
    /// At rest, shut since then.
    Rested(Mono),
    /// The courier leaves this door; it must be shut first.
    Leaving(Leave),
    /// The courier left this door; it is shut, and not long enough.
    Left(Leave),
    /// Left open for so long that nobody is taken to be there.
    Abandoned,
}

/// Why a courier leaves a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Leave {
    /// Not delivered.
    Returned,
    /// It does not fit.
    Larger,
    /// Something lies in it.
    NotEmpty,
}

/// What can happen to a deposit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    /// The lock gave way, or has to be taken as if.
    Opened,
    /// The door did not open after an acknowledged pulse.
    Jammed,
    /// The pulse was never given.
    NotPulsed,
    /// The pulse was never given, because the lock must cool.
    Cooling,
    /// Nobody knows whether the pulse was given, and the door is shut.
    Unclear,
    DoorShut,
    DoorAgain,
    DoorRested,
    /// A key or the next scan says that it is done.
    Done,
    /// The time to settle has come.
    TimeUp,
    NotDelivered,
    Reopen,
    Leave(Leave),
    LeftOpen,
    Overdue,
}

/// Whether a door is at rest already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    Awaited,
    Reached,
}

/// Why a parcel needs another door, and what becomes of this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// It jams: out of service.
    Jammed,
    /// It was never unlocked: free.
    NotPulsed,
    /// It was never unlocked, and only it cannot be just now: free.
    Cooling,
    /// It may be unlocked: looked into.
    Unclear,
}

/// What a step leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Ignore,
    Refuse(Refusal),
    /// The door is open: put it in.
    PutIn,
    OtherDoor(Why),
    /// Shut is delivered. At rest at once, its shutting was missed.
    Deliver(Rest),
    /// At rest; settles if the outcome is known.
    Rest,
    /// The outcome is known; settles once at rest.
    NoteDone,
    Settle,
    /// Not delivered: withdrawn; free once shut and at rest.
    Withdraw(Rest),
    OpenAgain,
    /// Waits for the door to be shut before another opens.
    AskToShut(Leave),
    /// The door is shut: on to another. At rest, it is released or kept for inspection.
    MoveOn(Leave, Rest),
    /// Shut after "not delivered": the courier may go on.
    ShutAfterReturn,
    /// The left door is at rest.
    Close(Leave),
    Remind,
    /// Nobody is there any more.
    Abandon,
    /// The left door was never shut.
    Forget,
    /// Somebody shut an abandoned door.
    Interrupt,
}

/// The table.
pub(crate) const fn next(phase: Phase, step: Step) -> Act {
    match (phase, step) {
        (Phase::Opening, Step::Opened) => Act::PutIn,
        (Phase::Opening, Step::Jammed) => Act::OtherDoor(Why::Jammed),
        (Phase::Opening, Step::NotPulsed) => Act::OtherDoor(Why::NotPulsed),
        (Phase::Opening, Step::Cooling) => Act::OtherDoor(Why::Cooling),
        (Phase::Opening, Step::Unclear) => Act::OtherDoor(Why::Unclear),

        (Phase::Open, Step::DoorShut) => Act::Deliver(Rest::Awaited),
        (Phase::Open, Step::DoorRested) => Act::Deliver(Rest::Reached),
        (Phase::Open, Step::NotDelivered) => Act::Withdraw(Rest::Awaited),
        (Phase::Open, Step::Leave(leave)) => Act::AskToShut(leave),
        (Phase::Open | Phase::Leaving(_), Step::LeftOpen) => Act::Remind,
        (Phase::Open, Step::Overdue) => Act::Abandon,

        (Phase::Shut(_) | Phase::Rested(_), Step::DoorAgain) => Act::PutIn,
        (Phase::Shut(_), Step::DoorRested) => Act::Rest,
        (Phase::Rested(_), Step::TimeUp | Step::Done) => Act::Settle,
        (Phase::Open | Phase::Shut(_), Step::Done) => Act::NoteDone,
        (Phase::Shut(_), Step::NotDelivered) => Act::Withdraw(Rest::Awaited),
        (Phase::Rested(_), Step::NotDelivered) => Act::Withdraw(Rest::Reached),
        (Phase::Shut(_) | Phase::Rested(_), Step::Reopen) => Act::OpenAgain,
        (Phase::Shut(_), Step::Leave(leave)) => Act::MoveOn(leave, Rest::Awaited),
        (Phase::Rested(_), Step::Leave(leave)) => Act::MoveOn(leave, Rest::Reached),

        (Phase::Leaving(Leave::Returned), Step::DoorShut) => Act::ShutAfterReturn,
        (Phase::Leaving(leave), Step::DoorShut) => Act::MoveOn(leave, Rest::Awaited),
        (Phase::Leaving(Leave::Returned), Step::DoorRested) => Act::Close(Leave::Returned),
        (Phase::Leaving(leave), Step::DoorRested) => Act::MoveOn(leave, Rest::Reached),
        (Phase::Leaving(Leave::Larger), Step::Overdue) => Act::Abandon,
        (Phase::Leaving(_), Step::NotDelivered | Step::Leave(_) | Step::Done) => {
            Act::Refuse(Refusal::ShutFirst)
        }
        (Phase::Leaving(Leave::NotEmpty), Step::Overdue) => Act::Abandon,
        (Phase::Leaving(Leave::Returned) | Phase::Left(_), Step::Overdue) => Act::Forget,
        (Phase::Left(leave), Step::DoorRested) => Act::Close(leave),

        (Phase::Abandoned, Step::DoorRested) => Act::Interrupt,

        (_, Step::Done | Step::NotDelivered | Step::Reopen | Step::Leave(_)) => Act::Refuse(Refusal::NotNow),
        _ => Act::Ignore,
    }
}

impl Leave {
    /// What a compartment is kept for between the courier's leaving and the door's rest.
    pub(crate) const fn doubt(self) -> InspectionCause {
        match self {
            Self::Returned | Self::Larger => InspectionCause::UnconfirmedReturn,
            Self::NotEmpty => InspectionCause::NotEmpty,
        }
    }
}

impl Deposit {
    /// Not settled, and a door the courier has in use.
    pub(crate) const fn is_unsettled(&self) -> bool {
        matches!(
            self.phase,
            Phase::Opening | Phase::Open | Phase::Shut(_) | Phase::Rested(_) | Phase::Leaving(_)
        )
    }

    /// The courier is believed to stand at an open door.
    pub(crate) const fn holds_session(&self) -> bool {
        matches!(self.phase, Phase::Opening | Phase::Open | Phase::Leaving(_))
    }
}
