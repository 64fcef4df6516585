//! A scanner's bytes, cut into texts and replies to commands, which share the stream.
//!
//! A text ends with CR or LF. Scanners that send neither end it with a silence; as soon as one has been seen to end a text
//! properly, a silence in a text's middle is a fault, and neither half of it is a scan: half a code is another code.

use std::collections::VecDeque;

use zeroize::{Zeroize as _, Zeroizing};

use super::Dropped;
use super::gm65::{self, Head, Reply};
use super::text::ScanText;
use crate::limits::{SCAN_CUTS, SCAN_GAP, SCAN_MOST, SCAN_QUIET, SCAN_SPLIT};
use crate::time::Monotonic;

/// A piece of the stream.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
    /// A whole text.
    Text(ScanText),
    /// A whole reply with good check bytes.
    Reply(Reply),
    /// Neither.
    Dropped(Dropped),
}

/// What the bytes to come are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Hearing {
    /// Text or reply.
    #[default]
    Whole,
    /// The rest of something that was dropped, up to its end or to a longer silence.
    Rest,
}

/// Cuts a stream.
#[derive(Debug, Default)]
pub struct Framer {
    run: Zeroizing<Vec<u8>>,
    last_byte: Monotonic,
    hearing: Hearing,
    /// Texts of this scanner end with CR or LF.
    terminated: bool,
    /// Texts without an end in a row.
    cuts: u8,
    pieces: VecDeque<Piece>,
}

impl Framer {
    /// Takes bytes that came at `now`.
    pub fn take(&mut self, bytes: &[u8], now: Monotonic) {
        self.pass(now);
        self.last_byte = now;
        for byte in bytes {
            self.take_byte(*byte);
        }
    }

    /// Lets time pass: a silence may end what was begun.
    pub fn pass(&mut self, now: Monotonic) {
        if now < self.due() {
            return;
        }
        match (self.hearing, self.run.is_empty()) {
            (Hearing::Rest, _) => self.hearing = Hearing::Whole,
            (Hearing::Whole, true) => {}
            (Hearing::Whole, false) if self.is_reply() => self.drop_run(Dropped::Reply),
            (Hearing::Whole, false) if self.terminated => self.cut(),
            (Hearing::Whole, false) => self.finish(),
        }
    }

    /// When a silence ends something; [`Monotonic::NEVER`] when nothing is begun.
    #[must_use]
    pub fn due(&self) -> Monotonic {
        match (self.hearing, self.run.is_empty()) {
            (Hearing::Rest, _) => self.last_byte + SCAN_QUIET,
            (Hearing::Whole, true) => Monotonic::NEVER,
            (Hearing::Whole, false) if self.terminated => self.last_byte + SCAN_SPLIT,
            (Hearing::Whole, false) => self.last_byte + SCAN_GAP,
        }
    }

    /// The next piece.
    pub fn piece(&mut self) -> Option<Piece> {
        self.pieces.pop_front()
    }

    /// The port was opened anew: what was begun is gone, and what is known of the scanner's texts with it.
    pub fn restart(&mut self) {
        self.run.zeroize();
        (self.hearing, self.terminated, self.cuts) = (Hearing::Whole, false, 0);
        self.pieces.clear();
    }

    fn take_byte(&mut self, byte: u8) {
        let ends = matches!(byte, b'\r' | b'\n');
        match self.hearing {
            Hearing::Rest if ends => self.hearing = Hearing::Whole,
            Hearing::Rest => {}
            Hearing::Whole if ends && self.run.is_empty() => {}
            Hearing::Whole if ends && !self.is_reply() => {
                (self.terminated, self.cuts) = (true, 0);
                self.finish();
            }
            Hearing::Whole => {
                self.run.push(byte);
                self.look_for_reply();
                if self.run.len() > SCAN_MOST {
                    self.drop_run(Dropped::TooLong);
                    self.hearing = Hearing::Rest;
                }
            }
        }
    }

    fn is_reply(&self) -> bool {
        gm65::head(&self.run) != Head::Other
    }

    fn look_for_reply(&mut self) {
        match gm65::head(&self.run) {
            Head::Other | Head::More => {}
            Head::Damaged => self.drop_run(Dropped::Reply),
            Head::Whole(reply) => {
                self.run.zeroize();
                self.pieces.push_back(Piece::Reply(reply));
            }
        }
    }

    fn finish(&mut self) {
        match ScanText::of(&self.run) {
            Some(text) => {
                self.run.zeroize();
                self.pieces.push_back(Piece::Text(text));
            }
            None => self.drop_run(Dropped::Binary),
        }
    }

    /// A text without its end. What follows is its rest; a scanner that does this again and again ends its texts no more.
    fn cut(&mut self) {
        self.drop_run(Dropped::Cut);
        self.hearing = Hearing::Rest;
        self.cuts += 1;
        if self.cuts >= SCAN_CUTS {
            (self.terminated, self.cuts) = (false, 0);
        }
    }

    fn drop_run(&mut self, why: Dropped) {
        self.run.zeroize();
        self.pieces.push_back(Piece::Dropped(why));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Monotonic {
        Monotonic::from_micros(1_000_000 + ms * 1_000)
    }

    fn all(framer: &mut Framer) -> Vec<String> {
        std::iter::from_fn(|| framer.piece())
            .map(|piece| match piece {
                Piece::Text(text) => text.expose().to_owned(),
                other => format!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn texts_end_with_a_line_end_or_with_silence() {
        let mut framer = Framer::default();
        framer.take(b"ABC", at(0));
        assert_eq!(framer.due(), at(100));
        framer.pass(at(99));
        assert!(all(&mut framer).is_empty());
        framer.pass(at(100));
        assert_eq!(all(&mut framer), ["ABC"]);
        framer.take(b"one\r\ntwo\rthr", at(200));
        framer.take(b"ee\n\n", at(250));
        assert_eq!(all(&mut framer), ["one", "two", "three"]);
    }

    #[test]
    fn half_a_text_is_no_text_once_ends_are_known() {
        let mut framer = Framer::default();
        framer.take(b"first\r", at(0));
        framer.take(b"271", at(10));
        framer.pass(at(200));
        framer.take(b"828\r", at(300));
        assert_eq!(all(&mut framer), ["first", "271828"], "a short pause is none");
        framer.take(b"271", at(1_000));
        framer.pass(at(1_500));
        framer.take(b"828\rwhole\r", at(1_600));
        assert_eq!(all(&mut framer), ["Dropped(Cut)", "whole"]);
    }

    #[test]
    fn scanner_that_ends_its_texts_no_more_is_heard_again() {
        let mut framer = Framer::default();
        framer.take(b"first\r", at(0));
        let mut now = 1_000;
        for _ in 0..3 {
            framer.take(b"no end", at(now));
            framer.pass(at(now + 500));
            framer.pass(at(now + 3_000));
            now += 10_000;
        }
        framer.take(b"heard", at(now));
        framer.pass(at(now + 100));
        assert_eq!(all(&mut framer), ["first", "Dropped(Cut)", "Dropped(Cut)", "Dropped(Cut)", "heard"]);
    }

    #[test]
    fn replies_and_texts_share_the_stream() {
        let mut framer = Framer::default();
        framer.take(&[0x02, 0x00, 0x00, 0x01], at(0));
        framer.take(&[0x00, 0x33, 0x31, b'X', b'\r'], at(5));
        framer.take(&[0x02, 0x00, 0x00, 0x01, 0x00, 0x33, 0x32], at(9));
        framer.take(b"\x02Y\x03\r", at(12));
        let told = all(&mut framer);
        assert_eq!(told.len(), 4, "{told:?}");
        assert!(told[0].starts_with("Reply"), "{told:?}");
        assert_eq!(told[1..], ["X", "Dropped(Reply)", "Y"]);
    }

    #[test]
    fn what_is_too_long_or_no_text_is_dropped_whole() {
        let mut framer = Framer::default();
        framer.take(&[b'7'; SCAN_MOST + 40], at(0));
        framer.take(b"\rnext\r", at(1));
        framer.take(b"\xF3\x9A\xC1\r", at(2));
        assert_eq!(all(&mut framer), ["Dropped(TooLong)", "next", "Dropped(Binary)"]);
    }

    proptest::proptest! {
        #[test]
        fn run_is_bounded_and_texts_are_legible_whatever_comes(
            chunks in proptest::collection::vec(
                (proptest::collection::vec(proptest::prelude::any::<u8>(), 0..80), 0_u64..3_000), 0..60),
        ) {
            let (mut framer, mut now) = (Framer::default(), 0);
            for (bytes, pause) in chunks {
                now += pause;
                framer.take(&bytes, at(now));
                proptest::prop_assert!(framer.run.len() <= SCAN_MOST);
                while let Some(piece) = framer.piece() {
                    if let Piece::Text(text) = piece {
                        let legible = text.expose().bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
                        proptest::prop_assert!(legible && (1..=SCAN_MOST).contains(&text.expose().len()));
                    }
                }
            }
        }
    }
}
