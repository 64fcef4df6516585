//! `[[terminal]]` and `[[probe]]`: where people type, and what watches the cold.

use std::collections::{BTreeMap, BTreeSet};

use vestibule_core::id::{ProbeId, TerminalId};
use vestibule_core::site::{Climate, ProbeSite, TerminalSite};

use super::bank::{Bank, CLIMATES};
use super::channel::{Kind, Uses, resolve};
use super::field::{Field, first_of_its_name};
use super::osdp::Readers;
use super::problem::{Problem, Problems};
use super::reader::{Reader, Spot};
use super::scanner;
use super::source::Place;
use super::value::{ReaderPlace, Wiring};

/// Most terminals: each keeps a session.
pub const TERMINALS_MAX: usize = 32;

/// Reads the terminals and joins them with the banks that name them.
pub fn read_terminals(
    root: &mut Reader<'_>,
    banks: &[Bank],
    field: &mut Field,
    problems: &Problems,
) -> (BTreeMap<TerminalId, TerminalSite>, BTreeMap<TerminalId, ReaderPlace>) {
    let mut places: BTreeMap<TerminalId, Place> = BTreeMap::new();
    let mut terminals = BTreeMap::new();
    let mut readers = Readers::default();
    for mut reader in root.tables("terminal") {
        let id = reader.id("id", TerminalId::new);
        let scanner = reader.text("scanner");
        if let Some(id) = &id {
            reader.what = format!("terminal \"{}\"", id.value);
        }
        readers.read(&mut reader, id.as_ref().map(|id| &id.value), field);
        if let Some(id) = id {
            first_of_its_name(&reader, &id, places.get(&id.value));
            places.insert(id.value.clone(), id.place);
            if let Some(named) = &scanner {
                scanner::join(field, &id.value, named, problems);
            }
            terminals.insert(id.value, TerminalSite { serves: BTreeSet::new() });
        }
        reader.finish();
    }
    for bank in banks {
        for named in &bank.terminals {
            let ids: Vec<_> = terminals.keys().map(|id: &TerminalId| id.as_str().to_owned()).collect();
            match terminals.get_mut(&named.value) {
                Some(terminal) => drop(terminal.serves.insert(bank.id.value.clone())),
                None => {
                    let message = format!("there is no terminal \"{}\"", named.value);
                    let problem = Problem::error(Some(named.place), message)
                        .help(format!("add [[terminal]] id = \"{}\"", named.value));
                    problems.add(problem.did_you_mean(named.value.as_str(), ids.iter().map(String::as_str)));
                }
            }
        }
    }
    for (id, _) in terminals.iter().filter(|(_, terminal)| terminal.serves.is_empty()) {
        let message = format!("terminal \"{id}\" serves no bank");
        problems.add(Problem::warning(places.get(id).copied(), message));
    }
    if terminals.len() > TERMINALS_MAX {
        let message =
            format!("{} terminals are configured; at most {TERMINALS_MAX} are allowed", terminals.len());
        problems.add(Problem::error(None, message));
    }
    readers.check(field, problems);
    (terminals, readers.by_terminal)
}

/// The probes as read.
#[derive(Default)]
pub struct Probes {
    /// For the core.
    pub sites: BTreeMap<ProbeId, ProbeSite>,
    /// The probe that watches a bank, by the bank's id.
    pub by_bank: BTreeMap<String, ProbeId>,
}

/// Reads the probes.
pub fn read_probes(
    root: &mut Reader<'_>,
    banks: &[Bank],
    field: &Field,
    uses: &mut Uses,
    wiring: &mut Wiring,
) -> Probes {
    let mut probes = Probes::default();
    let mut places: BTreeMap<ProbeId, Place> = BTreeMap::new();
    for mut reader in root.tables("probe") {
        let id = reader.id("id", ProbeId::new);
        if let Some(id) = &id {
            reader.what = format!("probe \"{}\"", id.value);
            first_of_its_name(&reader, id, places.get(&id.value));
            places.insert(id.value.clone(), id.place);
        }
        let source = reader.required_text("source", "the board and its channel, e.g. \"bank-c-temps/1\"");
        let mut channels =
            source.map(|s| resolve(&s, Kind::Probe, field, reader.problems)).unwrap_or_default();
        if let (Some(extra), true) = (channels.first(), channels.len() > 1) {
            let message = format!("{} reads one channel, not a range", reader.what);
            reader.problems.add(Problem::error(Some(extra.place), message));
        }
        let climate = reader.required("climate", "what it should read: ambient, chilled or frozen");
        let climate = climate.and_then(|_| reader.choice("climate", &CLIMATES));
        let bank = reader.text("bank").and_then(|text| watched(&reader, &text, banks, climate.as_ref()));
        let problems = reader.problems;
        let what = reader.what.clone();
        reader.finish();
        let (Some(id), Some(climate)) = (id, climate) else { continue };
        if let Some(channel) = channels.pop() {
            uses.take(Kind::Probe, &channel, &what, problems);
            wiring.probes.insert(channel.value, id.value.clone());
        }
        if let Some(bank) = bank {
            probes.by_bank.entry(bank).or_insert_with(|| id.value.clone());
        }
        probes.sites.insert(id.value, ProbeSite { climate: climate.value });
    }
    probes
}

fn watched(
    reader: &Reader<'_>,
    text: &Spot<&str>,
    banks: &[Bank],
    climate: Option<&Spot<Climate>>,
) -> Option<String> {
    let Some(bank) = banks.iter().find(|bank| bank.id.value.as_str() == text.value) else {
        let message = format!("there is no bank \"{}\"", text.value);
        let ids = banks.iter().map(|bank| bank.id.value.as_str());
        reader.problems.add(Problem::error(Some(text.place), message).did_you_mean(text.value, ids));
        return None;
    };
    if let Some(climate) = climate.filter(|climate| climate.value != bank.climate) {
        let message = format!("{} and bank \"{}\" have different climates", reader.what, bank.id.value);
        reader.problems.add(Problem::error(Some(climate.place), message).other(bank.id.place, "this bank"));
    }
    Some(text.value.to_owned())
}

/// Cold banks without a probe are never allocated: allowed, and surely not meant.
pub fn warn_unwatched(banks: &[Bank], probes: &Probes, problems: &Problems) {
    for bank in banks {
        if bank.climate != Climate::Ambient && !probes.by_bank.contains_key(bank.id.value.as_str()) {
            let message =
                format!("no probe watches bank \"{}\"; it will never be given a parcel", bank.id.value);
            let help = format!("add a [[probe]] with bank = \"{}\"", bank.id.value);
            problems.add(Problem::warning(Some(bank.id.place), message).help(help));
        }
    }
}
