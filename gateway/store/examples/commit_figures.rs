//! Prints what a decision costs on this machine's disk: alone and in groups, beside the raw fdatasync.
//!
//! `cargo run --release -p vestibule-store --example commit_figures [folder]`; the folder (default: a temporary one in the
//! current folder) says which disk is measured. All times are medians.

#![allow(clippy::print_stdout, reason = "an example's output is its purpose")]

use std::error::Error;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use vestibule_contract::identity::BootId;
use vestibule_core::command::Actor;
use vestibule_core::compartment::Use;
use vestibule_core::effect::Purpose;
use vestibule_core::event::{Event, Fact};
use vestibule_core::id::{BuildingId, CompartmentId, DeviceId, Serial, UnlockId};
use vestibule_core::input::Entropy;
use vestibule_core::row::{CompartmentRow, Row, RowKey, UnlockRow};
use vestibule_core::site::PhysicalLock;
use vestibule_core::time::{ClockTrust, Mono, Timestamp};
use vestibule_store::{Batch, Folder, Opening, Store};

/// Rounds of each measurement; odd, so that the median is one of them.
const ROUNDS: usize = 201;
/// Rounds of the larger groups, which take longer.
const GROUP_ROUNDS: usize = 21;
/// Pages that a lone commit writes before its first fdatasync (45 kB); one header follows before its second.
const PAGES: u64 = 11;
/// Distance of the raw measurement's pages: a tree's changed pages do not lie together.
const SCATTER: u64 = 16;
/// Bytes of a page.
const PAGE: [u8; 4096] = [0x5a; 4096];

type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    let folder = match std::env::args().nth(1) {
        Some(folder) => tempfile::tempdir_in(folder)?,
        None => tempfile::tempdir_in(".")?,
    };
    let raw = floor(folder.path(), &[1])?;
    println!("raw fdatasync of one written page      {}", show(raw));
    let floor = floor(folder.path(), &[PAGES, 1])?;
    println!("raw: {PAGES} pages, fdatasync, 1, fdatasync  {}", show(floor));

    let mut bench = Bench::open(folder.path())?;
    let bytes = bytes_written()?;
    let lone = bench.rounds(1, ROUNDS)?;
    let rounds = u64::try_from(ROUNDS)?;
    let written = bytes_written()?.zip(bytes).map(|(after, before)| (after - before) / rounds);
    println!("one decision alone                     {}   {} fdatasyncs", show(lone), ratio(lone, raw));
    let beyond = lone.saturating_sub(floor);
    println!("  beyond the same raw fdatasyncs       {}", show(beyond));
    let (what, beside) = ("one decision alone, beyond the same raw fdatasyncs", "limit 0.4 ms");
    let ratio = beyond.as_secs_f64() / 0.000_4;
    println!("| {what:<66} | {:>14} | {beside:<52} | {ratio:>6.2} |", show(beyond).trim());
    match written {
        Some(bytes) => println!("  bytes handed to the disk             {:.1} kB", kilo(bytes)),
        None => println!("  bytes handed to the disk             not told by this system (/proc/self/io)"),
    }
    for size in [100_u32, 1_000] {
        let group = bench.rounds(size, GROUP_ROUNDS)?;
        let each = group / size;
        let rate = 1.0 / each.as_secs_f64();
        println!("one decision in a group of {size:<5}       {}   {rate:.0} a second", show(each));
        let what = format!("decisions a second, durable, in groups of {size}");
        let (rate, ratio) = (format!("{rate:.0} /s"), 10_000.0 / rate);
        println!("| {what:<66} | {rate:>14} | {:<52} | {ratio:>6.2} |", "target 10,000 /s");
    }
    println!("reading the state and journal's end    {}", show(bench.reopen(folder.path())?));
    Ok(())
}

struct Bench {
    store: Option<Store>,
    number: u32,
}

fn open(folder: &Path) -> Result<Store, Failure> {
    let opening = Opening {
        building: BuildingId::new("maple-court")?,
        entropy: Entropy([7; 32]),
        now: Timestamp(1_772_366_400_000),
    };
    let (mut store, _) = Store::open(Box::new(Folder::new(folder)), opening)?;
    store.begin_boot(1, BootId([1; 16]));
    Ok(store)
}

impl Bench {
    fn open(folder: &Path) -> Result<Self, Failure> {
        Ok(Self { store: Some(open(folder)?), number: 0 })
    }

    /// Median time of a commit of so many decisions.
    fn rounds(&mut self, decisions: u32, rounds: usize) -> Result<Duration, Failure> {
        let mut times = Vec::new();
        for _ in 0..rounds {
            let mut batch = Batch::default();
            for _ in 0..decisions {
                self.number += 1;
                batch.extend(decision(self.number)?);
            }
            let store = self.store.as_mut().ok_or("the store is closed")?;
            let started = Instant::now();
            store.commit(batch, Mono(0))?;
            times.push(started.elapsed());
        }
        Ok(median(times))
    }

    /// Time of one opening of the file as it is now.
    fn reopen(&mut self, folder: &Path) -> Result<Duration, Failure> {
        self.store = None;
        let started = Instant::now();
        self.store = Some(open(folder)?);
        Ok(started.elapsed())
    }
}

/// What a decision to open a door changes: two state rows and one journal row.
fn decision(number: u32) -> Result<Batch, Failure> {
    let at = Timestamp(1_772_366_400_000);
    let unlock = UnlockId(Serial { boot: 1, number });
    let compartment = CompartmentId::new(&format!("a-{}", number % 96))?;
    let lock = PhysicalLock { device: DeviceId::new("bank-a-locks")?, output: 7 };
    let purpose = Purpose::Pickup;
    let usage = CompartmentRow { usage: Use::Free, since: at, wear: number };
    let intent = UnlockRow { compartment: compartment.clone(), purpose, command: None };
    let fact = Fact::UnlockIntended { unlock, compartment: compartment.clone(), lock, purpose };
    let event =
        Event { at, trust: ClockTrust::Synchronised, actor: Actor::Gateway, cause: None, reason: None, fact };
    Ok(Batch {
        rows: vec![
            (RowKey::Compartment(compartment), Some(Row::Compartment(usage))),
            (RowKey::Unlock(unlock), Some(Row::Unlock(intent))),
            // The intents of a building do not pile up: each ends before long.
            (RowKey::Unlock(UnlockId(Serial { boot: 1, number: number.saturating_sub(8) })), None),
        ],
        events: vec![event],
    })
}

/// The floor of a commit: so many pages scattered over a file, then an fdatasync, for each step.
fn floor(folder: &Path, steps: &[u64]) -> Result<Duration, Failure> {
    let file = File::create(folder.join("raw"))?;
    for page in 0..SCATTER * PAGES {
        file.write_all_at(&PAGE, page * 4_096)?;
    }
    file.sync_all()?;
    let mut times = Vec::new();
    for round in 0..ROUNDS {
        let started = Instant::now();
        for pages in steps {
            for page in 0..*pages {
                // In place, as most writes of a commit: no new length has to be recorded.
                let at = page * SCATTER + u64::try_from(round)? % SCATTER;
                file.write_all_at(&PAGE, at * 4_096)?;
            }
            file.sync_data()?;
        }
        times.push(started.elapsed());
    }
    Ok(median(times))
}

/// Bytes this process handed to write calls, as the kernel counts them.
fn bytes_written() -> Result<Option<u64>, Failure> {
    let mut text = String::new();
    if File::open("/proc/self/io").and_then(|mut file| file.read_to_string(&mut text)).is_err() {
        return Ok(None);
    }
    let line = text.lines().find_map(|line| line.strip_prefix("wchar: "));
    Ok(line.map(str::parse).transpose()?)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn show(time: Duration) -> String {
    format!("{:>9.3} ms", time.as_secs_f64() * 1_000.0)
}

fn ratio(time: Duration, unit: Duration) -> String {
    format!("= {:.1}", time.as_secs_f64() / unit.as_secs_f64())
}

fn kilo(bytes: u64) -> f64 {
    u32::try_from(bytes).map_or(f64::INFINITY, f64::from) / 1_000.0
}
