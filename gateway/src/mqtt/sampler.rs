//! Telemetry: what is sampled from the snapshot, and a bounded ring for the time without a connection.

use std::collections::VecDeque;

use device_drivers::line::counters::{LineCounters, SlaveCounters};
use vestibule_contract::PayloadError;
use vestibule_contract::telemetry::Telemetry;
use vestibule_contract::topic::Topic;
use vestibule_core::effect::Thing;
use vestibule_core::id::BuildingId;
use vestibule_core::time::Timestamp;

use super::limits::SAMPLES_MAX;
use super::message::Message;
use crate::engine::{Counters, Published};
use crate::telemetry;

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
        let own = [
            ("waiting_rows", exact(published.waiting_rows)),
            ("samples_dropped_total", exact(self.dropped)),
            ("messages_dropped_total", exact(messages_dropped)),
        ];
        let gateway = Telemetry::new(at, boot, gateway(&published.counters).into_iter().chain(own));
        self.push(Thing::Gateway, gateway.bytes());
        for (id, seen) in &published.view.probes {
            if let Some(sample) = Telemetry::of_probe(boot, seen) {
                self.push(Thing::Probe(id.clone()), sample.bytes());
            }
        }
        let totals = self.totals.totals();
        for (id, counters) in &totals.lines {
            self.push(Thing::Line(id.clone()), Telemetry::new(at, boot, line(counters)).bytes());
        }
        for (id, counters) in &totals.devices {
            self.push(Thing::Device(id.clone()), Telemetry::new(at, boot, device(counters)).bytes());
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

/// The gateway's own numbers. Counts of a start stay far below 2^53, where `f64` is exact.
fn gateway(counters: &Counters) -> Vec<(&'static str, f64)> {
    let numbers = [
        ("inputs_total", counters.inputs),
        ("commits_total", counters.commits),
        ("rows_total", counters.rows),
        ("storage_failures_total", counters.storage_failures),
        ("unlocks_total", counters.unlocks),
        ("unlocks_withheld_total", counters.unlocks_withheld),
        ("inputs_refused_total", counters.inputs_refused),
        ("outgoing_dropped_total", counters.outgoing_dropped),
        ("last_commit_us", counters.last_commit_us),
    ];
    numbers.into_iter().map(|(name, value)| (name, exact(value))).collect()
}

fn line(counters: &LineCounters) -> [(&'static str, f64); 5] {
    [
        ("transactions_total", exact(counters.transactions)),
        ("busy_s", counters.busy.as_secs_f64()),
        ("busy_dead_s", counters.busy_dead.as_secs_f64()),
        ("foreign_frames_total", exact(counters.foreign)),
        ("noise_bytes_total", exact(counters.noise_bytes)),
    ]
}

fn device(counters: &SlaveCounters) -> [(&'static str, f64); 8] {
    [
        ("ok_total", exact(counters.ok)),
        ("timeout_total", exact(counters.timeout)),
        ("crc_total", exact(counters.crc)),
        ("exception_total", exact(counters.exception)),
        ("late_total", exact(counters.late)),
        ("latency_least_s", counters.latency_least.as_secs_f64()),
        ("latency_most_s", counters.latency_most.as_secs_f64()),
        ("latency_mean_s", counters.latency_mean().unwrap_or_default().as_secs_f64()),
    ]
}

fn exact(value: u64) -> f64 {
    // Two halves of 32 bits are exact each; only their sum rounds, beyond 2^53.
    let high = u32::try_from(value >> 32).unwrap_or(u32::MAX);
    let low = u32::try_from(value & u64::from(u32::MAX)).unwrap_or(u32::MAX);
    f64::from(high) * 4_294_967_296.0 + f64::from(low)
}
