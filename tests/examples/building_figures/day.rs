//! A hundred parcels in a building of four full lines: memory of both processes, flash written, and the processor's time,
//! busy and idle.

use std::fs;
use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::Value;
use sim_devices::{Address, Baud, DeviceSpec, InputCount, LineSpec, Model, PtyLine, PtySpec, ServedBy};
use vestibule_demo::house::House;
use vestibule_demo::summary::pss_kb;
use vestibule_tests::house::Plan;
use vestibule_tests::served::{ServedBuilding, UNITS};

use super::table::row;

const PARCELS: u32 = 100;
const POLLS: u64 = 100_000;
/// Lines besides the one with the doors, each with 32 input boards.
const LINES: u8 = 3;
/// Banks on that one: two boards each and a probe make 31.
const BANKS: u8 = 15;
const BAUD: Baud = Baud::B115200;
/// Shorter rests than a house's: they change neither what is written nor what is kept.
const POLICY: &str = "rest = \"500 ms\"\nsettle = \"2 s\"";
/// Rests of the last pickup end within this.
const QUIET: Duration = Duration::from_secs(30);
/// How long the processor's time is taken while nobody comes.
const IDLE: Duration = Duration::from_secs(120);
const PSS_LIMIT_KB: u32 = 16_000;
const FLASH_LIMIT_KB: u32 = 350;
/// Flash of a day of a hundred parcels, in MB.
const DAY_LIMIT_MB: f64 = 50.0;

pub(crate) fn measure() {
    let plan = Plan { baud: BAUD, banks: BANKS, policy: POLICY.to_owned(), ..Plan::small(95) };
    let mut lines = Vec::new();
    let mut building = ServedBuilding::open_with(plan, |house| {
        lines = (2..2 + LINES).map(|number| line(house, number)).collect();
        Vec::new()
    });
    let processes = [building.house.daemon().map(|p| p.id()), building.house.broker().map(|p| p.id())];
    let [daemon, broker] = processes.map(|id| id.expect("a process"));
    let before = (written_kb(daemon), Instant::now());
    for _ in 0..PARCELS {
        let (_, code) = building.deposit(UNITS[0]);
        building.pickup(&code);
    }
    wait_for_polls(&building.house);
    let flash = written_kb(daemon) - before.0;
    let spent = before.1.elapsed();
    memory(daemon, broker);
    let parcel = flash / PARCELS;
    row(
        "flash written by the daemon, a parcel (brought, told, fetched)",
        &format!("{parcel} kB"),
        &format!("limit {FLASH_LIMIT_KB} kB"),
        f64::from(parcel) / f64::from(FLASH_LIMIT_KB),
    );
    wait_until_quiet(&building.house);
    idle(daemon, broker, parcel);
    println!("  (100 parcels took {:.0} s beside {POLLS} polls)", spent.as_secs_f64());
}

fn memory(daemon: u32, broker: u32) {
    let [daemon, broker] =
        [daemon, broker].map(|id| pss_kb(id).and_then(|kb| u32::try_from(kb).ok()).unwrap_or(0));
    row(
        "PSS of daemon and broker, 4 lines, 127 boards, 100 parcels, 10^5 polls",
        &format!("{}.{} MB", (daemon + broker) / 1_000, (daemon + broker) % 1_000 / 100),
        &format!("limit 16 MB (daemon {daemon} kB, broker {broker} kB)"),
        f64::from(daemon + broker) / f64::from(PSS_LIMIT_KB),
    );
}

fn idle(daemon: u32, broker: u32, parcel_kb: u32) {
    let (before, flash) = ([daemon, broker].map(cpu_ticks), written_kb(daemon));
    rest(IDLE);
    let after = [daemon, broker].map(cpu_ticks);
    let per_second = f64::from(u32::try_from(rustix::param::clock_ticks_per_second()).unwrap_or(100));
    let share = |now: u32, then: u32| f64::from(now - then) / per_second / IDLE.as_secs_f64() * 100.0;
    let [daemon_share, broker_share] = [share(after[0], before[0]), share(after[1], before[1])];
    row(
        "processor while nobody comes: four lines polled at their full speed",
        &format!("{:.1} %", daemon_share + broker_share),
        &format!("one core (daemon {daemon_share:.1} %, broker {broker_share:.1} %)"),
        (daemon_share + broker_share) / 100.0,
    );
    let idle_mb = f64::from(written_kb(daemon) - flash) / 1_000.0 * (86_400.0 / IDLE.as_secs_f64());
    let day = idle_mb + f64::from(parcel_kb) * f64::from(PARCELS) / 1_000.0;
    row(
        "flash of a day of 100 parcels: theirs, and what is written at rest",
        &format!("{day:.0} MB"),
        &format!("limit 50 MB ({idle_mb:.1} MB of it at rest)"),
        day / DAY_LIMIT_MB,
    );
}

/// A line of 32 input boards, in the simulation and in the building's configuration.
fn line(house: &House, number: u8) -> PtyLine {
    let boards = (1..=32).filter_map(Address::new);
    let devices = boards.map(|address| DeviceSpec::new(address, Model::Inputs(InputCount::Eight))).collect();
    let spec = LineSpec { baud: BAUD, devices, doors: Vec::new(), faults: Vec::new() };
    let path = house.spec.folder.join(format!("rs485-{number}"));
    let line = PtySpec { line: spec, path: path.clone(), served_by: ServedBy::Simulators };
    let line = PtyLine::start(&line, u64::from(number)).expect("a line");
    let mut text = format!(
        "\n[[line]]\nid = \"rs485-{number}\"\nport = {path:?}\nbaud = {}\nprotocol = \"modbus-rtu\"\n",
        BAUD.get()
    );
    for address in 1..=32 {
        text += &format!(
            "[[device]]\nid = \"inputs-{number}-{address}\"\nline = \"rs485-{number}\"\naddress = {address}\n\
             model = \"discrete-inputs-8\"\n"
        );
    }
    append(&house.configuration(), &text);
    line
}

fn append(path: &Path, text: &str) {
    let all = fs::read_to_string(path).expect("the configuration") + text;
    fs::write(path, all).expect("the configuration");
}

fn wait_for_polls(house: &House) {
    loop {
        let status = status(house);
        let lines = status["field"]["lines"].as_object().expect("lines");
        let polls: u64 = lines.values().filter_map(|line| line["transactions"].as_u64()).sum();
        if polls >= POLLS {
            return;
        }
        rest(Duration::from_secs(1));
    }
}

/// What the last parcel left to be written is written when no commit follows for a while.
fn wait_until_quiet(house: &House) {
    let commits = || status(house)["gateway"]["counters"]["commits"].as_u64().expect("commits");
    let mut last = commits();
    loop {
        rest(QUIET);
        let now = commits();
        if now == last {
            return;
        }
        last = now;
    }
}

fn status(house: &House) -> Value {
    serde_json::from_str(&house.ask(&["status", "--json"]).expect("the status")).expect("JSON")
}

/// Nothing is waited for but time itself.
fn rest(span: Duration) {
    let (_nobody, never) = mpsc::channel::<()>();
    never.recv_timeout(span).ok();
}

/// What the process had written to the disk, as the kernel counts it, in kB.
fn written_kb(process: u32) -> u32 {
    let text = fs::read_to_string(format!("/proc/{process}/io")).expect("what a process has written");
    let bytes = text.lines().find_map(|line| line.strip_prefix("write_bytes: ")).expect("write_bytes");
    u32::try_from(bytes.parse::<u64>().expect("a number") / 1_000).expect("less than 4 TB")
}

/// User and system time in clock ticks: the 12th and 13th field after the name.
fn cpu_ticks(process: u32) -> u32 {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).expect("a process");
    let (_, after) = text.rsplit_once(')').expect("a name in parentheses");
    after.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u32>().ok()).sum()
}
