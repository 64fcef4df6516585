//! `device walk` and `device address` through the running daemon: the line is theirs alone, comes back however they end, and what
//! they wrote is good.

use std::fs;
use std::time::Duration;

use serde_json::Value;
use sim_devices::{Act, Address, DoorNumber, Events, Happening, Person, SimEvent, SimTime};
use vestibule_demo::house::House;
use vestibule_demo::process::Process;
use vestibule_tests::house::PATIENCE;
use vestibule_tests::served::{ServedBuilding, UNITS};

use super::commission::{arguments, command, wait_status};
use super::record::export;

/// The probe: nobody who commissions doors asks it anything, the daemon does all the time.
const PROBE: u8 = 3;

/// Whoever walks: opens each door that springs, and shuts it.
fn walker(building: &ServedBuilding) {
    building.people(&Person::opening().then(Duration::from_millis(500), Act::Shut));
}

/// A walk under way, and what had been pulsed before it.
struct Walk {
    process: Process,
    before: Vec<u8>,
}

impl Walk {
    fn start(building: &ServedBuilding, more: &[&str]) -> Self {
        let house = &building.house;
        let all = arguments(house, &[&["device", "walk", "--json"], more].concat());
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        let process = Process::start("walk", &house.spec.program, &all).unwrap();
        Self { process, before: building.pulsed() }
    }

    /// The next of these events.
    fn next(&mut self, wanted: &[&str]) -> Value {
        let is = |line: &str| wanted.iter().any(|name| read(line)["event"] == *name);
        read(&self.process.wait_for(&wanted.join(" or "), PATIENCE, is).unwrap())
    }

    /// Says that the door opened that should, once it has.
    fn opened(&mut self, house: &House, event: &Value) {
        let door: u8 = event["label"].as_str().unwrap().parse().unwrap();
        let pulse = usize::try_from(event["pulse"].as_u64().unwrap()).unwrap();
        let due = self.before.iter().filter(|pulsed| **pulsed == door).count() + pulse;
        let sprang = |sim: &sim_devices::Simulation| {
            let pulses = sim.plant().energisings().filter(|one| one.door == DoorNumber::new(door));
            (pulses.count() >= due).then_some(())
        };
        house.line.wait_until(PATIENCE, sprang).unwrap();
        self.process.tell("").unwrap();
    }

    /// Answers until the walk is over: its last word, and a moment shortly before it when it had the line.
    fn until_done(&mut self, house: &House, first: Value) -> (Value, SimTime) {
        let mut event = first;
        loop {
            let held = house.line.now();
            self.opened(house, &event);
            event = self.next(&["pulsing", "done"]);
            if event["event"] == "done" {
                return (event, held);
            }
        }
    }

    fn events(&self, name: &str) -> Vec<Value> {
        let said = self.process.said().into_iter().map(|line| read(&line));
        said.filter(|event| event["event"] == name).collect()
    }
}

fn read(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_default()
}

const fn asked_of(event: &SimEvent) -> Option<Address> {
    match event.what {
        Happening::Served { address, .. } => Some(address),
        _ => None,
    }
}

/// Requests that a board has heard between two moments.
fn heard(wire: &Events, board: u8, from: SimTime, until: SimTime) -> usize {
    let mut count = 0;
    while let Some(event) = wire.try_next() {
        let mine = asked_of(&event) == Address::new(board) && event.at > from && event.at < until;
        count += usize::from(mine);
    }
    assert_eq!(wire.lost(), 0);
    count
}

#[test]
fn walk_has_the_line_for_itself_learns_every_door_and_gives_it_back() {
    let mut building = ServedBuilding::open(64);
    let (occupied, code) = building.deposit(UNITS[0]);
    let deposited = building.pulsed().len();
    walker(&building);
    let wire = building.house.line.subscribe();
    let mut alone = Walk::start(&building, &[]);
    let first = alone.next(&["pulsing"]);
    let from = building.house.line.now();
    let status = |status: &Value| status["field"]["lines"]["rs485-1"]["reason"] == "it is being commissioned";
    wait_status(&building.house, "the line is told as being commissioned", status);
    let second = command(&building.house, &["device", "scan", "--line", "rs485-1", "--json"]).unwrap_err();
    assert!(second.contains("busy") && second.contains("the line is lent already"), "{second}");
    let third = command(&building.house, &["device", "walk", "--anew", "--json"]).unwrap_err();
    assert!(third.contains("another walk of this building is under way"), "{third}");
    let (done, until) = alone.until_done(&building.house, first);
    assert_eq!(heard(&wire, PROBE, from, until), 0, "the daemon asks nothing on a line that it has lent");
    assert_eq!(done["good"], false, "a door was left out: {}", alone.process.log());
    let left_out = alone.events("skipped");
    assert_eq!(left_out.len(), 1, "{left_out:?}");
    assert_eq!(left_out[0]["label"], occupied.as_str());
    assert!(left_out[0]["why"].as_str().unwrap().contains("--second-person"), "{}", left_out[0]);
    assert_eq!(building.pulsed().len(), deposited + 7, "each door once, and not the occupied one");

    // The line is back: the daemon asks its probe again, and everything answers.
    building.house.wait_boards().unwrap();
    let probe = |event: &SimEvent| (asked_of(event) == Address::new(PROBE)).then_some(());
    wire.wait_for(PATIENCE, probe).expect("the probe is asked again");
    let mut two = Walk::start(&building, &["--resume", "--second-person", "daemon"]);
    assert_eq!(two.next(&["resumed"])["known"], 7);
    let event = two.next(&["pulsing"]);
    assert_eq!(event["label"], occupied.as_str());
    let (done, _) = two.until_done(&building.house, event);
    assert_eq!(done["good"], true, "{}", two.process.log());
    assert_eq!(building.pulsed().len(), deposited + 8);
    building.house.wait_boards().unwrap();

    let report = done["reports"]
        .as_array()
        .unwrap()
        .iter()
        .find_map(|path| path.as_str().filter(|path| path.ends_with(".md")));
    let report = fs::read_to_string(report.expect("a report")).unwrap();
    assert!(report.contains("os:daemon"), "who was there at the occupied door is on record: {report}");
    let learned = building.house.state().join("learned.toml").display().to_string();
    command(&building.house, &["check", "--config", &learned])
        .unwrap_or_else(|why| panic!("what it wrote is bad: {why}"));
    building.pickup(&code);
    building.house.kill_daemon();
    building.house.start_daemon().unwrap();
    building.house.wait_boards().unwrap();
    building.deposit(UNITS[1]);
    let rows = export(&building.house);
    assert_eq!(
        rows.iter().filter(|row| row.event_type() == "seal.set").count(),
        1,
        "the site is commissioned"
    );
    let forced = rows.iter().filter(|row| row.event_type() == "compartment.forced").count();
    assert_eq!(forced, 0, "what a walk opens is shut when the line comes back");
}

#[test]
fn line_comes_back_when_the_walk_is_killed_and_what_was_learned_is_kept() {
    let building = ServedBuilding::open(65);
    walker(&building);
    let mut killed = Walk::start(&building, &[]);
    for _ in 0..2 {
        let event = killed.next(&["pulsing"]);
        killed.opened(&building.house, &event);
        killed.next(&["learned"]);
    }
    killed.next(&["pulsing"]);
    killed.process.kill();
    building.house.wait_boards().unwrap();
    let before = building.pulsed().len();
    assert!((2..=3).contains(&before), "the third was under way: {before}");
    building.house.ask(&["unlock", "8", "--reason", "the line is back"]).unwrap();
    assert_eq!(building.pulsed()[before..], [8], "nothing was left over on the line");

    let again = command(&building.house, &["device", "walk", "--json"]).unwrap_err();
    assert!(again.contains("--resume"), "{again}");
    let mut resumed = Walk::start(&building, &["--resume"]);
    assert_eq!(resumed.next(&["resumed"])["known"], 2);
    assert_eq!(resumed.next(&["pulsing"])["label"], "3");
    resumed.process.tell("quit").unwrap();
    assert_eq!(resumed.next(&["interrupted"])["known"], 2);
    building.house.wait_boards().unwrap();
}

#[test]
fn address_is_given_through_the_daemon_to_one_board_alone_and_to_none_of_several() {
    let mut building = ServedBuilding::open(66);
    let (occupied, code) = building.deposit(UNITS[0]);
    let house = &building.house;
    let give = |new: &str, more: &[&str]| {
        let line = ["device", "address", new, "--line", "rs485-1", "--timeout-ms", "30", "--json"];
        command(house, &[&line[..], more].concat())
    };
    let refused = give("6", &[]).unwrap_err();
    assert!(refused.contains("3 boards answer") && refused.contains("nothing is written"), "{refused}");
    // It is back as it was.
    house.wait_boards().unwrap();
    let others = [2, 3].map(|board| Address::new(board).unwrap());
    house.line.with(|sim| others.iter().for_each(|board| sim.power_off(*board)));
    let refused = give("6", &[]).unwrap_err();
    assert!(refused.contains(&format!("door {occupied}: a second person must be there")), "{refused}");
    let two = ["--second-person", "daemon"];
    let done: Value = serde_json::from_str(&give("6", &two).unwrap()).unwrap();
    assert_eq!(
        (&done["model"], &done["from"], &done["to"]),
        (&"waveshare-relay-8".into(), &1.into(), &6.into())
    );
    wait_status(house, "the locks are away: their address is another", |status| {
        let mut boards = status["devices"].as_array().unwrap().iter();
        boards.any(|board| board["id"] == "bank-a-locks" && board["presence"]["value"] == "offline")
            && status["field"]["lines"]["rs485-1"]["open"] == true
    });
    give("1", &two).unwrap();
    house.line.with(|sim| others.iter().for_each(|board| sim.power_on(*board)));
    house.wait_boards().unwrap();
    assert_eq!(building.pulsed().len(), 1, "an address moves no lock");
    building.pickup(&code);
}
