//! The building's decisions under seeded random histories, held against a small reference that only reads the journal.
//!
//! A case is a seed: `MODEL_SEED=7 MODEL_STEPS=1000000 cargo test -p vestibule-tests model -- --nocapture` runs longer or
//! repeats one. The reference knows nothing of the core's tables: it follows facts and effects as an auditor would.

mod acts;
mod history;
mod journal;
mod reference;
mod world;

use history::{History, Seen};
use vestibule_core::unit::Digest;

/// Steps of one run where `MODEL_STEPS` does not say otherwise.
const STEPS: u64 = 400_000;
/// Acts after which a new building begins: compartments that wait for a person fill a bank by then.
const EPISODE: u64 = 250;

fn from_environment(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// The life of one building.
fn building(seed: u64) -> History {
    // Shown by the test harness where an assertion of this building fails.
    eprintln!("model seed {seed}");
    let mut history = History::new(seed);
    while history.acts() < EPISODE {
        history.act();
    }
    history.quiesce();
    history
}

/// The newest row, whose hash chains every byte of the journal, and a digest of what was asked of the world.
fn episode(seed: u64) -> ((u64, Digest), u64) {
    let history = building(seed);
    let (rows, hash) = history.head();
    // A history in which little happens would prove little.
    assert!(rows > 30, "seed {seed}: {rows} rows");
    ((rows, hash), history.effects())
}

#[test]
fn building_keeps_its_promises_when_anything_happens_in_any_order() {
    let wanted = from_environment("MODEL_STEPS", STEPS);
    let first = from_environment("MODEL_SEED", 1);
    let (mut steps, mut episodes, mut granted) = (0, 0, Seen::default());
    while steps < wanted {
        let history = building(first + episodes);
        granted.add(history.seen());
        steps += history.steps();
        episodes += 1;
    }
    println!("model: {steps} steps in {episodes} buildings; {granted:?}");
    // A history in which nothing happens would prove nothing.
    assert!(granted.is_rich(), "the histories met too little: {granted:?}");
}

#[test]
fn same_journal_comes_out_byte_for_byte_when_the_same_seed_goes_in() {
    let seed = from_environment("MODEL_SEED", 1) + 1_000;
    for seed in seed..seed + 4 {
        assert_eq!(episode(seed), episode(seed), "seed {seed} differs from itself");
    }
    assert_ne!(episode(seed).0.1, episode(seed + 1).0.1);
}
