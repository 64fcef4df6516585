//! Check bytes of eight bits: sums and exclusive ors. They find any one turned bit; of pairs of turned bits, one in eight or
//! so passes.

/// The sum of `bytes`, eight bits of it.
#[must_use]
pub const fn of(bytes: &[u8]) -> u8 {
    let (mut sum, mut at) = (0_u8, 0);
    while at < bytes.len() {
        sum = sum.wrapping_add(bytes[at]);
        at += 1;
    }
    sum
}

/// The exclusive or of `bytes`.
#[must_use]
pub const fn xor(bytes: &[u8]) -> u8 {
    let (mut xor, mut at) = (0, 0);
    while at < bytes.len() {
        xor ^= bytes[at];
        at += 1;
    }
    xor
}

/// Whether `frame` ends with the sum of what is before it.
#[must_use]
pub fn is_intact(frame: &[u8]) -> bool {
    frame.split_last().is_some_and(|(sent, body)| !body.is_empty() && of(body) == *sent)
}

/// Whether `frame` ends with the exclusive or of what is before it.
#[must_use]
pub fn is_xor_intact(frame: &[u8]) -> bool {
    frame.len() > 1 && xor(frame) == 0
}

/// Bits of `data`, the first byte's first bit being bit 0.
#[must_use]
pub fn low_first(data: &[u8]) -> u128 {
    data.iter().rev().fold(0, |bits, byte| bits << 8 | u128::from(*byte))
}

/// Bits of `data`, the last byte's first bit being bit 0.
#[must_use]
pub fn low_last(data: &[u8]) -> u128 {
    data.iter().fold(0, |bits, byte| bits << 8 | u128::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_bytes_are_those_of_the_documents() {
        assert_eq!(of(&[0x02, 0x14, 0x31, 0x03]), 0x4A);
        assert_eq!(xor(&[0x8A, 0x01, 0x01, 0x11]), 0x9B);
        assert!(is_intact(&[0x02, 0x00, 0x30, 0x03, 0x35]) && !is_intact(&[0x35]));
        assert!(is_xor_intact(&[0x80, 0x01, 0x00, 0x33, 0xB2]) && !is_xor_intact(&[0]));
    }

    #[test]
    fn first_bit_is_where_the_format_says() {
        assert_eq!(low_first(&[0x01, 0x80]), 0x8001);
        assert_eq!(low_last(&[0x01, 0x80]), 0x0180);
    }
}
