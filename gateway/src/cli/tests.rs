//! What people read, from a building made by hand, and what they may type.

use clap::{CommandFactory as _, Parser as _};

use super::advice::{Advice, advice};
use super::arguments::{Arguments, Command, Doors, JournalAction};
use super::{doors, status};
use crate::commission::{LastBreak, SealStanding, SealState};
use crate::console::snapshot::{
    Compartment, DeviceTotals, Field, Gateway, LineTotals, Link, Links, Named, Probe, Read, Reader, Scanner,
    Snapshot, Terminal,
};
use crate::engine::Counters;
use vestibule_contract::words::{
    ClimateWord, ClockWord, CompartmentUse, Occupancy, Position, PresenceWord, Quality, StorageWord,
    TerminalWord,
};

const NOW: i64 = 1_790_000_000_000;

fn read<T>(value: T, quality: Quality) -> Read<T> {
    Read { value: Some(value), quality, observed_at: Some(NOW - 20_000) }
}

fn compartment(number: usize, usage: CompartmentUse, door: Read<Position>) -> Compartment {
    Compartment {
        id: format!("a-{number}"),
        label: format!("A{number}"),
        usage,
        cause: (usage == CompartmentUse::OutOfService).then(|| "jammed".to_owned()),
        since: NOW - 7_440_000,
        door: Some(door),
        latch: None,
        occupancy: None,
        contradicts: false,
        lock: None,
        input: None,
    }
}

fn healthy() -> Snapshot {
    let named = |id: &str| Named { id: id.to_owned(), presence: read(PresenceWord::Online, Quality::Good) };
    let link = Link { connected: true, since: Some(NOW - 7_440_000), made: 1, reason: None };
    Snapshot {
        building: "maple-court".into(),
        name: "Maple Court".into(),
        gateway: Gateway {
            version: "0.1.0".into(),
            boot: 3,
            started: NOW - 7_440_000,
            now: NOW,
            clock: ClockWord::Synchronised,
            storage: StorageWord::Good,
            waiting_rows: 0,
            journal: 1_234,
            journal_hash: None,
            configuration_problems: 0,
            acknowledged: Some(1_231),
            waiting_notices: 0,
            configuration: String::new(),
            counters: Counters { last_commit_us: 2_100, ..Counters::default() },
        },
        compartments: vec![
            compartment(1, CompartmentUse::Free, read(Position::Shut, Quality::Good)),
            compartment(2, CompartmentUse::Occupied, read(Position::Shut, Quality::Good)),
        ],
        probes: vec![Probe {
            id: "cold-1".into(),
            climate: ClimateWord::Chilled,
            milli_celsius: read(3_440, Quality::Good),
            source: None,
        }],
        devices: vec![named("locks")],
        lines: vec![named("rs485-1")],
        terminals: vec![Terminal { id: "lobby".into(), usage: TerminalWord::Idle }],
        readers: Vec::new(),
        scanners: Vec::new(),
        field: Field::default(),
        links: Links { bus: Some(link.clone()), cloud: Some(link) },
        seal: SealStanding {
            state: SealState::Whole,
            by: Some("os:anna".into()),
            at: Some(NOW),
            ..SealStanding::default()
        },
    }
}

#[test]
fn status_of_a_healthy_building_is_short() {
    let snapshot = healthy();
    let expected = "\
Maple Court (maple-court)
vestibule 0.1.0, start 3, up 2 h 4 min

  doors           2: 1 free, 1 occupied
  lines           1 of 1 online
  boards          1 of 1 online
  probe cold-1    3.4 °C  (chilled)
  terminal lobby  idle
  journal         1234 rows, last commit took 3 ms
  bus             connected for 2 h 4 min
  cloud           connected for 2 h 4 min, 3 rows to send
  clock           synchronised
  seal            commissioned by os:anna on 2026-09-21 14:13 UTC

All is well.
";
    assert_eq!(status::words(&snapshot, &advice(&snapshot)), expected);
}

#[test]
fn everything_that_is_wrong_is_named_with_what_to_do() {
    let mut snapshot = healthy();
    snapshot.gateway.storage = StorageWord::Degraded;
    snapshot.gateway.waiting_rows = 9;
    snapshot.gateway.configuration_problems = 2;
    snapshot.gateway.clock = ClockWord::Untrusted;
    snapshot.lines[0].presence = read(PresenceWord::Offline, Quality::Good);
    snapshot.devices[0].presence = Read { value: None, quality: Quality::Unknown, observed_at: None };
    snapshot.probes[0].milli_celsius.quality = Quality::Stale;
    snapshot.links.cloud =
        Some(Link { connected: false, since: None, made: 0, reason: Some("refused".into()) });
    snapshot.compartments = vec![
        compartment(1, CompartmentUse::OutOfService, read(Position::Shut, Quality::Good)),
        compartment(2, CompartmentUse::Occupied, read(Position::Open, Quality::Good)),
        compartment(3, CompartmentUse::Reserved, read(Position::Open, Quality::Good)),
        compartment(4, CompartmentUse::Free, read(Position::Shut, Quality::Stale)),
    ];
    let all: Vec<_> = advice(&snapshot).into_iter().map(|advice| advice.what).collect();
    let expected = [
        "the journal cannot be written; 9 rows wait in memory",
        "the configuration has 2 problems; the last good one runs",
        "the clock was never synchronised since the start",
        "line rs485-1 is offline",
        "board locks was not heard since the start",
        "the cloud is away: refused",
        "probe cold-1 (chilled) was not heard since 14:13 UTC (20 s); what it watches counts as not safe",
        "door A1 (a-1) is out of service (jammed)",
        "door A2 (a-2) stands open",
        "door A4 (a-4) has a contact that was not heard for too long",
    ];
    assert_eq!(all, expected, "a door that is being filled may stand open");
}

#[test]
fn silent_board_is_told_once_with_where_it_is_and_what_hangs_on_it_is_not() {
    let mut snapshot = healthy();
    let totals = |address| DeviceTotals { line: "rs485-1".into(), address, ..DeviceTotals::default() };
    let online = |id: &str| Named { id: id.to_owned(), presence: read(PresenceWord::Online, Quality::Good) };
    snapshot.devices = vec![online("locks"), online("doors"), online("rack")];
    snapshot.field.devices =
        [("locks".into(), totals(1)), ("doors".into(), totals(3)), ("rack".into(), totals(4))].into();
    let line = LineTotals { port: "/dev/x".into(), open: Some(true), ..LineTotals::default() };
    snapshot.field.lines = [("rs485-1".into(), line)].into();
    snapshot.probes[0].source = Some("rack/1".into());
    for (compartment, input) in snapshot.compartments.iter_mut().zip(["doors/1", "doors/2"]) {
        compartment.input = Some(input.into());
    }
    assert!(advice(&snapshot).is_empty(), "{:?}", advice(&snapshot));

    let told = |snapshot: &Snapshot| -> Vec<(String, String)> {
        advice(snapshot).into_iter().map(|Advice { what, next }| (what, next)).collect()
    };
    snapshot.devices[1].presence = read(PresenceWord::Offline, Quality::Good);
    snapshot.compartments[0].door = Some(read(Position::Shut, Quality::Stale));
    let [(what, next)] = &told(&snapshot)[..] else { panic!("{:?}", told(&snapshot)) };
    assert_eq!(what, "doors, address 3: silent since 14:13 UTC (20 s); other devices on rs485-1 answer");
    assert_eq!(next, "check its power and termination, and its address");

    snapshot.devices[2].presence = read(PresenceWord::Offline, Quality::Good);
    snapshot.probes[0].milli_celsius.quality = Quality::Stale;
    let (_, next) = told(&snapshot).pop().expect("the probe");
    assert_eq!(next, "its board rack is silent: begin there");

    snapshot.devices[0].presence = read(PresenceWord::Offline, Quality::Good);
    let all = told(&snapshot);
    assert_eq!(all[0].0, "line rs485-1: its port is open and none of its 3 boards answers");
    assert_eq!(all.len(), 2, "the line and the probe: {all:?}");
    snapshot.field.lines.get_mut("rs485-1").unwrap().open = Some(false);
    assert_eq!(told(&snapshot)[0].0, "line rs485-1 is away: the port /dev/x: it is closed");
}

#[test]
fn silent_reader_and_scanner_are_told_with_where_they_are() {
    let mut snapshot = healthy();
    let reader = |id: &str, address, state: &str| Reader {
        id: id.into(),
        line: "osdp-1".into(),
        address,
        state: state.into(),
        since: Some(NOW - 3_600_000),
        installed: true,
        ..Reader::default()
    };
    snapshot.readers = vec![reader("room", 0, "secure"), reader("yard", 1, "silent")];
    snapshot.scanners = vec![Scanner {
        id: "lobby-scanner".into(),
        terminal: Some("lobby".into()),
        port: "/dev/y".into(),
        reason: Some("cannot open it: not found".into()),
        state: "away".into(),
        since: Some(NOW - 60_000),
        ..Scanner::default()
    }];
    let all: Vec<String> = advice(&snapshot).into_iter().map(|advice| advice.what).collect();
    let expected = [
        "reader yard, address 1: silent since 13:13 UTC (1 h); other readers on osdp-1 answer",
        "scanner lobby-scanner of terminal lobby is away: /dev/y: cannot open it: not found",
    ];
    assert_eq!(all, expected);
    let words = status::words(&snapshot, &[]);
    assert!(words.contains("reader room            secure"), "{words}");
    assert!(words.contains("scanner lobby-scanner  AWAY for 1 min"), "{words}");
}

#[test]
fn seal_is_told_with_who_broke_it_and_looked_at_only_when_nobody_owned_up() {
    let mut snapshot = healthy();
    let by = |by: &str, reason: &str| LastBreak {
        by: by.into(),
        second: Some("os:ben".into()),
        at: NOW,
        reason: reason.into(),
    };
    snapshot.seal.state = SealState::Broken;
    (snapshot.seal.breaks, snapshot.seal.broken_since) = (2, Some(NOW - 86_400_000));
    snapshot.seal.last = Some(by("os:eve", "lock of A3"));
    let all = advice(&snapshot);
    assert!(all.is_empty(), "{all:?}");
    let words = status::words(&snapshot, &all);
    let expected = "BROKEN, 2 times since 2026-09-20 14:13 UTC, last by os:eve with os:ben on 2026-09-21 14:13 UTC: lock of A3 \
                    (commissioned by os:anna on 2026-09-21 14:13 UTC)";
    assert!(words.contains(expected), "{words}");
    snapshot.seal.tampered = Some(by("unknown", "both copies of the seal are gone"));
    let all = advice(&snapshot);
    assert!(all[0].what.starts_with("somebody tampered with the seal, found on 2026-09-21"), "{all:?}");
    snapshot.seal = SealStanding { state: SealState::None, ..SealStanding::default() };
    assert!(status::words(&snapshot, &advice(&snapshot)).contains("seal            never commissioned"));
}

#[test]
fn latch_against_contact_is_looked_at_when_the_gateway_says_so_and_not_while_a_door_is_opened() {
    let mut snapshot = healthy();
    let door = &mut snapshot.compartments[0];
    door.latch = Some(read(Position::Open, Quality::Good));
    assert!(advice(&snapshot).is_empty(), "{:?}", advice(&snapshot));
    snapshot.compartments[0].contradicts = true;
    let all = advice(&snapshot);
    assert_eq!(all.len(), 1, "{all:?}");
    assert!(all[0].what.contains("A1") && all[0].what.contains("contradict each other"), "{all:?}");
}

#[test]
fn doors_are_a_table() {
    let snapshot = healthy();
    let mut stale = compartment(3, CompartmentUse::NeedsInspection, read(Position::Shut, Quality::Stale));
    stale.latch = Some(read(Position::Open, Quality::Good));
    let mut seen = compartment(2, CompartmentUse::Free, read(Position::Shut, Quality::Good));
    seen.occupancy = Some(read(Occupancy::Occupied, Quality::Good));
    let all = [&snapshot.compartments[0], &seen, &stale];
    let expected = "\
LABEL  ID   USE               SINCE      DOOR               LATCH     INSIDE    LOOK AT
A1     a-1  free              2 h 4 min  shut               -         -
A2     a-2  free              2 h 4 min  shut               -         occupied  is free in the record, and its eye sees something
A3     a-3  needs inspection  2 h 4 min  shut (stale 20 s)  released  -         needs inspection
";
    assert_eq!(doors::words(&all, NOW), expected);
    assert_eq!(doors::words(&[], NOW), "No door needs attention.");
}

#[test]
fn arguments_are_consistent_and_global_ones_stand_anywhere() {
    Arguments::command().debug_assert();
    let parsed = Arguments::try_parse_from([
        "vestibule",
        "doors",
        "--attention",
        "--json",
        "--config",
        "a",
        "--config",
        "b",
    ]);
    let parsed = parsed.unwrap();
    assert!(parsed.json && matches!(parsed.command, Command::Doors(Doors { attention: true })));
    assert_eq!(parsed.config.len(), 2);
    let hash = "AB".repeat(32);
    let anchor = format!("12:{hash}");
    let parsed = Arguments::try_parse_from(["vestibule", "journal", "verify", "--anchor", &anchor]).unwrap();
    let Command::Journal(journal) = parsed.command else { panic!("journal") };
    let Some(JournalAction::Verify { anchor: Some(anchor) }) = journal.action else { panic!("an anchor") };
    assert_eq!(anchor, (12, hash.to_lowercase()));
}

#[test]
fn enrolment_takes_one_step_at_a_time() {
    let parsed = |line: &str| {
        let words = ["vestibule", "enroll"].into_iter().chain(line.split_whitespace());
        Arguments::try_parse_from(words).map(|_| ()).map_err(|error| error.kind())
    };
    for good in [
        "--building-ca ca --building maple-court",
        "--building-ca ca --role staff --name kim --out kim",
        "--building-ca ca --revoke kim.pem --revoke lee.pem",
        "--request --role gateway --name one --out tls --building maple-court",
        "--request --role broker --name local --out tls --dns localhost --ip 10.0.0.5",
        "--building-ca ca --sign one.csr --role gateway --out signed",
        "--accept one.pem --ca ca.pem --out tls --replace",
        "--missing",
    ] {
        assert_eq!(parsed(good), Ok(()), "{good}");
    }
    for bad in [
        "",
        "--role staff --name kim --out kim",
        "--request --building-ca ca --role gateway --name one --out tls",
        "--request --role gateway --out tls",
        "--sign one.csr --role gateway --out signed",
        "--building-ca ca --sign one.csr --out signed",
        "--accept one.pem --missing",
        "--building-ca ca --ca ca.pem",
    ] {
        assert!(parsed(bad).is_err(), "{bad}");
    }
}
