//! Valid frames that nobody here asked for: told within a second, and at most once a second.

use crate::frame::View;
use crate::limits::FOREIGN_PERIOD;
use crate::signal::LineTrouble;
use crate::time::Monotonic;

/// Foreign frames not told yet.
#[derive(Debug, Default)]
pub struct Foreign {
    newest: Option<(u8, u8)>,
    count: u32,
    told_at: Option<Monotonic>,
}

impl Foreign {
    /// Notes a frame.
    pub fn add(&mut self, view: &View<'_>) {
        self.newest = Some((view.address(), view.function()));
        self.count = self.count.saturating_add(1);
    }

    /// When there is something to tell; [`Monotonic::NEVER`] when there is not.
    #[must_use]
    pub fn due(&self) -> Monotonic {
        match (self.newest, self.told_at) {
            (None, _) => Monotonic::NEVER,
            (Some(_), None) => Monotonic::ZERO,
            (Some(_), Some(told_at)) => told_at + FOREIGN_PERIOD,
        }
    }

    /// What is to be told at `now`.
    pub fn take(&mut self, now: Monotonic) -> Option<LineTrouble> {
        if now < self.due() {
            return None;
        }
        let (address, function) = self.newest.take()?;
        self.told_at = Some(now);
        Some(LineTrouble::ForeignFrames { address, function, count: std::mem::take(&mut self.count) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Protocol;

    #[test]
    fn frames_are_told_at_once_and_then_once_a_second() {
        let frame = [0x01, 0x02, 0x01, 0x81, 0x61, 0xE8];
        let view = View::new(Protocol::ModbusRtu, &frame).unwrap();
        let at = |ms: u64| Monotonic::from_micros(ms * 1_000);
        let told = |count| Some(LineTrouble::ForeignFrames { address: 1, function: 2, count });
        let mut foreign = Foreign::default();
        assert_eq!((foreign.due(), foreign.take(at(5))), (Monotonic::NEVER, None));
        foreign.add(&view);
        assert_eq!(foreign.take(at(5)), told(1));
        foreign.add(&view);
        foreign.add(&view);
        assert_eq!(foreign.take(at(1_004)), None);
        assert_eq!(foreign.due(), at(1_005));
        assert_eq!(foreign.take(at(1_005)), told(2));
    }
}
