//! What a child process says: its newest lines, for whoever waits for one. A talkative child is never held up by a reader.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Lines kept; older ones are forgotten. A day's log of the demo has a few hundred.
const LINES_KEPT: usize = 4_096;

/// What came of waiting.
#[derive(Debug)]
pub(crate) enum Next {
    /// A line and its number.
    Line(u64, String),
    /// All pipes are closed and nothing is left to read.
    Ended,
    /// The time is over.
    Late,
}

/// The newest lines of one child.
#[derive(Debug, Default)]
pub(crate) struct Words {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    kept: VecDeque<String>,
    /// Number of the first line kept.
    first: u64,
    open_pipes: u8,
}

impl Words {
    /// One more pipe feeds this.
    pub(crate) fn opened(&self) {
        self.lock().open_pipes += 1;
    }

    /// One pipe has ended.
    pub(crate) fn closed(&self) {
        let mut state = self.lock();
        state.open_pipes = state.open_pipes.saturating_sub(1);
        self.changed.notify_all();
    }

    /// One line was said.
    pub(crate) fn say(&self, line: String) {
        let mut state = self.lock();
        if state.kept.len() == LINES_KEPT {
            state.kept.pop_front();
            state.first += 1;
        }
        state.kept.push_back(line);
        self.changed.notify_all();
    }

    /// The first line from number `from` on, waiting for it until `until`.
    pub(crate) fn next(&self, from: u64, until: Instant) -> Next {
        let mut state = self.lock();
        loop {
            let at = from.max(state.first);
            let index = usize::try_from(at - state.first).unwrap_or(usize::MAX);
            if let Some(line) = state.kept.get(index) {
                return Next::Line(at, line.clone());
            }
            if state.open_pipes == 0 {
                return Next::Ended;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Next::Late;
            }
            state =
                self.changed.wait_timeout(state, left).map_or_else(|e| e.into_inner().0, |(state, _)| state);
        }
    }

    /// Whether all pipes closed before `until`.
    pub(crate) fn wait_for_end(&self, until: Instant) -> bool {
        let mut state = self.lock();
        while state.open_pipes > 0 {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state =
                self.changed.wait_timeout(state, left).map_or_else(|e| e.into_inner().0, |(state, _)| state);
        }
        true
    }

    /// Every line that is kept.
    pub(crate) fn all(&self) -> Vec<String> {
        self.lock().kept.iter().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A reader thread cannot panic while it holds the lock; the lines are whole either way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
