//! What must hold on every image, whatever of the last writes reached the disk.

use std::collections::{BTreeMap, BTreeSet};

use vestibule_contract::event::read_header;
use vestibule_core::building::Change;
use vestibule_core::compartment::Use;
use vestibule_core::effect::Effect;
use vestibule_core::event::{Event, Fact};
use vestibule_core::id::{CompartmentId, ParcelId};
use vestibule_core::input::{Entropy, Input};
use vestibule_core::limits::START_EVIDENCE;
use vestibule_core::parcel::ParcelState;
use vestibule_core::row::{Row, RowKey};
use vestibule_core::time::Now;
use vestibule_store::audit::verify;
use vestibule_store::{Loaded, Origin, Store};

use super::clerk::{Story, open};
use super::day::{STAFF_UNLOCK, staff_unlock};
use super::disk::Disk;
use super::house::{NOON, load, request, started};
use super::window::Known;

/// How much of the chain is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// The newest rows.
    Newest,
    /// All of it.
    Whole,
}

/// Newest rows read on each image.
const NEWEST: u64 = 3;

/// Opens an image and checks it; returns the store for what comes after, and the number of the commit it shows.
pub fn judge(story: &Story, known: &Known, disk: &Disk, depth: Depth) -> (Store, usize) {
    let (store, loaded) = open(disk, 9);
    let shown = moment(story, known, &loaded);
    pulses_are_known(story, known, &loaded);
    if depth == Depth::Whole {
        acts_rightly(story, shown);
    }
    rows_are_as_sealed(story, &store, &loaded, depth);
    (store, shown)
}

/// The image shows exactly one of the commits that may be its newest: all of it, and nothing of a later one.
fn moment(story: &Story, known: &Known, loaded: &Loaded) -> usize {
    assert_eq!(loaded.damaged, []);
    if known.committed == 0 && loaded.head.sequence == 0 && loaded.origin == Origin::Created {
        assert_eq!(loaded.rows, []);
        return 0;
    }
    assert_eq!(loaded.origin, Origin::Existing, "a power cut never costs the file");
    let rows: BTreeMap<RowKey, Row> = loaded.rows.iter().cloned().collect();
    let possible = known.committed..=known.attempted;
    let shown = possible.clone().find(|number| {
        // A step that committed nothing began none.
        let Some(moment) = story.moments.get(*number) else { return false };
        moment.head.sequence == loaded.head.sequence && moment.rows == rows
    });
    let shown = shown.unwrap_or_else(|| {
        panic!("row {} and its state are none of the commits {possible:?}", loaded.head.sequence)
    });
    if loaded.head.sequence > 0 {
        assert_eq!(loaded.head, story.moments[shown].head);
    }
    shown
}

/// What a building does that starts with the rows of this commit. An image's rows are exactly those of one commit, so that
/// the test tries every commit once, and images only now and then.
pub fn acts_rightly(story: &Story, shown: usize) {
    let moment = &story.moments[shown];
    let rows: Vec<(RowKey, Row)> = moment.rows.clone().into_iter().collect();
    compartments_hold_one_parcel_each(&rows);
    let intent = story.staff.map(|unlock| story.intents[&unlock.to_string()]);
    let staff = match intent {
        Some(intent) if intent <= moment.head.sequence => StaffUnlock::Intended,
        _ => StaffUnlock::Unheard,
    };
    nothing_opens_again(&rows, staff);
}

/// What the disk must know of the staff member's command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StaffUnlock {
    Unheard,
    Intended,
}

fn compartments_hold_one_parcel_each(rows: &[(RowKey, Row)]) {
    let mut held: BTreeMap<&CompartmentId, ParcelId> = BTreeMap::new();
    let mut placed: BTreeSet<ParcelId> = BTreeSet::new();
    for (key, row) in rows {
        if let (RowKey::Compartment(id), Row::Compartment(row)) = (key, row)
            && let Use::Reserved(parcel) | Use::Occupied(parcel) = row.usage
        {
            assert!(placed.insert(parcel), "parcel {parcel} is in two compartments");
            held.insert(id, parcel);
        }
    }
    for (key, row) in rows {
        if let (RowKey::Parcel(parcel), Row::Parcel(row)) = (key, row)
            && let ParcelState::Depositing(place) | ParcelState::Stored { place, .. } = &row.state
        {
            let holder = held.get(&place.compartment);
            assert_eq!(holder, Some(parcel), "compartment {} was given twice", place.compartment);
        }
    }
}

/// A lock that was pulsed has its intent in the record; without an outcome it is there to end as unknown.
fn pulses_are_known(story: &Story, known: &Known, loaded: &Loaded) {
    for unlock in &known.pulsed {
        let intent = story.intents.get(&unlock.to_string());
        let is_there = intent.is_some_and(|intent| *intent <= loaded.head.sequence);
        assert!(is_there, "unlock {unlock} was pulsed and is not on the disk");
    }
}

/// A start on this image opens nothing, says of every unlock in flight that its outcome is unknown, and a repetition of
/// the staff member's command opens nothing either, once the first was intended.
fn nothing_opens_again(rows: &[(RowKey, Row)], staff: StaffUnlock) {
    let mut building = load(rows.iter().cloned());
    let in_flight = rows.iter().filter(|(key, _)| matches!(key, RowKey::Unlock(_))).count();
    let repetition = Box::new(request(STAFF_UNLOCK, staff_unlock()));
    let remembered = rows.iter().any(|(key, _)| *key == RowKey::Command(repetition.key.clone()));
    // What is in flight waits for the contacts; here none is ever heard.
    let later = Now { mono: NOON.mono.after(START_EVIDENCE), ..NOON };
    let mut unknown = 0;
    for (input, now) in [(started(9), NOON), (Input::Tick, later)] {
        let decision = building.decide(input, now, Entropy([1; 32]));
        assert!(
            !decision.effects.iter().any(|effect| matches!(effect, Effect::Unlock(_))),
            "a start opened a door"
        );
        for change in &decision.changes {
            building.apply(change);
            if let Change::Event(Event { fact: Fact::UnlockUnknown { .. }, .. }) = change {
                unknown += 1;
            }
        }
    }
    assert_eq!(unknown, in_flight, "every unlock in flight ends as unknown");
    if staff == StaffUnlock::Intended {
        assert!(remembered, "the staff member's command is forgotten");
        let again = building.decide(Input::Command(repetition), NOON, Entropy([2; 32]));
        assert!(!again.effects.iter().any(|effect| matches!(effect, Effect::Unlock(_))), "a second pulse");
    }
}

fn rows_are_as_sealed(story: &Story, store: &Store, loaded: &Loaded, depth: Depth) {
    let reader = store.reader();
    let after = match depth {
        Depth::Newest => loaded.head.sequence.saturating_sub(NEWEST),
        Depth::Whole => 0,
    };
    let rows = reader.rows_after(after, usize::MAX, usize::MAX).unwrap();
    assert_eq!(rows.last().map_or(0, |row| row.sequence), loaded.head.sequence);
    for pair in rows.windows(2) {
        assert_eq!(pair[0].sequence + 1, pair[1].sequence);
        assert_eq!(read_header(&pair[1].bytes).unwrap().previous, pair[0].hash);
    }
    for row in &rows {
        let sealed = &story.journal[usize::try_from(row.sequence).unwrap() - 1];
        assert_eq!(row.bytes, *sealed, "row {} is not what was sealed", row.sequence);
    }
    if depth == Depth::Whole {
        let report = verify(&reader, Some(loaded.head)).unwrap();
        assert!(report.is_proven(), "{report:?}");
    }
}
