//! A staff unlock over MQTT opens one door once; its repetition opens none, whatever happened in between.

use serde_json::{Value, json};
use vestibule_tests::house::Building;

use super::clients::{Message, VERSIONS, Version};
use super::person::{Member, unlock};
use super::{open, pulsed};
use crate::whole::record::{Row, export};

/// What was sent, and how it ended.
struct Sent {
    id: String,
    compartment: String,
    payload: Vec<u8>,
    outcome: Value,
}

/// The door that is opened in each version, so that a later pulse of the other's is seen.
const fn door(version: Version) -> u8 {
    match version {
        Version::V5 => 3,
        Version::V311 => 6,
    }
}

#[test]
fn unlock_opens_one_door_once_and_its_repetition_none() {
    let mut building = open(31);
    let mut doors = Vec::new();
    let sent = VERSIONS.map(|version| {
        let mut kim = Member::at(&building.house, "kim", version);
        let sent = opens_one_door_once(&mut kim);
        doors.push(door(version));
        assert_eq!(pulsed(&building), doors, "one pulse, at that door");
        repeated(&mut kim, &sent);
        conflicts(&mut kim, &sent);
        repeated(&mut kim, &sent);
        sent
    });
    assert_eq!(pulsed(&building), doors, "a repetition and a conflict move nothing");
    on_record(&building, &sent);

    let mut kim = Member::at(&building.house, "kim", Version::V5);
    let old_nonce = kim.nonce();
    let boot = kim.client.kept("state/gateway/self").payload["boot"].as_u64().unwrap();
    building.house.kill_daemon();
    building.house.start_daemon().unwrap();
    kim.wait_online(boot);
    sent.iter().for_each(|sent| {
        repeated(&mut kim, sent);
        conflicts(&mut kim, sent);
    });
    // A nonce does not outlive the start that gave it.
    kim.send("unlock", unlock("late", "a-1", &old_nonce).to_string().as_bytes());
    let late = kim.outcome("late");
    assert_eq!((&late["status"], &late["detail"]["word"]), (&json!("refused"), &json!("bad_nonce")));
    // Whatever else had been ordered would have its pulse before this one.
    let nonce = kim.nonce();
    kim.send("unlock", unlock("afterwards", "a-8", &nonce).to_string().as_bytes());
    assert_eq!(kim.outcome("afterwards")["status"], "done");
    doors.push(8);
    assert_eq!(pulsed(&building), doors, "nothing was repeated by the start or after it");
    building.house.ask(&["journal", "verify"]).unwrap();
}

/// Challenge, unlock, received, done; event and retained state follow.
fn opens_one_door_once(kim: &mut Member) -> Sent {
    let version = kim.client.version;
    let (id, compartment) = (format!("kim-{}", version.word()), format!("a-{}", door(version)));
    let nonce = kim.nonce();
    let payload = unlock(&id, &compartment, &nonce).to_string().into_bytes();
    let answer_to = vestibule_demo::cloud::topic("reply/kim");
    let properties = [
        ["-D", "publish", "response-topic", answer_to.as_str()],
        ["-D", "publish", "correlation-data", "kims-own"],
    ];
    match version {
        Version::V5 => kim.send_with("unlock", &payload, properties.as_flattened()),
        Version::V311 => kim.send("unlock", &payload),
    }
    let correlation = if version == Version::V5 { "kims-own" } else { "" };
    let [received, done] = [(); 2].map(|()| kim.reply(&json!(id)));
    let words = |reply: &Message| {
        assert_eq!(reply.correlation, correlation);
        assert!(!reply.retained);
        let detail = reply.payload["detail"]["word"].as_str().unwrap().to_owned();
        (reply.payload["status"].as_str().unwrap().to_owned(), detail)
    };
    assert_eq!(words(&received), ("received".into(), "received".into()));
    assert_eq!(words(&done), ("done".into(), "opened".into()));

    let own = |message: &Message| message.payload["data"]["command"]["id"] == json!(id);
    for name in ["unlock.intended", "unlock.confirmed"] {
        let event = kim.ear.take(&format!("event/{name}"), own).payload;
        assert_eq!(event["data"]["compartment"], json!(compartment));
        let sequence: u64 = event["sequence"].as_str().unwrap().parse().unwrap();
        let rows = done.payload["events"].as_array().unwrap();
        assert!(rows.contains(&json!(sequence)), "{name} is row {sequence}; the reply names {rows:?}");
    }
    let state = format!("state/door/{compartment}");
    let open = kim.ear.take(&state, |message| message.payload["value"] == "open").payload;
    let later = |message: &Message| message.payload["sequence"].as_u64() > open["sequence"].as_u64();
    let shut = kim.ear.take(&state, |message| message.payload["value"] == "shut" && later(message));
    let kept = kim.client.kept(&state);
    assert!(kept.retained, "{kept:?}");
    assert_eq!((&kept.payload["value"], &kept.payload["quality"]), (&json!("shut"), &json!("good")));
    assert!(kept.payload["sequence"].as_u64() >= shut.payload["sequence"].as_u64());
    Sent { id, compartment, payload, outcome: done.payload }
}

/// The same bytes again: the same outcome, at once.
fn repeated(kim: &mut Member, sent: &Sent) {
    kim.send("unlock", &sent.payload);
    assert_eq!(kim.reply(&json!(sent.id)).payload, sent.outcome);
}

/// The same id for another door, with a good nonce.
fn conflicts(kim: &mut Member, sent: &Sent) {
    let nonce = kim.nonce();
    kim.send("unlock", unlock(&sent.id, "a-7", &nonce).to_string().as_bytes());
    let reply = kim.reply(&json!(sent.id)).payload;
    assert_eq!((&reply["status"], &reply["detail"]["word"]), (&json!("conflict"), &json!("conflict")));
}

/// One intent and one confirmation for each, both naming kim.
fn on_record(building: &Building, sent: &[Sent]) {
    let rows = export(&building.house);
    for sent in sent {
        let own = |row: &&Row| row.data()["command"]["id"] == json!(sent.id);
        let unlocks: Vec<&Row> =
            rows.iter().filter(own).filter(|row| row.event_type().starts_with("unlock.")).collect();
        let types: Vec<&str> = unlocks.iter().map(|row| row.event_type()).collect();
        assert_eq!(types, ["unlock.intended", "unlock.confirmed"]);
        for row in unlocks {
            assert_eq!(row.data()["actor"], json!({ "role": "staff", "name": "kim" }));
            assert_eq!(row.data()["compartment"], json!(sent.compartment));
            assert_eq!(row.data()["reason"], "resident locked out");
        }
    }
}
