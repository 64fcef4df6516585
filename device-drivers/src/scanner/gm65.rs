//! Commands of the GM65 and its relatives (Hangzhou Grow, "Bar Code Reader Module User Manual", appendix), and their replies.
//!
//! Command: `7E 00 TYPE LEN ADDR(2) DATA CRC(2)`; the check bytes `AB CD` mean that none are looked at. Reply:
//! `02 00 00 LEN DATA CRC(2)`; check bytes are CRC-16/XMODEM over type, length and data. A reply does not say what it answers,
//! so that one command is under way at a time.

/// Bit that keeps set-up barcodes from having any effect (zone [`SET_UP_ZONE`]).
pub const SET_UP_CLOSED: u8 = 0b10;
/// Bit that gives their text out instead, so that somebody trying is noticed.
pub const SET_UP_SHOWN: u8 = 0b01;
/// Zone of reading mode, light and sound.
pub const MODE_ZONE: u16 = 0x0000;
/// Zone of set-up barcodes [sources disagree on its further bits, which are left alone].
pub const SET_UP_ZONE: u16 = 0x0003;
/// Zone of what is sent behind a text.
pub const END_ZONE: u16 = 0x0060;
/// Reading mode in which each reading is asked for (bits 0 and 1 of [`MODE_ZONE`]).
pub const MODE_COMMANDED: u8 = 0b01;

/// Longest reply: one zone is asked for at a time.
const REPLY_MOST: usize = 16;
/// Bytes before a reply's data.
const REPLY_HEAD: usize = 4;

/// One command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Read one zone.
    Read(u16),
    /// Write one zone.
    Write(u16, u8),
    /// Keep what was written over a power cut.
    Save,
    /// Read a label now.
    Trigger,
}

/// A reply's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply {
    bytes: [u8; REPLY_MOST],
    length: u8,
}

/// What a run of bytes begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Head {
    /// No reply.
    Other,
    /// May become a reply.
    More,
    /// A reply with wrong check bytes, or longer than any that is asked for.
    Damaged,
    /// A reply, to its last byte.
    Whole(Reply),
}

impl Command {
    /// The command as it stands on the wire.
    #[must_use]
    pub const fn encode(self) -> [u8; 9] {
        let (kind, address, data) = match self {
            Self::Read(zone) => (0x07, zone, 1),
            Self::Write(zone, value) => (0x08, zone, value),
            Self::Save => (0x09, 0, 0),
            Self::Trigger => (0x08, 0x0002, 1),
        };
        let [high, low] = address.to_be_bytes();
        [0x7E, 0x00, kind, 0x01, high, low, data, 0xAB, 0xCD]
    }
}

impl Reply {
    /// Its data.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or_default()
    }
}

/// Looks for a reply at the start of `run`.
#[must_use]
pub fn head(run: &[u8]) -> Head {
    match run {
        // A text may begin with 02 (STX); behind it comes something legible.
        [0x02] | [0x02, 0x00] => return Head::More,
        [0x02, 0x00, 0x00, ..] => {}
        _ => return Head::Other,
    }
    let Some(length) = run.get(3) else { return Head::More };
    let data = usize::from(*length);
    if data > REPLY_MOST {
        return Head::Damaged;
    }
    let (Some(body), Some([high, low])) =
        (run.get(2..REPLY_HEAD + data), run.get(REPLY_HEAD + data..REPLY_HEAD + data + 2))
    else {
        return Head::More;
    };
    if check(body) != u16::from_be_bytes([*high, *low]) {
        return Head::Damaged;
    }
    let mut bytes = [0; REPLY_MOST];
    let data = body.get(2..).unwrap_or_default();
    bytes.iter_mut().zip(data).for_each(|(to, from)| *to = *from);
    Head::Whole(Reply { bytes, length: *length })
}

/// CRC-16/XMODEM: polynomial 0x1021, nothing to begin with.
fn check(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8)
            .fold(crc ^ u16::from(*byte) << 8, |crc, _| crc << 1 ^ if crc & 0x8000 == 0 { 0 } else { 0x1021 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_frames() {
        assert_eq!(Command::Trigger.encode(), [0x7E, 0x00, 0x08, 0x01, 0x00, 0x02, 0x01, 0xAB, 0xCD]);
        assert_eq!(
            Command::Write(0x002C, 2).encode(),
            [0x7E, 0x00, 0x08, 0x01, 0x00, 0x2C, 0x02, 0xAB, 0xCD]
        );
        assert_eq!(Command::Read(0x000D).encode(), [0x7E, 0x00, 0x07, 0x01, 0x00, 0x0D, 0x01, 0xAB, 0xCD]);
        assert_eq!(Command::Save.encode()[..7], [0x7E, 0x00, 0x09, 0x01, 0x00, 0x00, 0x00]);
        let done = [0x02, 0x00, 0x00, 0x01, 0x00, 0x33, 0x31];
        let Head::Whole(reply) = head(&done) else { panic!("{:?}", head(&done)) };
        assert_eq!(reply.data(), [0]);
        // Baud rate 9600: 39 01 in zone 2A.
        let rate = [0x02, 0x00, 0x00, 0x02, 0x39, 0x01, 0xC1, 0x4C];
        let Head::Whole(reply) = head(&rate) else { panic!("{:?}", head(&rate)) };
        assert_eq!(reply.data(), [0x39, 0x01]);
    }

    #[test]
    fn check_bytes_of_commands_are_of_the_same_kind() {
        // 7E 00 07 01 00 2A 02 D8 0F and 7E 00 09 01 00 00 00 DE C8, as the manual has them.
        assert_eq!(check(&[0x07, 0x01, 0x00, 0x2A, 0x02]), 0xD80F);
        assert_eq!(check(&[0x09, 0x01, 0x00, 0x00, 0x00]), 0xDEC8);
    }

    #[test]
    fn reply_is_waited_for_to_its_end_and_texts_are_none() {
        let done = [0x02, 0x00, 0x00, 0x01, 0x00, 0x33, 0x31];
        for cut in 1..done.len() {
            assert_eq!(head(&done[..cut]), Head::More, "{cut}");
        }
        assert_eq!(head(&[0x02, 0x00, 0x00, 0x01, 0x00, 0x33, 0x30]), Head::Damaged);
        assert_eq!(head(&[0x02, 0x00, 0x00, 0xFF]), Head::Damaged);
        assert_eq!(head(b"\x02A"), Head::Other);
        assert_eq!(head(b"12"), Head::Other);
    }
}
