//! `device scan` and `device identify` on lines of dedicated lock boards, with the daemon stopped.

use std::thread;
use std::time::Duration;

use serde_json::Value;
use sim_devices::{DeviceSpec, LockFamily, Model};

use crate::commission::bench::{Bench, device, line};

/// Family, its protocol, a speed that it leaves the works with, and the model that is the likeliest.
const BOARDS: [(LockFamily, &str, u32, &str); 8] = [
    (LockFamily::KerongCu16, "kerong-cu16", 19_200, "kerong-cu16"),
    (LockFamily::KerongCu48, "kerong-cu48", 19_200, "kerong-cu48"),
    (LockFamily::KerongCu48Hooks, "kerong-cu48", 9600, "kerong-cu48-hooks"),
    (LockFamily::Lock8a(24), "lock-8a", 9600, "lock-8a-24"),
    (LockFamily::Lock8a(12), "lock-8a", 19_200, "lock-8a-16"),
    (LockFamily::Winnsen, "winnsen", 9600, "winnsen-16"),
    (LockFamily::Wkly(12), "wkly", 9600, "wkly-12"),
    (LockFamily::Wkly(24), "wkly", 19_200, "wkly-24"),
];

/// A board at 2, and two that are one as quick as the other but for some milliseconds at 4.
fn bench(family: LockFamily, baud: u32) -> Bench {
    let board = |address| device(address, Model::Locks(family));
    let slower = DeviceSpec { thinking: Duration::from_millis(7), ..board(4) };
    Bench::new(line(baud, vec![board(2), board(4), slower]))
}

fn told(board: &Value) -> (u64, u64, String, String, String) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (
        board["address"].as_u64().unwrap(),
        board["setting"]["baud"].as_u64().unwrap(),
        text(&board["protocol"]),
        text(&board["condition"]),
        text(&board["candidates"][0]["model"]),
    )
}

#[test]
fn scan_finds_lock_boards_of_every_family_and_two_on_one_address() {
    thread::scope(|scope| {
        for (family, protocol, baud, model) in BOARDS {
            scope.spawn(move || {
                let bench = bench(family, baud);
                let scan = ["scan", "--json", "--protocol", protocol, "--addresses", "1-5"];
                let speeds = ["--baud", "9600", "--baud", "19200"];
                let ended = bench.device(&[&scan[..], &speeds].concat());
                assert_eq!(ended.code, 1, "{family:?}: a doubled address is a failure: {}", ended.err);
                let report = ended.json();
                let boards: Vec<_> = report["boards"].as_array().unwrap().iter().map(told).collect();
                let found = |address, condition: &str, model: &str| {
                    (address, u64::from(baud), protocol.to_owned(), condition.to_owned(), model.to_owned())
                };
                assert_eq!(boards, [found(2, "good", model), found(4, "doubled", "")], "{family:?}");
                assert_eq!(bench.line.energisings(), [], "{family:?}: a scan moves nothing");
            });
        }
    });
}

#[test]
fn scan_tries_every_protocol_until_boards_answer_and_moves_nothing() {
    for (family, protocol) in [(LockFamily::Winnsen, "winnsen"), (LockFamily::KerongCu16, "kerong-cu16")] {
        let bench = bench(family, 9600);
        let scan = ["scan", "--protocol", "all", "--addresses", "1-2", "--baud", "9600", "--parity", "none"];
        let ended = bench.device(&scan);
        assert_eq!(ended.code, 0, "{}{}", ended.out, ended.err);
        assert!(ended.out.contains("PROTOCOL") && ended.out.contains(protocol), "{}", ended.out);
        assert_eq!(bench.line.energisings(), []);
    }
}

#[test]
fn lock_board_is_identified_with_what_its_locks_read() {
    let bench = bench(LockFamily::Wkly(12), 9600);
    let ended = bench.device(&["identify", "2", "--protocol", "wkly"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(
        ended.out.contains("1. wkly-12") && ended.out.contains("answers status of lock 12"),
        "{}",
        ended.out
    );
    assert!(ended.out.contains("not status of lock 16"), "why it is no larger one: {}", ended.out);
    let modbus = bench.device(&["identify", "2"]);
    assert!(modbus.code == 1 && modbus.out.contains("Nothing at address 2"), "{}", modbus.out);
    let none = bench.device(&["scan", "--protocol", "kerong-cu16", "--addresses", "20-30"]);
    assert!(none.code == 2 && none.err.contains("addresses 0 to 14"), "{}", none.err);
}

/// As much of a building as a line needs.
const CONFIGURATION: &str = r#"
[building]
id = "maple-court"
name = "Maple Court"
time_zone = "America/Chicago"
support = "+1 312 555 0134"

[[line]]
id = "rs485-1"
port = "PORT"
baud = 19200
protocol = "kerong-cu16"

[[device]]
id = "locks"
line = "rs485-1"
address = 2
model = "kerong-cu16"

[[terminal]]
id = "lobby"

[[bank]]
id = "a"
climate = "ambient"
columns = [["small", "small"]]
top_mm = 1800
labels = "{number}"
locks = "locks/1..2"
doors = { inputs = ["locks/1..2"], shut_when = "on" }
terminals = ["lobby"]

[storage]
directory = "state"

[console]
socket = "console.sock"
"#;

#[test]
fn configured_line_is_asked_in_its_own_protocol_alone() {
    let bench = bench(LockFamily::KerongCu16, 19_200);
    let file = bench.folder.path().join("vestibule.toml");
    std::fs::write(&file, CONFIGURATION.replace("PORT", &bench.port.display().to_string())).unwrap();
    let scan = |more: &[&str]| {
        let mut command = std::process::Command::new(vestibule_tests::program::vestibule());
        command.args(["device", "scan", "--addresses", "1-2", "--json", "--config"]).arg(&file).args(more);
        crate::commission::bench::Ended::of(&command.output().unwrap())
    };
    let own = scan(&["--baud", "19200"]);
    assert_eq!(own.code, 0, "{}", own.err);
    assert_eq!(told(&own.json()["boards"][0]).4, "kerong-cu16");
    let foreign = scan(&["--protocol", "modbus-rtu"]);
    assert!(foreign.code == 1 && foreign.err.contains("nothing foreign is said there"), "{}", foreign.err);
}
