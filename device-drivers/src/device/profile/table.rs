//! Reads one TOML table key by key; whatever nobody asked for is an unknown key.

use std::cell::RefCell;
use std::ops::{Range, RangeInclusive};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::flaw::{Flaw, Flaws};

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Spot<T> {
    pub(super) value: T,
    pub(super) at: Range<usize>,
}

/// One table while it is being read.
pub(super) struct Reader<'t> {
    table: &'t DeTable<'t>,
    pub(super) at: Range<usize>,
    /// What to call it in a sentence.
    pub(super) what: String,
    pub(super) flaws: &'t Flaws,
    asked: RefCell<Vec<&'static str>>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(
        table: &'t DeTable<'t>,
        at: Range<usize>,
        what: impl Into<String>,
        flaws: &'t Flaws,
    ) -> Self {
        Self { table, at, what: what.into(), flaws, asked: RefCell::default() }
    }

    fn get(&self, key: &'static str) -> Option<&'t Spanned<DeValue<'t>>> {
        self.asked.borrow_mut().push(key);
        self.table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
    }

    /// Whether something is written under a key.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.keys().any(|name| name.get_ref() == key)
    }

    fn mistyped(&self, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str) {
        self.flaws.add(Flaw::new(value.span(), format!("{key} of {} must be {wanted}", self.what)));
    }

    /// Says that `key` must be there.
    pub(super) fn missing(&self, key: &str, help: &str) {
        let message = format!("{} has no {key}", self.what);
        self.flaws.add(Flaw::new(self.at.clone(), message).help(help));
    }

    /// Text of at most `most` bytes under a key.
    pub(super) fn text(&self, key: &'static str, most: usize) -> Option<Spot<&'t str>> {
        let value = self.get(key)?;
        match value.get_ref() {
            DeValue::String(text) if text.len() <= most => Some(Spot { value: text, at: value.span() }),
            DeValue::String(_) => {
                self.mistyped(key, value, &format!("at most {most} bytes long"));
                None
            }
            _ => {
                self.mistyped(key, value, "text in quotes");
                None
            }
        }
    }

    /// A whole number within a range.
    pub(super) fn integer(&self, key: &'static str, range: RangeInclusive<i64>) -> Option<Spot<i64>> {
        let value = self.get(key)?;
        let number = self.number(key, value)?;
        if range.contains(&number) {
            return Some(Spot { value: number, at: value.span() });
        }
        let message =
            format!("{key} of {} is {number}; {} to {} are allowed", self.what, range.start(), range.end());
        self.flaws.add(Flaw::new(value.span(), message));
        None
    }

    /// The same, and a flaw where it is missing.
    pub(super) fn required(
        &self,
        key: &'static str,
        range: RangeInclusive<i64>,
        help: &str,
    ) -> Option<Spot<i64>> {
        if !self.has(key) {
            self.missing(key, help);
        }
        self.integer(key, range)
    }

    fn number(&self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<i64> {
        let parsed = match value.get_ref() {
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        };
        if parsed.is_none() {
            self.mistyped(key, value, "a whole number");
        }
        parsed
    }

    /// A list of at most `most` whole numbers within a range; empty where the key is missing.
    pub(super) fn integers(
        &self,
        key: &'static str,
        range: RangeInclusive<i64>,
        most: usize,
    ) -> Spot<Vec<i64>> {
        let none = Spot { value: Vec::new(), at: self.at.clone() };
        let Some(value) = self.get(key) else { return none };
        let DeValue::Array(items) = value.get_ref() else {
            self.mistyped(key, value, "a list of whole numbers");
            return none;
        };
        if items.len() > most {
            self.mistyped(key, value, &format!("a list of at most {most}"));
            return none;
        }
        let numbers = items.iter().filter_map(|item| {
            let number = self.number(key, item)?;
            if !range.contains(&number) {
                let (low, high) = (range.start(), range.end());
                self.mistyped(key, item, &format!("{low} to {high}"));
                return None;
            }
            Some(number)
        });
        Spot { value: numbers.collect(), at: value.span() }
    }

    /// One of a closed list of words.
    pub(super) fn choice<T: Copy>(&self, key: &'static str, words: &[(&'static str, T)]) -> Option<Spot<T>> {
        let text = self.text(key, 64)?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text.value) {
            return Some(Spot { value: *value, at: text.at });
        }
        let names: Vec<&'static str> = words.iter().map(|(word, _)| *word).collect();
        let message = format!("{key} of {} is \"{}\"; it can be {}", self.what, text.value, names.join(", "));
        self.flaws.add(Flaw::new(text.at, message).guess(text.value, names));
        None
    }

    /// The same, and a flaw where it is missing.
    pub(super) fn required_choice<T: Copy>(
        &self,
        key: &'static str,
        words: &[(&'static str, T)],
    ) -> Option<Spot<T>> {
        if !self.has(key) {
            let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.missing(key, &format!("it can be {}", names.join(", ")));
        }
        self.choice(key, words)
    }

    /// A sub-table.
    pub(super) fn table(&self, key: &'static str) -> Option<Self> {
        let value = self.get(key)?;
        self.as_table(key, value)
    }

    /// The entries of a list of tables (`[[key]]`), at most `most`.
    pub(super) fn tables(&self, key: &'static str, most: usize) -> Vec<Self> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let DeValue::Array(items) = value.get_ref() else {
            self.mistyped(key, value, "a list of tables");
            return Vec::new();
        };
        if items.len() > most {
            self.mistyped(key, value, &format!("at most {most} tables"));
        }
        items.iter().take(most).filter_map(|item| self.as_table(key, item)).collect()
    }

    fn as_table(&self, key: &str, value: &'t Spanned<DeValue<'t>>) -> Option<Self> {
        match value.get_ref() {
            DeValue::Table(table) => Some(Self::new(table, value.span(), key, self.flaws)),
            _ => {
                self.mistyped(key, value, "a table");
                None
            }
        }
    }

    /// Ends the table: whatever was not asked for is unknown.
    pub(super) fn finish(self) {
        let asked = self.asked.into_inner();
        for key in self.table.keys() {
            let name: &str = key.get_ref();
            if !asked.contains(&name) {
                let message = format!("{} has no key \"{name}\"", self.what);
                self.flaws.add(Flaw::new(key.span(), message).guess(name, asked.clone()));
            }
        }
    }
}
