//! Where results go: words for people, JSON for programs.

use std::io::{self, IsTerminal, Write};

use serde::Serialize;

/// The output of a command.
pub struct Out {
    writer: Box<dyn Write>,
    /// Whether data is printed as JSON.
    pub json: bool,
    /// Whether a person watches: only then is progress shown.
    pub watched: bool,
}

impl Out {
    /// Standard output.
    #[must_use]
    pub fn standard(json: bool) -> Self {
        let watched = io::stderr().is_terminal();
        Self { writer: Box::new(io::stdout()), json, watched }
    }

    /// Another writer.
    #[must_use]
    pub fn to(writer: Box<dyn Write>, json: bool) -> Self {
        Self { writer, json, watched: false }
    }

    /// One line of words.
    ///
    /// # Errors
    /// What the writer says.
    pub fn line(&mut self, line: impl AsRef<str>) -> io::Result<()> {
        writeln!(self.writer, "{}", line.as_ref())?;
        self.writer.flush()
    }

    /// One JSON value on its line.
    ///
    /// # Errors
    /// What the writer says.
    pub fn value(&mut self, value: &impl Serialize) -> io::Result<()> {
        self.line(serde_json::to_string(value)?)
    }

    /// JSON or words, as asked for.
    ///
    /// # Errors
    /// What the writer says.
    pub fn either(&mut self, value: &impl Serialize, words: impl FnOnce() -> String) -> io::Result<()> {
        if self.json { self.value(value) } else { self.line(words().trim_end_matches('\n')) }
    }
}
