//! What the notifier reads, and what nobody else can.

use super::*;
use vestibule_core::id::{ParcelId, Serial, UnitId};
use vestibule_core::row::NoticeRow;
use vestibule_core::time::Timestamp;

fn context() -> Context {
    Context {
        building: BuildingId::new("maple-court").unwrap(),
        epoch: Epoch([0xe0; 8]),
        support: "+1 312 555 0134".into(),
    }
}

fn sealed(key: &NotifierKey, entropy: [u8; 32]) -> Vec<u8> {
    let row = NoticeRow {
        unit: UnitId::new("4b").unwrap(),
        parcel: ParcelId(Serial { boot: 1, number: 2 }),
        kind: NoticeKind::Arrived,
        code: Some(5),
        at: Timestamp(1_772_350_200_007),
    };
    let text = NoticeText { row, label: "12".into(), code: Some("1234567890".into()), deadline: None };
    seal(&context(), key, NoticeId(Serial { boot: 1, number: 3 }), &text, entropy).unwrap()
}

#[test]
fn notifier_reads_the_code_when_the_notice_is_sealed_to_it() {
    let (secret, key) = NotifierSecret::generate(&[1; 32]);
    let message = sealed(&key, [2; 32]);
    let text = String::from_utf8(message.clone()).unwrap();
    assert!(!text.contains("1234567890") && !text.contains("123-456-7890") && !text.contains("4b\""));
    let notice = secret.open(&message).unwrap();
    assert_eq!(notice.code.as_deref(), Some("123-456-7890"));
    assert_eq!(notice.id, "maple-court:e0e0e0e0e0e0e0e0:1-3");
    assert_eq!((notice.kind, notice.unit.as_str()), (NoticeWord::Arrived, "4b"));
}

#[test]
fn notice_stays_shut_when_key_id_or_building_is_another() {
    let (secret, key) = NotifierSecret::generate(&[1; 32]);
    let message = sealed(&key, [2; 32]);
    let (other, _) = NotifierSecret::generate(&[3; 32]);
    assert!(matches!(other.open(&message), Err(NoticeError::Open { .. })));
    let text = String::from_utf8(message).unwrap();
    let renamed = text.replacen(":1-3", ":1-4", 1);
    assert!(matches!(secret.open(renamed.as_bytes()), Err(NoticeError::Open { .. })));
    let moved = text.replacen("\"building\":\"maple", "\"building\":\"apple", 1);
    assert!(matches!(secret.open(moved.as_bytes()), Err(NoticeError::Open { .. })));
}

#[test]
fn bytes_are_the_same_when_the_entropy_is() {
    let (_, key) = NotifierSecret::generate(&[1; 32]);
    assert_eq!(sealed(&key, [2; 32]), sealed(&key, [2; 32]));
    assert_ne!(sealed(&key, [2; 32]), sealed(&key, [4; 32]));
}

#[test]
fn key_is_read_when_it_is_hexadecimal_or_base64() {
    let (_, key) = NotifierSecret::generate(&[1; 32]);
    let bytes = key.to_bytes();
    for text in [hex::encode(&bytes), STANDARD.encode(bytes), URL_SAFE_NO_PAD.encode(bytes)] {
        assert_eq!(NotifierKey::parse(&text).ok().map(|key| key.to_bytes()), Some(bytes), "{text}");
    }
    assert!(NotifierKey::parse("short").is_err());
    assert!(NotifierKey::parse(&"0".repeat(63)).is_err());
}
