//! Modbus/TCP at the port: the header is put on and taken off here, and the line speaks RTU as everywhere.
//!
//! `TRANSACTION(2) 00 00 LEN(2) UNIT PDU` (MODBUS Messaging on TCP/IP, 3.1.3). The server's unit id is the slave's address.
//! Only what answers the newest request is shown to the line: a late answer cannot even look like one.

use crate::frame::crc::{check_bytes, is_intact};
use crate::limits::MAX_FRAME;

/// Bytes before the unit id.
const HEAD: usize = 6;
/// Longest unit id and PDU.
const BODY_MOST: usize = 254;

/// Translates between the line and a Modbus/TCP server.
#[derive(Debug, Default)]
pub(super) struct Mbap {
    transaction: u16,
    run: Vec<u8>,
}

/// The stream holds something that is no Modbus/TCP: whatever comes after it cannot be trusted to begin anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotModbus;

impl Mbap {
    /// The request on its way to a server; none for bytes that are no RTU frame.
    pub(super) fn wrap(&mut self, frame: &[u8]) -> Option<Vec<u8>> {
        let body =
            frame.len().checked_sub(2).and_then(|end| frame.get(..end)).filter(|_| is_intact(frame))?;
        self.transaction = self.transaction.wrapping_add(1);
        let [high, low] = self.transaction.to_be_bytes();
        let [long, short] = u16::try_from(body.len()).ok()?.to_be_bytes();
        Some([&[high, low, 0, 0, long, short], body].concat())
    }

    /// The answer to the newest request as RTU frames, out of bytes that came; older answers are left out.
    pub(super) fn unwrap(&mut self, bytes: &[u8]) -> Result<Vec<u8>, NotModbus> {
        self.run.extend_from_slice(bytes);
        let mut frames = Vec::new();
        while let Some([high, low, protocol @ .., long, short]) = self.run.first_chunk::<HEAD>() {
            let length = usize::from(u16::from_be_bytes([*long, *short]));
            if *protocol != [0, 0] || !(2..=BODY_MOST).contains(&length) {
                return Err(NotModbus);
            }
            let is_newest = u16::from_be_bytes([*high, *low]) == self.transaction;
            let Some(body) = self.run.get(HEAD..HEAD + length) else { break };
            if is_newest {
                frames.extend_from_slice(body);
                frames.extend_from_slice(&check_bytes(body));
            }
            self.run.drain(..HEAD + length);
        }
        debug_assert!(self.run.len() < HEAD + MAX_FRAME);
        Ok(frames)
    }

    /// What is waited for no more: the next answer has another number anyway.
    pub(super) fn forget(&mut self) {
        self.transaction = self.transaction.wrapping_add(1);
    }
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
        mbap.forget();
        assert_eq!(mbap.unwrap(&answer(2)), Ok(Vec::new()), "given up");
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
            for piece in pieces {
                match mbap.unwrap(&[&answer(0)[..], &piece].concat()) {
                    Ok(frames) => proptest::prop_assert!(frames.is_empty() || frames.len() >= 4),
                    Err(NotModbus) => break,
                }
                proptest::prop_assert!(mbap.run.len() < HEAD + MAX_FRAME);
            }
        }
    }
}
