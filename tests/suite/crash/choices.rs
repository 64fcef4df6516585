//! Which parts of a window to try: the systematic ones, and as many at random as are asked for.

use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};

use super::window::{Choice, Kept, Window};

/// Every systematic choice, and random ones up to `count` in all.
pub fn choices(window: &Window, count: usize, seed: u64) -> Vec<Choice> {
    let mut random = SmallRng::seed_from_u64(seed ^ u64::try_from(window.at).unwrap_or(0).rotate_left(32));
    let mut all: Vec<Choice> = Vec::new();
    for kept in systematic(window, &mut random) {
        for names in 0..=window.renamed() {
            all.push(Choice { kept: kept.clone(), names });
        }
    }
    // A window in which little is uncertain has no more to try than that.
    if window.unsynced() > 1 {
        while all.len() < count {
            all.push(any(window, &mut random));
        }
    }
    all
}

fn systematic(window: &Window, random: &mut SmallRng) -> Vec<Vec<Kept>> {
    let count = window.unsynced();
    let mut all = vec![vec![Kept::Lost; count], vec![Kept::Whole; count]];
    for prefix in 1..count {
        all.push((0..count).map(|op| if op < prefix { Kept::Whole } else { Kept::Lost }).collect());
    }
    for single in 0..count {
        for (one, others) in [(Kept::Lost, Kept::Whole), (Kept::Whole, Kept::Lost)] {
            all.push((0..count).map(|op| if op == single { one } else { others }).collect());
        }
        for mask in tears(window.sectors(single), random) {
            for others in [Kept::Whole, Kept::Lost] {
                let torn = |op| if op == single { Kept::Torn(mask) } else { others };
                all.push((0..count).map(torn).collect());
            }
        }
    }
    all
}

/// Tears of a write: the first sector only, all but it, all but the last, and one at random.
fn tears(sectors: usize, random: &mut SmallRng) -> Vec<u64> {
    if sectors < 2 {
        return Vec::new();
    }
    vec![1, !1, !(1 << ((sectors - 1) % 64)), random.random()]
}

fn any(window: &Window, random: &mut SmallRng) -> Choice {
    let kept_share = [0.1, 0.5, 0.9][random.random_range(0..3)];
    let torn_share = [0.0, 0.1, 0.3][random.random_range(0..3)];
    let kept = (0..window.unsynced())
        .map(|op| match (random.random_bool(kept_share), random.random_bool(torn_share)) {
            (_, true) if window.sectors(op) > 1 => Kept::Torn(random.random()),
            (true, _) => Kept::Whole,
            (false, _) => Kept::Lost,
        })
        .collect();
    Choice { kept, names: random.random_range(0..=window.renamed()) }
}
