//! Somebody at the wires: a device that speaks when it must not, one that speaks in a board's name, and a door that opens without
//! an order. Each is told on the bus and in the journal within a second, and no lock moves.
//!
//! Witness is the simulated wire: what was said on it, and when.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sim_devices::{
    Act, Address, DoorNumber, Events, Fault, Happening, Person, Rule, SimEvent, SimTime, Simulation, sealed,
};
use vestibule_demo::cloud::topic;
use vestibule_demo::ear::{Ear, Heard, Seat};
use vestibule_tests::house::PATIENCE;
use vestibule_tests::served::ServedBuilding;

use super::record::export;

/// What the sentence allows between the wire and the bus.
const WITHIN: Duration = Duration::from_secs(1);
/// A foreign frame comes more than a second after the one before: what comes sooner is told together.
const APART: Duration = Duration::from_millis(1_100);
/// The address of the input board.
const DOORS: u8 = 2;

/// A building, and somebody of its staff who listens at its own broker.
struct Scene {
    building: ServedBuilding,
    ear: Ear,
    wire: Events,
}

impl Scene {
    fn open(seed: u64) -> Self {
        let building = ServedBuilding::open(seed);
        let seat = Seat {
            port: building.house.broker_port,
            certificates: building.house.certificates(),
            role: "staff".into(),
            name: "kim".into(),
        };
        let filters = ["event/line.foreign_frame", "event/compartment.forced"].map(topic);
        let ear = Ear::open(&seat, &filters.each_ref().map(String::as_str)).unwrap();
        assert!(ear.wait_subscribed(PATIENCE));
        let wire = building.house.line.subscribe();
        Self { building, ear, wire }
    }

    /// The next event of a type on the bus: when it came, and its data.
    fn told(&self, event: &str) -> (Instant, Value) {
        let wanted = topic(&format!("event/{event}"));
        let of_type = |heard: &Heard| {
            let payload: Value = serde_json::from_slice(&heard.payload).unwrap();
            (heard.topic == wanted).then(|| (heard.at, payload["data"].clone()))
        };
        self.ear.wait_for(PATIENCE, of_type).unwrap_or_else(|| panic!("nobody is told of {event}"))
    }

    /// How long it took from a moment on the wire until the bus told of it.
    fn told_after(&self, at: SimTime, event: &str) -> (Duration, Value) {
        let (heard, data) = self.told(event);
        let after = heard.saturating_duration_since(self.building.house.line.instant(at));
        println!("{event}: on the bus {after:?} after the wire");
        (after, data)
    }

    /// The next answers of a board are struck so; when the first of them was.
    fn strike(&self, rule: Rule) -> SimTime {
        let rule = rule.on(Address::new(DOORS).unwrap()).function(2);
        self.building.house.line.with(|sim| sim.line_mut().set_faults(vec![rule]));
        let struck = |event: &SimEvent| matches!(event.what, Happening::Fault(_)).then_some(event.at);
        self.wire.wait_for(PATIENCE, struck).expect("a fault on the wire")
    }

    fn wait(&self, span: Duration) {
        let until = self.building.house.line.now() + span;
        let passed = |sim: &Simulation| (sim.now() >= until).then_some(());
        self.building.house.line.wait_until(PATIENCE, passed).unwrap();
    }
}

#[test]
fn frames_of_a_stranger_are_told_within_a_second_each_time_they_come() {
    let scene = Scene::open(91);
    let line = &scene.building.house.line;
    let mut journalled = 0;
    for frame in [vec![77, 3, 2, 0, 1], vec![1, 5, 0, 0, 0xFF, 0], vec![9, 0x83, 2], vec![200, 6, 0, 1, 0, 7]]
    {
        let at = line.with(|sim| {
            sim.babble(&sealed(frame.clone()));
            sim.now()
        });
        let (after, data) = scene.told_after(at, "line.foreign_frame");
        assert!(after <= WITHIN, "{frame:?} is told after {after:?}");
        assert_eq!((&data["line"], &data["frames"]), (&json!("rs485-1"), &json!(1)), "{frame:?}");
        let rows = export(&scene.building.house);
        let foreign = rows.iter().filter(|row| row.event_type() == "line.foreign_frame").count();
        journalled += 1;
        assert_eq!(foreign, journalled, "what the bus tells is in the journal");
        scene.wait(APART);
    }
    assert!(
        scene.building.pulsed().is_empty(),
        "a frame that orders a lock is heard by its board as nothing of the master's"
    );
}

#[test]
fn answer_that_is_played_again_and_one_that_is_forged_are_told_within_a_second() {
    let scene = Scene::open(92);
    // The same answer once more, right after the board's own.
    let at = scene.strike(Rule::new(Fault::Duplicate).times(1));
    let (after, data) = scene.told_after(at, "line.foreign_frame");
    assert!(after <= WITHIN, "a repeated answer is told after {after:?}");
    assert_eq!(data["frames"], json!(1));
    scene.wait(APART);
    // Another answer in the board's name, ahead of it: door 3 is open, says somebody, until it is believed.
    let at = scene.strike(Rule::new(Fault::Forged(0b100)));
    let (after, _) = scene.told_after(at, "line.foreign_frame");
    assert!(after <= WITHIN, "a forged answer is told after {after:?}");
    let (_, data) = scene.told("compartment.forced");
    assert_eq!(data["compartment"], json!("a-3"), "whoever spoofs a contact opens a door without an order");
    scene.building.house.line.with(|sim| sim.line_mut().set_faults(Vec::new()));
    assert!(scene.building.pulsed().is_empty());
    let words = scene.building.house.ask(&["doors", "--attention"]).unwrap();
    assert!(words.contains("a-3"), "it is looked into: {words}");
}

#[test]
fn door_that_is_broken_open_is_told_as_forced_by_the_first_poll_that_sees_it() {
    let scene = Scene::open(93);
    let line = &scene.building.house.line;
    for number in [2, 5, 8] {
        let door = DoorNumber::new(number).unwrap();
        line.with(|sim| {
            let now = sim.now();
            sim.plant_mut().play(now, door, &Person::new().then(Duration::ZERO, Act::Force)).unwrap();
        });
        let forced = |event: &SimEvent| (event.what == Happening::DoorForced(door)).then_some(event.at);
        let forced = scene.wire.wait_for(PATIENCE, forced).expect("the door is broken open");
        let read = Happening::Served { address: Address::new(DOORS).unwrap(), function: 2 };
        let read = |event: &SimEvent| (event.what == read && event.at > forced).then_some(event.at);
        let seen = scene.wire.wait_for(PATIENCE, read).expect("a poll");
        assert!(line.instant(seen) - line.instant(forced) <= WITHIN, "doors are polled all the time");
        let (after, data) = scene.told_after(seen, "compartment.forced");
        assert_eq!(data["compartment"], json!(format!("a-{number}")));
        assert!(after <= WITHIN, "told {after:?} after the poll that saw it");
    }
    assert!(scene.building.pulsed().is_empty());
    let rows = export(&scene.building.house);
    assert_eq!(rows.iter().filter(|row| row.event_type() == "compartment.forced").count(), 3);
}
