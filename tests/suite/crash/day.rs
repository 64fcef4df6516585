//! A day of the building: deposits, pickups, a staff member's unlock, acknowledgements, and ends in the middle of things.

use sha2::{Digest as _, Sha256};
use vestibule_core::command::{Carrier, Carriers, Command, Directory, Reach, Unit};
use vestibule_core::compartment::Level;
use vestibule_core::id::CompartmentId;
use vestibule_core::input::{Input, Key};
use vestibule_core::time::Millis;
use vestibule_core::unit::Digest;

use super::clerk::Story;
use super::disk::Disk;
use super::house::{House, request};

const CARRIER_CODE: &str = "246810";
/// Times that everything happens.
const ROUNDS: u64 = 3;

/// Time in which old rows are removed after a start.
const UPKEEP: Millis = Millis::seconds(90);

/// The staff member's command: at most one pulse, ever.
pub fn staff_unlock() -> Command {
    Command::Unlock { compartment: CompartmentId::new("a-8").unwrap() }
}

/// Id of the staff member's command.
pub const STAFF_UNLOCK: &str = "unlock-1";

/// Runs the day on an empty disk.
pub fn day() -> Story {
    let mut house = House::begin(Disk::default());
    rosters(&mut house);
    house.give(Input::Command(Box::new(request(STAFF_UNLOCK, staff_unlock()))));
    let opened = house.last_door();
    house.clerk.story.staff = house.unlocks.last().map(|unlock| unlock.id);
    house.swing(&opened, Level::Shut);
    for round in 1..=ROUNDS {
        let first = stored(&mut house, "4a");
        let second = stored(&mut house, "4b");
        collect(&mut house, &first);
        house.cloud_acknowledges();
        deposit(&mut house, "5c");
        house.restart();
        house.typed(&second);
        house.restart();
        let interrupted = house.last_door();
        house.swing(&interrupted, Level::Shut);
        collect(&mut house, &second);
        house.pass(UPKEEP);
        assert!(house.pruned() > 0, "round {round}");
    }
    house.give(Input::Stopping);
    assert!(house.unlocks.len() > 10);
    house.clerk.end()
}

fn rosters(house: &mut House) {
    let units = ["4a", "4b", "5c"].map(|id| Unit { id: id.parse().unwrap(), reach: Reach::Any }).into();
    let directory = Command::DirectorySync(Directory { version: 1, units });
    house.give(Input::Command(Box::new(request("directory-1", directory))));
    let code = Sha256::digest(format!("vestibule-carrier-code/1:maple-court:ups:{CARRIER_CODE}"));
    let carrier = Carrier { id: "ups".parse().unwrap(), code_digest: Digest(code.into()) };
    let carriers = Command::CarriersSync(Carriers { version: 1, carriers: [carrier].into() });
    house.give(Input::Command(Box::new(request("carriers-1", carriers))));
}

/// From the carrier's code to the open door.
fn deposit(house: &mut House, unit: &str) -> CompartmentId {
    let before = house.unlocks.len();
    house.typed(CARRIER_CODE);
    house.typed(unit);
    house.key(Key::Confirm);
    house.typed("1");
    assert_eq!(house.unlocks.len(), before + 1, "a door opens for {unit}");
    house.last_door()
}

/// A settled parcel; its code.
fn stored(house: &mut House, unit: &str) -> String {
    let door = deposit(house, unit);
    house.swing(&door, Level::Shut);
    house.pass(Millis::seconds(20));
    house.key(Key::Cancel);
    house.newest_code()
}

fn collect(house: &mut House, code: &str) {
    let before = house.unlocks.len();
    house.typed(code);
    assert_eq!(house.unlocks.len(), before + 1, "a door opens for the code");
    let door = house.last_door();
    house.swing(&door, Level::Shut);
    house.pass(Millis::seconds(5));
    house.key(Key::Cancel);
}
