//! How each model gets another address: a register, or switches on the board.
//!
//! The registers stand here and nowhere else, so that no question can write any other.

use std::time::Duration;

use crate::commission::ask::{Ask, Question};
use crate::commission::setting::Setting;
use crate::spec::Address;

/// Longest time that a board takes to store its address and listen to it: boards restart their receiver.
pub const SETTLE: Duration = Duration::from_secs(2);

/// How a model's address is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A holding register that takes the new address.
    Register(u16),
    /// Not over the wire; what a person does instead.
    ByHand(&'static str),
}

/// Holding registers with a board's own address, by how the model's name begins (hardware.md).
const REGISTERS: [(&str, u16); 4] =
    [("waveshare-", 0x4000), ("xy-md02", 0x0101), ("md02-shtc3", 0x0100), ("r4dcb08", 0x00FE)];
/// Boards with switches, by how the model's name begins.
const SWITCHES: [(&str, &str); 3] = [
    (
        "r421a",
        "set the DIP switches from A0 on the board (A0 counts 1, A1 2, A2 4 ...), then switch its supply off and on",
    ),
    ("kerong-", "set the DIP switches on the board, then switch its supply off and on"),
    ("lock-8a-", "set the DIP switches on the board, never all off, then switch its supply off and on"),
];
const UNKNOWN: &str =
    "see the maker's document: nobody has written down a register for it that is safe to write";

/// How the address of this model is set.
#[must_use]
pub fn way(model: &str) -> Way {
    let register = REGISTERS.iter().find(|(name, _)| model.starts_with(name));
    if let Some((_, register)) = register {
        return Way::Register(*register);
    }
    Way::ByHand(SWITCHES.iter().find(|(name, _)| model.starts_with(name)).map_or(UNKNOWN, |(_, how)| how))
}

/// The read that shows whether a board listens to an address: its own address register.
#[must_use]
pub fn proof(model: &str, setting: Setting, address: Address, timeout_ms: u16) -> Option<Question> {
    let Way::Register(register) = way(model) else { return None };
    let ask = Ask::Read { function: 3, first: register, count: 1 };
    Some(Question { setting, address: address.number(), ask, timeout_ms })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_says_how_its_address_is_set() {
        assert_eq!(way("waveshare-relay-8-d"), Way::Register(0x4000));
        assert_eq!(way("xy-md02"), Way::Register(0x0101));
        assert!(matches!(way("r421a08"), Way::ByHand(how) if how.contains("DIP")));
        for model in crate::device::Model::all() {
            if let Way::ByHand(how) = way(model.name()) {
                assert!(!how.is_empty(), "{model:?}");
            }
        }
    }

    #[test]
    fn every_line_of_the_tables_is_about_a_model() {
        let registers = REGISTERS.into_iter().map(|(name, _)| name);
        for name in registers.chain(SWITCHES.into_iter().map(|(name, _)| name)) {
            let known = crate::device::Model::all().iter().any(|model| model.name().starts_with(name));
            assert!(known, "{name} is the beginning of no model's name");
        }
    }
}
