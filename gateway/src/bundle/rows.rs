//! Journal rows as they may leave: what happened and when, with pseudonyms for people and units, and no free text.

use serde_json::{Map, Value};

use super::scrub::Scrubber;
use crate::doctor::JournalFact;

/// Newest rows that a bundle holds.
pub const ROWS: usize = 300;
/// Fields of an event's data that are shown; what is not listed is left out.
const SHOWN: &[&str] = &[
    "bank",
    "boot",
    "carriers",
    "cause",
    "compartment",
    "configuration",
    "count",
    "device",
    "dropped",
    "evidence",
    "fault",
    "frames",
    "free",
    "kind",
    "line",
    "lock",
    "never_issued_today",
    "of",
    "parcel",
    "previous",
    "probe",
    "proof",
    "purpose",
    "seconds",
    "size",
    "terminal",
    "trust",
    "units",
    "unlock",
    "version",
    "waited",
    "why",
];
/// Header fields that are shown.
const HEADER: &[&str] = &["sequence", "type", "subject", "time", "clocktrust"];

/// The newest rows, oldest first.
pub fn rows(facts: &[JournalFact], scrubber: &mut Scrubber) -> Vec<Value> {
    let newest = facts.get(facts.len().saturating_sub(ROWS)..).unwrap_or_default();
    newest.iter().map(|fact| row(&fact.document, scrubber)).collect()
}

fn row(document: &Value, scrubber: &mut Scrubber) -> Value {
    let mut shown = Map::new();
    for name in HEADER {
        if let Some(value) = document.get(name) {
            shown.insert((*name).to_owned(), value.clone());
        }
    }
    let mut data = Map::new();
    for (name, value) in document.get("data").and_then(Value::as_object).into_iter().flatten() {
        match name.as_str() {
            "actor" => drop(data.insert(name.clone(), actor(value, scrubber))),
            "unit" => {
                let unit = scrubber.pseudonym("unit", value.as_str().unwrap_or_default());
                data.insert(name.clone(), unit.into());
            }
            listed if SHOWN.contains(&listed) => drop(data.insert(name.clone(), value.clone())),
            _ => {}
        }
    }
    shown.insert("data".to_owned(), Value::Object(data));
    Value::Object(shown)
}

/// A role, and who it was by pseudonym; a carrier is no person.
fn actor(actor: &Value, scrubber: &mut Scrubber) -> Value {
    let role = actor["role"].as_str().unwrap_or_default();
    let name = actor["name"].as_str();
    let name = match role {
        "resident" => name.map(|name| scrubber.pseudonym("unit", name)),
        "staff" => name.map(|name| scrubber.pseudonym("staff", name)),
        _ => name.map(str::to_owned),
    };
    serde_json::json!({ "role": role, "name": name })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::secrets::Secrets;

    #[test]
    fn row_tells_what_happened_and_nobodys_name() {
        let document = serde_json::json!({
            "sequence": "00000000000000000007", "type": "parcel.stored", "time": "2026-11-01T10:00:00Z", "id": "x",
            "data": {
                "actor": { "role": "staff", "name": "os:anna" }, "reason": "Mr Smith of 4b forgot 123-456-7890",
                "command": { "id": "secret" }, "unit": "4b", "parcel": 9, "compartment": "a-1",
            },
        });
        let mut scrubber = Scrubber::new(Secrets::default());
        let expected = serde_json::json!({
            "sequence": "00000000000000000007", "type": "parcel.stored", "time": "2026-11-01T10:00:00Z",
            "data": {
                "actor": { "role": "staff", "name": "staff-1" }, "unit": "unit-1", "parcel": 9, "compartment": "a-1",
            },
        });
        assert_eq!(row(&document, &mut scrubber), expected);
    }
}
