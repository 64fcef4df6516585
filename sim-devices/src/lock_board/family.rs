//! What sets the families of lock boards apart. Each tells it in its own file as [`Facts`]; a new family is such a file, its
//! variant, and its line in [`LockFamily::facts`].

use std::time::Duration;

use super::bytes::printed;
use super::{kerong, lock_8a, winnsen, wkly};
use crate::number::Address;

/// Which boards: all on a line are of one family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockFamily {
    /// Kerong KR-CU16: 16 hooks and 16 eyes.
    KerongCu16,
    /// Kerong KR-CU48: 48 hooks and 48 eyes.
    KerongCu48,
    /// Kerong KR-CU48 whose status has hooks only.
    KerongCu48Hooks,
    /// 8A/80, with so many locks.
    Lock8a(u8),
    /// Winnsen, 16 locks.
    Winnsen,
    /// WKLY, with so many locks.
    Wkly(u8),
}

/// What a frame asks of a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// Lets go the lock with this index.
    Open(usize),
    /// Lets go every lock.
    OpenAll,
    /// What all feedback lines read.
    Read,
    /// What the feedback line with this index reads.
    ReadOne(usize),
}

/// A frame of the family: the board's number, and what is asked of it.
pub(crate) type Asked = (u8, Ask);

/// What a board says of all its feedback lines.
pub(super) type All = fn(u8, &[bool]) -> Vec<u8>;
/// A frame of a board about the lock or feedback line with an index.
pub(super) type About = fn(u8, usize) -> Vec<u8>;
/// The same, with what the line reads.
pub(super) type Level = fn(u8, usize, bool) -> Vec<u8>;

/// What sets one family apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    /// How many locks.
    pub locks: usize,
    /// How many signals: a feedback for each lock, and eyes where there are any.
    pub inputs: usize,
    /// How long a board holds a lock.
    pub held: Duration,
    /// What a whole frame asks, and of which board; none for what is no request of the family.
    pub parse: fn(&[u8]) -> Option<Asked>,
    /// What a board says of all its feedback lines; none where it is not asked for all.
    pub all: Option<All>,
    /// What it says of one of them; none where it is not asked for one.
    pub one: Option<Level>,
    /// What it says about an opening.
    pub word: Word,
    /// What it says unasked of a door that moved; none where it is silent.
    pub unasked: Option<Level>,
    /// A frame of a board as its neighbour would send it.
    pub neighbours: fn(&[u8]) -> Vec<u8>,
}

/// What a board says about an opening.
#[derive(Clone, Copy, Debug)]
pub(super) enum Word {
    /// Nothing.
    Never,
    /// This, as soon as it is told.
    AtOnce(About),
    /// This, when it lets go of the lock.
    Afterwards(About),
}

impl LockFamily {
    const fn facts(self) -> Facts {
        match self {
            Self::KerongCu16 => kerong::CU16,
            Self::KerongCu48 => kerong::CU48,
            Self::KerongCu48Hooks => kerong::CU48_HOOKS,
            Self::Lock8a(locks) => lock_8a::with(locks),
            Self::Winnsen => winnsen::FACTS,
            Self::Wkly(locks) => wkly::with(locks),
        }
    }

    /// How many locks.
    #[must_use]
    pub const fn locks(self) -> usize {
        self.facts().locks
    }

    /// How many signals: a feedback for each lock, and eyes where there are any.
    #[must_use]
    pub const fn inputs(self) -> usize {
        self.facts().inputs
    }

    /// How long a board holds a lock.
    #[must_use]
    pub const fn held(self) -> Duration {
        self.facts().held
    }

    /// What a whole frame asks, and of which board; none for what is no request of the family.
    pub(crate) fn parse(self, frame: &[u8]) -> Option<Asked> {
        let asked = (self.facts().parse)(frame)?;
        match asked.1 {
            Ask::Open(lock) | Ask::ReadOne(lock) if lock >= self.locks() => None,
            _ => Some(asked),
        }
    }

    /// The locks that a frame would open, as this family's boards read it: board number and lock counted from 1.
    #[must_use]
    pub fn opens(self, frame: &[u8]) -> Vec<(u8, u8)> {
        match self.parse(frame) {
            Some((board, Ask::Open(lock))) => vec![(board, printed(lock))],
            Some((board, Ask::OpenAll)) => (0..self.locks()).map(|lock| (board, printed(lock))).collect(),
            Some((_, Ask::Read | Ask::ReadOne(_))) | None => Vec::new(),
        }
    }

    /// The board and the command of a frame, for fault rules.
    pub(crate) fn addressed(self, frame: &[u8]) -> Option<(Option<Address>, u8)> {
        let (board, ask) = self.parse(frame)?;
        let command = match ask {
            Ask::Open(_) | Ask::OpenAll => 5,
            Ask::Read | Ask::ReadOne(_) => 2,
        };
        Some((Address::new(board), command))
    }

    /// A frame of this board as its neighbour would send it.
    pub(crate) fn readdressed(self, reply: &[u8]) -> Vec<u8> {
        (self.facts().neighbours)(reply)
    }

    /// What a board answers to a read; none where its family is not read so.
    pub(super) fn status(self, board: u8, levels: &[bool], ask: Ask) -> Option<Vec<u8>> {
        let Facts { all, one, .. } = self.facts();
        match ask {
            Ask::Read => all.map(|all| all(board, levels)),
            Ask::ReadOne(lock) => one.map(|one| one(board, lock, levels.get(lock).copied().unwrap_or(false))),
            Ask::Open(_) | Ask::OpenAll => None,
        }
    }

    /// What a board says about an opening, and how long after the request.
    pub(super) fn word(self, board: u8, lock: usize) -> Option<(Duration, Vec<u8>)> {
        match self.facts().word {
            Word::Never => None,
            Word::AtOnce(word) => Some((Duration::ZERO, word(board, lock))),
            Word::Afterwards(word) => Some((self.held(), word(board, lock))),
        }
    }

    /// What a board says unasked of a door that moved; none where its family is silent.
    pub(super) fn unasked(self) -> Option<Level> {
        self.facts().unasked
    }
}
