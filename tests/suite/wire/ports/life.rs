//! Over a pseudo-terminal: unplugged and back, babbling, silent adapter, doubled address.

use std::cell::Cell;
use std::time::Duration;

use device_drivers::signal::{DeviceState, LineTrouble, NotSent, Outcome, PortState, Sign, Signal};
use sim_devices::{Baud, DeviceSpec, InputCount, Latches, LineSpec, Model};
use vestibule_tests::wire::lines::{address, configured};

use super::{By, LOCKS, Rig};

/// The input board of the bank.
const DOORS: u8 = 2;

fn bank() -> LineSpec {
    LineSpec::bank(8, Latches::None).unwrap().at(Baud::B19200)
}

#[test]
fn doors_open_once_each_when_the_adapter_is_pulled_and_put_back() {
    let mut rig = Rig::start(bank(), By::Pty);
    rig.wait_device(LOCKS, DeviceState::Online);
    let before = rig.pulse(3);
    assert!(matches!(rig.outcome(before), Outcome::Acknowledged { .. }));
    for _ in 0..3 {
        rig.line.unplug().unwrap();
        rig.wait_port(&PortState::Unplugged);
        rig.wait_device(LOCKS, DeviceState::Down);
        let without = rig.pulse(5);
        assert_eq!(rig.outcome(without), Outcome::NotSent(NotSent::PortClosed));
        rig.line.replug().unwrap();
        rig.wait_device(LOCKS, DeviceState::Online);
    }
    let after = rig.pulse(4);
    assert!(matches!(rig.outcome(after), Outcome::Acknowledged { .. }));
    assert_eq!(rig.closed(), [3, 4], "what could not be sent was never sent");
}

#[test]
fn pulse_in_flight_is_unanswered_and_never_sent_again_when_the_adapter_is_pulled() {
    let mut rig = Rig::start(bank(), By::Pty);
    rig.wait_device(LOCKS, DeviceState::Online);
    rig.line.with(|sim| {
        let pull = sim_devices::Fault::Unplug(Duration::from_millis(300));
        sim.line_mut().set_faults(vec![sim_devices::Rule::new(pull).on(address(LOCKS)).function(5).times(1)]);
    });
    let order = rig.pulse(6);
    assert!(matches!(rig.outcome(order), Outcome::Unanswered { .. }));
    rig.wait_device(LOCKS, DeviceState::Online);
    let next = rig.pulse(2);
    assert!(matches!(rig.outcome(next), Outcome::Acknowledged { .. }));
    assert_eq!(rig.closed().iter().filter(|relay| **relay == 6).count(), 1, "{:?}", rig.closed());
}

#[test]
fn babbling_is_named_opens_nothing_and_is_survived() {
    let mut rig = Rig::start(bank(), By::Pty);
    rig.wait_device(LOCKS, DeviceState::Online);
    // A second of it, without a gap: 1,920 characters at 19,200 baud.
    let noise: Vec<u8> =
        (0..1_920_u32).map(|at| u8::try_from(at.wrapping_mul(151) >> 3 & 0xFF).unwrap()).collect();
    // A machine that is busy lets gaps into the noise, and a pulse through them: then it babbles again.
    let (babbling, mut orders) = (Cell::new(false), 0);
    while !babbling.get() {
        assert!(orders < 20, "babbling is not named");
        rig.line.with(|sim| sim.babble(&noise));
        let during = rig.pulse(7);
        orders += 1;
        let outcome = rig.wait_for("the end of a pulse under noise", |signal| match signal {
            Signal::Line { trouble: LineTrouble::Babbling, .. } => {
                babbling.set(true);
                None
            }
            Signal::Ended { order, outcome, .. } if order.0 == during => Some(*outcome),
            _ => None,
        });
        assert!(!matches!(outcome, Outcome::Exception { .. } | Outcome::Watched { .. }), "{outcome:?}");
    }
    rig.pulse_until_acknowledged(2);
    let closed = rig.closed();
    assert!(closed.iter().all(|relay| [2, 7].contains(relay)), "{closed:?}");
    assert!(closed.iter().filter(|relay| **relay == 7).count() <= orders, "{closed:?}");
}

#[test]
fn boards_are_down_and_come_back_when_the_adapter_answers_nothing() {
    let mut rig = Rig::start(bank(), By::Pty);
    rig.wait_device(LOCKS, DeviceState::Online);
    let all = [LOCKS, DOORS, 3].map(address);
    rig.line.with(|sim| all.iter().for_each(|board| sim.power_off(*board)));
    rig.wait_device(LOCKS, DeviceState::Down);
    let nobody = rig.pulse(1);
    assert_eq!(rig.outcome(nobody), Outcome::NotSent(NotSent::DeviceDown));
    rig.line.with(|sim| all.iter().for_each(|board| sim.power_on(*board)));
    rig.wait_device(LOCKS, DeviceState::Online);
    let back = rig.pulse(2);
    assert!(matches!(rig.outcome(back), Outcome::Acknowledged { .. }));
    assert_eq!(rig.closed(), [2]);
}

#[test]
fn doubled_address_is_named_and_the_locks_are_served_all_the_same() {
    // The drivers are told of one board at 2; somebody hung another one there, which is a little slower: they talk at once.
    let mut doubled = DeviceSpec::new(address(DOORS), Model::Inputs(InputCount::Eight));
    doubled.thinking += Duration::from_millis(1);
    let line = bank().with(doubled);
    let mut rig = Rig::start_as(line, |path| configured(&bank(), path.to_owned()), By::Pty);
    rig.wait_sign(DOORS, &Sign::DoubledAddress);
    rig.pulse_until_acknowledged(8);
    assert!(rig.closed().iter().all(|relay| *relay == 8), "{:?}", rig.closed());
}
