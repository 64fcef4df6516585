//! When the file is opened again after an I/O error: soon at first, then ever more rarely. No clock inside.

use vestibule_core::time::{Millis, Mono};

use crate::limits::{REOPEN_FIRST, REOPEN_LONGEST};

/// The pause between attempts: doubles from [`REOPEN_FIRST`] to [`REOPEN_LONGEST`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    pause: Millis,
    next: Mono,
}

impl Backoff {
    /// Begins after a failure at this instant.
    #[must_use]
    pub const fn begin(now: Mono) -> Self {
        Self { pause: REOPEN_FIRST, next: now.after(REOPEN_FIRST) }
    }

    /// The next attempt failed too.
    #[must_use]
    pub fn failed(self, now: Mono) -> Self {
        let pause = Millis(self.pause.0.saturating_mul(2).min(REOPEN_LONGEST.0));
        Self { pause, next: now.after(pause) }
    }

    /// When to try.
    #[must_use]
    pub const fn next(self) -> Mono {
        self.next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_to_their_limit_when_attempts_fail() {
        let mut backoff = Backoff::begin(Mono(0));
        let mut pauses = vec![backoff.next().since(Mono(0)).0];
        for _ in 0..10 {
            let now = backoff.next();
            backoff = backoff.failed(now);
            pauses.push(backoff.next().since(now).0);
        }
        assert_eq!(pauses, [100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000]);
    }
}
