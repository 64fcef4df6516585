//! A line's frames over the socket: kept ones, those to come, and what a slow reader misses.

use device_drivers::port::monotonic_now;
use device_drivers::trace::{Kind, Tape};
use serde_json::{Value, json};
use vestibule_core::id::LineId;

use super::bench::{Bench, Guest};

const PULSE: [u8; 8] = [0x01, 0x05, 0x02, 0x00, 0x00, 0x07, 0x8D, 0xB0];

fn tape(bench: &Bench) -> Tape {
    let tape = Tape::default();
    bench.telemetry.keep_tape(&LineId::new("one").expect("id"), tape.clone());
    tape
}

/// Everything up to the end.
async fn all(guest: &mut Guest) -> Vec<Value> {
    let mut heard = Vec::new();
    loop {
        let message = guest.hear().await;
        if message == "end" {
            return heard;
        }
        assert_ne!(message, Value::Null, "the console hung up after {heard:?}");
        heard.push(message);
    }
}

#[tokio::test]
async fn kept_frames_are_told_with_device_and_meaning() {
    let bench = Bench::start();
    let tape = tape(&bench);
    tape.note(monotonic_now(), Kind::Sent, Some(1), &PULSE);
    tape.note(monotonic_now(), Kind::Foreign, Some(9), &[9, 2, 1, 0x81, 0, 0]);
    tape.note_length(monotonic_now(), Kind::Scan, 11);
    let mut guest = bench.guest().await;
    guest.say(&json!({"trace": {"line": "one", "seconds": null}}).to_string()).await;
    let heard = all(&mut guest).await;
    assert_eq!(heard.len(), 3);
    let [pulse, foreign, scan] = [0, 1, 2].map(|at| &heard[at]["frame"]);
    assert_eq!(pulse["meaning"], "pulse output 1 for 700 ms (locks)");
    assert_eq!((&pulse["ours"], &pulse["bytes"]), (&json!(true), &json!(PULSE)));
    assert_eq!(foreign["meaning"], "foreign frame: discrete inputs: on 1 8 (address 9, nobody configured)");
    assert_eq!((&scan["bytes"], &scan["length"]), (&json!([]), &json!(11)), "no byte of what was scanned");
    let age = jiff::Timestamp::now().as_microsecond() - pulse["at_us"].as_i64().expect("a time");
    assert!((0..60_000_000).contains(&age), "{age}");
    assert_eq!(
        guest.ask(&json!({"trace": {"line": "two", "seconds": null}})).await["error"]["word"],
        "not_found"
    );
    bench.end().await;
}

#[tokio::test]
async fn frames_to_come_are_told_and_missed_ones_counted() {
    let bench = Bench::start();
    let tape = tape(&bench);
    tape.note(monotonic_now(), Kind::Noise, None, &[1]);
    let mut guest = bench.guest().await;
    guest.say(&json!({"trace": {"line": "one", "seconds": 30}}).to_string()).await;
    // It begins with what comes after the question: once a first frame is heard, it listens.
    let writer = tape.clone();
    let first = async {
        loop {
            writer.note(monotonic_now(), Kind::Sent, Some(1), &PULSE);
            tokio::task::yield_now().await;
        }
    };
    let heard = tokio::select! { () = first => Value::Null, heard = guest.hear() => heard };
    // So many at once may be more than it reads.
    assert!(heard["frame"]["kind"] == "sent" || heard["missed"].is_object(), "{heard}");
    // More than the ring holds, between two looks.
    for _ in 0..5_000 {
        tape.note(monotonic_now(), Kind::Late, Some(1), &PULSE);
    }
    let missed = loop {
        let message = guest.hear().await;
        if let Some(frames) = message["missed"]["frames"].as_u64() {
            break frames;
        }
        assert!(message["frame"].is_object(), "{message}");
    };
    assert!(missed >= 3_000, "{missed}");
    guest.say("\"snapshot\"").await;
    loop {
        match guest.hear().await {
            message if message == "end" => break,
            message => assert!(message["frame"].is_object(), "{message}"),
        }
    }
    bench.end().await;
}
