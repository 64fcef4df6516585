//! What must wake somebody: silence, a wrong key, a keyless comeback, an open housing.

use device_drivers::osdp::{ReaderState, Tamper};
use sim_devices::{ReaderKeying, SimReader};

use crate::readers::bench::{Bench, KEY, Told, forged};

const OTHER: [u8; 16] = [0xA5; 16];
const KEY_SET: u8 = 0x75;

fn only_state(bench: &mut Bench) -> Vec<ReaderState> {
    let told = bench.take().into_iter();
    told.map(|told| match told {
        Told::State(state) => state,
        other => panic!("nothing may be believed: {other:?}"),
    })
    .collect()
}

#[test]
fn nothing_is_believed_when_the_reader_has_another_key() {
    let mut bench = Bench::new(Some(KEY), ReaderKeying::Key(OTHER));
    bench.reader.press("123").unwrap();
    bench.reader.tap(26, &[1, 2, 3, 4]).unwrap();
    bench.seconds(30);
    assert_eq!(only_state(&mut bench), [ReaderState::WrongKey], "told once");
    assert_eq!(bench.reader.key(), Some(OTHER));
}

#[test]
fn reader_that_comes_back_without_its_key_is_an_alarm_and_gets_no_other() {
    let mut bench = Bench::new(Some(KEY), ReaderKeying::Key(KEY));
    bench.seconds(1);
    bench.take();
    // Somebody put a reader from the factory in its place, and opens and closes its housing.
    bench.reader = SimReader::new(0, ReaderKeying::Factory).unwrap();
    bench.reader.press("123").unwrap();
    bench.reader.tamper(true).unwrap();
    bench.sent.clear();
    bench.seconds(30);
    assert_eq!(only_state(&mut bench), [ReaderState::Keyless]);
    assert_eq!(bench.reader.key(), None, "never keyed again by itself");
    assert!(!bench.clear_codes().contains(&KEY_SET));
    // The right one is put back.
    bench.reader = SimReader::new(0, ReaderKeying::Key(KEY)).unwrap();
    bench.seconds(10);
    assert_eq!(only_state_of(&bench.take()), [ReaderState::Secure]);
}

fn only_state_of(told: &[Told]) -> Vec<ReaderState> {
    told.iter()
        .filter_map(|told| match told {
            Told::State(state) => Some(*state),
            _ => None,
        })
        .collect()
}

#[test]
fn reader_that_says_that_it_has_only_the_default_key_is_keyless() {
    let mut bench = Bench::new(Some(KEY), ReaderKeying::Key(KEY));
    bench.wired = false;
    let hello = forged(0, &[], &[&[0x45][..], &[0; 12]].concat());
    let challenge = forged(1, &[3, 0x12, 0], &[&[0x76][..], &[7; 32]].concat());
    for _ in 0..4_000 {
        bench.injected = [&hello[..], &challenge].concat();
        bench.run(std::time::Duration::from_millis(5));
        if bench.told.contains(&Told::State(ReaderState::Keyless)) {
            return;
        }
    }
    panic!("told only {:?}", bench.told);
}

#[test]
fn lost_channel_is_told_after_eight_seconds_and_the_next_one_at_once() {
    let mut bench = Bench::new(Some(KEY), ReaderKeying::Key(KEY));
    bench.seconds(1);
    bench.take();
    bench.wired = false;
    bench.seconds(7);
    assert_eq!(bench.take(), []);
    bench.seconds(2);
    assert_eq!(bench.take(), [Told::State(ReaderState::Silent)]);
    bench.wired = true;
    bench.seconds(10);
    assert_eq!(bench.take(), [Told::State(ReaderState::Secure), Told::Tamper(Tamper::Closed)]);
}

#[test]
fn opened_housing_is_told_inside_the_channel_and_when_it_was_opened_meanwhile() {
    let mut bench = Bench::new(Some(KEY), ReaderKeying::Key(KEY));
    bench.seconds(1);
    bench.take();
    bench.reader.tamper(true).unwrap();
    bench.seconds(1);
    assert_eq!(bench.take(), [Told::Tamper(Tamper::Open)]);
    bench.panel.closed(bench.now);
    bench.panel.opened();
    bench.seconds(2);
    assert_eq!(bench.take(), [Told::State(ReaderState::Secure), Told::Tamper(Tamper::Open)]);
    // A status in clear text says nothing.
    for sequence in 0..4 {
        bench.injected = forged(sequence, &[], &[0x48, 0, 0]);
        bench.run(std::time::Duration::from_millis(60));
    }
    assert_eq!(bench.take(), []);
}
