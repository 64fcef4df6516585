//! The end of a walk: all doors held against each other, then the layer, the report and the seal.

use std::fs;
use std::path::Path;

use vestibule_core::id::CompartmentId;
use vestibule_core::site::Sensing;

use super::super::arguments::Arguments;
use super::super::{Exit, Failure, Out};
use super::events::Event;
use super::permit::{self, Permit};
use super::walk::Walk;
use crate::commission::{
    DoorRecord, Ending, LEARNED_FILE, REPORTS, Report, Seal, faults, html, learned_text, markdown,
    write_learned,
};
use crate::config::{self, Configuration, Layers, render};

/// Ends the walk of these doors.
///
/// # Errors
/// Nothing can be written.
pub(super) fn finish(
    walk: Walk<'_>,
    arguments: &Arguments,
    ids: &[&CompartmentId],
    permit: &Permit,
    out: &mut Out,
) -> Result<Exit, Failure> {
    let configuration = walk.configuration;
    let state_dir = &configuration.local.state_dir;
    let doors: Vec<DoorRecord> = ids.iter().map(|id| of_door(id, configuration, &walk.notes.doors)).collect();
    let wired = |id: &str| {
        let mut all = configuration.site.compartments.iter();
        all.any(|(one, site)| one.as_str() == id && site.door == Sensing::Wired)
    };
    let mut wrong = faults(&doors, wired);
    let date = permit::now().replace(':', "");
    let some = doors.iter().any(|door| door.ending == Ending::Learned);
    let written = match some && wrong.is_empty() {
        true => layer(arguments, configuration, &doors, &date, &mut wrong)?,
        false => None,
    };
    let complete = doors.iter().all(|door| door.ending == Ending::Learned);
    let good = complete && wrong.is_empty();
    let report = Report {
        name: configuration.name.clone(),
        head: walk.notes.head().clone(),
        ended: permit::now(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        untested: untested(configuration, ids),
        doors,
        lines: walk.boards.quality(),
        faults: wrong.clone(),
    };
    drop(walk.boards);
    let reports = write_reports(&report, state_dir, &date)?;
    if good {
        let done = state_dir.join(REPORTS).join(format!("{date}.ndjson"));
        walk.notes.finish(&done).map_err(|error| Failure::new(error.to_string()))?;
        // The first good walk seals the site. Later ones mend what was broken since only if they leave no door out.
        let whole = ids.len() == configuration.site.compartments.len();
        if whole || Seal::of(state_dir).map_err(|error| Failure::new(error.to_string()))?.is_none() {
            let at = jiff::Timestamp::now().as_millisecond();
            Seal::set(state_dir, &permit.who, at).map_err(|error| Failure::new(error.to_string()))?;
        }
    }
    Event::Done { good, learned: written, reports, faults: wrong }.tell(out)?;
    Ok(if good { Exit::Done } else { Exit::Failed })
}

/// What is known of one door at the end.
fn of_door(id: &CompartmentId, configuration: &Configuration, all: &[DoorRecord]) -> DoorRecord {
    let mine = || all.iter().filter(|door| door.compartment == id.as_str());
    let learned = mine().find(|door| door.ending == Ending::Learned);
    if let Some(known) = learned.or_else(|| mine().next_back()) {
        return known.clone();
    }
    let site = configuration.site.compartments.get(id);
    DoorRecord {
        compartment: id.as_str().to_owned(),
        label: site.map_or_else(String::new, |site| site.label.clone()),
        lock: "none found".to_owned(),
        door: None,
        latch: None,
        opened_ms: None,
        pulses: 0,
        ending: Ending::Failed,
        why: Some("its own output opened another door, and no output opened it".to_owned()),
        at: permit::now(),
    }
}

/// Writes the layer if the whole configuration is good with it; otherwise says what is wrong.
fn layer(
    arguments: &Arguments,
    configuration: &Configuration,
    doors: &[DoorRecord],
    date: &str,
    wrong: &mut Vec<String>,
) -> Result<Option<String>, Failure> {
    let state_dir = &configuration.local.state_dir;
    let head = format!("Learned by walking {}, {date}", configuration.site.building);
    let text = learned_text(state_dir, doors, &head).map_err(|error| Failure::new(error.to_string()))?;
    let path = state_dir.join(LEARNED_FILE);
    let loaded = config::load_with_layer(&Layers::from_options(&arguments.config), &path, &text);
    if loaded.configuration.is_none() {
        wrong.extend(loaded.problems.iter().map(|problem| render(problem, &loaded.sources)));
        return Ok(None);
    }
    let path = write_learned(state_dir, &text, date).map_err(|error| Failure::new(error.to_string()))?;
    Ok(Some(path.display().to_string()))
}

/// What a walk of these doors leaves untried.
fn untested(configuration: &Configuration, ids: &[&CompartmentId]) -> Vec<String> {
    let site = &configuration.site;
    let rest: Vec<&str> = site
        .compartments
        .iter()
        .filter(|(id, _)| !ids.contains(id))
        .map(|(_, one)| one.label.as_str())
        .collect();
    let probes: Vec<&str> = site.probes.keys().map(|id| id.as_str()).collect();
    let mut untested = Vec::new();
    if !rest.is_empty() {
        untested.push(format!("doors of other banks: {}", rest.join(", ")));
    }
    if !probes.is_empty() {
        untested.push(format!("probes: {}; compare each with a thermometer", probes.join(", ")));
    }
    untested.push("emergency opening from inside, supply under load, and the network".to_owned());
    untested
}

fn write_reports(report: &Report, state_dir: &Path, date: &str) -> Result<Vec<String>, Failure> {
    let folder = state_dir.join(REPORTS);
    fs::create_dir_all(&folder)?;
    let mut paths = Vec::new();
    for (kind, text) in [("md", markdown(report)), ("html", html(report))] {
        let path = folder.join(format!("{date}.{kind}"));
        fs::write(&path, text)?;
        paths.push(path.display().to_string());
    }
    Ok(paths)
}
