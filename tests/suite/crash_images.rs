//! A power cut at every write: whatever part of the last writes reached the disk, nothing that was promised is lost.
//!
//! The product's engine runs a scenario once on a disk that writes down every operation, and what the engine lets out is
//! written down between them: an engine that acts before its commit fails here. Then, for the moment before each sync, images are
//! made with none, all, each single one, prefixes, torn sectors and random subsets of what was not synced; each is opened
//! by the real store and judged. `VESTIBULE_CRASH_IMAGES` asks for more, `VESTIBULE_CRASH_SEED` repeats a run.

#[path = "crash/choices.rs"]
mod choices;
#[path = "crash/clerk.rs"]
mod clerk;
#[path = "crash/content.rs"]
mod content;
#[path = "crash/day.rs"]
mod day;
#[path = "crash/disk.rs"]
mod disk;
#[path = "crash/house.rs"]
mod house;
#[path = "crash/judge.rs"]
mod judge;
#[path = "crash/window.rs"]
mod window;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use vestibule_core::row::{Row, RowKey};
use vestibule_store::{Batch, DATABASE, Origin, SET_ASIDE};

use choices::choices;
use clerk::Story;
use content::Content;
use disk::{Disk, Names};
use judge::{Depth, acts_rightly, judge};
use window::{Choice, Window};

/// Images of the day that a run makes at least.
const IMAGES: usize = 100_000;
/// One image in this many has its whole chain read.
const WHOLE_CHAIN: usize = 100;
/// One image in this many is cut again while it recovers.
const CUT_AGAIN: usize = 400;
/// Images of one cut recovery.
const RECOVERY_IMAGES: usize = 24;

fn setting(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[derive(Default)]
struct Count {
    images: AtomicUsize,
    recoveries: AtomicUsize,
}

#[test]
fn nothing_promised_is_lost_when_the_power_fails_at_any_write_of_a_day() {
    let images = setting("VESTIBULE_CRASH_IMAGES", IMAGES);
    let seed = setting("VESTIBULE_CRASH_SEED", 1);
    let story = day::day();
    (0..story.moments.len()).for_each(|moment| acts_rightly(&story, moment));
    let windows = Window::start(Names::new(), Vec::new()).all(&story.log);
    let wide = windows.iter().filter(|window| window.unsynced() > 1).count();
    let each = images / wide + 1;
    let count = Count::default();
    let next = AtomicUsize::new(0);
    let started = Instant::now();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(window) = windows.get(next.fetch_add(1, Ordering::SeqCst)) {
                    cut(&story, window, each, seed, &count);
                }
            });
        }
    });
    let seconds = started.elapsed().as_secs_f64();
    let (made, again) = (count.images.into_inner(), count.recoveries.into_inner());
    let rate = f64::from(u32::try_from(made + again).unwrap()) / seconds;
    println!(
        "{made} images of {} windows and {} commits, {again} images of cut recoveries: {rate:.0} a second, {seconds:.0} s, seed {seed}",
        windows.len(),
        story.moments.len() - 1,
    );
    assert!(made >= images, "the scenario has too few writes");
    assert!(again > 0);
}

/// Every image of one window.
fn cut(story: &Story, window: &Window, each: usize, seed: usize, count: &Count) {
    for choice in choices(window, each, u64::try_from(seed).unwrap()) {
        let number = count.images.fetch_add(1, Ordering::SeqCst);
        let depth = if number.is_multiple_of(WHOLE_CHAIN) { Depth::Whole } else { Depth::Newest };
        let result = catch_unwind(AssertUnwindSafe(|| {
            if number % CUT_AGAIN == 1 {
                let made = cut_again(story, window, &choice, seed);
                count.recoveries.fetch_add(made, Ordering::SeqCst);
            } else {
                judge(story, &window.known, &window.image(&choice), depth);
            }
        }));
        // What failed was printed above; this says where, so that it can be repeated.
        assert!(result.is_ok(), "seed {seed}, before operation {}, {choice}", window.at);
    }
}

/// Recovers an image on a recording disk, commits once more, and cuts that at every write too.
fn cut_again(story: &Story, window: &Window, choice: &Choice, seed: usize) -> usize {
    let disk = window.image(choice);
    let (names, files) = disk.state();
    disk.record();
    let (mut store, shown) = judge(story, &window.known, &disk, Depth::Newest);
    let recovered = disk.take_log();
    let mut made = 0;
    for mut again in Window::start(names, files).all(&recovered) {
        again.known = window.known.clone();
        for choice in choices(&again, RECOVERY_IMAGES, u64::try_from(seed).unwrap()) {
            let (_, later) = judge(story, &again.known, &again.image(&choice), Depth::Newest);
            assert!(later == shown || window.known.committed == 0, "a recovery decides once and for all");
            made += 1;
        }
    }
    let rows = vec![(RowKey::Budget, Some(Row::Budget(Default::default())))];
    store
        .commit(Batch { rows, events: Vec::new() }, vestibule_core::time::Mono(0))
        .expect("the image is written again");
    made
}

#[test]
fn damaged_file_is_kept_when_the_power_fails_while_it_is_replaced() {
    let rubbish = Content::new(&b"rubbish".repeat(1_000));
    let names: Names = [(DATABASE.to_owned(), 0)].into();
    let disk = Disk::holding(names.clone(), vec![rubbish.clone()]);
    disk.record();
    drop(clerk::open(&disk, 1));
    let log = disk.take_log();
    let mut images = 0;
    for window in Window::start(names, vec![rubbish.clone()]).all(&log) {
        for choice in choices(&window, 200, 1) {
            let disk = window.image(&choice);
            let (_, loaded) = clerk::open(&disk, 2);
            assert!(matches!(loaded.origin, Origin::Renewed { .. }), "{:?}", loaded.origin);
            let (names, _) = disk.state();
            let kept = names.keys().filter(|name| name.starts_with(SET_ASIDE));
            assert!(
                kept.clone().any(|name| disk.content(name).unwrap().bytes() == rubbish.bytes()),
                "the evidence is kept"
            );
            images += 1;
        }
    }
    assert!(images > 200, "{images}");
}
