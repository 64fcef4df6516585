//! Kerong KR-CU48: `02 ADDR LOCK 60|61 03 SUM`, LOCK from 0.
//!
//! The sum is eight bits wide, see `kerong_cu16`. Lock 48, which is *all*, cannot be typed.
//!
//! Two forms of status are on record: 18 bytes with hooks and eyes, and 12 bytes with a length and hooks only. Neither
//! says where it ends, so that it is cut by the length of what was asked for.

use std::time::Duration;

use crate::frame;
use crate::frame::facts::{ANSWER_MS, Facts, Opening, Search};
use crate::frame::head::Head;
use crate::frame::lock;
use crate::frame::request::Verdict;
use crate::frame::sum;
use crate::signal::InputStates;
use crate::spec::Address;

/// Highest board number; 255 is a broadcast.
pub const MAX_BOARD: u8 = 247;
/// Bytes of a request, and of the word about an unlock.
const REQUEST_BYTES: usize = 6;
/// A board that says something after an unlock does so within this.
const WORD_WITHIN: Duration = Duration::from_millis(25);
/// Longest time that a board is taken to hold a lock: its own setting, which is not read.
const HELD: Duration = Duration::from_secs(1);

const START: u8 = 0x02;
const END: u8 = 0x03;
const STATUS: u8 = 0x60;
const UNLOCK: u8 = 0x61;
const ANSWER: u8 = 0x75;

/// What is known of it.
pub(super) const FACTS: Facts = Facts {
    name: "kerong-cu48",
    addresses: (0, MAX_BOARD),
    opening: Some(Opening { word_within: WORD_WITHIN, held: HELD }),
    agreeing_reads: 3,
    head,
    view: |frame| View::new(frame).map(frame::View::KerongCu48),
    status: |last| {
        let form = Form::ALL.into_iter().find(|form| form.inputs() == last.number());
        form.map(|form| Request::Status(form).into())
    },
    search: Search {
        speeds: &[19_200, 9600, 57_600, 115_200],
        answer_ms: ANSWER_MS,
        statuses: &[Form::HooksAndEyes.inputs(), Form::Hooks.inputs()],
        one_by_one: false,
    },
};

/// A lock of a board, 1 to 48.
pub type Lock = lock::Lock<48>;

/// Which status a board gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// 18 bytes: `02 ADDR 00 75`, six bytes of hooks, six of eyes, `03 SUM`.
    HooksAndEyes,
    /// 12 bytes: `02 ADDR 00 75 06`, six bytes of hooks, `SUM`.
    Hooks,
}

impl Form {
    /// Both, the longer one first.
    pub const ALL: [Self; 2] = [Self::HooksAndEyes, Self::Hooks];

    const fn bytes(self) -> usize {
        match self {
            Self::HooksAndEyes => 18,
            Self::Hooks => 12,
        }
    }

    /// How many signals it has: hooks 1 to 48, then eyes.
    #[must_use]
    pub const fn inputs(self) -> u8 {
        match self {
            Self::HooksAndEyes => 2 * Lock::COUNT,
            Self::Hooks => Lock::COUNT,
        }
    }
}

/// One request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// What all signals of the board read.
    Status(Form),
    /// Lets go one lock.
    Unlock(Lock),
}

impl Request {
    /// The request as it stands on the wire.
    #[must_use]
    pub const fn encode(&self, board: Address) -> [u8; REQUEST_BYTES] {
        let (lock, command) = match self {
            Self::Status(_) => (0, STATUS),
            Self::Unlock(lock) => (lock.index(), UNLOCK),
        };
        let head = [START, board.number(), lock, command, END];
        [START, board.number(), lock, command, END, sum::of(&head)]
    }

    /// Whether it moves a lock.
    #[must_use]
    pub const fn is_write(&self) -> bool {
        matches!(self, Self::Unlock(_))
    }

    /// Length in bytes of a good answer's frame.
    #[must_use]
    pub const fn answer_bytes(&self) -> usize {
        match self {
            Self::Status(form) => form.bytes(),
            Self::Unlock(_) => REQUEST_BYTES,
        }
    }

    /// What `view` is to this request to `board`.
    #[must_use]
    pub fn judge<'a>(&self, board: Address, view: &View<'a>) -> Verdict<'a> {
        match (self, view.0) {
            (Self::Status(Form::HooksAndEyes), [_, to, 0, ANSWER, data @ .., END, _])
                if *to == board.number() && data.len() == 12 =>
            {
                Verdict::Data(data)
            }
            (Self::Status(Form::Hooks), [_, to, 0, ANSWER, 6, data @ .., _])
                if *to == board.number() && data.len() == 6 =>
            {
                Verdict::Data(data)
            }
            (Self::Unlock(lock), [_, to, of, ANSWER | UNLOCK, _, _])
                if *to == board.number() && *of == lock.index() =>
            {
                Verdict::Word
            }
            _ => Verdict::NotMine,
        }
    }
}

/// What a status says: inputs 1 to 48 are the hooks (on: locked), 49 to 96 the eyes where there are any.
#[must_use]
pub fn inputs(data: &[u8]) -> InputStates {
    let count = if data.len() > 6 { Form::HooksAndEyes } else { Form::Hooks }.inputs();
    InputStates::new(sum::low_first(data), count)
}

/// A frame with a good sum.
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

    /// The command.
    #[must_use]
    pub const fn function(&self) -> u8 {
        self.0[3]
    }
}

/// Looks for a frame at the very start of `run`; an answer has the length that was asked for.
#[must_use]
pub fn head(run: &[u8], expected: usize) -> Head {
    let length = match run {
        [START, _, _, STATUS | UNLOCK, ..] => REQUEST_BYTES,
        [START, _, _, ANSWER, ..] if matches!(expected, 6 | 12 | 18) => expected,
        [] | [START] | [START, _] | [START, _, _] => return Head::More,
        _ => return Head::Noise,
    };
    match run.get(..length) {
        None => Head::More,
        Some(frame) if sum::is_intact(frame) => Head::Frame(length),
        Some(_) => Head::Noise,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::Channel;
    use crate::frame::Protocol;

    fn board(number: u8) -> Address {
        Address::on(Protocol::KerongCu48, number).unwrap()
    }

    fn unlock(number: u8) -> Request {
        Request::Unlock(Lock::new(Channel::new(number).unwrap()).unwrap())
    }

    #[test]
    fn frames_are_the_golden_ones() {
        assert_eq!(Request::Status(Form::Hooks).encode(board(0)), [0x02, 0x00, 0x00, 0x60, 0x03, 0x65]);
        assert_eq!(unlock(1).encode(board(0)), [0x02, 0x00, 0x00, 0x61, 0x03, 0x66]);
        assert_eq!(unlock(6).encode(board(0)), [0x02, 0x00, 0x05, 0x61, 0x03, 0x6B]);
        assert_eq!(unlock(48).encode(board(1)), [0x02, 0x01, 0x2F, 0x61, 0x03, 0x96]);
    }

    #[test]
    fn status_is_believed_only_in_its_own_form() {
        let long = [2, 3, 0, 0x75, 1, 0, 0, 0, 0, 0x80, 2, 0, 0, 0, 0, 0, 3, 0x00];
        let mut long = long;
        long[17] = sum::of(&long[..17]);
        let mut short = [2, 3, 0, 0x75, 6, 1, 0, 0, 0, 0, 0x80, 0];
        short[11] = sum::of(&short[..11]);
        for (frame, form, other) in
            [(&long[..], Form::HooksAndEyes, Form::Hooks), (&short[..], Form::Hooks, Form::HooksAndEyes)]
        {
            let view = View::new(frame).unwrap();
            let Verdict::Data(data) = Request::Status(form).judge(board(3), &view) else {
                panic!("{form:?}")
            };
            assert_eq!(inputs(data), InputStates::new(inputs_bits(form), form.inputs()));
            assert_eq!(Request::Status(other).judge(board(3), &view), Verdict::NotMine);
            assert_eq!(Request::Status(form).judge(board(4), &view), Verdict::NotMine);
        }
    }

    /// Hooks 1 and 48, and with eyes number 50.
    const fn inputs_bits(form: Form) -> u128 {
        match form {
            Form::HooksAndEyes => 1 | 1 << 47 | 1 << 49,
            Form::Hooks => 1 | 1 << 47,
        }
    }

    #[test]
    fn word_about_an_unlock_is_of_its_own_lock() {
        let view = View::new(&[2, 0, 5, 0x75, 0, 0x7C]).unwrap();
        assert_eq!(unlock(6).judge(board(0), &view), Verdict::Word);
        assert_eq!(unlock(7).judge(board(0), &view), Verdict::NotMine);
        assert_eq!(unlock(6).judge(board(1), &view), Verdict::NotMine);
    }

    #[test]
    fn no_frame_opens_more_than_its_own_lock() {
        for channel in Channel::first(crate::channel::MAX_CHANNEL) {
            let Some(lock) = Lock::new(channel) else {
                assert!(channel.number() > 48);
                continue;
            };
            for number in 0..=MAX_BOARD {
                let frame = Request::Unlock(lock).encode(board(number));
                assert!(frame[2] < 48 && frame[2] == channel.index(), "{frame:02X?}");
            }
        }
    }
}
