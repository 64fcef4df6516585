//! What is spoken on a line: one protocol, never two.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::frame::facts::{Facts, Opening};
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

impl Protocol {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::ModbusRtu, Self::KerongCu16, Self::KerongCu48, Self::Lock8a, Self::Winnsen, Self::Wkly];

    /// What is known of it.
    pub(crate) const fn facts(self) -> &'static Facts {
        match self {
            Self::ModbusRtu => &modbus_view::FACTS,
            Self::KerongCu16 => &kerong_cu16::FACTS,
            Self::KerongCu48 => &kerong_cu48::FACTS,
            Self::Lock8a => &lock_8a::FACTS,
            Self::Winnsen => &winnsen::FACTS,
            Self::Wkly => &wkly::FACTS,
        }
    }

    /// Its name in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.facts().name
    }

    /// The protocol of that name; none when there is none.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|protocol| protocol.name() == name)
    }

    /// Addresses that a board of it can have. Broadcast addresses are not among them.
    #[must_use]
    pub const fn addresses(self) -> RangeInclusive<u8> {
        let (lowest, highest) = self.facts().addresses;
        lowest..=highest
    }

    /// Whether `request` can be asked on a line of it.
    #[must_use]
    pub fn carries(self, request: &Request) -> bool {
        request.protocol() == self
    }

    /// How its boards open a lock by themselves; none where they do what the order says and echo it.
    #[must_use]
    pub const fn opening(self) -> Option<Opening> {
        self.facts().opening
    }

    /// Reads in a row that must agree before a change of inputs is believed, 1 to 3: what the format's check bytes are worth.
    #[must_use]
    pub const fn agreeing_reads(self) -> u8 {
        self.facts().agreeing_reads
    }

    /// Looks for a frame at the very start of `run`. `expected` is the length of the answer that was asked for last: some
    /// formats do not say where a frame ends.
    #[must_use]
    pub fn head(self, run: &[u8], expected: usize) -> Head {
        (self.facts().head)(run, expected)
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
