//! `vestibule doctor`: every check, told by group or the worst first.

use std::io::{self, IsTerminal as _};
use std::sync::Arc;

use serde::Serialize;

use super::arguments::{Arguments, Doctor};
use super::table::{aligned, count};
use super::{Exit, Failure, Out, ask, progress};
use crate::config::{Layers, nearest};
use crate::doctor::{ALL, Check, Examined, Facts, Finding, Standing, examine, matches};

/// What a program reads.
#[derive(Serialize)]
struct Report<'a> {
    version: &'static str,
    building: Option<&'a str>,
    /// How the worst of all stands.
    standing: Standing,
    checks: &'a [Examined],
}

/// Whether words are coloured.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Colour {
    Plain,
    Terminal,
}

/// Runs the command; 1 where a check fails.
///
/// # Errors
/// No check is meant.
pub fn doctor(arguments: &Arguments, doctor: &Doctor, out: &mut Out) -> Result<Exit, Failure> {
    if doctor.list {
        return list(out);
    }
    let chosen = chosen(&doctor.only)?;
    let bar = progress::checks(out, chosen.len());
    bar.set_message("asking the daemon");
    let facts = Arc::new(Facts::gather(&Layers::from_options(&arguments.config), &ask::socket(arguments)));
    let examined = examine(&facts, &chosen, |check| {
        bar.inc(1);
        bar.set_message(check.title);
    });
    bar.finish_and_clear();
    let standing = examined.iter().map(|one| one.standing).max().unwrap_or(Standing::Fine);
    let building = facts.configuration.as_ref().map(|one| one.site.building.as_str());
    let report = Report { version: env!("CARGO_PKG_VERSION"), building, standing, checks: &examined };
    let plain = !io::stdout().is_terminal() || std::env::var_os("NO_COLOR").is_some();
    let colour = if plain { Colour::Plain } else { Colour::Terminal };
    out.either(&report, || words(&examined, doctor.worst, colour))?;
    Ok(if standing == Standing::Failure { Exit::Failed } else { Exit::Done })
}

fn list(out: &mut Out) -> Result<Exit, Failure> {
    #[derive(Serialize)]
    struct Listed {
        id: &'static str,
        title: &'static str,
    }
    let all: Vec<_> = ALL.iter().map(|check| Listed { id: check.id, title: check.title }).collect();
    let row = |one: &Listed| vec![one.id.to_owned(), one.title.to_owned()];
    out.either(&all, || aligned(&all.iter().map(row).collect::<Vec<_>>()))?;
    Ok(Exit::Done)
}

fn chosen(only: &[String]) -> Result<Vec<Check>, Failure> {
    for pattern in only {
        if !ALL.iter().any(|check| matches(pattern, check.id)) {
            let near = nearest(pattern, ALL.iter().flat_map(|check| [check.id, check.group()]));
            let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            let words = format!("there is no check \"{pattern}\"{near} `vestibule doctor --list` lists all");
            return Err(Failure { exit: Exit::Usage, words });
        }
    }
    let meant = |check: &&Check| only.is_empty() || only.iter().any(|pattern| matches(pattern, check.id));
    Ok(ALL.iter().filter(meant).copied().collect())
}

/// The examination for a person.
fn words(examined: &[Examined], worst_first: bool, colour: Colour) -> String {
    let mut text = String::new();
    let mut findings: Vec<(&Examined, &Finding)> =
        examined.iter().flat_map(|one| one.findings.iter().map(move |finding| (one, finding))).collect();
    if worst_first {
        findings.retain(|(_, finding)| finding.standing > Standing::Skipped);
        findings.sort_by_key(|(_, finding)| std::cmp::Reverse(finding.standing));
    }
    let width = findings.iter().map(|(one, _)| one.id.len()).max().unwrap_or(0);
    let mut group = "";
    for (one, finding) in findings {
        let own = one.id.split('.').next().unwrap_or_default();
        if !worst_first && own != group {
            text.push_str(&format!("{}{own}\n", if group.is_empty() { "" } else { "\n" }));
            group = own;
        }
        let mark = painted(finding.standing, colour);
        text.push_str(&format!("  {mark} {:width$}  {}\n", one.id, finding.what));
        if let Some(next) = &finding.next {
            text.push_str(&format!("  {:8} {:width$}  {next}\n", "", ""));
        }
    }
    text.push_str(&format!("\n{}\n", summary(examined)));
    text
}

/// A word of eight columns.
fn painted(standing: Standing, colour: Colour) -> String {
    let (word, code) = match standing {
        Standing::Fine => ("fine", "32"),
        Standing::Skipped => ("skipped", "2"),
        Standing::Note => ("note", "36"),
        Standing::Warning => ("WARNING", "33"),
        Standing::Failure => ("FAILURE", "1;31"),
    };
    match colour {
        Colour::Plain => format!("{word:8}"),
        Colour::Terminal => format!("\x1b[{code}m{word:8}\x1b[0m"),
    }
}

fn summary(examined: &[Examined]) -> String {
    let of = |standing| examined.iter().filter(|one| one.standing == standing).count();
    let skipped = match of(Standing::Skipped) {
        0 => String::new(),
        skipped => format!(", {skipped} skipped"),
    };
    format!(
        "{}: {} fine, {}, {}, {}{skipped}",
        count(examined.len(), "check"),
        of(Standing::Fine),
        count(of(Standing::Note), "note"),
        count(of(Standing::Warning), "warning"),
        count(of(Standing::Failure), "failure"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examined(id: &str, findings: Vec<Finding>) -> Examined {
        let standing = findings.iter().map(|finding| finding.standing).max().unwrap_or(Standing::Fine);
        Examined { id: id.into(), title: "title".into(), standing, findings }
    }

    fn three() -> Vec<Examined> {
        vec![
            examined("clock.zone", vec![Finding::fine("time zone UTC is installed")]),
            examined("disk.space", vec![Finding::warning("40 of 16000 MB are free", "free some")]),
            examined("disk.wear", vec![Finding::skipped("sda does not tell its wear")]),
        ]
    }

    #[test]
    fn findings_are_told_by_group_with_what_to_do() {
        let expected = "\
clock
  fine     clock.zone  time zone UTC is installed

disk
  WARNING  disk.space  40 of 16000 MB are free
                       free some
  skipped  disk.wear   sda does not tell its wear

3 checks: 1 fine, 0 notes, 1 warning, 0 failures, 1 skipped
";
        assert_eq!(words(&three(), false, Colour::Plain), expected);
    }

    #[test]
    fn only_what_is_not_fine_is_told_when_the_worst_comes_first() {
        let mut all = three();
        all.push(examined("power.voltage", vec![Finding::failure("too low", "a supply of its own")]));
        let told = words(&all, true, Colour::Plain);
        let lines: Vec<_> = told.lines().collect();
        assert!(
            lines[0].contains("FAILURE  power.voltage") && lines[2].contains("WARNING  disk.space"),
            "{told}"
        );
        assert_eq!(lines.len(), 6);
        assert!(words(&all, true, Colour::Terminal).contains("\x1b[1;31mFAILURE \x1b[0m"));
    }

    #[test]
    fn checks_are_chosen_by_id_group_or_pattern() {
        let ids = |only: &[&str]| {
            let only: Vec<String> = only.iter().map(|&one| one.to_owned()).collect();
            chosen(&only).map(|checks| checks.len()).map_err(|failure| failure.words)
        };
        assert_eq!(ids(&[]), Ok(ALL.len()));
        assert_eq!(ids(&["clock.zone", "clock.z*"]), Ok(1));
        assert_eq!(ids(&["clock"]), Ok(5));
        assert!(ids(&["clok"]).is_err_and(|words| words.contains("did you mean clock?")));
    }
}
