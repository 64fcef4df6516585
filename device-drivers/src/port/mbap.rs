//! Modbus/TCP at the port: the header is put on and taken off here, and the line speaks RTU as everywhere.
//!
//! `TRANSACTION(2) 00 00 LEN(2) UNIT PDU` (MODBUS Messaging on TCP/IP, 3.1.3). The server's unit id is the slave's address.
//! Only what answers the newest request, and only once, is shown to the line: a late answer cannot even look like one.

use crate::frame::crc::{check_bytes, is_intact};
use crate::frame::head::Head;
use crate::frame::modbus_view::head;
use crate::limits::MAX_FRAME;

/// Bytes before the unit id.
const HEAD: usize = 6;
/// Longest unit id and PDU.
const BODY_MOST: usize = 254;

/// Translates between the line and a Modbus/TCP server, for the life of one connection.
#[derive(Debug, Default)]
pub struct Mbap {
    /// Number of the newest request.
    transaction: u16,
    /// Of which unit its answer is still waited for.
    awaited: Option<u8>,
    run: Vec<u8>,
}

/// The stream holds something that is no Modbus/TCP: whatever comes after it cannot be trusted to begin anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotModbus;

impl Mbap {
    /// The request on its way to a server; none for bytes that are no RTU frame.
    pub fn wrap(&mut self, frame: &[u8]) -> Option<Vec<u8>> {
        let body =
            frame.len().checked_sub(2).and_then(|end| frame.get(..end)).filter(|_| is_intact(frame))?;
        let [long, short] = u16::try_from(body.len()).ok()?.to_be_bytes();
        self.transaction = self.transaction.wrapping_add(1);
        self.awaited = body.first().copied();
        let [high, low] = self.transaction.to_be_bytes();
        Some([&[high, low, 0, 0, long, short], body].concat())
    }

    /// The answer to the newest request as RTU frames, out of bytes that came; older answers are left out, and so is whatever
    /// comes under its number after it. What comes under its number from another unit is shown, and answers nothing.
    ///
    /// # Errors
    /// [`NotModbus`] for another protocol's id or a length that no frame has. What came with it is lost: the connection ends.
    pub fn unwrap(&mut self, bytes: &[u8]) -> Result<Vec<u8>, NotModbus> {
        self.run.extend_from_slice(bytes);
        let mut frames = Vec::new();
        while let Some([high, low, protocol @ .., long, short]) = self.run.first_chunk::<HEAD>() {
            let length = usize::from(u16::from_be_bytes([*long, *short]));
            if *protocol != [0, 0] || !(2..=BODY_MOST).contains(&length) {
                return Err(NotModbus);
            }
            let is_newest = u16::from_be_bytes([*high, *low]) == self.transaction;
            let Some(body) = self.run.get(HEAD..HEAD + length) else { break };
            if let Some(unit) = self.awaited.filter(|_| is_newest) {
                frames.extend(framed(body).unwrap_or_default());
                self.awaited = Some(unit).filter(|unit| body.first() != Some(unit));
            }
            self.run.drain(..HEAD + length);
        }
        debug_assert!(self.run.len() < HEAD + MAX_FRAME);
        Ok(frames)
    }

    /// What is waited for no more: nothing that still comes answers it.
    pub fn forget(&mut self) {
        self.awaited = None;
    }

    /// Bytes that are kept because a frame may begin with them: less than the longest frame has, 260.
    #[must_use]
    pub const fn kept(&self) -> usize {
        self.run.len()
    }
}

/// A body with check bytes; none where a whole frame is hidden in the beginning of a longer one: the line would cut it there.
fn framed(body: &[u8]) -> Option<Vec<u8>> {
    let frame = [body, &check_bytes(body)].concat();
    let hides = matches!(head(&frame), Head::Frame(length) if length < frame.len());
    (!hides).then_some(frame)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Read 8 discrete inputs from 1, and its answer.
    const ASK: [u8; 8] = [0x01, 0x02, 0x00, 0x00, 0x00, 0x08, 0x79, 0xCC];
    const ANSWER: [u8; 6] = [0x01, 0x02, 0x01, 0x81, 0x61, 0xE8];

    fn answer(transaction: u8) -> Vec<u8> {
        vec![0, transaction, 0, 0, 0, 4, 0x01, 0x02, 0x01, 0x81]
    }

    #[test]
    fn golden_frames() {
        let mut mbap = Mbap::default();
        let asked = mbap.wrap(&ASK).unwrap();
        assert_eq!(asked, [0, 1, 0, 0, 0, 6, 0x01, 0x02, 0x00, 0x00, 0x00, 0x08]);
        assert_eq!(mbap.unwrap(&answer(1)), Ok(ANSWER.to_vec()));
        assert_eq!(mbap.wrap(&ASK[..7]), None, "no frame");
    }

    #[test]
    fn answer_counts_in_pieces_and_not_under_another_number() {
        let mut mbap = Mbap::default();
        mbap.wrap(&ASK).unwrap();
        mbap.wrap(&ASK).unwrap();
        assert_eq!(mbap.unwrap(&answer(1)), Ok(Vec::new()), "late");
        let (first, rest) = (answer(2), answer(2));
        assert_eq!(mbap.unwrap(&first[..7]), Ok(Vec::new()));
        assert_eq!(mbap.unwrap(&rest[7..]), Ok(ANSWER.to_vec()));
        assert_eq!(mbap.unwrap(&answer(2)), Ok(Vec::new()), "answered");
        mbap.wrap(&ASK).unwrap();
        mbap.forget();
        assert_eq!(mbap.unwrap(&answer(3)), Ok(Vec::new()), "given up");
        assert_eq!(mbap.unwrap(&answer(4)), Ok(Vec::new()), "not asked yet");
    }

    #[test]
    fn nothing_answers_when_nothing_was_asked() {
        assert_eq!(Mbap::default().unwrap(&answer(0)), Ok(Vec::new()));
    }

    #[test]
    fn another_unit_is_shown_and_does_not_stand_for_the_answer() {
        let mut mbap = Mbap::default();
        mbap.wrap(&ASK).unwrap();
        let mut other = answer(1);
        other[6] = 7;
        let shown = mbap.unwrap(&other).unwrap();
        assert_eq!((shown[0], is_intact(&shown)), (7, true));
        assert_eq!(mbap.unwrap(&answer(1)), Ok(ANSWER.to_vec()));
    }

    #[test]
    fn frame_inside_a_longer_one_is_no_answer() {
        let mut mbap = Mbap::default();
        mbap.wrap(&ASK).unwrap();
        let longer = [&[0, 1, 0, 0, 0, 8][..], &ANSWER, &[0, 0]].concat();
        assert_eq!(mbap.unwrap(&longer), Ok(Vec::new()));
    }

    #[test]
    fn what_is_no_modbus_ends_the_connection() {
        assert_eq!(Mbap::default().unwrap(b"HTTP/1.1 200"), Err(NotModbus));
        assert_eq!(Mbap::default().unwrap(&[0, 1, 0, 0, 0, 1, 7]), Err(NotModbus));
        assert_eq!(Mbap::default().unwrap(&[0, 1, 0, 0, 1, 0, 7]), Err(NotModbus));
    }

    proptest::proptest! {
        #[test]
        fn line_sees_whole_rtu_frames_whatever_comes(
            pieces in proptest::collection::vec(
                proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300), 0..10),
        ) {
            let mut mbap = Mbap::default();
            mbap.wrap(&ASK).unwrap();
            for piece in pieces {
                match mbap.unwrap(&[&answer(1)[..], &piece].concat()) {
                    Ok(frames) => proptest::prop_assert!(frames.is_empty() || frames.len() >= 4),
                    Err(NotModbus) => break,
                }
                proptest::prop_assert!(mbap.run.len() < HEAD + MAX_FRAME);
            }
        }
    }
}
