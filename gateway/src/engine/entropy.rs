//! Randomness for decisions: one seed at the start, expanded by hashing, so that a test can give the seed.

use sha2::{Digest as _, Sha256};
use vestibule_core::input::Entropy;
use zeroize::Zeroizing;

/// A source of 32 random bytes for each decision. The state moves one way: a later one tells nothing of earlier bytes.
pub struct EntropySource {
    state: Zeroizing<[u8; 32]>,
}

impl EntropySource {
    /// A source from a seed that is random and used once.
    #[must_use]
    pub fn new(seed: [u8; 32]) -> Self {
        Self { state: Zeroizing::new(seed) }
    }

    /// A source seeded by the operating system.
    ///
    /// # Errors
    /// The system has no randomness to give.
    pub fn from_system() -> Result<Self, getrandom::Error> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut_slice())?;
        Ok(Self::new(*seed))
    }

    /// Fresh bytes.
    pub fn draw(&mut self) -> [u8; 32] {
        let bytes = hash(b"vestibule-entropy/1 out", &self.state);
        self.state = Zeroizing::new(hash(b"vestibule-entropy/1 next", &self.state));
        bytes
    }

    /// Fresh bytes for one decision.
    pub fn entropy(&mut self) -> Entropy {
        Entropy(self.draw())
    }
}

fn hash(label: &[u8], state: &[u8; 32]) -> [u8; 32] {
    Sha256::new().chain_update(label).chain_update(state).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_differ_within_a_source_and_agree_between_equal_seeds() {
        let (mut one, mut two) = (EntropySource::new([7; 32]), EntropySource::new([7; 32]));
        let first = one.draw();
        assert_eq!(first, two.draw());
        assert_ne!(first, one.draw());
        assert_ne!(first, EntropySource::new([8; 32]).draw());
    }
}
