//! A record that is kept and brought back: one parcel came before the backup, one after it.

use serde_json::Value;
use vestibule_tests::served::ServedBuilding;

fn usage(building: &ServedBuilding, label: &str) -> String {
    let printed = building.house.ask(&["doors", "--json"]).unwrap();
    let doors: Value = serde_json::from_str(&printed).unwrap();
    let door = doors.as_array().unwrap().iter().find(|door| door["label"] == label).unwrap();
    door["usage"].as_str().unwrap().to_owned()
}

fn events(building: &ServedBuilding) -> Vec<Value> {
    let printed = building.house.ask(&["journal", "--after", "0", "--rows", "20", "--json"]).unwrap();
    printed.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["event"].take()).collect()
}

#[test]
fn parcels_of_a_restored_record_have_new_codes_and_those_that_came_since_are_for_staff() {
    let mut building = ServedBuilding::open(43);
    let (before, old) = building.deposit("4b");
    let configuration = building.house.configuration().display().to_string();
    let file = building.folder.path().join("kept").display().to_string();
    let said = building.house.command(&["backup", &file, "--config", &configuration]).unwrap();
    assert!(said.contains("Private keys"), "{said}");
    let (since, _) = building.deposit("101");
    let restore = ["restore", file.as_str(), "--config", &configuration];
    let refused = building.house.command(&restore).unwrap_err().to_string();
    assert!(refused.contains("another vestibule runs"), "{refused}");

    building.house.kill_daemon();
    building.house.command(&restore).unwrap();
    building.house.start_daemon().unwrap();
    let told = events(&building);
    let types: Vec<_> = told.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(types[..2], ["gateway.started", "gateway.rewound"], "{types:?}");
    assert_eq!(
        (&told[1]["data"]["cause"], &told[1]["data"]["compartments"]),
        (&"restored".into(), &1.into())
    );
    assert_eq!(usage(&building, &before), "occupied");
    assert_eq!(usage(&building, &since), "needs_inspection", "nobody knows whose parcel lies there");

    let fresh = building.notified("4b", &before);
    assert_ne!(fresh, old);
    let mut terminal = building.sit_down();
    let pulses = building.pulsed().len();
    terminal.type_text(&old).unwrap();
    building.expect(&terminal, "refused");
    assert_eq!(building.pulsed().len(), pulses, "a code told before opens nothing");
    terminal.press("cancel").unwrap();
    drop(terminal);
    building.pickup(&fresh);
    assert_eq!(usage(&building, &before), "free");
}
