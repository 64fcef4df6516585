//! Other people's clients at the building's own broker, a real process over mutual TLS: Debian's paho-mqtt and the newest one,
//! MQTT.js, Mosquitto's tools, each in MQTT 3.1.1 and 5. `tests/run` installs them.

mod program;

use std::time::Duration;

use vestibule_demo::cloud::topic;
use vestibule_demo::ear::{Ear, Heard, Seat};
use vestibule_demo::house::House;
use vestibule_tests::house::{Building, PATIENCE, Plan};

use super::staff::clients::Version;
use program::{Kind, PROGRAMS, Program};

/// MQTT 5: the server shuts down.
const SHUTTING_DOWN: u32 = 0x8B;
/// MQTT 5: not authorized.
const NOT_AUTHORIZED: u32 = 0x87;
/// MQTT 5: the client identifier is not valid.
const BAD_ID: u32 = 0x85;
/// MQTT 3.1.1: the identifier is rejected.
const BAD_ID_311: u32 = 2;
/// MQTT 3.1.1: the subscription failed.
const FAILED_311: u32 = 0x80;

/// A building whose broker runs, with a staff certificate for each program.
fn open(seed: u64) -> Building {
    let mut building = Building::open(Plan::small(seed));
    for (kind, version) in PROGRAMS {
        building.enroll("staff", &program::name(kind, version));
    }
    building.house.start_broker().unwrap();
    building
}

/// The gateway's part: hears commands, publishes events and replies.
fn gateway(house: &House) -> Ear {
    let (port, certificates) = (house.broker_port, house.certificates());
    let seat = Seat { port, certificates, role: "gateway".into(), name: "gateway".into() };
    let ear = Ear::open(&seat, &[&topic("command/#")]).unwrap();
    assert!(ear.wait_subscribed(PATIENCE), "the gateway is not let in");
    ear
}

#[test]
fn every_client_is_served_kept_alive_and_back_after_a_cut() {
    let mut building = open(51);
    let gateway = gateway(&building.house);
    let mut clients: Vec<Program> = PROGRAMS
        .iter()
        .map(|&(kind, version)| Program::start(&building.house, kind, version, None))
        .collect();
    clients.iter_mut().for_each(is_subscribed);
    hears_events(&gateway, &mut clients, "before");
    clients.iter_mut().for_each(|client| asks_and_is_answered(client, &gateway));
    clients.iter_mut().for_each(is_told_what_it_may_not);
    // Two periods: the second answer comes after the first period has passed with nothing else said.
    clients.iter_mut().for_each(|client| (0..2).for_each(|_| client.ping()));
    for client in &clients {
        assert_eq!(client.cuts(), 0, "{} was cut off while it kept alive: {}", client.name, client.log());
    }

    // As a power cut ends it: nobody is told anything.
    building.house.kill_broker();
    building.house.start_broker().unwrap();
    assert!(gateway.wait_subscribed(PATIENCE), "the gateway comes back");
    clients.iter_mut().for_each(|client| client.start_again(&building.house));
    clients.iter_mut().for_each(is_subscribed);
    hears_events(&gateway, &mut clients, "after");
    clients.iter_mut().for_each(|client| asks_and_is_answered(client, &gateway));

    let broker = building.house.broker().unwrap();
    assert!(broker.stop().is_some_and(|status| status.success()), "{}", broker.log());
    for client in clients.iter_mut().filter(|client| client.version == Version::V5) {
        client.disconnected(SHUTTING_DOWN);
    }
}

#[test]
fn every_client_is_told_why_it_is_not_let_in() {
    let building = open(52);
    for (kind, version) in PROGRAMS {
        let mut client = Program::start(&building.house, kind, version, Some("somebody-else"));
        // paho 2 says all codes in the words of MQTT 5.
        let expected = if version == Version::V5 || kind == Kind::PahoNew { BAD_ID } else { BAD_ID_311 };
        client.refused(expected);
    }
}

/// Connected, and its own filters are granted; the gateway's is not.
fn is_subscribed(client: &mut Program) {
    client.connected();
    let refused = if client.version == Version::V5 { NOT_AUTHORIZED } else { FAILED_311 };
    client.subscribed(&[1, 1, refused]);
}

fn hears_events(gateway: &Ear, clients: &mut [Program], payload: &str) {
    assert!(gateway.publish(&topic("event/parcel.stored"), payload.as_bytes().to_vec()));
    for client in clients {
        client.message("event/parcel.stored", payload);
    }
}

/// A command reaches the gateway, its reply the client.
fn asks_and_is_answered(client: &mut Program, gateway: &Ear) {
    let (command, reply) = (format!("command/resync/{}", client.name), format!("reply/{}", client.name));
    client.publish(&command, "please");
    let own = |heard: &Heard| (heard.topic == topic(&command)).then(|| heard.payload.clone());
    assert_eq!(gateway.wait_for(PATIENCE, own).as_deref(), Some(&b"please"[..]), "{}", client.log());
    assert!(gateway.publish(&topic(&reply), b"done".to_vec()));
    client.message(&reply, "done");
}

/// MQTT 5 says why a message is refused; MQTT 3.1.1 has no word for it. paho 1.6 does not pass it on.
fn is_told_what_it_may_not(client: &mut Program) {
    if client.version == Version::V5 && matches!(client.kind, Kind::PahoNew | Kind::MqttJs) {
        client.tell(&topic("event/forged"), "x");
        client.published(NOT_AUTHORIZED);
    }
}

/// Seconds of silence after which a client asks whether the broker lives; Mosquitto's tools take no less than 5.
fn keep_alive(kind: Kind) -> Duration {
    Duration::from_secs(if kind == Kind::Mosquitto { 5 } else { 2 })
}
