//! The cloud's broker is killed, and stalls: the building goes on, and afterwards the cloud is told everything in order.

use super::fetch;
use crate::whole::record::{Row, export, in_order};
use vestibule_tests::house::PATIENCE;
use vestibule_tests::served::{ServedBuilding, UNITS};

/// Takes what the cloud is told until it has row `head`. A row may come twice; first comings have no gap and no
/// disorder after `last`. Returns the rows that are new.
fn told(building: &ServedBuilding, last: u64, head: u64) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut newest = last;
    while newest < head {
        let event = building.office.next_event(PATIENCE);
        let row = Row::read(event.unwrap_or_else(|| panic!("row {} never came", newest + 1)));
        if row.sequence() <= newest {
            continue;
        }
        assert_eq!(row.sequence(), newest + 1, "a row is missing or overtook another at the cloud");
        newest = row.sequence();
        rows.push(row);
    }
    rows
}

fn head(building: &ServedBuilding) -> u64 {
    export(&building.house).len().try_into().unwrap()
}

/// A deposit that the cloud knows all of; then the fault, under which a parcel is fetched and another brought.
fn outage(building: &mut ServedBuilding, fault: impl FnOnce(&mut ServedBuilding)) -> (u64, String) {
    let (label, code) = building.deposit(UNITS[0]);
    let known = head(building);
    let newest = |event| Row::read(event).sequence() == known;
    while !newest(building.office.next_event(PATIENCE).expect("the cloud is told")) {}
    fault(building);
    fetch(building, &label, &code);
    let brought = building.bring(UNITS[1]);
    (known, brought)
}

/// Afterwards: the notice of the parcel that came meanwhile, its pickup, every row, and a proven journal.
fn made_up_for(building: &mut ServedBuilding, known: u64, brought: &str) {
    let code = building.notified(UNITS[1], brought);
    fetch(building, brought, &code);
    let rows = told(building, known, head(building));
    let pickup = ["unlock.intended", "unlock.confirmed", "parcel.collected"];
    let deposit = ["parcel.deposited", "parcel.stored"];
    in_order(&rows, &[&pickup[..], &deposit, &pickup].concat());
    building.house.ask(&["journal", "verify"]).unwrap();
}

#[test]
fn pickup_works_when_the_cloud_is_dead() {
    let mut building = ServedBuilding::open(23);
    let (known, brought) = outage(&mut building, |building| building.cloud = None);
    // The new broker keeps no sessions: the gateway stands still until those who listen are there.
    assert!(building.house.daemon().unwrap().stall());
    building.start_cloud();
    building.wait_listening();
    assert!(building.house.daemon().unwrap().resume());
    made_up_for(&mut building, known, &brought);
}

#[test]
fn pickup_works_when_the_cloud_stalls() {
    let mut building = ServedBuilding::open(24);
    let (known, brought) =
        outage(&mut building, |building| assert!(building.cloud.as_ref().unwrap().stall()));
    assert!(building.cloud.as_ref().unwrap().resume());
    made_up_for(&mut building, known, &brought);
}
