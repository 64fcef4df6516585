//! What is wrong with a configuration: collected, ordered by place, shown with the line and a caret.

use std::cell::RefCell;
use std::fmt::Write as _;

use serde::Serialize;

use super::source::{LineColumn, Place, Source};

/// Most problems kept; a file with more is not a configuration file.
pub const PROBLEMS_MAX: usize = 200;

/// Whether a daemon may start with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The configuration is refused.
    Error,
    /// Allowed, and probably not what was meant.
    Warning,
    /// As it should be by now; something is still to come.
    Note,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// How bad.
    pub severity: Severity,
    /// What, in one sentence without a full stop.
    pub message: String,
    /// Where; `None` for a problem of no file.
    pub place: Option<Place>,
    /// What to do about it.
    pub help: Option<String>,
    /// Another place that matters, with why.
    pub other: Option<(Place, String)>,
}

/// Collects problems while a configuration is compiled, so that all are told at once.
#[derive(Debug, Default)]
pub struct Problems(RefCell<Vec<Problem>>);

impl Problem {
    /// Something that refuses the configuration.
    #[must_use]
    pub fn error(place: Option<Place>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, message: message.into(), place, help: None, other: None }
    }

    /// Something that is allowed, and probably not meant.
    #[must_use]
    pub fn warning(place: Option<Place>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(place, message) }
    }

    /// Something that is still to come.
    #[must_use]
    pub fn note(place: Option<Place>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Note, ..Self::error(place, message) }
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds "did you mean" where one of the candidates is near.
    #[must_use]
    pub fn did_you_mean<'a>(mut self, typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Self {
        if let Some(near) = nearest(typed, candidates) {
            self.help = Some(format!("did you mean \"{near}\"?"));
        }
        self
    }

    /// Adds another place.
    #[must_use]
    pub fn other(mut self, place: Place, why: impl Into<String>) -> Self {
        self.other = Some((place, why.into()));
        self
    }
}

/// The candidate most like what was typed, if one is near enough to be a slip: a letter in three may be wrong or swapped.
#[must_use]
pub fn nearest<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = (typed.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (strsim::osa_distance(typed, candidate), candidate))
        .filter(|(slips, _)| *slips <= most)
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, candidate)| candidate)
}

impl Problems {
    /// Adds one; beyond [`PROBLEMS_MAX`] it is dropped.
    pub fn add(&self, problem: Problem) {
        let mut all = self.0.borrow_mut();
        if all.len() < PROBLEMS_MAX && !all.contains(&problem) {
            all.push(problem);
        }
    }

    /// How many of them refuse the configuration.
    #[must_use]
    pub fn errors(&self) -> usize {
        self.0.borrow().iter().filter(|p| p.severity == Severity::Error).count()
    }

    /// All, in the order of the files; those without a place come first.
    #[must_use]
    pub fn into_sorted(self) -> Vec<Problem> {
        let mut all = self.0.into_inner();
        all.sort_by_key(|p| p.place);
        all
    }
}

/// A problem as `check --json` prints it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Located {
    /// How bad.
    pub severity: Severity,
    /// The file, if it is in one.
    pub file: Option<String>,
    /// Line and column, from 1.
    #[serde(flatten)]
    pub at: Option<LineColumn>,
    /// What.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// Finds a problem's place for a program.
#[must_use]
pub fn locate(problem: &Problem, sources: &[Source]) -> Located {
    let spot = problem.place.and_then(|place| sources.get(place.source).map(|source| (source, place)));
    Located {
        severity: problem.severity,
        file: spot.map(|(source, _)| source.path.display().to_string()),
        at: spot.map(|(source, place)| source.line_column(place.start)),
        message: problem.message.clone(),
        help: problem.help.clone(),
    }
}

/// Shows a problem to a person: sentence, `file:line:column`, the line with a caret, what to do.
#[must_use]
pub fn render(problem: &Problem, sources: &[Source]) -> String {
    let word = match problem.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let mut out = format!("{word}: {}\n", problem.message);
    // Nothing in the file is to be mended for a note.
    if let Some(place) = problem.place.filter(|_| problem.severity != Severity::Note) {
        excerpt(&mut out, place, sources, None);
    }
    if let Some((place, why)) = &problem.other {
        excerpt(&mut out, *place, sources, Some(why));
    }
    if let Some(help) = &problem.help {
        line(&mut out, format_args!("  = {help}"));
    }
    out
}

fn excerpt(out: &mut String, place: Place, sources: &[Source], why: Option<&str>) {
    let Some(source) = sources.get(place.source) else { return };
    let at = source.line_column(place.start);
    let (text, start) = source.line_around(place.start);
    let gutter = " ".repeat(at.line.to_string().len());
    let indent = " ".repeat(at.column.saturating_sub(1));
    let line_end = start + text.len();
    let marked =
        source.text.get(place.start..place.end.min(line_end)).map_or(1, |s| s.chars().count().max(1));
    let why = why.map(|w| format!(" {w}")).unwrap_or_default();
    line(out, format_args!("{gutter}--> {}:{}:{}", source.path.display(), at.line, at.column));
    line(out, format_args!("{} | {}", at.line, text.replace('\t', " ")));
    line(out, format_args!("{gutter} | {indent}{}{why}", "^".repeat(marked)));
}

/// Appends one line.
fn line(out: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    if out.write_fmt(what).is_ok() {
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problem_is_shown_with_its_line_and_a_caret() {
        let sources = [Source {
            path: "/etc/v.toml".into(),
            text: "[building]\nnmae = \"x\"\n".into(),
            ..Source::default()
        }];
        let place = Place { source: 0, start: 11, end: 15 };
        let problem =
            Problem::error(Some(place), "building has no key \"nmae\"").did_you_mean("nmae", ["id", "name"]);
        assert_eq!(
            render(&problem, &sources),
            "error: building has no key \"nmae\"\n --> /etc/v.toml:2:1\n2 | nmae = \"x\"\n  | ^^^^\n  = did you mean \"name\"?\n"
        );
    }

    #[test]
    fn nothing_is_suggested_when_nothing_is_near() {
        assert_eq!(nearest("zzz", ["bank", "line"]), None);
        assert_eq!(nearest("bnak", ["line", "bank"]), Some("bank"));
        assert_eq!(
            nearest("noe", ["two", "one"]),
            Some("one"),
            "swapped first letters are the commonest slip"
        );
    }

    #[test]
    fn problems_are_bounded_and_told_once() {
        let problems = Problems::default();
        for n in 0..500 {
            problems.add(Problem::error(None, format!("p{}", n / 2)));
        }
        assert_eq!(problems.errors(), PROBLEMS_MAX);
    }
}
