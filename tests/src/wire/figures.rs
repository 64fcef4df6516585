//! Measurements on virtual time: unlock latency beside the wire's limit, poll periods, use of the wire.

use std::collections::BTreeMap;
use std::time::Duration;

use device_drivers::channel::Channel;
use device_drivers::id::{DeviceId, OrderId};
use device_drivers::limits::DEFAULT_RESPONSE_TIMEOUT;
use device_drivers::order::{Order, PulseLength, Task};
use device_drivers::signal::{Outcome, Signal};
use device_drivers::time::Monotonic;
use sim_devices::Baud;

use super::bench::{Bench, Seen};
use super::lines::{FULL, address, device, full};

/// Until set-ups are done and the dead are found out.
const SETTLED: Duration = Duration::from_secs(30);
/// Boards think for so long (hardware.md, "Time on the wire").
const THINKING: Duration = sim_devices::DEFAULT_THINKING;

/// A full line after it has settled, its last `dead` devices without supply.
#[must_use]
pub fn settled(baud: Baud, missing: u8, dead: u8) -> Bench {
    let mut bench = Bench::new(&full(baud, missing), 1);
    (FULL - missing - dead + 1..=FULL - missing).for_each(|number| bench.sim.power_off(address(number)));
    bench.run_for(SETTLED);
    bench.take_seen();
    bench
}

/// One unlock: how long from the order to the last byte at the board, and how long the wire makes it at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unlock {
    /// From the order to the last byte.
    pub took: Duration,
    /// The rest of the transaction in flight, the gap and the frame.
    pub limit: Duration,
}

/// Time between two unlocks that have nothing to do with each other: longer than the drivers' `PULSE_LATE_HORIZON`.
pub const LONE: Duration = Duration::from_millis(2_700);
/// Time between two unlocks of which the second waits for what may be left of the first.
pub const SOON: Duration = Duration::from_millis(700);

/// Unlocks one after the other, a little more than `pause` apart, at odd moments of a fully polled line with `dead` of its
/// 32 devices dead.
#[must_use]
pub fn unlocks(baud: Baud, dead: u8, pause: Duration, count: u64) -> Vec<Unlock> {
    let mut bench = settled(baud, 0, dead);
    (0..count).map(|turn| unlock(&mut bench, baud, pause, turn)).collect()
}

fn unlock(bench: &mut Bench, baud: Baud, pause: Duration, turn: u64) -> Unlock {
    // No multiple of any period, so that orders fall into every part of a transaction.
    bench.run_for(pause + Duration::from_micros(turn * 7_919 % 131_071));
    let asked = bench.now();
    let before = bench.take_seen();
    let output = u8::try_from(turn % 8).expect("below 8") + 1;
    bench.submit(Order {
        id: OrderId(turn),
        task: Task::Pulse {
            device: device(1),
            output: Channel::new(output).expect("1 to 8"),
            length: PulseLength::from_millis(300).expect("a multiple of 100 ms"),
            deadline: asked + Duration::from_secs(5),
        },
    });
    bench.run_for(Duration::from_millis(500));
    let after = bench.take_seen();
    let sent = after.iter().find_map(|seen| match seen {
        Seen::Told(Signal::Ended { order, outcome: Outcome::Acknowledged { sent }, .. })
            if order.0 == turn =>
        {
            Some(*sent)
        }
        _ => None,
    });
    let sent = sent.unwrap_or_else(|| panic!("unlock {turn} was not acknowledged"));
    let free = wire_free(&before, &after, baud).max(asked);
    Unlock { took: sent.since(asked), limit: free.since(asked) + baud.silence() + baud.characters(8) }
}

/// When the transaction in flight at the end of `before` is over: its answer's last character, or its timeout.
fn wire_free(before: &[Seen], after: &[Seen], baud: Baud) -> Monotonic {
    let last = before.iter().rposition(|seen| matches!(seen, Seen::Sent { .. })).expect("the line is polled");
    let Seen::Sent { at: begun, .. } = before[last] else { return Monotonic::ZERO };
    let rest = before[last + 1..].iter().chain(after);
    let answer = rest.take_while(|seen| !matches!(seen, Seen::Sent { .. }));
    let heard = answer.filter_map(|seen| match seen {
        Seen::Heard { at } => Some(*at),
        _ => None,
    });
    heard.max().unwrap_or(begun + baud.characters(8) + DEFAULT_RESPONSE_TIMEOUT)
}

/// The value below which `permille` thousandths of `values` lie.
#[must_use]
pub fn quantile(mut values: Vec<Duration>, permille: usize) -> Duration {
    values.sort_unstable();
    let place = (values.len() * permille).div_ceil(1_000).max(1) - 1;
    values.get(place).copied().unwrap_or_default()
}

/// Mean poll period of each healthy input board over `span`, `dead` of 32 devices being dead, or not there at all.
#[must_use]
pub fn periods(baud: Baud, missing: u8, dead: u8, span: Duration) -> BTreeMap<DeviceId, Duration> {
    let mut bench = settled(baud, missing, dead);
    bench.run_for(span);
    let mut reads: BTreeMap<DeviceId, (Monotonic, Monotonic, u32)> = BTreeMap::new();
    for seen in bench.take_seen() {
        if let Seen::Told(Signal::Inputs { device, at, .. }) = seen {
            let entry = reads.entry(device).or_insert((at, at, 0));
            (entry.1, entry.2) = (at, entry.2 + 1);
        }
    }
    let period = |(first, last, count): (Monotonic, Monotonic, u32)| last.since(first) / (count - 1).max(1);
    reads.into_iter().map(|(device, read)| (device, period(read))).collect()
}

/// The worst ratio of a healthy board's poll period beside `dead` dead devices to its period with these taken off the line,
/// and the periods themselves.
#[must_use]
pub fn slowest_beside_dead(baud: Baud, dead: u8, span: Duration) -> (f64, Duration, Duration) {
    let (beside, alone) = (periods(baud, 0, dead, span), periods(baud, dead, 0, span));
    assert!(beside.keys().eq(alone.keys()), "the same boards are read");
    let pairs = beside.values().zip(alone.values());
    let ratios = pairs.map(|(with, without)| (with.as_secs_f64() / without.as_secs_f64(), *with, *without));
    ratios.max_by(|one, other| one.0.total_cmp(&other.0)).expect("some board is healthy")
}

/// What part of the wire's time a full line uses: the least time of its transactions (frame, the silence by which the board
/// knows its end, thinking, answer, gap) over the time that passed.
#[must_use]
pub fn wire_use(baud: Baud, span: Duration) -> f64 {
    let mut bench = settled(baud, 0, 0);
    let begun = bench.now();
    bench.run_for(span);
    let seen = bench.take_seen();
    let count = |wanted: fn(&Seen) -> bool| seen.iter().filter(|seen| wanted(seen)).count();
    let frames = count(|seen| matches!(seen, Seen::Sent { .. }));
    let answered = count(|seen| matches!(seen, Seen::Heard { .. }));
    let each =
        (baud.characters(8) + THINKING + baud.silence() * 2) * u32::try_from(frames).unwrap_or(u32::MAX);
    (each + baud.characters(answered)).as_secs_f64() / bench.now().since(begun).as_secs_f64()
}
