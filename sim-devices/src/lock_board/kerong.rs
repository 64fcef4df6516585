//! Kerong: CU16 `02 ADDR CMD 03 SUM` (ADDR: board and lock nibble) and CU48 `02 ADDR LOCK CMD 03 SUM`.

use std::time::Duration;

use super::bytes::{packed, stepped};
use super::family::{Ask, Asked, Facts, Word};

/// A KR-CU16.
pub(super) const CU16: Facts = Facts {
    locks: 16,
    inputs: 32,
    held: Duration::from_millis(500),
    parse: parse_cu16,
    all: Some(status_cu16),
    one: None,
    word: Word::Never,
    unasked: None,
    neighbours: |reply| sealed(stepped(reply, 1, 0x10)),
};

/// A KR-CU48.
pub(super) const CU48: Facts = Facts {
    locks: 48,
    inputs: 96,
    held: Duration::from_millis(500),
    parse: parse_cu48,
    all: Some(status_cu48),
    one: None,
    word: Word::AtOnce(word_cu48),
    unasked: None,
    neighbours: |reply| sealed(stepped(reply, 1, 1)),
};

/// A KR-CU48 whose status has hooks only.
pub(super) const CU48_HOOKS: Facts = Facts { inputs: 48, all: Some(status_cu48_hooks), ..CU48 };

const START: u8 = 0x02;
const END: u8 = 0x03;
/// Lock byte of a CU48 that means every lock.
const ALL: u8 = 48;

fn parse_cu16(frame: &[u8]) -> Option<Asked> {
    let [START, address, command, END] = *checked(frame)? else { return None };
    let (board, lock) = (address >> 4, usize::from(address & 0x0F));
    let ask = match command {
        0x30 => Ask::Read,
        0x31 => Ask::Open(lock),
        0x33 => Ask::OpenAll,
        _ => return None,
    };
    Some((board, ask))
}

fn parse_cu48(frame: &[u8]) -> Option<Asked> {
    let [START, board, lock, command, END] = *checked(frame)? else { return None };
    let ask = match (command, lock) {
        (0x60, _) => Ask::Read,
        (0x61, ALL) => Ask::OpenAll,
        (0x61, lock) => Ask::Open(lock.into()),
        _ => return None,
    };
    Some((board, ask))
}

fn status_cu16(board: u8, levels: &[bool]) -> Vec<u8> {
    let mut body = vec![START, board << 4, 0x35];
    body.extend(packed(levels));
    body.push(END);
    sealed(body)
}

fn status_cu48(board: u8, levels: &[bool]) -> Vec<u8> {
    let mut body = vec![START, board, 0, 0x75];
    body.extend(packed(levels));
    body.push(END);
    sealed(body)
}

fn status_cu48_hooks(board: u8, levels: &[bool]) -> Vec<u8> {
    let mut body = vec![START, board, 0, 0x75, 6];
    body.extend(packed(levels));
    sealed(body)
}

fn word_cu48(board: u8, lock: usize) -> Vec<u8> {
    sealed(vec![START, board, u8::try_from(lock).unwrap_or(u8::MAX), 0x75, 0])
}

fn sealed(mut body: Vec<u8>) -> Vec<u8> {
    body.push(sum(&body));
    body
}

fn checked(frame: &[u8]) -> Option<&[u8]> {
    let (sent, body) = frame.split_last()?;
    (sum(body) == *sent).then_some(body)
}

fn sum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_frames_mean_what_the_document_says() {
        assert_eq!(parse_cu16(&[0x02, 0x00, 0x30, 0x03, 0x35]), Some((0, Ask::Read)));
        assert_eq!(parse_cu16(&[0x02, 0x00, 0x31, 0x03, 0x36]), Some((0, Ask::Open(0))));
        assert_eq!(parse_cu16(&[0x02, 0x14, 0x31, 0x03, 0x4A]), Some((1, Ask::Open(4))));
        assert_eq!(parse_cu16(&[0x02, 0x00, 0x33, 0x03, 0x38]), Some((0, Ask::OpenAll)));
        assert_eq!(parse_cu16(&[0x02, 0x00, 0x31, 0x03, 0x37]), None);
        assert_eq!(parse_cu48(&[0x02, 0x00, 0x00, 0x60, 0x03, 0x65]), Some((0, Ask::Read)));
        assert_eq!(parse_cu48(&[0x02, 0x00, 0x05, 0x61, 0x03, 0x6B]), Some((0, Ask::Open(5))));
        assert_eq!(parse_cu48(&[0x02, 0x00, 0x30, 0x61, 0x03, 0x96]), Some((0, Ask::OpenAll)));
    }

    #[test]
    fn status_has_hooks_and_then_eyes() {
        let mut levels = [false; 32];
        (levels[0], levels[15], levels[17]) = (true, true, true);
        assert_eq!(status_cu16(1, &levels), [0x02, 0x10, 0x35, 0x01, 0x80, 0x02, 0x00, 0x03, 0xCD]);
        assert_eq!(status_cu48(0, &[false; 96]).len(), 18);
        assert_eq!(status_cu48_hooks(0, &[false; 48]).len(), 12);
    }
}
