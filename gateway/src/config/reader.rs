//! Reads one table key by key: types, ranges, references; whatever nobody asked for is an unknown key.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::ops::RangeInclusive;

use vestibule_core::id::BadId;

use super::problem::{Problem, Problems};
use super::source::Place;
use super::tree::{Node, Table, Value};

/// A value and where it was written.
#[derive(Clone, Debug)]
pub struct Spot<T> {
    /// The value.
    pub value: T,
    /// Where.
    pub place: Place,
}

/// One table while it is being read.
pub struct Reader<'a> {
    table: &'a Table,
    /// Where the table begins.
    pub place: Place,
    /// What to call it in a sentence, e.g. `line "rs485-1"`.
    pub what: String,
    /// Where problems go.
    pub problems: &'a Problems,
    asked: BTreeSet<&'static str>,
}

impl<'a> Reader<'a> {
    /// Starts to read a table.
    pub fn new(table: &'a Table, place: Place, what: impl Into<String>, problems: &'a Problems) -> Self {
        Self { table, place, what: what.into(), problems, asked: BTreeSet::new() }
    }

    /// The value under a key, of any type.
    pub fn get(&mut self, key: &'static str) -> Option<&'a Node> {
        self.asked.insert(key);
        self.table.get(key).map(|(_, node)| node)
    }

    /// The same, and a problem where it is missing.
    pub fn required(&mut self, key: &'static str, help: &str) -> Option<&'a Node> {
        let node = self.get(key);
        if node.is_none() {
            self.problems
                .add(Problem::error(Some(self.place), format!("{} has no {key}", self.what)).help(help));
        }
        node
    }

    /// Text under a key.
    pub fn text(&mut self, key: &'static str) -> Option<Spot<&'a str>> {
        let node = self.get(key)?;
        self.as_text(key, node)
    }

    /// Text that must be there.
    pub fn required_text(&mut self, key: &'static str, help: &str) -> Option<Spot<&'a str>> {
        let node = self.required(key, help)?;
        self.as_text(key, node)
    }

    /// An id that must be there, by the constructor of its type.
    pub fn id<T>(&mut self, key: &'static str, new: impl Fn(&str) -> Result<T, BadId>) -> Option<Spot<T>> {
        let text = self.required_text(key, "ids are 1 to 32 characters of a-z, 0-9 and '-'")?;
        self.parse(text, new)
    }

    /// Text that must parse.
    pub fn parse<T, E: Display>(
        &self,
        text: Spot<&str>,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<Spot<T>> {
        match parse(text.value) {
            Ok(value) => Some(Spot { value, place: text.place }),
            Err(error) => {
                self.problems.add(Problem::error(Some(text.place), format!("\"{}\": {error}", text.value)));
                None
            }
        }
    }

    /// A whole number within a range.
    pub fn integer<N>(&mut self, key: &'static str, range: RangeInclusive<N>) -> Option<Spot<N>>
    where
        N: TryFrom<i64> + PartialOrd + Display,
    {
        let node = self.get(key)?;
        let Value::Integer(number) = node.value else {
            self.mistyped(key, node, "a whole number");
            return None;
        };
        match N::try_from(number) {
            Ok(value) if range.contains(&value) => Some(Spot { value, place: node.place }),
            _ => {
                let (low, high) = (range.start(), range.end());
                let message = format!("{key} of {} is {number}; {low} to {high} are allowed", self.what);
                self.problems.add(Problem::error(Some(node.place), message));
                None
            }
        }
    }

    /// One of a closed list of words.
    pub fn choice<T: Copy>(&mut self, key: &'static str, words: &[(&'static str, T)]) -> Option<Spot<T>> {
        let text = self.text(key)?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text.value) {
            return Some(Spot { value: *value, place: text.place });
        }
        let names: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        let message = format!("{key} of {} is \"{}\"; it can be {}", self.what, text.value, names.join(", "));
        self.problems.add(Problem::error(Some(text.place), message).did_you_mean(text.value, names));
        None
    }

    /// Yes or no.
    pub fn choice_of_two(&mut self, key: &'static str) -> Option<Spot<bool>> {
        let node = self.get(key)?;
        match node.value {
            Value::Boolean(value) => Some(Spot { value, place: node.place }),
            _ => {
                self.mistyped(key, node, "true or false");
                None
            }
        }
    }

    /// The entries of a list of tables (`[[key]]`), each as a reader.
    pub fn tables(&mut self, key: &'static str) -> Vec<Reader<'a>> {
        let Some(node) = self.get(key) else { return Vec::new() };
        let Value::Array(items) = &node.value else {
            self.mistyped(key, node, "a list of tables");
            return Vec::new();
        };
        items.iter().filter_map(|item| self.as_table(key, item)).collect()
    }

    /// A sub-table as a reader.
    pub fn table(&mut self, key: &'static str) -> Option<Reader<'a>> {
        let node = self.get(key)?;
        self.as_table(key, node)
    }

    /// A list of texts; a single text is a list of one.
    pub fn texts(&mut self, key: &'static str) -> Option<Vec<Spot<&'a str>>> {
        let node = self.get(key)?;
        match &node.value {
            Value::Array(items) => Some(items.iter().filter_map(|item| self.as_text(key, item)).collect()),
            _ => self.as_text(key, node).map(|text| vec![text]),
        }
    }

    /// Takes a node for text.
    pub fn as_text(&self, key: &str, node: &'a Node) -> Option<Spot<&'a str>> {
        match &node.value {
            Value::Text(text) => Some(Spot { value: text, place: node.place }),
            _ => {
                self.mistyped(key, node, "text in quotes");
                None
            }
        }
    }

    /// Takes a node for a table.
    pub fn as_table(&self, key: &str, node: &'a Node) -> Option<Reader<'a>> {
        match &node.value {
            Value::Table(table) => Some(Reader::new(table, node.place, key, self.problems)),
            _ => {
                self.mistyped(key, node, "a table");
                None
            }
        }
    }

    /// Says that a value has the wrong type.
    pub fn mistyped(&self, key: &str, node: &Node, wanted: &str) {
        let message = format!("{key} of {} must be {wanted}, not {}", self.what, node.value.kind());
        self.problems.add(Problem::error(Some(node.place), message));
    }

    /// Says that a key of the design is not built yet, so that nobody takes it for a slip.
    pub fn not_yet(&mut self, keys: &[&'static str]) {
        for key in keys {
            self.asked.insert(key);
            if let Some((at, _)) = self.table.get(*key) {
                let message = format!("\"{key}\" is not supported by this version");
                self.problems.add(Problem::error(Some(*at), message).help("remove it until it is"));
            }
        }
    }

    /// Ends the table: whatever was not asked for is unknown.
    pub fn finish(self) {
        for (key, (at, _)) in self.table {
            if !self.asked.contains(key.as_str()) {
                let message = format!("{} has no key \"{key}\"", self.what);
                self.problems
                    .add(Problem::error(Some(*at), message).did_you_mean(key, self.asked.iter().copied()));
            }
        }
    }
}
