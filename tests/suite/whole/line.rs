//! The line, end to end: keys at a terminal become pulses on a wire, rows in a journal, and notices at the cloud.

use std::fs;

use rustix::process::{Pid, Signal, kill_process};
use vestibule_demo::process::{Process, ProcessError};

use vestibule_tests::house::{Building, PATIENCE, Plan};
use vestibule_tests::served::{ServedBuilding, UNITS};

use crate::whole::record::{Row, export, in_order};

fn number(label: &str) -> u8 {
    label.parse().unwrap()
}

#[test]
fn deposit_and_pickup_move_one_door_once_each_and_are_on_record_everywhere() {
    let mut building = ServedBuilding::open(11);
    let (label, code) = building.deposit(UNITS[0]);
    assert_eq!(building.pulsed(), [number(&label)], "one pulse, at the door that was named");
    assert_eq!(building.contents(), 1);
    building.pickup(&code);
    assert_eq!(building.pulsed(), [number(&label), number(&label)]);
    assert_eq!(building.contents(), 0);

    let deposit =
        ["compartment.reserved", "unlock.intended", "unlock.confirmed", "parcel.deposited", "parcel.stored"];
    let pickup = ["access.granted", "unlock.intended", "unlock.confirmed", "parcel.collected"];
    let wanted: Vec<&str> = deposit.into_iter().chain(pickup).collect();
    in_order(&export(&building.house), &wanted);
    // The cloud has the same rows in the same order, however they were split into messages.
    let mut seen = Vec::new();
    while !seen.iter().any(|row: &Row| row.event_type() == "parcel.collected") {
        seen.push(Row::read(building.office.next_event(PATIENCE).expect("the cloud is told")));
    }
    in_order(&seen, &wanted);
    let verified = building.house.ask(&["journal", "verify"]).unwrap();
    assert!(verified.contains("agrees with the cloud's acknowledgement of row"), "{verified}");
}

#[test]
fn restart_opens_nothing_and_forgets_nothing() {
    let mut building = ServedBuilding::open(12);
    let (label, code) = building.deposit(UNITS[0]);
    building.house.kill_daemon();
    building.house.start_daemon().unwrap();
    assert_eq!(building.pulsed(), [number(&label)], "a start pulses nothing");
    building.pickup(&code);
    assert_eq!(building.pulsed(), [number(&label), number(&label)]);
    assert_eq!(building.contents(), 0);
}

#[test]
fn stopping_ends_in_order_and_is_the_last_row() {
    let mut building = ServedBuilding::open(13);
    let status = building.house.daemon().expect("it runs").stop();
    assert!(status.is_some_and(|status| status.success()), "{status:?}");
    building.house.kill_daemon();
    building.house.start_daemon().unwrap();
    in_order(&export(&building.house), &["gateway.started", "gateway.stopping", "gateway.started"]);
    assert!(building.pulsed().is_empty());
}

#[test]
fn pickup_works_when_broker_and_cloud_are_dead_and_the_clock_is_not_trusted() {
    let mut building = ServedBuilding::open(14);
    let (label, code) = building.deposit(UNITS[1]);
    // Everything that the spine must not need goes away, and the daemon starts without any of it.
    building.cloud = None;
    building.house.kill_broker();
    fs::remove_file(building.folder.path().join("synchronised")).unwrap();
    building.house.kill_daemon();
    building.house.start_daemon().unwrap();
    building.pickup(&code);
    assert_eq!(building.pulsed(), [number(&label), number(&label)]);
    assert_eq!(building.contents(), 0);
}

#[test]
fn pickup_works_when_the_adapter_was_unplugged_and_came_back() {
    let mut building = ServedBuilding::open(15);
    let (label, code) = building.deposit(UNITS[0]);
    building.house.line.unplug().unwrap();
    let gone = |line: &str| line.contains("port is gone") || line.contains("port cannot be opened");
    building.house.daemon().expect("it runs").wait_for("that the port is gone", PATIENCE, gone).unwrap();
    building.house.line.replug().unwrap();
    let back = |line: &str| line.contains("board answers") && line.contains("locks");
    building.house.daemon().expect("it runs").wait_for("that the locks answer", PATIENCE, back).unwrap();
    building.pickup(&code);
    assert_eq!(building.pulsed(), [number(&label), number(&label)]);
    assert_eq!(building.contents(), 0);
}

/// Processes that this one's threads have started.
fn children(parent: u32) -> Vec<i32> {
    let tasks = fs::read_dir(format!("/proc/{parent}/task")).unwrap();
    let lists = tasks.map(|task| fs::read_to_string(task.unwrap().path().join("children")).unwrap());
    lists
        .flat_map(|list| list.split_whitespace().map(|id| id.parse().unwrap()).collect::<Vec<i32>>())
        .collect()
}

#[test]
fn broker_as_a_child_comes_back_when_killed_and_ends_with_the_daemon() {
    let Building { house, folder: _folder, .. } = Building::open(Plan::small(16));
    let configuration = house.configuration().display().to_string();
    let arguments = ["run", "--with-broker", "--config", &configuration];
    let mut daemon = Process::start("daemon", &house.spec.program, &arguments).unwrap();
    let listens = |line: &str| line.starts_with("READY");
    daemon.wait_for("that the broker listens", PATIENCE, listens).unwrap();
    let [broker] = children(daemon.id())[..] else { panic!("one child is expected") };
    kill_process(Pid::from_raw(broker).unwrap(), Signal::KILL).unwrap();
    daemon.wait_for("that the broker listens again", PATIENCE, listens).unwrap();
    daemon.kill();
    // The broker holds the same pipes: they end when it does.
    let end = daemon.wait_for("its end", PATIENCE, |_| false);
    assert!(matches!(end, Err(ProcessError::Ended { .. })), "{end:?}");
}
