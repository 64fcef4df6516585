//! What is wrong with a profile, and where.

use std::cell::RefCell;
use std::ops::Range;

/// Most flaws kept; a text with more is no profile.
const FLAWS_MAX: usize = 50;

/// One thing that is wrong with a profile's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// The bytes of the text that are meant.
    pub at: Range<usize>,
    /// What, in one sentence without a full stop.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// What may have been meant instead.
    pub guess: Option<Guess>,
}

/// A word that is none, and the words that there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guess {
    /// As typed.
    pub typed: String,
    /// What could stand there.
    pub candidates: Vec<&'static str>,
}

impl Flaw {
    /// A flaw at `at`.
    pub(super) fn new(at: Range<usize>, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), help: None, guess: None }
    }

    /// Adds what to do.
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds what may have been meant.
    pub(super) fn guess(mut self, typed: &str, candidates: Vec<&'static str>) -> Self {
        self.guess = Some(Guess { typed: typed.to_owned(), candidates });
        self
    }
}

/// Collects flaws while a text is read, so that all are told at once.
#[derive(Debug, Default)]
pub(super) struct Flaws(RefCell<Vec<Flaw>>);

impl Flaws {
    /// Adds one; beyond [`FLAWS_MAX`] it is dropped.
    pub(super) fn add(&self, flaw: Flaw) {
        let mut all = self.0.borrow_mut();
        if all.len() < FLAWS_MAX && !all.contains(&flaw) {
            all.push(flaw);
        }
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// All, in the order of the text.
    pub(super) fn into_sorted(self) -> Vec<Flaw> {
        let mut all = self.0.into_inner();
        all.sort_by_key(|flaw| (flaw.at.start, flaw.at.end));
        all
    }
}
