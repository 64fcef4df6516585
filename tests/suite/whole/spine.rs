//! The spine: a pickup at a terminal works with the broker dead, the cloud dead, the disk full, the clock in 1970.
//!
//! Each test deposits while all is well, breaks one thing under the running daemon, and fetches the parcel with the
//! code of the opened notice. What the doors did is told by the simulated wire, never by the daemon.

mod broker;
mod clock;
mod cloud;
mod disk;

use sim_devices::DoorNumber;

use vestibule_tests::served::ServedBuilding;

use crate::whole::staff::clients::Version;
use crate::whole::staff::person::Member;

/// A staff member at the building's own broker.
fn kim(building: &ServedBuilding) -> Member {
    Member::at(&building.house, "kim", Version::V5)
}

/// The bank's compartment behind a label: plain numbers from 1.
fn compartment(label: &str) -> String {
    format!("a-{label}")
}

/// What the daemon says of a compartment: `free`, `occupied` ...
fn usage(building: &ServedBuilding, label: &str) -> String {
    let printed = building.house.ask(&["doors", "--json"]).unwrap();
    let doors: serde_json::Value = serde_json::from_str(&printed).unwrap();
    let door = doors.as_array().unwrap().iter().find(|door| door["label"] == label).unwrap();
    door["usage"].as_str().unwrap().to_owned()
}

/// What `vestibule status --json` says of the gateway.
fn gateway(building: &ServedBuilding) -> serde_json::Value {
    let printed = building.house.ask(&["status", "--json"]).unwrap();
    let mut status: serde_json::Value = serde_json::from_str(&printed).unwrap();
    status["gateway"].take()
}

/// Parcels behind that door.
fn contents(building: &ServedBuilding, label: &str) -> u32 {
    let number = DoorNumber::new(label.parse().unwrap()).unwrap();
    building.house.line.door(number).unwrap().contents
}

/// A resident fetches the parcel behind that door: its lock has current exactly once, no other one has, the parcel is
/// out, and the compartment is free for the next.
fn fetch(building: &mut ServedBuilding, label: &str, code: &str) {
    assert_eq!((contents(building, label), usage(building, label).as_str()), (1, "occupied"));
    let before = building.pulsed().len();
    building.pickup(code);
    assert_eq!(building.pulsed()[before..], [label.parse::<u8>().unwrap()], "one pulse, at that door");
    assert_eq!((contents(building, label), usage(building, label).as_str()), (0, "free"));
}
