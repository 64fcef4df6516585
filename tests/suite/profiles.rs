//! Profiles on the kept corpus of their fuzz target, and on seeded mutations of it: counted, not timed.

use std::panic::catch_unwind;

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt as _, SeedableRng as _};
use vestibule_tests::corpus::{Kept, files};
use vestibule_tests::profile::check;

/// Mutations altogether.
const MUTATIONS: usize = 6_000;
/// Pieces that mean something in a profile.
const TELLING: [&str; 12] = [
    "0",
    "-1",
    "65535",
    "65536",
    "\"coil\"",
    "\"holding\"",
    "[[probe]]\n",
    "[[flag]]\n",
    "[[set_up]]\n",
    "=",
    "0x8000",
    "]",
];

/// Every kept input, and the built-in profiles.
fn corpus() -> Vec<Kept> {
    let all = [files("fuzz/corpus/profile"), files("../device-drivers/profiles")].concat();
    assert!(all.len() > 20, "only {} inputs are kept", all.len());
    all
}

#[test]
fn every_kept_profile_keeps_the_rules() {
    for (name, input) in corpus() {
        assert!(catch_unwind(|| check(&input)).is_ok(), "{name}");
    }
}

#[test]
fn mutations_of_kept_profiles_keep_the_rules() {
    let corpus = corpus();
    let mut random = Xoshiro256PlusPlus::seed_from_u64(485);
    for turn in 0..MUTATIONS {
        let (name, input) = &corpus[random.random_range(0..corpus.len())];
        let mutant = mutate(input, &mut random);
        let told = || format!("{name}, mutation {turn}:\n{}", String::from_utf8_lossy(&mutant));
        assert!(catch_unwind(|| check(&mutant)).is_ok(), "{}", told());
    }
}

/// One to four changes, each in one place.
fn mutate(input: &[u8], random: &mut Xoshiro256PlusPlus) -> Vec<u8> {
    let mut mutant = input.to_vec();
    for _ in 0..random.random_range(1..=4) {
        let at = random.random_range(0..=mutant.len());
        let end = random.random_range(at..=mutant.len().min(at + 40));
        match random.random_range(0..5) {
            0 if at < mutant.len() => mutant[at] ^= 1 << random.random_range(0..8),
            1 => drop(mutant.drain(at..end)),
            2 => {
                let again = mutant[at..end].to_vec();
                drop(mutant.splice(at..at, again));
            }
            3 => mutant.truncate(at),
            _ => {
                let piece = TELLING[random.random_range(0..TELLING.len())];
                drop(mutant.splice(at..end.min(at + 6), piece.bytes()));
            }
        }
    }
    mutant
}
