//! When a read of inputs is believed, each input for itself. What was believed before is believed again at once; a change needs
//! as many reads in a row that agree on it as the format's check bytes are worth
//! ([`Protocol::agreeing_reads`](crate::frame::Protocol::agreeing_reads)).
//!
//! Each for itself, since one contact that chatters must not hide that a door beside it has opened.

use crate::signal::InputStates;

/// Reads before the newest that are remembered: the least trusted format asks for three in a row.
const REMEMBERED: usize = 2;

/// What one poll read so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Agreement {
    believed: InputStates,
    /// The newest first.
    before: [InputStates; REMEMBERED],
}

impl Agreement {
    /// Takes a read where `needed` in a row must agree; what of it is believed. The rest may be bent: the board is asked again.
    pub fn hear(&mut self, read: InputStates, needed: u8) -> InputStates {
        let others = self.before.iter().take(usize::from(needed).saturating_sub(1));
        let settled = others.fold(read, |settled, other| settled.agreeing(*other));
        self.believed = self.believed.updated(settled);
        self.before.rotate_right(1);
        self.before[0] = read;
        self.believed.agreeing(read)
    }

    /// A read failed: those before it are in no row with those after it. What is as it was is believed all the same.
    pub fn interrupt(&mut self) {
        self.before = <[InputStates; REMEMBERED]>::default();
    }

    /// The board was away: nothing of before is believed.
    pub fn forget(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::Channel;
    use crate::frame::Protocol;
    use crate::signal::Level;

    fn bits(bits: u128) -> InputStates {
        InputStates::new(bits, 8)
    }

    #[test]
    fn every_format_asks_for_no_more_reads_than_are_remembered() {
        for protocol in Protocol::ALL {
            assert!(usize::from(protocol.agreeing_reads()) <= REMEMBERED + 1, "{protocol:?}");
        }
    }

    #[test]
    fn change_is_told_only_when_as_many_reads_agree_as_are_needed() {
        for needed in 1..=3 {
            let mut agreement = Agreement::default();
            let told: Vec<InputStates> = (0..4).map(|_| agreement.hear(bits(5), needed)).collect();
            let first = told.iter().position(|told| *told == bits(5));
            assert_eq!(first, Some(usize::from(needed) - 1), "{needed}");
            assert!(told.iter().take(first.unwrap_or(0)).all(|told| *told == InputStates::default()));
            assert!(told.iter().skip(first.unwrap_or(0)).all(|told| *told == bits(5)));
        }
    }

    #[test]
    fn bent_read_is_never_told_and_changes_nothing() {
        let mut agreement = Agreement::default();
        agreement.hear(bits(5), 2);
        assert_eq!(agreement.hear(bits(5), 2), bits(5));
        let second = Channel::new(2).unwrap();
        let told = agreement.hear(bits(7), 2);
        assert_eq!(told.get(second), None, "it may be bent");
        assert_eq!(told.iter().count(), 7, "all others are as before");
        assert_eq!(agreement.hear(bits(5), 2), bits(5), "as before");
        assert_eq!(agreement.hear(bits(7), 2).get(second), None, "counted anew");
        assert_eq!(agreement.hear(bits(7), 2), bits(7));
        agreement.forget();
        assert_eq!(agreement.hear(bits(7), 2), InputStates::default());
    }

    #[test]
    fn reads_before_a_failed_one_count_no_more_and_what_was_believed_still_is() {
        let mut agreement = Agreement::default();
        for _ in 0..3 {
            agreement.hear(bits(5), 3);
        }
        let second = Channel::new(2).unwrap();
        let told = |agreement: &mut Agreement, reads| -> Vec<_> {
            (0..reads).map(|_| agreement.hear(bits(7), 3).get(second)).collect()
        };
        assert_eq!(told(&mut agreement, 2), [None, None]);
        agreement.interrupt();
        assert_eq!(told(&mut agreement, 3), [None, None, Some(Level::On)], "counted anew");
        agreement.interrupt();
        assert_eq!(agreement.hear(bits(7), 3), bits(7), "as it was");
    }

    #[test]
    fn input_that_chatters_does_not_hide_the_others() {
        let mut agreement = Agreement::default();
        let (first, fourth) = (Channel::new(1).unwrap(), Channel::new(4).unwrap());
        agreement.hear(bits(0), 3);
        agreement.hear(bits(0), 3);
        agreement.hear(bits(0), 3);
        let told: Vec<InputStates> = (0..6).map(|turn| agreement.hear(bits(8 | (turn % 2)), 3)).collect();
        assert_eq!(told[1].get(fourth), None);
        assert!(told.iter().skip(2).all(|told| told.get(fourth) == Some(Level::On)));
        assert!(told.iter().all(|told| told.get(first) != Some(Level::On)), "never three in a row");
    }
}
