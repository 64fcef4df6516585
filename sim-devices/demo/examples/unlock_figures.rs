//! How long an unlock takes: from the last key at the daemon's socket to the pulse's last byte at the board, under full
//! polling, beside what the wire alone may cost and the commits of the same run.
#![allow(clippy::print_stdout, reason = "it prints figures")]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use sim_devices::{Baud, Cause, Person, ServedBy};
use vestibule_contract::notice::NotifierSecret;
use vestibule_demo::cloud::{Notifier, Office};
use vestibule_demo::house::{House, HouseError, HouseSpec, TERMINAL, free_port};
use vestibule_demo::story::{CARRIER, UNITS};
use vestibule_demo::summary::{pss_kb, wire_limit};
use vestibule_demo::terminal::Terminal;

/// Openings a rate; the same code reopens its door within the grace period.
const OPENINGS: usize = 60;
/// How many of the slowest are told one by one.
const SLOWEST: usize = 4;
/// The door stays open for so long after the parcel is out: a line gives a lock no second pulse before the first is over
/// and 1 s has passed, and that wait is nobody's latency.
const OPEN_FOR: Duration = Duration::from_millis(800);
const PATIENCE: Duration = Duration::from_secs(30);
/// Shorter rests than a house's, and time for all openings with one code: they lie outside what is measured. So does the
/// pulse, which is short because a lock that is opened 60 times in two minutes would have to cool.
const POLICY: &str = "rest = \"500 ms\"\nsettle = \"2 s\"\npickup_grace = \"10 min\"\npulse = \"100 ms\"";

fn main() -> ExitCode {
    for baud in [Baud::B9600, Baud::B115200] {
        if let Err(error) = measure(baud) {
            println!("unlock figures failed: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn measure(baud: Baud) -> Result<(), HouseError> {
    let folder = tempfile::tempdir().map_err(|error| HouseError::Story(error.to_string()))?;
    let port = free_port()?;
    let (secret, key) = NotifierSecret::generate(&[7; 32]);
    let spec = HouseSpec {
        program: program()?,
        folder: folder.path().to_owned(),
        baud,
        served_by: ServedBy::Simulators,
        seed: 1,
        cloud_port: Some(port),
        policy: POLICY.to_owned(),
    };
    let mut house = House::build(spec, key.to_bytes())?;
    let _cloud = house.start_cloud(port)?;
    house.start_broker()?;
    // Its log tells each commit with its moment.
    house.start_daemon_under(&["env", "VESTIBULE_LOG=info,vestibule::engine=debug"])?;
    let code = deposit(&house, port, secret)?;
    let openings = openings(&mut house, &code)?;
    report(&mut house, &openings);
    Ok(())
}

/// One parcel, and the code of its notice.
fn deposit(house: &House, port: u16, secret: NotifierSecret) -> Result<String, HouseError> {
    let mut office = Office::open(house, port)?;
    let notifier = Notifier::open(house, port, secret)?;
    office.wait_online()?;
    office.sync(&UNITS, &[CARRIER])?;
    house.wait_boards()?;
    house
        .line
        .with(|sim| sim.plant_mut().stand_at_every_door(&Person::depositing(Duration::from_millis(50))));
    let mut terminal = Terminal::sit_down(&house.socket(), TERMINAL)?;
    terminal.wait_for(&["welcome"], PATIENCE)?;
    terminal.type_text(CARRIER.1)?;
    terminal.wait_for(&["ask_recipient"], PATIENCE)?;
    terminal.type_text("4b")?;
    terminal.wait_for(&["confirm_recipient"], PATIENCE)?;
    terminal.press("ok")?;
    terminal.wait_for(&["ask_size"], PATIENCE)?;
    terminal.type_text("1")?;
    terminal.wait_for(&["delivered"], PATIENCE)?;
    terminal.press("cancel")?;
    let notice = notifier.next(PATIENCE)?;
    let code = notice.code.clone().ok_or_else(|| HouseError::Story("a notice without a code".to_owned()))?;
    Ok(code.chars().filter(char::is_ascii_digit).collect())
}

/// One opening.
struct Opening {
    /// From the last key to the pulse's last byte at the board.
    latency: Duration,
    /// The commit that the pulse waited for: the last one that began in that time.
    commit: Duration,
    /// What was left of the commit that was under way when the key came.
    before: Duration,
}

/// The resident opens the door again and again with the same code.
fn openings(house: &mut House, code: &str) -> Result<Vec<Opening>, HouseError> {
    house.line.with(|sim| sim.plant_mut().stand_at_every_door(&Person::collecting(OPEN_FOR)));
    let mut openings = Vec::new();
    for _ in 0..OPENINGS {
        let mut terminal = Terminal::sit_down(&house.socket(), TERMINAL)?;
        terminal.wait_for(&["welcome"], PATIENCE)?;
        let before = house.line.energisings().len();
        let keyed = terminal.type_text(code)?;
        terminal.wait_for(&["opening"], PATIENCE)?;
        terminal.wait_for(&["collected"], PATIENCE)?;
        if let Some(Cause::Request { heard }) = house.line.energisings().get(before).map(|one| one.cause) {
            let latency = house.line.instant(heard).saturating_duration_since(keyed);
            let pulsed = house.line.monotonic_micros(heard);
            let key = pulsed.saturating_sub(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX));
            let (commit, before) =
                commits(&house.daemon().map(|daemon| daemon.said()).unwrap_or_default(), key, pulsed);
            openings.push(Opening { latency, commit, before });
        }
        terminal.press("cancel")?;
        terminal.wait_for(&["welcome"], PATIENCE)?;
    }
    Ok(openings)
}

/// What the daemon's log says of commits between a key and its pulse: the pulse's own, and the rest of one before it.
fn commits(log: &[String], key: u64, pulsed: u64) -> (Duration, Duration) {
    let number = |line: &str, name: &str| -> Option<u64> {
        let (_, after) = line.split_once(name)?;
        after.split_whitespace().next()?.parse().ok()
    };
    let all = log.iter().filter(|line| line.contains("rows are durable"));
    let spans = all.filter_map(|line| Some((number(line, "began=")?, number(line, "micros=")?)));
    let (mut own, mut before) = (0, 0);
    for (began, micros) in spans {
        if began >= key && began <= pulsed {
            own = micros;
        } else if began < key && began + micros > key {
            before = began + micros - key;
        }
    }
    (Duration::from_micros(own), Duration::from_micros(before))
}

fn report(house: &mut House, openings: &[Opening]) {
    let baud = house.spec.baud.get();
    let limit = wire_limit(baud);
    let latency = Quantiles::of(openings.iter().map(|one| one.latency));
    let commit = Quantiles::of(openings.iter().map(|one| one.commit));
    let before = Quantiles::of(openings.iter().map(|one| one.before));
    // Each opening against its own commit: the sum of two 99th percentiles would flatter.
    let rest = Quantiles::of(openings.iter().map(|one| one.latency.saturating_sub(one.commit)));
    let alone = Quantiles::of(openings.iter().map(|one| one.latency.saturating_sub(one.commit + one.before)));
    println!(
        "unlock at {baud} baud, full polling, {} openings: p50 {} p99 {}",
        openings.len(),
        ms(latency.p50),
        ms(latency.p99)
    );
    println!("  its commit:                     p50 {} p99 {}", ms(commit.p50), ms(commit.p99));
    println!("  rest of a commit before it:     p50 {} p99 {}", ms(before.p50), ms(before.p99));
    println!("  without its commit:             p50 {} p99 {}", ms(rest.p50), ms(rest.p99));
    println!("  without either:                 p50 {} p99 {}", ms(alone.p50), ms(alone.p99));
    let mut slowest: Vec<_> = openings.iter().enumerate().collect();
    slowest.sort_by_key(|(_, one)| std::cmp::Reverse(one.latency));
    for (at, one) in slowest.into_iter().take(SLOWEST) {
        println!("  number {:>2}: {}, {} of them its commit", at + 1, ms(one.latency), ms(one.commit));
    }
    let beyond = alone.p99.saturating_sub(limit);
    let what = format!("unlock at {baud} baud: p99 beyond wire and commits");
    let beside = format!("target 2 ms (p99 {}, the wire alone at most {})", ms(latency.p99), ms(limit));
    let ratio = beyond.as_secs_f64() / 0.002;
    println!("| {what:<66} | {:>14} | {beside:<52} | {ratio:>6.2} |", ms(beyond));
    let ids = [("daemon", house.daemon().map(|p| p.id())), ("broker", house.broker().map(|p| p.id()))];
    for (name, kb) in ids.into_iter().filter_map(|(name, id)| Some((name, pss_kb(id?)?))) {
        println!("memory of the {name} after it (PSS): {}.{} MB", kb / 1_000, kb % 1_000 / 100);
    }
}

struct Quantiles {
    p50: Duration,
    p99: Duration,
}

impl Quantiles {
    fn of(spans: impl Iterator<Item = Duration>) -> Self {
        let mut spans: Vec<Duration> = spans.collect();
        spans.sort_unstable();
        let at = |per_mille: usize| {
            spans.get((spans.len() * per_mille / 1_000).min(spans.len().saturating_sub(1)))
        };
        let [p50, p99] = [500, 990].map(|q| at(q).copied().unwrap_or_default());
        Self { p50, p99 }
    }
}

fn ms(span: Duration) -> String {
    format!("{:.1} ms", span.as_secs_f64() * 1_000.0)
}

/// The daemon of the same profile: two folders above an example.
fn program() -> Result<PathBuf, HouseError> {
    let own = std::env::current_exe().map_err(|error| HouseError::Story(error.to_string()))?;
    let found = own.parent().and_then(|examples| examples.parent()).map(|profile| profile.join("vestibule"));
    found
        .filter(|path| path.exists())
        .ok_or_else(|| HouseError::Story("run `cargo build --release --workspace --bins` first".to_owned()))
}
