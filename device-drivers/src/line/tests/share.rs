//! How the wire's time is shared: pulses wait for one transaction, dead slaves take little, nobody starves.

use super::bench::{Bench, at_ms, device, ms};
use crate::signal::{Outcome, Signal};
use crate::time::Monotonic;

/// One relay board, 31 others, `dead` of them dead.
fn full_line(dead: usize) -> Bench {
    let mut models = vec!["waveshare-relay-8"];
    models.resize(30, "discrete-inputs-8");
    models.extend(["xy-md02"; 2]);
    let mut bench = Bench::new(&models);
    for place in 0..dead {
        bench.boards[1 + place].dead = true;
    }
    bench
}

/// Reads of the last input board between two points of time.
fn reads(bench: &Bench, from: Monotonic) -> usize {
    let last = |signal: &&Signal| match signal {
        Signal::Inputs { device: id, at, .. } => *id == device(29) && *at >= from,
        _ => false,
    };
    bench.signals.iter().filter(last).count()
}

#[test]
fn dead_slaves_together_take_five_percent_at_most() {
    for dead in [1, 4, 16, 28] {
        let mut bench = full_line(dead);
        bench.run_until(at_ms(60_000));
        let before = bench.line.counters.busy_dead;
        bench.run_for(ms(600_000));
        let share = (bench.line.counters.busy_dead - before).as_secs_f64() / 600.0;
        assert!(share <= 0.05, "{dead} dead take {share}");
        assert!(share > 0.0, "{dead} dead are probed");
    }
}

#[test]
fn healthy_polls_keep_nine_tenths_of_their_pace_beside_dead_slaves() {
    let mut alone = Bench::new(&["discrete-inputs-8"; 16]);
    alone.run_until(at_ms(120_000));
    let alone_reads = alone
        .signals
        .iter()
        .filter(|s| matches!(s, Signal::Inputs { device: id, at, .. } if *id == device(15) && *at >= at_ms(60_000)))
        .count();
    let mut beside = Bench::new(&["discrete-inputs-8"; 32]);
    for place in 16..32 {
        beside.boards[place].dead = true;
    }
    beside.run_until(at_ms(120_000));
    let beside_reads = beside
        .signals
        .iter()
        .filter(|s| matches!(s, Signal::Inputs { device: id, at, .. } if *id == device(15) && *at >= at_ms(60_000)))
        .count();
    assert!(beside_reads * 10 >= alone_reads * 9, "{beside_reads} beside, {alone_reads} alone");
}

#[test]
fn pulse_waits_for_one_transaction_only_under_full_polling_with_half_dead() {
    let mut bench = full_line(14);
    bench.run_until(at_ms(30_000));
    for turn in 0..200 {
        // Odd pauses, so that pulses fall into every part of a transaction.
        bench.run_for(ms(1_013 + turn % 97));
        let from = bench.now;
        let order = bench.pulse(0, u8::try_from(turn % 8).unwrap() + 1, ms(5_000));
        bench.run_for(ms(700));
        let [Outcome::Acknowledged { sent }] = bench.outcomes(order)[..] else {
            panic!("{:?}", bench.outcomes(order));
        };
        assert!(sent.since(from) <= ms(150), "pulse {turn} waited {:?}", sent.since(from));
    }
}

#[test]
fn doors_and_probes_are_read_while_pulses_come_without_end() {
    let mut bench = full_line(0);
    bench.run_until(at_ms(10_000));
    let from = bench.now;
    for turn in 0..240_u64 {
        bench.pulse(0, u8::try_from(turn % 8).unwrap() + 1, ms(5_000));
        bench.run_for(ms(250));
    }
    assert!(reads(&bench, from) >= 40, "{}", reads(&bench, from));
    let probes =
        bench.signals.iter().filter(|s| matches!(s, Signal::Probe { at, .. } if *at >= from)).count();
    assert!(probes >= 2 * 2 * 5, "{probes}");
}
