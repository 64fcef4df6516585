//! Install windows (attack sentence 12): one reader, somebody at its tamper switch, five minutes, and shut at once when done.

use std::time::Duration;

use device_drivers::osdp::{InstallOutcome, ReaderState, ReaderTask, Tamper};
use device_drivers::time::Monotonic;
use sim_devices::ReaderKeying;

use crate::readers::bench::{Bench, KEY, Told, key};

const CHALLENGE: u8 = 0x76;

fn uninstalled() -> Bench {
    let mut bench = Bench::new(None, ReaderKeying::Factory);
    bench.seconds(1);
    assert_eq!(bench.take(), [Told::State(ReaderState::Uninstalled), Told::Tamper(Tamper::Closed)]);
    bench
}

fn open_window(bench: &mut Bench) {
    let until = bench.now + Duration::from_secs(300);
    bench.order(ReaderTask::Install { key: key(KEY), until });
}

#[test]
fn reader_gets_its_key_while_its_housing_is_open_and_the_window_shuts_at_once() {
    let mut bench = uninstalled();
    open_window(&mut bench);
    bench.clear_codes();
    bench.seconds(20);
    assert!(!bench.clear_codes().contains(&CHALLENGE), "nobody is at the tamper switch");
    bench.reader.tamper(true).unwrap();
    bench.seconds(2);
    let told = [
        Told::Tamper(Tamper::Open),
        Told::Install(InstallOutcome::Done),
        Told::State(ReaderState::Secure),
        Told::Tamper(Tamper::Open),
    ];
    assert_eq!(bench.take(), told);
    assert_eq!(bench.reader.key(), Some(KEY));
    bench.reader.press("1").unwrap();
    bench.seconds(1);
    assert_eq!(bench.take(), [Told::Pressed(vec![b'1'])]);
    // A second reader in its place finds no window.
    bench.reader = sim_devices::SimReader::new(0, ReaderKeying::Factory).unwrap();
    bench.reader.tamper(true).unwrap();
    bench.seconds(30);
    assert_eq!(bench.take(), [Told::State(ReaderState::Keyless)]);
    assert_eq!(bench.reader.key(), None);
}

#[test]
fn window_shuts_after_five_minutes_whatever_was_asked_for() {
    let mut bench = uninstalled();
    let until = Monotonic::NEVER;
    bench.order(ReaderTask::Install { key: key(KEY), until });
    bench.seconds(299);
    assert_eq!(bench.take(), []);
    bench.seconds(2);
    assert_eq!(bench.take(), [Told::Install(InstallOutcome::Expired)]);
    bench.reader.tamper(true).unwrap();
    bench.seconds(20);
    assert_eq!(bench.take(), [Told::Tamper(Tamper::Open)]);
    assert_eq!(bench.reader.key(), None);
}

#[test]
fn nothing_of_a_reader_without_a_key_is_believed() {
    let mut bench = uninstalled();
    bench.reader.press("123").unwrap();
    bench.reader.tap(26, &[1, 2, 3, 4]).unwrap();
    bench.seconds(2);
    assert_eq!(bench.take(), [Told::ClearRead, Told::ClearRead]);
    open_window(&mut bench);
    bench.reader.press("456").unwrap();
    bench.seconds(2);
    assert_eq!(bench.take(), [Told::ClearRead], "not in the window either");
}

#[test]
fn window_shuts_when_the_reader_has_a_key_that_nobody_here_knows() {
    let mut bench = Bench::new(None, ReaderKeying::Factory);
    bench.reader.tamper(true).unwrap();
    bench.seconds(1);
    open_window(&mut bench);
    // Between the look at the switch and the challenge it is exchanged for one that is keyed elsewhere.
    bench.reader = sim_devices::SimReader::new(0, ReaderKeying::Key([9; 16])).unwrap();
    bench.seconds(5);
    let told = bench.take();
    assert!(told.contains(&Told::Install(InstallOutcome::DefaultKeyRefused)), "{told:?}");
    assert_eq!(bench.reader.key(), Some([9; 16]));
}

#[test]
fn window_of_a_reader_with_a_key_is_not_opened() {
    let mut bench = Bench::new(Some(KEY), ReaderKeying::Key(KEY));
    bench.seconds(1);
    bench.take();
    let until = bench.now + Duration::from_secs(300);
    bench.order(ReaderTask::Install { key: key([7; 16]), until });
    bench.seconds(1);
    assert_eq!(bench.take(), [Told::Install(InstallOutcome::Closed)]);
}

#[test]
fn key_that_was_set_before_a_power_cut_is_found_by_trying_it() {
    // The reader took the key; the gateway lost power before it was told so, and comes back with the key it had written down.
    let mut bench = Bench::new(Some(KEY), ReaderKeying::Key(KEY));
    bench.order(ReaderTask::Key(Some(key(KEY))));
    bench.seconds(2);
    assert!(bench.take().contains(&Told::State(ReaderState::Secure)));
    // A reader that turns out not to have it is told as such, and the gateway forgets the key.
    bench.reader = sim_devices::SimReader::new(0, ReaderKeying::Factory).unwrap();
    bench.seconds(5);
    assert_eq!(bench.take(), [Told::State(ReaderState::Keyless)]);
    bench.order(ReaderTask::Key(None));
    bench.seconds(2);
    assert!(bench.take().contains(&Told::State(ReaderState::Uninstalled)));
}
