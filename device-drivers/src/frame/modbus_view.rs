//! A checked view of one received Modbus RTU frame, and where a frame ends in a run of bytes.

use crate::frame;
use crate::frame::crc::is_intact;
use crate::frame::facts::{ANSWER_MS, Facts, Search};
use crate::frame::head::Head;
use crate::frame::modbus_rtu::{EXCEPTION_BYTES, REQUEST_BYTES};

/// What is known of Modbus RTU.
pub(super) const FACTS: Facts = Facts {
    name: "modbus-rtu",
    addresses: (1, 247),
    opening: None,
    agreeing_reads: 1,
    head: |run, _| head(run),
    view: |frame| View::new(frame).map(frame::View::Modbus),
    status: |_| None,
    search: Search { speeds: &[], answer_ms: ANSWER_MS, statuses: &[], one_by_one: false },
};

/// One received frame with good check bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View<'a>(&'a [u8]);

impl<'a> View<'a> {
    /// Views `frame`; none when it is too short or its check bytes are wrong.
    #[must_use]
    pub fn new(frame: &'a [u8]) -> Option<Self> {
        (frame.len() >= 4 && is_intact(frame)).then_some(Self(frame))
    }

    /// The slave's address.
    #[must_use]
    pub const fn address(&self) -> u8 {
        self.0[0]
    }

    /// The function, with its high bit set in an exception.
    #[must_use]
    pub const fn function(&self) -> u8 {
        self.0[1]
    }

    /// The whole frame.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.0
    }

    /// The data bytes where the frame is a read's answer and its count is true to its length.
    #[must_use]
    pub fn data(&self) -> Option<&'a [u8]> {
        match self.0 {
            [_, 1..=4, count, data @ .., _, _] if data.len() == usize::from(*count) => Some(data),
            _ => None,
        }
    }

    /// The code where the frame is an exception.
    #[must_use]
    pub const fn exception(&self) -> Option<u8> {
        match self.0 {
            [_, 0x80..=0xFF, code, _, _] => Some(*code),
            _ => None,
        }
    }
}

/// Looks for a frame at the very start of `run`. It is never looked for further in: bytes before it mean that somebody
/// else was talking, and what follows cannot be trusted to be whole.
#[must_use]
pub fn head(run: &[u8]) -> Head {
    let [_, function, rest @ ..] = run else { return Head::More };
    let lengths = match (function, rest.first()) {
        (1..=4, None) => return Head::More,
        // A read's answer by its byte count, or somebody's request.
        (1..=4, Some(count)) => [usize::from(*count) + 5, REQUEST_BYTES],
        (5 | 6 | 15 | 16, _) => [REQUEST_BYTES; 2],
        (0x80.., _) => [EXCEPTION_BYTES; 2],
        _ => return Head::Noise,
    };
    for length in lengths {
        if run.get(..length).is_some_and(is_intact) {
            return Head::Frame(length);
        }
    }
    if run.len() < lengths[0].max(lengths[1]) { Head::More } else { Head::Noise }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::crc::check_bytes;

    fn framed(body: &[u8]) -> Vec<u8> {
        [body, &check_bytes(body)].concat()
    }

    #[test]
    fn answer_and_request_are_told_apart_when_both_begin_alike() {
        let answer = framed(&[1, 2, 1, 0x81]);
        let request = framed(&[1, 2, 0, 0, 0, 8]);
        assert_eq!(head(&answer), Head::Frame(6));
        assert_eq!(head(&request), Head::Frame(8));
        assert_eq!(head(&[request, answer].concat()), Head::Frame(8));
    }

    #[test]
    fn run_waits_for_more_when_it_is_cut_and_is_noise_when_it_is_damaged() {
        let mut answer = framed(&[1, 4, 4, 0, 0xD7, 1, 0xF4]);
        for cut in 0..answer.len() {
            assert_eq!(head(&answer[..cut]), Head::More, "{cut} bytes");
        }
        answer[5] ^= 4;
        assert_eq!(head(&answer), Head::Noise);
        assert_eq!(head(&[1, 0x44, 1, 2, 3, 4]), Head::Noise);
    }

    proptest::proptest! {
        #[test]
        fn frame_is_whole_and_intact_whatever_arrives(
            noise in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300),
            body in proptest::collection::vec(proptest::prelude::any::<u8>(), 2..40),
        ) {
            for run in [noise.clone(), framed(&body), [framed(&body), noise].concat()] {
                if let Head::Frame(length) = head(&run) {
                    proptest::prop_assert!(length <= run.len());
                    let view = View::new(&run[..length]);
                    proptest::prop_assert!(view.is_some_and(|view| view.data().is_none_or(|data| data.len() == length - 5)));
                }
                // No frame is waited for beyond the longest there is.
                proptest::prop_assert!(run.len() < 261 || head(&run) != Head::More);
            }
        }
    }

    #[test]
    fn view_shows_data_only_when_the_count_is_true() {
        let good = framed(&[7, 3, 2, 1, 2]);
        assert_eq!(View::new(&good).and_then(|view| view.data()), Some(&[1, 2][..]));
        let lying = framed(&[7, 3, 3, 1, 2]);
        assert_eq!(View::new(&lying).and_then(|view| view.data()), None);
        let refusal = framed(&[7, 0x83, 2]);
        assert_eq!(View::new(&refusal).and_then(|view| view.exception()), Some(2));
    }
}
