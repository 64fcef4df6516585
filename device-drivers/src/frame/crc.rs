//! CRC-16 of Modbus RTU: polynomial 0xA001 reflected, start 0xFFFF, sent low byte first.

use crate::crc::Crc16;

static MODBUS: Crc16 = Crc16::reflected(0xA001, 0xFFFF);

/// The two check bytes of `bytes`, in the order they are sent.
#[must_use]
pub fn check_bytes(bytes: &[u8]) -> [u8; 2] {
    MODBUS.check_bytes(bytes)
}

/// Whether `frame` ends with the check bytes of what is before them.
#[must_use]
pub fn is_intact(frame: &[u8]) -> bool {
    frame.split_last_chunk::<2>().is_some_and(|(body, sent)| !body.is_empty() && check_bytes(body) == *sent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_value_is_the_published_one() {
        // The catalogue's check of CRC-16/MODBUS over "123456789" is 0x4B37.
        assert_eq!(check_bytes(b"123456789"), [0x37, 0x4B]);
    }

    #[test]
    fn frame_is_damaged_when_any_one_bit_is_flipped() {
        let good = [0x01, 0x05, 0x02, 0x00, 0x00, 0x07, 0x8D, 0xB0];
        assert!(is_intact(&good));
        for bit in 0..64 {
            let mut bad = good;
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(!is_intact(&bad), "bit {bit}");
        }
        assert!(!is_intact(&[]) && !is_intact(&[0xFF, 0xFF]));
    }
}
