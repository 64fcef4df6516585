//! Codes of commands and replies, and the data of those commands that have any.

use super::limits::TEXT_MAX;
use super::signal::{Buzz, Colour, Light};

pub const POLL: u8 = 0x60;
pub const ID: u8 = 0x61;
pub const CAPABILITIES: u8 = 0x62;
pub const LOCAL_STATUS: u8 = 0x64;
pub const LED: u8 = 0x69;
pub const BUZZER: u8 = 0x6A;
pub const TEXT: u8 = 0x6B;
pub const KEY_SET: u8 = 0x75;
pub const CHALLENGE: u8 = 0x76;
pub const CRYPTOGRAM: u8 = 0x77;

/// Codes of replies.
pub mod reply {
    pub const ACK: u8 = 0x40;
    pub const NAK: u8 = 0x41;
    pub const ID: u8 = 0x45;
    pub const CAPABILITIES: u8 = 0x46;
    pub const LOCAL_STATUS: u8 = 0x48;
    pub const CARD: u8 = 0x50;
    pub const CARD_FORMATTED: u8 = 0x51;
    pub const KEYPAD: u8 = 0x53;
    pub const CHALLENGE: u8 = 0x76;
    pub const CRYPTOGRAM: u8 = 0x78;
    pub const BUSY: u8 = 0x79;
}

const UNIT_MS: u32 = 100;
const TEMPORARY_SET: u8 = 2;
const PERMANENT_SET: u8 = 1;
const LEAVE: u8 = 0;
const TONE: u8 = 2;
const PERMANENT_TEXT_WITHOUT_WRAP: u8 = 1;

/// Counts of 100 ms, at least one.
fn units(ms: u32) -> u8 {
    u8::try_from(ms.div_ceil(UNIT_MS).max(1)).unwrap_or(u8::MAX)
}

const fn colour(colour: Colour) -> u8 {
    match colour {
        Colour::Off => 0,
        Colour::Red => 1,
        Colour::Green => 2,
        Colour::Amber => 3,
        Colour::Blue => 4,
    }
}

/// Data of an LED command: a lasting colour, or a blinking one that goes back to the lasting one.
pub(super) fn led(light: Light) -> [u8; 14] {
    let (reader, led) = (0, 0);
    match light {
        Light::Steady(on) => {
            let on = colour(on);
            [reader, led, LEAVE, 0, 0, 0, 0, 0, 0, PERMANENT_SET, 1, 0, on, on]
        }
        Light::Blink { on, ms } => {
            let [low, high] = u16::from(units(ms)).to_le_bytes();
            [reader, led, TEMPORARY_SET, 2, 2, colour(on), 0, low, high, LEAVE, 0, 0, 0, 0]
        }
    }
}

/// Data of a buzzer command.
pub(super) fn buzzer(buzz: Buzz) -> [u8; 5] {
    [0, TONE, units(buzz.on_ms), units(buzz.off_ms), buzz.times.max(1)]
}

/// Data of a text command: printable ASCII only, cut at [`TEXT_MAX`].
pub(super) fn text(text: &str) -> Vec<u8> {
    let shown: Vec<u8> = text
        .chars()
        .map(|letter| u8::try_from(letter).ok().filter(|byte| (0x20..0x7F).contains(byte)).unwrap_or(b'?'))
        .take(TEXT_MAX)
        .collect();
    let length = u8::try_from(shown.len()).unwrap_or(0);
    let mut data = vec![0, PERMANENT_TEXT_WITHOUT_WRAP, 0, 1, 1, length];
    data.extend_from_slice(&shown);
    data
}

/// Data of a key-set command: the kind of key (1: SCBK), its length, and the key.
pub(super) fn key_set(key: &[u8; 16]) -> Vec<u8> {
    let mut data = vec![1, 16];
    data.extend_from_slice(key);
    data
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_as_the_standard_lays_it_out() {
        assert_eq!(led(Light::Steady(Colour::Green)), [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 2, 2]);
        let blink = Light::Blink { on: Colour::Red, ms: 1_500 };
        assert_eq!(led(blink), [0, 0, 2, 2, 2, 1, 0, 15, 0, 0, 0, 0, 0, 0]);
        assert_eq!(buzzer(Buzz { on_ms: 150, off_ms: 0, times: 2 }), [0, 2, 2, 1, 2]);
        assert_eq!(text("Tür 4"), [&[0, 1, 0, 1, 1, 5][..], b"T?r 4"].concat());
        assert_eq!(text(&"x".repeat(99)).len(), 6 + TEXT_MAX);
    }
}
