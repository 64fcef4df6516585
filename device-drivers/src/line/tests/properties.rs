//! What holds whatever the wire does.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::bench::{Bench, Fault, Script, channel, device, ms};
use crate::order::Task;
use crate::signal::{InputStates, Outcome, Signal};
use crate::time::Monotonic;

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        6 => Just(Fault::None),
        1 => Just(Fault::Deaf),
        1 => Just(Fault::Mute),
        2 => (0_u64..2_950).prop_map(Fault::Late),
        1 => (0_u64..900).prop_map(Fault::Doubled),
        1 => (0_usize..9).prop_map(Fault::Cut),
        1 => (0_usize..72).prop_map(Fault::Flip),
        1 => Just(Fault::Foreign),
        1 => (1_u8..7).prop_map(Fault::Refuse),
    ]
}

/// Faults of a slave whose answers come late but in their order, and doubled only back to back.
fn fault_in_order() -> impl Strategy<Value = Fault> {
    prop_oneof![
        4 => Just(Fault::None),
        1 => Just(Fault::Deaf),
        1 => Just(Fault::Mute),
        2 => (0_u64..950).prop_map(Fault::Late),
        1 => Just(Fault::Doubled(0)),
        1 => (0_usize..9).prop_map(Fault::Cut),
        1 => (0_usize..72).prop_map(Fault::Flip),
        1 => Just(Fault::Foreign),
    ]
}

#[derive(Debug, Clone)]
enum Step {
    Pulse { output: u8, patience_ms: u64 },
    Watch { input: u8 },
    Unplug,
    Bytes(Vec<u8>),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (1_u8..4, 1_u64..3_000).prop_map(|(output, patience_ms)| Step::Pulse { output, patience_ms }),
        2 => (1_u8..9).prop_map(|input| Step::Watch { input }),
        1 => Just(Step::Unplug),
        2 => proptest::collection::vec(any::<u8>(), 1..20).prop_map(Step::Bytes),
    ]
}

fn scripted(faults: Vec<Fault>) -> Script {
    let mut faults = faults.into_iter().cycle();
    Box::new(move |_| faults.next().unwrap_or(Fault::None))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_pulse_is_doubled_or_falsely_acknowledged_and_every_order_ends_once(
        faults in proptest::collection::vec(fault(), 1..60),
        steps in proptest::collection::vec((0_u64..1_500, step()), 1..25),
    ) {
        let mut bench = Bench::new(&["waveshare-relay-8", "discrete-inputs-8"]);
        bench.faults = scripted(faults);
        let mut pulses = BTreeMap::new();
        let mut orders = Vec::new();
        for (pause, step) in steps {
            bench.run_for(ms(pause));
            match step {
                Step::Pulse { output, patience_ms } => {
                    let id = bench.pulse(0, output, ms(patience_ms));
                    pulses.insert(id, (output, bench.now + ms(patience_ms)));
                    orders.push(id);
                }
                Step::Watch { input } => {
                    orders.push(bench.order(Task::Watch { device: device(1), input: channel(input) }));
                }
                Step::Unplug => {
                    bench.line.closed(bench.now);
                    bench.drain();
                    bench.run_for(ms(1_000));
                    bench.line.opened(bench.now);
                }
                Step::Bytes(bytes) => bench.arrive(bench.now + ms(3), bytes),
            }
        }
        bench.run_for(ms(10_000));
        for order in &orders {
            prop_assert_eq!(bench.outcomes(*order).len(), 1, "{:?}", order);
        }
        let mut sent = Vec::new();
        for (order, (output, deadline)) in pulses {
            match bench.outcomes(order)[0] {
                Outcome::Acknowledged { sent: at } => {
                    sent.push(at);
                    prop_assert!(bench.boards[0].pulses.contains(&(output - 1, at)), "false acknowledgement");
                }
                Outcome::Unanswered { sent: at } | Outcome::Exception { sent: at, .. } => {
                    prop_assert!(at <= deadline + ms(9), "sent after its deadline");
                    sent.push(at);
                }
                Outcome::NotSent(_) => {}
                odd @ Outcome::Watched { .. } => prop_assert!(false, "{odd:?}"),
            }
        }
        let on_wire = bench.sent.iter().filter(|(_, frame)| frame[1] == 5 && frame[2] == 2);
        let mut on_wire: Vec<Monotonic> = on_wire.map(|(at, _)| *at).collect();
        on_wire.sort();
        sent.sort();
        prop_assert_eq!(on_wire, sent, "each pulse on the wire is one order's, once");
    }

    #[test]
    fn no_read_is_answered_by_an_older_reads_answer(
        faults in proptest::collection::vec(fault_in_order(), 1..60),
    ) {
        let mut bench = Bench::new(&["discrete-inputs-8", "discrete-inputs-16"]);
        bench.in_order = true;
        bench.boards[0].serial_inputs = true;
        bench.faults = scripted(faults);
        for _ in 0..5_000 {
            let before = bench.signals.len();
            // Less than a gap, so that no newer request goes out in the same step.
            bench.run_for(ms(2));
            // What the board answered last is what its newest request asked for.
            let newest = InputStates::new(bench.boards[0].inputs.into(), 8);
            for signal in &bench.signals[before..] {
                if let Signal::Inputs { device: id, states, .. } = signal
                    && *id == device(0)
                {
                    prop_assert_eq!(*states, newest, "stale at {:?}", bench.now);
                }
            }
        }
    }
}
