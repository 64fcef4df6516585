//! A slave that has not all of what one read asks for: the read becomes smaller ones, and the parts that work go on.

use crate::device::plan::Meaning;
use crate::device::profile::{Point, Span};
use crate::limits::REFUSED_RETRY;
use crate::line::polls::PollState;
use crate::line::slave::Slave;
use crate::time::Monotonic;

/// What a slave has not all of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAll {
    /// What was asked for.
    pub asked: Span,
    /// Whether parts of it are asked for from now on.
    pub in_parts: bool,
}

/// From the first to the last of `points`.
fn asked(points: &[Point]) -> Option<Span> {
    let first = points.iter().map(Point::span).min()?;
    let end = points.iter().map(|point| point.span().end()).max()?;
    Some(Span { count: u16::try_from(end - u32::from(first.first)).ok()?, ..first })
}

impl Slave {
    /// It has not all of what a poll asks for: the poll is replaced by its parts, due at `now`; one that has none is tried
    /// again after a long while. What is to be told, if it was not told before.
    pub fn refuses(&mut self, poll: usize, now: Monotonic) -> Option<NotAll> {
        let state = self.polls.get_mut(poll)?;
        let Meaning::Points(points) = &state.poll.meaning else { return None };
        let asked = asked(points)?;
        let mut parts = state.poll.parts().into_iter();
        let Some(first) = parts.next() else {
            state.restart(now + REFUSED_RETRY);
            let told = std::mem::replace(&mut state.refused, true);
            return (!told).then_some(NotAll { asked, in_parts: false });
        };
        state.poll = first;
        state.restart(now);
        self.polls.extend(parts.map(|part| PollState::new(part, now)));
        Some(NotAll { asked, in_parts: true })
    }
}
