//! Whether the parts that doors depend on make progress: the engine's loop and each line's thread.
//!
//! The watchdog is fed with this and with nothing else, so a daemon that is alive and deaf is restarted by systemd.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use vestibule_core::id::LineId;
use vestibule_core::time::{Millis, Mono};

/// The engine beats at least every [`ENGINE_BEAT`]; a worn card has been seen to hold one sync back for most of ten
/// seconds, so twice that is no progress.
pub const ENGINE_PATIENCE: Millis = Millis::seconds(20);
/// Longest the engine waits for an input before it beats again.
pub const ENGINE_BEAT: Millis = Millis::seconds(2);
/// A line tells its counters every 10 s even when it is unplugged; three of them missing is no progress.
pub const LINE_PATIENCE: Millis = Millis::seconds(30);

const _: () = assert!(ENGINE_BEAT.0 * 5 <= ENGINE_PATIENCE.0);

/// When one part was last seen working.
#[derive(Clone, Debug)]
pub struct Beat(Arc<AtomicU64>);

/// A part that is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Part {
    Engine,
    Line(LineId),
}

/// The beats of all parts.
#[derive(Clone, Debug)]
pub struct Health {
    engine: Beat,
    lines: BTreeMap<LineId, Beat>,
}

impl Beat {
    fn new(now: Mono) -> Self {
        Self(Arc::new(AtomicU64::new(now.0)))
    }

    /// Notes progress at `now`.
    pub fn beat(&self, now: Mono) {
        self.0.fetch_max(now.0, Ordering::Relaxed);
    }

    fn is_late(&self, now: Mono, patience: Millis) -> bool {
        now.since(Mono(self.0.load(Ordering::Relaxed))) > patience
    }
}

impl Health {
    /// Watches the engine and these lines; each has its full patience from `now` on.
    #[must_use]
    pub fn new(lines: impl IntoIterator<Item = LineId>, now: Mono) -> Self {
        let lines = lines.into_iter().map(|line| (line, Beat::new(now))).collect();
        Self { engine: Beat::new(now), lines }
    }

    /// The engine's beat.
    #[must_use]
    pub fn engine(&self) -> Beat {
        self.engine.clone()
    }

    /// A line's beat; a line that is not watched gets one that nobody looks at.
    #[must_use]
    pub fn line(&self, line: &LineId) -> Beat {
        self.lines.get(line).cloned().unwrap_or_else(|| Beat::new(Mono(0)))
    }

    /// The parts that make no progress.
    #[must_use]
    pub fn stuck(&self, now: Mono) -> Vec<Part> {
        let engine = self.engine.is_late(now, ENGINE_PATIENCE).then_some(Part::Engine);
        let lines = self.lines.iter().filter(|(_, beat)| beat.is_late(now, LINE_PATIENCE));
        engine.into_iter().chain(lines.map(|(line, _)| Part::Line(line.clone()))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn part_is_stuck_when_its_beats_stay_out() {
        let line = LineId::new("one").expect("id");
        let health = Health::new([line.clone()], Mono(0));
        let late = Mono(0).after(Millis::seconds(31));
        assert_eq!(health.stuck(Mono(0).after(ENGINE_PATIENCE)), []);
        assert_eq!(health.stuck(late), [Part::Engine, Part::Line(line.clone())]);
        health.engine().beat(late);
        assert_eq!(health.stuck(late), [Part::Line(line.clone())]);
        health.line(&line).beat(late);
        assert_eq!(health.stuck(late), []);
    }
}
