//! What the families' frames are made of: bits, check bytes, numbers counted from 1.

/// Bits of `levels`, eight to a byte, the first in bit 0.
pub(super) fn packed(levels: &[bool]) -> Vec<u8> {
    let byte = |eight: &[bool]| eight.iter().rev().fold(0_u8, |byte, level| byte << 1 | u8::from(*level));
    levels.chunks(8).map(byte).collect()
}

pub(super) fn xor_sealed(mut body: Vec<u8>) -> Vec<u8> {
    body.push(body.iter().fold(0, |xor, byte| xor ^ byte));
    body
}

/// The frame without its check byte; none when that is wrong.
pub(super) fn xor_checked(frame: &[u8]) -> Option<&[u8]> {
    let (sent, body) = frame.split_last()?;
    (body.iter().fold(0, |xor, byte| xor ^ byte) == *sent).then_some(body)
}

/// A lock counted from 1 on the wire.
pub(super) fn printed(lock: usize) -> u8 {
    u8::try_from(lock + 1).unwrap_or(u8::MAX)
}

/// `reply` without its last byte, and with `step` added to the byte at `place`: as a neighbour would begin it.
pub(super) fn stepped(reply: &[u8], place: usize, step: u8) -> Vec<u8> {
    let mut body = reply.get(..reply.len().saturating_sub(1)).unwrap_or_default().to_vec();
    if let Some(byte) = body.get_mut(place) {
        *byte = byte.wrapping_add(step);
    }
    body
}
