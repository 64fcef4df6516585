//! Commands that are refused, each with its word: nothing moves, and the daemon goes on.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use vestibule_contract::command::PLAIN_MAX;
use vestibule_demo::cloud::minutes_from_now;

use super::clients::{VERSIONS, Version};
use super::person::{Member, unlock};
use super::{open, pulsed};

/// Nobody was ever given this one.
const FORGED: &str = "00112233445566778899aabbccddeeff";
/// Larger than the largest packet that the broker takes: 128 KiB.
const HUGE: usize = 200_000;

#[test]
fn command_out_of_order_is_refused_with_its_word_and_moves_nothing() {
    let mut building = open(32);
    let mut opened = Vec::new();
    building.enroll("staff", "lee");
    for (version, door) in VERSIONS.into_iter().zip([4_u8, 5]) {
        let mut kim = Member::at(&building.house, "kim", version);
        let lees = Member::at(&building.house, "lee", version).nonce();
        let used = used_up(&mut kim, door);
        opened.push(door);
        assert_eq!(pulsed(&building), opened);
        not_fresh(&mut kim, &[("used", &used), ("lees", &lees), ("forged", FORGED)]);
        out_of_form(&mut kim);
        not_taken(&kim);
        // It hears and answers as before, and what was refused has ordered nothing meanwhile.
        let id = format!("last-{}", version.word());
        let nonce = kim.nonce();
        kim.send("unlock", unlock(&id, "a-1", &nonce).to_string().as_bytes());
        assert_eq!(kim.outcome(&id)["status"], "done");
        opened.push(1);
        assert_eq!(pulsed(&building), opened, "only what was allowed has moved");
    }
    let daemon = building.house.daemon().unwrap();
    let errors: Vec<String> = daemon.said().into_iter().filter(|line| line.contains("ERROR")).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

/// Opens that door; the nonce that did it.
fn used_up(kim: &mut Member, door: u8) -> String {
    let id = format!("first-{}", kim.client.version.word());
    let nonce = kim.nonce();
    kim.send("unlock", unlock(&id, &format!("a-{door}"), &nonce).to_string().as_bytes());
    assert_eq!(kim.outcome(&id)["status"], "done");
    nonce
}

/// An unlock of a door that must stay shut, which this spoils; it must be refused with that word.
fn refused(kim: &mut Member, word: &str, what: &str, nonce: &str, spoil: impl FnOnce(&mut Value)) {
    let id = format!("{what}-{}", kim.client.version.word());
    let mut order = unlock(&id, "a-2", nonce);
    spoil(&mut order);
    kim.send("unlock", order.to_string().as_bytes());
    is_refused(&kim.outcome(&id), word);
}

fn is_refused(reply: &Value, word: &str) {
    assert_eq!((&reply["status"], &reply["detail"]["word"]), (&json!("refused"), &json!(word)), "{reply}");
    assert!(!reply["detail"]["sentence"].as_str().unwrap().is_empty(), "a person is told what to do");
}

/// Deadline and nonce.
fn not_fresh(kim: &mut Member, bad: &[(&str, &str)]) {
    for (what, nonce) in bad {
        refused(kim, "bad_nonce", what, nonce, |_| {});
    }
    refused(kim, "bad_nonce", "no-nonce", FORGED, |order| {
        drop(order.as_object_mut().unwrap().remove("nonce"))
    });
    // A good nonce helps none of these.
    let nonce = kim.nonce();
    refused(kim, "no_deadline", "no-deadline", &nonce, |order| {
        drop(order.as_object_mut().unwrap().remove("not_after"));
    });
    let until = |text: String| move |order: &mut Value| order["not_after"] = json!(text);
    let past = jiff::Timestamp::now() - jiff::SignedDuration::from_secs(5);
    refused(kim, "expired", "expired", &nonce, until(past.to_string()));
    refused(kim, "deadline_too_far", "too-far", &nonce, until(minutes_from_now(3)));
    refused(kim, "deadline_too_far", "for-ever", &nonce, until("9999-01-01T00:00:00Z".to_owned()));
    refused(kim, "not_found", "no-such-door", &nonce, |order| order["target"] = json!("z-9"));
}

/// What is no unlock at all. Whatever has a legible id is answered under it.
fn out_of_form(kim: &mut Member) {
    let nonce = kim.nonce();
    refused(kim, "malformed", "short-nonce", "0011", |_| {});
    refused(kim, "malformed", "no-id-of-a-door", &nonce, |order| order["target"] = json!("A 2"));
    refused(kim, "malformed", "two-doors", &nonce, |order| order["target"] = json!(["a-2", "a-3"]));
    refused(kim, "malformed", "no-door", &nonce, |order| {
        drop(order.as_object_mut().unwrap().remove("target"))
    });
    refused(kim, "malformed", "an-actor", &nonce, |order| order["actor"] = json!("gateway"));
    refused(kim, "malformed", "no-time", &nonce, |order| order["not_after"] = json!("tomorrow"));
    let id = format!("cut-{}", kim.client.version.word());
    let whole = unlock(&id, "a-2", &nonce).to_string();
    let oversized = json!({ "id": "oversized", "reason": "x".repeat(PLAIN_MAX) }).to_string();
    let deep = "[".repeat(PLAIN_MAX);
    let illegible: [&[u8]; 6] = [
        &whole.as_bytes()[..whole.len() - 1],
        b"open a-2 please",
        b"\xff\xfe\x00",
        b"{}",
        deep.as_bytes(),
        oversized.as_bytes(),
    ];
    for payload in illegible {
        kim.send("unlock", payload);
        is_refused(&kim.reply(&Value::Null).payload, "malformed");
    }
}

/// What the broker does not even pass on: retained, too large, QoS 2.
fn not_taken(kim: &Member) {
    let order = unlock("not-taken", "a-2", FORGED).to_string().into_bytes();
    let huge = "x".repeat(HUGE).into_bytes();
    let cases: [(&str, &[u8], &[&str]); 3] =
        [("retained", &order, &["-r"]), ("too large", &huge, &[]), ("QoS 2", &order, &["-q", "2"])];
    let mut told = BTreeSet::new();
    for (what, payload, more) in cases {
        let ended = kim.client.publish(&kim.command("unlock"), payload, more);
        assert!(!ended.is_taken(), "{what}: {ended:?}");
        told.insert(ended.said);
    }
    if kim.client.version == Version::V5 {
        assert_eq!(told.len(), 3, "MQTT 5 tells one reason from another: {told:?}");
    }
}
