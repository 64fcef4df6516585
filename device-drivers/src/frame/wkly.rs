//! WKLY (Voung and others): `57 4B 4C 59 LENGTH BOARD COMMAND DATA XOR`, the check byte over all before it.
//!
//! The check byte is as weak as that of `lock_8a`. Only 82 (open one) and 83 (what one reads) can be built; 80, 86, 87 (several
//! or all locks) and 88 (current until told otherwise) have no constructor. Nor has 84: one source calls it *all* without saying
//! what of all, two call it a query; a poll must not be what opens a wall of doors.

use std::time::Duration;

use crate::channel::Channel;
use crate::frame;
use crate::frame::facts::{Facts, Opening, Search};
use crate::frame::head::Head;
use crate::frame::lock;
use crate::frame::request::Verdict;
use crate::frame::sum;
use crate::signal::{InputStates, Level};
use crate::spec::Address;

/// Highest board number.
pub const MAX_BOARD: u8 = 31;
/// How long a board may take for a query, and a margin, in milliseconds.
const QUERY_ANSWER_MS: u16 = 150;
/// Bytes of a request.
const REQUEST_BYTES: usize = 9;
/// Bytes of an answer.
const ANSWER_BYTES: usize = 11;
/// Bytes of an unasked event.
const EVENT_BYTES: usize = 10;
/// How long a board holds a lock.
const HELD: Duration = Duration::from_millis(350);
/// It speaks when that is over; until then nothing is sent that its word would meet.
const WORD_WITHIN: Duration = Duration::from_millis(450);

const START: [u8; 4] = *b"WKLY";
const OPEN: u8 = 0x82;
const QUERY: u8 = 0x83;
const EVENT: u8 = 0x85;
const DONE: u8 = 0x00;

/// What is known of it.
pub(super) const FACTS: Facts = Facts {
    name: "wkly",
    addresses: (0, MAX_BOARD),
    opening: Some(Opening { word_within: WORD_WITHIN, held: HELD }),
    agreeing_reads: 3,
    head: |run, _| head(run),
    view: |frame| View::new(frame).map(frame::View::Wkly),
    status: |last| Lock::new(last).map(|lock| Request::Query(lock).into()),
    search: Search {
        speeds: &[9600, 19_200, 38_400, 57_600, 115_200],
        answer_ms: QUERY_ANSWER_MS,
        statuses: &[1],
        one_by_one: true,
    },
};

/// A lock of a board, 1 to 24.
pub type Lock = lock::Lock<24>;

/// One request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// What one lock reads.
    Query(Lock),
    /// Opens one lock.
    Open(Lock),
}

impl Request {
    const fn parts(&self) -> (u8, Lock) {
        match self {
            Self::Query(lock) => (QUERY, *lock),
            Self::Open(lock) => (OPEN, *lock),
        }
    }

    /// The lock it is about.
    #[must_use]
    pub const fn lock(&self) -> Lock {
        self.parts().1
    }

    /// The request as it stands on the wire.
    #[must_use]
    pub const fn encode(&self, board: Address) -> [u8; REQUEST_BYTES] {
        let (command, lock) = self.parts();
        let [w, k, l, y] = START;
        let head = [w, k, l, y, 0x09, board.number(), command, lock.number()];
        [w, k, l, y, 0x09, board.number(), command, lock.number(), sum::xor(&head)]
    }

    /// Whether it moves a lock.
    #[must_use]
    pub const fn is_write(&self) -> bool {
        matches!(self, Self::Open(_))
    }

    /// Length in bytes of a good answer's frame.
    #[must_use]
    pub const fn answer_bytes(&self) -> usize {
        ANSWER_BYTES
    }

    /// What `view` is to this request to `board`.
    #[must_use]
    pub fn judge<'a>(&self, board: Address, view: &View<'a>) -> Verdict<'a> {
        let (command, lock) = self.parts();
        match view.0 {
            [_, _, _, _, _, from, what, status, of, state, _]
                if *from == board.number() && *what == command && *of == lock.number() =>
            {
                match (self, *status, *state) {
                    (Self::Open(_), _, _) => Verdict::Word,
                    (Self::Query(_), DONE, 0..=1) => Verdict::Data(std::slice::from_ref(state)),
                    (Self::Query(_), _, _) => Verdict::NotMine,
                }
            }
            _ => Verdict::NotMine,
        }
    }

    /// What an answer says: on where the door is shut.
    #[must_use]
    pub fn inputs(&self, data: &[u8]) -> InputStates {
        let level = if data == [1] { Level::On } else { Level::Off };
        InputStates::one(self.lock().channel(), level)
    }
}

/// A frame with a good check byte.
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
        self.0[5]
    }

    /// The command.
    #[must_use]
    pub const fn function(&self) -> u8 {
        self.0[6]
    }

    /// The lock whose door moved, where the board says so unasked.
    #[must_use]
    pub fn hint(&self) -> Option<Channel> {
        match self.0 {
            [_, _, _, _, _, _, EVENT, lock, ..] => Channel::new(*lock).ok(),
            _ => None,
        }
    }
}

/// Looks for a frame at the very start of `run`: one of the three lengths that are used here.
#[must_use]
pub fn head(run: &[u8]) -> Head {
    let known = run.len().min(START.len());
    if run[..known] != START[..known] {
        return Head::Noise;
    }
    let Some(length) = run.get(START.len()) else { return Head::More };
    let length = usize::from(*length);
    if !matches!(length, REQUEST_BYTES | EVENT_BYTES | ANSWER_BYTES) {
        return Head::Noise;
    }
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
        Address::on(Protocol::Wkly, number).unwrap()
    }

    fn lock(number: u8) -> Lock {
        Lock::new(Channel::new(number).unwrap()).unwrap()
    }

    #[test]
    fn frames_are_those_of_the_document() {
        let open = [0x57, 0x4B, 0x4C, 0x59, 0x09, 0x01, 0x82, 0x04, 0x87];
        assert_eq!(Request::Open(lock(4)).encode(board(1)), open);
        let last = [0x57, 0x4B, 0x4C, 0x59, 0x09, 0x00, 0x82, 0x18, 0x9A];
        assert_eq!(Request::Open(lock(24)).encode(board(0)), last);
        let answer = [0x57, 0x4B, 0x4C, 0x59, 0x0B, 0x01, 0x82, 0x00, 0x04, 0x00, 0x85];
        let view = View::new(&answer).unwrap();
        assert_eq!(Request::Open(lock(4)).judge(board(1), &view), Verdict::Word);
        assert_eq!(Request::Open(lock(5)).judge(board(1), &view), Verdict::NotMine);
        assert_eq!(Request::Open(lock(4)).judge(board(2), &view), Verdict::NotMine);
        assert_eq!(Request::Query(lock(4)).judge(board(1), &view), Verdict::NotMine);
    }

    #[test]
    fn query_is_of_one_lock_and_on_means_shut() {
        let read = Request::Query(lock(2));
        let answer = [0x57, 0x4B, 0x4C, 0x59, 0x0B, 0x00, 0x83, 0x00, 0x02, 0x01, 0x82];
        let Verdict::Data(data) = read.judge(board(0), &View::new(&answer).unwrap()) else {
            panic!("not the answer")
        };
        assert_eq!(read.inputs(data), InputStates::one(Channel::new(2).unwrap(), Level::On));
        let failed = [0x57, 0x4B, 0x4C, 0x59, 0x0B, 0x00, 0x83, 0xFF, 0x02, 0xFF, 0x83];
        assert_eq!(read.judge(board(0), &View::new(&failed).unwrap()), Verdict::NotMine);
    }

    #[test]
    fn unasked_event_is_a_hint_and_no_answer() {
        let event = [0x57, 0x4B, 0x4C, 0x59, 0x0A, 0x01, 0x85, 0x04, 0x00, 0x83];
        let view = View::new(&event).unwrap();
        assert_eq!(view.hint().map(Channel::number), Some(4));
        assert_eq!(Request::Query(lock(4)).judge(board(1), &view), Verdict::NotMine);
    }

    #[test]
    fn run_is_noise_from_the_first_wrong_byte_on() {
        let answer = [0x57, 0x4B, 0x4C, 0x59, 0x0B, 0x01, 0x82, 0x00, 0x04, 0x00, 0x85];
        for cut in 0..answer.len() {
            assert_eq!(head(&answer[..cut]), Head::More, "{cut}");
        }
        assert_eq!(head(b"WKX"), Head::Noise);
        assert_eq!(head(b"WKLY\xFF"), Head::Noise);
    }

    #[test]
    fn no_frame_opens_several_or_holds_on() {
        for channel in Channel::first(crate::channel::MAX_CHANNEL) {
            let Some(lock) = Lock::new(channel) else {
                assert!(channel.number() > 24);
                continue;
            };
            for number in 0..=MAX_BOARD {
                for (request, command) in [(Request::Open(lock), OPEN), (Request::Query(lock), QUERY)] {
                    let frame = request.encode(board(number));
                    assert_eq!(frame[4..8], [9, number, command, channel.number()]);
                }
            }
        }
    }
}
