//! In which manner boards of each protocol are looked for: speeds, addresses, and harmless questions.
//!
//! Lock boards are asked for statuses alone. No question that is built here opens anything in any of the formats, whichever
//! boards hear it and at whatever speed they listen (`suite commission::harmless`).

use crate::commission::ask::Ask;
use crate::commission::setting::Setting;
pub use crate::frame::ANSWER_MS;
use crate::frame::Protocol;
use crate::spec::{Address, Baud, Parity};

/// How many addresses are looked at unless all are, from the lowest that a board can have: boards of one line are numbered
/// from there, and RS-485 drives 32.
pub const USUAL_ADDRESSES: usize = 32;
/// Locks asked for where a board is asked for one at a time: two boards with one address differ in some of them sooner.
const SOME_LOCKS: u8 = 4;

/// The order in which protocols are tried on a line of which nothing is known: first what the most boards speak and bent frames
/// are found by the best.
pub const IN_TURN: [Protocol; 6] = [
    Protocol::ModbusRtu,
    Protocol::KerongCu48,
    Protocol::KerongCu16,
    Protocol::Wkly,
    Protocol::Lock8a,
    Protocol::Winnsen,
];

/// Every setting that is to be tried, the likeliest first. Empty lists stand for all that the protocol's boards have: those
/// of lock boards know no parity.
#[must_use]
pub fn settings(protocol: Protocol, bauds: &[Baud], parities: &[Parity]) -> Vec<Setting> {
    let own: Vec<Baud> =
        protocol.facts().search.speeds.iter().filter_map(|baud| Baud::new(*baud).ok()).collect();
    if own.is_empty() {
        return Setting::likely(bauds, parities);
    }
    let bauds = if bauds.is_empty() { &own } else { bauds };
    let parities = if parities.is_empty() { &[Parity::None] } else { parities };
    let at = |parity: &Parity| {
        let parity = *parity;
        bauds.iter().map(move |baud| Setting { baud: *baud, parity })
    };
    parities.iter().flat_map(at).collect()
}

/// Every address that a board can have, the lowest first.
pub fn addresses(protocol: Protocol) -> impl Iterator<Item = Address> {
    protocol.addresses().filter_map(move |number| Address::on(protocol, number).ok())
}

/// The shortest time that an answer's first byte must be given, in milliseconds.
#[must_use]
pub const fn answer_ms(protocol: Protocol) -> u16 {
    protocol.facts().search.answer_ms
}

/// Questions that a board gets until it answers one. Modbus: its registers, its coils; some boards are silent for functions
/// that they do not have instead of refusing them. Lock boards: a status in each of its forms.
#[must_use]
pub fn knocks(protocol: Protocol) -> Vec<Ask> {
    match protocol.facts().search.statuses {
        [] => vec![read(3, 0, 1), read(1, 0, 8)],
        statuses => statuses.iter().map(|last| Ask::Status { protocol, last: *last }).collect(),
    }
}

/// Whether a damaged answer may be one of another form than was asked for.
#[must_use]
pub const fn has_forms(protocol: Protocol) -> bool {
    protocol.facts().search.statuses.len() > 1
}

/// Questions that a board which answered `knock` gets: of two boards with one address, one answers sooner, longer or otherwise
/// to some of them.
#[must_use]
pub fn closer(knock: &Ask) -> Vec<Ask> {
    match knock {
        Ask::Status { protocol, .. } if protocol.facts().search.one_by_one => {
            (1..=SOME_LOCKS).map(|last| Ask::Status { protocol: *protocol, last }).collect()
        }
        Ask::Status { .. } => vec![knock.clone(); usize::from(SOME_LOCKS)],
        _ => vec![read(1, 0, 8), read(2, 0, 8), read(3, 0, 2), read(4, 0, 2)],
    }
}

const fn read(function: u8, first: u16, count: u16) -> Ask {
    Ask::Read { function, first, count }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commission::ask::Question;

    #[test]
    fn every_protocol_has_its_turn_and_questions_that_can_be_asked() {
        for protocol in Protocol::ALL {
            assert_eq!(IN_TURN.iter().filter(|one| **one == protocol).count(), 1, "{protocol:?}");
            let address = addresses(protocol).next().unwrap().number();
            for setting in settings(protocol, &[], &[]) {
                for knock in knocks(protocol) {
                    for ask in closer(&knock).into_iter().chain([knock]) {
                        assert!(!ask.is_write());
                        let timeout_ms = answer_ms(protocol);
                        let asked = Question { setting, address, ask, timeout_ms }.encode().unwrap();
                        assert_eq!(asked.protocol, protocol);
                        assert!(asked.request.is_some_and(|request| !request.is_write()));
                    }
                }
            }
        }
    }

    #[test]
    fn lock_boards_are_looked_for_at_their_makers_speed_first() {
        let first = |protocol| settings(protocol, &[], &[])[0].to_string();
        assert_eq!(first(Protocol::KerongCu16), "19200 8N1");
        assert_eq!(first(Protocol::Winnsen), "9600 8N1");
        assert_eq!(settings(Protocol::Wkly, &[], &[Parity::Even]).len(), 5);
        let only = settings(Protocol::KerongCu48, &[Baud::new(2400).unwrap()], &[]);
        assert_eq!(only.iter().map(ToString::to_string).collect::<Vec<_>>(), ["2400 8N1"]);
        assert_eq!(addresses(Protocol::KerongCu16).count(), 15);
    }
}
