//! Cases of Eclipse paho's interoperability suite that apply here and have no counterpart elsewhere; broker-config/CONFORMANCE.md
//! has them all.

use rumqttc::v5::mqttbytes as m5;

use super::bench::{Bench, PREFIX};
use super::probe::{Probe, Version, plain, retained};
use super::raw::{Raw, connect, packet, publish_v5, subscribe_v5, text};

/// Retain handling in a subscription's options: only for a new subscription, and never.
const ON_NEW: u8 = 0x10;
const NEVER: u8 = 0x20;

#[tokio::test]
async fn retained_messages_come_as_the_subscription_says() {
    let bench = Bench::ours();
    let mut gateway = Probe::of(&bench, Version::V5, "gateway", "gw").await;
    let state = format!("{PREFIX}/state/door/a");
    gateway.publish(&retained(&state, "shut")).await;
    let mut raw = Raw::staff(&bench, "desk", 5, 30, &[]);
    let rounds = [(NEVER, 0), (NEVER, 0), (ON_NEW, 0), (0, 1), (ON_NEW, 0), (0, 1), (NEVER, 0)];
    for (round, (options, expected)) in rounds.into_iter().enumerate() {
        raw.send(&subscribe_v5(&state, 1 | options));
        let mut kept = 0;
        let mut next = || {
            let frame = raw.frame().expect("a packet");
            kept += usize::from(frame[0] >> 4 == 3 && frame[0] & 1 == 1);
            frame
        };
        while next()[0] != 0x90 {}
        // What happens now reaches it whatever it asked for, after what was kept.
        let mark = format!("now {round}");
        gateway.publish(&retained(&state, &mark)).await;
        loop {
            let frame = next();
            if frame[0] & 1 == 0 && frame.ends_with(mark.as_bytes()) {
                break;
            }
        }
        assert_eq!(kept, expected, "round {round}");
    }
}

#[tokio::test]
async fn properties_of_a_message_reach_its_reader_and_its_expiry_is_kept() {
    let bench = Bench::ours();
    let mut reader = Raw::connect(&bench, bench.tls("gateway", "gw"));
    reader.send(&connect(5, "gw", 30, &[]));
    assert_eq!(reader.frame().unwrap()[3], 0);
    reader.send(&subscribe_v5(&format!("{PREFIX}/command/#"), 1));
    reader.frame().unwrap();
    let mut raw = Raw::staff(&bench, "desk", 5, 30, &[]);
    let reply = [vec![8], text(&format!("{PREFIX}/reply/desk"))].concat();
    let user = [vec![0x26], text("a"), text("2"), vec![0x26], text("c"), text("3")].concat();
    let kind = [vec![3], text("text/plain")].concat();
    let properties = [&[1, 1, 2, 0, 0, 0, 9], &reply[..], &[9, 0, 1, b'k'], &user, &kind].concat();
    raw.send(&publish_v5(&format!("{PREFIX}/command/unlock/desk"), &properties, b"x"));
    assert_eq!(raw.frame().unwrap()[0], 0x40);
    let heard = reader.frame().unwrap();
    for part in [&[1, 1][..], &[2, 0, 0, 0, 9], &reply, &[9, 0, 1, b'k'], &user, &kind] {
        assert!(heard.windows(part.len()).any(|own| own == part), "{part:02x?} is lost: {heard:02x?}");
    }
    raw.send(&publish_v5(&format!("{PREFIX}/command/unlock/desk"), &[2, 0, 0, 0, 0], b"late"));
    raw.send(&publish_v5(&format!("{PREFIX}/command/unlock/desk"), &[], b"next"));
    assert!(reader.frame().unwrap().ends_with(b"next"), "what has expired is not delivered");
}

#[tokio::test]
async fn each_subscription_has_its_identifier() {
    let bench = Bench::ours();
    let mut reader = Raw::connect(&bench, bench.tls("gateway", "gw"));
    reader.send(&connect(5, "gw", 30, &[]));
    assert_eq!(reader.frame().unwrap()[3], 0);
    for (filter, id) in [("command/#", 200_u16), ("command/unlock/+", 3)] {
        let id = if id > 127 { vec![0x0B, u8::try_from(id % 128).unwrap() | 0x80, 1] } else { vec![0x0B, 3] };
        let mut body = vec![0, 9, u8::try_from(id.len()).unwrap()];
        body.extend(id);
        body.extend(text(&format!("{PREFIX}/{filter}")));
        body.push(1);
        reader.send(&packet(0x82, &body));
        assert_eq!(reader.frame().unwrap().last(), Some(&1));
    }
    let mut staff = Probe::of(&bench, Version::V311, "staff", "desk").await;
    staff.publish(&plain(format!("{PREFIX}/command/unlock/desk"), "x")).await;
    let heard = reader.frame().unwrap();
    for id in [&[0x0B, 200, 1][..], &[0x0B, 3]] {
        assert!(heard.windows(id.len()).any(|own| own == id), "{id:02x?}: {heard:02x?}");
    }
}

#[tokio::test]
async fn a_first_packet_of_another_protocol_and_a_second_connect_end_the_connection() {
    let bench = Bench::ours();
    for level in [4, 5] {
        let mut raw = Raw::connect(&bench, bench.tls("staff", "desk"));
        raw.send(&packet(0x10, &[text("hj"), vec![level, 2, 0, 30, 0], text("desk")].concat()));
        assert_eq!(raw.frame(), None, "another protocol's name");
        let mut raw = Raw::staff(&bench, "desk", level, 30, &[]);
        raw.send(&connect(level, "desk", 30, &[]));
        assert!(raw.frame().is_none_or(|frame| frame[0] == 0xE0), "a second CONNECT");
        assert_eq!(raw.frame(), None);
    }
}

#[tokio::test]
async fn a_quality_is_at_most_that_of_its_subscription() {
    let bench = Bench::ours();
    let mut gateway = Probe::of(&bench, Version::V5, "gateway", "gw").await;
    let event = format!("{PREFIX}/event/x");
    let mut raw = Raw::staff(&bench, "desk", 5, 30, &[]);
    raw.send(&subscribe_v5(&event, m5::QoS::AtMostOnce as u8));
    raw.frame().unwrap();
    gateway.publish(&plain(&event, "x")).await;
    assert_eq!(raw.frame().unwrap()[0], 0x30);
}
