//! The broker's packet path on the kept corpus of the fuzz target, and on seeded mutations of it: counted, not timed.

use std::panic::catch_unwind;

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt as _, SeedableRng as _};
use vestibule_tests::corpus::kept;
use vestibule_tests::front_door::check;

/// Inputs that are kept at least.
const LEAST: usize = 41;
/// Mutations altogether.
const MUTATIONS: usize = 12_000;
/// Bytes that MQTT gives a meaning: lengths, qualities, packet types, wildcards, properties.
const TELLING: [u8; 16] = [0, 1, 2, 4, 5, 0x7F, 0x80, 0xFF, b'+', b'#', b'/', b'$', 0x23, 0x0B, 0x08, 0xC3];

fn walk(name: &str, input: &[u8]) {
    assert!(catch_unwind(|| check(input)).is_ok(), "{name}: {input:02x?}");
}

#[test]
fn every_kept_input_keeps_the_rules() {
    for (name, input) in kept("packet_path", LEAST) {
        walk(&name, &input);
    }
}

#[test]
fn mutations_of_kept_inputs_keep_the_rules() {
    let corpus = kept("packet_path", LEAST);
    let mut random = Xoshiro256PlusPlus::seed_from_u64(1883);
    for turn in 0..MUTATIONS {
        let [(name, input), (_, other)] = [(); 2].map(|()| &corpus[random.random_range(0..corpus.len())]);
        let mutant = mutate(input, other, &mut random);
        walk(&format!("{name}, mutation {turn}"), &mutant);
    }
}

/// One to four changes, each in one place.
fn mutate(input: &[u8], other: &[u8], random: &mut Xoshiro256PlusPlus) -> Vec<u8> {
    let mut mutant = input.to_vec();
    for _ in 0..random.random_range(1..=4) {
        let at = random.random_range(0..=mutant.len());
        let end = random.random_range(at..=mutant.len().min(at + 32));
        match random.random_range(0..6) {
            0 if at < mutant.len() => mutant[at] ^= 1 << random.random_range(0..8),
            1 if at < mutant.len() => mutant[at] = TELLING[random.random_range(0..TELLING.len())],
            2 => mutant.truncate(at.max(2)),
            3 => drop(mutant.drain(at..end)),
            4 => {
                let again = mutant[at..end].to_vec();
                drop(mutant.splice(at..at, again));
            }
            _ => {
                let from = random.random_range(0..=other.len());
                drop(mutant.splice(at..at, other[from..].iter().take(64).copied()));
            }
        }
    }
    mutant
}
