//! A frame in words, for whoever reads a trace: decoded apart from the codec, so that a slip of one shows in the other.

use super::{Kind, Record, lock_words};
use crate::frame::Protocol;

/// What the record says, without names of devices: `read 8 discrete inputs from 1`.
#[must_use]
pub fn words(protocol: Protocol, record: &Record) -> String {
    let meaning = || match protocol {
        Protocol::ModbusRtu => modbus(record.kind, &record.bytes),
        other => lock_words::words(other, record.kind, &record.bytes)
            .unwrap_or_else(|| format!("{} frame of {} bytes", other.name(), record.length)),
    };
    match record.kind {
        Kind::Sent | Kind::Answer => meaning(),
        Kind::Echo => "our own bytes, given back by the adapter".to_owned(),
        Kind::Late => format!("late answer: {}", meaning()),
        Kind::Unasked => format!("unasked: {}", meaning()),
        Kind::Foreign => format!("foreign frame: {}", meaning()),
        Kind::Noise => format!("noise, {} bytes", record.length),
        Kind::Silence => "no answer in time".to_owned(),
        Kind::Opened => "port opened".to_owned(),
        Kind::Closed => "port closed".to_owned(),
        Kind::Scan => format!("scan of {} bytes", record.length),
    }
}

fn modbus(kind: Kind, bytes: &[u8]) -> String {
    let [_, function, rest @ ..] = bytes else { return format!("{} bytes", bytes.len()) };
    let Some(body) = rest.len().checked_sub(2).and_then(|end| rest.get(..end)) else {
        return format!("function {function}");
    };
    match (function, body) {
        (0x80.., [code]) => format!("{} refused: {}", name(function & 0x7F), exception(*code)),
        // A request of four bytes and an answer of one to four look alike but for whose they are.
        (1..=4, [a, b, c, d]) if kind != Kind::Answer && kind != Kind::Late && bytes.len() == 8 => {
            let (first, count) = (u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d]));
            format!("read {count} {} from {}", items(*function), u32::from(first) + 1)
        }
        (1 | 2, [count, data @ ..]) if data.len() == usize::from(*count) => {
            format!("{}: {}", items(*function), bits(data))
        }
        (3 | 4, [count, data @ ..]) if data.len() == usize::from(*count) => {
            format!("{}: {}", items(*function), registers(data))
        }
        (5, [a, b, c, d]) => coil(u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d])),
        (6, [a, b, c, d]) => {
            let (register, value) = (u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d]));
            format!("write 0x{value:04X} to holding register 0x{register:04X}")
        }
        (15 | 16, [a, b, c, d, ..]) => {
            let (first, count) = (u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d]));
            format!(
                "write {count} {} from {}",
                items(if *function == 15 { 1 } else { 3 }),
                u32::from(first) + 1
            )
        }
        _ => format!("{}, {} bytes", name(*function), bytes.len()),
    }
}

/// Waveshare's coils beyond the outputs have meanings of their own.
fn coil(coil: u16, value: u16) -> String {
    let state = match value {
        0xFF00 => "on",
        0x0000 => "off",
        _ => {
            return match coil {
                0x0200..0x0220 => {
                    format!("pulse output {} for {} ms", coil - 0x0200 + 1, u32::from(value) * 100)
                }
                _ => format!("write 0x{value:04X} to coil 0x{coil:04X}"),
            };
        }
    };
    match coil {
        0x00FF => format!("switch all outputs {state}"),
        _ => format!("switch output {} {state}", u32::from(coil) + 1),
    }
}

pub(super) fn bits(data: &[u8]) -> String {
    let on: Vec<String> = data
        .iter()
        .enumerate()
        .flat_map(|(at, byte)| {
            (0..8).filter(move |bit| byte >> bit & 1 == 1).map(move |bit| at * 8 + bit + 1)
        })
        .map(|number| number.to_string())
        .collect();
    if on.is_empty() { "none on".to_owned() } else { format!("on {}", on.join(" ")) }
}

fn registers(data: &[u8]) -> String {
    let value = |pair: &[u8]| pair.iter().fold(0_u16, |value, byte| value << 8 | u16::from(*byte));
    data.chunks(2).map(|pair| format!("0x{:04X}", value(pair))).collect::<Vec<_>>().join(" ")
}

const fn items(function: u8) -> &'static str {
    match function {
        1 => "coils",
        2 => "discrete inputs",
        3 => "holding registers",
        _ => "input registers",
    }
}

fn name(function: u8) -> String {
    match function {
        1..=4 => format!("read of {}", items(function)),
        5 => "write of a coil".to_owned(),
        6 => "write of a register".to_owned(),
        15 => "write of coils".to_owned(),
        16 => "write of registers".to_owned(),
        _ => format!("function {function}"),
    }
}

fn exception(code: u8) -> String {
    match code {
        1 => "illegal function".to_owned(),
        2 => "illegal address".to_owned(),
        3 => "illegal value".to_owned(),
        4 => "device failure".to_owned(),
        6 => "busy".to_owned(),
        _ => format!("exception {code}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Monotonic;

    fn said(kind: Kind, bytes: &[u8]) -> String {
        let (at, address) = (Monotonic::ZERO, bytes.first().copied());
        words(
            Protocol::ModbusRtu,
            &Record { sequence: 0, at, kind, address, length: bytes.len(), bytes: bytes.to_vec() },
        )
    }

    #[test]
    fn golden_frames_are_told_in_words() {
        let sent = |bytes: &[u8]| said(Kind::Sent, bytes);
        assert_eq!(sent(&[0x01, 0x05, 0x02, 0x00, 0x00, 0x07, 0x8D, 0xB0]), "pulse output 1 for 700 ms");
        assert_eq!(sent(&[0x01, 0x05, 0x02, 0x03, 0x00, 0x03, 0x7C, 0x73]), "pulse output 4 for 300 ms");
        assert_eq!(sent(&[0x01, 0x05, 0x00, 0xFF, 0x00, 0x00, 0xFD, 0xFA]), "switch all outputs off");
        assert_eq!(sent(&[0x01, 0x02, 0x00, 0x00, 0x00, 0x08, 0x79, 0xCC]), "read 8 discrete inputs from 1");
        assert_eq!(
            sent(&[0x01, 0x03, 0x10, 0x00, 0x00, 0x08, 0x40, 0xCC]),
            "read 8 holding registers from 4097"
        );
        assert_eq!(
            sent(&[0x00, 0x06, 0x40, 0x00, 0x00, 0x02, 0x1C, 0x1A]),
            "write 0x0002 to holding register 0x4000"
        );
    }

    #[test]
    fn what_is_heard_is_told_in_words() {
        let inputs = [0x01, 0x02, 0x01, 0x81, 0x61, 0xE8];
        assert_eq!(said(Kind::Answer, &inputs), "discrete inputs: on 1 8");
        assert_eq!(said(Kind::Late, &inputs), "late answer: discrete inputs: on 1 8");
        assert_eq!(said(Kind::Foreign, &inputs), "foreign frame: discrete inputs: on 1 8");
        assert_eq!(said(Kind::Answer, &[1, 4, 4, 0, 0xD7, 1, 0xF4, 0, 0]), "input registers: 0x00D7 0x01F4");
        assert_eq!(
            said(Kind::Answer, &[1, 0x82, 2, 0, 0]),
            "read of discrete inputs refused: illegal address"
        );
        assert_eq!(said(Kind::Noise, &[0x55, 0xAA]), "noise, 2 bytes");
    }

    proptest::proptest! {
        #[test]
        fn anything_can_be_told(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
            for kind in [Kind::Sent, Kind::Answer, Kind::Foreign] {
                proptest::prop_assert!(!said(kind, &bytes).is_empty());
            }
        }
    }
}
