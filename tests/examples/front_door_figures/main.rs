//! What attackers at the broker's port cost a good client: each attack in turn with quiet, medians of both in one run, and
//! the broker's memory afterwards: `cargo run --release -p vestibule-tests --example front_door_figures`, with words of an attack's
//! name for that one alone.
#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "it prints figures, and ends where it cannot measure"
)]

mod attack;
mod counters;
mod good;

use std::env;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use sim_devices::{Baud, ServedBy};
use vestibule_contract::notice::NotifierSecret;
use vestibule_demo::house::{House, HouseSpec};
use vestibule_tests::figure::line;
use vestibule_tests::program;

use attack::{ATTACKS, Attack, Target};
use counters::{Counters, Peak};
use good::{Good, Sample};

/// Quiet and attack take turns so often.
const ROUNDS: usize = 5;
/// What a good client may be delayed by.
const LIMIT: Duration = Duration::from_millis(100);
/// What the broker's unit may take, in MB.
const MEMORY_LIMIT: f64 = 128.0;
/// An attack that left no trace in the broker's counters goes on for so long at most: a slow reader has 10 s, after some
/// megabytes have filled the kernel's buffers.
const TRACE_PATIENCE: Duration = Duration::from_secs(45);

fn main() -> ExitCode {
    let words = env::args().nth(1).unwrap_or_default();
    let attacks: Vec<&Attack> = ATTACKS.iter().filter(|attack| attack.name.contains(&words)).collect();
    if attacks.is_empty() {
        println!("no attack is called {words:?}: {:?}", ATTACKS.map(|attack| attack.name));
        return ExitCode::FAILURE;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let (_, key) = NotifierSecret::generate(&[7; 32]);
    let spec = HouseSpec {
        program: program::vestibule(),
        folder: folder.path().to_owned(),
        baud: Baud::B9600,
        served_by: ServedBy::Simulators,
        seed: 1,
        cloud_port: None,
        policy: String::new(),
    };
    let mut house = House::build(spec, key.to_bytes()).expect("a building");
    house.start_broker().expect("the broker");
    let mut good = Good::open(&mut house);
    let target = Target::of(&house);
    let outcomes: Vec<Outcome> = attacks
        .iter()
        .map(|attack| {
            let outcome = suffer(&mut house, &mut good, &target, attack);
            outcome.print(attack);
            outcome
        })
        .collect();
    let ended_well = house.broker().is_some_and(|broker| broker.stop().is_some_and(|end| end.success()));
    if !ended_well {
        println!("the broker did NOT end in order");
    }
    let within = conclude(&outcomes);
    let traced = outcomes.iter().all(|outcome| outcome.missing.is_empty());
    if within && traced && ended_well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What one attack did.
struct Outcome {
    quiet: Sample,
    attacked: Sample,
    /// The broker's memory at its most, in MB.
    peak: f64,
    /// Counters that should have grown and did not.
    missing: Vec<&'static str>,
}

/// Quiet and attack in turns; the last attack goes on until the broker's counters tell of it.
fn suffer(house: &mut House, good: &mut Good, target: &Target, attack: &Attack) -> Outcome {
    let port = house.metrics_ports[1];
    let peak = Peak::watch(house.broker().expect("it runs").id());
    let before = counters::read(port).expect("the broker tells its counters");
    let (mut quiet, mut attacked) = (Vec::new(), Vec::new());
    let mut missing: Vec<&'static str> = Vec::new();
    for round in 1..=ROUNDS {
        quiet.push(good.sample(house));
        let running = attack.start(target);
        attacked.push(good.sample(house));
        let until = Instant::now() + TRACE_PATIENCE;
        loop {
            missing = without_trace(attack, &before, &counters::read(port).unwrap_or_default());
            if round < ROUNDS || missing.is_empty() || Instant::now() >= until {
                break;
            }
            attacked.push(good.sample(house));
        }
        drop(running);
    }
    let (quiet, attacked) = (Sample::median(&quiet), Sample::median(&attacked));
    Outcome { quiet, attacked, peak: megabytes(peak.kilobytes()), missing }
}

/// The counters that did not grow as far as the attack makes them.
fn without_trace(attack: &Attack, before: &Counters, now: &Counters) -> Vec<&'static str> {
    let count = |of: &Counters, name: &str| of.get(name).copied().unwrap_or(0);
    let short = attack.traces.iter().filter(|(name, least)| count(now, name) < count(before, name) + least);
    short.map(|(name, _)| *name).collect()
}

impl Outcome {
    /// What the good client was delayed by.
    fn delay(&self) -> Duration {
        let message = self.attacked.message.saturating_sub(self.quiet.message);
        message.max(self.attacked.connect.saturating_sub(self.quiet.connect))
    }

    fn print(&self, attack: &Attack) {
        let what = format!("delay under {}", attack.name);
        println!("{}", line(&what, &ms(self.delay()), "limit 100 ms", ratio(self.delay())));
        let peak = format!("{:.1} MB", self.peak);
        let what = format!("the broker's PSS at most, under {}", attack.name);
        println!("{}", line(&what, &peak, "its unit's limit 128 MB", self.peak / MEMORY_LIMIT));
        let traces: Vec<_> = attack.traces.iter().map(|(name, least)| format!("{name} +{least}")).collect();
        let seen = if self.missing.is_empty() { "arrived" } else { "NO TRACE" };
        println!(
            "  {seen}: {}; missing: {:?}; lost: {}",
            traces.join(", "),
            self.missing,
            self.attacked.lost
        );
        let [message, message_quiet, connect, connect_quiet] =
            [self.attacked.message, self.quiet.message, self.attacked.connect, self.quiet.connect].map(ms);
        println!("  message {message} (quiet {message_quiet}), connect {connect} (quiet {connect_quiet})");
    }
}

/// The figures of all attacks; whether each is within its limit.
fn conclude(outcomes: &[Outcome]) -> bool {
    let worst = outcomes.iter().map(Outcome::delay).max().unwrap_or_default();
    let lost: usize = outcomes.iter().map(|outcome| outcome.quiet.lost + outcome.attacked.lost).sum();
    let peak = outcomes.iter().map(|outcome| outcome.peak).fold(0.0, f64::max);
    let what = format!("a good client's delay under the worst of {} attacks, median", outcomes.len());
    println!("{}", line(&what, &ms(worst), "limit 100 ms", ratio(worst)));
    let what = "acknowledged messages of a good client that attacks cost";
    println!("{}", line(what, &lost.to_string(), "limit 0", if lost == 0 { 0.0 } else { f64::INFINITY }));
    let what = "PSS of the broker at most, under any attack";
    println!("{}", line(what, &format!("{peak:.1} MB"), "its unit's limit 128 MB", peak / MEMORY_LIMIT));
    worst < LIMIT && lost == 0 && peak > 0.0 && peak < MEMORY_LIMIT
}

fn ratio(delay: Duration) -> f64 {
    delay.as_secs_f64() / LIMIT.as_secs_f64()
}

fn ms(span: Duration) -> String {
    format!("{:.1} ms", span.as_secs_f64() * 1_000.0)
}

fn megabytes(kb: u64) -> f64 {
    u32::try_from(kb).map_or(f64::NAN, |kb| f64::from(kb) / 1_000.0)
}
