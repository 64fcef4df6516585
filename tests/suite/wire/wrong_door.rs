//! Seeds over every kind of trouble on virtual time, at least ten million exchanges a run with the lock boards' share.
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

/// Exchanges of one CI run (reliability.md, "How it is proven"); the lock boards have their own share.
const EXCHANGES: u64 = 8_000_000;
/// Virtual time of one seed.
const SPAN: Duration = Duration::from_secs(60);
/// Seeds until every kind has come alone at both rates.
const EVERY_KIND: u64 = 4 * (KINDS.len() as u64 + 1);
/// Time between two lines of progress of a long run.
const PROGRESS: Duration = Duration::from_secs(30);

pub(super) fn setting(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text}: no number")))
}

/// What all seeds of a run came to.
#[derive(Default)]
pub(super) struct Total {
    pub(super) tally: Tally,
    openings: u64,
    pub(super) struck: BTreeSet<String>,
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

/// Seeds played on all cores until there were enough exchanges.
pub(super) struct Work {
    what: &'static str,
    target: u64,
    first: u64,
    /// Seeds until every case has come.
    every_case: u64,
    next: AtomicU64,
    exchanges: AtomicU64,
    began: Instant,
    told: AtomicU64,
    total: Mutex<Total>,
}

impl Work {
    pub(super) fn new(what: &'static str, target: u64, every_case: u64) -> Self {
        let first = setting("VESTIBULE_WIRE_SEED", 0);
        Self {
            what,
            target,
            first,
            every_case,
            next: AtomicU64::new(first),
            exchanges: AtomicU64::new(0),
            began: Instant::now(),
            told: AtomicU64::new(0),
            total: Mutex::new(Total::default()),
        }
    }

    pub(super) fn run(self, play: impl Fn(u64) -> Result<(Trouble, Report), String> + Sync) -> Total {
        thread::scope(|scope| {
            for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
                scope.spawn(|| self.work(&play));
            }
        });
        let exchanges = self.exchanges.load(Ordering::Relaxed);
        assert!(exchanges >= self.target);
        let total = self.total.into_inner().unwrap();
        let (what, first, seeds) = (self.what, self.first, self.next.into_inner() - self.first);
        let (openings, took) = (total.openings, self.began.elapsed());
        println!(
            "{what}: {exchanges} exchanges, {seeds} seeds from {first}, {openings} openings in {took:?}: {:?}",
            total.tally
        );
        total
    }

    fn work(&self, play: &impl Fn(u64) -> Result<(Trouble, Report), String>) {
        loop {
            let seed = self.next.fetch_add(1, Ordering::Relaxed);
            let enough = self.exchanges.load(Ordering::Relaxed) >= self.target;
            if enough && seed >= self.first + self.every_case {
                return;
            }
            let (trouble, report) =
                play(seed).unwrap_or_else(|why| panic!("VESTIBULE_WIRE_SEED={seed}, {}: {why}", self.what));
            let exchanges = self.exchanges.fetch_add(report.exchanges, Ordering::Relaxed) + report.exchanges;
            self.total.lock().unwrap().add(trouble, report);
            self.tell(exchanges);
        }
    }

    /// A run of CI is over before the first line.
    fn tell(&self, exchanges: u64) {
        let turn = self.began.elapsed().as_secs() / PROGRESS.as_secs();
        if self.told.fetch_max(turn, Ordering::Relaxed) < turn {
            eprintln!("{}: {exchanges} of {} exchanges", self.what, self.target);
        }
    }
}

#[test]
fn no_wrong_door_opens_when_the_wire_has_every_trouble() {
    let target = setting("VESTIBULE_WIRE_EXCHANGES", EXCHANGES);
    let total = Work::new("relay boards", target, EVERY_KIND).run(|seed| {
        let (trouble, baud) = (Trouble::of(seed), baud_of(seed));
        let report = play(seed, trouble, baud, SPAN)
            .map_err(|why| format!("{trouble:?}, {} baud: {why}", baud.get()))?;
        Ok((trouble, report))
    });
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
