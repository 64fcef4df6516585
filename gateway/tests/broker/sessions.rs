//! What rumqttd gets wrong by itself and the guard puts right: wills in order, all retained messages, answers that are
//! owed, properties that must not reach old clients.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use rumqttc::v5::mqttbytes as m5;
use vestibule::broker::{self, BrokerError, BrokerSettings, Limits, RoleTable, TlsFiles};

use super::bench::{BUILDING, Bench, PREFIX};
use super::probe::{Heard, Probe, Terms, VERSIONS, Version, plain, retained};
use super::raw::{Raw, connect, packet, publish_v5, subscribe_v5, text};

fn state(thing: &str) -> String {
    format!("{PREFIX}/state/{thing}")
}

#[tokio::test]
async fn a_newer_connection_enters_after_the_olders_will() {
    let bench = Bench::ours();
    let mut watch = Probe::of(&bench, Version::V5, "staff", "desk").await;
    watch.subscribe(&[&state("gateway/self")]).await;
    let mut held = Vec::new();
    for boot in 0..40 {
        // Versions in turn: an old and a new client share the client id.
        let version = VERSIONS[boot % 2];
        let will = Some(retained(state("gateway/self"), format!("offline {boot}")));
        let terms = Terms { tls: bench.tls("gateway", "gw"), version, id: "gw", will };
        let mut gateway = Probe::connect(&bench, terms).await.unwrap();
        let birth = retained(state("gateway/self"), format!("online {boot}"));
        assert_eq!(gateway.publish(&birth).await, Heard::PubAck(true));
        held.push(gateway);
        if boot > 0 {
            assert_eq!(watch.message().await.payload, format!("offline {}", boot - 1));
        }
        assert_eq!(watch.message().await.payload, format!("online {boot}"));
    }
    let mut late = Probe::of(&bench, Version::V311, "staff", "late").await;
    late.subscribe(&[&state("gateway/self")]).await;
    assert_eq!(late.message().await.payload, "online 39");
    assert_eq!(bench.metrics.taken_over.get(), 39);
}

#[tokio::test]
async fn an_older_connection_is_told_that_it_was_taken_over() {
    let bench = Bench::ours();
    let mut old = Probe::of(&bench, Version::V5, "staff", "desk").await;
    let _new = Probe::of(&bench, Version::V5, "staff", "desk").await;
    let Heard::Closed(why) = old.hear_until(|heard| matches!(heard, Heard::Closed(_))).await else {
        unreachable!()
    };
    assert!(why.contains("SessionTakenOver"), "{why}");
}

#[tokio::test]
async fn goodbye_keeps_the_will_back() {
    let bench = Bench::ours();
    let mut gateway = Probe::of(&bench, Version::V5, "gateway", "gw").await;
    gateway.subscribe(&[&format!("{PREFIX}/command/#")]).await;
    for version in VERSIONS {
        let will = Some(plain(format!("{PREFIX}/command/resync/desk"), "will"));
        let terms = Terms { tls: bench.tls("staff", "desk"), version, id: "desk", will };
        Probe::connect(&bench, terms).await.unwrap().leave().await;
        let mut next = Probe::of(&bench, version, "staff", "desk").await;
        next.publish(&plain(format!("{PREFIX}/command/resync/desk"), "next")).await;
        assert_eq!(gateway.message().await.payload, "next", "{version:?}");
    }
}

#[tokio::test]
async fn a_wildcard_gets_every_retained_state_each_time_it_is_asked_for() {
    let bench = Bench::ours();
    let mut gateway = Probe::of(&bench, Version::V5, "gateway", "gw").await;
    for door in 0..250 {
        gateway.publish(&retained(state(&format!("door/d-{door}")), "shut")).await;
    }
    for version in VERSIONS {
        let mut staff = Probe::of(&bench, version, "staff", "desk").await;
        for round in 0..2 {
            assert_eq!(staff.subscribe(&[&state("#")]).await, Heard::SubAck(vec![Some(0)]));
            let mut doors = std::collections::BTreeSet::new();
            while doors.len() < 250 {
                let message = staff.message().await;
                assert!(message.retain);
                assert!(doors.insert(message.topic), "twice in round {round}");
            }
        }
    }
}

#[tokio::test]
async fn an_empty_payload_clears_only_with_the_retain_flag() {
    let bench = Bench::ours();
    let mut gateway = Probe::of(&bench, Version::V5, "gateway", "gw").await;
    gateway.publish(&retained(state("door/a"), "shut")).await;
    assert_eq!(gateway.publish(&plain(state("door/a"), "")).await, Heard::PubAck(false));
    let mut staff = Probe::of(&bench, Version::V5, "staff", "desk").await;
    staff.subscribe(&[&state("door/a")]).await;
    assert_eq!(staff.message().await.payload, "shut");
    assert_eq!(gateway.publish(&retained(state("door/a"), "")).await, Heard::PubAck(true));
    assert_eq!(staff.message().await.payload, "");
    let mut later = Probe::of(&bench, Version::V5, "staff", "later").await;
    later.subscribe(&[&state("door/a"), &format!("{PREFIX}/event/#")]).await;
    gateway.publish(&plain(format!("{PREFIX}/event/mark"), "mark")).await;
    assert_eq!(later.message().await.payload, "mark", "nothing is retained");
}

#[tokio::test]
async fn every_unsubscribe_is_answered() {
    let bench = Bench::ours();
    for version in VERSIONS {
        let mut staff = Probe::of(&bench, version, "staff", "desk").await;
        let event = format!("{PREFIX}/event/#");
        assert_eq!(staff.unsubscribe(&event).await, Heard::UnsubAck, "never subscribed");
        staff.subscribe(&[&event]).await;
        assert_eq!(staff.unsubscribe(&event).await, Heard::UnsubAck);
        assert_eq!(staff.unsubscribe(&event).await, Heard::UnsubAck, "no longer subscribed");
    }
    let mut raw = Raw::staff(&bench, "raw", 5, 30, &[]);
    raw.send(&subscribe_v5(&format!("{PREFIX}/event/a"), 1));
    assert_eq!(raw.frame().unwrap()[0], 0x90);
    let mut body = vec![0, 5, 0];
    for filter in ["event/b", "event/a", "event/a"] {
        body.extend(text(&format!("{PREFIX}/{filter}")));
    }
    raw.send(&packet(0xA2, &body));
    assert_eq!(raw.frame().unwrap(), [0xB0, 6, 0, 5, 0, 0x11, 0, 0x11], "one answer, a reason each");
}

#[tokio::test]
async fn mixed_filters_get_their_own_codes_in_order() {
    let bench = Bench::ours();
    let (event, state, all) = (format!("{PREFIX}/event/#"), state("#"), format!("{PREFIX}/#"));
    for version in VERSIONS {
        let mut staff = Probe::of(&bench, version, "staff", "desk").await;
        assert_eq!(
            staff.subscribe(&[&all, &event, "#", &state]).await,
            Heard::SubAck(vec![None, Some(1), None, Some(0)])
        );
    }
}

#[tokio::test]
async fn properties_reach_new_clients_and_are_kept_from_old_ones() {
    let bench = Bench::ours();
    let reply = format!("{PREFIX}/reply/desk");
    let mut old = Probe::of(&bench, Version::V311, "staff", "desk").await;
    old.subscribe(&[&reply]).await;
    let mut new = Raw::connect(&bench, bench.tls("staff", "desk"));
    new.send(&connect(5, "desk.new", 30, &[]));
    new.frame().unwrap();
    new.send(&subscribe_v5(&reply, 0));
    new.frame().unwrap();
    let mut gateway = Raw::connect(&bench, bench.tls("gateway", "gw"));
    gateway.send(&connect(5, "gw", 30, &[]));
    gateway.frame().unwrap();
    let correlation = [9, 0, 2, 0xAB, 0xCD];
    gateway.send(&publish_v5(&reply, &correlation, b"done"));
    assert_eq!(gateway.frame().unwrap()[0], 0x40);
    assert_eq!(old.message().await.payload, "done");
    let got = new.frame().unwrap();
    assert!(got.windows(5).any(|window| window == correlation), "{got:02x?}");
    // rumqttd's 3.1.1 writer would have died of it; ours goes on.
    gateway.send(&publish_v5(&reply, &correlation, b"again"));
    assert_eq!(old.message().await.payload, "again");
}

#[tokio::test]
async fn a_client_without_an_id_gets_one_of_its_name() {
    let bench = Bench::ours();
    let mut raw = Raw::connect(&bench, bench.tls("staff", "desk"));
    raw.send(&connect(5, "", 30, &[]));
    let connack = raw.frame().unwrap();
    assert!(connack.windows(6).any(|window| window == b"desk.1"), "{connack:02x?}");
    let mut old = Raw::connect(&bench, bench.tls("staff", "desk"));
    old.send(&connect(4, "", 30, &[]));
    assert_eq!(old.frame().unwrap(), [0x20, 2, 0, 0]);
    raw.send(&[0xC0, 0]);
    assert_eq!(raw.frame().unwrap(), [0xD0, 0], "the first is not taken over");
}

#[tokio::test]
async fn a_client_gets_no_more_at_once_than_it_takes() {
    let bench = Bench::ours();
    // Receive maximum 1, largest packet 100 bytes.
    let mut raw = Raw::staff(&bench, "desk", 5, 30, &[33, 0, 1, 39, 0, 0, 0, 100]);
    raw.send(&subscribe_v5(&format!("{PREFIX}/event/#"), 1));
    assert_eq!(raw.frame().unwrap()[0], 0x90);
    let mut gateway = Probe::of(&bench, Version::V5, "gateway", "gw").await;
    let event = |payload: &str| plain(format!("{PREFIX}/event/x"), payload);
    for payload in ["one", &"too long".repeat(20), "two", "three"] {
        assert_eq!(gateway.publish(&event(payload)).await, Heard::PubAck(true));
    }
    for payload in ["one", "two", "three"] {
        let message = raw.frame().unwrap();
        assert!(message.ends_with(payload.as_bytes()), "{message:02x?}");
        raw.send(&[0xC0, 0]);
        assert_eq!(raw.frame().unwrap(), [0xD0, 0], "nothing more before the acknowledgement");
        let id = 2 + 2 + usize::from(message[3]);
        raw.send(&[0x40, 2, message[id], message[id + 1]]);
    }
    assert_eq!(bench.metrics.oversize_dropped.get(), 1);
}

#[tokio::test]
async fn a_client_above_its_rate_waits_and_loses_nothing() {
    let limits = Limits { packets_per_second: 200, packets_burst: 20, ..Limits::default() };
    let bench = Bench::ours_with(limits);
    let mut staff = Probe::of(&bench, Version::V5, "staff", "desk").await;
    staff.subscribe(&[&format!("{PREFIX}/event/#")]).await;
    let mut gateway = Raw::connect(&bench, bench.tls("gateway", "gw"));
    gateway.send(&connect(5, "gw", 30, &[]));
    gateway.frame().unwrap();
    let mut burst = Vec::new();
    for number in 0..60 {
        burst.extend(publish_v5(&format!("{PREFIX}/event/x"), &[], number.to_string().as_bytes()));
    }
    gateway.send(&burst);
    for number in 0..60 {
        assert_eq!(staff.message().await.payload, number.to_string());
    }
    assert!(bench.metrics.throttled.get() > 0);
}

#[tokio::test]
async fn shutdown_is_told_and_clean() {
    let mut bench = Bench::ours();
    let mut staff = Probe::of(&bench, Version::V5, "staff", "desk").await;
    let stop = tokio::task::spawn_blocking(move || {
        bench.stop().unwrap();
        bench
    });
    let Heard::Closed(why) = staff.hear_until(|heard| matches!(heard, Heard::Closed(_))).await else {
        unreachable!()
    };
    assert!(why.contains("ServerShuttingDown"), "{why}");
    stop.await.unwrap();
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let bench = Bench::ours();
    let files = bench.client("gateway", "second");
    let settings = BrokerSettings {
        building: BUILDING.to_owned(),
        listen: bench.address,
        tls: TlsFiles {
            ca: files.ca.clone(),
            certificate: files.certificate.clone(),
            key: files.key.clone(),
            revoked: None,
        },
        roles: RoleTable::building().unwrap(),
        limits: Limits::default(),
        metrics: Arc::default(),
    };
    let never = std::future::pending::<()>();
    let ended = broker::run(settings.clone(), never, |_| panic!("it is not ready")).await;
    let Err(error @ BrokerError::Bind { .. }) = ended else { panic!("{ended:?}") };
    assert_eq!(error.to_string(), format!("cannot listen on {}", bench.address));
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let tls = TlsFiles { key: "/nowhere/key".into(), ..settings.tls };
    let missing = BrokerSettings { listen, tls, ..settings };
    let ended = broker::run(missing, std::future::pending::<()>(), |_| panic!("it is not ready")).await;
    assert!(matches!(ended, Err(BrokerError::Tls(_))), "{ended:?}");
}

#[tokio::test]
async fn a_quality_of_two_is_granted_as_one() {
    let bench = Bench::ours();
    let mut raw = Raw::staff(&bench, "desk", 5, 30, &[]);
    raw.send(&subscribe_v5(&format!("{PREFIX}/event/#"), m5::QoS::ExactlyOnce as u8));
    assert_eq!(raw.frame().unwrap().last(), Some(&1));
}
