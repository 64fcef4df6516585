//! Lower-case hexadecimal of fixed lengths.

use std::fmt::Write as _;

/// Bytes as lower-case hexadecimal.
pub(crate) fn encode(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        write!(text, "{byte:02x}").ok();
        text
    })
}

/// Exactly `N` bytes from `2 * N` hexadecimal digits of either case.
pub(crate) fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != N * 2 {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

const fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        b'A'..=b'F' => Some(character - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_when_encoded_and_decoded() {
        assert_eq!(encode(&[0, 0x9f, 0xff]), "009fff");
        assert_eq!(decode::<3>("009FfF"), Some([0, 0x9f, 0xff]));
    }

    #[test]
    fn text_is_refused_when_length_or_digit_is_wrong() {
        assert_eq!(decode::<3>("009ff"), None);
        assert_eq!(decode::<3>("009ff0f"), None);
        assert_eq!(decode::<3>("009fg0"), None);
        assert_eq!(decode::<2>("+1+1"), None);
    }
}
