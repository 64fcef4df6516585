//! The line on a pseudo-terminal, asked by a plain serial master.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use sim_devices::{
    Baud, Cause, DoorState, Fault, Happening, LineSpec, Person, PtyLine, PtySpec, Rule, ServedBy, sealed,
};
use tempfile::TempDir;

use crate::common::{bank, door, relay};
use crate::terminal::{PATIENCE, Serial};

pub struct Rig {
    pub line: PtyLine,
    pub path: PathBuf,
    _folder: TempDir,
}

pub fn rig(line: LineSpec, served_by: ServedBy) -> Rig {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("bus0");
    let line = PtyLine::start(&PtySpec { line, path: path.clone(), served_by }, 1).expect("a line");
    Rig { line, path, _folder: folder }
}

fn read_inputs() -> Vec<u8> {
    sealed(vec![2, 2, 0, 0, 0, 8])
}

fn all_shut() -> Vec<u8> {
    sealed(vec![2, 2, 1, 0xFF])
}

#[test]
fn a_pulse_opens_a_door_and_the_input_board_says_so() {
    let rig = rig(bank(8), ServedBy::Simulators);
    let events = rig.line.subscribe();
    let mut serial = Serial::open(&rig.path, 9_600);
    assert_eq!(serial.ask(&read_inputs(), 6), all_shut());
    let flash = [0x01, 0x05, 0x02, 0x03, 0x00, 0x03, 0x7C, 0x73];
    let sent = Instant::now();
    assert_eq!(serial.ask(&flash, 8), flash);
    let ajar =
        events.wait_for(PATIENCE, |event| (event.what == Happening::DoorAjar(door(4))).then_some(event.at));
    assert!(ajar.is_some());
    assert_eq!(serial.ask(&read_inputs(), 6), sealed(vec![2, 2, 1, 0b1111_0111]));
    let pulses = rig.line.energisings();
    assert_eq!(pulses.len(), 1);
    assert_eq!(pulses[0].relay, relay(4));
    let Cause::Request { heard } = pulses[0].cause else { panic!("a request did it") };
    let on_the_wire = rig.line.instant(heard).saturating_duration_since(sent);
    assert!(on_the_wire >= Baud::B9600.characters(8) - Duration::from_micros(1), "{on_the_wire:?}");
}

#[test]
fn a_silent_line_has_obeyed_what_its_dead_master_left() {
    let rig = rig(bank(8).at(Baud::B9600), ServedBy::Simulators);
    let events = rig.line.subscribe();
    let mut serial = Serial::open(&rig.path, 9_600);
    serial.write(&read_inputs());
    drop(serial);
    rig.line.wait_silent(PATIENCE).unwrap();
    let served = std::iter::from_fn(|| events.try_next()).filter_map(|event| match event.what {
        Happening::Served { address, function } => Some((address.get(), function)),
        _ => None,
    });
    assert_eq!(served.collect::<Vec<_>>(), [(2, 2)]);
}

#[test]
fn no_character_comes_sooner_than_the_rate_permits() {
    for (baud, rounds) in [(Baud::B9600, 10), (Baud::B115200, 30)] {
        let rig = rig(bank(8).at(baud), ServedBy::Simulators);
        let mut serial = Serial::open(&rig.path, baud.get());
        for _ in 0..rounds {
            let sent = Instant::now();
            serial.write(&read_inputs());
            let heard = serial.read(6, PATIENCE);
            let bytes: Vec<u8> = heard.iter().map(|(_, byte)| *byte).collect();
            assert_eq!(bytes, all_shut());
            let ready = baud.characters(8) + baud.silence() + Duration::from_millis(5);
            for (index, (at, _)) in heard.iter().enumerate() {
                let least = ready + baud.characters(index + 1) - Duration::from_micros(2);
                assert!(at.duration_since(sent) >= least, "character {index} at {} baud", baud.get());
            }
        }
    }
}

#[test]
fn unplug_hangs_up_and_replug_serves_at_the_same_path() {
    let rig = rig(bank(8), ServedBy::Simulators);
    let mut serial = Serial::open(&rig.path, 9_600);
    assert_eq!(serial.ask(&read_inputs(), 6), all_shut());
    rig.line.unplug().expect("unplugged");
    assert!(serial.hung_up(PATIENCE));
    assert!(!rig.path.exists());
    rig.line.replug().expect("replugged");
    let mut serial = Serial::open(&rig.path, 9_600);
    assert_eq!(serial.ask(&read_inputs(), 6), all_shut());
}

#[test]
fn an_unplug_fault_comes_back_by_itself() {
    let fault = Rule::new(Fault::Unplug(Duration::from_millis(50))).times(1);
    let rig = rig(bank(8).faults(vec![fault]), ServedBy::Simulators);
    let events = rig.line.subscribe();
    let mut serial = Serial::open(&rig.path, 9_600);
    serial.write(&read_inputs());
    assert!(serial.hung_up(PATIENCE));
    let back = events.wait_for(PATIENCE, |event| (event.what == Happening::Plugged).then_some(()));
    assert!(back.is_some());
    rig.line.replug().expect("it is back already");
    assert_eq!(Serial::open(&rig.path, 9_600).ask(&read_inputs(), 6), all_shut());
}

#[test]
fn a_port_at_the_wrong_rate_hears_nothing_and_the_line_says_why() {
    let rig = rig(bank(8), ServedBy::Simulators);
    let events = rig.line.subscribe();
    let mut serial = Serial::open(&rig.path, 19_200);
    serial.write(&read_inputs());
    let port = events.wait_for(PATIENCE, |event| match event.what {
        Happening::WrongBaud { port } => Some(port),
        _ => None,
    });
    assert_eq!(port, Some(19_200));
    assert!(serial.read(1, Duration::from_millis(60)).is_empty());
}

#[test]
fn people_act_on_real_time_too() {
    let rig = rig(bank(2), ServedBy::Simulators);
    rig.line
        .with(|sim| sim.plant_mut().wait_at(door(2), Person::depositing(Duration::from_millis(100))))
        .expect("there is that door");
    let mut serial = Serial::open(&rig.path, 9_600);
    let flash = sealed(vec![1, 5, 2, 1, 0, 3]);
    assert_eq!(serial.ask(&flash, 8), flash);
    let done = rig.line.wait_until(PATIENCE, |sim| {
        let door = sim.plant().door(door(2))?;
        (door.contents == 1 && door.state == DoorState::Latched).then_some(())
    });
    assert_eq!(done, Ok(()));
}

#[test]
fn dropping_the_line_hangs_up_and_removes_the_path() {
    let rig = rig(bank(1), ServedBy::Simulators);
    let mut serial = Serial::open(&rig.path, 9_600);
    drop(rig.line);
    assert!(serial.hung_up(PATIENCE));
    assert!(std::fs::symlink_metadata(&rig.path).is_err());
}
