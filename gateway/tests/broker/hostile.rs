//! What an attacker on the building's network tries; after each the broker serves a real client.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rcgen::string::Ia5String;
use rcgen::{CertificateParams, Issuer, KeyPair, SanType};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;
use tempfile::tempdir;
use vestibule::broker::Limits;
use vestibule::enroll::{BuildingCa, Existing, Purpose, WrittenIdentity};

use super::bench::{Bench, PATIENCE, PREFIX, tls_anonymous, tls_of};
use super::probe::{Heard, Message, Probe, Terms, VERSIONS, Version, plain};
use super::raw::{Raw, connect, packet, publish_v5, subscribe_v5, text};

/// A message from staff to the gateway and back proves that the broker works.
async fn works(bench: &Bench) {
    let mut gateway = Probe::of(bench, Version::V5, "gateway", "gw").await;
    gateway.subscribe(&[&format!("{PREFIX}/command/#")]).await;
    let mut staff = Probe::of(bench, Version::V311, "staff", "works").await;
    let command = plain(format!("{PREFIX}/command/resync/works"), "still there?");
    assert_eq!(staff.publish(&command).await, Heard::PubAck(true));
    assert_eq!(gateway.message().await, command);
}

async fn refused(bench: &Bench, tls: Arc<rustls::ClientConfig>, version: Version, id: &str) -> String {
    let terms = Terms { tls, version, id, will: None };
    Probe::connect(bench, terms).await.err().expect("refused")
}

#[tokio::test]
async fn a_certificate_of_another_authority_or_none_is_refused() {
    let bench = Bench::ours();
    let elsewhere = tempdir().unwrap();
    let other = BuildingCa::create(super::bench::BUILDING, &elsewhere.path().join("ca")).unwrap();
    let forged =
        other.issue_into(elsewhere.path(), "gateway", "gw", &Purpose::Client, Existing::Refuse).unwrap();
    let right_ca = bench.client("staff", "any").ca;
    let forged = WrittenIdentity { ca: right_ca.clone(), ..forged };
    for version in VERSIONS {
        refused(&bench, tls_of(&forged), version, "gw").await;
        refused(&bench, tls_anonymous(&right_ca), version, "gw").await;
    }
    // The broker's own key makes nobody a client.
    let server = Purpose::Server { dns: vec!["localhost".to_owned()], addresses: Vec::new() };
    let server =
        bench.ca.issue_into(bench.dir.path(), "gateway", "server", &server, Existing::Refuse).unwrap();
    refused(&bench, tls_of(&server), Version::V5, "server").await;
    // A client hears of its refusal before the broker has counted it.
    let counted = async {
        while bench.metrics.tls_refused.get() < 5 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, counted).await.expect("each refusal is counted");
    assert_eq!(bench.metrics.connected.get(), 0);
    works(&bench).await;
}

/// A certificate our authority signed, with other names in it.
fn odd_certificate(bench: &Bench, uris: &[&str]) -> Arc<rustls::ClientConfig> {
    let dir = bench.dir.path();
    let read = |name: &str| std::fs::read_to_string(dir.join("ca").join(name)).unwrap();
    let issuer = Issuer::from_ca_cert_pem(&read("ca.pem"), KeyPair::from_pem(&read("ca.key")).unwrap());
    let mut params = CertificateParams::default();
    params.subject_alt_names =
        uris.iter().map(|uri| SanType::URI(Ia5String::try_from(*uri).unwrap())).collect();
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &issuer.unwrap()).unwrap();
    let files = bench.client("staff", "odd");
    std::fs::write(&files.certificate, certificate.pem()).unwrap();
    std::fs::write(&files.key, key.serialize_pem()).unwrap();
    assert!(PrivateKeyDer::from_pem_file(&files.key).is_ok());
    tls_of(&files)
}

#[tokio::test]
async fn an_identity_that_is_not_one_of_this_building_is_refused() {
    let bench = Bench::ours();
    for uris in [
        &[][..],
        &["https://example.org/"],
        &["urn:vestibule:other-house:gateway:gw"],
        &["urn:vestibule:maple-court:janitor:gw"],
        &["urn:vestibule:maple-court:gateway"],
        &["urn:vestibule:maple-court:staff:gw", "urn:vestibule:maple-court:gateway:gw"],
    ] {
        let tls = odd_certificate(&bench, uris);
        let new = refused(&bench, Arc::clone(&tls), Version::V5, "gw").await;
        assert!(new.contains("NotAuthorized"), "{uris:?}: {new}");
        let old = refused(&bench, tls, Version::V311, "gw").await;
        assert!(old.contains("NotAuthorized"), "{uris:?}: {old}");
    }
    works(&bench).await;
}

#[tokio::test]
async fn a_client_id_of_somebody_else_is_refused_and_disturbs_nobody() {
    let bench = Bench::ours();
    let mut gateway = Probe::of(&bench, Version::V5, "gateway", "gw").await;
    gateway.subscribe(&[&format!("{PREFIX}/command/#")]).await;
    for id in ["gw", "desk2", "desk.\u{e9}", "client-0", "heartbeat"] {
        let new = refused(&bench, bench.tls("staff", "desk"), Version::V5, id).await;
        assert!(new.contains("ClientIdentifierNotValid"), "{id}: {new}");
        let old = refused(&bench, bench.tls("staff", "desk"), Version::V311, id).await;
        assert!(old.contains("BadClientId"), "{id}: {old}");
    }
    // The same name under another role is another client.
    let mut namesake = Probe::of(&bench, Version::V5, "staff", "gw").await;
    let command = plain(format!("{PREFIX}/command/resync/gw"), "hello");
    assert_eq!(namesake.publish(&command).await, Heard::PubAck(true));
    assert_eq!(gateway.message().await, command);
}

#[tokio::test]
async fn a_name_has_four_connections() {
    let bench = Bench::ours();
    let mut held = Vec::new();
    for number in 0..4 {
        let id = format!("desk.{number}");
        let terms = Terms { tls: bench.tls("staff", "desk"), version: Version::V5, id: &id, will: None };
        held.push(Probe::connect(&bench, terms).await.unwrap());
    }
    let fifth = refused(&bench, bench.tls("staff", "desk"), Version::V5, "desk.5").await;
    assert!(fifth.contains("QuotaExceeded"), "{fifth}");
    let fifth = refused(&bench, bench.tls("staff", "desk"), Version::V311, "desk.5").await;
    assert!(fifth.contains("ServiceUnavailable"), "{fifth}");
    works(&bench).await;
}

#[tokio::test]
async fn whoever_comes_when_the_broker_is_full_is_told() {
    let bench = Bench::ours_with(Limits { connections: 2, ..Limits::default() });
    let _gateway = Probe::of(&bench, Version::V5, "gateway", "gw").await;
    let second = Probe::of(&bench, Version::V311, "staff", "one").await;
    let third = refused(&bench, bench.tls("staff", "two"), Version::V5, "two").await;
    assert!(third.contains("ServerBusy"), "{third}");
    let third = refused(&bench, bench.tls("staff", "two"), Version::V311, "two").await;
    assert!(third.contains("ServiceUnavailable"), "{third}");
    assert_eq!(bench.metrics.connected.get(), 2);
    second.leave().await;
    // Its place is free when the broker is done with it, which its own connection again waits for.
    Probe::of(&bench, Version::V5, "staff", "one").await;
}

#[tokio::test]
async fn tls_1_2_is_refused() {
    let bench = Bench::ours();
    let files = bench.client("staff", "desk");
    let shake = |version: &str| {
        Command::new("openssl")
            .args(["s_client", "-connect", &bench.address.to_string(), version, "-CAfile"])
            .arg(&files.ca)
            .arg("-cert")
            .arg(&files.certificate)
            .arg("-key")
            .arg(&files.key)
            .stdin(Stdio::null())
            .output()
            .expect("openssl is installed")
    };
    let new = shake("-tls1_3");
    assert!(String::from_utf8_lossy(&new.stdout).contains("TLSv1.3"), "{new:?}");
    let old = shake("-tls1_2");
    assert!(!old.status.success(), "{old:?}");
    assert!(String::from_utf8_lossy(&old.stderr).contains("alert"), "{old:?}");
    works(&bench).await;
}

#[tokio::test]
async fn garbage_ends_its_own_connection_only() {
    let bench = Bench::ours();
    for bytes in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0; 64], &[0x16, 3, 1, 0xFF, 0xFF, 1], &[0xFF; 4096]] {
        let mut socket = TcpStream::connect(bench.address).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.write_all(bytes).unwrap();
        socket.shutdown(std::net::Shutdown::Write).unwrap();
        // An alert or a reset; what counts is that it ends.
        socket.read_to_end(&mut Vec::new()).ok();
    }
    let utf16 = packet(0x10, &[0, 4, b'M', b'Q', b'T', b'T', 5, 2, 0, 30, 0, 0xFF, 0xFF, b'a']);
    for bytes in [
        &[0x30, 2, 0, 0][..],
        &[0x10, 0],
        &[0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
        &[0x10, 0xFF, 0xFF, 0x7F],
        &utf16,
        &packet(0x10, &text("MQTT")),
        &[0xF0, 0, 0xF0, 0],
    ] {
        let mut raw = Raw::connect(&bench, bench.tls("staff", "desk"));
        raw.send(bytes);
        assert_eq!(raw.frame(), None, "{bytes:02x?}");
    }
    for (level, answer) in [(3u8, &[0x20, 2, 0, 1][..]), (6, &[0x20, 3, 0, 0x84, 0])] {
        let mut raw = Raw::connect(&bench, bench.tls("staff", "desk"));
        raw.send(&connect(level, "desk", 30, &[]));
        assert_eq!(raw.frame().as_deref(), Some(answer));
        assert_eq!(raw.frame(), None);
    }
    assert_eq!(bench.metrics.panicked.get(), 0);
    works(&bench).await;
}

#[tokio::test]
async fn what_mqtt_forbids_is_answered_with_its_code() {
    let bench = Bench::ours();
    let topic = format!("{PREFIX}/command/unlock/desk");
    let mut qos2 = publish_v5(&topic, &[], b"x");
    qos2[0] = 0x34;
    let mut too_many = vec![0, 9, 0];
    for number in 0..25 {
        too_many.extend(text(&format!("{PREFIX}/event/{number}")));
        too_many.push(1);
    }
    let cases: [(&str, Vec<u8>, u8); 8] = [
        ("QoS 2", qos2, 0x9B),
        ("topic alias", publish_v5(&topic, &[35, 0, 1], b"x"), 0x94),
        ("subscription identifier", publish_v5(&topic, &[11, 1], b"x"), 0x82),
        ("oversize", vec![0x32, 0xFF, 0xFF, 0x7F], 0x95),
        ("a second CONNECT", connect(5, "desk", 30, &[]), 0x82),
        ("AUTH", packet(0xF0, &[0x18, 0]), 0x82),
        ("25 filters", packet(0x82, &too_many), 0x97),
        ("cut short", packet(0x82, &[0, 9, 0, 0, 9, b'a']), 0x81),
    ];
    for (what, bytes, code) in cases {
        let mut raw = Raw::staff(&bench, "desk", 5, 30, &[]);
        raw.send(&bytes);
        let disconnect = raw.frame().unwrap_or_default();
        assert_eq!(
            (disconnect.first(), disconnect.get(2)),
            (Some(&0xE0), Some(&code)),
            "{what}: {disconnect:02x?}"
        );
        assert_eq!(raw.frame(), None, "{what}");
    }
    works(&bench).await;
}

#[tokio::test]
async fn a_refusal_says_why_and_the_connection_goes_on() {
    let bench = Bench::ours();
    let mut raw = Raw::staff(&bench, "desk", 5, 30, &[]);
    let reply = format!("{PREFIX}/reply/other");
    let mut foreign_reply = vec![8];
    foreign_reply.extend(text(&reply));
    let unlock = format!("{PREFIX}/command/unlock/desk");
    let forged = format!("{PREFIX}/command/unlock/other");
    let mut kept = publish_v5(&unlock, &[], b"x");
    kept[0] |= 1;
    for (what, bytes, code, words) in [
        ("another's reply topic", publish_v5(&unlock, &foreign_reply, b"x"), 0x87, "may not read"),
        ("a command in another's name", publish_v5(&forged, &[], b"x"), 0x87, "may not publish"),
        ("a retained command", kept, 0x87, "may not retain"),
        ("a topic that stops rumqttd's router", publish_v5("\u{e4}/x", &[], b"x"), 0x90, "visible ASCII"),
        ("a state", publish_v5(&format!("{PREFIX}/state/door/a"), &[], b"x"), 0x87, "may not publish"),
    ] {
        raw.send(&bytes);
        let puback = raw.frame().expect(what);
        assert_eq!((puback[0], &puback[2..5]), (0x40, &[0, 7, code][..]), "{what}: {puback:02x?}");
        assert!(String::from_utf8_lossy(&puback).contains(words), "{what}: {puback:02x?}");
    }
    for (filter, code) in [
        (format!("$share/a/{PREFIX}/event/#"), 0x9E),
        (format!("{PREFIX}/#"), 0x87),
        ("\u{e4}/#".to_owned(), 0x8F),
        (format!("{PREFIX}/event/#/x"), 0x8F),
    ] {
        raw.send(&subscribe_v5(&filter, 1));
        let suback = raw.frame().expect("SUBACK");
        assert_eq!((suback[0], suback.last()), (0x90, Some(&code)), "{filter}: {suback:02x?}");
    }
    raw.send(&[0xC0, 0]);
    assert_eq!(raw.frame(), Some(vec![0xD0, 0]), "it goes on");
    works(&bench).await;
}

#[tokio::test]
async fn a_non_ascii_topic_of_an_old_client_ends_it_and_not_the_router() {
    let bench = Bench::ours();
    let mut raw = Raw::staff(&bench, "desk", 4, 30, &[]);
    let mut body = text("\u{e4}/x");
    body.extend_from_slice(b"x");
    raw.send(&packet(0x30, &body));
    assert_eq!(raw.frame(), None);
    works(&bench).await;
}

#[tokio::test]
async fn idle_sockets_keep_no_client_out() {
    let bench = Bench::ours();
    let before = Instant::now();
    works(&bench).await;
    let quiet = before.elapsed();
    let terms = Terms { tls: bench.tls("gateway", "gw"), version: Version::V5, id: "gw", will: None };
    let idle: Vec<_> = (0..300).map(|_| TcpStream::connect(bench.address).unwrap()).collect();
    // At once: also while the idle ones are young.
    drop(Probe::connect(&bench, terms).await.expect("a place beside idle sockets"));
    let before = Instant::now();
    works(&bench).await;
    println!("a round of two clients: {quiet:?} alone, {:?} beside 300 idle sockets", before.elapsed());
    assert!(bench.metrics.pending_dropped.get() >= 200, "{}", bench.metrics);
    drop(idle);
}

#[tokio::test]
async fn a_socket_that_says_nothing_is_closed() {
    let limits = Limits { admission_time: Duration::from_millis(200), ..Limits::default() };
    let bench = Bench::ours_with(limits);
    let mut silent = TcpStream::connect(bench.address).unwrap();
    silent.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(silent.read(&mut [0]).unwrap(), 0);
    let mut no_connect = Raw::connect(&bench, bench.tls("staff", "desk"));
    assert_eq!(no_connect.frame(), None);
    works(&bench).await;
}

#[tokio::test]
async fn a_reader_too_slow_is_cut_off_and_delays_nobody() {
    let bench = Bench::ours_with(Limits { write_stall: Duration::from_millis(300), ..Limits::default() });
    let mut watch = Probe::of(&bench, Version::V5, "gateway", "watch").await;
    watch.subscribe(&[&format!("{PREFIX}/command/#")]).await;
    let mut gateway = Probe::of(&bench, Version::V5, "gateway", "gw").await;
    let mut slow = Raw::connect(&bench, bench.tls("staff", "slow"));
    let mut body = text("MQTT");
    // A will at QoS 1: it tells when the slow reader is gone.
    body.extend_from_slice(&[5, 0b0000_1110, 0, 60, 0]);
    body.extend(
        [text("slow"), vec![0], text(&format!("{PREFIX}/command/resync/slow")), text("cut off")].concat(),
    );
    slow.send(&packet(0x10, &body));
    assert_eq!(slow.frame().unwrap()[3], 0);
    slow.send(&subscribe_v5(&format!("{PREFIX}/event/#"), 0));
    assert_eq!(slow.frame().unwrap()[0], 0x90);
    let event = plain(format!("{PREFIX}/event/bulk"), "x".repeat(60_000));
    let flood = async {
        loop {
            assert_eq!(gateway.publish(&event).await, Heard::PubAck(true), "the writer is not delayed");
        }
    };
    let gone: Message = tokio::select! {
        gone = watch.message() => gone,
        () = flood => unreachable!(),
    };
    assert_eq!(gone.payload, "cut off");
    assert_eq!(bench.metrics.slow_reader_ended.get(), 1);
    // It begins to read while the last words wait for it.
    assert_last_words(&mut slow, "takes no bytes");
}

/// DISCONNECT 0x97 with these words is the last that comes.
fn assert_last_words(raw: &mut Raw, words: &str) {
    let last = std::iter::from_fn(|| raw.frame()).last().expect("a packet");
    assert_eq!((last[0], last[2]), (0xE0, 0x97), "{}", String::from_utf8_lossy(&last));
    assert!(String::from_utf8_lossy(&last).contains(words), "{}", String::from_utf8_lossy(&last));
}

#[tokio::test]
async fn a_reader_of_events_that_acknowledges_none_is_told_and_ended() {
    let bench = Bench::ours_with(Limits { write_stall: Duration::from_millis(300), ..Limits::default() });
    let mut gateway = Probe::of(&bench, Version::V5, "gateway", "gw").await;
    let mut deaf = Raw::staff(&bench, "deaf", 5, 60, &[]);
    deaf.send(&subscribe_v5(&format!("{PREFIX}/event/#"), 1));
    assert_eq!(deaf.frame().unwrap()[0], 0x90);
    let mut well = Probe::of(&bench, Version::V311, "staff", "well").await;
    well.subscribe(&[&format!("{PREFIX}/event/#")]).await;
    let event = plain(format!("{PREFIX}/event/door.opened"), "once");
    assert_eq!(gateway.publish(&event).await, Heard::PubAck(true));
    assert_eq!(well.message().await, event);
    // It reads, and answers pings; that is not enough.
    deaf.send(&[0xC0, 0]);
    assert_last_words(&mut deaf, "unacknowledged");
    assert_eq!(bench.metrics.slow_reader_ended.get(), 1);
    assert_eq!(gateway.publish(&event).await, Heard::PubAck(true));
    assert_eq!(well.message().await, event, "whoever acknowledges stays");
}

#[tokio::test]
async fn a_silent_client_ends_with_its_will() {
    let bench = Bench::ours();
    let mut gateway = Probe::of(&bench, Version::V5, "gateway", "gw").await;
    gateway.subscribe(&[&format!("{PREFIX}/command/#")]).await;
    let mut silent = Raw::connect(&bench, bench.tls("staff", "desk"));
    let mut body = text("MQTT");
    body.extend_from_slice(&[4, 0b0000_1110, 0, 1]);
    body.extend([text("desk"), text(&format!("{PREFIX}/command/resync/desk")), text("silent")].concat());
    silent.send(&packet(0x10, &body));
    assert_eq!(silent.frame().unwrap(), [0x20, 2, 0, 0]);
    assert_eq!(gateway.message().await.payload, "silent");
    assert_eq!(silent.frame(), None);
}
