//! The verdict itself: each sentence it holds is broken once, and it says so.

use std::time::Duration;

use device_drivers::channel::Channel;
use device_drivers::id::OrderId;
use device_drivers::order::{Order, PulseLength, Task};
use device_drivers::signal::{NotSent, Outcome, Signal};
use device_drivers::time::Monotonic;
use sim_devices::{Happening, Terminal};
use vestibule_tests::wire::docket::Docket;
use vestibule_tests::wire::judge::Judge as _;
use vestibule_tests::wire::lines::{address, device};
use vestibule_tests::wire::tally::Tally;

const FRAME: Duration = Duration::from_millis(8);
const SILENCE: Duration = Duration::from_millis(4);

const fn ms(count: u64) -> Monotonic {
    Monotonic::from_micros(count * 1_000)
}

/// One pulse of output 3 of board 1, given at 100 ms and good until 200 ms.
fn one_order() -> Docket {
    let mut docket = Docket::new(FRAME, SILENCE, Duration::from_micros(10));
    let length = PulseLength::from_millis(300).unwrap();
    let output = Channel::new(3).unwrap();
    let task = Task::Pulse { device: device(1), output, length, deadline: ms(200) };
    docket.submitted(&Order { id: OrderId(1), task }, ms(100));
    docket
}

fn ends(docket: &mut Docket, outcome: Outcome) -> Result<(), String> {
    docket.told(&Signal::Ended { order: OrderId(1), at: ms(300), outcome })
}

fn moves(docket: &mut Docket, board: u8, channel: u8, at: Monotonic) {
    let relay = Terminal { board: address(board), channel: sim_devices::Channel::new(channel).unwrap() };
    docket.happened(&Happening::RelayEnergised(relay), at);
}

fn broken(outcome: Outcome, moved: &[(u8, u8, u64)]) -> String {
    let mut docket = one_order();
    ends(&mut docket, outcome).unwrap();
    for (board, channel, at) in moved {
        moves(&mut docket, *board, *channel, ms(*at));
    }
    docket.verdict().err().unwrap_or_default()
}

const ACKNOWLEDGED: Outcome = Outcome::Acknowledged { sent: ms(150) };

#[test]
fn verdict_is_good_when_the_order_has_its_own_energising() {
    let mut docket = one_order();
    ends(&mut docket, ACKNOWLEDGED).unwrap();
    moves(&mut docket, 1, 3, ms(154));
    let boards = docket.verdict().unwrap();
    let good = Tally { acknowledged: 1, energised: 1, ..Tally::default() };
    assert_eq!((boards.of("device-1"), boards.total()), (good, good));
}

#[test]
fn verdict_names_a_wrong_door_when_output_board_or_moment_differ() {
    for moved in [(1, 4, 154), (2, 3, 154), (1, 3, 160), (1, 3, 99)] {
        let why = broken(ACKNOWLEDGED, &[moved]);
        assert!(why.starts_with("wrong door"), "{moved:?}: {why}");
    }
}

#[test]
fn verdict_is_bad_when_an_order_has_another_number_of_energisings_than_told() {
    assert!(broken(ACKNOWLEDGED, &[]).starts_with("never energised"));
    for outcome in [ACKNOWLEDGED, Outcome::Unanswered { sent: ms(150) }] {
        // The second one has no order of its own.
        assert!(broken(outcome, &[(1, 3, 154), (1, 3, 154)]).starts_with("wrong door"));
    }
    let expired = Outcome::NotSent(NotSent::Expired);
    assert!(broken(expired, &[(1, 3, 154)]).starts_with("wrong door"));
}

#[test]
fn verdict_is_bad_when_a_pulse_left_too_late_or_too_early() {
    let late = Outcome::Unanswered { sent: ms(200) + FRAME };
    assert!(broken(late, &[]).starts_with("sent after its deadline"));
    assert_eq!(broken(Outcome::Unanswered { sent: ms(207) }, &[]), "");
    assert!(broken(Outcome::Unanswered { sent: ms(107) }, &[]).starts_with("sent before it was given"));
}

#[test]
fn verdict_is_bad_when_an_order_ends_twice_or_never() {
    let mut docket = one_order();
    assert!(docket.is_open());
    ends(&mut docket, ACKNOWLEDGED).unwrap();
    assert!(!docket.is_open());
    assert!(ends(&mut docket, ACKNOWLEDGED).is_err());
    assert!(one_order().verdict().unwrap_err().starts_with("never ended"));
    let nobodys = Signal::Ended { order: OrderId(2), at: ms(1), outcome: ACKNOWLEDGED };
    assert!(one_order().told(&nobodys).is_err());
}
