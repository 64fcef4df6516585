//! The doctor in a building: nothing fails while it is served, an unplugged line is named, a stopped daemon is a finding.

use std::process::Command;

use serde_json::Value;
use vestibule_demo::house::House;

use vestibule_tests::house::PATIENCE;
use vestibule_tests::served::ServedBuilding;

/// What `vestibule doctor --json` says, and how it exits.
fn doctor(house: &House, more: &[&str]) -> (Option<i32>, Value) {
    let mut command = Command::new(&house.spec.program);
    command.args(["doctor", "--json", "--config"]).arg(house.configuration()).args(more);
    let out = command.output().unwrap();
    let said = String::from_utf8_lossy(&out.stdout);
    let errors = String::from_utf8_lossy(&out.stderr);
    let report = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}{errors}"));
    (out.status.code(), report)
}

/// Ids and words of the checks that stand like this.
fn standing<'a>(report: &'a Value, standing: &str) -> Vec<(&'a str, String)> {
    let checks = report["checks"].as_array().unwrap().iter();
    let meant = checks.filter(|check| check["standing"] == standing);
    meant.map(|check| (check["id"].as_str().unwrap(), check["findings"].to_string())).collect()
}

fn ids(report: &Value, how: &str) -> Vec<String> {
    standing(report, how).into_iter().map(|(id, _)| id.to_owned()).collect()
}

#[test]
fn nothing_fails_while_the_building_is_served_and_an_unplugged_line_is_named() {
    let mut building = ServedBuilding::open(41);
    building.deposit("4b");
    let (exit, report) = doctor(&building.house, &[]);
    assert_eq!(standing(&report, "failure"), [], "a building that is served");
    assert_eq!(exit, Some(0));
    assert!(report["checks"].as_array().unwrap().len() >= 30);
    // What this machine cannot be asked may be skipped; what the building says of itself is not.
    let fine = ids(&report, "fine");
    for id in [
        "broker.connected",
        "broker.reachable",
        "certificates.chain",
        "certificates.expiry",
        "certificates.identity",
        "certificates.key",
        "clock.synchronised",
        "cloud.backlog",
        "cloud.connected",
        "cloud.reachable",
        "configuration.drift",
        "database.anchor",
        "database.opens",
        "doors.contacts",
        "doors.open",
        "lines.device",
        "lines.port",
        "lines.silent",
        "memory.files",
        "power.unclean",
        "service.running",
    ] {
        assert!(fine.iter().any(|one| one == id), "{id}: {report:#}");
    }

    building.house.line.unplug().unwrap();
    let gone = |line: &str| line.contains("port is gone");
    building.house.daemon().unwrap().wait_for("the port to be gone", PATIENCE, gone).unwrap();
    let (exit, report) = doctor(&building.house, &["--only", "lines"]);
    assert_eq!(exit, Some(1));
    let failures = standing(&report, "failure");
    let silent = failures.iter().find(|(id, _)| *id == "lines.silent").expect("the line is named");
    assert!(silent.1.contains("line rs485-1 is away"), "{}", silent.1);
    assert!(failures.iter().any(|(id, _)| *id == "lines.port"), "{failures:?}");
}

#[test]
fn stopped_daemon_is_a_finding_and_its_file_is_read_instead() {
    let mut building = ServedBuilding::open(42);
    building.house.daemon().unwrap().stop();
    let (exit, report) = doctor(&building.house, &[]);
    assert_eq!(exit, Some(1));
    assert_eq!(ids(&report, "failure"), ["service.running"], "{report:#}");
    let fine = ids(&report, "fine");
    assert!(fine.contains(&"database.opens".to_owned()), "{report:#}");
    let skipped = ids(&report, "skipped");
    assert!(skipped.contains(&"lines.device".to_owned()), "{report:#}");
}
