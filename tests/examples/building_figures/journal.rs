//! A journal of many rows, written as the daemon writes them, while it is stopped.

use std::path::Path;

use vestibule_contract::identity::BootId;
use vestibule_core::command::Actor;
use vestibule_core::event::{Event, Fact};
use vestibule_core::id::{BuildingId, CompartmentId};
use vestibule_core::input::Entropy;
use vestibule_core::time::{ClockTrust, Mono, Timestamp};
use vestibule_demo::house::BUILDING;
use vestibule_store::{Batch, Folder, Opening, Store};

/// Rows of one commit.
const GROUP: u64 = 2_000;

/// Fills the journal of a building up to that sequence.
pub(crate) fn fill(state: &Path, rows: u64) {
    let now = Timestamp(jiff::Timestamp::now().as_millisecond());
    let building = BuildingId::new(BUILDING).expect("an id");
    let opening = Opening { building, entropy: Entropy([7; 32]), now };
    let (mut store, _) = Store::open(Box::new(Folder::new(state)), opening).expect("the daemon's database");
    store.begin_boot(1, BootId([1; 16]));
    let mut written = store.reader().head().sequence;
    while written < rows {
        let group = GROUP.min(rows - written);
        let events = (0..group).map(|number| closed(now, written + number)).collect();
        let committed = store.commit(Batch { rows: Vec::new(), events }, Mono(0));
        committed.expect("a commit");
        written += group;
    }
}

fn closed(at: Timestamp, number: u64) -> Event {
    let compartment = CompartmentId::new(&format!("a-{}", number % 8 + 1)).expect("an id");
    let fact = Fact::CompartmentClosed { compartment };
    Event { at, trust: ClockTrust::Synchronised, actor: Actor::Gateway, cause: None, reason: None, fact }
}
