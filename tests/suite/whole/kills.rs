//! The daemon is killed a hundred times at random moments of deposits and pickups: nothing is lost, doubled or opened.
//!
//! `VESTIBULE_KILLS` sets the count and `VESTIBULE_SEED` the seed; both are printed with what was counted.

mod judge;

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt as _, SeedableRng as _};
use sim_devices::{Address, Baud, Events, Happening};
use vestibule_demo::house::{House, START_PATIENCE};
use vestibule_demo::process::Process;
use vestibule_tests::house::{Building, CARRIER, PATIENCE, Plan};
use vestibule_tests::people::People;

use judge::{Cloud, Contents, Life, Record};

/// Kills of one run, unless the environment says otherwise.
const KILLS: u64 = 100;
/// Longest life after the daemon serves, in milliseconds.
const LIFE_MS: u64 = 2_000;
/// Longest life where it is killed while it starts, in milliseconds.
const START_MS: u64 = 300;
/// One in so many is killed while it starts.
const START_KILLS: u32 = 5;
/// An interrupted deposit keeps its door for staff: with several for each kill there is always another.
const BANKS: u8 = 8;
/// Kills of one building; more are dealt out among several.
const KILLS_A_BUILDING: usize = 25;
/// Fast people: the lock's current ends before they shut the door, the door rests half a second, and a courier may use
/// every door.
const POLICY: &str = "pulse = \"200 ms\"\nrest = \"500 ms\"\nsettle = \"2 s\"\nunscanned_share = 100";

fn plan(seed: u64) -> Plan {
    Plan { seed, baud: Baud::B115200, banks: BANKS, policy: POLICY.to_owned() }
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().unwrap())
}

#[test]
fn nothing_is_lost_doubled_or_opened_when_the_daemon_is_killed_at_random_moments() {
    let kills = usize::try_from(number("VESTIBULE_KILLS", KILLS)).unwrap();
    let seed = number("VESTIBULE_SEED", 1);
    assert!(kills > 0, "VESTIBULE_KILLS must be at least 1");
    for (number, first) in (0..).zip((0..kills).step_by(KILLS_A_BUILDING)) {
        kill_often(seed + number, KILLS_A_BUILDING.min(kills - first));
    }
}

/// One building, killed so often, and judged.
fn kill_often(seed: u64, kills: usize) {
    println!("kills: seed {seed}, {kills} kills");
    let began = Instant::now();
    let mut building = Building::open(plan(seed));
    let auditor = building.ear("cloud", "auditor", &["event/#"]);
    let notices = building.ear("notifier", "notifier", &["notice"]);
    building.house.start_broker().unwrap();
    let units: Vec<String> = (101..=124).map(|unit| unit.to_string()).collect();
    teach(&mut building, &units);
    let mut cloud = Cloud::new(auditor);
    let mut people = People::new(seed, units, notices, building.notifier_secret());
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed ^ 0x6b69_6c6c);
    let mut lives = Vec::new();
    let mut contents = Contents::default();
    let events = building.house.line.subscribe();
    for _ in 0..kills {
        lives.push(one_life(&building.house, &mut people, &events, &mut contents, &mut random));
        cloud.listen();
    }
    building.house.start_daemon().unwrap();
    people.finish(&building.house).unwrap_or_else(|why| panic!("{why}\n{}", all_there_is(&mut building)));
    let record = Record::export(&building.house);
    cloud.wait_for(record.head());
    building.house.ask(&["journal", "verify"]).unwrap();
    record.is_whole();
    cloud.agrees_with(&record);
    judge::every_pulse_was_intended(&building.house, &record);
    judge::no_start_opened_a_door(&building.house, &lives);
    judge::what_is_free_is_empty(&building.house);
    println!(
        "kills: seed {seed}, {kills} kills, {} rows, {} duplicates, {} delivered, {} collected, {} refused, {} pulses, {:.1} s",
        record.head(),
        cloud.duplicates(),
        people.done.delivered,
        people.done.collected,
        people.done.refused,
        building.house.line.energisings().len(),
        began.elapsed().as_secs_f64()
    );
}

/// A first life without a kill: the office says who lives here and who may deliver.
fn teach(building: &mut Building, units: &[String]) {
    building.house.start_daemon().unwrap();
    let mut office = building.office();
    office.wait_online().unwrap();
    let units: Vec<&str> = units.iter().map(String::as_str).collect();
    office.sync(&units, &[CARRIER]).unwrap();
    building.house.kill_daemon();
}

/// What to look at after a failure: the daemon's last words, its newest rows, its doors.
fn all_there_is(building: &mut Building) -> String {
    let told = |arguments: &[&str]| building.house.ask(arguments).unwrap_or_else(|error| error.to_string());
    let (journal, doors) = (told(&["journal"]), told(&["doors"]));
    format!("{}{journal}{doors}", building.house.daemon().map(|daemon| daemon.log()).unwrap_or_default())
}

/// Starts the daemon, lets people come, kills it.
fn one_life(
    house: &House,
    people: &mut People,
    events: &Events,
    contents: &mut Contents,
    random: &mut Xoshiro256PlusPlus,
) -> Life {
    let configuration = house.configuration().to_string_lossy().into_owned();
    let started = house.line.now();
    let mut daemon =
        Process::start("daemon", &house.spec.program, &["run", "--config", &configuration]).unwrap();
    let mut first_key = None;
    if random.random_ratio(1, START_KILLS) {
        pause(&house.line.subscribe(), random.random_range(0..START_MS));
        daemon.kill();
    } else {
        daemon
            .wait_for("that it serves", START_PATIENCE, |line| line.contains("building is served"))
            .unwrap();
        first_key = thread::scope(|scope| {
            let visits = scope.spawn(|| people.live(house));
            pause(&house.line.subscribe(), random.random_range(0..LIFE_MS));
            daemon.kill();
            visits.join().unwrap()
        });
    }
    let first_served = fall_silent(house, events, contents);
    assert!(!daemon.said().iter().any(|line| line.contains("ERROR")), "{}", daemon.log());
    Life { started, first_key, ended: house.line.now(), first_served }
}

/// Waits a random while: the line is never silent for long, so that time is all that ends this.
fn pause(events: &Events, millis: u64) {
    let until = Instant::now() + Duration::from_millis(millis);
    while events.next(until.saturating_duration_since(Instant::now())).is_some() {}
}

/// Waits until the dead daemon's last order is over; what each device was asked first in this life. A line that a busy machine
/// held up hears two requests as one frame, or one of them never: after that, what comes first says nothing.
fn fall_silent(house: &House, events: &Events, contents: &mut Contents) -> BTreeMap<Address, u8> {
    house.line.wait_silent(PATIENCE).unwrap();
    let mut first = BTreeMap::new();
    let mut all_heard = true;
    while let Some(event) = events.try_next() {
        match event.what {
            Happening::Served { address, function } if all_heard => {
                first.entry(address).or_insert(function);
            }
            Happening::Garbled { .. } | Happening::WrongBaud { .. } => all_heard = false,
            other => contents.follow(&other),
        }
    }
    assert_eq!(events.lost(), 0, "the test fell behind the line");
    first
}
