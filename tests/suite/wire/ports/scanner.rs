//! A scanner on a pseudo-terminal, its manual on the other side: scans, what goes wrong with them, and set-up barcodes.

use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use device_drivers::id::LineId;
use device_drivers::port::{ScannerHandle, monotonic_now, spawn_scanner};
use device_drivers::scanner::{CommandSet, ScannerAlarm, ScannerSignal, ScannerSpec, ScannerState, Undone};
use device_drivers::spec::{Baud, Parity};
use sim_devices::{Gm65, ScanFault, ScannerPort, SetUpCode};
use tempfile::TempDir;

use super::PATIENCE;

/// Within this a set-up barcode is undone (reliability.md, attack sentence 11).
const UNDONE_WITHIN: Duration = Duration::from_secs(10);

struct Rig {
    scanner: ScannerPort,
    handle: ScannerHandle,
    signals: Receiver<ScannerSignal>,
    _folder: TempDir,
}

impl Rig {
    fn start(commands: CommandSet) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scanner");
        let scanner = ScannerPort::start(&path, Gm65::new()).unwrap();
        let spec = ScannerSpec {
            id: LineId::new("lobby-scanner").unwrap(),
            port: path.into(),
            baud: Baud::new(9_600).unwrap(),
            parity: Parity::None,
            commands,
        };
        let (sink, signals) = sync_channel(4_096);
        // Nobody reads at the end.
        let handle = spawn_scanner(&spec, move |signal| drop(sink.try_send(signal)), monotonic_now).unwrap();
        let rig = Self { scanner, handle, signals, _folder: folder };
        rig.wait_for("that it is ready", |signal| {
            matches!(signal, ScannerSignal::State { state: ScannerState::Ready, .. }).then_some(())
        });
        rig
    }

    fn wait_for<T>(&self, what: &str, pick: impl Fn(&ScannerSignal) -> Option<T>) -> T {
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let signal =
                self.signals.recv_timeout(left).unwrap_or_else(|_| panic!("waited in vain for {what}"));
            if let Some(found) = pick(&signal) {
                return found;
            }
        }
    }

    fn scanned(&self) -> String {
        self.wait_for("a scan", |signal| match signal {
            ScannerSignal::Scan { text, .. } => Some(text.expose().to_owned()),
            _ => None,
        })
    }

    fn alarm(&self) -> ScannerAlarm {
        self.wait_for("an alarm", |signal| match signal {
            ScannerSignal::Alarm { alarm, .. } => Some(*alarm),
            _ => None,
        })
    }
}

#[test]
fn labels_are_read_and_their_bytes_are_on_no_tape() {
    let rig = Rig::start(CommandSet::Gm65);
    rig.scanner.scan("271-828-1828");
    assert_eq!(rig.scanned(), "271-828-1828");
    rig.scanner.scan("1Z999AA10123456784");
    assert_eq!(rig.scanned(), "1Z999AA10123456784");
    let kept = rig.handle.tape().since(0, usize::MAX).records;
    assert!(kept.iter().any(|record| record.length == 12));
    assert!(kept.iter().all(|record| record.bytes.is_empty()), "{kept:?}");
}

#[test]
fn faulty_scans_are_whole_or_nothing() {
    let rig = Rig::start(CommandSet::Gm65);
    rig.scanner.scan("first");
    assert_eq!(rig.scanned(), "first");
    rig.scanner.scan_with("doubled", &ScanFault::Doubled);
    assert_eq!(rig.scanned(), "doubled");
    rig.scanner.scan_with("in two halves", &ScanFault::Split(Duration::from_millis(200)));
    assert_eq!(rig.scanned(), "in two halves", "a short pause is none");
    rig.scanner.scan_with("noisy", &ScanFault::Noise(vec![0xFF, 0x80, 0x01]));
    rig.scanner.scan("after noise");
    assert_eq!(rig.scanned(), "after noise");
    rig.scanner.scan_with("no end", &ScanFault::NoEnd);
    rig.wait_for("that it is dropped", |signal| {
        matches!(signal, ScannerSignal::Dropped { why: device_drivers::scanner::Dropped::Cut, .. })
            .then_some(())
    });
}

#[test]
fn set_up_barcode_has_no_effect_and_is_an_alarm() {
    let rig = Rig::start(CommandSet::Gm65);
    let before = rig.scanner.with(|module| module.clone());
    rig.scanner.scan_set_up(SetUpCode { zone: 0x00, value: 0x00 });
    assert_eq!(rig.alarm(), ScannerAlarm::SetUpCode);
    rig.scanner.scan("still read");
    assert_eq!(rig.scanned(), "still read");
    assert!((0..=255).all(|zone| rig.scanner.with(|module| module.zone(zone)) == before.zone(zone)));
}

#[test]
fn settings_that_somebody_changed_are_undone_within_ten_seconds_with_an_alarm() {
    let rig = Rig::start(CommandSet::Gm65);
    // Whoever has the scanner in hand gives it another supply: unsaved settings are gone, and set-up barcodes act again.
    rig.scanner.with(|module| {
        *module = Gm65::new();
    });
    rig.scanner.scan_set_up(SetUpCode { zone: 0x60, value: 0x00 });
    let since = Instant::now();
    assert!(rig.scanner.wait_until(PATIENCE, |module| module.zone(3) & 0b10 != 0 && module.zone(0x60) == 1));
    assert!(since.elapsed() < UNDONE_WITHIN, "{:?}", since.elapsed());
    assert!(matches!(rig.alarm(), ScannerAlarm::SettingsChanged { undone: Undone::NotYet, .. }));
    rig.wait_for("that it is told undone", |signal| {
        matches!(
            signal,
            ScannerSignal::Alarm { alarm: ScannerAlarm::SettingsChanged { undone: Undone::Yes, .. }, .. }
        )
        .then_some(())
    });
    rig.scanner.scan("read again");
    assert_eq!(rig.scanned(), "read again");
}

#[test]
fn scanner_that_hears_no_commands_is_told_silent() {
    let rig = Rig::start(CommandSet::Gm65);
    rig.scanner.deafen(true);
    rig.wait_for("that it is silent", |signal| {
        matches!(signal, ScannerSignal::State { state: ScannerState::Silent, .. }).then_some(())
    });
    rig.scanner.scan("heard all the same");
    assert_eq!(rig.scanned(), "heard all the same");
}
