//! The Modbus RTU checksum (CRC-16, polynomial 0xA001 reflected, low byte first on the wire).

/// The checksum of `bytes`.
#[must_use]
pub fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |crc, byte| (0..8).fold(crc ^ u16::from(*byte), |crc, _| shift(crc)))
}

fn shift(crc: u16) -> u16 {
    if crc & 1 == 1 { (crc >> 1) ^ 0xA001 } else { crc >> 1 }
}

/// `body` with its checksum behind it.
#[must_use]
pub fn sealed(mut body: Vec<u8>) -> Vec<u8> {
    let crc = crc16(&body).to_le_bytes();
    body.extend_from_slice(&crc);
    body
}

/// The frame without its checksum; `None` when the checksum is wrong or nothing precedes it.
#[must_use]
pub fn checked(frame: &[u8]) -> Option<&[u8]> {
    let (body, crc) = frame.split_last_chunk::<2>()?;
    (!body.is_empty() && crc16(body).to_le_bytes() == *crc).then_some(body)
}

#[cfg(test)]
mod tests {
    use super::{checked, sealed};

    #[test]
    fn every_modbus_golden_frame_carries_this_checksum() {
        let golden: [&[u8]; 9] = [
            &[0x01, 0x05, 0x02, 0x00, 0x00, 0x07, 0x8D, 0xB0],
            &[0x01, 0x05, 0x02, 0x03, 0x00, 0x03, 0x7C, 0x73],
            &[0x01, 0x05, 0x00, 0xFF, 0x00, 0x00, 0xFD, 0xFA],
            &[0x01, 0x01, 0x00, 0x00, 0x00, 0x08, 0x3D, 0xCC],
            &[0x01, 0x02, 0x00, 0x00, 0x00, 0x08, 0x79, 0xCC],
            &[0x00, 0x06, 0x40, 0x00, 0x00, 0x02, 0x1C, 0x1A],
            &[0x01, 0x03, 0x10, 0x00, 0x00, 0x08, 0x40, 0xCC],
            &[0x01, 0x04, 0x00, 0x01, 0x00, 0x02, 0x20, 0x0B],
            &[0x01, 0x03, 0x00, 0x00, 0x00, 0x08, 0x44, 0x0C],
        ];
        for frame in golden {
            let body = checked(frame).expect("the documents' checksum is right");
            assert_eq!(sealed(body.to_vec()), frame);
        }
    }

    #[test]
    fn one_flipped_bit_is_noticed() {
        assert_eq!(checked(&[0x01, 0x05, 0x02, 0x01, 0x00, 0x07, 0x8D, 0xB0]), None);
    }
}
