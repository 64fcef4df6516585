//! Whoever holds a reader's wires and not its key: whatever they send, nothing of it is believed. For the fuzz target `reader_line`
//! and for the suite.

use std::time::Duration;

use device_drivers::id::{DeviceId, LineId};
use device_drivers::osdp::{
    InstallOutcome, Output, Panel, ReaderAddress, ReaderKey, ReaderLineSpec, ReaderOrder, ReaderSpec,
    ReaderState, ReaderTask, What,
};
use device_drivers::spec::Baud;
use device_drivers::time::Monotonic;

/// Steps of the panel for one input: each of its chunks, and some silence.
const STEPS: usize = 600;
/// The bit of a control byte that says that a security block follows.
const HAS_BLOCK: u8 = 0x08;

/// Plays one input. Its first byte says what the panel knows of the reader; then come chunks, each as what is sent after one
/// command: a byte of flags, a length, and so many bytes. Flag 1 makes a frame of them with the right address, sequence and
/// check bytes; with flag 2 it says that they begin with a security block.
///
/// # Panics
/// When something is believed.
pub fn check(input: &[u8]) {
    let Some((first, mut chunks)) = input.split_first() else { return };
    let mut now = Monotonic::from_micros(1_000_000);
    let mut panel = panel(first & 1 == 0, now);
    panel.opened();
    if first & 2 != 0 {
        let key = ReaderKey::new([3; 16]).expect("a key");
        let task = ReaderTask::Install { key, until: now + Duration::from_secs(300) };
        panel.order(ReaderOrder { reader: id(), task }, now);
    }
    let mut drawn = *first;
    for _ in 0..STEPS {
        let mut random = || {
            drawn = drawn.wrapping_add(1);
            Some([drawn; 8])
        };
        match panel.poll(now, &mut random) {
            Output::Wait(until) => now = until,
            Output::Signal(signal) => assert!(is_harmless(&signal.what), "something was believed"),
            Output::Transmit(sent) => {
                let (chunk, rest) = next(chunks, &sent);
                chunks = rest;
                now = now + Duration::from_millis(10);
                panel.received(&chunk, now);
            }
        }
    }
}

fn id() -> DeviceId {
    DeviceId::new("reader").expect("an id")
}

fn panel(keyed: bool, now: Monotonic) -> Panel {
    let key = keyed.then(|| ReaderKey::new([0x5A; 16]).expect("a key"));
    let address = ReaderAddress::new(0).expect("an address");
    let spec = ReaderLineSpec {
        id: LineId::new("osdp-1").expect("an id"),
        port: "/dev/null".into(),
        direction: device_drivers::spec::Direction::default(),
        baud: Baud::new(9_600).expect("a speed"),
        readers: vec![ReaderSpec { id: id(), address, key }],
    };
    Panel::new(spec, now).expect("a line")
}

/// What may be told although nobody has proven anything.
fn is_harmless(what: &What) -> bool {
    match what {
        What::Pressed { .. } | What::Card { .. } => false,
        What::State { state, .. } => *state != ReaderState::Secure,
        What::Install { outcome, .. } => *outcome != InstallOutcome::Done,
        What::Port(_)
        | What::Identity { .. }
        | What::Tamper { .. }
        | What::ClearRead { .. }
        | What::Counters { .. } => true,
    }
}

/// The next chunk as it stands on the wire, and the chunks after it.
fn next<'a>(chunks: &'a [u8], sent: &[u8]) -> (Vec<u8>, &'a [u8]) {
    let [flags, length, rest @ ..] = chunks else { return (Vec::new(), &[]) };
    let (bytes, rest) = rest.split_at(usize::from(*length).min(rest.len()));
    let answered = sent.strip_prefix(&[0xFF]).unwrap_or(sent);
    let sequence = answered.get(4).map_or(0, |control| control & 0x03);
    match (flags & 1, flags & 2) {
        (0, _) => (bytes.to_vec(), rest),
        (_, 0) => (frame(sequence, bytes), rest),
        _ => (frame(sequence | HAS_BLOCK, bytes), rest),
    }
}

/// A reply of the reader at address 0 with good check bytes.
#[must_use]
pub fn frame(control: u8, rest: &[u8]) -> Vec<u8> {
    let [low, high] = u16::try_from(rest.len() + 7).unwrap_or(u16::MAX).to_le_bytes();
    let mut frame = vec![0x53, 0x80, low, high, control | 0x04];
    frame.extend_from_slice(rest);
    let crc = frame.iter().fold(0x1D0F_u16, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| match crc & 0x8000 {
            0 => crc << 1,
            _ => (crc << 1) ^ 0x1021,
        })
    });
    frame.extend_from_slice(&crc.to_le_bytes());
    frame
}
