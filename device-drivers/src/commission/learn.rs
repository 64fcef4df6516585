//! What one door teaches: which inputs moved after its lock was pulsed, in which order, and what that makes of them.
//!
//! The door is shut before the lesson and after it. A contact that left its level and came back is this door's. Of two, the
//! latch lets go before the leaf leaves its frame, and catches after the leaf is back: where neither order was seen, nothing
//! is guessed, and the lesson is given again.

use std::collections::BTreeMap;

use crate::signal::Level;
use crate::time::Monotonic;

/// What an input did in a lesson.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Track {
    /// Its level while the door was shut before.
    rest: Level,
    now: Level,
    left: Option<Monotonic>,
    back: Option<Monotonic>,
}

/// A contact as learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Contact<K> {
    /// The input.
    pub input: K,
    /// Its level while shut, or latched.
    pub shut_is_on: bool,
}

/// What a lesson came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict<K> {
    /// The door's contact, and the latch's where one moved.
    Learned {
        /// The door contact.
        door: Contact<K>,
        /// The latch contact.
        latch: Option<Contact<K>>,
    },
    /// Nothing can be said.
    Unclear(Unclear<K>),
}

/// Why nothing can be said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unclear<K> {
    /// No input moved.
    NothingMoved,
    /// These did not come back: the door stood open before, or stands open now.
    NotBack(Vec<K>),
    /// Two moved, and always in the same read: which is the latch?
    Together(K, K),
    /// Two moved, and in orders that contradict each other.
    Contradiction(K, K),
    /// More than two moved: somebody touched another door.
    Many(Vec<K>),
    /// Only one moved, and a latch contact should have moved as well.
    NoLatch(K),
}

/// Which contacts the door should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// A door contact.
    Door,
    /// A door contact and a latch contact.
    DoorAndLatch,
}

/// One lesson: every input's level at rest, then every read of it.
#[derive(Debug, Clone)]
pub struct Lesson<K> {
    tracks: BTreeMap<K, Track>,
}

impl<K: Copy + Ord> Lesson<K> {
    /// A lesson that begins with these levels; the door is shut.
    #[must_use]
    pub fn new(rest: impl IntoIterator<Item = (K, Level)>) -> Self {
        let track = |rest| Track { rest, now: rest, left: None, back: None };
        Self { tracks: rest.into_iter().map(|(input, level)| (input, track(level))).collect() }
    }

    /// An input was read; whether it has changed.
    pub fn read(&mut self, input: K, level: Level, at: Monotonic) -> bool {
        let Some(track) = self.tracks.get_mut(&input) else { return false };
        if track.now == level {
            return false;
        }
        track.now = level;
        if level == track.rest {
            track.back = Some(at);
        } else {
            track.left.get_or_insert(at);
            track.back = None;
        }
        true
    }

    /// Whether something moved and all is back where it was.
    #[must_use]
    pub fn is_over(&self) -> bool {
        let moved = self.tracks.values().any(|track| track.left.is_some());
        moved && self.tracks.values().all(|track| track.now == track.rest)
    }

    /// When the first input left its level.
    #[must_use]
    pub fn first_move(&self) -> Option<Monotonic> {
        self.tracks.values().filter_map(|track| track.left).min()
    }

    /// When the last input came back.
    #[must_use]
    pub fn last_move(&self) -> Option<Monotonic> {
        self.tracks.values().filter_map(|track| track.back).max()
    }

    /// What it came to.
    #[must_use]
    pub fn verdict(&self, expected: Expected) -> Verdict<K> {
        let moved: Vec<(K, Track)> = self
            .tracks
            .iter()
            .filter(|(_, track)| track.left.is_some())
            .map(|(input, track)| (*input, *track))
            .collect();
        let away: Vec<K> =
            moved.iter().filter(|(_, track)| track.back.is_none()).map(|(input, _)| *input).collect();
        if !away.is_empty() && moved.len() <= 2 {
            return Verdict::Unclear(Unclear::NotBack(away));
        }
        match (moved.as_slice(), expected) {
            ([], _) => Verdict::Unclear(Unclear::NothingMoved),
            ([(door, track)], Expected::Door) => {
                Verdict::Learned { door: contact(*door, *track), latch: None }
            }
            ([(only, _)], Expected::DoorAndLatch) => Verdict::Unclear(Unclear::NoLatch(*only)),
            ([one, two], _) => pair(*one, *two),
            _ => Verdict::Unclear(Unclear::Many(moved.iter().map(|(input, _)| *input).collect())),
        }
    }
}

const fn contact<K>(input: K, track: Track) -> Contact<K> {
    Contact { input, shut_is_on: matches!(track.rest, Level::On) }
}

/// Of two contacts, the latch leaves first and comes back last.
fn pair<K: Copy>(one: (K, Track), two: (K, Track)) -> Verdict<K> {
    let leaving = one.1.left.cmp(&two.1.left);
    let returning = two.1.back.cmp(&one.1.back);
    let order = match (leaving, returning) {
        (order, std::cmp::Ordering::Equal) => order,
        (std::cmp::Ordering::Equal, order) => order,
        (leaving, returning) if leaving == returning => leaving,
        _ => return Verdict::Unclear(Unclear::Contradiction(one.0, two.0)),
    };
    let (latch, door) = match order {
        std::cmp::Ordering::Less => (one, two),
        std::cmp::Ordering::Greater => (two, one),
        std::cmp::Ordering::Equal => return Verdict::Unclear(Unclear::Together(one.0, two.0)),
    };
    Verdict::Learned { door: contact(door.0, door.1), latch: Some(contact(latch.0, latch.1)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Level::{Off, On};

    fn at(millis: u64) -> Monotonic {
        Monotonic::from_micros(millis * 1_000)
    }

    /// Inputs 1 (on at rest) to 3 (off at rest), and these reads.
    fn lesson(reads: &[(u64, u8, Level)]) -> Lesson<u8> {
        let mut lesson = Lesson::new([(1, On), (2, On), (3, Off)]);
        for (millis, input, level) in reads {
            lesson.read(*input, *level, at(*millis));
        }
        lesson
    }

    #[test]
    fn contact_and_polarity_are_what_moved_and_where_it_rests() {
        for (input, away, rest) in [(1, Off, On), (3, On, Off)] {
            let lesson = lesson(&[(200, input, away), (3_000, input, rest)]);
            assert!(lesson.is_over());
            let door = Contact { input, shut_is_on: rest == On };
            assert_eq!(lesson.verdict(Expected::Door), Verdict::Learned { door, latch: None });
            let unclear = Verdict::Unclear(Unclear::NoLatch(input));
            assert_eq!(lesson.verdict(Expected::DoorAndLatch), unclear);
        }
    }

    #[test]
    fn latch_is_the_one_that_lets_go_first_or_catches_last() {
        let (door, latch) = (Contact { input: 1, shut_is_on: true }, Contact { input: 3, shut_is_on: false });
        let learned = Verdict::Learned { door, latch: Some(latch) };
        let both = [(100, 3, On), (150, 1, Off), (3_000, 1, On), (3_050, 3, Off)];
        let opening_only = [(100, 3, On), (150, 1, Off), (3_000, 1, On), (3_000, 3, Off)];
        let closing_only = [(100, 3, On), (100, 1, Off), (3_000, 1, On), (3_050, 3, Off)];
        for reads in [both, opening_only, closing_only] {
            assert_eq!(lesson(&reads).verdict(Expected::DoorAndLatch), learned);
        }
    }

    #[test]
    fn nothing_is_guessed_when_the_order_is_not_seen_or_contradicts_itself() {
        let together = [(100, 1, Off), (100, 3, On), (3_000, 1, On), (3_000, 3, Off)];
        let verdict = lesson(&together).verdict(Expected::DoorAndLatch);
        assert_eq!(verdict, Verdict::Unclear(Unclear::Together(1, 3)));
        let contradiction = [(100, 1, Off), (150, 3, On), (3_000, 1, On), (3_050, 3, Off)];
        let verdict = lesson(&contradiction).verdict(Expected::Door);
        assert_eq!(verdict, Verdict::Unclear(Unclear::Contradiction(1, 3)));
    }

    #[test]
    fn door_that_stood_open_and_other_doors_are_told_apart() {
        let stood_open = lesson(&[(3_000, 1, Off)]);
        assert!(!stood_open.is_over());
        assert_eq!(stood_open.verdict(Expected::Door), Verdict::Unclear(Unclear::NotBack(vec![1])));
        assert_eq!(lesson(&[]).verdict(Expected::Door), Verdict::Unclear(Unclear::NothingMoved));
        let many = [(1, 1, Off), (1, 2, Off), (1, 3, On), (9, 1, On), (9, 2, On), (9, 3, Off)];
        assert_eq!(lesson(&many).verdict(Expected::Door), Verdict::Unclear(Unclear::Many(vec![1, 2, 3])));
    }
}
