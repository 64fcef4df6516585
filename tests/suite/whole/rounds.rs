//! Many doors by one command line: in turn, never more locks at once than their supply drives, and stopped in the middle.
//!
//! Witness is the simulated wire: when each lock had current, and until when.

use std::time::Duration;

use serde_json::{Value, json};
use sim_devices::{DoorNumber, Energising, Person};
use vestibule_tests::house::{Building, PATIENCE, Plan};

use super::record::export;

/// Locks that a board's own supply drives at once where the configuration says nothing.
const AT_ONCE: usize = 2;

/// A building that is served, with a policy of its own; whoever finds a door open shuts it.
fn open(seed: u64, policy: &str) -> Building {
    let plan = Plan { policy: policy.to_owned(), ..Plan::small(seed) };
    let mut building = Building::open(plan);
    building.house.start_broker().unwrap();
    building.house.start_daemon().unwrap();
    let person = Person::collecting(Duration::from_millis(300));
    building.house.line.with(|sim| sim.plant_mut().stand_at_every_door(&person));
    building.house.wait_boards().unwrap();
    building
}

fn doors(all: &[Energising]) -> Vec<u8> {
    all.iter().map(|one| one.door.map_or(0, DoorNumber::get)).collect()
}

/// Most locks that had current at the same moment.
fn most_at_once(all: &[Energising]) -> usize {
    let on = |one: &Energising| {
        all.iter()
            .filter(|other| other.at <= one.at && other.until.is_none_or(|until| until > one.at))
            .count()
    };
    all.iter().map(on).max().unwrap_or(0)
}

/// What the command line says as JSON, however it ends.
fn said(building: &Building, arguments: &[&str]) -> Value {
    let socket = building.house.socket();
    let mut command = std::process::Command::new(&building.house.spec.program);
    let out = command.args(arguments).arg("--json").arg("--socket").arg(socket).output().unwrap();
    serde_json::from_slice(&out.stdout).unwrap_or_else(|error| {
        panic!("{arguments:?}: {error}: {}", String::from_utf8_lossy(&[out.stdout, out.stderr].concat()))
    })
}

#[test]
fn every_door_of_a_bank_opens_once_and_two_locks_at_most_have_current() {
    let building = open(41, "");
    let round = ["unlock", "3", "1", "2", "8", "5", "4", "7", "6", "--reason", "monthly inspection"];
    let reply = said(&building, &round);
    assert_eq!((&reply["status"], &reply["detail"]["word"]), (&json!("done"), &json!("opened")), "{reply}");
    let pulses = building.house.line.energisings();
    assert_eq!(doors(&pulses), [3, 1, 2, 8, 5, 4, 7, 6], "each once, in the order asked for");
    assert_eq!(most_at_once(&pulses), AT_ONCE);
    let rows = export(&building.house);
    let confirmed = rows.iter().filter(|row| row.event_type() == "unlock.confirmed");
    assert_eq!(confirmed.filter(|row| row.data()["reason"] == json!("monthly inspection")).count(), 8);
}

#[test]
fn round_that_is_cancelled_opens_no_further_door() {
    // Long pulses, so that there is time to think better of it.
    let building = open(42, "pulse = \"3 s\"");
    let reply = std::thread::scope(|scope| {
        let round = ["unlock", "1", "2", "3", "4", "5", "6", "7", "8", "--reason", "a slip", "--id", "slip"];
        let building = &building;
        let ordered = scope.spawn(move || said(building, &round));
        let moved = |sim: &sim_devices::Simulation| sim.plant().energisings().next().map(|_| ());
        building.house.line.wait_until(PATIENCE, moved).expect("the first door");
        let cancelled = said(building, &["unlock", "--cancel", "slip"]);
        assert_eq!(cancelled["status"], json!("done"), "{cancelled}");
        ordered.join().unwrap()
    });
    assert_eq!(
        (&reply["status"], &reply["detail"]["word"]),
        (&json!("failed"), &json!("cancelled")),
        "{reply}"
    );
    let before = building.house.line.energisings().len();
    assert!(before < 8, "{before} doors were opened");
    let rests = |sim: &sim_devices::Simulation| {
        sim.plant().energisings().all(|one| one.until.is_some()).then_some(())
    };
    building.house.line.wait_until(PATIENCE, rests).expect("no lock with current");
    // Whatever else had been ordered would have its pulse before this one.
    assert_eq!(said(&building, &["unlock", "8", "--reason", "afterwards"])["status"], json!("done"));
    let pulses = building.house.line.energisings();
    assert_eq!((pulses.len(), pulses.last().and_then(|one| one.door)), (before + 1, DoorNumber::new(8)));
    let again = said(&building, &["unlock", "--cancel", "slip"]);
    assert_eq!(again["detail"]["word"], json!("not_found"), "{again}");
}
