//! Kerong KR-CU16: `02 ADDR CMD 03 SUM`, ADDR being the board in its high nibble and the lock in its low one.
//!
//! The sum is eight bits wide: it finds any one turned bit, and misses many pairs. What a lock did is therefore believed by
//! agreeing reads alone ([`Protocol::agreeing_reads`](crate::frame::Protocol::agreeing_reads)).
//!
//! Only a status and the unlocking of one typed lock can be built. Command 33 (all locks) has no constructor.

use std::time::Duration;

use crate::frame;
use crate::frame::facts::{ANSWER_MS, Facts, Opening, Search};
use crate::frame::head::Head;
use crate::frame::lock;
use crate::frame::request::Verdict;
use crate::frame::sum;
use crate::signal::InputStates;
use crate::spec::Address;

/// Highest board number: 15 is the broadcast's nibble.
pub const MAX_BOARD: u8 = 14;
/// Bytes of a request.
const REQUEST_BYTES: usize = 5;
/// Bytes of a status.
const STATUS_BYTES: usize = 9;
/// Signals of a status: a hook for each lock, then an infrared eye for each lock.
pub const INPUTS: u8 = 2 * Lock::COUNT;
/// A board that says something after an unlock does so within this.
const WORD_WITHIN: Duration = Duration::from_millis(25);
/// Longest time that a board is taken to hold a lock: its own setting (command 37), which is not read.
const HELD: Duration = Duration::from_secs(1);

const START: u8 = 0x02;
const END: u8 = 0x03;
const STATUS: u8 = 0x30;
const UNLOCK: u8 = 0x31;
const STATUS_ANSWER: u8 = 0x35;

/// What is known of it.
pub(super) const FACTS: Facts = Facts {
    name: "kerong-cu16",
    addresses: (0, MAX_BOARD),
    opening: Some(Opening { word_within: WORD_WITHIN, held: HELD }),
    agreeing_reads: 3,
    head: |run, _| head(run),
    view: |frame| View::new(frame).map(frame::View::KerongCu16),
    status: |last| (last.number() == INPUTS).then(|| Request::Status.into()),
    search: Search {
        speeds: &[19_200, 9600, 57_600, 115_200],
        answer_ms: ANSWER_MS,
        statuses: &[INPUTS],
        one_by_one: false,
    },
};

/// A lock of a board, 1 to 16.
pub type Lock = lock::Lock<16>;

/// One request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// What all hooks and eyes of the board read.
    Status,
    /// Lets go one lock.
    Unlock(Lock),
}

impl Request {
    /// The request as it stands on the wire.
    #[must_use]
    pub const fn encode(&self, board: Address) -> [u8; REQUEST_BYTES] {
        let (lock, command) = match self {
            Self::Status => (0, STATUS),
            Self::Unlock(lock) => (lock.index(), UNLOCK),
        };
        let address = board.number() << 4 | lock;
        let head = [START, address, command, END];
        [START, address, command, END, sum::of(&head)]
    }

    /// Whether it moves a lock.
    #[must_use]
    pub const fn is_write(&self) -> bool {
        matches!(self, Self::Unlock(_))
    }

    /// Length in bytes of a good answer's frame.
    #[must_use]
    pub const fn answer_bytes(&self) -> usize {
        STATUS_BYTES
    }

    /// What `view` is to this request to `board`.
    #[must_use]
    pub fn judge<'a>(&self, board: Address, view: &View<'a>) -> Verdict<'a> {
        match (self, view.status()) {
            _ if view.address() != board.number() => Verdict::NotMine,
            (Self::Status, Some(data)) => Verdict::Data(data),
            (Self::Unlock(_), Some(_)) => Verdict::Word,
            (Self::Unlock(_), None) if view.0 == self.encode(board) => Verdict::Word,
            (_, None) => Verdict::NotMine,
        }
    }
}

/// What a status says: inputs 1 to 16 are the hooks (on: locked), 17 to 32 the eyes (on: something is in the way).
#[must_use]
pub fn inputs(data: &[u8]) -> InputStates {
    InputStates::new(sum::low_first(data), INPUTS)
}

/// A frame with a good sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View<'a>(&'a [u8]);

impl<'a> View<'a> {
    /// Views `frame`; none when it is none.
    #[must_use]
    pub fn new(frame: &'a [u8]) -> Option<Self> {
        (head(frame) == Head::Frame(frame.len())).then_some(Self(frame))
    }

    /// The board.
    #[must_use]
    pub const fn address(&self) -> u8 {
        self.0[1] >> 4
    }

    /// The command.
    #[must_use]
    pub const fn function(&self) -> u8 {
        self.0[2]
    }

    /// Hook bits and eye bits, where it is the status of a whole board.
    fn status(&self) -> Option<&'a [u8]> {
        match self.0 {
            [START, address, STATUS_ANSWER, data @ .., END, _] if *address & 0x0F == 0 => Some(data),
            _ => None,
        }
    }
}

/// Looks for a frame at the very start of `run`.
#[must_use]
pub fn head(run: &[u8]) -> Head {
    let length = match run {
        [START, _, STATUS_ANSWER | 0x36, ..] => STATUS_BYTES,
        [START, _, 0x30..=0x33, ..] => REQUEST_BYTES,
        [] | [START] | [START, _] => return Head::More,
        _ => return Head::Noise,
    };
    match run.get(..length) {
        None => Head::More,
        Some(frame) if sum::is_intact(frame) && frame[length - 2] == END => Head::Frame(length),
        Some(_) => Head::Noise,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::Channel;
    use crate::frame::Protocol;

    fn board(number: u8) -> Address {
        Address::on(Protocol::KerongCu16, number).unwrap()
    }

    fn unlock(number: u8) -> Request {
        Request::Unlock(Lock::new(Channel::new(number).unwrap()).unwrap())
    }

    #[test]
    fn frames_are_the_golden_ones() {
        assert_eq!(Request::Status.encode(board(0)), [0x02, 0x00, 0x30, 0x03, 0x35]);
        assert_eq!(unlock(1).encode(board(0)), [0x02, 0x00, 0x31, 0x03, 0x36]);
        assert_eq!(unlock(5).encode(board(1)), [0x02, 0x14, 0x31, 0x03, 0x4A]);
        assert_eq!(unlock(16).encode(board(14)), [0x02, 0xEF, 0x31, 0x03, 0x25]);
    }

    #[test]
    fn status_has_hooks_first_and_eyes_after_them() {
        // Locks 1 and 16 locked, something in 2.
        let answer = [0x02, 0x10, 0x35, 0x01, 0x80, 0x02, 0x00, 0x03, 0xCD];
        let view = View::new(&answer).unwrap();
        let Verdict::Data(data) = Request::Status.judge(board(1), &view) else { panic!("not the answer") };
        let on: Vec<u8> = on(inputs(data));
        assert_eq!(on, [1, 16, 18]);
        assert_eq!(Request::Status.judge(board(2), &view), Verdict::NotMine);
        assert_eq!(unlock(3).judge(board(1), &view), Verdict::Word, "it proves nothing");
    }

    fn on(states: InputStates) -> Vec<u8> {
        let on = states.iter().filter(|(_, level)| *level == crate::signal::Level::On);
        on.map(|(channel, _)| channel.number()).collect()
    }

    #[test]
    fn run_is_noise_when_cut_wrongly_or_damaged() {
        let answer = [0x02, 0x10, 0x35, 0x01, 0x80, 0x02, 0x00, 0x03, 0xCD];
        for cut in 0..answer.len() {
            assert_eq!(head(&answer[..cut]), Head::More, "{cut}");
        }
        assert_eq!(head(&answer), Head::Frame(9));
        for bit in 0..72 {
            let mut bent = answer;
            bent[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(head(&bent), Head::Frame(9), "bit {bit}");
        }
    }

    #[test]
    fn no_frame_opens_more_than_its_own_lock() {
        for number in 0..=MAX_BOARD {
            for channel in Channel::first(crate::channel::MAX_CHANNEL) {
                let Some(lock) = Lock::new(channel) else {
                    assert!(channel.number() > 16);
                    continue;
                };
                let frame = Request::Unlock(lock).encode(board(number));
                assert_eq!((frame[1] >> 4, frame[1] & 0x0F, frame[2]), (number, channel.index(), UNLOCK));
            }
        }
    }
}
