//! `device address`: one board at a time, proven at the new address and gone from the old one.

use sim_devices::{InputCount, Model, RelayModel};

use crate::commission::bench::{Bench, device, line};

const AT: [&str; 4] = ["--baud", "9600", "--parity", "none"];

fn address(bench: &Bench, new: &str) -> crate::commission::bench::Ended {
    bench.device(&[&["address", new, "--timeout-ms", "30"], &AT[..]].concat())
}

#[test]
fn address_is_set_with_one_board_on_the_line_and_refused_with_two() {
    let one = Bench::new(line(9_600, vec![device(1, Model::Relay(RelayModel::Eight))]));
    let ended = address(&one, "6");
    assert_eq!(ended.code, 0, "{}{}", ended.out, ended.err);
    assert!(ended.out.contains("waveshare-relay-8 has address 6 now"), "{}", ended.out);
    let found = one.device(&[&["scan", "--json", "--addresses", "1-8"], &AT[..]].concat());
    assert_eq!(found.json()["boards"][0]["address"], 6);

    let two =
        Bench::new(line(9_600, vec![device(1, Model::Relay(RelayModel::Eight)), device(2, Model::XyMd02)]));
    let ended = address(&two, "6");
    assert_eq!(ended.code, 1);
    assert!(ended.err.contains("2 boards answer, at 1 (9600 8N1), 2 (9600 8N1)"), "{}", ended.err);
    let found = two.device(&[&["scan", "--json", "--addresses", "1-8"], &AT[..]].concat());
    let addresses: Vec<u64> = found.json()["boards"]
        .as_array()
        .unwrap()
        .iter()
        .map(|board| board["address"].as_u64().unwrap())
        .collect();
    assert_eq!(addresses, [1, 2], "nothing was written");
}

#[test]
fn address_says_how_when_it_is_not_set_over_the_wire() {
    let bench = Bench::new(line(9_600, vec![device(3, Model::Inputs(InputCount::Eight))]));
    let ended = address(&bench, "6");
    assert_eq!(ended.code, 1);
    assert!(ended.err.contains("is not set over the wire"), "{}", ended.err);
}
