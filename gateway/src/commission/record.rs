//! What is known of each door after a walk, and whether all of it can be true at once.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How a walk began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalkHead {
    /// The building's id.
    pub building: String,
    /// Who walks, as `os:{user}`.
    pub who: String,
    /// The second person at occupied doors, where one came along.
    pub second: Option<String>,
    /// When it began, RFC 3339.
    pub at: String,
    /// Banks that are walked; all if empty.
    pub banks: Vec<String>,
}

/// One contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactRecord {
    /// The input, as `board/number`.
    pub input: String,
    /// `on` or `off`: its level while shut, or latched.
    pub shut_when: String,
}

/// How a door's lesson ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// Its lock and contacts are known.
    Learned,
    /// Tried, and not understood.
    Failed,
    /// Not tried.
    Skipped,
}

/// One door.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoorRecord {
    /// The compartment's id.
    pub compartment: String,
    /// What its sticker says.
    pub label: String,
    /// The output that moved it (or that was pulsed in vain), as `board/number`.
    pub lock: String,
    /// Its door contact.
    pub door: Option<ContactRecord>,
    /// Its latch contact.
    pub latch: Option<ContactRecord>,
    /// From the pulse's acknowledgement to the first input that moved, in milliseconds.
    pub opened_ms: Option<u64>,
    /// Pulses that it took.
    pub pulses: u32,
    /// How it ended.
    pub ending: Ending,
    /// Why it is not learned, or what was odd.
    pub why: Option<String>,
    /// When, RFC 3339.
    pub at: String,
}

/// What cannot be true of all these doors at once, in words.
#[must_use]
pub fn faults(doors: &[DoorRecord], needs_door: impl Fn(&str) -> bool) -> Vec<String> {
    let learned: Vec<&DoorRecord> = doors.iter().filter(|door| door.ending == Ending::Learned).collect();
    let mut faults = Vec::new();
    let mut inputs: BTreeMap<&str, &DoorRecord> = BTreeMap::new();
    let mut locks: BTreeMap<&str, &DoorRecord> = BTreeMap::new();
    let mut labels: BTreeMap<&str, &DoorRecord> = BTreeMap::new();
    for door in &learned {
        for contact in [&door.door, &door.latch].into_iter().flatten() {
            if let Some(other) = inputs.insert(&contact.input, door) {
                faults.push(format!(
                    "input {} moved with door {} and with door {}",
                    contact.input, other.label, door.label
                ));
            }
        }
        if let Some(other) = locks.insert(&door.lock, door) {
            faults.push(format!("output {} opened door {} and door {}", door.lock, other.label, door.label));
        }
        if labels.insert(&door.compartment, door).is_some() {
            faults.push(format!("door {} was opened by two outputs", door.label));
        }
        if door.door.is_none() && needs_door(&door.compartment) {
            faults.push(format!("door {} has no contact", door.label));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn door(compartment: &str, lock: &str, input: Option<&str>) -> DoorRecord {
        DoorRecord {
            compartment: compartment.into(),
            label: compartment.to_uppercase(),
            lock: lock.into(),
            door: input.map(|input| ContactRecord { input: input.into(), shut_when: "on".into() }),
            latch: None,
            opened_ms: Some(120),
            pulses: 1,
            ending: Ending::Learned,
            why: None,
            at: "2026-11-21T10:00:00Z".into(),
        }
    }

    #[test]
    fn walk_is_good_only_when_every_door_has_its_own_lock_and_contact() {
        let good = [door("a-1", "l/1", Some("d/1")), door("a-2", "l/2", Some("d/2"))];
        assert_eq!(faults(&good, |_| true), [""; 0]);
        let same_input = [door("a-1", "l/1", Some("d/1")), door("a-2", "l/2", Some("d/1"))];
        assert_eq!(faults(&same_input, |_| true), ["input d/1 moved with door A-1 and with door A-2"]);
        let same_lock = [door("a-1", "l/1", Some("d/1")), door("a-2", "l/1", Some("d/2"))];
        assert_eq!(faults(&same_lock, |_| true), ["output l/1 opened door A-1 and door A-2"]);
        let blind = [door("a-1", "l/1", None)];
        assert_eq!(faults(&blind, |_| true), ["door A-1 has no contact"]);
        assert!(faults(&blind, |_| false).is_empty());
    }
}
