//! OSDP on the wire: commands to bytes, bytes to checked replies. Every length is checked before anything is read by it.
//!
//! `53 ADDR LEN CTRL [SCB] CODE data [MAC] CRC`. A reply's address has its highest bit set. The security block (SCB) has one
//! lawful length for each kind, which is required here: what follows is found by it.

use super::crc::{check_bytes, checksum};
use super::limits::FRAME_MAX;

/// First byte of every frame.
pub const SOM: u8 = 0x53;
/// Sent before each frame, so that slow line drivers have settled at its first byte.
pub const MARK: u8 = 0xFF;
const HEADER: usize = 5;
const MAC_BYTES: usize = 4;
const REPLY_BIT: u8 = 0x80;
const SEQUENCE: u8 = 0x03;
const HAS_CRC: u8 = 0x04;
const HAS_BLOCK: u8 = 0x08;

/// A reader's address on its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReaderAddress(u8);

impl ReaderAddress {
    /// Largest address; 127 is for all readers at once and is never used.
    pub const MAX: u8 = 126;

    /// An address of 0 to 126.
    #[must_use]
    pub const fn new(address: u8) -> Option<Self> {
        if address <= Self::MAX { Some(Self(address)) } else { None }
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// What a frame says of its own protection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Block {
    /// No security block: clear text.
    None,
    /// A step of the handshake (SCS 11 to 14), clear text, with its one byte of information.
    Handshake {
        /// 0x11 to 0x14.
        kind: u8,
        /// Which key (11 to 13: 0 the default key, 1 the reader's own), or the reader's verdict (14: 1 is good).
        info: u8,
    },
    /// Inside the channel, authenticated (SCS 15, 16) and with encrypted data (17, 18).
    Channel {
        /// 0x15 to 0x18.
        kind: u8,
    },
}

/// SCS numbers.
pub mod scs {
    pub const CHALLENGE: u8 = 0x11;
    pub const CHALLENGE_REPLY: u8 = 0x12;
    pub const CRYPTOGRAM: u8 = 0x13;
    pub const CRYPTOGRAM_REPLY: u8 = 0x14;
    pub const COMMAND: u8 = 0x15;
    pub const REPLY: u8 = 0x16;
    pub const COMMAND_WITH_DATA: u8 = 0x17;
    pub const REPLY_WITH_DATA: u8 = 0x18;
}

/// Why bytes are no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// Header, length and security block do not fit together.
    #[error("frame is not formed as a reply")]
    Form,
    /// CRC or checksum is wrong.
    #[error("check bytes are wrong")]
    Check,
}

/// A reply with good check bytes. Whether it is authentic only its channel can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply<'a> {
    /// Who says that it sent this.
    pub address: u8,
    /// 0 to 3.
    pub sequence: u8,
    /// Its protection.
    pub block: Block,
    /// What it is.
    pub code: u8,
    /// Its data, encrypted where the block says so.
    pub data: &'a [u8],
    /// All bytes that its MAC covers; empty outside the channel.
    pub covered: &'a [u8],
    /// Its MAC; zeros outside the channel.
    pub mac: [u8; MAC_BYTES],
}

/// A command before its check bytes, and before its MAC where it has one: header, block, code and data.
#[must_use]
pub fn unsealed(address: ReaderAddress, sequence: u8, block: Block, code: u8, data: &[u8]) -> Vec<u8> {
    let (flag, bytes): (u8, &[u8]) = match &block {
        Block::None => (0, &[]),
        Block::Handshake { kind, info } => (HAS_BLOCK, &[3, *kind, *info]),
        Block::Channel { kind } => (HAS_BLOCK, &[2, *kind]),
    };
    let mac = if matches!(block, Block::Channel { .. }) { MAC_BYTES } else { 0 };
    let length = HEADER + bytes.len() + 1 + data.len() + mac + 2;
    let [low, high] = u16::try_from(length).unwrap_or(u16::MAX).to_le_bytes();
    let mut frame = vec![SOM, address.0, low, high, (sequence & SEQUENCE) | HAS_CRC | flag];
    frame.extend_from_slice(bytes);
    frame.push(code);
    frame.extend_from_slice(data);
    frame
}

/// Adds the check bytes.
#[must_use]
pub fn checked(mut frame: Vec<u8>) -> Vec<u8> {
    let check = check_bytes(&frame);
    frame.extend_from_slice(&check);
    frame
}

/// Length that a header announces, where it can be a reply's.
fn announced(header: &[u8]) -> Result<usize, Damage> {
    let [SOM, address, low, high, control] = *header else { return Err(Damage::Form) };
    let length = usize::from(u16::from_le_bytes([low, high]));
    let lawful = (HEADER + 2..=FRAME_MAX).contains(&length);
    let reply = address & REPLY_BIT != 0 && control & !(SEQUENCE | HAS_CRC | HAS_BLOCK) == 0;
    if lawful && reply { Ok(length) } else { Err(Damage::Form) }
}

/// Checks one whole frame.
///
/// # Errors
/// [`Damage`] says what is wrong with it.
pub fn parse(frame: &[u8]) -> Result<Reply<'_>, Damage> {
    let (header, _) = frame.split_at_checked(HEADER).ok_or(Damage::Form)?;
    if announced(header)? != frame.len() {
        return Err(Damage::Form);
    }
    let (address, control) = (header[1] & !REPLY_BIT, header[4]);
    let body = if control & HAS_CRC != 0 {
        let (body, check) = frame.split_last_chunk::<2>().ok_or(Damage::Form)?;
        (check_bytes(body) == *check).then_some(body)
    } else {
        let (check, body) = frame.split_last().ok_or(Damage::Form)?;
        (checksum(body) == *check).then_some(body)
    };
    let body = body.ok_or(Damage::Check)?;
    let after = body.get(HEADER..).ok_or(Damage::Form)?;
    let (block, after) = if control & HAS_BLOCK == 0 { (Block::None, after) } else { block(after)? };
    let (after, covered, mac) = match block {
        Block::Channel { .. } => {
            let (after, mac) = after.split_last_chunk::<MAC_BYTES>().ok_or(Damage::Form)?;
            (after, body.get(..body.len() - MAC_BYTES).ok_or(Damage::Form)?, *mac)
        }
        Block::None | Block::Handshake { .. } => (after, &[][..], [0; MAC_BYTES]),
    };
    let (code, data) = after.split_first().ok_or(Damage::Form)?;
    Ok(Reply { address, sequence: control & SEQUENCE, block, code: *code, data, covered, mac })
}

/// The security block and what follows it.
fn block(bytes: &[u8]) -> Result<(Block, &[u8]), Damage> {
    match bytes {
        [3, kind @ 0x11..=0x14, info, rest @ ..] => Ok((Block::Handshake { kind: *kind, info: *info }, rest)),
        [2, kind @ 0x15..=0x18, rest @ ..] => Ok((Block::Channel { kind: *kind }, rest)),
        _ => Err(Damage::Form),
    }
}

/// Finds frames in a stream of bytes. Forgets what cannot be one byte by byte, so that noise before a frame costs nothing.
#[derive(Debug, Default)]
pub struct Receiver {
    bytes: Vec<u8>,
    /// Bytes that made no frame.
    pub noise: u64,
}

impl Receiver {
    /// Takes bytes as they come. More than a frame's worth of unread bytes is noise.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next frame with good check bytes.
    pub fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            let start = self.bytes.iter().position(|byte| *byte == SOM).unwrap_or(self.bytes.len());
            self.skip(start);
            let header = self.bytes.get(..HEADER)?;
            let Ok(length) = announced(header) else {
                self.skip(1);
                continue;
            };
            let frame = self.bytes.get(..length)?;
            if parse(frame).is_err() {
                self.skip(1);
                continue;
            }
            return Some(self.bytes.drain(..length).collect());
        }
    }

    /// Forgets everything: a new command is on its way, and what came before is no answer to it.
    pub fn clear(&mut self) {
        self.skip(self.bytes.len());
    }

    fn skip(&mut self, count: usize) {
        let marks = self.bytes.drain(..count).filter(|byte| *byte == MARK).count();
        self.noise += u64::try_from(count - marks).unwrap_or(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::osdp::command;

    fn reader(address: u8) -> ReaderAddress {
        ReaderAddress::new(address).unwrap()
    }

    /// hardware.md's golden frames.
    #[test]
    fn commands_are_the_documented_bytes() {
        let poll = checked(unsealed(reader(0), 0, Block::None, command::POLL, &[]));
        assert_eq!(poll, [0x53, 0x00, 0x08, 0x00, 0x04, 0x60, 0xEB, 0xAA]);
        let id = checked(unsealed(reader(0x65), 0, Block::None, command::ID, &[0]));
        assert_eq!(id, [0x53, 0x65, 0x09, 0x00, 0x04, 0x61, 0x00, 0xD9, 0x7A]);
        assert_eq!(ReaderAddress::new(127), None);
    }

    /// A reply with a CRC, from its bytes between length and check.
    fn reply(rest: &[u8]) -> Vec<u8> {
        let length = u8::try_from(rest.len() + 6).unwrap();
        let mut frame = vec![SOM, 0x80, length, 0];
        frame.extend_from_slice(rest);
        checked(frame)
    }

    #[test]
    fn reply_is_found_behind_noise_marks_and_our_own_echo() {
        let ack = reply(&[0x04, 0x40]);
        let echo = checked(unsealed(reader(0), 0, Block::None, command::POLL, &[]));
        let mut receiver = Receiver::default();
        receiver.push(&[&[0x00, MARK][..], &echo, &[MARK, SOM, MARK], &ack, &ack[..3]].concat());
        assert_eq!(receiver.next().as_deref(), Some(&ack[..]));
        assert_eq!(receiver.next(), None);
        receiver.push(&ack[3..]);
        assert_eq!(receiver.next().as_deref(), Some(&ack[..]));
        assert_eq!(receiver.noise, 10, "echo, 0x00 and the lone start byte");
    }

    #[test]
    fn frame_is_refused_when_its_security_block_has_no_lawful_length() {
        assert!(parse(&reply(&[0x0C, 2, 0x16, 0x40, 1, 2, 3, 4])).is_ok());
        for wrong in [
            &[0x0C, 3, 0x16, 0x40, 1, 2, 3, 4][..],
            &[0x0C, 200, 0x16, 0x40, 1, 2, 3, 4],
            &[0x0C, 0, 0x16, 0x40, 1, 2, 3, 4],
            &[0x0C, 2, 0x12, 0x50, 0, 0, 0, 0],
            &[0x0C, 2, 0x19, 0x40, 1, 2, 3, 4],
            &[0x0C, 2, 0x16, 1, 2, 3],
            &[0x0C],
            &[0x44, 0x40],
        ] {
            assert_eq!(parse(&reply(wrong)), Err(Damage::Form), "{wrong:02X?}");
        }
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let good = reply(&[0x05, 0x50, 0, 1, 26, 0, 1, 2, 3, 4]);
        assert!(parse(&good).is_ok());
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(parse(&bad).is_err(), "bit {bit}");
        }
    }

    proptest::proptest! {
        /// Whatever comes, nothing panics and nothing is kept beyond one frame and what came last.
        #[test]
        fn receiver_survives_any_bytes(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..2_000)) {
            let mut receiver = Receiver::default();
            for some in bytes.chunks(64) {
                receiver.push(some);
                while let Some(frame) = receiver.next() {
                    assert!(parse(&frame).is_ok());
                }
                assert!(receiver.bytes.len() <= FRAME_MAX);
            }
        }
    }
}
