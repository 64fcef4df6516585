//! What is not as it should be, and what to do next about it.

use crate::console::snapshot::{Compartment, Named, Read, Snapshot};

/// One thing to look at.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Advice {
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub next: String,
}

/// Everything that somebody should look at, the most urgent first.
#[must_use]
pub fn advice(snapshot: &Snapshot) -> Vec<Advice> {
    let mut all = Vec::new();
    let mut add = |what: String, next: &str| all.push(Advice { what, next: next.to_owned() });
    let gateway = &snapshot.gateway;
    if gateway.storage != "good" {
        let what = format!("the journal cannot be written; {} rows wait in memory", gateway.waiting_rows);
        add(what, "check space and health of the disk (df -h, dmesg); pickups go on, deposits wait");
    }
    if gateway.configuration_problems > 0 {
        let what = format!(
            "the configuration has {} problems; the last good one runs",
            gateway.configuration_problems
        );
        add(what, "run `vestibule check`, correct the files, then restart the service");
    }
    if gateway.clock == "untrusted" {
        add(
            "the clock was never synchronised since the start".to_owned(),
            "check the network's time source (timedatectl)",
        );
    }
    if let Some((what, next)) = snapshot.seal.attention() {
        add(what, next);
    }
    for line in snapshot.lines.iter().filter(|line| is_bad(line)) {
        add(
            format!("line {} {}", line.id, presence(line)),
            "check its adapter and the cable to the first board",
        );
    }
    let is_scanner = |id: &str| snapshot.scanners.iter().any(|scanner| scanner.id == id);
    for device in snapshot.devices.iter().filter(|device| is_bad(device) && !is_scanner(&device.id)) {
        add(format!("board {} {}", device.id, presence(device)), "check its power, its address and its plug");
    }
    for (what, next) in snapshot.readers.iter().filter_map(|reader| reader.attention()) {
        add(what, &next);
    }
    for (what, next) in snapshot.scanners.iter().filter_map(|scanner| scanner.attention()) {
        add(what, next);
    }
    for (name, link) in snapshot.links.iter().filter(|(_, link)| !link.connected) {
        let why = link.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let (who, next) = match name {
            "bus" => {
                ("the building's broker", "look at `systemctl status vestibule-broker` and its certificates")
            }
            _ => ("the cloud", "check the network and the certificate; doors go on, the journal waits"),
        };
        add(format!("{who} is away{why}"), next);
    }
    for probe in snapshot.probes.iter().filter(|probe| probe.milli_celsius.quality != "good") {
        let what = format!("probe {} {}", probe.id, quality_words(&probe.milli_celsius));
        add(what, "what it watches counts as not safe until it reads again");
    }
    for compartment in &snapshot.compartments {
        if let Some((what, next)) = attention(compartment) {
            add(format!("door {} ({}) {what}", compartment.label, compartment.id), next);
        }
    }
    all
}

/// Why somebody should look at a door.
#[must_use]
pub fn attention(compartment: &Compartment) -> Option<(String, &'static str)> {
    let cause = compartment.cause.as_deref().map(|cause| format!(" ({})", cause.replace('_', " ")));
    let cause = cause.unwrap_or_default();
    match compartment.usage.as_str() {
        "needs_inspection" => {
            return Some((format!("needs inspection{cause}"), "open it with `vestibule unlock` and look"));
        }
        "out_of_service" => {
            let next = "repair the lock, open it with `vestibule unlock` and shut it: then it serves again";
            return Some((format!("is out of service{cause}"), next));
        }
        _ => {}
    }
    let eye = compartment.occupancy.as_ref().filter(|eye| eye.quality == "good");
    if compartment.usage == "free" && eye.is_some_and(|eye| eye.value.as_deref() == Some("occupied")) {
        let next =
            "open it with `vestibule unlock` and look; couriers are not given it until the eye is clear";
        return Some(("is free in the record, and its eye sees something".to_owned(), next));
    }
    let door = compartment.door.as_ref()?;
    match door.quality.as_str() {
        "good" if door.value.as_deref() == Some("open") && compartment.usage != "reserved" => {
            Some(("stands open".to_owned(), "shut it; a broken wire also reads open"))
        }
        "good" => None,
        _ => Some((
            format!("has a contact that {}", quality_words(door)),
            "check the input board and the contact's wire",
        )),
    }
}

fn is_bad(thing: &Named) -> bool {
    thing.presence.quality != "good" || thing.presence.value.as_deref() != Some("online")
}

fn presence(thing: &Named) -> String {
    match (thing.presence.value.as_deref(), thing.presence.quality.as_str()) {
        (Some(value), _) if value != "online" => format!("is {value}"),
        _ => quality_words(&thing.presence),
    }
}

fn quality_words<T>(read: &Read<T>) -> String {
    match read.quality.as_str() {
        "unknown" => "was not heard since the start",
        "stale" => "was not heard for too long",
        "fault" => "reports a fault",
        _ => "is good",
    }
    .to_owned()
}
