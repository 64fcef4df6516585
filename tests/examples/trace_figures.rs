//! Prints what a line's ring of last frames costs each exchange while nobody listens, in memory on virtual time:
//! `cargo run --release -p vestibule-tests --example trace_figures`.
//!
//! No line is without its ring. So the same exchanges are made once as they are and once with a second ring that is told
//! every frame as the first is; the difference is what a ring costs, and what is left without it.
#![allow(clippy::print_stdout, reason = "printing is what it is for")]

use std::error::Error;
use std::time::{Duration, Instant};

use device_drivers::device::Model;
use device_drivers::frame::crc::check_bytes;
use device_drivers::id::{DeviceId, LineId};
use device_drivers::line::{Line, Output};
use device_drivers::spec::{Address, Baud, DeviceSpec, LineSpec};
use device_drivers::time::Monotonic;
use device_drivers::trace::{Kind, Tape};
use vestibule_tests::figure::line;

type Failure = Box<dyn Error>;

/// Exchanges of one run: the ring turns 400 times.
const EXCHANGES: u32 = 200_000;
/// Runs of each kind, taken in turns so that a busy machine slows both; their medians count.
const RUNS: usize = 15;
/// The shortest exchange that a line can make: eight inputs at 115200 baud (hardware.md, "Time on the wire").
const SHORTEST: Duration = Duration::from_millis(10);
/// What a ring may take of it.
const SHARE: f64 = 0.001;
/// When a board answers.
const ANSWER_AFTER: Duration = Duration::from_millis(5);

fn main() -> Result<(), Failure> {
    let (mut once, mut twice) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        once.push(exchanges(None)?);
        twice.push(exchanges(Some(&Tape::default()))?);
    }
    let (once, twice) = (median(once), median(twice));
    let ring = twice.saturating_sub(once);
    let without = once.saturating_sub(ring);
    println!("{EXCHANGES} exchanges in memory, medians of {RUNS} runs, each exchange:");
    println!("  as it is   {once:>10.0?}   {:>10.0} a second", rate(once));
    println!("  the ring   {ring:>10.0?}");
    println!("  without    {without:>10.0?}   {:>10.0} a second", rate(without));
    let ratio = once.as_secs_f64() / without.as_secs_f64();
    println!(
        "{}",
        line(
            "exchange in memory, with the ring of frames",
            &format!("{ratio:.2} x"),
            "the same without it",
            ratio
        )
    );
    let allowed = SHORTEST.mul_f64(SHARE);
    let beside = format!("limit {allowed:?}: a thousandth of an exchange at 115200");
    let measured = format!("{ring:.0?}");
    println!(
        "{}",
        line(
            "ring of frames, an exchange, nobody listening",
            &measured,
            &beside,
            ring.as_secs_f64() / allowed.as_secs_f64()
        )
    );
    Ok(())
}

fn rate(each: Duration) -> f64 {
    1.0 / each.as_secs_f64()
}

fn median(mut all: Vec<Duration>) -> Duration {
    all.sort_unstable();
    all.get(all.len() / 2).copied().unwrap_or_default()
}

/// Time of one exchange of a line with one input board, on virtual time.
fn exchanges(second: Option<&Tape>) -> Result<Duration, Failure> {
    let mut spec = LineSpec::new(LineId::new("line")?, "/none".into());
    spec.baud = Baud::new(115_200)?;
    let model = Model::by_name("discrete-inputs-8").ok_or("no such model")?;
    spec.devices.push(DeviceSpec::new(DeviceId::new("doors")?, Address::new(1)?, model));
    let mut line = Line::new(&spec, Monotonic::ZERO)?;
    line.opened(Monotonic::ZERO);
    let answer = answer();
    let (mut now, mut due, mut made) = (Monotonic::ZERO, None::<Monotonic>, 0);
    let begun = Instant::now();
    while made < EXCHANGES {
        match line.poll(now) {
            Output::Transmit(frame) => {
                second.iter().for_each(|tape| tape.note(now, Kind::Sent, Some(1), &frame));
                due = Some(now + ANSWER_AFTER);
            }
            Output::Signal(_) | Output::Flush => {}
            Output::Wait { until, .. } => match due.take_if(|at| *at <= until) {
                Some(at) => {
                    now = at;
                    line.received(&answer, now);
                    second.iter().for_each(|tape| tape.note(now, Kind::Answer, Some(1), &answer));
                    made += 1;
                }
                None => now = until,
            },
        }
    }
    Ok(begun.elapsed() / EXCHANGES)
}

/// Eight inputs, all off.
fn answer() -> Vec<u8> {
    let mut frame = vec![1, 2, 1, 0];
    frame.extend(check_bytes(&frame));
    frame
}
