//! Seeds played on all cores until there were enough exchanges.
//!
//! `VESTIBULE_WIRE_EXCHANGES=1000000000` asks for more of them; `VESTIBULE_WIRE_SEED=17` begins with that seed, so that a
//! failure's seed comes first.

use std::env;
use std::ops::AddAssign;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Exchanges of one CI run over relay boards and lock boards (reliability.md, "How it is proven").
const EXCHANGES: u64 = 10_000_000;
/// Time between two lines of progress of a long run.
const PROGRESS: Duration = Duration::from_secs(30);

/// A number from the environment.
pub fn setting(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text}: no number")))
}

/// What is to be played.
pub struct Work {
    what: String,
    /// Exchanges that are enough.
    target: u64,
    /// Seeds that are played in any case.
    seeds: u64,
    first: u64,
    next: AtomicU64,
    exchanges: AtomicU64,
    began: Instant,
    told: AtomicU64,
}

impl Work {
    /// `percent` of the exchanges that are asked for, and at least `seeds` seeds.
    pub fn new(what: &str, percent: u64, seeds: u64) -> Self {
        let first = setting("VESTIBULE_WIRE_SEED", 0);
        Self {
            what: what.to_owned(),
            target: setting("VESTIBULE_WIRE_EXCHANGES", EXCHANGES) / 100 * percent,
            seeds,
            first,
            next: AtomicU64::new(first),
            exchanges: AtomicU64::new(0),
            began: Instant::now(),
            told: AtomicU64::new(0),
        }
    }

    /// Adds up what seeds came to; `play` says how many exchanges that were.
    pub fn run<R, T: Default + AddAssign<R> + Send>(
        self,
        play: impl Fn(u64) -> Result<(u64, R), String> + Sync,
    ) -> T {
        let total = Mutex::new(T::default());
        thread::scope(|scope| {
            for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
                scope.spawn(|| self.work(&play, &total));
            }
        });
        let (exchanges, took) = (self.exchanges.load(Ordering::Relaxed), self.began.elapsed());
        assert!(exchanges >= self.target);
        let (what, first, seeds) = (self.what, self.first, self.next.into_inner() - self.first);
        println!("{what}: {exchanges} exchanges, {seeds} seeds from {first} in {took:?}");
        total.into_inner().unwrap()
    }

    fn work<R, T: AddAssign<R>>(&self, play: &impl Fn(u64) -> Result<(u64, R), String>, total: &Mutex<T>) {
        loop {
            let seed = self.next.fetch_add(1, Ordering::Relaxed);
            let enough = self.exchanges.load(Ordering::Relaxed) >= self.target;
            if enough && seed >= self.first + self.seeds {
                return;
            }
            let (exchanges, report) =
                play(seed).unwrap_or_else(|why| panic!("VESTIBULE_WIRE_SEED={seed}, {}: {why}", self.what));
            let exchanges = self.exchanges.fetch_add(exchanges, Ordering::Relaxed) + exchanges;
            *total.lock().unwrap() += report;
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
