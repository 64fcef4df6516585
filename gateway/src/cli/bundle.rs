//! `vestibule support-bundle`: writes it, says what it holds, and asks the person to look.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use super::arguments::{Arguments, SupportBundle};
use super::line::{self, Heard};
use super::table::aligned;
use super::{Exit, Failure, Out, ask, progress};
use crate::bundle::{Manifest, Options, Traces, Written, make};
use crate::config::Layers;
use crate::console::trace::{Frame, TraceRequest};
use crate::doctor::Facts;

/// What a program reads.
#[derive(Serialize)]
struct Report<'a> {
    file: String,
    bytes: u64,
    #[serde(flatten)]
    manifest: &'a Manifest,
}

/// Runs the command.
///
/// # Errors
/// The bundle cannot be written, or would have held a secret.
pub fn bundle(arguments: &Arguments, bundle: &SupportBundle, out: &mut Out) -> Result<Exit, Failure> {
    let bar = progress::steps(out);
    bar.set_message("asking the daemon");
    let facts = Arc::new(Facts::gather(&Layers::from_options(&arguments.config), &ask::socket(arguments)));
    let file = bundle.file.clone().unwrap_or_else(|| default_name(&facts));
    bar.set_message("asking for the lines' last frames");
    let traces = traces(&facts, &ask::socket(arguments));
    let options = Options { file: file.clone(), log: bundle.log.clone(), traces };
    let made = make(&facts, &options, |what| {
        bar.set_message(what.to_owned());
        bar.tick();
    });
    bar.finish_and_clear();
    let Written { bytes, manifest } = made.map_err(|error| Failure::new(error.to_string()))?;
    let report = Report { file: file.display().to_string(), bytes, manifest: &manifest };
    out.either(&report, || words(&report))?;
    Ok(Exit::Done)
}

/// The last frames of every configured line.
fn traces(facts: &Facts, socket: &Path) -> Traces {
    let lines = facts.configuration.iter().flat_map(|one| one.lines.keys().chain(one.scanners.keys()));
    let of = |line: &str| -> Result<Vec<Frame>, Failure> {
        let mut frames = Vec::new();
        let request = TraceRequest { line: line.to_owned(), seconds: None };
        line::each(&mut ask::connect(socket)?, request, &mut |heard| {
            if let Heard::Frame(frame) = heard {
                frames.push(*frame);
            }
            Ok(())
        })?;
        Ok(frames)
    };
    lines.map(|line| (line.to_string(), of(line.as_str()).map_err(|failure| failure.words))).collect()
}

fn default_name(facts: &Facts) -> PathBuf {
    let building = facts.configuration.as_ref().map_or("gateway", |one| one.site.building.as_str());
    let now = jiff::Timestamp::from_millisecond(facts.now.0).unwrap_or_default();
    PathBuf::from(format!("vestibule-support-{building}-{}.tar.gz", now.strftime("%Y%m%dT%H%M%SZ")))
}

fn words(report: &Report<'_>) -> String {
    let Report { file, bytes, manifest } = report;
    let files =
        manifest.files.iter().map(|one| vec![format!("  {}", one.name), format!("{} bytes", one.bytes)]);
    let left_out = manifest.left_out.iter().map(|one| format!("  {}: {}\n", one.what, one.why));
    format!(
        "{file} is written ({bytes} bytes). It holds:\n{}Left out:\n{}\
         Searched for {} secrets of this machine; none is in it.\n\
         Please look through it before you send it: tar -xzf {file}",
        aligned(&files.collect::<Vec<_>>()),
        left_out.collect::<String>(),
        manifest.secrets_searched,
    )
}
