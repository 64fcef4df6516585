//! The cloud opens no door: not with its own certificate over Mosquitto, and not with what its broker has kept.

use serde_json::{Value, json};
use vestibule_demo::cloud::minutes_from_now;
use vestibule_tests::house::Building;

use super::clients::{Client, VERSIONS, Version};
use super::person::{Member, unlock};
use super::{open, pulsed};
use crate::whole::record::export;

#[test]
fn unlock_from_the_cloud_is_refused_for_want_of_a_staff_key() {
    let mut building = open(34);
    building.office().wait_online().unwrap();
    for version in VERSIONS {
        let office = Client::of(&building.house, building.cloud_port, "cloud", "office", version);
        let office = Client { id: "office".into(), ..office };
        let word = version.word();
        let answer = |id: &str, nonce: &str| {
            let order = unlock(&format!("{id}-{word}"), "a-2", nonce).to_string();
            office.request("command/unlock/office", &order, "reply/office")
        };
        // Neither its own nonce helps, nor one that was given to staff.
        let challenge = json!({ "id": format!("challenge-{word}") }).to_string();
        let own = office.request("command/challenge/office", &challenge, "reply/office");
        let staffs = Member::at(&building.house, "kim", version).nonce();
        for (id, nonce) in [("own", own["answer"]["nonce"].as_str().unwrap()), ("staffs", &staffs)] {
            is_refused(&answer(id, nonce), "staff_key_required");
        }
        // Kim's name in the topic does not make it kim.
        let order = unlock(&format!("as-kim-{word}"), "a-2", &staffs).to_string();
        let _ = office.publish("command/unlock/kim", order.as_bytes(), &[]);
    }
    kept_by_its_broker(&mut building);
    // Whatever any of these had ordered would have its pulse before this one.
    let mut kim = Member::at(&building.house, "kim", Version::V5);
    let nonce = kim.nonce();
    kim.send("unlock", unlock("kims-own", "a-8", &nonce).to_string().as_bytes());
    assert_eq!(kim.outcome("kims-own")["status"], "done");
    assert_eq!(pulsed(&building), [8], "the cloud moved nothing");
}

/// Mosquitto cannot refuse the retain flag by topic: the daemon does, when the message comes and when it finds it again.
fn kept_by_its_broker(building: &mut Building) {
    let office = Client::of(&building.house, building.cloud_port, "cloud", "office", Version::V5);
    let batch = json!({ "version": 1, "units": [{ "id": "66b" }] });
    let order = json!({ "id": "kept", "not_after": minutes_from_now(5), "arguments": batch }).to_string();
    let ended = office.publish("command/directory.sync/office", order.as_bytes(), &["-r"]);
    assert!(ended.is_taken(), "{ended:?}");
    not_in_force(building, &office);
    building.house.kill_daemon();
    building.house.start_daemon().unwrap();
    building.office().wait_online().unwrap();
    not_in_force(building, &office);
}

/// The daemon has answered what came after the batch, and the batch is not on record.
fn not_in_force(building: &Building, office: &Client) {
    let challenge = json!({ "id": "after-kept" }).to_string();
    let answered = office.request("command/challenge/office", &challenge, "reply/office");
    assert_eq!(answered["status"], "done");
    let types: Vec<String> = export(&building.house).iter().map(|row| row.event_type().to_owned()).collect();
    assert!(
        !types.iter().any(|name| name == "directory.synced"),
        "a retained batch came into force: {types:?}"
    );
}

fn is_refused(reply: &Value, word: &str) {
    assert_eq!((&reply["status"], &reply["detail"]["word"]), (&json!("refused"), &json!(word)), "{reply}");
}
