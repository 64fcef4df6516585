//! From files to the validated value: every section is read, so that every problem is told at once.

use device_drivers::order::{PulseLength, in_words};
use sha2::{Digest as _, Sha256};
use vestibule_core::site::Site;
use vestibule_core::time::Millis;
use vestibule_core::unit::Digest;

use super::BrokerStart;
use super::bank::{self, Bank};
use super::channel::{Kind, Uses};
use super::compartment::Compartments;
use super::field::{self, Field};
use super::guess;
use super::local::{self, BuildingSection};
use super::lock_lines;
use super::lock_power;
use super::metrics;
use super::network::{self, Files, Paths};
use super::place;
use super::policy;
use super::problem::{Problem, Problems};
use super::profiles;
use super::reader::Reader;
use super::scanner;
use super::source::{Place, Source, SourceKind, Sources};
use super::tree::{self, Table, Value};
use super::value::{Configuration, Origin, Wiring};

/// Sections of the design that later versions read.
const LATER: [&str; 4] = ["room", "notify", "report", "staff"];

/// Compiles all files; `None` if and only if some problem is an error.
pub fn compile(sources: &Sources, files: Files, problems: &Problems) -> Option<Configuration> {
    let table = merge(sources, problems)?;
    let place = Place { source: 0, start: 0, end: 0 };
    let mut root = Reader::new(&table, place, "the configuration", problems);
    let paths = Paths { sources, files };
    root.not_yet(&LATER);
    let building = local::read_building(&mut root);
    let local = local::read_local(&mut root, paths);
    let policy = policy::read(&mut root, problems);
    let models = profiles::read(sources, problems);
    let mut field = field::read(&mut root, &models, problems);
    let (mut uses, mut wiring) = (Uses::default(), Wiring::default());
    let banks = read_banks(&mut root, &field);
    let probes = place::read_probes(&mut root, &banks, &field, &mut uses, &mut wiring);
    place::warn_unwatched(&banks, &probes, problems);
    let (terminals, readers) = place::read_terminals(&mut root, &banks, &mut field, problems);
    scanner::check(&field, problems);
    let mut cells = Compartments::new(&mut root, &field, problems, &mut uses, &mut wiring, &probes.by_bank);
    banks.iter().for_each(|bank| cells.add_bank(bank));
    let compartments = cells.finish();
    lock_lines::check(&field, &uses, problems);
    lock_power::check(&field, &uses, policy.pulse, problems);
    warn_of_own_pulses(&mut root, &field, &uses, problems);
    check_pulses(&field, &uses, policy.pulse, problems);
    let at = root.get("policy").map_or(place, |node| node.place);
    guess::check(&policy, compartments.len(), terminals.len(), at, problems);
    let broker = network::read_broker(&mut root, paths);
    let cloud = network::read_cloud(&mut root, paths);
    let metrics = metrics::read(&mut root);
    root.finish();
    if problems.errors() > 0 {
        return None;
    }
    let BuildingSection { id, name, time_zone, support } = building?;
    let longest_hold = lock_power::longest_hold(&field, &uses, policy.pulse);
    let boards = field.devices.into_iter().filter_map(|(id, known)| Some((id, known.line?)));
    let scanners = field.scanners.values().map(|scanner| (scanner.device.clone(), scanner.line.clone()));
    let devices = boards.chain(scanners).collect();
    let probes = probes.sites;
    let site = Site { building: id, support, compartments, terminals, probes, devices, policy, longest_hold };
    let (lines, digest) = (field.lines, digest(sources));
    let sources = sources.clone();
    Some(Configuration {
        name,
        time_zone,
        site,
        lines,
        models,
        scanners: field.scanners,
        readers,
        wiring,
        broker,
        cloud,
        metrics,
        local,
        digest,
        origin: Origin::Current,
        sources,
    })
}

/// What `vestibule broker` needs. Problems of other sections do not keep the broker from running.
pub fn compile_broker(sources: &Sources, problems: &Problems) -> Option<BrokerStart> {
    let table = merge(sources, problems)?;
    let mut root = Reader::new(&table, Place { source: 0, start: 0, end: 0 }, "the configuration", problems);
    let building = local::read_building(&mut root);
    root.required("broker", "[broker] says where it listens and which certificate it shows");
    let broker = network::read_broker(&mut root, Paths { sources, files: Files::MustExist });
    if problems.errors() > 0 {
        return None;
    }
    let aside = Problems::default();
    let mut root = Reader::new(&table, Place { source: 0, start: 0, end: 0 }, "the configuration", &aside);
    let (log, metrics) = (local::read_log(&mut root), metrics::read(&mut root));
    Some(BrokerStart { building: building?.id, broker: broker?, metrics, log })
}

/// All layers as one table; `None` where some file is missing or not TOML, since what it meant would only be guessed.
fn merge(sources: &[Source], problems: &Problems) -> Option<Table> {
    let mut merged = Table::new();
    let layers = sources.iter().enumerate().filter(|(_, source)| source.kind == SourceKind::Layer);
    for (index, source) in layers {
        tree::overlay(&mut merged, tree::parse(index, source, problems));
    }
    (problems.errors() == 0).then_some(merged)
}

fn read_banks(root: &mut Reader<'_>, field: &Field) -> Vec<Bank> {
    let heights = bank::read_sizes(root);
    let mut banks = Vec::new();
    for reader in root.tables("bank") {
        if let Some(bank) = bank::read(reader, field, &heights, &banks) {
            banks.push(bank);
        }
    }
    banks
}

/// A pulse length that is written and reaches no lock is a surprise on the day of the first jam.
fn warn_of_own_pulses(root: &mut Reader<'_>, field: &Field, uses: &Uses, problems: &Problems) {
    let policy = root.get("policy").map(|node| &node.value);
    let Some(Value::Table(policy)) = policy else { return };
    let Some(pulse) = policy.get("pulse") else { return };
    let own = field.devices.iter().find_map(|(id, known)| {
        let model = known.model.as_ref().filter(|model| model.own_pulse().is_some())?;
        uses.any(Kind::Output, id).then_some((id, model.name()))
    });
    if let Some((id, model)) = own {
        let message = format!("pulse does not reach \"{id}\": a {model} times its locks itself");
        let help = "set the time on the board where it can be set; the pulse here is for the other boards";
        problems.add(Problem::warning(Some(pulse.1.place), message).help(help));
    }
}

/// A board that cannot time the house's pulse would hold a lock for another time than was decided, or not at all.
fn check_pulses(field: &Field, uses: &Uses, pulse: Millis, problems: &Problems) {
    for (device, known) in field.devices.iter().filter(|(id, _)| uses.any(Kind::Output, id)) {
        let Some(model) = &known.model else { continue };
        let lengths = model.pulse_lengths();
        let wanted = u32::try_from(pulse.0).ok().and_then(|millis| PulseLength::from_millis(millis).ok());
        if wanted.is_some_and(|wanted| lengths.contains(&wanted)) {
            continue;
        }
        let message = format!(
            "device \"{device}\" ({}) cannot time a pulse of {} ms, which [policy] pulse asks for",
            model.name(),
            pulse.0
        );
        let help =
            format!("it can time {}; all lock boards of a building share one pulse", in_words(&lengths));
        problems.add(Problem::error(Some(known.place), message).help(help));
    }
}

pub(super) fn digest(sources: &[Source]) -> Digest {
    let mut hash = Sha256::new();
    for source in sources {
        // Lengths first, so that no two sets of files give the same bytes.
        for part in [source.path.as_os_str().as_encoded_bytes(), source.text.as_bytes()] {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part);
        }
    }
    Digest(hash.finalize().into())
}
