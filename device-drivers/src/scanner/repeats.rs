//! The same label read again: scanners that read all the time say it as long as somebody holds it there.

use super::text::ScanText;
use crate::limits::SCAN_REPEAT;
use crate::time::Monotonic;

/// What was read last.
#[derive(Debug, Default)]
pub struct Repeats(Option<(ScanText, Monotonic)>);

impl Repeats {
    /// Whether `text` is what was last read, [`SCAN_REPEAT`] ago at most. Each sight of it counts: held before the window for a
    /// minute it is one scan.
    pub fn again(&mut self, text: &ScanText, now: Monotonic) -> bool {
        let again = self.0.as_ref().is_some_and(|(last, at)| last == text && now.since(*at) < SCAN_REPEAT);
        self.0 = Some((text.clone(), now));
        again
    }

    /// Forgets it, when nobody needs it any more.
    pub fn forget(&mut self, now: Monotonic) {
        if self.0.as_ref().is_some_and(|(_, at)| now.since(*at) >= SCAN_REPEAT) {
            self.0 = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_is_one_scan_as_long_as_it_is_held() {
        let (one, two) = (ScanText::of(b"one").unwrap(), ScanText::of(b"two").unwrap());
        let at = |ms: u64| Monotonic::from_micros(ms * 1_000);
        let mut repeats = Repeats::default();
        let again: Vec<bool> = [0, 1_500, 3_000, 4_500].map(|ms| repeats.again(&one, at(ms))).to_vec();
        assert_eq!(again, [false, true, true, true]);
        assert!(!repeats.again(&two, at(4_600)) && !repeats.again(&one, at(4_700)));
        assert!(!repeats.again(&one, at(6_800)), "after a pause it is meant again");
    }
}
