//! The Secure Channel with libosdp at its other end: what passes inside it, and that nothing passes beside it.

use std::time::Duration;

use device_drivers::osdp::{Buzz, Colour, Light, ReaderState, ReaderTask, Tamper};
use sim_devices::{ReaderKeying, ReaderOutput};

use crate::readers::bench::{Bench, KEY, Told, forged};

fn secure() -> Bench {
    let mut bench = Bench::new(Some(KEY), ReaderKeying::Key(KEY));
    bench.seconds(1);
    assert_eq!(bench.take(), [Told::State(ReaderState::Secure), Told::Tamper(Tamper::Closed)]);
    assert!(bench.reader.has_channel());
    bench
}

#[test]
fn channel_comes_up_and_everything_goes_through_it() {
    let mut bench = Bench::new(Some(KEY), ReaderKeying::Key(KEY));
    bench.seconds(1);
    assert_eq!(bench.clear_codes(), [0x61, 0x76, 0x77], "who, challenge, proof: nothing else in clear text");
    bench.take();
    bench.reader.press("12").unwrap();
    bench.reader.press("3#*").unwrap();
    bench.reader.tap(26, &[0x80, 0x01, 0x02, 0x40]).unwrap();
    bench.seconds(1);
    let keys = [vec![b'1', b'2'], vec![b'3', 0x0D, 0x7F]].map(Told::Pressed);
    let card = Told::Card(26, vec![0x80, 0x01, 0x02, 0x40]);
    assert_eq!(bench.take(), [&keys[..], &[card]].concat());
    assert!(bench.clear_codes().is_empty());
}

#[test]
fn light_sound_and_text_reach_the_reader() {
    let mut bench = secure();
    bench.order(ReaderTask::Light(Light::Steady(Colour::Green)));
    bench.order(ReaderTask::Buzz(Buzz { on_ms: 100, off_ms: 100, times: 2 }));
    bench.order(ReaderTask::Text("Door 4".into()));
    bench.seconds(1);
    let shown = [ReaderOutput::Light(2), ReaderOutput::Buzz(2), ReaderOutput::Text("Door 4".into())];
    assert_eq!(bench.reader.outputs(), shown);
    bench.order(ReaderTask::Light(Light::Blink { on: Colour::Red, ms: 1_000 }));
    bench.order(ReaderTask::Light(Light::Blink { on: Colour::Amber, ms: 1_000 }));
    bench.seconds(1);
    assert_eq!(bench.reader.outputs(), [ReaderOutput::Blink(3)], "only the newest of each kind");
}

#[test]
fn card_and_keys_in_clear_text_are_ignored_and_counted_beside_the_channel() {
    let mut bench = secure();
    let card = [0x50, 0, 1, 26, 0, 1, 2, 3, 0x40];
    let keys = [0x53, 0, 2, b'1', b'2'];
    let mut ignored = 0;
    // In the clear, and dressed as a step of the handshake, which carries no MAC either; with every sequence number.
    for block in [&[][..], &[3, 0x12, 1], &[3, 0x14, 1]] {
        for body in [&card[..], &keys] {
            for sequence in 0..4 {
                bench.injected = forged(sequence, block, body);
                bench.run(Duration::from_millis(60));
                ignored += 1;
            }
        }
    }
    // Inside the channel's form, with a MAC that is made up.
    for sequence in 0..4 {
        let body = [&card[..], &[0, 0, 0, 0]].concat();
        bench.injected = forged(sequence, &[2, 0x16], &body);
        bench.run(Duration::from_millis(60));
    }
    let told = bench.take();
    assert_eq!(told, vec![Told::ClearRead; ignored], "none is believed, each is counted");
    bench.reader.press("7").unwrap();
    bench.seconds(1);
    assert_eq!(bench.take(), [Told::Pressed(vec![b'7'])], "and the channel goes on");
}

#[test]
fn repeated_answer_of_a_session_is_not_believed_again() {
    let mut bench = secure();
    bench.reader.press("9").unwrap();
    // Somebody records every answer and plays it again before each that follows.
    let mut record = Vec::new();
    for _ in 0..200 {
        bench.injected = record.clone();
        bench.run(Duration::from_millis(20));
        if record.is_empty() && bench.told.contains(&Told::Pressed(vec![b'9'])) {
            // The frame of the key press itself, as it stood on the wire, is what `told` came from; any later one is as good.
            record = bench.last_answer.clone();
        }
    }
    let pressed = bench.take().into_iter().filter(|told| matches!(told, Told::Pressed(_))).count();
    assert_eq!(pressed, 1);
    assert!(!record.is_empty());
}

#[test]
fn channel_is_made_anew_when_the_reader_was_restarted() {
    let mut bench = secure();
    bench.reader = sim_devices::SimReader::new(0, ReaderKeying::Key(KEY)).unwrap();
    bench.seconds(3);
    assert!(bench.reader.has_channel());
    assert!(bench.take().contains(&Told::State(ReaderState::Secure)));
    bench.reader.press("5").unwrap();
    bench.seconds(1);
    assert_eq!(bench.take(), [Told::Pressed(vec![b'5'])]);
}
