//! What was on a line, as people get to see it: by `line trace`, by one board alone, and in the support bundle. And a port that
//! cannot do what its line asks for.

use std::fs;

use serde_json::Value;
use sim_devices::{DoorNumber, checked};
use vestibule_tests::house::{Building, PATIENCE, Plan};
use vestibule_tests::served::ServedBuilding;

use super::bundle::search::unpack;
use super::commission::{command, wait_status};

/// The frames that a command printed, one JSON value a line.
fn frames(building: &ServedBuilding, arguments: &[&str]) -> Vec<Value> {
    let printed = building.house.ask(&[&["line", "trace", "rs485-1", "--json"], arguments].concat()).unwrap();
    printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A frame's bytes in a bundle.
fn bytes(frame: &Value) -> Vec<u8> {
    let numbers = frame["bytes"].as_array().unwrap().iter();
    numbers.map(|byte| u8::try_from(byte.as_u64().unwrap()).unwrap()).collect()
}

#[test]
fn bundle_holds_the_frame_that_opened_the_door_and_its_answer() {
    let building = ServedBuilding::open(94);
    building.house.ask(&["unlock", "6", "--reason", "a frame to look for"]).unwrap();
    let path = building.folder.path().join("bundle.tar.gz");
    let configuration = building.house.configuration().display().to_string();
    let file = path.display().to_string();
    building.house.command(&["support-bundle", &file, "--json", "--config", &configuration]).unwrap();
    let files = unpack("bundle", &fs::read(&path).unwrap());
    let trace = files.iter().find(|file| file.name.ends_with("trace/rs485-1.json")).expect("a trace");
    let trace: Vec<Value> = serde_json::from_slice(&trace.bytes).unwrap();

    // The wire's own witness: one lock had current, and no other frame can have given it that.
    let pulses = building.house.line.energisings();
    let [pulse] = &pulses[..] else { panic!("one pulse: {pulses:?}") };
    assert_eq!(pulse.door, DoorNumber::new(6));
    let (board, coil) = (pulse.relay.board.get(), u8::try_from(pulse.relay.channel.index()).unwrap());
    let orders =
        |frame: &&Value| matches!(bytes(frame)[..], [to, 5, 2, which, ..] if (to, which) == (board, coil));
    let [sent, answered] = trace.iter().filter(orders).collect::<Vec<_>>()[..] else {
        panic!("the order and its echo are in the trace: {trace:#?}")
    };
    assert_eq!((&sent["ours"], &sent["kind"]), (&Value::Bool(true), &"sent".into()));
    assert_eq!((&answered["ours"], &answered["kind"]), (&Value::Bool(false), &"answer".into()));
    assert!(checked(&bytes(sent)).is_some(), "whole, with good check bytes");
    assert_eq!(bytes(sent), bytes(answered));
    assert_eq!(sent["device"], "bank-a-locks");
    assert!(sent["at_us"].as_i64() < answered["at_us"].as_i64());
    let order = |frame: &Value| frame["sequence"].as_u64().unwrap();
    assert!(trace.windows(2).all(|two| order(&two[0]) + 1 == order(&two[1])), "none is missing in between");
}

#[test]
fn trace_of_one_board_shows_its_frames_and_nobody_elses() {
    let building = ServedBuilding::open(95);
    let all = frames(&building, &["--kept"]);
    let devices = ["bank-a-locks", "bank-a-doors", "lobby-climate"];
    for device in devices {
        let of = all.iter().filter(|frame| frame["device"] == device).count();
        assert!(of > 0, "{device} is talked to on this line");
    }
    let kept = frames(&building, &["--kept", "--filter", "lobby-climate"]);
    assert!(!kept.is_empty() && kept.iter().all(|frame| frame["device"] == "lobby-climate"), "{kept:?}");
    for (filter, device, address) in [("bank-a-doors", "bank-a-doors", 2), ("address=1", "bank-a-locks", 1)] {
        let live = frames(&building, &["--filter", filter, "--seconds", "2"]);
        let both = |direction: &str| live.iter().any(|frame| frame["direction"] == direction);
        assert!(both("out") && both("in"), "{filter}: questions and answers: {live:?}");
        let others = live.iter().find(|frame| frame["device"] != device || frame["address"] != address);
        assert_eq!(others, None, "{filter}");
        let begins = format!("{address:02X} ");
        assert!(
            live.iter().all(|frame| frame["hex"].as_str().unwrap().starts_with(&begins)),
            "{filter}: {live:?}"
        );
    }
    let nobody = frames(&building, &["--kept", "--filter", "address=77"]);
    assert!(nobody.is_empty(), "{nobody:?}");
}

/// A pseudo-terminal has no RS-485 driver that its kernel could switch: the line stays away, says why, and is well once the setting is.
#[test]
fn line_stays_away_and_says_why_when_its_port_cannot_switch_the_driver() {
    let Building { mut house, folder: _folder, .. } = Building::open(Plan::small(96));
    let file = house.configuration();
    let text = fs::read_to_string(&file).unwrap();
    let asking =
        text.replacen("protocol = \"modbus-rtu\"\n", "protocol = \"modbus-rtu\"\nrs485 = \"kernel\"\n", 1);
    assert_ne!(text, asking);
    fs::write(&file, asking).unwrap();
    let port = house.line.path().display().to_string();
    house.start_daemon().unwrap();
    let told = |line: &str| line.contains("port cannot be opened");
    // It may have been said before the daemon served.
    let said = house.daemon().unwrap().said().into_iter().find(|line| told(line));
    let said = said.unwrap_or_else(|| house.daemon().unwrap().wait_for("why", PATIENCE, told).unwrap());
    let clear = |words: &str| words.contains(&port) && words.contains("rs485 = ") && words.contains("kernel");
    assert!(clear(&said), "names port and setting: {said}");
    wait_status(&house, "the line is away, with the reason", |status| {
        let line = &status["field"]["lines"]["rs485-1"];
        line["open"] == false
            && line["port"] == port.as_str()
            && line["reason"].as_str().is_some_and(|why| why.contains("rs485 = "))
    });
    let words = house.ask(&["status"]).unwrap();
    assert!(clear(&words) && words.contains("line rs485-1 is away"), "{words}");
    // With the daemon stopped the tools meet the same port in the same way.
    house.kill_daemon();
    let scan = ["device", "scan", "--line", "rs485-1", "--addresses", "1-3"];
    let refused = command(&house, &scan).unwrap_err();
    assert!(clear(&refused), "{refused}");
    fs::write(&file, text).unwrap();
    house.start_daemon().unwrap();
    house.wait_boards().unwrap();
}
