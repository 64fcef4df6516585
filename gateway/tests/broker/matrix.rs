//! The rights cell by cell, with both MQTT versions, against our broker and against Mosquitto with the configuration we
//! keep. What counts is whether a message reaches somebody, not what the broker says.

use super::bench::{Bench, PREFIX};
use super::probe::{Heard, Message, Probe, Terms, VERSIONS, Version, plain};

/// Clients of the matrix: two writers under test, their observers and a marker for each.
const CLIENTS: [(&str, &str); 7] = [
    ("gateway", "gw"),
    ("staff", "desk"),
    ("gateway", "gw-watch"),
    ("staff", "staff-watch"),
    ("gateway", "gw-mark"),
    ("staff", "staff-mark"),
    ("staff", "other"),
];

/// Who may publish what. Observed where somebody may read it.
const PUBLISH: [(&str, bool, bool); 15] = [
    // topic below the prefix, gateway may, staff may
    ("state/door/a-1", true, false),
    ("state/door", false, false),
    ("event/parcel.deposited", true, false),
    ("telemetry/probe/c-1", true, false),
    ("reply/staff-watch", true, false),
    ("command/unlock/desk", false, true),
    ("command/unlock/other", false, false),
    ("command/unlock/gw", false, false),
    ("command/unlock", false, false),
    ("command/unlock/desk/now", false, false),
    ("command/challenge/desk", false, true),
    ("command/directory.sync/desk", false, true),
    ("command/staff.sync/desk", false, false),
    ("notice", false, false),
    ("$SYS/x", false, false),
];

/// Who may read what: filter, a topic that it matches, gateway may, staff may.
const SUBSCRIBE: [(&str, &str, bool, bool); 10] = [
    ("state/+/+", "state/door/a-1", true, true),
    ("state/door/a-1", "state/door/a-1", true, true),
    ("event/#", "event/parcel.deposited", false, true),
    ("event/+", "event/parcel.deposited", false, true),
    ("telemetry/#", "telemetry/probe/c-1", false, true),
    ("reply/desk", "reply/desk", false, true),
    ("reply/+", "reply/other", false, false),
    ("command/#", "command/unlock/staff-mark", true, false),
    ("command/+/+", "command/unlock/staff-mark", true, false),
    ("command/unlock/staff-mark", "command/unlock/staff-mark", true, false),
];

/// Filters wider than the role's, by (filter, role, name). Ours refuses them; Mosquitto takes them and delivers what the
/// role may read, so they are no cells of the table above.
const WIDER: [(&str, &str, &str); 5] = [
    ("state/#", "gateway", "gw"),
    ("command/+/desk", "staff", "desk"),
    ("reply/#", "staff", "desk"),
    ("+/+/+", "gateway", "gw"),
    ("#", "staff", "desk"),
];

struct Observers {
    gateway: Probe,
    staff: Probe,
    gateway_marker: Probe,
    staff_marker: Probe,
    marks: usize,
}

impl Observers {
    async fn new(bench: &Bench) -> Self {
        let mut gateway = Probe::of(bench, Version::V5, "gateway", "gw-watch").await;
        let mut staff = Probe::of(bench, Version::V5, "staff", "staff-watch").await;
        gateway.subscribe(&[&full("command/#")]).await;
        let (state, event) = (full("state/#"), full("event/#"));
        let (telemetry, reply) = (full("telemetry/#"), full("reply/staff-watch"));
        staff.subscribe(&[&state, &event, &telemetry, &reply]).await;
        Self {
            gateway,
            staff,
            gateway_marker: Probe::of(bench, Version::V5, "gateway", "gw-mark").await,
            staff_marker: Probe::of(bench, Version::V5, "staff", "staff-mark").await,
            marks: 0,
        }
    }

    /// Whether the payload reached an observer. What was taken before the marks are sent arrives before them.
    async fn saw(&mut self, payload: &str) -> bool {
        self.marks += 1;
        let mark = format!("mark-{}", self.marks);
        assert_eq!(self.gateway_marker.publish(&plain(full("event/mark"), &mark)).await, Heard::PubAck(true));
        assert_eq!(
            self.staff_marker.publish(&plain(full("command/resync/staff-mark"), &mark)).await,
            Heard::PubAck(true)
        );
        let mut seen = self.staff.messages_before(&mark).await;
        seen.extend(self.gateway.messages_before(&mark).await);
        seen.iter().any(|message| message.payload == payload)
    }
}

fn full(topic: &str) -> String {
    if topic.starts_with('$') { topic.to_owned() } else { format!("{PREFIX}/{topic}") }
}

fn rights(gateway: bool, staff: bool) -> [(&'static str, &'static str, bool); 2] {
    [("gateway", "gw", gateway), ("staff", "desk", staff)]
}

async fn publish_matrix(bench: &Bench) {
    let mut observers = Observers::new(bench).await;
    let mut cell = 0;
    for version in VERSIONS {
        for (topic, gateway, staff) in PUBLISH {
            for (role, name, may) in rights(gateway, staff) {
                cell += 1;
                let payload = format!("cell-{cell}");
                let mut writer = Probe::of(bench, version, role, name).await;
                writer.publish(&plain(full(topic), &payload)).await;
                let at = format!("{version:?} {role} publishes {topic}");
                assert_eq!(observers.saw(&payload).await, may, "{at}");
            }
        }
    }
    // Another building's topics.
    for (role, name, _) in rights(false, false) {
        let mut writer = Probe::of(bench, Version::V5, role, name).await;
        let foreign = plain("vestibule/v1/other-house/event/x", "foreign");
        assert_ne!(writer.publish(&foreign).await, Heard::PubAck(true), "{role}");
    }
}

async fn will_matrix(bench: &Bench) {
    let mut observers = Observers::new(bench).await;
    let mut cell = 0;
    for version in VERSIONS {
        for (topic, gateway, staff) in PUBLISH {
            for (role, name, may) in rights(gateway, staff) {
                cell += 1;
                let will = plain(full(topic), format!("will-{cell}"));
                let terms = |will| Terms { tls: bench.tls(role, name), version, id: name, will };
                if let Ok(gone) = Probe::connect(bench, terms(Some(will.clone()))).await {
                    drop(gone);
                    // The old one is gone, will and all, before the same client id enters again.
                    Probe::connect(bench, terms(None)).await.expect("connected again").leave().await;
                }
                let at = format!("{version:?} {role} wills {topic}");
                assert_eq!(observers.saw(&will.payload).await, may, "{at}");
            }
        }
    }
}

async fn subscribe_matrix(bench: &Bench) {
    let mut gateway = Probe::of(bench, Version::V5, "gateway", "gw-mark").await;
    let mut staff = Probe::of(bench, Version::V5, "staff", "staff-mark").await;
    let mut cell = 0;
    for version in VERSIONS {
        for (filter, topic, gateway_may, staff_may) in SUBSCRIBE {
            for (role, name, may) in rights(gateway_may, staff_may) {
                cell += 1;
                let mut reader = Probe::of(bench, version, role, name).await;
                let granted = reader.subscribe(&[&full(filter)]).await;
                let at = format!("{version:?} {role} reads {filter}: {granted:?}");
                // A filter the reader may have in any case carries the mark.
                let (own, mark_topic) = match role {
                    "gateway" => ("command/resync/staff-mark", "command/resync/staff-mark"),
                    _ => ("event/mark", "event/mark"),
                };
                reader.subscribe(&[&full(own)]).await;
                let (payload, mark) = (format!("cell-{cell}"), format!("mark-{cell}"));
                let writer = if topic.starts_with("command") { &mut staff } else { &mut gateway };
                assert_eq!(writer.publish(&plain(full(topic), &payload)).await, Heard::PubAck(true));
                let marker = if role == "gateway" { &mut staff } else { &mut gateway };
                assert_eq!(marker.publish(&plain(full(mark_topic), &mark)).await, Heard::PubAck(true));
                let seen: Vec<Message> = reader.messages_before(&mark).await;
                assert_eq!(seen.iter().any(|message| message.payload == payload), may, "{at}");
            }
        }
    }
}

#[tokio::test]
async fn ours_publish_rights_hold_cell_by_cell() {
    publish_matrix(&Bench::ours()).await;
}

#[tokio::test]
async fn mosquitto_publish_rights_hold_cell_by_cell() {
    publish_matrix(&Bench::mosquitto(&CLIENTS)).await;
}

#[tokio::test]
async fn ours_will_rights_hold_cell_by_cell() {
    will_matrix(&Bench::ours()).await;
}

#[tokio::test]
async fn mosquitto_will_rights_hold_cell_by_cell() {
    will_matrix(&Bench::mosquitto(&CLIENTS)).await;
}

#[tokio::test]
async fn ours_read_rights_hold_cell_by_cell() {
    subscribe_matrix(&Bench::ours()).await;
}

#[tokio::test]
async fn ours_refuses_a_filter_wider_than_the_role() {
    let bench = Bench::ours();
    for version in VERSIONS {
        for (filter, role, name) in WIDER {
            let mut reader = Probe::of(&bench, version, role, name).await;
            let answer = reader.subscribe(&[&full(filter)]).await;
            assert_eq!(answer, Heard::SubAck(vec![None]), "{version:?} {role} reads {filter}");
        }
    }
}

#[tokio::test]
async fn mosquitto_read_rights_hold_cell_by_cell() {
    subscribe_matrix(&Bench::mosquitto(&CLIENTS)).await;
}
