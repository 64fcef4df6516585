//! Nobody speaks for another: who may not is refused by the broker, and the daemon never hears it.

use std::path::PathBuf;

use serde_json::json;
use vestibule_demo::house::BUILDING;
use vestibule_tests::house::Building;

use super::clients::{Client, Ended, Proof, VERSIONS, Version};
use super::person::{Member, unlock};
use super::{open, pulsed};

#[test]
fn who_is_not_the_sender_named_in_the_topic_is_refused_and_never_heard() {
    let building = open(33);
    building.enroll("staff", "lee");
    building.enroll("cloud", "kim");
    building.enroll("gateway", "kim");
    for version in VERSIONS {
        let mut kim = Member::at(&building.house, "kim", version);
        let mut lee = Member::at(&building.house, "lee", version);
        let nonce = kim.nonce();
        let order = unlock("stolen", "a-2", &nonce).to_string().into_bytes();
        names_another(&kim, &order);
        strangers(&building, version, &order);
        // What the daemon had heard before this it would have answered before this.
        lee.nonce();
        assert!(lee.ear.passed("reply/lee").is_empty(), "{:?}", lee.ear.passed("reply/lee"));
        kim.nonce();
        assert!(kim.ear.passed("reply/kim").is_empty(), "{:?}", kim.ear.passed("reply/kim"));
        assert!(kim.ear.passed("event/unlock.intended").is_empty());
    }
    assert_eq!(pulsed(&building), [0_u8; 0], "nothing moved");
    // All that was refused is the broker's business: the very order that was stolen is good in kim's own hands.
    let mut kim = Member::at(&building.house, "kim", Version::V5);
    let nonce = kim.nonce();
    kim.send("unlock", unlock("stolen", "a-2", &nonce).to_string().as_bytes());
    assert_eq!(kim.outcome("stolen")["status"], "done");
    assert_eq!(pulsed(&building), [2]);
}

/// Kim writes as lee, in lee's name, to nobody and to everybody, and would read what is lee's.
fn names_another(kim: &Member, order: &[u8]) {
    let challenge = json!({ "id": "as-lee" }).to_string();
    let written = [
        ("command/challenge/lee", challenge.as_bytes()),
        ("command/unlock/lee", order),
        ("command/unlock", order),
        ("command/unlock/kim/lee", order),
        ("command/staff.sync/kim", order),
        ("reply/lee", order),
        ("event/unlock.confirmed", order),
    ];
    for (topic, payload) in written {
        let ended = kim.client.publish(topic, payload, &[]);
        assert_denied(kim.client.version, topic, &ended);
    }
    for filter in ["reply/lee", "reply/+", "command/#", "notice"] {
        let ended = kim.client.subscribe_once(filter);
        assert!(ended.said.contains("denied"), "{filter}: {ended:?}");
    }
    let lees_answer = vestibule_demo::cloud::topic("reply/lee");
    if kim.client.version == Version::V5 {
        let ask = ["-D", "publish", "response-topic", lees_answer.as_str()];
        let ended = kim.client.publish("command/challenge/kim", challenge.as_bytes(), &ask);
        assert_denied(Version::V5, "an answer to lee", &ended);
    }
}

/// MQTT 5 says why; MQTT 3.1.1 has no word for it and loses the connection.
fn assert_denied(version: Version, what: &str, ended: &Ended) {
    assert!(!ended.is_taken() && ended.said.contains("sending PUBLISH"), "{what}: {ended:?}");
    match version {
        Version::V5 => assert!(ended.said.contains("Not authorized"), "{what}: {ended:?}"),
        Version::V311 => assert!(ended.said.contains("connection was lost"), "{what}: {ended:?}"),
    }
}

/// Everybody who is not a staff member of this building: none gets as far as a message.
fn strangers(building: &Building, version: Version, order: &[u8]) {
    let kim = Client::of(&building.house, building.house.broker_port, "staff", "kim", version);
    let certificate =
        |role: &str| Proof::Certificate(building.house.certificates().join(format!("{role}-kim.pem")));
    let refused = [
        ("in clear", Proof::Plain),
        ("anonymous", Proof::Anonymous),
        ("another authority's kim", Proof::Certificate(other_authority(building, version))),
        ("the cloud's certificate", certificate("cloud")),
        ("a gateway's certificate", certificate("gateway")),
    ];
    for (who, proof) in refused {
        let client = Client { proof, ..kim.clone() };
        let ended = client.publish("command/unlock/kim", order, &[]);
        assert!(!ended.is_taken() && ended.said.contains("sending CONNECT"), "{who}: {ended:?}");
        let ended = client.subscribe_once("reply/kim");
        assert!(ended.code != Some(0) || ended.said.contains("denied"), "{who}: {ended:?}");
    }
}

/// A staff certificate of kim's, by an authority that calls itself this building's.
fn other_authority(building: &Building, version: Version) -> PathBuf {
    let folder = building.house.spec.folder.join(format!("elsewhere-{}", version.word()));
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let (authority, out) = (path("authority"), path("certificates"));
    std::fs::create_dir_all(&folder).unwrap();
    building.house.command(&["enroll", "--building-ca", &authority, "--building", BUILDING]).unwrap();
    let member = ["--role", "staff", "--name", "kim", "--out", &out];
    building.house.command(&[&["enroll", "--building-ca", &authority], &member[..]].concat()).unwrap();
    folder.join("certificates/staff-kim.pem")
}
