//! What is spoken on a line: one protocol, never two.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::frame::head::Head;
use crate::frame::request::Request;
use crate::frame::{kerong_cu16, kerong_cu48, lock_8a, modbus_view, winnsen, wkly};

/// A line's wire format, under its name in the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// Modbus RTU.
    #[default]
    ModbusRtu,
    /// Kerong KR-CU16 lock boards.
    KerongCu16,
    /// Kerong KR-CU48 lock boards.
    KerongCu48,
    /// The generic lock boards that are opened by 8A and read by 80.
    #[serde(rename = "lock-8a")]
    Lock8a,
    /// Winnsen lock boards.
    Winnsen,
    /// WKLY lock boards (Voung and others).
    Wkly,
}

/// How the boards of a format open a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// How long after the order a word of the board may come, 25 to 450 ms. Silence is lawful then, and the word, if one
    /// comes, proves nothing.
    pub word_within: Duration,
    /// Longest time for which the board holds the lock by its own measure, 300 ms to 1 s.
    pub held: Duration,
}

impl Protocol {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::ModbusRtu, Self::KerongCu16, Self::KerongCu48, Self::Lock8a, Self::Winnsen, Self::Wkly];

    /// Its name in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ModbusRtu => "modbus-rtu",
            Self::KerongCu16 => "kerong-cu16",
            Self::KerongCu48 => "kerong-cu48",
            Self::Lock8a => "lock-8a",
            Self::Winnsen => "winnsen",
            Self::Wkly => "wkly",
        }
    }

    /// The protocol of that name; none when there is none.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|protocol| protocol.name() == name)
    }

    /// Addresses that a board of it can have. Broadcast addresses are not among them.
    #[must_use]
    pub const fn addresses(self) -> RangeInclusive<u8> {
        match self {
            Self::ModbusRtu => 1..=247,
            Self::KerongCu16 => 0..=kerong_cu16::MAX_BOARD,
            Self::KerongCu48 => 0..=kerong_cu48::MAX_BOARD,
            Self::Lock8a => lock_8a::BOARDS,
            Self::Winnsen => 0..=winnsen::MAX_STATION,
            Self::Wkly => 0..=wkly::MAX_BOARD,
        }
    }

    /// Whether `request` can be asked on a line of it.
    #[must_use]
    pub fn carries(self, request: &Request) -> bool {
        request.protocol() == self
    }

    /// How its boards open a lock by themselves; none where they do what the order says and echo it.
    #[must_use]
    pub const fn opening(self) -> Option<Opening> {
        let (word_within, held) = match self {
            Self::ModbusRtu => return None,
            Self::KerongCu16 => (kerong_cu16::WORD_WITHIN, kerong_cu16::HELD),
            Self::KerongCu48 => (kerong_cu48::WORD_WITHIN, kerong_cu48::HELD),
            Self::Lock8a => (lock_8a::WORD_WITHIN, lock_8a::HELD),
            Self::Winnsen => (winnsen::WORD_WITHIN, winnsen::HELD),
            Self::Wkly => (wkly::WORD_WITHIN, wkly::HELD),
        };
        Some(Opening { word_within, held })
    }

    /// Reads in a row that must agree before a change of inputs is believed: what the format's check bytes are worth.
    ///
    /// A CRC-16 finds every error of up to three bits in a frame of these lengths. Eight bits of sum or exclusive or miss
    /// about one pair of turned bits in eight, and the same wrong bits twice running are no accident. Without check bytes
    /// one turned bit is enough, and it takes three.
    #[must_use]
    pub const fn agreeing_reads(self) -> u8 {
        match self {
            Self::ModbusRtu => 1,
            Self::KerongCu16 | Self::KerongCu48 | Self::Lock8a | Self::Wkly => 2,
            Self::Winnsen => 3,
        }
    }

    /// Looks for a frame at the very start of `run`. `expected` is the length of the answer that was asked for last: some
    /// formats do not say where a frame ends.
    #[must_use]
    pub fn head(self, run: &[u8], expected: usize) -> Head {
        match self {
            Self::ModbusRtu => modbus_view::head(run),
            Self::KerongCu16 => kerong_cu16::head(run),
            Self::KerongCu48 => kerong_cu48::head(run, expected),
            Self::Lock8a => lock_8a::head(run, expected),
            Self::Winnsen => winnsen::head(run),
            Self::Wkly => wkly::head(run),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::View;

    #[test]
    fn every_protocol_is_found_by_its_name() {
        for protocol in Protocol::ALL {
            assert_eq!(Protocol::by_name(protocol.name()), Some(protocol));
            let written = toml::Value::try_from(protocol).unwrap();
            assert_eq!(written.as_str(), Some(protocol.name()), "in messages, too");
        }
        assert_eq!(Protocol::by_name("modbus"), None);
    }

    proptest::proptest! {
        #[test]
        fn frame_can_be_viewed_whatever_arrives(
            noise in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..40),
            start in proptest::sample::select(vec![&[0x02][..], &[0x90, 0x07], &[0x8A], &[0x80], b"WKLY\x0B", &[1, 2]]),
            expected in 0_usize..20,
        ) {
            let run = [start, &noise].concat();
            for protocol in Protocol::ALL {
                if let Head::Frame(length) = protocol.head(&run, expected) {
                    proptest::prop_assert!(length > 0 && length <= run.len());
                    let view = View::new(protocol, &run[..length]);
                    proptest::prop_assert!(view.is_some(), "{protocol:?} {run:02X?}");
                }
            }
        }
    }
}
