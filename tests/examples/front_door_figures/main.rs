//! What attackers at the broker's port cost a good client: each attack in turn with quiet, medians of both in one run, and
//! the broker's memory afterwards: `cargo run --release -p vestibule-tests --example front_door_figures`.
#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "it prints figures, and ends where it cannot measure"
)]

mod attack;
mod good;

use std::time::Duration;

use sim_devices::{Baud, ServedBy};
use vestibule_contract::notice::NotifierSecret;
use vestibule_demo::house::{House, HouseSpec};
use vestibule_demo::summary::pss_kb;
use vestibule_tests::figure::line;
use vestibule_tests::program;

use attack::{ATTACKS, Target};
use good::{Good, Sample};

/// Quiet and attack take turns so often.
const ROUNDS: usize = 5;
/// What a good client may be delayed by.
const LIMIT: Duration = Duration::from_millis(100);

fn main() {
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
    let mut good = Good::open(&house);
    let target = Target::of(&house);
    println!(
        "{:<44} {:>9} {:>9} {:>9}   {:>9} {:>9}",
        "attack", "message", "quiet", "delay", "connect", "quiet"
    );
    let (mut worst, mut lost) = (Duration::ZERO, 0);
    for attack in ATTACKS {
        let (mut quiet, mut attacked) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            quiet.push(good.sample(&house));
            let running = attack.start(&target);
            attacked.push(good.sample(&house));
            drop(running);
        }
        let (quiet, attacked) = (Sample::median(&quiet), Sample::median(&attacked));
        let delay = attacked
            .message
            .saturating_sub(quiet.message)
            .max(attacked.connect.saturating_sub(quiet.connect));
        worst = worst.max(delay);
        lost += attacked.lost;
        println!(
            "{:<44} {:>9} {:>9} {:>9}   {:>9} {:>9}   {}, {} of the good client's messages lost",
            attack.name,
            ms(attacked.message),
            ms(quiet.message),
            ms(delay),
            ms(attacked.connect),
            ms(quiet.connect),
            if delay < LIMIT { "below 100 ms" } else { "ABOVE 100 ms" },
            attacked.lost
        );
    }
    let broker = house.broker().expect("it runs");
    let memory = megabytes(pss_kb(broker.id()));
    println!("memory of the broker after all of them (PSS): {memory:.1} MB");
    let attacks = ATTACKS.len();
    let ratio = worst.as_secs_f64() / LIMIT.as_secs_f64();
    let what = format!("a good client's delay under the worst of {attacks} attacks, median");
    println!("{}", line(&what, &ms(worst), "limit 100 ms", ratio));
    let what = "acknowledged messages of a good client that attacks cost";
    println!("{}", line(what, &lost.to_string(), "limit 0", if lost == 0 { 0.0 } else { f64::INFINITY }));
    let what = "PSS of the broker after all attacks";
    println!("{}", line(what, &format!("{memory:.1} MB"), "its unit's limit 128 MB", memory / 128.0));
    // What it counted shows that the attacks arrived.
    if broker.stop().is_none_or(|status| !status.success()) {
        println!("the broker did NOT end in order");
    }
    let said = broker.said();
    let counters =
        said.iter().rev().find_map(|line| line.split_once("counters=")).map_or("none", |(_, all)| all);
    println!("the broker counted: {counters}");
}

fn ms(span: Duration) -> String {
    format!("{:.1} ms", span.as_secs_f64() * 1_000.0)
}

fn megabytes(kb: Option<u64>) -> f64 {
    kb.and_then(|kb| u32::try_from(kb).ok()).map_or(f64::NAN, |kb| f64::from(kb) / 1_000.0)
}
