//! The scanner on the kept corpus of its fuzz target, and on seeded mutations of it.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt as _, SeedableRng as _};
use vestibule_tests::corpus::kept;
use vestibule_tests::scanner::check;

/// Mutations altogether.
const MUTATIONS: usize = 20_000;
/// Bytes that mean something: ends of texts, beginnings of replies, set-up barcodes.
const TELLING: [u8; 10] = [b'\r', b'\n', 0x02, 0x00, 0x01, 0x33, 0x31, b'@', b'^', 0xFF];

fn corpus() -> Vec<Vec<u8>> {
    kept("scanner_framing", 12).into_iter().map(|(_, input)| input).collect()
}

#[test]
fn every_kept_input_keeps_the_rules() {
    corpus().iter().for_each(|input| check(input));
}

#[test]
fn mutations_of_kept_inputs_keep_the_rules() {
    let corpus = corpus();
    let mut random = Xoshiro256PlusPlus::seed_from_u64(65);
    for _ in 0..MUTATIONS {
        let mut mutant = corpus[random.random_range(0..corpus.len())].clone();
        for _ in 0..random.random_range(1..=4) {
            let at = random.random_range(0..=mutant.len());
            match random.random_range(0..4) {
                0 if at < mutant.len() => mutant[at] ^= 1 << random.random_range(0..8),
                1 if at < mutant.len() => mutant[at] = TELLING[random.random_range(0..TELLING.len())],
                2 => mutant.truncate(at),
                _ => {
                    let other = &corpus[random.random_range(0..corpus.len())];
                    let from = random.random_range(0..=other.len());
                    drop(mutant.splice(at..at, other[from..].iter().take(64).copied()));
                }
            }
        }
        check(&mutant);
    }
}
