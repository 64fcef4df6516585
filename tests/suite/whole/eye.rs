//! A building with eyes inside its compartments: where something lies that nobody recorded, no parcel is put.

use std::fs;
use std::time::Instant;

use sim_devices::{Address, Channel, Terminal};
use vestibule_tests::house::PATIENCE;
use vestibule_tests::served::{ServedBuilding, UNITS};

/// Four doors; the other four inputs of the board are their eyes, off while something is in the beam.
fn open(seed: u64) -> ServedBuilding {
    ServedBuilding::open_under(seed, |house| {
        let file = house.configuration();
        let mut text = fs::read_to_string(&file).unwrap();
        let replaced = [
            (", [\"small\", \"small\", \"medium\", \"extra-large\"]]", "]"),
            ("locks = \"bank-a-locks/1..\"", "locks = \"bank-a-locks/1..4\""),
            (
                "doors = { inputs = \"bank-a-doors/1..\", shut_when = \"on\" }",
                "doors = { inputs = \"bank-a-doors/1..4\", shut_when = \"on\" }\n\
                 occupancy = { inputs = \"bank-a-doors/5..8\", occupied_when = \"off\" }",
            ),
        ];
        for (old, new) in replaced {
            assert!(text.contains(old), "{old}");
            text = text.replace(old, new);
        }
        fs::write(&file, text).unwrap();
        Vec::new()
    })
}

/// Waits until `vestibule doors` shows an eye so.
fn wait_eye(building: &ServedBuilding, label: &str, wanted: &str) {
    let end = Instant::now() + PATIENCE;
    loop {
        let printed = building.house.ask(&["doors", "--json"]).unwrap();
        let doors: serde_json::Value = serde_json::from_str(&printed).unwrap();
        let door = doors.as_array().unwrap().iter().find(|door| door["label"] == label).cloned().unwrap();
        if door["occupancy"]["value"] == wanted && door["occupancy"]["quality"] == "good" {
            return;
        }
        assert!(Instant::now() < end, "{wanted}: {door}");
    }
}

#[test]
fn parcel_goes_elsewhere_when_an_eye_sees_what_nobody_recorded() {
    let mut building = open(83);
    wait_eye(&building, "1", "empty");
    let eye = Terminal { board: Address::new(2).unwrap(), channel: Channel::new(5).unwrap() };
    let beam = |level| building.house.line.with(|sim| sim.plant_mut().force_input(eye, level));
    beam(Some(false));
    wait_eye(&building, "1", "occupied");
    let doors = building.house.ask(&["doors", "--attention"]).unwrap();
    assert!(doors.contains("its eye sees something"), "{doors}");
    let given = building.bring(UNITS[0]);
    assert_ne!(given, "1");
    let beam = |level| building.house.line.with(|sim| sim.plant_mut().force_input(eye, level));
    beam(None);
    wait_eye(&building, "1", "empty");
    assert_eq!(building.bring(UNITS[1]), "1");
}
