//! The port thread and libosdp's peripheral side on a pty: the documented bytes, several readers, plugs that are pulled.

use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use device_drivers::id::{DeviceId, LineId};
use device_drivers::osdp::{ReaderAddress, ReaderLineSpec, ReaderSignal, ReaderSpec, ReaderState, What};
use device_drivers::port::{ReaderLine, monotonic_now, spawn_readers};
use device_drivers::signal::PortState;
use device_drivers::spec::Baud;
use sim_devices::{PtyReaders, ReaderKeying, SimReader};

use crate::readers::bench::{KEY, key};

/// Longer than anything here takes, on a machine that does other things too.
const PATIENCE: Duration = Duration::from_secs(60);
const OTHER: [u8; 16] = [0xC3; 16];

struct Line {
    readers: PtyReaders,
    signals: Receiver<ReaderSignal>,
    _line: ReaderLine,
    _folder: tempfile::TempDir,
}

fn spec(port: &Path, keys: &[[u8; 16]]) -> ReaderLineSpec {
    let reader = |(at, bytes): (usize, &[u8; 16])| ReaderSpec {
        id: DeviceId::new(&format!("reader-{at}")).unwrap(),
        address: ReaderAddress::new(u8::try_from(at).unwrap()).unwrap(),
        key: Some(key(*bytes)),
    };
    ReaderLineSpec {
        id: LineId::new("osdp-1").unwrap(),
        port: port.to_owned(),
        direction: device_drivers::spec::Direction::default(),
        baud: Baud::new(9_600).unwrap(),
        readers: keys.iter().enumerate().map(reader).collect(),
    }
}

fn open(keys: &[[u8; 16]]) -> Line {
    let folder = tempfile::tempdir().unwrap();
    let port = folder.path().join("osdp-1");
    let sims = keys
        .iter()
        .enumerate()
        .map(|(at, key)| SimReader::new(u8::try_from(at).unwrap(), ReaderKeying::Key(*key)).unwrap());
    let readers = PtyReaders::plug(&port, sims.collect()).unwrap();
    let (sink, signals) = sync_channel(10_000);
    let mut drawn = 0_u8;
    let random = Box::new(move || {
        drawn = drawn.wrapping_add(1);
        Some([drawn; 8])
    });
    let sink = move |signal| sink.send(signal).unwrap_or(());
    let line = spawn_readers(spec(&port, keys), sink, monotonic_now, random).unwrap();
    Line { readers, signals, _line: line, _folder: folder }
}

impl Line {
    fn wait<T>(&self, what: &str, pick: impl Fn(&What) -> Option<T>) -> T {
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let signal = self.signals.recv_timeout(left).unwrap_or_else(|_| panic!("{what} in time"));
            if let Some(found) = pick(&signal.what) {
                return found;
            }
        }
    }

    fn wait_secure(&self, name: &str) {
        self.wait("a channel", |what| match what {
            What::State { reader, state: ReaderState::Secure } if reader.as_str() == name => Some(()),
            _ => None,
        });
    }

    fn wait_keys(&self, wanted: &[u8]) {
        let keys = self.wait("keys", |what| match what {
            What::Pressed { keys, .. } => Some(keys.expose().to_vec()),
            _ => None,
        });
        assert_eq!(keys, wanted);
    }
}

#[test]
fn readers_share_a_line_and_the_first_bytes_are_the_documented_ones() {
    let line = open(&[KEY, OTHER]);
    // Each becomes secure in its own time; which is first is the line's business.
    let mut waiting = vec!["reader-0".to_owned(), "reader-1".to_owned()];
    while !waiting.is_empty() {
        let name = line.wait("a channel", |what| match what {
            What::State { reader, state: ReaderState::Secure } => Some(reader.as_str().to_owned()),
            _ => None,
        });
        waiting.retain(|other| *other != name);
    }
    let heard = line.readers.heard();
    let who = [0xFF, 0x53, 0x00, 0x09, 0x00, 0x04, 0x61, 0x00, 0xC0, 0x66];
    assert_eq!(heard[..who.len()], who, "SIA OSDP Annex E, second example");
    line.readers.with(|readers| readers[1].press("42").unwrap());
    line.wait_keys(b"42");
}

#[test]
fn channel_is_made_again_when_the_plug_was_pulled() {
    let mut line = open(&[KEY]);
    line.wait_secure("reader-0");
    line.readers.unplug();
    line.wait("that the port is gone", |what| matches!(what, What::Port(PortState::Unplugged)).then_some(()));
    line.readers.with(|readers| readers[0].press("1").unwrap());
    line.readers.replug().unwrap();
    line.wait_secure("reader-0");
    line.wait_keys(b"1");
}
