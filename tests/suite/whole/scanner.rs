//! A building whose terminal has a scanner: a code is held before it and the door opens, and a set-up barcode is told.

use std::fs;
use std::time::{Duration, Instant};

use sim_devices::{Gm65, Person, ScannerPort, SetUpCode};
use vestibule_demo::house::TERMINAL;
use vestibule_demo::story::CARRIER;
use vestibule_tests::house::PATIENCE;
use vestibule_tests::served::{ServedBuilding, UNITS};

const SCANNER: &str = "lobby-scanner";

fn open(seed: u64) -> (ServedBuilding, ScannerPort) {
    let mut plugged = None;
    let building = ServedBuilding::open_under(seed, |house| {
        let port = house.spec.folder.join(SCANNER);
        plugged = Some(ScannerPort::start(&port, Gm65::new()).unwrap());
        let file = house.configuration();
        let text = fs::read_to_string(&file).unwrap();
        let terminal = format!("[[terminal]]\nid = \"{TERMINAL}\"\n");
        assert!(text.contains(&terminal));
        let text = text.replace(&terminal, &format!("{terminal}scanner = \"{SCANNER}\"\n"));
        let port = port.display();
        let line = format!(
            "[[line]]\nid = \"{SCANNER}\"\nport = \"{port}\"\nbaud = 9600\nprotocol = \"scanner\"\nmodel = \"gm65\"\n"
        );
        fs::write(&file, format!("{line}{text}")).unwrap();
        Vec::new()
    });
    (building, plugged.unwrap())
}

/// Waits until the daemon says of the scanner that it is so.
fn wait_device(building: &ServedBuilding, wanted: &str) {
    let end = Instant::now() + PATIENCE;
    loop {
        let printed = building.house.ask(&["status", "--json"]).unwrap();
        let status: serde_json::Value = serde_json::from_str(&printed).unwrap();
        let devices = status["devices"].as_array().unwrap();
        let scanner = devices.iter().find(|device| device["id"] == SCANNER);
        if scanner.is_some_and(|scanner| scanner["presence"]["value"] == wanted) {
            return;
        }
        assert!(Instant::now() < end, "{wanted}: {devices:?}");
    }
}

#[test]
fn courier_and_resident_hold_their_codes_before_the_scanner_and_the_door_opens() {
    let (mut building, scanner) = open(81);
    wait_device(&building, "online");
    building.people(&Person::depositing(Duration::from_millis(300)));
    let mut terminal = building.sit_down();
    scanner.scan(CARRIER.1);
    building.expect(&terminal, "ask_recipient");
    scanner.scan(UNITS[0]);
    building.expect(&terminal, "confirm_recipient");
    terminal.press("ok").unwrap();
    building.expect(&terminal, "ask_size");
    terminal.type_text("1").unwrap();
    let label = building.expect(&terminal, "delivered").label().to_owned();
    terminal.press("cancel").unwrap();
    building.expect(&terminal, "welcome");
    let code = building.notified(UNITS[0], &label);
    assert_eq!(building.contents(), 1);

    // The module is read as it is held: a code in a picture is typed by nobody.
    let pulses = building.pulsed().len();
    building.people(&Person::collecting(Duration::from_millis(300)));
    scanner.scan(&code);
    building.expect(&terminal, "collected");
    assert_eq!((building.pulsed().len(), building.contents()), (pulses + 1, 0));
    let kept = building.house.ask(&["line", "trace", SCANNER, "--kept"]).unwrap();
    assert!(!kept.contains(&code), "what is scanned is nobody's to read: {kept}");
}

#[test]
fn set_up_barcode_opens_nothing_and_is_told_to_whoever_looks() {
    let (building, scanner) = open(82);
    wait_device(&building, "online");
    let before = scanner.with(|module| module.clone());
    scanner.scan_set_up(SetUpCode { zone: 0x00, value: 0x00 });
    wait_device(&building, "degraded");
    assert!((0..=255).all(|zone| scanner.with(|module| module.zone(zone)) == before.zone(zone)));
    assert!(building.pulsed().is_empty());
    drop(scanner);
    wait_device(&building, "offline");
}
