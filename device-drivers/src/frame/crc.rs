//! CRC-16 of Modbus RTU: polynomial 0xA001 reflected, start 0xFFFF, sent low byte first.

const TABLE: [u16; 256] = table();

const fn table() -> [u16; 256] {
    let mut table = [0u16; 256];
    let mut byte = 0u16;
    while byte < 256 {
        let mut crc = byte;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xA001 } else { crc >> 1 };
            bit += 1;
        }
        table[byte as usize] = crc;
        byte += 1;
    }
    table
}

/// The two check bytes of `bytes`, in the order they are sent.
#[must_use]
pub fn check_bytes(bytes: &[u8]) -> [u8; 2] {
    let mut crc = 0xFFFF_u16;
    for byte in bytes {
        let [low, _] = crc.to_le_bytes();
        crc = (crc >> 8) ^ TABLE[usize::from(low ^ byte)];
    }
    crc.to_le_bytes()
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
