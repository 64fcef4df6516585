//! Seeds over every kind of trouble on virtual time, at least a million exchanges a run.
//!
//! `VESTIBULE_WIRE_EXCHANGES=1000000000` runs more of them; `VESTIBULE_WIRE_SEED=17` begins with that seed, so that a
//! failure's seed comes first.

use std::collections::BTreeSet;
use std::env;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use vestibule_tests::wire::docket::Tally;
use vestibule_tests::wire::run::{Report, baud_of, play};
use vestibule_tests::wire::trouble::{KINDS, Trouble};

/// Exchanges of one CI run (reliability.md, "How it is proven").
const EXCHANGES: u64 = 1_000_000;
/// Virtual time of one seed.
const SPAN: Duration = Duration::from_secs(60);
/// Seeds until every kind has come alone at both rates.
const EVERY_KIND: u64 = 4 * (KINDS.len() as u64 + 1);

fn setting(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text}: no number")))
}

/// What all seeds of a run came to.
#[derive(Default)]
struct Total {
    tally: Tally,
    openings: u64,
    struck: BTreeSet<String>,
    clean: Tally,
    clean_runs: u64,
}

impl Total {
    fn add(&mut self, trouble: Trouble, report: Report) {
        self.tally += report.tally;
        self.openings += report.openings;
        self.struck.extend(report.faults.iter().map(|fault| format!("{fault:?}")));
        if trouble == Trouble::Clean {
            self.clean += report.tally;
            self.clean_runs += 1;
        }
    }
}

#[test]
fn no_wrong_door_opens_when_the_wire_has_every_trouble() {
    let target = setting("VESTIBULE_WIRE_EXCHANGES", EXCHANGES);
    let first = setting("VESTIBULE_WIRE_SEED", 0);
    let (next, exchanges) = (AtomicU64::new(first), AtomicU64::new(0));
    let total = Mutex::new(Total::default());
    let began = Instant::now();
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if exchanges.load(Ordering::Relaxed) >= target && seed >= first + EVERY_KIND {
                return;
            }
            let (trouble, baud) = (Trouble::of(seed), baud_of(seed));
            let report = play(seed, trouble, baud, SPAN).unwrap_or_else(|why| {
                panic!("VESTIBULE_WIRE_SEED={seed} ({trouble:?}, {} baud): {why}", baud.get())
            });
            exchanges.fetch_add(report.exchanges, Ordering::Relaxed);
            total.lock().unwrap().add(trouble, report);
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let (total, exchanges) = (total.into_inner().unwrap(), exchanges.into_inner());
    println!(
        "{exchanges} exchanges, {} seeds from {first}, {} openings in {:?}: {:?}",
        next.into_inner() - first,
        total.openings,
        began.elapsed(),
        total.tally
    );
    assert!(exchanges >= target);
    every_part_was_tried(&total);
}

/// A run in which nothing was sent, or nothing struck, proves nothing.
fn every_part_was_tried(total: &Total) {
    assert_eq!(total.struck.len(), KINDS.len(), "struck only: {:?}", total.struck);
    let Tally { acknowledged, unanswered, not_sent, watched, energised, .. } = total.tally;
    assert!(acknowledged > 1_000 && unanswered > 100, "{:?}", total.tally);
    assert!(not_sent > 100 && watched > 100 && energised > acknowledged, "{:?}", total.tally);
    let clean = total.clean;
    // Each run ends by stopping the line, perhaps with a pulse in flight.
    assert!(clean.acknowledged > 100 && clean.unanswered <= total.clean_runs, "without trouble: {clean:?}");
    assert_eq!(clean.acknowledged + clean.unanswered, clean.energised);
}

#[test]
fn same_seed_gives_the_same_run_when_played_again() {
    let play = |seed| play(seed, Trouble::Together, baud_of(seed), SPAN / 5).unwrap();
    let (one, again, other) = (play(4), play(4), play(6));
    assert_eq!(format!("{one:?}"), format!("{again:?}"));
    assert_ne!(format!("{one:?}"), format!("{other:?}"));
}
