//! Forged lines: the fuzz target's kept inputs, and seeded conversations of somebody who has the wires and not the key.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt as _, SeedableRng as _};
use vestibule_tests::corpus::kept;
use vestibule_tests::readers::check;

/// Conversations altogether.
const CONVERSATIONS: usize = 5_000;
/// Replies that mean something, with the data that the standard gives them.
const REPLIES: [&[u8]; 12] = [
    &[0x40],
    &[0x41, 5],
    &[0x45, 0xA0, 0xB2, 0xFE, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    &[0x46, 4, 1, 1, 5, 1, 1, 9, 1, 1, 10, 8, 0],
    &[0x48, 1, 0],
    &[0x48, 0, 0],
    &[0x50, 0, 1, 26, 0, 1, 2, 3, 0x40],
    &[0x53, 0, 4, b'1', b'2', b'3', 0x0D],
    &[0x76, 1, 2, 3, 4, 5, 6, 7, 8, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    &[0x78, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    &[0x79],
    &[0x51, 0, 0, 2, b'1', b'2'],
];
/// Security blocks, lawful and not.
const BLOCKS: [&[u8]; 8] =
    [&[3, 0x12, 1], &[3, 0x12, 0], &[3, 0x14, 1], &[2, 0x16], &[2, 0x18], &[2, 0x15], &[9, 0x16], &[0]];

#[test]
fn every_kept_input_is_survived_and_not_believed() {
    kept("reader_line", 8).iter().for_each(|(_, input)| check(input));
}

#[test]
fn nothing_is_believed_of_whoever_has_the_wires_and_not_the_key() {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(0x05D9);
    for _ in 0..CONVERSATIONS {
        check(&conversation(&mut random));
    }
}

/// Mostly what a reader would say at that point, in all its forms, with some of it wrong.
fn conversation(random: &mut Xoshiro256PlusPlus) -> Vec<u8> {
    let mut all = vec![random.random_range(0..4)];
    for _ in 0..random.random_range(1..40) {
        let reply = REPLIES[random.random_range(0..REPLIES.len())];
        let block = random.random_bool(0.4).then(|| BLOCKS[random.random_range(0..BLOCKS.len())]);
        let mut bytes = [block.unwrap_or_default(), reply].concat();
        if block.is_some_and(|block| block.len() == 2) {
            bytes.extend((0..4).map(|_| random.random_range(0..=u8::MAX)));
        }
        if random.random_bool(0.1) {
            let at = random.random_range(0..bytes.len());
            bytes[at] ^= 1 << random.random_range(0..8);
        }
        let flags = u8::from(random.random_bool(0.95)) | if block.is_some() { 2 } else { 0 };
        all.extend([flags, u8::try_from(bytes.len()).unwrap()]);
        all.extend(bytes);
    }
    all
}
