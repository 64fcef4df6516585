//! Lines that rest between loans: who may not open doors cannot keep them shut by borrowing again and again.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use vestibule_core::id::LineId;

/// Between two loans of one line to technicians: its boards are set up again and its doors open for a minute.
const REST: Duration = Duration::from_secs(60);

/// When each line came back from a technician last; at most one entry for each configured line.
#[derive(Debug, Default)]
pub struct Rests(Mutex<BTreeMap<LineId, Instant>>);

impl Rests {
    /// How long the line still rests; none when it may be lent to a technician.
    #[must_use]
    pub fn left(&self, line: &LineId, now: Instant) -> Option<Duration> {
        let came_back = *self.0.lock().unwrap_or_else(PoisonError::into_inner).get(line)?;
        REST.checked_sub(now.saturating_duration_since(came_back)).filter(|left| !left.is_zero())
    }

    /// A technician gave the line back.
    pub fn came_back(&self, line: &LineId, now: Instant) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(line.clone(), now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_rests_a_minute_between_loans_and_others_do_not() {
        let (rests, now) = (Rests::default(), Instant::now());
        let [one, two] = ["one", "two"].map(|id| LineId::new(id).unwrap());
        assert_eq!(rests.left(&one, now), None);
        rests.came_back(&one, now);
        assert_eq!(rests.left(&one, now + Duration::from_secs(59)), Some(Duration::from_secs(1)));
        assert_eq!(rests.left(&one, now + REST), None);
        assert_eq!(rests.left(&two, now), None);
    }
}
