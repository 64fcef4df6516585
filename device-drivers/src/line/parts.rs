//! A slave that has not all of what one read asks for: the read becomes smaller ones, and the parts that work go on.

use crate::device::plan::Meaning;
use crate::device::profile::{Point, Span};
use crate::limits::REFUSED_RETRY;
use crate::line::agreement::Agreement;
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
        let refused = self.polls.get(poll)?;
        let Meaning::Points(points) = &refused.meaning else { return None };
        let asked = asked(points)?;
        let mut parts = refused.parts().into_iter();
        let Some(first) = parts.next() else {
            self.set_poll(poll, 0, now + REFUSED_RETRY);
            let told = std::mem::replace(self.refused.get_mut(poll)?, true);
            return (!told).then_some(NotAll { asked, in_parts: false });
        };
        *self.polls.get_mut(poll)? = first;
        self.set_poll(poll, 0, now);
        for part in parts {
            self.polls.push(part);
            self.poll_due.push(now);
            self.poll_failures.push(0);
            self.refused.push(false);
            self.agreements.push(Agreement::default());
            self.hurried.push(false);
        }
        Some(NotAll { asked, in_parts: true })
    }
}
