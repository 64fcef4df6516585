//! Winnsen: `90 LENGTH FUNCTION STATION LOCK [STATUS] 03`. There is no check byte at all.
//!
//! A turned bit in an order makes it another lock's, and in an answer another state: the exact form finds most of them, and
//! what is left is found by three agreeing reads. What an order that was bent on its way has opened, no master can prevent:
//! it is never told as opened, and the other door is seen open without an order.

use std::time::Duration;

use crate::frame;
use crate::frame::facts::{ANSWER_MS, Facts, Opening, Search};
use crate::frame::head::Head;
use crate::frame::lock;
use crate::frame::request::Verdict;
use crate::signal::{InputStates, Level};
use crate::spec::Address;

/// Highest station number.
pub const MAX_STATION: u8 = 63;
/// Bytes of a request.
const REQUEST_BYTES: usize = 6;
/// Bytes of an answer.
const ANSWER_BYTES: usize = 7;
/// A board that says something after an unlock does so within this.
const WORD_WITHIN: Duration = Duration::from_millis(100);
/// Longest time that a board is taken to hold a lock: it is nowhere written.
const HELD: Duration = Duration::from_secs(1);

const START: u8 = 0x90;
const END: u8 = 0x03;
const OPEN: u8 = 0x05;
const STATUS: u8 = 0x12;
const ANSWERED: u8 = 0x80;

/// What is known of it.
pub(super) const FACTS: Facts = Facts {
    name: "winnsen",
    addresses: (0, MAX_STATION),
    opening: Some(Opening { word_within: WORD_WITHIN, held: HELD }),
    agreeing_reads: 3,
    head: |run, _| head(run),
    view: |frame| View::new(frame).map(frame::View::Winnsen),
    status: |last| Lock::new(last).map(|lock| Request::Status(lock).into()),
    search: Search {
        speeds: &[9600, 19_200, 38_400, 57_600, 115_200],
        answer_ms: ANSWER_MS,
        statuses: &[1],
        one_by_one: true,
    },
};

/// A lock of a board, 1 to 16.
pub type Lock = lock::Lock<16>;

/// One request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// What one lock reads.
    Status(Lock),
    /// Opens one lock.
    Open(Lock),
}

impl Request {
    const fn parts(&self) -> (u8, Lock) {
        match self {
            Self::Status(lock) => (STATUS, *lock),
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
    pub const fn encode(&self, station: Address) -> [u8; REQUEST_BYTES] {
        let (function, lock) = self.parts();
        [START, 0x06, function, station.number(), lock.number(), END]
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

    /// What `view` is to this request to `station`.
    #[must_use]
    pub fn judge<'a>(&self, station: Address, view: &View<'a>) -> Verdict<'a> {
        let (function, lock) = self.parts();
        match view.0 {
            [_, 0x07, answered, from, of, status @ 0..=1, _]
                if *answered == function | ANSWERED && *from == station.number() && *of == lock.number() =>
            {
                if self.is_write() {
                    Verdict::Word
                } else {
                    Verdict::Data(std::slice::from_ref(status))
                }
            }
            _ => Verdict::NotMine,
        }
    }

    /// What a status says: on where the lock is open.
    #[must_use]
    pub fn inputs(&self, data: &[u8]) -> InputStates {
        let level = if data == [1] { Level::On } else { Level::Off };
        InputStates::one(self.lock().channel(), level)
    }
}

/// A frame of good form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View<'a>(&'a [u8]);

impl<'a> View<'a> {
    /// Views `frame`; none when it is none.
    #[must_use]
    pub fn new(frame: &'a [u8]) -> Option<Self> {
        (head(frame) == Head::Frame(frame.len())).then_some(Self(frame))
    }

    /// The station.
    #[must_use]
    pub const fn address(&self) -> u8 {
        self.0[3]
    }

    /// The function.
    #[must_use]
    pub const fn function(&self) -> u8 {
        self.0[2]
    }
}

/// Looks for a frame at the very start of `run`. Everything that is fixed must be so.
#[must_use]
pub fn head(run: &[u8]) -> Head {
    let (length, functions) = match run {
        [] | [START] => return Head::More,
        [START, 0x06, ..] => (REQUEST_BYTES, [OPEN, STATUS]),
        [START, 0x07, ..] => (ANSWER_BYTES, [OPEN | ANSWERED, STATUS | ANSWERED]),
        _ => return Head::Noise,
    };
    let Some(frame) = run.get(..length) else { return Head::More };
    let good = functions.contains(&frame[2])
        && frame[3] <= MAX_STATION
        && (1..=Lock::COUNT).contains(&frame[4])
        && frame[length - 1] == END;
    if good { Head::Frame(length) } else { Head::Noise }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::Channel;
    use crate::frame::Protocol;

    fn station(number: u8) -> Address {
        Address::on(Protocol::Winnsen, number).unwrap()
    }

    fn lock(number: u8) -> Lock {
        Lock::new(Channel::new(number).unwrap()).unwrap()
    }

    #[test]
    fn frames_are_the_golden_ones() {
        assert_eq!(Request::Open(lock(2)).encode(station(1)), [0x90, 0x06, 0x05, 0x01, 0x02, 0x03]);
        assert_eq!(Request::Open(lock(16)).encode(station(0)), [0x90, 0x06, 0x05, 0x00, 0x10, 0x03]);
        assert_eq!(Request::Status(lock(1)).encode(station(0)), [0x90, 0x06, 0x12, 0x00, 0x01, 0x03]);
        let answer = [0x90, 0x07, 0x85, 0x01, 0x02, 0x01, 0x03];
        let view = View::new(&answer).unwrap();
        assert_eq!(Request::Open(lock(2)).judge(station(1), &view), Verdict::Word);
        assert_eq!(Request::Open(lock(3)).judge(station(1), &view), Verdict::NotMine);
        assert_eq!(Request::Open(lock(2)).judge(station(2), &view), Verdict::NotMine);
        assert_eq!(Request::Status(lock(2)).judge(station(1), &view), Verdict::NotMine);
    }

    #[test]
    fn status_is_of_one_lock_and_on_means_open() {
        let read = Request::Status(lock(5));
        for (byte, level) in [(1, Level::On), (0, Level::Off)] {
            let answer = [0x90, 0x07, 0x92, 3, 5, byte, 0x03];
            let Verdict::Data(data) = read.judge(station(3), &View::new(&answer).unwrap()) else {
                panic!("not the answer")
            };
            assert_eq!(read.inputs(data), InputStates::one(Channel::new(5).unwrap(), level));
        }
        let odd = [0x90, 0x07, 0x92, 3, 5, 2, 0x03];
        assert_eq!(read.judge(station(3), &View::new(&odd).unwrap()), Verdict::NotMine);
    }

    #[test]
    fn one_turned_bit_is_found_but_in_station_lock_and_status() {
        let answer = [0x90, 0x07, 0x92, 0x01, 0x02, 0x01, 0x03];
        let unseen: Vec<usize> = (0..56)
            .filter(|bit| {
                let mut bent = answer;
                bent[bit / 8] ^= 1 << (bit % 8);
                View::new(&bent).is_some()
            })
            .map(|bit| bit / 8)
            .collect();
        assert!(unseen.iter().all(|byte| (3..=5).contains(byte)), "{unseen:?}");
    }

    #[test]
    fn no_frame_opens_more_than_its_own_lock() {
        for channel in Channel::first(crate::channel::MAX_CHANNEL) {
            let Some(lock) = Lock::new(channel) else {
                assert!(channel.number() > 16);
                continue;
            };
            for number in 0..=MAX_STATION {
                let frame = Request::Open(lock).encode(station(number));
                assert_eq!(frame[2..5], [OPEN, number, channel.number()]);
            }
        }
    }
}
