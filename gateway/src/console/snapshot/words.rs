//! Health of lines, boards, readers and probes in words: `status` and `doctor` say the same.

use vestibule_contract::words::{PresenceWord, Quality};

use super::{Named, Probe, Read, Reader, Snapshot};
use crate::cli::table::span;

/// What is wrong, and what to do.
pub type Words = (String, String);

impl<T> Read<T> {
    /// Why it cannot be believed; none where it can.
    #[must_use]
    pub const fn doubt(&self) -> Option<&'static str> {
        match self.quality {
            Quality::Good => None,
            Quality::Unknown => Some("was not heard since the start"),
            Quality::Stale => Some("was not heard for too long"),
            Quality::Fault => Some("reports a fault"),
        }
    }
}

impl Named {
    /// Whether the last that was known of it is that it answers and is set up.
    #[must_use]
    pub fn is_online(&self) -> bool {
        self.presence.value == Some(PresenceWord::Online)
    }
}

impl Snapshot {
    /// A line that is away as a whole: its port is shut, or it is open and nobody answers.
    #[must_use]
    pub fn line_trouble(&self, id: &str) -> Option<Words> {
        let line = self.field.lines.get(id)?;
        if line.open == Some(false) {
            let reason = line.reason.as_deref().unwrap_or("it is closed");
            let what = format!("line {id} is away: the port {}: {reason}", line.port);
            return Some((what, "check the adapter and its plug; it is opened again by itself".to_owned()));
        }
        let boards = self.devices.iter().filter(|board| self.is_on(&board.id, id));
        let boards: Vec<&Named> = boards.collect();
        if boards.is_empty() || boards.iter().any(|board| board.is_online()) {
            return None;
        }
        let what = format!("line {id}: its port is open and none of its {} boards answers", boards.len());
        let next = "check the boards' supply, A and B at the first board, and baud and parity of [[line]]";
        Some((what, next.to_owned()))
    }

    /// A board that is not set up, or silent while others on its line answer; a line that is away is told once, as a line.
    #[must_use]
    pub fn board_trouble(&self, board: &Named) -> Option<Words> {
        let value = board.presence.value;
        if board.is_online() {
            return None;
        }
        let place = self.field.devices.get(&board.id)?;
        let name = format!("{}, address {}", board.id, place.address);
        if value == Some(PresenceWord::Degraded) {
            let what = format!("{name}: answers, but its set-up cannot be verified; it gets no orders");
            return Some((what, "is it the model that [[device]] says? look at its firmware".to_owned()));
        }
        if self.line_trouble(&place.line).is_some() {
            return None;
        }
        let since = self.since(board.presence.observed_at.filter(|_| value.is_some()));
        let what = format!("{name}: silent {since}; other devices on {} answer", place.line);
        Some((what, "check its power and termination, and its address".to_owned()))
    }

    /// A reader that somebody should look at; one on a line whose port is shut is told as that line.
    #[must_use]
    pub fn reader_trouble(&self, reader: &Reader) -> Option<Words> {
        if reader.state != "silent" {
            return reader.attention();
        }
        if self.field.lines.get(&reader.line).is_some_and(|line| line.open == Some(false)) {
            return None;
        }
        let answers = |other: &Reader| {
            other.id != reader.id
                && other.line == reader.line
                && !matches!(other.state.as_str(), "silent" | "unknown")
        };
        let others = self.readers.iter().filter(|other| other.id != reader.id && other.line == reader.line);
        let (others, next) = match (others.count(), self.readers.iter().any(answers)) {
            (0, _) => (String::new(), "check its power, A and B, its address and its speed"),
            (_, true) => (
                format!("; other readers on {} answer", reader.line),
                "check its power and termination, and its address",
            ),
            (_, false) => (
                format!("; no other reader on {} answers", reader.line),
                "check the readers' supply, A and B, and the line's speed",
            ),
        };
        let Reader { id, address, .. } = reader;
        Some((
            format!("reader {id}, address {address}: silent {}{others}", self.since(reader.since)),
            next.to_owned(),
        ))
    }

    /// A probe that cannot be believed; one on a board that is silent is told as that board, and as not safe.
    #[must_use]
    pub fn probe_trouble(&self, probe: &Probe) -> Option<Words> {
        let read = &probe.milli_celsius;
        let how = match read.quality {
            Quality::Good => return None,
            Quality::Unknown => "was not heard since the start".to_owned(),
            Quality::Stale => format!("was not heard {}", self.since(read.observed_at)),
            Quality::Fault => "says that it is broken".to_owned(),
        };
        let board = probe.source.as_deref().and_then(|source| source.split('/').next());
        let silent = board.filter(|board| self.is_silent(board));
        let next = match (silent, probe.source.as_deref()) {
            (Some(board), _) => format!("its board {board} is silent: begin there"),
            (None, Some(source)) => {
                format!("its board answers: check the plug and the wire at {source}")
            }
            (None, None) => "check its plug and wire".to_owned(),
        };
        let what =
            format!("probe {} ({}) {how}; what it watches counts as not safe", probe.id, probe.climate);
        Some((what, next))
    }

    /// Whether a board does not answer, as far as that is known.
    #[must_use]
    pub fn is_silent(&self, board: &str) -> bool {
        let named = self.devices.iter().find(|named| named.id == board);
        named.is_some_and(|named| !named.is_online())
    }

    fn is_on(&self, board: &str, line: &str) -> bool {
        self.field.devices.get(board).is_some_and(|one| one.line == line)
    }

    /// Since when, by the clock and as a span.
    fn since(&self, at: Option<i64>) -> String {
        let Some(at) = at else { return "since the start".to_owned() };
        let time = jiff::Timestamp::from_millisecond(at).map(|at| at.strftime("%H:%M UTC").to_string());
        format!("since {} ({})", time.unwrap_or_default(), span(self.gateway.now - at))
    }
}
