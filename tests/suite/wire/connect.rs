//! What a relay board hears first on every connect and reconnect, outputs left on by a restart included.

use std::time::Duration;

use device_drivers::channel::Channel;
use device_drivers::frame::FrameBytes;
use device_drivers::id::OrderId;
use device_drivers::order::{Order, PulseLength, Task};
use device_drivers::signal::{Outcome, Sign, Signal};
use device_drivers::time::Monotonic;
use sim_devices::{Baud, Device, OutputsAfterRestart};
use vestibule_tests::wire::bench::{Bench, Seen};
use vestibule_tests::wire::lines::{address, device, two_banks};
use vestibule_tests::wire::onset::{Onset, is_all_off};

/// The relay board of the bank.
const LOCKS: u8 = 1;
/// Until every device is online.
const SETTLED: Duration = Duration::from_secs(2);

fn bench() -> Bench {
    let mut bench = Bench::new(&two_banks(Baud::B9600), 1);
    bench.run_for(SETTLED);
    bench
}

/// The lock board's supply goes for `out_for`, and comes back with relays 3 and 7 closed.
fn restart_with_outputs_on(bench: &mut Bench, out_for: Duration) -> Monotonic {
    bench.sim.power_off(address(LOCKS));
    bench.run_for(out_for);
    let channels = [3, 7].map(|number| sim_devices::Channel::new(number).unwrap());
    relay_board(bench, |board| board.set_after_restart(OutputsAfterRestart::On(channels.to_vec())));
    bench.sim.power_on(address(LOCKS));
    assert_eq!(closed(bench), [3, 7]);
    bench.now()
}

fn relay_board<R>(bench: &mut Bench, look: impl FnOnce(&mut sim_devices::RelayBoard) -> R) -> R {
    match bench.sim.line_mut().device_mut(address(LOCKS)) {
        Some(Device::Relay(board)) => look(board),
        other => panic!("no relay board at {LOCKS}: {other:?}"),
    }
}

/// Numbers of the closed relays.
fn closed(bench: &mut Bench) -> Vec<usize> {
    let outputs = relay_board(bench, |board| board.outputs());
    outputs.iter().enumerate().filter(|(_, on)| **on).map(|(index, _)| index + 1).collect()
}

fn pulse(now: Monotonic) -> Order {
    let (output, length) = (Channel::new(5).unwrap(), PulseLength::from_millis(300).unwrap());
    let deadline = now + Duration::from_secs(5);
    Order { id: OrderId(1), task: Task::Pulse { device: device(LOCKS), output, length, deadline } }
}

/// Frames to the lock board, with the moment at which each began.
fn frames(seen: &[Seen]) -> Vec<(Monotonic, FrameBytes)> {
    let sent = seen.iter().filter_map(|seen| match seen {
        Seen::Sent { at, frame } if frame[0] == LOCKS => Some((*at, *frame)),
        _ => None,
    });
    sent.collect()
}

#[test]
fn all_off_comes_first_when_the_port_opens_and_an_order_waits() {
    let mut bench = Bench::new(&two_banks(Baud::B9600), 1);
    bench.submit(pulse(bench.now()));
    bench.run_for(SETTLED);
    let mut onset = Onset::of(&two_banks(Baud::B9600));
    let seen = bench.take_seen();
    seen.iter().for_each(|seen| onset.note(seen).unwrap());
    assert_eq!(onset.openings(), 1);
    let acknowledged =
        |seen: &Seen| matches!(seen, Seen::Told(Signal::Ended { outcome: Outcome::Acknowledged { .. }, .. }));
    assert!(seen.iter().any(acknowledged), "the pulse went out after the set-up");
}

#[test]
fn all_off_comes_first_when_the_adapter_is_put_back_on_a_board_with_outputs_on() {
    let mut bench = bench();
    bench.take_seen();
    bench.sim.unplug();
    bench.run_for(Duration::from_millis(50));
    restart_with_outputs_on(&mut bench, Duration::from_millis(500));
    bench.sim.plug();
    bench.run_for(Duration::from_millis(200));
    let mut onset = Onset::of(&two_banks(Baud::B9600));
    let seen = bench.take_seen();
    seen.iter().for_each(|seen| onset.note(seen).unwrap());
    assert_eq!(onset.openings(), 1);
    assert!(is_all_off(&frames(&seen)[0].1, LOCKS));
    assert_eq!(closed(&mut bench), [0_usize; 0]);
}

#[test]
fn all_off_comes_next_when_a_dead_board_answers_again_with_outputs_on() {
    let mut bench = bench();
    let back = restart_with_outputs_on(&mut bench, Duration::from_secs(20));
    bench.take_seen();
    bench.run_for(Duration::from_secs(11));
    let sent = frames(&bench.take_seen());
    // One probe, by which the board is found; nothing else before all off.
    assert_eq!((sent[0].1[1], is_all_off(&sent[1].1, LOCKS)), (1, true), "{sent:02X?}");
    assert!(sent[0].0.since(back) <= Duration::from_secs(10), "one dead board is probed every 10 s");
    assert!(sent[1].0.since(sent[0].0) <= Duration::from_millis(100), "{sent:?}");
    assert_eq!(closed(&mut bench), [0_usize; 0]);
}

#[test]
fn outputs_go_off_when_a_board_restarts_between_two_looks() {
    let mut bench = bench();
    let back = restart_with_outputs_on(&mut bench, Duration::from_millis(1));
    bench.take_seen();
    bench.run_for(Duration::from_millis(1_500));
    let seen = bench.take_seen();
    let told = |seen: &Seen| matches!(seen, Seen::Told(Signal::Sign { sign: Sign::OutputsOn { .. }, .. }));
    assert!(seen.iter().any(told));
    let off = frames(&seen).into_iter().find(|(_, frame)| is_all_off(frame, LOCKS)).unwrap();
    assert!(off.0.since(back) <= Duration::from_millis(1_300), "outputs are looked at every second");
    assert_eq!(closed(&mut bench), [0_usize; 0]);
}
