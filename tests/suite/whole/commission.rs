//! Commissioning through the running daemon, and past it: the line comes back, and what was moved is on record.

use std::time::Instant;

use serde_json::Value;
use vestibule_demo::house::House;
use vestibule_demo::process::Process;
use vestibule_tests::house::PATIENCE;
use vestibule_tests::served::{ServedBuilding, UNITS};

use crate::whole::record::export;

/// The arguments of a command for this building.
pub(super) fn arguments(house: &House, given: &[&str]) -> Vec<String> {
    let paths = [("--config", house.configuration()), ("--socket", house.socket())];
    let options = paths.into_iter().flat_map(|(name, path)| [name.to_owned(), path.display().to_string()]);
    given.iter().map(|word| (*word).to_owned()).chain(options).collect()
}

pub(super) fn command(house: &House, given: &[&str]) -> Result<String, String> {
    let all = arguments(house, given);
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    house.command(&all).map_err(|error| error.to_string())
}

/// Waits until the daemon's status is as wanted.
pub(super) fn wait_status(house: &House, what: &str, wanted: impl Fn(&Value) -> bool) {
    let until = Instant::now() + PATIENCE;
    loop {
        let status: Value = serde_json::from_str(&house.ask(&["status", "--json"]).unwrap()).unwrap();
        if wanted(&status) {
            return;
        }
        assert!(Instant::now() < until, "{what}: {status:#}");
    }
}

#[test]
fn line_serves_doors_again_when_a_scan_has_ended_or_its_peer_has_hung_up() {
    let mut building = ServedBuilding::open(61);
    let scan = ["device", "scan", "--json", "--line", "rs485-1", "--addresses", "1-4"];
    let scan = [&scan[..], &["--baud", "19200", "--parity", "none"]].concat();
    let report: Value = serde_json::from_str(&command(&building.house, &scan).unwrap()).unwrap();
    let found: Vec<&str> = report["boards"]
        .as_array()
        .unwrap()
        .iter()
        .map(|b| b["candidates"][0]["model"].as_str().unwrap())
        .collect();
    assert_eq!(found, ["waveshare-relay-8", "discrete-inputs-8", "xy-md02"]);
    building.house.wait_boards().unwrap();
    assert!(building.pulsed().is_empty(), "a scan moves nothing");

    let looking = arguments(&building.house, &["device", "test", "bank-a-doors", "--inputs", "--json"]);
    let looking: Vec<&str> = looking.iter().map(String::as_str).collect();
    let mut looking = Process::start("test", &building.house.spec.program, &looking).unwrap();
    looking.wait_for("the inputs", PATIENCE, |line| line.contains("\"inputs\"")).unwrap();
    wait_status(&building.house, "the boards are told offline, with the reason", |status| {
        let boards = status["devices"].as_array().unwrap();
        let offline = boards.iter().all(|board| board["presence"]["value"] == "offline");
        offline && status["field"]["lines"]["rs485-1"]["reason"] == "it is being commissioned"
    });
    let second = command(&building.house, &scan).unwrap_err();
    assert!(second.contains("busy"), "one job on a line: {second}");
    looking.kill();
    building.house.wait_boards().unwrap();
    let (_, code) = building.deposit(UNITS[0]);
    building.pickup(&code);
}

#[test]
fn line_is_not_lent_while_somebody_uses_its_doors() {
    let mut building = ServedBuilding::open(62);
    let terminal = building.sit_down();
    let mut terminal = terminal;
    terminal.type_text(vestibule_tests::house::CARRIER.1).unwrap();
    building.expect(&terminal, "ask_recipient");
    let refused = command(&building.house, &["device", "scan", "--line", "rs485-1"]).unwrap_err();
    assert!(refused.contains("in_use"), "{refused}");
    assert!(refused.contains("at terminal lobby"), "{refused}");
}

#[test]
fn write_past_the_daemon_needs_a_recorded_break_of_the_seal_and_at_an_occupied_door_a_second_person() {
    let mut building = ServedBuilding::open(63);
    let (label, _) = building.deposit(UNITS[0]);
    let door = format!("bank-a-locks/{label}");
    let before = building.pulsed().len();
    let seal = r#"{"by":"os:anna","at":1,"breaks":[]}"#;
    let mark = building.house.state().with_file_name("state-mark");
    building.house.kill_daemon();
    for folder in [&building.house.state(), &mark] {
        std::fs::create_dir_all(folder).unwrap();
        std::fs::write(folder.join("seal.json"), seal).unwrap();
    }
    let house = &building.house;
    let refused = command(house, &["device", "test", &door]).unwrap_err();
    assert!(refused.contains("--break-seal"), "{refused}");
    let reason = ["--break-seal", "door rattles"];
    let refused = command(house, &[&["device", "test", &door][..], &reason].concat()).unwrap_err();
    assert!(refused.contains("second person"), "{refused}");
    assert_eq!(building.pulsed().len(), before, "nothing has moved");
    let two = [&["device", "test", &door, "--second-person", "daemon"][..], &reason].concat();
    command(house, &two).unwrap();
    assert_eq!(building.pulsed().len(), before + 1, "once");

    building.house.start_daemon().unwrap();
    building.house.wait_boards().unwrap();
    let free = if label == "8" { "bank-a-locks/7" } else { "bank-a-locks/8" };
    let refused = command(&building.house, &["device", "test", free]).unwrap_err();
    assert!(refused.contains("(sealed)"), "a running daemon asks for the reason, too: {refused}");
    command(&building.house, &["device", "test", free, "--break-seal", "new lock"]).unwrap();
    building.house.wait_boards().unwrap();
    let rows = export(&building.house);
    let broken: Vec<_> = rows.iter().filter(|row| row.event_type() == "seal.broken").collect();
    let reasons: Vec<&str> = broken.iter().map(|row| row.data()["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["door rattles", "new lock"], "each once, in order");
    assert_eq!(broken[0].data()["second"], "os:daemon");
    building.house.kill_daemon();
    building.house.start_daemon().unwrap();
    let again = export(&building.house).iter().filter(|row| row.event_type() == "seal.broken").count();
    assert_eq!(again, 2, "a start tells none of them again");
    let set = export(&building.house).iter().filter(|row| row.event_type() == "seal.set").count();
    assert_eq!(set, 1, "when and by whom it was commissioned is on record, once");

    // Whoever takes every file that tells of the seal has not taken the journal.
    building.house.kill_daemon();
    for file in [building.house.state().join("seal.json"), mark.join("seal.json"), mark.join("record.json")] {
        std::fs::remove_file(file).unwrap();
    }
    building.house.start_daemon().unwrap();
    wait_status(&building.house, "the seal is put back", |status| {
        status["seal"]["tampered"]["reason"] == "both copies of the seal are gone"
            && status["seal"]["by"] == "os:anna"
            && status["seal"]["unjournalled"] == 0
    });
    let words = building.house.ask(&["status"]).unwrap();
    assert!(words.contains("somebody tampered with the seal"), "{words}");
    let rows = export(&building.house);
    let last = rows.iter().rfind(|row| row.event_type() == "seal.broken").unwrap();
    assert_eq!(last.data()["actor"]["name"], "unknown");
}
