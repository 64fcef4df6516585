//! The demo's timeline: what happens in the building, one line each, with the time since the start.

use std::io::{IsTerminal as _, Write};
use std::sync::Mutex;
use std::time::Instant;

/// Who acts, for the column in the middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// The stage hand.
    Demo,
    /// A courier at the terminal.
    Courier,
    /// A resident at the terminal.
    Resident,
    /// What the terminal shows.
    Terminal,
    /// Doors, latches and relays.
    Door,
    /// The cloud's office or notifier.
    Cloud,
}

/// A shared timeline; lines of several threads never mix.
pub struct Timeline {
    start: Instant,
    out: Mutex<Box<dyn Write + Send>>,
    colour: bool,
}

impl Timeline {
    /// To standard output, in colour on a terminal.
    #[must_use]
    pub fn to_stdout() -> Self {
        let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self { start: Instant::now(), out: Mutex::new(Box::new(std::io::stdout())), colour }
    }

    /// Writes one line, for something that happens now.
    pub fn say(&self, who: Who, what: &str) {
        self.say_at(Instant::now(), who, what);
    }

    /// Writes one line, for something that happened at that moment.
    pub fn say_at(&self, at: Instant, who: Who, what: &str) {
        let since = at.saturating_duration_since(self.start);
        let name = format!("{:<8}", who.name());
        let name = if self.colour { format!("\x1b[{}m{name}\x1b[0m", who.colour()) } else { name };
        self.line(&format!("{:>8.3}  {name}  {what}", since.as_secs_f64()));
    }

    /// Writes a headline.
    pub fn head(&self, what: &str) {
        let what = if self.colour { format!("\x1b[1m{what}\x1b[0m") } else { what.to_owned() };
        self.line(&format!("\n{what}"));
    }

    /// Writes a line as it is.
    pub fn line(&self, what: &str) {
        if let Ok(mut out) = self.out.lock() {
            // Somebody who closed the pipe has seen enough.
            drop(writeln!(out, "{what}").and_then(|()| out.flush()));
        }
    }
}

impl Who {
    const fn name(self) -> &'static str {
        match self {
            Self::Demo => "-",
            Self::Courier => "courier",
            Self::Resident => "resident",
            Self::Terminal => "terminal",
            Self::Door => "door",
            Self::Cloud => "cloud",
        }
    }

    /// ANSI colour number.
    const fn colour(self) -> u8 {
        match self {
            Self::Demo => 90,
            Self::Courier => 33,
            Self::Resident => 35,
            Self::Terminal => 36,
            Self::Door => 32,
            Self::Cloud => 34,
        }
    }
}
