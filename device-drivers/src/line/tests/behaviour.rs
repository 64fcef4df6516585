//! What a line does in single situations.

use std::time::Duration;

use super::bench::{Bench, Fault, at_ms, channel, device, framed, ms};
use crate::order::Task;
use crate::signal::{
    DeviceState, ExceptionCode, LineTrouble, MilliDegC, NotSent, Outcome, PortState, ProbeFault, Reading,
    Sign, Signal,
};
use crate::time::Monotonic;

const BANK: [&str; 3] = ["waveshare-relay-8", "discrete-inputs-8", "xy-md02"];

fn bank() -> Bench {
    let mut bench = Bench::new(&BANK);
    bench.boards[2].registers = [(1, 215), (2, 500)].into();
    bench.run_until(at_ms(1_000));
    bench
}

fn device_states(bench: &Bench, place: usize) -> Vec<DeviceState> {
    let states = bench.signals.iter().filter_map(|signal| match signal {
        Signal::Device { device: id, state, .. } if *id == device(place) => Some(*state),
        _ => None,
    });
    states.collect()
}

fn input_reads(bench: &Bench) -> Vec<Monotonic> {
    let reads = bench.signals.iter().filter_map(|signal| match signal {
        Signal::Inputs { at, .. } => Some(*at),
        _ => None,
    });
    reads.collect()
}

#[test]
fn relay_board_is_switched_off_and_verified_before_anything_else() {
    let mut bench = Bench::new(&["waveshare-relay-8-d"]);
    bench.boards[0].coils = 0x10;
    bench.boards[0].registers = [(0x1003, 1)].into();
    let order = bench.pulse(0, 1, ms(5_000));
    bench.run_until(at_ms(500));
    let heads: Vec<[u8; 4]> = bench.sent.iter().map(|(_, f)| [f[1], f[2], f[3], f[5]]).take(6).collect();
    let (all_off, read_back) = ([5, 0, 0xFF, 0], [1, 0, 0, 8]);
    let (modes, cleared, pulse) = ([3, 0x10, 0, 8], [6, 0x10, 3, 0], [5, 2, 0, 7]);
    assert_eq!(heads, [all_off, read_back, modes, cleared, modes, pulse]);
    assert!(matches!(bench.outcomes(order)[..], [Outcome::Acknowledged { .. }]));
    assert_eq!(device_states(&bench, 0), [DeviceState::Online]);
}

#[test]
fn pulse_goes_next_and_is_acknowledged_by_its_echo() {
    let mut bench = bank();
    let order = bench.pulse(0, 4, ms(2_000));
    let from = bench.now;
    bench.run_for(ms(200));
    let [Outcome::Acknowledged { sent }] = bench.outcomes(order)[..] else {
        panic!("{:?}", bench.outcomes(order));
    };
    assert_eq!(bench.boards[0].pulses, [(3, sent)]);
    assert!(sent.since(from) <= ms(45), "a poll in flight, a gap, the frame: {:?}", sent.since(from));
}

#[test]
fn pulse_listens_beyond_the_gap_when_the_echo_of_another_may_still_come() {
    let mut bench = bank();
    bench.run_for(ms(5_000));
    bench.sent.clear();
    bench.pulse(0, 1, ms(2_000));
    bench.pulse(0, 2, ms(2_000));
    bench.run_for(ms(200));
    let pulses: Vec<_> = bench.sent.iter().filter(|(_, frame)| frame[1] == 5).map(|(at, _)| *at).collect();
    // Frame and echo, thinking, gap, and one and a half characters.
    let apart = Duration::from_micros(16_667 + 5_000 + 3_646 + 1_563);
    assert_eq!(pulses[1].since(pulses[0]), apart);
}

#[test]
fn pulse_is_sent_once_when_nobody_answers() {
    for fault in [Fault::Deaf, Fault::Mute, Fault::Cut(5), Fault::Flip(20), Fault::Late(300)] {
        let mut bench = bank();
        let each = fault.clone();
        bench.faults = Box::new(move |frame| if frame[1] == 5 { each.clone() } else { Fault::None });
        let order = bench.pulse(0, 1, ms(2_000));
        bench.run_for(ms(5_000));
        assert!(matches!(bench.outcomes(order)[..], [Outcome::Unanswered { .. }]), "{fault:?}");
        assert_eq!(bench.sent.iter().filter(|(_, frame)| frame[..3] == [1, 5, 2]).count(), 1, "{fault:?}");
    }
}

#[test]
fn refused_pulse_ends_with_the_boards_reason() {
    let mut bench = bank();
    bench.faults = Box::new(|frame| if frame[1] == 5 { Fault::Refuse(4) } else { Fault::None });
    let order = bench.pulse(0, 1, ms(2_000));
    bench.run_for(ms(500));
    assert!(matches!(bench.outcomes(order)[..], [Outcome::Exception { code: ExceptionCode(4), .. }]));
}

#[test]
fn second_pulse_of_one_output_is_not_answered_by_the_firsts_late_echo() {
    let mut bench = bank();
    let mut pulses = 0;
    // The first pulse's echo comes 2.9 s late; the second is never heard.
    bench.faults = Box::new(move |frame| match frame[1] {
        5 => {
            pulses += 1;
            if pulses == 1 { Fault::Late(2_900) } else { Fault::Deaf }
        }
        _ => Fault::None,
    });
    let first = bench.pulse(0, 1, ms(5_000));
    bench.run_for(ms(150));
    let second = bench.pulse(0, 1, ms(5_000));
    bench.run_for(ms(10_000));
    assert!(matches!(bench.outcomes(first)[..], [Outcome::Unanswered { .. }]));
    assert!(matches!(bench.outcomes(second)[..], [Outcome::Unanswered { .. }]));
    assert_eq!(bench.boards[0].pulses.len(), 1);
}

#[test]
fn lost_poll_is_fenced_and_its_late_answer_is_not_believed() {
    let mut bench = Bench::new(&["discrete-inputs-8"]);
    bench.boards[0].serial_inputs = true;
    bench.in_order = true;
    let mut reads = 0;
    bench.faults = Box::new(move |frame| {
        reads += u32::from(frame[1] == 2);
        if frame[1] == 2 && reads == 5 { Fault::Late(130) } else { Fault::None }
    });
    bench.run_until(at_ms(3_000));
    assert_eq!(bench.asked(0, 3), 1, "one fence");
    let stale = bench.signals.iter().any(|signal| match signal {
        Signal::Inputs { states, .. } => *states == crate::signal::InputStates::new(5, 8),
        _ => false,
    });
    assert!(!stale, "the fifth answer came after its transaction");
    assert_eq!(bench.line.slaves[0].counters.late, 1);
    assert!(input_reads(&bench).len() > 20);
}

#[test]
fn pulse_is_not_sent_when_its_deadline_passes_in_the_lane() {
    let mut bench = bank();
    bench.drain();
    let order = bench.pulse(0, 1, ms(0));
    bench.run_for(ms(100));
    assert_eq!(bench.outcomes(order), [Outcome::NotSent(NotSent::Expired)]);
    assert!(bench.boards[0].pulses.is_empty());
}

#[test]
fn orders_are_not_sent_to_what_cannot_be_reached() {
    let mut bench = bank();
    let not_sent = |why| vec![Outcome::NotSent(why)];
    let no_output = bench.pulse(1, 1, ms(900));
    let beyond = bench.pulse(0, 9, ms(900));
    let unknown = bench.pulse(7, 1, ms(900));
    let no_input = bench.order(Task::Watch { device: device(0), input: channel(1) });
    bench.drain();
    for order in [no_output, beyond, unknown, no_input] {
        assert_eq!(bench.outcomes(order), not_sent(NotSent::NoSuchTarget));
    }
    bench.boards[0].dead = true;
    bench.run_for(ms(6_000));
    let down = bench.pulse(0, 1, ms(900));
    bench.line.closed(bench.now);
    let closed = bench.pulse(0, 1, ms(900));
    bench.drain();
    assert_eq!(bench.outcomes(down), not_sent(NotSent::DeviceDown));
    assert_eq!(bench.outcomes(closed), not_sent(NotSent::PortClosed));
}

#[test]
fn unlock_lane_refuses_when_full_and_all_end_when_the_port_goes() {
    let mut bench = bank();
    let orders: Vec<_> = (0..40).map(|n| bench.pulse(0, n % 8 + 1, ms(60_000))).collect();
    bench.run_for(ms(20));
    bench.line.closed(bench.now);
    bench.drain();
    let mut kinds = [0; 4];
    for order in orders {
        match bench.outcomes(order)[..] {
            [Outcome::NotSent(NotSent::LaneFull)] => kinds[0] += 1,
            [Outcome::NotSent(NotSent::PortClosed)] => kinds[1] += 1,
            [Outcome::Unanswered { .. }] => kinds[2] += 1,
            ref odd => panic!("{odd:?}"),
        }
    }
    assert_eq!(kinds[0], 8);
    assert_eq!(kinds[1] + kinds[2], 32);
    assert!(bench.signals.contains(&Signal::Port { at: bench.now, state: PortState::Unplugged }));
}

#[test]
fn watch_reads_every_50_ms_for_3_s() {
    let mut bench = bank();
    let from = bench.now;
    let watch = bench.order(Task::Watch { device: device(1), input: channel(2) });
    bench.run_for(ms(4_000));
    let [Outcome::Watched { reads, missed: 0 }] = bench.outcomes(watch)[..] else {
        panic!("{:?}", bench.outcomes(watch));
    };
    assert!((54..=60).contains(&reads), "{reads}");
    let times: Vec<Monotonic> = input_reads(&bench).into_iter().filter(|at| *at > from).collect();
    let widest = times.windows(2).take(50).map(|pair| pair[1].since(pair[0])).max();
    assert!(widest <= Some(ms(90)), "{widest:?}");
}

#[test]
fn device_is_down_after_3_s_and_comes_back_through_its_set_up() {
    let mut bench = bank();
    bench.boards[0].dead = true;
    bench.run_for(ms(2_900));
    assert_eq!(device_states(&bench, 0), [DeviceState::Online]);
    bench.run_for(ms(2_500));
    assert_eq!(device_states(&bench, 0), [DeviceState::Online, DeviceState::Down]);
    bench.boards[0].dead = false;
    bench.boards[0].coils = 1;
    bench.boards[0].heard.clear();
    bench.run_for(ms(26_000));
    assert_eq!(device_states(&bench, 0)[2..], [DeviceState::Online]);
    let functions: Vec<u8> = bench.boards[0].heard.iter().map(|frame| frame[1]).take(3).collect();
    assert_eq!(functions, [1, 5, 1], "probe, all off, read back");
    assert_eq!(bench.boards[0].coils, 0);
}

#[test]
fn outputs_that_nobody_ordered_are_switched_off() {
    let mut bench = bank();
    bench.boards[0].coils = 0x05;
    bench.run_for(ms(1_500));
    assert_eq!(bench.boards[0].coils, 0);
    let signs =
        bench.signals.iter().filter(|s| matches!(s, Signal::Sign { sign: Sign::OutputsOn { .. }, .. }));
    assert_eq!(signs.count(), 1);
}

#[test]
fn running_pulse_is_not_cut_short_by_the_look_at_outputs() {
    let mut bench = bank();
    bench.pulse(0, 1, ms(500));
    bench.boards[0].coils = 0x01;
    bench.run_for(ms(700));
    assert_eq!(bench.asked(0, 5), 2, "set-up and pulse only");
    bench.boards[0].coils = 0x00;
    bench.run_for(ms(3_000));
    assert_eq!(bench.asked(0, 5), 2);
}

#[test]
fn set_up_that_is_not_verified_is_told_once_and_tried_again() {
    let mut bench = Bench::new(&["waveshare-relay-8"]);
    bench.faults = Box::new(|frame| if frame[1] == 5 { Fault::Refuse(1) } else { Fault::None });
    let order = bench.pulse(0, 1, ms(2_000));
    bench.run_until(at_ms(5_000));
    assert_eq!(device_states(&bench, 0), [DeviceState::SetUpFailed { step: "all outputs off" }]);
    assert_eq!(bench.outcomes(order), [Outcome::NotSent(NotSent::Expired)]);
    bench.faults = Box::new(|_| Fault::None);
    bench.run_for(ms(1_500));
    assert_eq!(device_states(&bench, 0)[1..], [DeviceState::Online]);
}

#[test]
fn probe_tells_its_value_and_why_it_has_none() {
    let mut bench = bank();
    bench.boards[2].registers.insert(1, 0x8000);
    bench.run_for(ms(10_000));
    bench.boards[2].dead = true;
    bench.run_for(ms(10_000));
    let first: Vec<Reading> = bench
        .signals
        .iter()
        .filter_map(|signal| match signal {
            Signal::Probe { channel, reading, .. } if channel.number() == 1 => Some(*reading),
            _ => None,
        })
        .take(3)
        .collect();
    let faults = [ProbeFault::Sentinel { raw: 0x8000 }, ProbeFault::NoReply].map(Reading::Fault);
    assert_eq!(first, [Reading::Temperature(MilliDegC(21_500)), faults[0], faults[1]]);
}

#[test]
fn foreign_frames_are_told_within_a_second() {
    let mut bench = bank();
    for at in [1_100, 1_150, 1_160] {
        bench.arrive(at_ms(at), framed(&[77, 5, 2, 0, 0, 7]));
    }
    bench.run_until(at_ms(2_200));
    let counts: Vec<u32> = bench
        .signals
        .iter()
        .filter_map(|signal| match signal {
            Signal::Line {
                trouble: LineTrouble::ForeignFrames { address: 77, function: 5, count }, ..
            } => Some(*count),
            _ => None,
        })
        .collect();
    assert_eq!(counts, [1, 2]);
}

#[test]
fn answer_that_was_given_already_is_nobodys_when_it_is_given_again() {
    let mut bench = bank();
    let mut reads = 0;
    bench.faults = Box::new(move |frame| {
        reads += u32::from(frame[..2] == [2, 2]);
        // Within the silence after the first: the next question is not out yet.
        if frame[..2] == [2, 2] && reads == 5 { Fault::Doubled(1) } else { Fault::None }
    });
    bench.run_for(ms(3_000));
    let foreign = |signal: &Signal| {
        matches!(
            signal,
            Signal::Line { trouble: LineTrouble::ForeignFrames { address: 2, function: 2, count: 1 }, .. }
        )
    };
    assert_eq!(bench.signals.iter().filter(|signal| foreign(signal)).count(), 1);
    assert_eq!(bench.line.slaves[1].counters.late, 0);
    assert_eq!(bench.line.counters.foreign, 1);
}

#[test]
fn line_goes_on_when_the_adapter_gives_our_bytes_back() {
    let mut bench = bank();
    let mut echoing = Bench::new(&BANK);
    std::mem::swap(&mut bench.boards, &mut echoing.boards);
    // Each frame comes back while it goes out, before the answer.
    for _ in 0..400 {
        let before = echoing.sent.len();
        echoing.run_for(ms(5));
        let new: Vec<(Monotonic, [u8; 8])> = echoing.sent.drain(before..).collect();
        for (end, frame) in new {
            echoing.arrive(end + std::time::Duration::from_micros(500), frame.to_vec());
        }
    }
    let told = |s: &&Signal| matches!(s, Signal::Line { trouble: LineTrouble::LocalEcho, .. });
    assert_eq!(echoing.signals.iter().filter(told).count(), 1);
    assert_eq!(device_states(&echoing, 0), [DeviceState::Online]);
    assert!(input_reads(&echoing).len() > 10);
}

#[test]
fn babbling_line_is_named_and_pulses_are_tried_all_the_same() {
    let mut bench = bank();
    for at in 1_000..4_000 {
        bench.arrive(at_ms(at), vec![0x55]);
    }
    let order = bench.pulse(0, 1, ms(2_000));
    bench.run_until(at_ms(4_500));
    let babbling = |s: &Signal| matches!(s, Signal::Line { trouble: LineTrouble::Babbling, .. });
    assert!(bench.signals.iter().any(babbling));
    assert!(matches!(bench.outcomes(order)[..], [Outcome::Unanswered { .. }]));
    assert_eq!(bench.boards[0].pulses.len(), 1);
}
