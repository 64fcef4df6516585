//! The event envelope: a journal row is a CloudEvents 1.0 document whose exact bytes are hashed, stored and sent.

mod data;
mod header;

use sha2::{Digest as _, Sha256};
use vestibule_core::event::{Event, Fact, Subject};
use vestibule_core::id::BuildingId;
use vestibule_core::unit::Digest;

use crate::canonical::Json;
use crate::identity::{BootId, Epoch};
use crate::words::ClockWord;
use crate::{hex, time};

pub use data::{fact_variants, schema as data_schema};
pub use header::{Header, HeaderError, read_header};

/// Largest sealed row in bytes. The longest reason, escaped, with every id at its full length stays below.
pub const ROW_MAX: usize = 8 * 1024;

/// Digits of the `sequence` attribute: all of a `u64`, so that text order is number order.
pub const SEQUENCE_DIGITS: usize = 20;

/// What all rows of one start of the daemon have in common.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// The building.
    pub building: BuildingId,
    /// The journal's identity.
    pub epoch: Epoch,
    /// Count of starts on this database file, from 1.
    pub boot: u32,
    /// The start's identity.
    pub boot_id: BootId,
}

/// A row that can be stored: nothing of it changes any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The document.
    pub bytes: Vec<u8>,
    /// SHA-256 over `bytes`; the next row's `previous`.
    pub hash: Digest,
    /// The CloudEvents type, e.g. `parcel.stored`.
    pub event_type: &'static str,
}

/// What the first row of a journal takes as the hash of its predecessor.
#[must_use]
pub fn genesis(building: &BuildingId, epoch: Epoch) -> Digest {
    hash(format!("vestibule-journal-genesis/1:{building}:{epoch}").as_bytes())
}

/// SHA-256.
#[must_use]
pub fn hash(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).into())
}

/// Makes the row with this sequence, which is counted from 1 without a gap, and chains it to the row before.
#[must_use]
pub fn seal(envelope: &Envelope, sequence: u64, previous: &Digest, event: &Event) -> Sealed {
    let place = Place::Journal { sequence, previous };
    let bytes = document(envelope, &place, event).bytes();
    debug_assert!(bytes.len() <= ROW_MAX, "a {} of {} bytes", event.fact.name(), bytes.len());
    Sealed { hash: hash(&bytes), bytes, event_type: event.fact.name() }
}

/// Makes the witness of a row that is not durable yet: `number` counts them from 1 within a start; without sequence and hash.
#[must_use]
pub fn provisional(envelope: &Envelope, number: u64, event: &Event) -> Vec<u8> {
    document(envelope, &Place::Waiting { number }, event).bytes()
}

enum Place<'a> {
    Journal { sequence: u64, previous: &'a Digest },
    Waiting { number: u64 },
}

fn document(envelope: &Envelope, place: &Place<'_>, event: &Event) -> Json {
    let Envelope { building, epoch, boot, boot_id } = envelope;
    let number = match place {
        Place::Journal { sequence, .. } => sequence.to_string(),
        Place::Waiting { number } => format!("p{number}"),
    };
    let text = |value: &str| Json::Text(value.into());
    let mut fields = vec![
        ("specversion", text("1.0")),
        ("id", Json::Text(format!("{building}:{epoch}:{boot}:{number}"))),
        ("source", Json::Text(format!("/buildings/{building}"))),
        ("type", text(event.fact.name())),
        ("subject", Json::Text(subject(&event.fact))),
        ("time", Json::Text(time::text(event.at))),
        ("datacontenttype", text("application/json")),
    ];
    if let Place::Journal { sequence, .. } = place {
        fields.push(("sequence", Json::Text(format!("{sequence:0SEQUENCE_DIGITS$}"))));
    }
    fields.push(("bootid", Json::text(boot_id)));
    fields.push(("clocktrust", text(ClockWord::from(event.trust).word())));
    if let Place::Journal { previous, .. } = place {
        fields.push(("previoushash", Json::Text(hex::encode(&previous.0))));
    }
    fields.push(("data", data::render(event)));
    Json::Object(fields)
}

/// `{kind}/{id}` of what the fact is about.
fn subject(fact: &Fact) -> String {
    match fact.subject() {
        Subject::Thing(thing) => format!("{}/{}", thing.kind(), thing.id()),
        Subject::Parcel(parcel) => format!("parcel/{parcel}"),
        Subject::Bank(bank) => format!("bank/{bank}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_core::command::Actor;
    use vestibule_core::time::{ClockTrust, Timestamp};

    fn envelope() -> Envelope {
        Envelope {
            building: BuildingId::new("maple-court").unwrap(),
            epoch: Epoch([0xe0; 8]),
            boot: 3,
            boot_id: BootId([0xb0; 16]),
        }
    }

    fn event(reason: Option<String>) -> Event {
        Event {
            at: Timestamp(1_772_350_200_007),
            trust: ClockTrust::Holdover,
            actor: Actor::Staff("anna".into()),
            cause: None,
            reason,
            fact: Fact::StorageRecovered { waited: 2 },
        }
    }

    #[test]
    fn bytes_are_these_when_a_row_is_sealed() {
        let house = envelope();
        let first = genesis(&house.building, house.epoch);
        let sealed = seal(&house, 1, &first, &event(None));
        let expected = concat!(
            r#"{"specversion":"1.0","id":"maple-court:e0e0e0e0e0e0e0e0:3:1","source":"/buildings/maple-court","#,
            r#""type":"storage.recovered","subject":"gateway/self","time":"2026-03-01T07:30:00.007Z","#,
            r#""datacontenttype":"application/json","sequence":"00000000000000000001","#,
            r#""bootid":"b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0","clocktrust":"holdover","#,
            r#""previoushash":"a9a1b3f2","data":{"actor":{"role":"staff","name":"anna"},"waited":2}}"#,
        );
        let expected = expected.replace("a9a1b3f2", &first.to_string());
        assert_eq!(String::from_utf8(sealed.bytes.clone()).unwrap(), expected);
        assert_eq!(sealed.hash, hash(&sealed.bytes));
    }

    #[test]
    fn header_gives_back_what_was_sealed() {
        let house = envelope();
        let previous = Digest([7; 32]);
        let sealed = seal(&house, 42, &previous, &event(Some("a \"quoted\" \u{1f4e6}\n".into())));
        let header = read_header(&sealed.bytes).unwrap();
        assert_eq!((header.sequence, header.previous), (42, previous));
        assert_eq!(header.id, "maple-court:e0e0e0e0e0e0e0e0:3:42");
        assert_eq!(header.event_type, "storage.recovered");
        assert_eq!(header.at, Timestamp(1_772_350_200_007));
    }

    #[test]
    fn witness_has_no_sequence_when_its_row_is_not_durable() {
        let bytes = provisional(&envelope(), 5, &event(None));
        let read: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(read["id"], "maple-court:e0e0e0e0e0e0e0e0:3:p5");
        assert!(read.get("sequence").is_none() && read.get("previoushash").is_none());
        assert!(matches!(read_header(&bytes), Err(HeaderError::Missing("sequence"))));
    }

    #[test]
    fn row_stays_within_its_limit_when_the_reason_is_the_worst() {
        let worst = "\u{1}".repeat(vestibule_core::command::REASON_MAX);
        let sealed = seal(&envelope(), u64::MAX, &Digest([0; 32]), &event(Some(worst)));
        assert!(sealed.bytes.len() < ROW_MAX, "{}", sealed.bytes.len());
    }

    #[test]
    fn row_stays_within_its_limit_when_the_seal_is_broken_in_the_longest_words() {
        let worst = |bytes| "\u{1}".repeat(bytes);
        let fact = Fact::SealBroken { broken_at: Timestamp(i64::MAX), second: Some(worst(64)) };
        let reason = Some(worst(vestibule_core::command::REASON_MAX));
        let event = Event { actor: Actor::Staff(worst(64).into()), reason, fact, ..event(None) };
        let sealed = seal(&envelope(), u64::MAX, &Digest([0; 32]), &event);
        assert!(sealed.bytes.len() < ROW_MAX, "{}", sealed.bytes.len());
    }

    #[test]
    fn first_hash_differs_when_building_or_epoch_differs() {
        let house = BuildingId::new("a").unwrap();
        let other = BuildingId::new("b").unwrap();
        assert_ne!(genesis(&house, Epoch([1; 8])), genesis(&house, Epoch([2; 8])));
        assert_ne!(genesis(&house, Epoch([1; 8])), genesis(&other, Epoch([1; 8])));
    }
}
