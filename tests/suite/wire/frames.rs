//! The frame codecs on the kept corpus of the fuzz target `frames`, and on seeded mutations of it: counted, not timed.

use std::panic::catch_unwind;

use device_drivers::frame::{Head, Protocol};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt as _, SeedableRng as _};
use vestibule_tests::corpus::kept;
use vestibule_tests::frames::{check, check_own_echoes};

/// Inputs that are kept at least.
const LEAST: usize = 90;
/// Mutations altogether.
const MUTATIONS: usize = 30_000;
/// Bytes that the formats give a meaning.
const TELLING: [u8; 16] =
    [0x00, 0x01, 0x02, 0x03, 0x05, 0x11, 0x30, 0x31, 0x35, 0x75, 0x80, 0x81, 0x8A, 0x90, 0x57, 0xFF];

fn walk(name: &str, input: &[u8]) {
    assert!(catch_unwind(|| check(input)).is_ok(), "{name}: {input:02x?}");
}

#[test]
fn every_kept_run_of_bytes_keeps_the_rules_and_every_protocol_has_whole_frames_among_them() {
    let mut whole = [0_usize; Protocol::ALL.len()];
    for (name, input) in kept("frames", LEAST) {
        walk(&name, &input);
        let which = usize::from(input[0]);
        if matches!(Protocol::ALL[which].head(&input[2..], input[1].into()), Head::Frame(_)) {
            whole[which] += 1;
        }
    }
    assert!(whole.iter().all(|count| *count >= 3), "{whole:?}");
}

#[test]
fn no_read_is_answered_by_its_own_echo() {
    check_own_echoes();
}

#[test]
fn mutations_of_kept_runs_keep_the_rules() {
    let corpus = kept("frames", LEAST);
    let mut random = Xoshiro256PlusPlus::seed_from_u64(485);
    for turn in 0..MUTATIONS {
        let [(name, input), (_, other)] = [(); 2].map(|()| &corpus[random.random_range(0..corpus.len())]);
        let mut mutant = input.clone();
        for _ in 0..random.random_range(1..=3) {
            let at = random.random_range(2..=mutant.len());
            match random.random_range(0..5) {
                0 if at < mutant.len() => mutant[at] ^= 1 << random.random_range(0..8),
                1 if at < mutant.len() => mutant[at] = TELLING[random.random_range(0..TELLING.len())],
                2 => mutant.truncate(at),
                3 => mutant[1] = random.random_range(0..24),
                _ => drop(mutant.splice(at..at, other[2..].iter().copied())),
            }
        }
        // Mended check bytes lead past the first gate.
        if random.random_bool(0.5) && mutant.len() > 3 {
            mend(&mut mutant);
        }
        walk(&format!("{name}, mutation {turn}"), &mutant);
    }
}

/// Makes the last byte the check byte of the formats that have one.
fn mend(mutant: &mut [u8]) {
    let sum = matches!(
        Protocol::ALL.get(usize::from(mutant[0])),
        Some(Protocol::KerongCu16 | Protocol::KerongCu48)
    );
    if let Some((last, body)) = mutant[2..].split_last_mut() {
        *last =
            body.iter().fold(0, |check: u8, byte| if sum { check.wrapping_add(*byte) } else { check ^ byte });
    }
}
