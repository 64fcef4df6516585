//! The 8A/80 family of generic lock boards: five bytes `HEADER BOARD LOCK WHAT XOR`.
//!
//! The check byte is an exclusive or: it finds any one turned bit, and misses a pair in one column. Two such turns in an
//! order make it another lock's, or, lock 0 being *all*, every lock's; the board cannot know, nor can its master. So the
//! board's word is never taken as proof, and reads are believed when they agree.
//!
//! Only the opening of one typed lock and the reading of all can be built: lock 0, and 9A/9B (current until told
//! otherwise), have no constructor.

use std::time::Duration;

use crate::channel::Channel;
use crate::frame;
use crate::frame::facts::{ANSWER_MS, Facts, Opening, Search};
use crate::frame::head::Head;
use crate::frame::lock;
use crate::frame::request::Verdict;
use crate::frame::sum;
use crate::signal::InputStates;
use crate::spec::Address;

/// Board numbers that a DIP switch of six can say; 0 is left out, since some boards take it for all of them.
const BOARDS: (u8, u8) = (1, 63);
/// Bytes of a request and of the word about an opening.
const REQUEST_BYTES: usize = 5;
/// How long a board holds a lock.
const HELD: Duration = Duration::from_millis(300);
/// It speaks when that is over; until then nothing is sent that its word would meet.
const WORD_WITHIN: Duration = Duration::from_millis(400);

const OPEN: u8 = 0x8A;
const READ: u8 = 0x80;
/// Unasked, when a door was shut or opened by hand; documents differ in the number.
const UNASKED: [u8; 2] = [0x81, 0x82];
const DO_OPEN: u8 = 0x11;
const DO_READ: u8 = 0x33;
/// What a read of all says in the place of a lock.
const ALL: u8 = 0;

/// What is known of it.
pub(super) const FACTS: Facts = Facts {
    name: "lock-8a",
    addresses: BOARDS,
    opening: Some(Opening { word_within: WORD_WITHIN, held: HELD }),
    agreeing_reads: 3,
    head,
    view: |frame| View::new(frame).map(frame::View::Lock8a),
    status: |last| Groups::of(last.number()).map(|groups| Request::Status(groups).into()),
    search: Search {
        speeds: &[9600, 19_200, 38_400, 57_600, 115_200],
        answer_ms: ANSWER_MS,
        statuses: &[Lock::COUNT, 16],
        one_by_one: false,
    },
};

/// A lock of a board, 1 to 24.
pub type Lock = lock::Lock<24>;

/// Bytes of status that a board gives: one for each eight locks, the highest eight first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Groups(u8);

impl Groups {
    /// The bytes that `locks` take; none for more than the largest board has, and none for eight and less: with one byte of
    /// status the answer "all open" is our own request, byte for byte, and no master could tell it from an echo.
    #[must_use]
    pub const fn of(locks: u8) -> Option<Self> {
        if locks <= 8 || locks > Lock::COUNT { None } else { Some(Self(locks.div_ceil(8))) }
    }
}

/// One request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// What all feedback lines of the board read.
    Status(Groups),
    /// Opens one lock.
    Open(Lock),
}

impl Request {
    /// The request as it stands on the wire.
    #[must_use]
    pub const fn encode(&self, board: Address) -> [u8; REQUEST_BYTES] {
        let (header, lock, what) = match self {
            Self::Status(_) => (READ, ALL, DO_READ),
            Self::Open(lock) => (OPEN, lock.number(), DO_OPEN),
        };
        let head = [header, board.number(), lock, what];
        [header, board.number(), lock, what, sum::xor(&head)]
    }

    /// Whether it moves a lock.
    #[must_use]
    pub const fn is_write(&self) -> bool {
        matches!(self, Self::Open(_))
    }

    /// Length in bytes of a good answer's frame.
    #[must_use]
    pub fn answer_bytes(&self) -> usize {
        match self {
            Self::Status(Groups(bytes)) => usize::from(*bytes) + 4,
            Self::Open(_) => REQUEST_BYTES,
        }
    }

    /// What `view` is to this request to `board`. The word about an opening is `11` or `00` as the lock is wired, and to
    /// some boards the same means that they failed: it says that the board heard, and nothing more.
    #[must_use]
    pub fn judge<'a>(&self, board: Address, view: &View<'a>) -> Verdict<'a> {
        match (self, view.0) {
            _ if view.address() != board.number() => Verdict::NotMine,
            (Self::Status(Groups(bytes)), [READ, _, data @ .., DO_READ, _])
                if data.len() == usize::from(*bytes) =>
            {
                Verdict::Data(data)
            }
            (Self::Open(lock), [OPEN, _, of, 0x00 | DO_OPEN, _]) if *of == lock.number() => Verdict::Word,
            _ => Verdict::NotMine,
        }
    }
}

/// What a status says: input n is the feedback of lock n (on: shut, where it is wired as most are).
#[must_use]
pub fn inputs(data: &[u8], count: u8) -> InputStates {
    InputStates::new(sum::low_last(data), count)
}

/// A frame with a good check byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View<'a>(&'a [u8]);

impl<'a> View<'a> {
    /// Views `frame`; none when it is none.
    #[must_use]
    pub fn new(frame: &'a [u8]) -> Option<Self> {
        (head(frame, frame.len()) == Head::Frame(frame.len())).then_some(Self(frame))
    }

    /// The board.
    #[must_use]
    pub const fn address(&self) -> u8 {
        self.0[1]
    }

    /// The header.
    #[must_use]
    pub const fn function(&self) -> u8 {
        self.0[0]
    }

    /// The lock whose door moved, where the board says so unasked.
    #[must_use]
    pub fn hint(&self) -> Option<Channel> {
        match self.0 {
            [header, _, lock, _, _] if UNASKED.contains(header) => Channel::new(*lock).ok(),
            _ => None,
        }
    }
}

/// Looks for a frame at the very start of `run`; a status has the length that was asked for.
#[must_use]
pub fn head(run: &[u8], expected: usize) -> Head {
    match run {
        [] => Head::More,
        [OPEN | 0x81 | 0x82, ..] => whole(run, REQUEST_BYTES),
        [READ, ..] => match whole(run, expected.max(REQUEST_BYTES)) {
            Head::Frame(length) if run.get(length - 2) == Some(&DO_READ) => Head::Frame(length),
            Head::More => Head::More,
            // Our own request, given back by the adapter.
            _ if run.get(2..4) == Some(&[ALL, DO_READ]) => whole(run, REQUEST_BYTES),
            _ => Head::Noise,
        },
        _ => Head::Noise,
    }
}

fn whole(run: &[u8], length: usize) -> Head {
    match run.get(..length) {
        None => Head::More,
        Some(frame) if sum::is_xor_intact(frame) => Head::Frame(length),
        Some(_) => Head::Noise,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Protocol;

    fn board(number: u8) -> Address {
        Address::on(Protocol::Lock8a, number).unwrap()
    }

    fn open(number: u8) -> Request {
        Request::Open(Lock::new(Channel::new(number).unwrap()).unwrap())
    }

    fn status(locks: u8) -> Request {
        Request::Status(Groups::of(locks).unwrap())
    }

    fn sealed(body: &[u8]) -> Vec<u8> {
        [body, &[sum::xor(body)]].concat()
    }

    #[test]
    fn frames_are_the_golden_ones() {
        assert_eq!(open(1).encode(board(1)), [0x8A, 0x01, 0x01, 0x11, 0x9B]);
        assert_eq!(open(24).encode(board(2)), [0x8A, 0x02, 0x18, 0x11, 0x81]);
        assert_eq!(status(24).encode(board(1)), [0x80, 0x01, 0x00, 0x33, 0xB2]);
    }

    #[test]
    fn status_has_the_highest_locks_first() {
        let answer = sealed(&[0x80, 1, 0x80, 0x00, 0x05, 0x33]);
        let view = View::new(&answer).unwrap();
        let Verdict::Data(data) = status(24).judge(board(1), &view) else { panic!("not the answer") };
        assert_eq!(inputs(data, 24), InputStates::new(1 << 23 | 0b101, 24));
        assert_eq!(status(16).judge(board(1), &view), Verdict::NotMine, "of another length");
        assert_eq!(status(24).judge(board(2), &view), Verdict::NotMine);
    }

    #[test]
    fn status_is_not_cut_short_when_its_beginning_looks_like_a_frame() {
        // Doors that make the first five bytes those of our own request.
        let answer = sealed(&[0x80, 1, 0x00, 0x33, 0xB2, 0x33]);
        assert_eq!(head(&answer, 7), Head::Frame(7));
        assert_eq!(head(&answer[..6], 7), Head::More);
        let own = [0x80, 0x01, 0x00, 0x33, 0xB2, 0x80, 0x01];
        assert_eq!(head(&own, 7), Head::Frame(5), "the adapter's echo, and an answer after it");
    }

    #[test]
    fn word_is_of_its_own_lock_and_says_the_same_in_both_forms() {
        for body in [[0x8A, 1, 4, 0x11], [0x8A, 1, 4, 0x00]] {
            let frame = sealed(&body);
            let view = View::new(&frame).unwrap();
            assert_eq!(open(4).judge(board(1), &view), Verdict::Word);
            assert_eq!(open(5).judge(board(1), &view), Verdict::NotMine);
            assert_eq!(open(4).judge(board(2), &view), Verdict::NotMine);
        }
    }

    #[test]
    fn unasked_frame_is_a_hint_and_no_answer() {
        let frame = sealed(&[0x81, 1, 7, 0x11]);
        let view = View::new(&frame).unwrap();
        assert_eq!(view.hint().map(Channel::number), Some(7));
        assert_eq!(open(7).judge(board(1), &view), Verdict::NotMine);
        assert_eq!(status(24).judge(board(1), &view), Verdict::NotMine);
        assert_eq!(View::new(&sealed(&[0x8A, 1, 7, 0x11])).unwrap().hint(), None);
    }

    #[test]
    fn no_frame_opens_all_or_holds_on() {
        for channel in Channel::first(crate::channel::MAX_CHANNEL) {
            let Some(lock) = Lock::new(channel) else {
                assert!(channel.number() > 24);
                continue;
            };
            for number in Protocol::Lock8a.addresses() {
                let frame = Request::Open(lock).encode(board(number));
                assert_eq!((frame[0], frame[2], frame[3]), (OPEN, channel.number(), DO_OPEN));
                assert_ne!(frame[2], ALL);
            }
        }
    }
}
