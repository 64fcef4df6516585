//! Frames of dedicated lock boards in words, decoded apart from the codecs (hardware.md), as `words` does Modbus.
//!
//! What opens every lock is named where a trace shows it: nothing here sends it, and a second master may.

use super::Kind;
use super::words::bits;
use crate::frame::Protocol;

/// What the bytes say, whoever sent them; none where the format does not know them.
#[must_use]
pub(super) fn words(protocol: Protocol, kind: Kind, bytes: &[u8]) -> Option<String> {
    let answered = matches!(kind, Kind::Answer | Kind::Late);
    match protocol {
        Protocol::ModbusRtu => None,
        Protocol::KerongCu16 => kerong_cu16(bytes),
        Protocol::KerongCu48 => kerong_cu48(bytes),
        Protocol::Lock8a => lock_8a(answered, bytes),
        Protocol::Winnsen => winnsen(bytes),
        Protocol::Wkly => wkly(bytes),
    }
}

/// `02 BOARD|LOCK COMMAND 03 SUM`; a status has the hooks' bits and then the eyes'.
fn kerong_cu16(bytes: &[u8]) -> Option<String> {
    Some(match bytes {
        [0x02, lock, 0x31, 0x03, _] => format!("unlock lock {}", (lock & 0x0F) + 1),
        [0x02, _, 0x30, 0x03, _] => "read the status".to_owned(),
        [0x02, _, 0x32, 0x03, _] => "read the status of all boards".to_owned(),
        [0x02, _, 0x33, 0x03, _] => "unlock ALL locks".to_owned(),
        [0x02, _, 0x35, a, b, c, d, 0x03, _] => {
            format!("status: hooks {}, eyes {}", bits(&[*a, *b]), bits(&[*c, *d]))
        }
        _ => return None,
    })
}

/// `02 BOARD LOCK COMMAND 03 SUM`, locks from 0; lock 48 is all of them.
fn kerong_cu48(bytes: &[u8]) -> Option<String> {
    Some(match bytes {
        [0x02, _, 48..=255, 0x61, 0x03, _] => "unlock ALL locks".to_owned(),
        [0x02, _, lock, 0x61, 0x03, _] => format!("unlock lock {}", u16::from(*lock) + 1),
        [0x02, _, _, 0x60, 0x03, _] => "read the status".to_owned(),
        [0x02, _, _, 0x75, data @ .., 0x03, _] if data.len() == 12 => {
            let (hooks, eyes) = data.split_at(6);
            format!("status: hooks {}, eyes {}", bits(hooks), bits(eyes))
        }
        [0x02, _, _, 0x75, 6, hooks @ .., _] if hooks.len() == 6 => format!("status: hooks {}", bits(hooks)),
        [0x02, _, lock, 0x75, ..] if bytes.len() == 6 => {
            format!("word about lock {}", u16::from(*lock) + 1)
        }
        _ => return None,
    })
}

/// `HEADER BOARD LOCK WHAT XOR`; lock 0 is all of them.
fn lock_8a(answered: bool, bytes: &[u8]) -> Option<String> {
    Some(match bytes {
        [0x8A, _, 0, 0x11, _] if !answered => "open ALL locks".to_owned(),
        [0x8A, _, lock, 0x11, _] if !answered => format!("open lock {lock}"),
        [0x8A, _, lock, state, _] => format!("word about lock {lock}: 0x{state:02X}"),
        [0x80, _, 0, 0x33, _] if !answered => "read the status".to_owned(),
        [0x80, _, data @ .., 0x33, _] => {
            // The highest group comes first.
            let low_first: Vec<u8> = data.iter().rev().copied().collect();
            format!("status: feedback lines {}", bits(&low_first))
        }
        [0x81 | 0x82, _, lock, state, _] => format!("door of lock {lock} moved by hand: 0x{state:02X}"),
        [0x9A, _, lock, ..] => format!("hold current on lock {lock}"),
        [0x9B, _, lock, ..] => format!("end the current on lock {lock}"),
        _ => return None,
    })
}

/// `90 LENGTH FUNCTION STATION LOCK [STATE] 03`.
fn winnsen(bytes: &[u8]) -> Option<String> {
    Some(match bytes {
        [0x90, 0x06, 0x05, _, lock, 0x03] => format!("open lock {lock}"),
        [0x90, 0x06, 0x12, _, lock, 0x03] => format!("read lock {lock}"),
        [0x90, 0x07, 0x85, _, lock, state, 0x03] => format!("word about lock {lock}: 0x{state:02X}"),
        [0x90, 0x07, 0x92, _, lock, 0x01, 0x03] => format!("lock {lock} is open"),
        [0x90, 0x07, 0x92, _, lock, 0x00, 0x03] => format!("lock {lock} is shut"),
        [0x90, 0x07, 0x92, _, lock, state, 0x03] => format!("lock {lock} reads 0x{state:02X}"),
        _ => return None,
    })
}

/// `57 4B 4C 59 LENGTH BOARD COMMAND [STATUS] LOCK [STATE] XOR`.
fn wkly(bytes: &[u8]) -> Option<String> {
    let [b'W', b'K', b'L', b'Y', _, _, command, data @ .., _] = bytes else { return None };
    Some(match (command, data) {
        (0x82, [lock]) => format!("open lock {lock}"),
        (0x83, [lock]) => format!("read lock {lock}"),
        (0x82, [status, lock, state]) => {
            format!("word about lock {lock}: status 0x{status:02X}, 0x{state:02X}")
        }
        (0x83, [status, lock, state]) => format!("lock {lock} reads 0x{state:02X}, status 0x{status:02X}"),
        (0x84, _) => "open or read ALL locks".to_owned(),
        (0x85, [lock, state]) => format!("door of lock {lock} moved by hand: 0x{state:02X}"),
        _ => format!("command 0x{command:02X}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(protocol: Protocol, kind: Kind, bytes: &[u8]) -> String {
        words(protocol, kind, bytes).unwrap()
    }

    #[test]
    fn orders_of_every_format_are_told_from_questions() {
        let sent = |protocol, bytes: &[u8]| said(protocol, Kind::Sent, bytes);
        assert_eq!(sent(Protocol::KerongCu16, &[0x02, 0x15, 0x31, 0x03, 0x4B]), "unlock lock 6");
        assert_eq!(sent(Protocol::KerongCu16, &[0x02, 0x10, 0x30, 0x03, 0x45]), "read the status");
        assert_eq!(sent(Protocol::KerongCu16, &[0x02, 0xF0, 0x33, 0x03, 0x28]), "unlock ALL locks");
        assert_eq!(sent(Protocol::KerongCu48, &[0x02, 0x00, 0x05, 0x61, 0x03, 0x6B]), "unlock lock 6");
        assert_eq!(sent(Protocol::KerongCu48, &[0x02, 0x00, 0x30, 0x61, 0x03, 0x96]), "unlock ALL locks");
        assert_eq!(sent(Protocol::Lock8a, &[0x8A, 0x01, 0x03, 0x11, 0x99]), "open lock 3");
        assert_eq!(sent(Protocol::Lock8a, &[0x8A, 0x01, 0x00, 0x11, 0x9A]), "open ALL locks");
        assert_eq!(sent(Protocol::Lock8a, &[0x80, 0x01, 0x00, 0x33, 0xB2]), "read the status");
        assert_eq!(sent(Protocol::Winnsen, &[0x90, 0x06, 0x05, 0x01, 0x02, 0x03]), "open lock 2");
        assert_eq!(sent(Protocol::Winnsen, &[0x90, 0x06, 0x12, 0x01, 0x02, 0x03]), "read lock 2");
        let wkly = |command| [b'W', b'K', b'L', b'Y', 9, 1, command, 4, 0];
        assert_eq!(sent(Protocol::Wkly, &wkly(0x82)), "open lock 4");
        assert_eq!(sent(Protocol::Wkly, &wkly(0x83)), "read lock 4");
    }

    #[test]
    fn answers_of_every_format_are_told() {
        let heard = |protocol, bytes: &[u8]| said(protocol, Kind::Answer, bytes);
        let status = [0x02, 0x10, 0x35, 0x01, 0x80, 0x00, 0x02, 0x03, 0x00];
        assert_eq!(heard(Protocol::KerongCu16, &status), "status: hooks on 1 16, eyes on 10");
        let long = [2, 3, 0, 0x75, 1, 0, 0, 0, 0, 0x80, 2, 0, 0, 0, 0, 0, 3, 0];
        assert_eq!(heard(Protocol::KerongCu48, &long), "status: hooks on 1 48, eyes on 2");
        let short = [2, 3, 0, 0x75, 6, 1, 0, 0, 0, 0, 0x80, 0];
        assert_eq!(heard(Protocol::KerongCu48, &short), "status: hooks on 1 48");
        assert_eq!(
            heard(Protocol::Lock8a, &[0x80, 1, 0x80, 0x01, 0x33, 0]),
            "status: feedback lines on 1 16"
        );
        assert_eq!(heard(Protocol::Lock8a, &[0x8A, 1, 3, 0x11, 0]), "word about lock 3: 0x11");
        let moved = said(Protocol::Lock8a, Kind::Unasked, &[0x81, 1, 3, 0x00, 0]);
        assert_eq!(moved, "door of lock 3 moved by hand: 0x00");
        assert_eq!(heard(Protocol::Winnsen, &[0x90, 0x07, 0x92, 1, 2, 1, 3]), "lock 2 is open");
        let query = [b'W', b'K', b'L', b'Y', 11, 1, 0x83, 0, 4, 1, 0];
        assert_eq!(heard(Protocol::Wkly, &query), "lock 4 reads 0x01, status 0x00");
    }

    proptest::proptest! {
        #[test]
        fn anything_can_be_told(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..40)) {
            for protocol in Protocol::ALL {
                for kind in [Kind::Foreign, Kind::Answer] {
                    proptest::prop_assert!(words(protocol, kind, &bytes).is_none_or(|told| !told.is_empty()));
                }
            }
        }
    }
}
