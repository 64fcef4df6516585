//! A resident at one door: from the pulse to the door at rest. The parcels follow one another.

use crate::id::{CompartmentId, ParcelId, UnitId};
use crate::refusal::Refusal;
use crate::time::Millis;

/// A resident at a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resident {
    pub(crate) unit: UnitId,
    /// What they came for.
    pub(crate) aim: Aim,
    /// Doors that were tried, in order.
    pub(crate) tried: alloc::vec::Vec<ParcelId>,
    /// Labels of the doors that opened.
    pub(crate) labels: alloc::vec::Vec<alloc::string::String>,
    /// The door they are at.
    pub(crate) visit: Option<Visit>,
}

/// What a resident came for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aim {
    /// All that waits.
    Collect,
    /// A door once more, within the grace.
    Reopen,
}

/// A resident's door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Visit {
    pub(crate) parcel: ParcelId,
    pub(crate) compartment: CompartmentId,
    pub(crate) phase: Phase,
}

/// Where a visit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    Opening,
    Open,
    /// Shut, and not long enough.
    Shut,
}

/// What can happen to a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    /// The lock gave way, or has to be taken as if.
    Opened,
    Jammed,
    /// Not pulsed, or nobody knows and the door is shut: nothing was taken.
    StayedShut,
    /// Not pulsed: its lock must cool for so long.
    Cooling(Millis),
    DoorShut,
    DoorAgain,
    DoorRested,
    Next,
    /// The resident leaves; the door is not seen open.
    Leave,
    /// The resident leaves, and the door is seen open.
    LeaveOpen,
    LeftOpen,
    Overdue,
}

/// What a step leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Ignore,
    Refuse(Refusal),
    /// Take it out.
    TakeOut,
    /// The lock jams with the parcel inside; on to the next.
    JamAndNext,
    /// On to the next; this one waits on.
    SkipToNext,
    /// The same, and it opens again in so long.
    CoolAndNext(Millis),
    AwaitRest,
    AwaitShut,
    /// Sensed: collected; on to the next.
    ConfirmAndNext,
    /// Not sensed, and the resident moves on.
    AssumeAndNext,
    /// The same, and the resident leaves.
    AssumeAndEnd,
    Remind,
    /// Nobody is there any more.
    GiveUp,
}

/// The table.
pub(crate) const fn next(phase: Phase, step: Step) -> Act {
    match (phase, step) {
        (Phase::Opening, Step::Opened) => Act::TakeOut,
        (Phase::Opening, Step::Jammed) => Act::JamAndNext,
        (Phase::Opening, Step::StayedShut) => Act::SkipToNext,
        (Phase::Opening, Step::Cooling(again)) => Act::CoolAndNext(again),
        (Phase::Opening, Step::Next | Step::Leave | Step::LeaveOpen) => Act::Refuse(Refusal::NotNow),
        (Phase::Open, Step::DoorShut) => Act::AwaitRest,
        (Phase::Shut, Step::DoorAgain) => Act::AwaitShut,
        (Phase::Open | Phase::Shut, Step::DoorRested) => Act::ConfirmAndNext,
        (Phase::Open | Phase::Shut, Step::Next) => Act::AssumeAndNext,
        (Phase::Open | Phase::Shut, Step::Leave) => Act::AssumeAndEnd,
        (Phase::Open | Phase::Shut, Step::LeaveOpen) => Act::Refuse(Refusal::ShutFirst),
        (Phase::Open, Step::LeftOpen) => Act::Remind,
        (Phase::Open, Step::Overdue) => Act::GiveUp,
        _ => Act::Ignore,
    }
}
