//! `vestibule support-bundle`: what somebody elsewhere needs to help, and no secret.
//!
//! Law of use: nothing is copied. Each part is made from facts that are asked for by name, can only be made through the one
//! scrubber ([`scrub::Scrubber`]), and is searched once more for every secret that this machine has, in every form, before
//! anything is written. If one is found there is no bundle.

mod archive;
mod certificates;
mod configuration;
mod forms;
mod logs;
mod machine;
mod part;
mod rows;
mod scrub;
mod secrets;
mod traces;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::doctor::{ALL, Facts, examine};

pub use archive::{BYTES_MAX, BundleError, Listed, Manifest};
pub use part::LeftOut;
use part::Part;
use scrub::Scrubber;
use secrets::Secrets;
pub use traces::Traces;

/// Groups whose members are named by pseudonyms.
const GROUPS: [&str; 2] = ["vestibule-staff", "vestibule-tech"];

const README: &str = "\
Made by `vestibule support-bundle` for whoever helps this building from afar.

manifest.json      every file with size and SHA-256, and what was left out and why
doctor.json        every check of `vestibule doctor`
status.json        the building as the daemon shows it, with the counters of lines and boards
journal.json       the newest rows: people and units by pseudonyms, no free text
configuration/     each layer: listed keys only, no comments
certificates.json  public parts
machine.json       versions, memory, mounts, names and sizes of state files
trace/             the last frames of each line; of scanners and readers their lengths alone
units.json         what systemd says of the units
log.txt            the end of the log; kernel.txt what the kernel said of adapters, disks and power

Keys, codes and names are taken out, and every file was searched for the keys of this machine in all usual encodings.
A program can only know what it knows: please look through the files before you send them.
";

/// What is to be made.
pub struct Options {
    /// The archive; must not exist.
    pub file: PathBuf,
    /// A log file instead of the system's journal.
    pub log: Option<PathBuf>,
    /// The last frames of each line.
    pub traces: Traces,
}

/// A bundle that was written.
pub struct Written {
    /// Its size in bytes.
    pub bytes: u64,
    /// What it holds.
    pub manifest: Manifest,
}

/// Makes and writes a bundle; `tell` hears what is being done.
///
/// # Errors
/// [`BundleError`]; nothing is left behind.
pub fn make(
    facts: &Arc<Facts>,
    options: &Options,
    mut tell: impl FnMut(&str),
) -> Result<Written, BundleError> {
    tell("learning what must not leave");
    let mut scrubber = Scrubber::new(Secrets::of_machine(facts));
    people(facts, &mut scrubber);
    let mut left_out = always_left_out(&scrubber);
    // Rows first: they name the people whose names other texts may hold.
    let rows = facts.journal.as_ref().map(|rows| rows::rows(rows, &mut scrubber));
    let mut parts = vec![Part::text("README.txt", &scrubber, README)];
    tell("examining");
    parts.push(Part::json("doctor.json", &scrubber, &examine(facts, ALL, |check| tell(check.title))));
    answered("status.json", facts.daemon.as_ref(), &scrubber, &mut parts, &mut left_out);
    answered("journal.json", rows.as_ref().map_err(|why| *why), &scrubber, &mut parts, &mut left_out);
    answered("units.json", facts.units.as_ref(), &scrubber, &mut parts, &mut left_out);
    parts.push(Part::json("machine.json", &scrubber, &machine::machine(facts)));
    parts.push(Part::json("certificates.json", &scrubber, &certificates::certificates(facts)));
    parts.extend(configuration::parts(facts, &scrubber, &mut left_out));
    parts.extend(traces::parts(&options.traces, &scrubber, &mut left_out));
    tell("reading the log");
    parts.extend(logs::parts(options.log.as_deref(), &scrubber, &mut left_out));
    tell("looking for secrets");
    let building = facts.configuration.as_ref().map(|one| one.site.building.as_str().to_owned());
    let made = vestibule_contract::time::text(facts.now);
    let manifest = Manifest::over(&parts, building, made, left_out, scrubber.secrets().count());
    parts.insert(0, Part::json("manifest.json", &scrubber, &manifest));
    seal(&parts, &options.file, &scrubber).map(|bytes| Written { bytes, manifest })
}

/// Looks once more, then writes.
fn seal(parts: &[Part], path: &Path, scrubber: &Scrubber) -> Result<u64, BundleError> {
    archive::inspect(parts, path, scrubber)?;
    archive::write(parts, path)
}

fn answered<T: serde::Serialize>(
    name: &str,
    answer: Result<&T, &String>,
    scrubber: &Scrubber,
    parts: &mut Vec<Part>,
    left_out: &mut Vec<LeftOut>,
) {
    match answer {
        Ok(value) => parts.push(Part::json(name, scrubber, value)),
        Err(why) => left_out.push(LeftOut::new(name, &scrubber.text(why))),
    }
}

fn people(facts: &Facts, scrubber: &mut Scrubber) {
    let groups = facts.word("/etc/group").unwrap_or_default();
    for line in groups.lines() {
        let mut fields = line.split(':');
        if fields.next().is_some_and(|group| GROUPS.contains(&group)) {
            for name in fields.nth(2).unwrap_or_default().split(',').filter(|name| !name.is_empty()) {
                scrubber.pseudonym("staff", &format!("os:{name}"));
            }
        }
    }
}

/// What is never in a bundle, and what could not be searched for.
fn always_left_out(scrubber: &Scrubber) -> Vec<LeftOut> {
    let mut all = vec![
        LeftOut::new("keys, the database, backups", "they are secret or hold what is"),
        LeftOut::new(
            "codes, reasons, command ids, names of people and units",
            "personal or secret; pseudonyms stand for them",
        ),
        LeftOut::new(
            "comments and unlisted keys of the configuration",
            "nobody knows what people wrote there",
        ),
        LeftOut::new("environment variables", "programs pass secrets in them"),
    ];
    for path in &scrubber.secrets().unread {
        let what = format!("a search for the key in {}", scrubber.text(&path.display().to_string()));
        all.push(LeftOut::new(&what, "you may not read it (run as root); nothing was copied from it either"));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bundle_is_refused_when_a_secret_got_past_the_scrubber() {
        let mut known = Secrets::default();
        known.add("the code key".into(), b"correct horse battery");
        // Made under a scrubber that knows nothing: a program's fault.
        let blind = Scrubber::new(Secrets::default());
        let parts =
            [Part::text("log.txt", &blind, "say correct horse battery"), Part::text("b", &blind, "harmless")];
        let scrubber = Scrubber::new(known);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.tar.gz");
        let refused = seal(&parts, &path, &scrubber);
        let Err(BundleError::Secret { file, secret }) = refused else { panic!("it was written") };
        assert_eq!((file.as_str(), secret.as_str()), ("log.txt", "the code key"));
        assert!(!path.exists());
        assert!(seal(&parts[1..], &path, &scrubber).is_ok());
        assert!(
            matches!(seal(&parts[1..], &path, &scrubber), Err(BundleError::Io { .. })),
            "never over a file"
        );
        let named = folder.path().join("correct horse battery.tar.gz");
        assert!(matches!(seal(&parts[1..], &named, &scrubber), Err(BundleError::Secret { .. })));
    }
}
