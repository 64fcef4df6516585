//! When a read of inputs is believed. What was believed before is believed again at once; a change needs as many reads in a
//! row that agree as the format's check bytes are worth
//! ([`Protocol::agreeing_reads`](crate::frame::Protocol::agreeing_reads)).

use crate::signal::InputStates;

/// What one poll read so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Agreement {
    believed: Option<InputStates>,
    /// A read that differs, and how often in a row it came.
    other: Option<(InputStates, u8)>,
}

/// What is to be done with a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Belief {
    /// It is told.
    Told,
    /// It may be a bent one: the board is asked again at once.
    AskAgain,
}

impl Agreement {
    /// Takes a read where `needed` must agree.
    pub fn hear(&mut self, read: InputStates, needed: u8) -> Belief {
        let count = match self.other {
            _ if self.believed == Some(read) => needed,
            Some((other, count)) if other == read => count.saturating_add(1),
            _ => 1,
        };
        if count >= needed {
            *self = Self { believed: Some(read), other: None };
            return Belief::Told;
        }
        self.other = Some((read, count));
        Belief::AskAgain
    }

    /// The board was away: nothing of before is believed.
    pub fn forget(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(bits: u128) -> InputStates {
        InputStates::new(bits, 8)
    }

    #[test]
    fn change_is_told_only_when_as_many_reads_agree_as_are_needed() {
        for needed in 1..=3 {
            let mut agreement = Agreement::default();
            let turns: Vec<Belief> = (0..4).map(|_| agreement.hear(bits(5), needed)).collect();
            let first = turns.iter().position(|turn| *turn == Belief::Told);
            assert_eq!(first, Some(usize::from(needed) - 1), "{needed}");
            assert!(turns.iter().skip(first.unwrap_or(0)).all(|turn| *turn == Belief::Told));
        }
    }

    #[test]
    fn bent_read_is_never_told_and_changes_nothing() {
        let mut agreement = Agreement::default();
        agreement.hear(bits(5), 2);
        assert_eq!(agreement.hear(bits(5), 2), Belief::Told);
        assert_eq!(agreement.hear(bits(7), 2), Belief::AskAgain);
        assert_eq!(agreement.hear(bits(5), 2), Belief::Told, "as before");
        assert_eq!(agreement.hear(bits(7), 2), Belief::AskAgain, "counted anew");
        assert_eq!(agreement.hear(bits(4), 2), Belief::AskAgain, "another change");
        assert_eq!(agreement.hear(bits(4), 2), Belief::Told);
        agreement.forget();
        assert_eq!(agreement.hear(bits(4), 2), Belief::AskAgain);
    }
}
