//! Modbus/TCP on the kept corpus of the fuzz target `mbap`, and on seeded mutations of it: counted, not timed.

use std::panic::catch_unwind;

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt as _, SeedableRng as _};
use vestibule_tests::corpus::kept;
use vestibule_tests::mbap::{Tally, check};

/// Inputs that are kept at least.
const LEAST: usize = 50;
/// Mutations altogether.
const MUTATIONS: usize = 30_000;
/// Bytes that a step or a head gives a meaning.
const TELLING: [u8; 10] = [0, 1, 2, 3, 4, 6, 7, 254, 255, 0x82];

fn walk(name: &str, input: &[u8]) -> Tally {
    catch_unwind(|| check(input)).unwrap_or_else(|_| panic!("{name}: {input:02x?}"))
}

fn sum(all: impl Iterator<Item = Tally>) -> Tally {
    all.fold(Tally::default(), |sum, one| Tally {
        asked: sum.asked + one.asked,
        believed: sum.believed + one.believed,
        late: sum.late + one.late,
        foreign: sum.foreign + one.foreign,
        ended: sum.ended + one.ended,
    })
}

/// A kept input, and how often an answer is believed, left out as late, of another unit, and the stream at its end.
const MEANT: [(&str, [usize; 4]); 12] = [
    ("four-in-turn", [4, 0, 0, 0]),
    ("byte-by-byte", [1, 0, 0, 0]),
    ("late-under-the-last-number", [1, 1, 0, 0]),
    ("late-cut-by-the-next-question", [1, 1, 0, 0]),
    ("late-pulse-for-a-pulse", [1, 1, 0, 0]),
    ("given-up", [0, 1, 0, 0]),
    ("twice", [1, 1, 0, 0]),
    ("unasked-zero", [1, 1, 0, 0]),
    ("other-unit", [1, 0, 1, 0]),
    ("frame-inside", [0, 0, 0, 0]),
    ("http", [1, 0, 0, 1]),
    ("rtu-over-tcp", [0, 0, 0, 1]),
];

#[test]
fn every_kept_stream_keeps_the_rules_and_means_what_its_name_says() {
    let corpus = kept("mbap", LEAST);
    for (name, input) in &corpus {
        walk(name, input);
    }
    for (wanted, meant) in MEANT {
        let (name, input) = corpus.iter().find(|(name, _)| name == wanted).expect(wanted);
        let Tally { believed, late, foreign, ended, .. } = walk(name, input);
        assert_eq!([believed, late, foreign, ended], meant, "{name}");
    }
}

#[test]
fn mutations_of_kept_streams_keep_the_rules_and_reach_all_that_can_happen() {
    let corpus = kept("mbap", LEAST);
    let mut random = Xoshiro256PlusPlus::seed_from_u64(502);
    let mutants = (0..MUTATIONS).map(|turn| {
        let [(name, input), (_, other)] = [(); 2].map(|()| &corpus[random.random_range(0..corpus.len())]);
        let mut mutant = input.clone();
        for _ in 0..random.random_range(1..=3) {
            let at = random.random_range(0..=mutant.len());
            match random.random_range(0..5) {
                0 if at < mutant.len() => mutant[at] ^= 1 << random.random_range(0..8),
                1 if at < mutant.len() => mutant[at] = TELLING[random.random_range(0..TELLING.len())],
                2 => mutant.truncate(at),
                3 => drop(mutant.splice(at..at, other.iter().copied())),
                // Another cut at the same place: one arrival becomes two.
                _ => mutant = cut(&mutant, &mut random),
            }
        }
        walk(&format!("{name}, mutation {turn}"), &mutant)
    });
    let Tally { asked, believed, late, foreign, ended } = sum(mutants);
    let least = MUTATIONS / 100;
    let reached = [asked, believed, late, foreign, ended];
    assert!(reached.iter().all(|count| *count > least), "asked, believed, late, foreign, ended: {reached:?}");
}

/// The input with its first arrival of two bytes or more cut at some place.
fn cut(input: &[u8], random: &mut Xoshiro256PlusPlus) -> Vec<u8> {
    let mut at = 0;
    loop {
        at = match input.get(at..) {
            Some([0, _, _, ..]) => at + 3,
            Some([1, ..]) => at + 1,
            Some([2, length @ 2..=255, bytes @ ..]) if bytes.len() >= usize::from(*length) => {
                let (first, second) =
                    bytes[..usize::from(*length)].split_at(random.random_range(1..usize::from(*length)));
                let piece = |bytes: &[u8]| [&[2, u8::try_from(bytes.len()).unwrap()], bytes].concat();
                let after = &bytes[usize::from(*length)..];
                return [&input[..at], &piece(first), &piece(second), after].concat();
            }
            Some([2, length, ..]) => at + 2 + usize::from(*length),
            _ => return input.to_vec(),
        };
    }
}
