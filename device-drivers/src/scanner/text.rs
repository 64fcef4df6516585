//! What was scanned: it may be a code that opens a door, so that it is shown nowhere and wiped from memory.

use std::fmt;

use zeroize::Zeroizing;

/// Scanned text: visible ASCII characters and spaces, 1 to [`SCAN_MOST`](crate::limits::SCAN_MOST) of them.
#[derive(Clone, PartialEq, Eq)]
pub struct ScanText(Zeroizing<String>);

impl ScanText {
    /// The text in `bytes`, control characters left out; none where nothing is left or something is no text.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let visible = |byte: &&u8| !byte.is_ascii_control();
        if bytes.iter().any(|byte| !byte.is_ascii()) {
            return None;
        }
        let text: Zeroizing<String> =
            Zeroizing::new(bytes.iter().filter(visible).map(|byte| char::from(*byte)).collect());
        let trimmed = text.trim();
        (!trimmed.is_empty()).then(|| Self(Zeroizing::new(trimmed.to_owned())))
    }

    /// The text, for whoever decides on it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ScanText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ScanText({} characters)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_left_out_and_binary_is_no_text() {
        assert_eq!(ScanText::of(b"\x02]C1\x1D4201234\x03").unwrap().expose(), "]C14201234");
        assert_eq!(ScanText::of(b" 12 ").unwrap().expose(), "12");
        assert!(ScanText::of(b"\x00\x01").is_none() && ScanText::of(b"  ").is_none());
        assert!(ScanText::of(b"ab\xFF").is_none());
        assert_eq!(format!("{:?}", ScanText::of(b"271828")), "Some(ScanText(6 characters))");
    }
}
