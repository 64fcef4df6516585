//! The building's own broker is killed, and stalls.

use super::{compartment, fetch, kim};
use vestibule_tests::served::{ServedBuilding, UNITS};

#[test]
fn pickup_works_when_the_broker_is_dead() {
    let mut building = ServedBuilding::open(21);
    let (label, code) = building.deposit(UNITS[0]);
    let mut staff = kim(&building);
    staff.wait_compartment(&compartment(&label), "occupied");
    building.house.kill_broker();
    fetch(&mut building, &label, &code);
    let (other, _) = building.deposit(UNITS[1]);
    // A new broker remembers nothing: whoever asks is told how things are now.
    drop(staff);
    building.house.start_broker().unwrap();
    let mut staff = kim(&building);
    let [fetched, brought] = [&label, &other].map(|label| compartment(label));
    if fetched != brought {
        staff.wait_compartment(&fetched, "free");
    }
    staff.wait_compartment(&brought, "occupied");
}

#[test]
fn pickup_works_when_the_broker_stalls() {
    let mut building = ServedBuilding::open(22);
    let (label, code) = building.deposit(UNITS[0]);
    let mut staff = kim(&building);
    staff.wait_compartment(&compartment(&label), "occupied");
    assert!(building.house.broker().unwrap().stall());
    fetch(&mut building, &label, &code);
    // Deposits do not need it either, nor does the notice.
    let (other, _) = building.deposit(UNITS[1]);
    assert!(building.house.broker().unwrap().resume());
    // An event may have passed while nobody was connected; state is retained, and told again.
    staff.wait_compartment(&compartment(&other), "occupied");
}
