//! From starting the process to the first door poll that a board answered, with an empty journal and with a million rows.

use std::time::{Duration, Instant};

use sim_devices::Happening;
use vestibule_demo::house::House;
use vestibule_tests::house::{Building, PATIENCE, Plan};

use super::journal::fill;
use super::table::{median, row};

/// Just below the number of rows at which the oldest go.
const ROWS: u64 = 999_000;
const STARTS: usize = 7;
/// What a start may take beyond the set-up writes on the wire, in milliseconds.
const LIMIT: f64 = 500.0;
/// Modbus function of a door poll: read discrete inputs.
const READ_DISCRETE_INPUTS: u8 = 2;

/// A start: until the first answered door poll, and until the first exchange of any kind.
struct Started {
    door: f64,
    wire: f64,
}

pub(crate) fn measure() {
    let Building { mut house, cloud, folder: _folder, .. } = Building::open(Plan::small(81));
    // The first start makes the database.
    start(&mut house);
    let empty = starts(&mut house);
    fill(&house.state(), ROWS);
    let full = starts(&mut house);
    drop(cloud);
    let beyond = full.door - full.wire;
    row(
        "start to the first answered door poll, 999,000 journal rows",
        &format!("{:.0} ms", full.door),
        &format!("limit 500 ms and {:.0} ms of set-up on the wire", full.wire),
        beyond / LIMIT,
    );
    row(
        "  the same beside an empty journal",
        &format!("{:.0} ms", full.door),
        &format!("{:.0} ms", empty.door),
        full.door / empty.door,
    );
}

fn starts(house: &mut House) -> Started {
    let all: Vec<Started> = (0..STARTS).map(|_| start(house)).collect();
    let [door, wire] = [|one: &Started| one.door, |one: &Started| one.wire]
        .map(|part| median(all.iter().map(part).collect()));
    Started { door, wire }
}

fn start(house: &mut House) -> Started {
    house.line.wait_silent(PATIENCE).expect("a line that rests");
    let events = house.line.subscribe();
    let begun = Instant::now();
    house.start_daemon().expect("the daemon");
    let mut first = None;
    let served = events.wait_for(PATIENCE, |event| {
        let Happening::Served { function, .. } = event.what else { return None };
        first.get_or_insert(event.at);
        (function == READ_DISCRETE_INPUTS).then_some(event.at)
    });
    let served = house.line.instant(served.expect("a door poll"));
    let first = house.line.instant(first.expect("an exchange"));
    house.kill_daemon();
    let millis = |span: Duration| span.as_secs_f64() * 1_000.0;
    Started { door: millis(served - begun), wire: millis(served - first) }
}
