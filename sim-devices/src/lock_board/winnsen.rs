//! Winnsen: `90 LENGTH FUNCTION STATION LOCK [STATUS] 03`, no check byte; status 1 is open.

use std::time::Duration;

use super::bytes::printed;
use super::family::{Ask, Asked, Facts, Word};

const END: u8 = 0x03;

/// A board.
pub(super) const FACTS: Facts = Facts {
    locks: 16,
    inputs: 16,
    held: Duration::from_millis(500),
    parse,
    all: None,
    one: Some(status),
    word: Word::AtOnce(word),
    unasked: None,
    neighbours: readdressed,
};

fn parse(frame: &[u8]) -> Option<Asked> {
    let [0x90, 0x06, function, station, lock @ 1..=16, END] = *frame else { return None };
    let lock = usize::from(lock) - 1;
    let ask = match function {
        0x05 => Ask::Open(lock),
        0x12 => Ask::ReadOne(lock),
        _ => return None,
    };
    Some((station, ask))
}

/// `shut` as the feedback line reads.
fn status(station: u8, lock: usize, shut: bool) -> Vec<u8> {
    vec![0x90, 0x07, 0x92, station, printed(lock), u8::from(!shut), END]
}

fn word(station: u8, lock: usize) -> Vec<u8> {
    vec![0x90, 0x07, 0x85, station, printed(lock), 1, END]
}

fn readdressed(reply: &[u8]) -> Vec<u8> {
    let mut frame = reply.to_vec();
    if let Some(station) = frame.get_mut(3) {
        *station = station.wrapping_add(1);
    }
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_frames_mean_what_the_document_says() {
        assert_eq!(parse(&[0x90, 0x06, 0x05, 0x01, 0x02, 0x03]), Some((1, Ask::Open(1))));
        assert_eq!(word(1, 1), [0x90, 0x07, 0x85, 0x01, 0x02, 0x01, 0x03]);
        assert_eq!(parse(&[0x90, 0x06, 0x12, 0x00, 0x10, 0x03]), Some((0, Ask::ReadOne(15))));
        assert_eq!(parse(&[0x90, 0x06, 0x05, 0x01, 0x11, 0x03]), None, "16 locks a station");
    }
}
