//! What is not as it should be, and what to do next about it.

use vestibule_contract::words::{ClockWord, CompartmentUse, Occupancy, Position, Quality, StorageWord};

use crate::console::snapshot::{Compartment, Named, Snapshot};

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
    if gateway.storage != StorageWord::Good {
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
    if gateway.clock == ClockWord::Untrusted {
        add(
            "the clock was never synchronised since the start".to_owned(),
            "check the network's time source (timedatectl)",
        );
    }
    if let Some((what, next)) = snapshot.seal.attention() {
        add(what, next);
    }
    for (what, next) in lines(snapshot) {
        add(what, &next);
    }
    for (what, next) in snapshot.readers.iter().filter_map(|reader| snapshot.reader_trouble(reader)) {
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
    for (what, next) in snapshot.probes.iter().filter_map(|probe| snapshot.probe_trouble(probe)) {
        add(what, &next);
    }
    // A contact on a board that is silent is told as that board.
    let told = |one: &&Compartment| {
        let input = one.input.as_deref().and_then(|input| input.split('/').next());
        input.is_some_and(|board| snapshot.is_silent(board))
            && one.usage != CompartmentUse::NeedsInspection
            && one.usage != CompartmentUse::OutOfService
    };
    for compartment in snapshot.compartments.iter().filter(|one| !told(one)) {
        if let Some((what, next)) = attention(compartment) {
            add(format!("door {} ({}) {what}", compartment.label, compartment.id), next);
        }
    }
    all
}

/// Lines that are away, then boards that are silent while others answer; what an older daemon does not say of them in words.
fn lines(snapshot: &Snapshot) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> =
        snapshot.field.lines.keys().filter_map(|id| snapshot.line_trouble(id)).collect();
    let is_scanner = |id: &str| snapshot.scanners.iter().any(|scanner| scanner.id == id);
    for line in snapshot.lines.iter().filter(|line| is_bad(line) && !is_scanner(&line.id)) {
        if snapshot.line_trouble(&line.id).is_none() && !line.is_online() {
            let next = "vestibule doctor --only 'lines.*' says what is heard on it";
            all.push((format!("line {} {}", line.id, presence(line)), next.to_owned()));
        }
    }
    for board in snapshot.devices.iter().filter(|board| is_bad(board) && !is_scanner(&board.id)) {
        match snapshot.field.devices.contains_key(&board.id) {
            true => all.extend(snapshot.board_trouble(board)),
            false => {
                let next = "check its power, its address and its plug".to_owned();
                all.push((format!("board {} {}", board.id, presence(board)), next));
            }
        }
    }
    all
}

/// Why somebody should look at a door.
#[must_use]
pub fn attention(compartment: &Compartment) -> Option<(String, &'static str)> {
    let cause = compartment.cause.as_deref().map(|cause| format!(" ({})", cause.replace('_', " ")));
    let cause = cause.unwrap_or_default();
    match compartment.usage {
        CompartmentUse::NeedsInspection => {
            return Some((format!("needs inspection{cause}"), "open it with `vestibule unlock` and look"));
        }
        CompartmentUse::OutOfService => {
            let next = "repair the lock, open it with `vestibule unlock` and shut it: then it serves again";
            return Some((format!("is out of service{cause}"), next));
        }
        CompartmentUse::Free | CompartmentUse::Reserved | CompartmentUse::Occupied => {}
    }
    let eye = compartment.occupancy.as_ref().filter(|eye| eye.quality == Quality::Good);
    if compartment.usage == CompartmentUse::Free
        && eye.is_some_and(|eye| eye.value == Some(Occupancy::Occupied))
    {
        let next =
            "open it with `vestibule unlock` and look; couriers are not given it until the eye is clear";
        return Some(("is free in the record, and its eye sees something".to_owned(), next));
    }
    let door = compartment.door.as_ref()?;
    if let Some(doubt) = door.doubt() {
        return Some((format!("has a contact that {doubt}"), "check the input board and the contact's wire"));
    }
    if door.value == Some(Position::Open) && compartment.usage != CompartmentUse::Reserved {
        return Some(("stands open".to_owned(), "shut it; a broken wire also reads open"));
    }
    compartment.contradicts.then(|| {
        let what = "has a latch and a contact that contradict each other".to_owned();
        (what, "look at both, and for a magnet")
    })
}

fn is_bad(thing: &Named) -> bool {
    thing.presence.quality != Quality::Good || !thing.is_online()
}

fn presence(thing: &Named) -> String {
    match thing.presence.value {
        Some(value) if !thing.is_online() => format!("is {value}"),
        _ => thing.presence.doubt().unwrap_or("is good").to_owned(),
    }
}
