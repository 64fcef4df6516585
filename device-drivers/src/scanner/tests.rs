//! A scanner on virtual time, its settings answered by a small table.

use std::collections::BTreeMap;
use std::time::Duration;

use super::gm65::{END_ZONE, MODE_ZONE, SET_UP_ZONE};
use super::{CommandSet, Dropped, Output, Scanner, ScannerAlarm, ScannerSignal, ScannerState, Undone};
use crate::time::Monotonic;

struct Bench {
    scanner: Scanner,
    now: Monotonic,
    zones: BTreeMap<u16, u8>,
    deaf: bool,
    sent: Vec<[u8; 9]>,
    told: Vec<String>,
}

impl Bench {
    fn new(commands: CommandSet) -> Self {
        let now = Monotonic::from_micros(1_000_000);
        let zones = [(SET_UP_ZONE, 0), (MODE_ZONE, 0xD6), (END_ZONE, 1)].into();
        let mut bench = Self {
            scanner: Scanner::new(commands, now),
            now,
            zones,
            deaf: false,
            sent: Vec::new(),
            told: Vec::new(),
        };
        bench.scanner.opened(now);
        bench.run(Duration::from_secs(1));
        bench
    }

    /// Lets time pass, answering commands.
    fn run(&mut self, span: Duration) {
        let end = self.now + span;
        loop {
            match self.scanner.poll(self.now) {
                Output::Signal(signal) => self.tell(&signal),
                Output::Transmit(command) => {
                    self.sent.push(command);
                    if !self.deaf {
                        let reply = self.answer(&command);
                        self.now = self.now + Duration::from_millis(20);
                        self.scanner.received(&reply, self.now);
                    }
                }
                Output::Wait(until) if until >= end => break,
                Output::Wait(until) => {
                    assert!(until > self.now, "it waits for what is over");
                    self.now = until;
                }
            }
        }
        self.now = self.now.max(end);
    }

    fn answer(&mut self, command: &[u8; 9]) -> Vec<u8> {
        let [_, _, kind, _, high, low, value, ..] = *command;
        let zone = u16::from_be_bytes([high, low]);
        let data = match kind {
            7 => self.zones.get(&zone).copied().unwrap_or(0),
            8 => {
                self.zones.insert(zone, value);
                0
            }
            _ => 0,
        };
        // Check bytes of one byte of data, from the polynomial's definition.
        let check = [0, 1, data].iter().fold(0_u16, |crc, byte| {
            (0..8).fold(crc ^ u16::from(*byte) << 8, |crc, _| {
                (crc << 1) ^ if crc >> 15 == 1 { 0x1021 } else { 0 }
            })
        });
        [&[2, 0, 0, 1, data], &check.to_be_bytes()[..]].concat()
    }

    fn hear(&mut self, bytes: &[u8]) {
        self.scanner.received(bytes, self.now);
        self.run(Duration::from_millis(1));
    }

    fn tell(&mut self, signal: &ScannerSignal) {
        match signal {
            ScannerSignal::Scan { text, .. } => self.told.push(text.expose().to_owned()),
            ScannerSignal::Dropped { why, .. } => self.told.push(format!("{why:?}")),
            ScannerSignal::Alarm { alarm, .. } => self.told.push(format!("{alarm:?}")),
            ScannerSignal::State { state, .. } => self.told.push(format!("{state:?}")),
            ScannerSignal::Port { .. } | ScannerSignal::Counters { .. } => {}
        }
    }

    fn take(&mut self) -> Vec<String> {
        std::mem::take(&mut self.told)
    }
}

fn changed(zone: u16, undone: Undone) -> String {
    format!("{:?}", ScannerAlarm::SettingsChanged { zone, undone })
}

#[test]
fn scans_pass_once_each() {
    let mut bench = Bench::new(CommandSet::Plain);
    bench.hear(b"2718281828\r2718281828\r");
    bench.hear(b"1Z999AA10123456784\r");
    assert_eq!(
        bench.take(),
        ["Ready", "2718281828", &format!("{:?}", Dropped::Repeated), "1Z999AA10123456784"]
    );
    assert!(bench.sent.is_empty(), "nothing is sent to a scanner whose commands nobody knows");
}

#[test]
fn set_up_codes_are_switched_off_on_connect_and_no_alarm_is_made_of_it() {
    let mut bench = Bench::new(CommandSet::Gm65);
    assert_eq!(bench.zones[&SET_UP_ZONE], 0b11);
    assert_eq!(bench.take(), ["Ready"]);
    let saved = bench.sent.iter().filter(|command| command[2] == 9).count();
    assert_eq!(saved, 1, "kept over a power cut");
    bench.run(Duration::from_secs(3_600));
    assert_eq!(bench.sent.iter().filter(|command| command[2] != 7).count(), 2, "flash is written once");
}

#[test]
fn changed_settings_are_put_back_within_ten_seconds_with_an_alarm() {
    for (zone, value) in [(MODE_ZONE, 0xD4), (END_ZONE, 0), (SET_UP_ZONE, 0)] {
        let mut bench = Bench::new(CommandSet::Gm65);
        let before = bench.zones[&zone];
        bench.take();
        bench.zones.insert(zone, value);
        bench.run(Duration::from_secs(10));
        assert_eq!(bench.zones[&zone], before, "zone {zone:#06x}");
        assert_eq!(bench.take(), [changed(zone, Undone::NotYet), changed(zone, Undone::Yes)]);
    }
}

#[test]
fn settings_changed_while_it_was_unplugged_are_put_back() {
    let mut bench = Bench::new(CommandSet::Gm65);
    bench.scanner.closed(bench.now);
    bench.zones.insert(END_ZONE, 0);
    bench.run(Duration::from_secs(1));
    bench.take();
    bench.scanner.opened(bench.now);
    bench.run(Duration::from_secs(2));
    assert_eq!(bench.zones[&END_ZONE], 1);
    let told = bench.take();
    assert_eq!(told, [changed(END_ZONE, Undone::NotYet), changed(END_ZONE, Undone::Yes), "Ready".to_owned()]);
}

#[test]
fn set_up_code_is_an_alarm_and_no_scan_and_settings_are_looked_at() {
    let mut bench = Bench::new(CommandSet::Gm65);
    bench.take();
    let before = bench.sent.len();
    bench.hear(b"^3^000301.\r");
    bench.run(Duration::from_millis(200));
    assert_eq!(bench.take(), [format!("{:?}", ScannerAlarm::SetUpCode)]);
    assert!(bench.sent.len() >= before + 3, "each zone is read at once");
}

#[test]
fn scanner_that_answers_no_commands_is_silent_and_its_scans_count_all_the_same() {
    let mut bench = Bench::new(CommandSet::Gm65);
    bench.take();
    bench.deaf = true;
    bench.run(Duration::from_secs(10));
    assert_eq!(bench.take(), [format!("{:?}", ScannerState::Silent)]);
    bench.hear(b"2718281828\r");
    assert_eq!(bench.take(), ["2718281828"]);
    bench.deaf = false;
    bench.run(Duration::from_secs(10));
    assert_eq!(bench.take(), ["Ready"]);
}

#[test]
fn scanner_that_reads_on_command_is_asked_for_each_label() {
    // Bits 0 and 1 of the mode: commanded. Found so at the first look, it is the installer's choice.
    let mut bench = Bench {
        zones: [(SET_UP_ZONE, 3), (MODE_ZONE, 0xD5), (END_ZONE, 1)].into(),
        ..Bench::new(CommandSet::Gm65)
    };
    bench.scanner = Scanner::new(CommandSet::Gm65, bench.now);
    bench.scanner.opened(bench.now);
    bench.sent.clear();
    bench.run(Duration::from_secs(11));
    let triggers = |bench: &Bench| bench.sent.iter().filter(|command| command[4..7] == [0, 2, 1]).count();
    assert_eq!(triggers(&bench), 3, "every five seconds");
    bench.hear(b"2718281828\r");
    bench.run(Duration::from_millis(100));
    assert_eq!(triggers(&bench), 4, "and after each label");
}
