//! WKLY: `57 4B 4C 59 LENGTH BOARD COMMAND DATA XOR`; 82 opens one, 83 reads one, 86 opens all; state 0 is open.

use std::time::Duration;

use super::bytes::{printed, stepped, xor_checked, xor_sealed};
use super::family::{Ask, Asked, Facts, Word};

const START: [u8; 4] = *b"WKLY";

/// A board with so many locks.
pub(super) const fn with(locks: u8) -> Facts {
    Facts {
        locks: locks as usize,
        inputs: locks as usize,
        held: Duration::from_millis(350),
        parse,
        all: None,
        one: Some(status),
        word: Word::Afterwards(word),
        unasked: Some(unasked),
        neighbours: |reply| xor_sealed(stepped(reply, 5, 1)),
    }
}

fn parse(frame: &[u8]) -> Option<Asked> {
    let body = xor_checked(frame)?.strip_prefix(&START)?;
    let (length, rest) = body.split_first()?;
    if usize::from(*length) != frame.len() {
        return None;
    }
    let (board, ask) = match *rest {
        [board, 0x82, lock @ 1..=255] => (board, Ask::Open(usize::from(lock) - 1)),
        [board, 0x83, lock @ 1..=255] => (board, Ask::ReadOne(usize::from(lock) - 1)),
        [board, 0x86] => (board, Ask::OpenAll),
        _ => return None,
    };
    Some((board, ask))
}

/// `shut` as the feedback line reads.
fn status(board: u8, lock: usize, shut: bool) -> Vec<u8> {
    framed(&[board, 0x83, 0, printed(lock), u8::from(shut)])
}

fn word(board: u8, lock: usize) -> Vec<u8> {
    framed(&[board, 0x82, 0, printed(lock), 0])
}

fn unasked(board: u8, lock: usize, shut: bool) -> Vec<u8> {
    framed(&[board, 0x85, printed(lock), u8::from(shut)])
}

fn framed(body: &[u8]) -> Vec<u8> {
    let length = u8::try_from(START.len() + 2 + body.len()).unwrap_or(u8::MAX);
    xor_sealed([&START[..], &[length], body].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_the_document_mean_what_it_says() {
        let open = [0x57, 0x4B, 0x4C, 0x59, 0x09, 0x01, 0x82, 0x04, 0x87];
        assert_eq!(parse(&open), Some((1, Ask::Open(3))));
        assert_eq!(word(1, 3), [0x57, 0x4B, 0x4C, 0x59, 0x0B, 0x01, 0x82, 0x00, 0x04, 0x00, 0x85]);
        assert_eq!(unasked(1, 3, false), [0x57, 0x4B, 0x4C, 0x59, 0x0A, 0x01, 0x85, 0x04, 0x00, 0x83]);
        assert_eq!(parse(&xor_sealed(b"WKLY\x08\x01\x86".to_vec())), Some((1, Ask::OpenAll)));
        assert_eq!(parse(&xor_sealed(b"WKLY\x09\x01\x82\x00".to_vec())), None);
    }
}
