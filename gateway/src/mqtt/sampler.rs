//! Telemetry: what is sampled from the snapshot, and a bounded ring for the time without a connection.

use std::collections::{BTreeMap, VecDeque};

use device_drivers::line::counters::{LineCounters, SlaveCounters};
use device_drivers::osdp::ReaderCounters;
use device_drivers::scanner::ScannerCounters;
use vestibule_contract::PayloadError;
use vestibule_contract::telemetry::{
    DeviceValues, GatewayValues, Latency, LineValues, ReaderValues, Sample, ScannerValues, TerminalValues,
};
use vestibule_contract::topic::Topic;
use vestibule_core::effect::Thing;
use vestibule_core::id::{BuildingId, TerminalId};
use vestibule_core::time::Timestamp;

use super::limits::SAMPLES_MAX;
use super::message::Message;
use crate::engine::Published;
use crate::telemetry::{self, Totals};

/// Samples that wait, oldest first.
pub(super) struct Samples {
    totals: telemetry::Telemetry,
    waiting: VecDeque<(Thing, Vec<u8>)>,
    dropped: u64,
}

impl Samples {
    /// None yet.
    pub(super) const fn new(totals: telemetry::Telemetry) -> Self {
        Self { totals, waiting: VecDeque::new(), dropped: 0 }
    }

    /// Samples everything once.
    pub(super) fn take(&mut self, published: &Published, at: Timestamp, messages_dropped: u64) {
        let boot = published.view.gateway.boot;
        let own = gateway(published, self.dropped, messages_dropped);
        self.push(Thing::Gateway, Sample::new(at, boot, own).bytes());
        for (id, seen) in &published.view.probes {
            if let Some(sample) = Sample::of_probe(boot, seen) {
                self.push(Thing::Probe(id.clone()), sample.bytes());
            }
        }
        let totals = self.totals.totals();
        for (id, counters) in &totals.lines {
            self.push(Thing::Line(id.clone()), Sample::new(at, boot, line(counters)).bytes());
        }
        for (id, values) in terminals(&totals) {
            self.push(Thing::Terminal(id), Sample::new(at, boot, values).bytes());
        }
        for (id, counters) in &totals.devices {
            self.push(Thing::Device(id.clone()), Sample::new(at, boot, device(counters)).bytes());
        }
    }

    /// The oldest sample.
    pub(super) fn next(&mut self, building: &BuildingId) -> Option<Message> {
        let (thing, payload) = self.waiting.pop_front()?;
        Some(Message::sample(Topic::Telemetry(thing).text(building), payload))
    }

    fn push(&mut self, thing: Thing, payload: Result<Vec<u8>, PayloadError>) {
        let payload = match payload {
            Ok(payload) => payload,
            Err(error) => {
                tracing::error!(%error, "sample not written");
                return;
            }
        };
        if self.waiting.len() >= SAMPLES_MAX {
            self.waiting.pop_front();
            self.dropped += 1;
        }
        self.waiting.push_back((thing, payload));
    }
}

const fn gateway(published: &Published, samples_dropped: u64, messages_dropped: u64) -> GatewayValues {
    let counters = &published.counters;
    GatewayValues {
        inputs_total: counters.inputs,
        commits_total: counters.commits,
        rows_total: counters.rows,
        rows_pruned_total: counters.rows_pruned,
        storage_failures_total: counters.storage_failures,
        unlocks_total: counters.unlocks,
        unlocks_withheld_total: counters.unlocks_withheld,
        inputs_refused_total: counters.inputs_refused,
        outgoing_dropped_total: counters.outgoing_dropped,
        last_commit_us: counters.last_commit_us,
        waiting_rows: published.waiting_rows,
        samples_dropped_total: samples_dropped,
        messages_dropped_total: messages_dropped,
    }
}

/// What is counted at each terminal that has a reader or a scanner.
fn terminals(totals: &Totals) -> BTreeMap<TerminalId, TerminalValues> {
    let mut all: BTreeMap<TerminalId, TerminalValues> = BTreeMap::new();
    for (id, known) in &totals.readers {
        all.entry(id.clone()).or_default().reader = Some(reader(&known.counters));
    }
    for known in totals.scanners.values() {
        if let Some(id) = &known.terminal {
            all.entry(id.clone()).or_default().scanner = Some(scanner(&known.counters));
        }
    }
    all
}

const fn reader(counters: &ReaderCounters) -> ReaderValues {
    ReaderValues {
        answered_total: counters.answered,
        unanswered_total: counters.unanswered,
        channels_total: counters.channels,
        clear_reads_total: counters.clear_reads,
        distrusted_total: counters.distrusted,
    }
}

const fn scanner(counters: &ScannerCounters) -> ScannerValues {
    ScannerValues {
        scans_total: counters.scans,
        repeated_total: counters.repeated,
        dropped_total: counters.dropped,
        commands_total: counters.commands,
        unanswered_total: counters.unanswered,
        set_up_codes_total: counters.set_up_codes,
        settings_changed_total: counters.changed,
        settings_undone_total: counters.undone,
    }
}

const fn line(counters: &LineCounters) -> LineValues {
    LineValues {
        transactions_total: counters.transactions,
        busy_s: counters.busy.as_secs_f64(),
        busy_dead_s: counters.busy_dead.as_secs_f64(),
        foreign_frames_total: counters.foreign,
        noise_bytes_total: counters.noise_bytes,
    }
}

fn device(counters: &SlaveCounters) -> DeviceValues {
    DeviceValues {
        ok_total: counters.ok,
        timeout_total: counters.timeout,
        crc_total: counters.crc,
        exception_total: counters.exception,
        late_total: counters.late,
        latency: counters.latency_mean().map(|mean| Latency {
            latency_least_s: counters.latency_least.as_secs_f64(),
            latency_most_s: counters.latency_most.as_secs_f64(),
            latency_mean_s: mean.as_secs_f64(),
        }),
    }
}
