//! A frame to be sent, kept in place: requests are short, and the line allocates nothing for them.

use std::fmt;
use std::ops::Deref;

/// Most bytes of a request of any format (a Modbus request behind a TCP header has 12).
pub const MAX_REQUEST_BYTES: usize = 16;

/// The bytes of one request, at most [`MAX_REQUEST_BYTES`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct FrameBytes {
    bytes: [u8; MAX_REQUEST_BYTES],
    length: usize,
}

impl<const N: usize> From<[u8; N]> for FrameBytes {
    fn from(frame: [u8; N]) -> Self {
        const { assert!(N <= MAX_REQUEST_BYTES, "a request of this format does not fit") };
        let mut bytes = [0; MAX_REQUEST_BYTES];
        for (to, from) in bytes.iter_mut().zip(frame) {
            *to = from;
        }
        Self { bytes, length: N }
    }
}

impl Deref for FrameBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl PartialEq<[u8]> for FrameBytes {
    fn eq(&self, other: &[u8]) -> bool {
        **self == *other
    }
}

impl<const N: usize> PartialEq<[u8; N]> for FrameBytes {
    fn eq(&self, other: &[u8; N]) -> bool {
        **self == *other
    }
}

impl fmt::Debug for FrameBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02X?}", &**self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_has_the_bytes_and_the_length_it_was_made_of() {
        let frame = FrameBytes::from([1, 2, 3]);
        assert_eq!((&*frame, frame.len()), (&[1, 2, 3][..], 3));
        assert_eq!(frame, [1, 2, 3]);
        assert_ne!(frame, FrameBytes::from([1, 2, 3, 0]));
    }
}
