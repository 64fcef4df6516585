//! Where a frame ends in a run of bytes.

/// What the first bytes of a run are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Head {
    /// A frame of that many bytes.
    Frame(usize),
    /// May become a frame.
    More,
    /// Can become none.
    Noise,
}
