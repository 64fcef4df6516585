//! `device scan` and `device identify` with the daemon stopped.

use std::time::Duration;

use sim_devices::{InputCount, Model, RelayModel};

use crate::commission::bench::{Bench, device, line};

/// Address, speed, condition and likeliest model of each board.
fn boards(report: &serde_json::Value) -> Vec<(u64, u64, String, String)> {
    let boards = report["boards"].as_array().expect("a list").iter();
    boards
        .map(|board| {
            let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
            let baud = board["setting"]["baud"].as_u64().unwrap();
            let model = text(&board["candidates"][0]["model"]);
            (board["address"].as_u64().unwrap(), baud, text(&board["condition"]), model)
        })
        .collect()
}

fn found(address: u64, baud: u64, condition: &str, model: &str) -> (u64, u64, String, String) {
    (address, baud, condition.to_owned(), model.to_owned())
}

#[test]
fn scan_finds_speed_addresses_models_and_a_doubled_address() {
    let slower = |mut spec: sim_devices::DeviceSpec| {
        spec.thinking = Duration::from_millis(7);
        spec
    };
    let bench = Bench::new(line(
        19_200,
        vec![
            device(1, Model::Relay(RelayModel::Eight)),
            device(2, Model::Inputs(InputCount::Sixteen)),
            device(3, Model::XyMd02),
            device(5, Model::Relay(RelayModel::EightD)),
            device(7, Model::Relay(RelayModel::Eight)),
            slower(device(7, Model::Inputs(InputCount::Eight))),
        ],
    ));
    let ended = bench.device(&["scan", "--json", "--addresses", "1-8", "--baud", "9600", "--baud", "19200"]);
    assert_eq!(ended.code, 1, "a doubled address is a failure: {}", ended.err);
    let report = ended.json();
    assert_eq!(
        boards(&report),
        [
            found(1, 19_200, "good", "waveshare-relay-8"),
            found(2, 19_200, "good", "discrete-inputs-16"),
            found(3, 19_200, "good", "xy-md02"),
            found(5, 19_200, "good", "waveshare-relay-8-d"),
            found(7, 19_200, "doubled", ""),
        ]
    );
    // A pty carries no parity: the same boards are heard with each, and told once.
    assert_eq!(report["boards"][0]["also"].as_array().map(Vec::len), Some(2));
    assert_eq!(bench.line.energisings(), [], "a scan moves nothing");
    let words = bench.device(&["scan", "--addresses", "5-8", "--baud", "19200", "--parity", "none"]);
    assert!(words.out.contains("Address 7 answers with damage each time"), "{}", words.out);
}

#[test]
fn scan_says_what_to_check_when_nobody_answers_and_3_when_there_is_no_port() {
    let bench = Bench::new(line(9_600, vec![device(9, Model::XyMd02)]));
    let scan = ["scan", "--addresses", "1-2", "--baud", "9600", "--parity", "none"];
    let ended = bench.device(&scan);
    assert_eq!(ended.code, 1);
    assert!(ended.out.contains("Nobody answers") && ended.out.contains("A and B"), "{}", ended.out);
    bench.line.unplug().unwrap();
    let ended = bench.device(&scan);
    assert_eq!(ended.code, 3, "{}", ended.err);
}

#[test]
fn identify_ranks_the_models_that_fit_with_reasons() {
    let bench = Bench::new(line(9_600, vec![device(4, Model::Relay(RelayModel::EightD))]));
    let ended = bench.device(&["identify", "4", "--json"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    let candidates = ended.json()["candidates"].clone();
    assert_eq!(candidates[0]["model"], "waveshare-relay-8-d");
    let reasons = candidates[0]["reasons"].to_string();
    assert!(reasons.contains("holding register 0x8000 = 200"), "{reasons}");
    assert!(bench.device(&["identify", "5"]).out.contains("Nothing at address 5"));
}
