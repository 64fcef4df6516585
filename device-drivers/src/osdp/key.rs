//! A reader's key. It has no Debug, and its memory is wiped.

use zeroize::ZeroizeOnDrop;

/// The default key that every reader leaves the factory with (SCBK-D, SIA OSDP Annex D): known to everybody.
pub(super) const DEFAULT: [u8; 16] = *b"0123456789:;<=>?";

/// The key of one reader (SCBK).
#[derive(Clone, PartialEq, Eq, ZeroizeOnDrop)]
pub struct ReaderKey([u8; 16]);

impl ReaderKey {
    /// A key drawn at random. The two keys that everybody knows, the default one and zeros, are none.
    #[must_use]
    pub fn new(bytes: [u8; 16]) -> Option<Self> {
        (bytes != DEFAULT && bytes != [0; 16]).then_some(Self(bytes))
    }

    /// For sealing and for the reader.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 16] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_everybody_knows_are_refused() {
        assert!(ReaderKey::new(DEFAULT).is_none() && ReaderKey::new([0; 16]).is_none());
        assert!(ReaderKey::new([1; 16]).is_some());
    }
}
