//! No question of a scan or an identification is an order in any format: not to the boards that it is meant for, not to others
//! that hear it, and not to boards that listen at another speed.

use std::collections::BTreeSet;

use device_drivers::commission::ask::{Answer, Ask, Question};
use device_drivers::commission::identify::Identify;
use device_drivers::commission::manner::{IN_TURN, USUAL_ADDRESSES, addresses, answer_ms, closer, knocks};
use device_drivers::commission::setting::Setting;
use device_drivers::device::Model;
use device_drivers::frame::Protocol;
use device_drivers::frame::crc::is_intact;
use device_drivers::spec::{Address, Baud, Parity};
use sim_devices::LockFamily;

/// Every family, with more locks than any board has: what is harmless to these is so to all.
const FAMILIES: [LockFamily; 6] = [
    LockFamily::KerongCu16,
    LockFamily::KerongCu48,
    LockFamily::KerongCu48Hooks,
    LockFamily::Lock8a(u8::MAX),
    LockFamily::Winnsen,
    LockFamily::Wkly(u8::MAX),
];
/// Speeds at which lock boards listen.
const LISTENING: [u32; 5] = [9600, 19_200, 38_400, 57_600, 115_200];
/// Lengths of orders, and some more for families to come.
const ORDERS: std::ops::RangeInclusive<usize> = 4..=16;

fn setting() -> Setting {
    Setting::likely(&[], &[])[0]
}

/// Everything that is asked of an address, whatever it answers.
fn questions(protocol: Protocol, address: Address) -> Vec<Ask> {
    let mut asks: Vec<Ask> =
        knocks(protocol).into_iter().flat_map(|knock| [closer(&knock), vec![knock]].concat()).collect();
    let mut identify = Identify::new(protocol, setting(), address, answer_ms(protocol), Model::all());
    while let Some(question) = identify.next() {
        asks.push(question.ask);
        identify.answered(Answer::Exception(1));
    }
    asks
}

/// Every frame that is sent in a protocol to these addresses, each once.
fn frames(protocol: Protocol, addresses: impl Iterator<Item = Address>) -> BTreeSet<Vec<u8>> {
    let frame = |address: Address, ask| {
        let question =
            Question { setting: setting(), address: address.number(), ask, timeout_ms: answer_ms(protocol) };
        question.encode().unwrap().frame
    };
    addresses
        .flat_map(|address| questions(protocol, address).into_iter().map(move |ask| frame(address, ask)))
        .collect()
}

/// What in a run of bytes is an order to some lock board.
fn order(run: &[u8]) -> Option<(LockFamily, &[u8])> {
    let windows = ORDERS.flat_map(|length| run.windows(length));
    windows
        .flat_map(|window| FAMILIES.map(|family| (family, window)))
        .find(|(family, window)| !family.opens(window).is_empty())
}

/// What in a run of bytes is a Modbus frame that writes one thing (functions 5 and 6) or several (15 and 16).
fn write(run: &[u8]) -> Option<&[u8]> {
    let mut windows =
        (8..=run.len()).flat_map(|length| run.windows(length)).filter(|window| is_intact(window));
    windows.find(|window| match window[1] {
        5 | 6 => window.len() == 8,
        15 | 16 => window.len() == usize::from(window[6]) + 9,
        _ => false,
    })
}

#[test]
fn no_question_is_an_order_to_any_board_that_hears_it() {
    for protocol in IN_TURN {
        let frames = frames(protocol, addresses(protocol));
        assert!(frames.len() >= addresses(protocol).count(), "{protocol:?}");
        // A board that keeps no gaps hears one frame run into the next.
        let run = frames.into_iter().collect::<Vec<_>>();
        for pair in run.windows(2).map(<[Vec<u8>]>::concat).chain(run.last().cloned()) {
            assert_eq!(order(&pair), None, "{protocol:?}: {pair:02X?}");
            assert_eq!(write(&pair), None, "{protocol:?}: {pair:02X?}");
        }
    }
}

/// The levels of a frame on the wire, one for each bit, with idle time before and after.
fn levels(frame: &[u8], parity: Parity) -> Vec<bool> {
    let mut levels = vec![true; 2];
    for byte in frame {
        levels.push(false);
        levels.extend((0..8).map(|bit| byte >> bit & 1 == 1));
        let odd = byte.count_ones() % 2 == 1;
        match parity {
            Parity::None => {}
            Parity::Even => levels.push(odd),
            Parity::Odd => levels.push(!odd),
        }
        levels.push(true);
    }
    levels.extend([true; 2]);
    levels
}

/// What a receiver without parity at `theirs` makes of levels at `ours`: it begins at a falling edge and samples in the middle
/// of its bits. Characters without a stop bit are taken: receivers differ in what they do with them.
fn heard(levels: &[bool], ours: u64, theirs: u64) -> Vec<u8> {
    // In units of which one of our bits has 2 * theirs, and one of theirs 2 * ours.
    let at = |time: u64| {
        usize::try_from(time / (2 * theirs)).ok().and_then(|place| levels.get(place)).copied().unwrap_or(true)
    };
    let end = u64::try_from(levels.len()).unwrap() * 2 * theirs;
    let (mut bytes, mut time) = (Vec::new(), 0);
    while time < end {
        if at(time) {
            time = (time / (2 * theirs) + 1) * 2 * theirs;
            continue;
        }
        let sample = |bit: u64| at(time + (2 * bit + 1) * ours);
        if sample(0) {
            time += ours;
            continue;
        }
        bytes.push((1..=8).rev().fold(0, |byte, bit| byte << 1 | u8::from(sample(bit))));
        time += 19 * ours;
    }
    bytes
}

#[test]
fn receiver_at_the_same_speed_hears_what_was_sent() {
    let frame = [0x00, 0xFF, 0x55, 0x90, 0x06, 0x12];
    assert_eq!(heard(&levels(&frame, Parity::None), 9600, 9600), frame);
    assert_eq!(
        heard(&levels(&frame, Parity::Even), 9600, 9600),
        frame,
        "the parity bit is where it expects its stop bit"
    );
    assert_ne!(heard(&levels(&frame, Parity::None), 9600, 19_200), frame);
}

/// Speeds of sender and receiver, one pair for each ratio: what is heard depends on nothing else.
fn ratios() -> Vec<(u64, u64)> {
    let mut ratios: Vec<(u64, u64)> = Vec::new();
    for ours in Baud::ALL.map(u64::from) {
        for theirs in LISTENING.map(u64::from).into_iter().filter(|theirs| *theirs != ours) {
            if ratios.iter().all(|(one, other)| one * theirs != other * ours) {
                ratios.push((ours, theirs));
            }
        }
    }
    ratios
}

#[test]
fn no_question_is_an_order_to_a_board_that_listens_at_another_speed() {
    let (ratios, mut tried) = (ratios(), 0_u64);
    for protocol in IN_TURN {
        let parities: &[Parity] = match protocol {
            Protocol::ModbusRtu => &[Parity::None, Parity::Even, Parity::Odd],
            _ => &[Parity::None],
        };
        // What is asked of one Modbus board is some forty frames: the usual addresses say enough of all.
        let most = if protocol == Protocol::ModbusRtu { USUAL_ADDRESSES } else { usize::MAX };
        for frame in frames(protocol, addresses(protocol).take(most)) {
            for levels in parities.iter().map(|parity| levels(&frame, *parity)) {
                for (ours, theirs) in &ratios {
                    let run = heard(&levels, *ours, *theirs);
                    assert_eq!(order(&run), None, "{protocol:?} at {ours}, heard at {theirs}: {frame:02X?}");
                    tried += 1;
                }
            }
        }
    }
    println!("{tried} frames heard at another speed");
    assert!(tried > 100_000);
}
