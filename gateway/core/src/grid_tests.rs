//! The whole grid of every state table, so that no cell changes unseen.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Debug;

use crate::compartment::Level;
use crate::id::{Serial, UnlockId};
use crate::input::{Key, NotSent};
use crate::session::{EntryKind, StateKind};
use crate::time::{Millis, Mono};
use crate::{deposit, door_watch, pickup, session, unlock};

fn grid<S: Debug + Copy, I: Debug + Copy, O: Debug>(
    states: &[S],
    inputs: &[I],
    cell: impl Fn(S, I) -> O,
) -> String {
    let rows = states.iter().map(|state| {
        let cells = inputs.iter().map(|input| format!("  {input:?} -> {:?}\n", cell(*state, *input)));
        format!("{state:?}\n{}", cells.collect::<String>())
    });
    rows.collect::<Vec<_>>().join("\n")
}

#[test]
fn unlock_goes_its_way_when_each_input_meets_each_stage() {
    use unlock::{Stage, Step};
    let stages =
        [Stage::Intended, Stage::IntendedOpened, Stage::Acknowledged, Stage::Unanswered, Stage::Interrupted];
    let steps = [
        Step::Acknowledged,
        Step::Unanswered,
        Step::Rejected,
        Step::NotSent(NotSent::Expired),
        Step::DoorOpened,
        Step::TimeUp(Some(Level::Shut)),
        Step::TimeUp(Some(Level::Open)),
        Step::TimeUp(None),
        Step::TimeUpOpenBefore,
    ];
    insta::assert_snapshot!("unlock", grid(&stages, &steps, unlock::next));
}

#[test]
fn door_goes_its_way_when_each_input_meets_each_watch() {
    use door_watch::{Warned, Watch, WatchStep};
    let unlock = |number| UnlockId(Serial { boot: 1, number });
    let by = Some(unlock(1));
    let watches = [
        Watch::Unheard,
        Watch::Shut,
        Watch::Open { since: Mono(5), by, warned: Warned::No },
        Watch::Open { since: Mono(5), by, warned: Warned::Reminded },
        Watch::Open { since: Mono(5), by, warned: Warned::Alerted },
        Watch::Closing { opened: Mono(5), by, warned: Warned::No },
    ];
    let steps = [
        WatchStep::ReadsOpen(None),
        WatchStep::ReadsOpen(by),
        WatchStep::ReadsOpen(Some(unlock(2))),
        WatchStep::ReadsShut,
        WatchStep::Rested,
        WatchStep::StillOpen(Warned::Reminded),
        WatchStep::StillOpen(Warned::Alerted),
        WatchStep::TakenForOpen(unlock(2)),
    ];
    insta::assert_snapshot!("door_watch", grid(&watches, &steps, |w, s| door_watch::next(w, s, Mono(9))));
}

#[test]
fn deposit_goes_its_way_when_each_step_meets_each_phase() {
    use deposit::{Leave, Phase, Step};
    let leaves = [Leave::Returned, Leave::Larger, Leave::NotEmpty];
    let mut phases = Vec::from([
        Phase::Opening,
        Phase::Open,
        Phase::Shut(Mono(1)),
        Phase::Rested(Mono(1)),
        Phase::Abandoned,
    ]);
    phases.extend(leaves.map(Phase::Leaving));
    phases.extend(leaves.map(Phase::Left));
    let steps = [
        Step::Opened,
        Step::Jammed,
        Step::NotPulsed,
        Step::Cooling,
        Step::Unclear,
        Step::DoorShut,
        Step::DoorAgain,
        Step::DoorRested,
        Step::Done,
        Step::TimeUp,
        Step::NotDelivered,
        Step::Reopen,
        Step::Leave(Leave::Larger),
        Step::Leave(Leave::NotEmpty),
        Step::LeftOpen,
        Step::Overdue,
    ];
    insta::assert_snapshot!("deposit", grid(&phases, &steps, deposit::next));
}

#[test]
fn pickup_goes_its_way_when_each_step_meets_each_phase() {
    use pickup::{Phase, Step};
    let steps = [
        Step::Opened,
        Step::Jammed,
        Step::StayedShut,
        Step::Cooling(Millis(40_000)),
        Step::DoorShut,
        Step::DoorAgain,
        Step::DoorRested,
        Step::Next,
        Step::Leave,
        Step::LeaveOpen,
        Step::LeftOpen,
        Step::Overdue,
    ];
    insta::assert_snapshot!(
        "pickup",
        grid(&[Phase::Opening, Phase::Open, Phase::Shut], &steps, pickup::next)
    );
}

#[test]
fn entry_has_its_meaning_when_each_kind_meets_each_state() {
    let states = [
        StateKind::Nobody,
        StateKind::AskUnit,
        StateKind::AskCode,
        StateKind::AskRecipient,
        StateKind::ConfirmRecipient,
        StateKind::AskSize,
        StateKind::AtDoor,
        StateKind::Resident,
    ];
    let keys = [
        Key::Confirm,
        Key::Cancel,
        Key::Next,
        Key::NotDelivered,
        Key::Reopen,
        Key::NeedLarger,
        Key::NotEmpty,
    ];
    let mut entries = Vec::from([EntryKind::Typed, EntryKind::Card]);
    entries.extend(keys.map(EntryKind::Key));
    insta::assert_snapshot!("session", grid(&states, &entries, session::meaning));
}
