//! 8A/80: five bytes `HEADER BOARD LOCK WHAT XOR`; lock 0 is all; a read of all has a byte for eight locks, highest first.

use std::time::Duration;

use super::bytes::{packed, printed, stepped, xor_checked, xor_sealed};
use super::family::{Ask, Asked, Facts, Word};

const SHUT: u8 = 0x11;
const OPEN: u8 = 0x00;

/// A board with so many locks.
pub(super) const fn with(locks: u8) -> Facts {
    Facts {
        locks: locks as usize,
        inputs: locks as usize,
        held: Duration::from_millis(300),
        parse,
        all: Some(status),
        one: Some(one),
        word: Word::Afterwards(word),
        unasked: Some(unasked),
        neighbours: |reply| xor_sealed(stepped(reply, 1, 1)),
    }
}

fn parse(frame: &[u8]) -> Option<Asked> {
    let [header, board, lock, what] = *xor_checked(frame)? else { return None };
    let ask = match (header, what, lock) {
        (0x8A, 0x11, 0) => Ask::OpenAll,
        (0x8A, 0x11, lock) => Ask::Open(usize::from(lock) - 1),
        (0x80, 0x33, 0) => Ask::Read,
        (0x80, 0x33, lock) => Ask::ReadOne(usize::from(lock) - 1),
        _ => return None,
    };
    Some((board, ask))
}

fn status(board: u8, levels: &[bool]) -> Vec<u8> {
    let mut body = vec![0x80, board];
    body.extend(packed(levels).iter().rev());
    body.push(0x33);
    xor_sealed(body)
}

fn one(board: u8, lock: usize, level: bool) -> Vec<u8> {
    xor_sealed(vec![0x80, board, printed(lock), feedback(level)])
}

fn word(board: u8, lock: usize) -> Vec<u8> {
    xor_sealed(vec![0x8A, board, printed(lock), OPEN])
}

fn unasked(board: u8, lock: usize, level: bool) -> Vec<u8> {
    xor_sealed(vec![0x81, board, printed(lock), feedback(level)])
}

const fn feedback(level: bool) -> u8 {
    if level { SHUT } else { OPEN }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_frames_mean_what_the_document_says() {
        assert_eq!(parse(&[0x8A, 0x01, 0x01, 0x11, 0x9B]), Some((1, Ask::Open(0))));
        assert_eq!(parse(&[0x8A, 0x01, 0x00, 0x11, 0x9A]), Some((1, Ask::OpenAll)));
        assert_eq!(parse(&[0x80, 0x01, 0x01, 0x33, 0xB3]), Some((1, Ask::ReadOne(0))));
        assert_eq!(parse(&[0x80, 0x01, 0x00, 0x33, 0xB2]), Some((1, Ask::Read)));
        assert_eq!(parse(&[0x80, 0x01, 0x00, 0x33, 0xB3]), None);
    }

    #[test]
    fn status_has_the_highest_locks_first() {
        let mut levels = [false; 24];
        (levels[0], levels[23]) = (true, true);
        assert_eq!(status(1, &levels), [0x80, 0x01, 0x80, 0x00, 0x01, 0x33, 0x33]);
        assert_eq!(word(1, 0), [0x8A, 0x01, 0x01, 0x00, 0x8A]);
    }
}
