//! Staff at the building's own broker, with the command-line clients everybody has: Debian's `mosquitto_pub` and
//! `mosquitto_sub`, TLS with the person's certificate, MQTT 5 and 3.1.1.
//!
//! Witness of what moved is the simulated wire: how often each lock had current.

pub mod clients;
mod cloud;
mod opening;
pub mod person;
mod refusals;
mod strangers;

use std::time::Duration;

use sim_devices::{DoorNumber, Person};
use vestibule_tests::house::{Building, Plan};

/// A building that is served, with its own broker and its cloud; whoever finds a door open shuts it.
fn open(seed: u64) -> Building {
    let mut building = Building::open(Plan::small(seed));
    building.house.start_broker().unwrap();
    building.house.start_daemon().unwrap();
    let person = Person::collecting(Duration::from_millis(300));
    building.house.line.with(|sim| sim.plant_mut().stand_at_every_door(&person));
    building
}

/// Doors whose lock had current, in order.
fn pulsed(building: &Building) -> Vec<u8> {
    let doors = building.house.line.energisings().into_iter();
    doors.map(|one| one.door.map_or(0, DoorNumber::get)).collect()
}
