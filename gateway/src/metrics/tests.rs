//! The text as a whole, and the port as collectors and others find it.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::*;
use crate::commission::{SealStanding, SealState};
use crate::console::snapshot::{
    Compartment, DeviceTotals, Field, Gateway, LineTotals, Link, Links, Named, Probe, Read, Reader, Scanner,
};
use crate::engine::Counters;
use vestibule_contract::words::{
    ClimateWord, ClockWord, CompartmentUse, Position, PresenceWord, Quality, StorageWord,
};

const NOW: i64 = 1_790_000_000_500;
const PATIENCE: Duration = Duration::from_secs(10);

fn read<T>(value: Option<T>, quality: Quality) -> Read<T> {
    Read { value, quality, observed_at: Some(NOW) }
}

fn compartment(id: &str, usage: CompartmentUse, door: Option<Read<Position>>) -> Compartment {
    Compartment {
        label: id.to_uppercase(),
        id: id.into(),
        usage,
        cause: None,
        since: NOW,
        door,
        latch: None,
        occupancy: None,
        contradicts: false,
        lock: None,
        input: None,
    }
}

fn gateway() -> Gateway {
    Gateway {
        version: "0.1.0".into(),
        boot: 3,
        started: NOW,
        now: NOW,
        clock: ClockWord::Holdover,
        storage: StorageWord::Degraded,
        waiting_rows: 4,
        journal: 1_234,
        journal_hash: None,
        acknowledged: Some(1_200),
        waiting_notices: 2,
        configuration: String::new(),
        configuration_problems: 1,
        counters: Counters { unlocks: 7, last_commit_us: 2_100, ..Counters::default() },
    }
}

fn field() -> Field {
    let line = LineTotals {
        port: "/dev/x".into(),
        open: Some(true),
        opened: 2,
        busy_ms: 1_500,
        occupied_ms: 1_750,
        ..Default::default()
    };
    let board = DeviceTotals {
        line: "rs485-1".into(),
        address: 1,
        ok: 90,
        timeout: 7,
        latency_sum_ms: 450,
        ..Default::default()
    };
    Field { lines: [("rs485-1".to_owned(), line)].into(), devices: [("locks".to_owned(), board)].into() }
}

fn building() -> Snapshot {
    let presence = |state| read(Some(state), Quality::Good);
    let link = Link { connected: true, since: Some(NOW), made: 3, reason: None };
    Snapshot {
        building: "maple-court".into(),
        name: "Maple \"Court\"".into(),
        gateway: gateway(),
        compartments: vec![
            compartment("a-1", CompartmentUse::Free, Some(read(Some(Position::Open), Quality::Good))),
            compartment("a-2", CompartmentUse::Occupied, Some(read(None, Quality::Unknown))),
            compartment("a-3", CompartmentUse::Free, None),
        ],
        probes: vec![Probe {
            id: "cold-1".into(),
            climate: ClimateWord::Chilled,
            milli_celsius: read(Some(-3_440), Quality::Stale),
            source: None,
        }],
        devices: vec![
            Named { id: "locks".into(), presence: presence(PresenceWord::Offline) },
            Named { id: "lobby-scanner".into(), presence: presence(PresenceWord::Online) },
        ],
        lines: vec![Named { id: "rs485-1".into(), presence: presence(PresenceWord::Online) }],
        terminals: vec![],
        readers: vec![Reader {
            id: "room".into(),
            state: "keyless".into(),
            clear_reads: 2,
            ..Reader::default()
        }],
        scanners: vec![Scanner {
            id: "lobby-scanner".into(),
            state: "ready".into(),
            unsettled: true,
            scans: 31,
            set_up_codes: 1,
            changed: 2,
            undone: 1,
            ..Scanner::default()
        }],
        field: field(),
        links: Links { bus: Some(link), cloud: None },
        seal: SealStanding { state: SealState::Broken, ..SealStanding::default() },
    }
}

#[test]
fn building_is_told_in_the_names_that_dashboards_and_alerts_know() {
    let told = building_text(building());
    let known = include_str!("golden.txt");
    assert_eq!(told, known, "names are a contract: dashboards and alerts outside this repository use them");
}

#[test]
fn every_counter_of_the_broker_is_told() {
    let metrics = Metrics::default();
    metrics.pending_dropped.add();
    let told = broker_text(&metrics);
    assert!(told.contains("\nvestibule_broker_pending_dropped_total 1\n"), "{told}");
    assert!(metrics.each().iter().all(|(name, ..)| told.contains(&format!("vestibule_broker_{name}_total"))));
    assert!(told.contains("process_resident_memory_bytes") && told.ends_with("# EOF\n"));
}

async fn ask(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    stream.write_all(request.as_bytes()).await.expect("written");
    let mut answer = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut answer)).await.expect("in time").expect("text");
    answer
}

#[tokio::test]
async fn collector_is_served_when_others_say_nothing_or_nonsense() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    let served = tokio::spawn(serve(listener, || building_text(building())));
    assert!(ask(address, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.starts_with("HTTP/1.1 404"));
    assert!(ask(address, "POST /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await.starts_with("HTTP/1.1 405"));
    assert!(
        ask(address, &format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(20_000)))
            .await
            .starts_with("HTTP/1.1 4")
    );
    assert!(ask(address, "\u{0}\u{1}\u{2}\r\n\r\n").await.starts_with("HTTP/1.1 400"));
    let _silent = TcpStream::connect(address).await.expect("connected");
    let answer = ask(address, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.contains(CONTENT_TYPE) && answer.ends_with("# EOF\n")
    );
    served.abort();
}

#[tokio::test]
async fn port_is_named_when_it_is_taken() {
    let taken = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = taken.local_addr().expect("its address");
    let error = bind(address).await.expect_err("somebody has it");
    assert!(error.to_string().contains(&address.to_string()), "{error}");
}
