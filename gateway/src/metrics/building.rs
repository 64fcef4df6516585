//! The gateway, its compartments, probes and connections.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::registry::Unit;
use vestibule_contract::words::{ClockWord, CompartmentUse, Position, Quality, StorageWord};

use super::families::{Families, Family, plain, seconds, states};
use super::field;
use crate::commission::SEAL_STATES;
use crate::console::snapshot::{Gateway, Snapshot};

/// What is told of a building.
#[derive(Debug)]
pub(super) struct Building(pub(super) Snapshot);

impl Collector for Building {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut families = Families(encoder);
        gateway(&mut families, &self.0)?;
        journal(&mut families, &self.0.gateway)?;
        engine(&mut families, &self.0.gateway)?;
        compartments(&mut families, &self.0)?;
        probes(&mut families, &self.0)?;
        links(&mut families, &self.0)?;
        field::write(&mut families, &self.0)
    }
}

fn gateway(families: &mut Families<'_>, snapshot: &Snapshot) -> fmt::Result {
    let gateway = &snapshot.gateway;
    let about = [("building", snapshot.building.as_str()), ("version", gateway.version.as_str())];
    families.info(plain("vestibule_gateway", "The building and the version that serves it."), &about)?;
    families.counter(
        plain("vestibule_starts", "Starts of the daemon on this database."),
        u64::from(gateway.boot),
    )?;
    let started = seconds("vestibule_started_timestamp", "When the daemon started.");
    families.gauge(started, from_millis(gateway.started))?;
    let trust =
        states(ClockWord::WORDS, Some(gateway.clock.word())).map(|(word, is)| ([("trust", word)], is));
    families.gauges(plain("vestibule_clock_trust", "How far the wall clock is trusted."), trust)?;
    let problems = u64::try_from(gateway.configuration_problems).unwrap_or(u64::MAX);
    let help = "Problems of the configuration files; above 0 an older configuration runs.";
    families.gauge(plain("vestibule_configuration_problems", help), problems)?;
    let seal = states(SEAL_STATES, snapshot.seal.state.word()).map(|(word, is)| ([("state", word)], is));
    families.gauges(plain("vestibule_seal_state", "1 for how the seal of commissioning stands."), seal)
}

fn journal(families: &mut Families<'_>, gateway: &Gateway) -> fmt::Result {
    let degraded = i64::from(gateway.storage == StorageWord::Degraded);
    families.gauge(plain("vestibule_storage_degraded", "1 while rows cannot be made durable."), degraded)?;
    let family = plain("vestibule_journal_sequence", "Sequence of the newest durable row of this epoch.");
    families.gauge(family, gateway.journal)?;
    let family = plain("vestibule_journal_waiting_rows", "Rows in memory that wait for the disk.");
    families.gauge(family, gateway.waiting_rows)?;
    let family =
        plain("vestibule_journal_acknowledged_sequence", "Sequence of the newest row that the cloud has.");
    families.gauge(family, gateway.acknowledged.unwrap_or(0))?;
    let notices = u64::try_from(gateway.waiting_notices).unwrap_or(u64::MAX);
    families.gauge(plain("vestibule_notices_waiting", "Notices that the notifier has not taken."), notices)
}

fn engine(families: &mut Families<'_>, gateway: &Gateway) -> fmt::Result {
    let counters = &gateway.counters;
    let last = seconds("vestibule_last_commit", "Length of the last step that made rows durable.");
    families.gauge(last, from_micros(counters.last_commit_us))?;
    for (name, help, value) in [
        ("vestibule_inputs", "Inputs decided.", counters.inputs),
        ("vestibule_inputs_refused", "Inputs refused because their lane was full.", counters.inputs_refused),
        ("vestibule_commits", "Commits that became durable.", counters.commits),
        ("vestibule_journal_rows", "Journal rows that became durable.", counters.rows),
        ("vestibule_journal_rows_pruned", "Journal rows whose retention ended.", counters.rows_pruned),
        ("vestibule_storage_failures", "Failed commits, prunings and reopenings.", counters.storage_failures),
        ("vestibule_unlocks", "Unlock orders handed to the field.", counters.unlocks),
        (
            "vestibule_unlocks_withheld",
            "Unlocks whose intent could not be recorded.",
            counters.unlocks_withheld,
        ),
        ("vestibule_outgoing_dropped", "Messages that a slow client did not get.", counters.outgoing_dropped),
    ] {
        families.counter(plain(name, help), value)?;
    }
    Ok(())
}

fn compartments(families: &mut Families<'_>, snapshot: &Snapshot) -> fmt::Result {
    let count = |word: &str| snapshot.compartments.iter().filter(|c| c.usage.word() == word).count();
    let uses = CompartmentUse::WORDS.iter();
    let uses = uses.map(|word| ([("use", *word)], u64::try_from(count(word)).unwrap_or(u64::MAX)));
    families.gauges(plain("vestibule_compartments", "Compartments by use."), uses)?;
    let doors = || {
        let wired = snapshot.compartments.iter().filter_map(|c| Some((c, c.door.as_ref()?)));
        wired.map(|(c, door)| ([("compartment", c.id.as_str()), ("label", c.label.as_str())], door))
    };
    let open = doors().map(|(labels, door)| (labels, i64::from(door.value == Some(Position::Open))));
    families.gauges(plain("vestibule_door_open", "1 while the door's contact last read open."), open)?;
    let good = doors().map(|(labels, door)| (labels, i64::from(door.quality == Quality::Good)));
    families.gauges(plain("vestibule_door_contact_good", "1 while the door's contact can be believed."), good)
}

fn probes(families: &mut Families<'_>, snapshot: &Snapshot) -> fmt::Result {
    let probes =
        || snapshot.probes.iter().map(|p| ([("probe", p.id.as_str()), ("climate", p.climate.word())], p));
    let help = "Last reading, whatever its quality.";
    let family = Family { name: "vestibule_probe_temperature", help, unit: Some(&Unit::Celsius) };
    let read = probes().filter_map(|(labels, p)| Some((labels, f64::from(p.milli_celsius.value?) / 1_000.0)));
    families.gauges(family, read)?;
    let good = probes().map(|(labels, p)| (labels, i64::from(p.milli_celsius.quality == Quality::Good)));
    families.gauges(plain("vestibule_probe_good", "1 while the probe can be believed."), good)?;
    let seen = probes().filter_map(|(labels, p)| Some((labels, from_millis(p.milli_celsius.observed_at?))));
    families.gauges(seconds("vestibule_probe_read_timestamp", "When the probe was heard last."), seen)
}

fn links(families: &mut Families<'_>, snapshot: &Snapshot) -> fmt::Result {
    let links = || snapshot.links.iter().map(|(name, link)| ([("link", name)], link));
    let up = links().map(|(labels, link)| (labels, i64::from(link.connected)));
    families.gauges(plain("vestibule_link_up", "1 while the connection to a broker stands."), up)?;
    let made = links().map(|(labels, link)| (labels, link.made));
    families.counters(plain("vestibule_link_connections", "Connections made to a broker."), made)
}

/// Seconds of a number of milliseconds; exact for any date.
fn from_millis(millis: i64) -> f64 {
    jiff::SignedDuration::from_millis(millis).as_secs_f64()
}

fn from_micros(micros: u64) -> f64 {
    std::time::Duration::from_micros(micros).as_secs_f64()
}
