//! `vestibule check`: every problem at once, or what the configuration amounts to.

use std::path::PathBuf;

use serde::Serialize;

use super::arguments::Check;
use super::table::count;
use super::{Exit, Failure, Out};
use crate::config::{self, Configuration, Layers, Loaded, Located, Severity, chance, locate, power, render};

/// What to do about files that are not enrolled yet; once, however many they are.
const AWAITED: &str = "Doors are served without them. Keys and certificate requests are made at the next start: `vestibule enroll \
    --missing` tells which to carry to their authority, `vestibule enroll --accept` brings each certificate in.\n";

#[derive(Serialize)]
struct Report {
    good: bool,
    files: Vec<String>,
    problems: Vec<Located>,
}

/// Runs the command; 0 without errors, warnings or not.
///
/// # Errors
/// The output is gone.
pub fn check(options: &[PathBuf], arguments: &Check, out: &mut Out) -> Result<Exit, Failure> {
    let layers = Layers::from_options(options);
    let loaded = match (arguments.elsewhere, arguments.unenrolled) {
        (true, _) => config::load_for_elsewhere(&layers),
        (_, true) => config::load_for_installation(&layers),
        _ => config::load(&layers),
    };
    let report = Report {
        good: loaded.configuration.is_some(),
        files: loaded.sources.iter().map(|source| source.path.display().to_string()).collect(),
        problems: loaded.problems.iter().map(|problem| locate(problem, &loaded.sources)).collect(),
    };
    out.either(&report, || words(&loaded))?;
    Ok(if report.good { Exit::Done } else { Exit::Failed })
}

fn words(loaded: &Loaded) -> String {
    let shown: Vec<_> = loaded.problems.iter().map(|problem| render(problem, &loaded.sources)).collect();
    let warnings = loaded.problems.iter().filter(|p| p.severity == Severity::Warning).count();
    let verdict = match &loaded.configuration {
        Some(configuration) => good(configuration, loaded.sources.len()),
        None => format!("Refused: {}, {}.", count(loaded.errors(), "error"), count(warnings, "warning")),
    };
    let awaited = loaded.problems.iter().any(|p| p.severity == Severity::Note);
    shown
        .into_iter()
        .chain(awaited.then(|| AWAITED.to_owned()))
        .chain([verdict])
        .collect::<Vec<_>>()
        .join("\n")
}

fn good(configuration: &Configuration, files: usize) -> String {
    let site = &configuration.site;
    let chance = chance(&site.policy, site.compartments.len(), site.terminals.len());
    format!(
        "Good: {} ({}) from {}: {} on {}, {}, {}.\nA year of guessing codes succeeds with {} in the building, {} for one unit.",
        configuration.name,
        site.building,
        count(files, "file"),
        count(site.devices.len(), "board"),
        count(configuration.lines.len(), "line"),
        count(site.compartments.len(), "compartment"),
        count(site.terminals.len(), "terminal"),
        power(chance.building),
        power(chance.unit)
    )
}
