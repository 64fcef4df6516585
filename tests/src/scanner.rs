//! What a scanner may send, judged by rules of its own: the target of fuzzing and of the corpus that CI replays.
//!
//! An input is a byte of settings and then reads: a pause (16 ms each), a length, bytes. Rules: a scan is legible, bounded and no
//! set-up barcode; nothing but known commands goes out; how the bytes of a moment are cut into reads makes no difference.

use std::time::Duration;

use device_drivers::scanner::{CommandSet, Output, Scanner, ScannerSignal};
use device_drivers::time::Monotonic;

/// Longest scan in characters.
const LONGEST: usize = 128;
/// Outputs of one moment; more means that the scanner never waits.
const OUTPUTS_MOST: usize = 10_000;
/// One unit of a pause.
const PAUSE: Duration = Duration::from_millis(16);

/// Walks one input.
///
/// # Panics
/// Where a rule is broken.
pub fn check(input: &[u8]) {
    let [settings, reads @ ..] = input else { return };
    let commands = if settings & 1 == 1 { CommandSet::Gm65 } else { CommandSet::Plain };
    let whole = walk(commands, reads, usize::MAX);
    let pieces = walk(commands, reads, 1);
    assert_eq!(whole, pieces, "the reads' sizes make a difference");
}

fn walk(commands: CommandSet, mut reads: &[u8], piece: usize) -> Vec<String> {
    let mut now = Monotonic::from_micros(1_000_000);
    let mut scanner = Scanner::new(commands, now);
    let mut told = Vec::new();
    scanner.opened(now);
    settle(&mut scanner, now, &mut told);
    while let [pause, length, rest @ ..] = reads {
        let end = now + PAUSE * u32::from(*pause);
        now = pass(&mut scanner, now, end, &mut told);
        let (bytes, after) = rest.split_at(usize::from(*length).min(rest.len()));
        for part in bytes.chunks(piece.min(bytes.len().max(1))) {
            scanner.received(part, now);
        }
        settle(&mut scanner, now, &mut told);
        reads = after;
    }
    pass(&mut scanner, now, now + Duration::from_secs(5), &mut told);
    scanner.closed(now);
    settle(&mut scanner, now, &mut told);
    told
}

/// Lets time pass, stopping wherever the scanner wants to be asked.
fn pass(scanner: &mut Scanner, mut now: Monotonic, end: Monotonic, told: &mut Vec<String>) -> Monotonic {
    loop {
        let until = settle(scanner, now, told);
        if until >= end {
            settle(scanner, end, told);
            return end;
        }
        assert!(until > now, "it waits for what is over");
        now = until;
    }
}

fn settle(scanner: &mut Scanner, now: Monotonic, told: &mut Vec<String>) -> Monotonic {
    for _ in 0..OUTPUTS_MOST {
        match scanner.poll(now) {
            Output::Wait(until) => return until,
            Output::Transmit(command) => {
                let known = matches!(
                    command,
                    [0x7E, 0, 7, 1, 0, 0x00 | 0x03 | 0x60, 1, ..]
                        | [0x7E, 0, 8, 1, 0, 0x00 | 0x02 | 0x03 | 0x60, ..]
                        | [0x7E, 0, 9, 1, 0, 0, 0, ..]
                );
                assert!(known && command[7..] == [0xAB, 0xCD], "{command:02X?}");
                told.push(format!("{command:02X?}"));
            }
            Output::Signal(ScannerSignal::Scan { text, .. }) => {
                let text = text.expose();
                assert!((1..=LONGEST).contains(&text.len()), "{} characters", text.len());
                assert!(text.bytes().all(|byte| (0x20..0x7F).contains(&byte)), "{text:?}");
                assert!(!text.starts_with(['@', '^']), "a set-up barcode is passed on: {text:?}");
                told.push(text.to_owned());
            }
            Output::Signal(ScannerSignal::Counters { .. }) => {}
            Output::Signal(other) => told.push(format!("{other:?}")),
        }
    }
    panic!("it never waits");
}
