//! Check bytes of OSDP frames: CRC-16 (polynomial 0x1021, start 0x1D0F, low byte first), or the sum's complement.

use crate::crc::Crc16;

static OSDP: Crc16 = Crc16::straight(0x1021, 0x1D0F);

/// The two check bytes, in the order they are sent.
#[must_use]
pub fn check_bytes(bytes: &[u8]) -> [u8; 2] {
    OSDP.check_bytes(bytes)
}

/// The one check byte of frames without CRC: all bytes and it sum up to 0.
#[must_use]
pub fn checksum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte)).wrapping_neg()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SIA OSDP, Annex E: two examples of each.
    #[test]
    fn check_bytes_are_the_published_ones() {
        let broadcast = [0x53, 0x7F, 0x0D, 0x00, 0x04, 0x6E, 0x00, 0x80, 0x25, 0x00, 0x00];
        assert_eq!(check_bytes(&broadcast), [0x6E, 0x38]);
        assert_eq!(check_bytes(&[0x53, 0x00, 0x09, 0x00, 0x04, 0x61, 0x00]), [0xC0, 0x66]);
        let broadcast = [0x53, 0x7F, 0x0C, 0x00, 0x00, 0x6E, 0x00, 0x80, 0x25, 0x00, 0x00];
        assert_eq!(checksum(&broadcast), 0x0F);
        assert_eq!(checksum(&[0x53, 0x00, 0x08, 0x00, 0x00, 0x61, 0x00]), 0x44);
    }
}
