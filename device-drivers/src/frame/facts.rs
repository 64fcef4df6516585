//! What sets wire formats apart, apart from the bytes themselves: one constant a codec, beside what it explains.

use std::time::Duration;

use crate::channel::Channel;
use crate::frame::head::Head;
use crate::frame::request::Request;
use crate::frame::view::View;

/// What is known of a format.
pub(crate) struct Facts {
    /// Its name in the configuration.
    pub name: &'static str,
    /// The lowest and the highest address that a board of it can have. Broadcast addresses are not among them.
    pub addresses: (u8, u8),
    /// How its boards open a lock by themselves; none where they do what the order says and echo it.
    pub opening: Option<Opening>,
    /// Reads in a row that must agree before a change of inputs is believed: what its check bytes are worth.
    ///
    /// A CRC-16 finds every error of up to three bits in a frame of these lengths: one read. Eight bits of sum or exclusive or
    /// miss about one pair of turned bits in eight, and two reads that were bent alike told a shut door open about once in
    /// 20 million exchanges over a bad wire; without check bytes one turned bit is enough. Three reads for both.
    pub agreeing_reads: u8,
    /// Looks for a frame at the very start of a run; with the length of the answer that was asked for last.
    pub head: fn(&[u8], usize) -> Head,
    /// Views a frame that was cut; none when its check bytes are wrong.
    pub view: fn(&[u8]) -> Option<View<'_>>,
    /// The status query whose answer has this as its last input; none where there is no such query.
    pub status: fn(Channel) -> Option<Request>,
    /// How its boards are looked for.
    pub search: Search,
}

/// How the boards of a format open a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// How long after the order a word of the board may come, 25 to 450 ms. Silence is lawful then, and the word, if one
    /// comes, proves nothing.
    pub word_within: Duration,
    /// Longest time for which the board holds the lock by its own measure, 300 ms to 1 s.
    pub held: Duration,
}

/// How boards that nobody knows of are looked for.
pub(crate) struct Search {
    /// Their speeds, the maker's default first; empty where every speed is usual.
    pub speeds: &'static [u32],
    /// Shortest time that an answer's first byte must be given, in milliseconds.
    pub answer_ms: u16,
    /// The last input of each status that they may answer, the likeliest first; empty where they are not found by statuses.
    pub statuses: &'static [u8],
    /// Whether a status is of one lock.
    pub one_by_one: bool,
}

/// Time for an answer's first byte: slow boards think 30 ms, and a USB adapter may hold a byte for 16 ms.
pub const ANSWER_MS: u16 = 60;
