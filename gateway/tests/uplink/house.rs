//! The gateway's side: the test plays the engine, and the journal lies in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use vestibule::bus::Events;
use vestibule::config::Tls;
use vestibule::engine::{Batch, EngineHandle, Head, Outgoing, Published, Seam};
use vestibule::mqtt::{self, Endpoint, Feed, Publisher, Session, Settings};
use vestibule::telemetry::Telemetry;
use vestibule::uplink::{Outbox, OutboxError, Owed};
use vestibule_contract::event::{Envelope, genesis, seal};
use vestibule_contract::identity::{BootId, Epoch};
use vestibule_core::command::{Actor, Channel};
use vestibule_core::compartment::Use;
use vestibule_core::event::{Event, Fact};
use vestibule_core::id::{BuildingId, CompartmentId};
use vestibule_core::input::Input;
use vestibule_core::time::{ClockTrust, Timestamp};
use vestibule_core::unit::Digest;
use vestibule_core::view::{CompartmentView, GatewayView, Quality, Seen, StorageView, View};
use vestibule_store::JournalRow;

use crate::cloud::PATIENCE;

/// The boot that the tests' gateway is in.
pub const BOOT: u32 = 3;

/// A journal in memory.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<Rows>>);

#[derive(Default)]
struct Rows {
    rows: Vec<JournalRow>,
    acknowledged: u64,
}

impl Memory {
    /// Journals facts of about `reason_bytes` bytes each.
    pub fn journal(&self, count: u64, reason_bytes: usize) {
        let mut all = self.0.lock().unwrap();
        for _ in 0..count {
            let sequence = u64::try_from(all.rows.len()).unwrap() + 1;
            let first = || genesis(&envelope().building, envelope().epoch);
            let previous = all.rows.last().map_or_else(first, |row| row.hash);
            let sealed = seal(&envelope(), sequence, &previous, &event(reason_bytes));
            all.rows.push(JournalRow {
                sequence,
                hash: sealed.hash,
                event_type: sealed.event_type.into(),
                bytes: sealed.bytes.into(),
            });
        }
    }

    pub fn hash(&self, sequence: u64) -> Digest {
        self.0.lock().unwrap().rows[usize::try_from(sequence).unwrap() - 1].hash
    }

    pub fn row(&self, sequence: u64) -> JournalRow {
        self.0.lock().unwrap().rows[usize::try_from(sequence).unwrap() - 1].clone()
    }

    fn acknowledge(&self, sequence: u64) {
        let mut all = self.0.lock().unwrap();
        assert!(sequence >= all.acknowledged, "{sequence} after {}", all.acknowledged);
        all.acknowledged = sequence;
    }
}

impl Outbox for Memory {
    fn acknowledged(&self) -> Result<u64, OutboxError> {
        Ok(self.0.lock().unwrap().acknowledged)
    }

    fn rows_after(&self, sequence: u64, max: usize) -> Result<Vec<JournalRow>, OutboxError> {
        let all = self.0.lock().unwrap();
        Ok(all.rows.iter().filter(|row| row.sequence > sequence).take(max).cloned().collect())
    }
}

/// A running uplink, and the engine that the test plays.
pub struct House {
    pub seam: Arc<Seam>,
    pub memory: Memory,
    inputs: mpsc::UnboundedReceiver<Input>,
    uplink: JoinHandle<()>,
    engine: EngineHandle,
}

impl House {
    /// Starts the uplink towards a port on this machine.
    pub fn start(memory: &Memory, files: Tls, port: u16) -> Self {
        let session = Session::Kept(Duration::from_secs(3_600));
        let feed = Owed::new(Arc::new(memory.clone()));
        Self::run(memory, endpoint(files, port, session), Channel::Cloud, feed)
    }

    /// Starts the bus towards a port on this machine.
    pub fn bus(files: Tls, port: u16) -> Self {
        let endpoint = Endpoint { suffix: None, ..endpoint(files, port, Session::Clean) };
        Self::run(&Memory::default(), endpoint, Channel::Bus, Events::default())
    }

    fn run(memory: &Memory, endpoint: Endpoint, channel: Channel, feed: impl Feed + 'static) -> Self {
        let (engine, seam) = Seam::new([], published());
        let seam = Arc::new(seam);
        let publisher = Publisher::new(envelope().building, BOOT, envelope().boot_id, "1.2.3");
        let settings = Settings { endpoint, publisher, channel, telemetry: Telemetry::default() };
        let uplink = tokio::spawn(mqtt::run(settings, engine.clone(), feed));
        let inputs = pump(Arc::clone(&seam), memory.clone());
        Self { seam, memory: memory.clone(), inputs, uplink, engine }
    }

    /// The next input that is not an acknowledgement of the journal.
    pub async fn input(&mut self) -> Input {
        loop {
            match self.any_input().await {
                Input::JournalAcknowledged { .. } => {}
                input => return input,
            }
        }
    }

    /// Waits until the journal is acknowledged up to here, with the hash of that row.
    pub async fn acknowledged(&mut self, wanted: u64) {
        // A gateway that crashed may have come further than was asked of it.
        if self.memory.acknowledged().is_ok_and(|known| known >= wanted) {
            return;
        }
        loop {
            if let Input::JournalAcknowledged { sequence, hash } = self.any_input().await {
                assert_eq!(hash, self.memory.hash(sequence));
                if sequence >= wanted {
                    return;
                }
            }
        }
    }

    async fn any_input(&mut self) -> Input {
        timeout(PATIENCE, self.inputs.recv()).await.expect("an input in time").expect("the engine lives")
    }

    /// Journals rows and pokes the uplink as the engine does.
    pub fn record(&self, count: u64) {
        self.memory.journal(count, 20);
        let newest = u64::try_from(self.memory.0.lock().unwrap().rows.len()).unwrap();
        self.seam.tell(&Outgoing::Row(self.memory.row(newest)));
    }

    /// Ends the uplink as a crash does.
    pub async fn crash(self) {
        self.uplink.abort();
        assert!(self.uplink.await.unwrap_err().is_cancelled());
        self.engine.submit(Input::Stopping).unwrap();
    }

    /// Ends the uplink in order.
    pub async fn stop(self) {
        self.seam.tell(&Outgoing::Stopping);
        timeout(PATIENCE, self.uplink).await.expect("stopped in time").unwrap();
        self.engine.submit(Input::Stopping).unwrap();
    }
}

fn endpoint(files: Tls, port: u16, session: Session) -> Endpoint {
    Endpoint {
        host: "localhost".into(),
        port,
        tls: files,
        suffix: Some("maple-court".into()),
        session,
        retry_first: Duration::from_millis(10),
        retry_most: Duration::from_millis(50),
    }
}

/// The engine's thread: hears inputs, and makes acknowledgements durable.
fn pump(seam: Arc<Seam>, memory: Memory) -> mpsc::UnboundedReceiver<Input> {
    let (told, inputs) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        loop {
            let Batch { inputs, requests, stopping } = seam.take(Some(PATIENCE));
            for input in inputs {
                if let Input::JournalAcknowledged { sequence, .. } = &input {
                    memory.acknowledge(*sequence);
                }
                told.send(input).ok();
            }
            for request in requests {
                request.answer.send(crate::commands::sealed(request.after)).ok();
            }
            if stopping {
                return;
            }
        }
    });
    inputs
}

pub fn compartment() -> CompartmentId {
    CompartmentId::new("a-1").unwrap()
}

pub fn envelope() -> Envelope {
    Envelope {
        building: BuildingId::new("maple-court").unwrap(),
        epoch: Epoch([0xe0; 8]),
        boot: BOOT,
        boot_id: BootId([0xb0; 16]),
    }
}

fn event(reason_bytes: usize) -> Event {
    Event {
        at: Timestamp(1_772_350_200_007),
        trust: ClockTrust::Synchronised,
        actor: Actor::Gateway,
        cause: None,
        reason: Some("x".repeat(reason_bytes)),
        fact: Fact::CompartmentClosed { compartment: compartment() },
    }
}

pub fn published() -> Published {
    let since = Timestamp(1_772_350_000_000);
    let gateway = GatewayView {
        boot: BOOT,
        version: "1.2.3".into(),
        started: since,
        clock: ClockTrust::Synchronised,
        storage: StorageView::Good,
    };
    let door = Seen { value: None, quality: Quality::Unknown, observed_at: None };
    let view = CompartmentView {
        label: "1".into(),
        usage: Use::Free,
        since,
        door: Some(door),
        latch: None,
        occupancy: None,
        contradicts: false,
    };
    let view = View {
        gateway,
        compartments: [(compartment(), view)].into(),
        probes: BTreeMap::new(),
        devices: BTreeMap::new(),
        lines: BTreeMap::new(),
        terminals: BTreeMap::new(),
        readers: BTreeMap::new(),
    };
    let head = Some(Head { sequence: 0, hash: Digest([0; 32]) });
    Published {
        view,
        head,
        waiting_rows: 0,
        acknowledged: None,
        waiting_notices: 0,
        counters: Default::default(),
    }
}
