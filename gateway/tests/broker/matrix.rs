//! The rights cell by cell, with both MQTT versions, against our broker and against Mosquitto with the configuration we
//! keep. What counts is whether a message reaches somebody, not what the broker says.

use super::bench::{Bench, PREFIX};
use super::probe::{Heard, Message, Probe, Terms, VERSIONS, Version, plain, retained};

/// Role and client under test, in the order of the columns below.
const TESTED: [(&str, &str); 4] =
    [("gateway", "gw"), ("staff", "desk"), ("technician", "bench"), ("reader", "feed")];

/// Clients of the matrix: those under test, observers and a marker for each direction.
const CLIENTS: [(&str, &str); 9] = [
    TESTED[0],
    TESTED[1],
    TESTED[2],
    TESTED[3],
    ("gateway", "gw-watch"),
    ("staff", "staff-watch"),
    ("gateway", "gw-mark"),
    ("staff", "staff-mark"),
    ("staff", "other"),
];

/// Topic below the prefix; whether gateway, staff, technician and reader may publish it. Observed where somebody
/// may read it.
const PUBLISH: [(&str, [bool; 4]); 19] = [
    ("state/door/a-1", [true, false, false, false]),
    ("state/door", [false, false, false, false]),
    ("event/parcel.deposited", [true, false, false, false]),
    ("telemetry/probe/c-1", [true, false, false, false]),
    ("reply/staff-watch", [true, false, false, false]),
    ("command/unlock/desk", [false, true, false, false]),
    ("command/unlock/other", [false, false, false, false]),
    ("command/unlock/gw", [false, false, false, false]),
    ("command/unlock", [false, false, false, false]),
    ("command/unlock/desk/now", [false, false, false, false]),
    ("command/challenge/desk", [false, true, false, false]),
    ("command/directory.sync/desk", [false, true, false, false]),
    ("command/staff.sync/desk", [false, false, false, false]),
    ("notice", [false, false, false, false]),
    ("$SYS/x", [false, false, false, false]),
    ("command/diagnose/bench", [false, false, true, false]),
    ("command/compartment.service/bench", [false, false, true, false]),
    ("command/unlock/bench", [false, false, false, false]),
    ("command/resync/feed", [false, false, false, false]),
];

/// Filter, a topic that it matches; whether gateway, staff, technician and cloud reader may read it.
const SUBSCRIBE: [(&str, &str, [bool; 4]); 14] = [
    ("state/+/+", "state/door/a-1", [true, true, true, true]),
    ("state/door/a-1", "state/door/a-1", [true, true, true, true]),
    ("event/#", "event/parcel.deposited", [false, true, false, true]),
    ("event/+", "event/parcel.deposited", [false, true, false, true]),
    ("telemetry/#", "telemetry/probe/c-1", [false, true, true, true]),
    ("reply/desk", "reply/desk", [false, true, false, false]),
    ("reply/+", "reply/other", [false, false, false, false]),
    ("command/#", "command/unlock/staff-mark", [true, false, false, false]),
    ("command/+/+", "command/unlock/staff-mark", [true, false, false, false]),
    ("command/unlock/staff-mark", "command/unlock/staff-mark", [true, false, false, false]),
    ("event/device.offline", "event/device.offline", [false, true, true, true]),
    ("event/probe.fault", "event/probe.fault", [false, true, true, true]),
    ("event/parcel.stored", "event/parcel.stored", [false, true, false, true]),
    ("reply/bench", "reply/bench", [false, false, true, false]),
];

/// Filters wider than the role's, by (filter, role, name). Ours refuses them; Mosquitto takes them and delivers what the
/// role may read, so they are no cells of the table above.
const WIDER: [(&str, &str, &str); 7] = [
    ("state/#", "gateway", "gw"),
    ("command/+/desk", "staff", "desk"),
    ("reply/#", "staff", "desk"),
    ("+/+/+", "gateway", "gw"),
    ("#", "staff", "desk"),
    ("event/#", "technician", "bench"),
    ("command/#", "reader", "feed"),
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

/// Each client under test with its cell of a row.
fn cells(row: [bool; 4]) -> impl Iterator<Item = (&'static str, &'static str, bool)> {
    TESTED.into_iter().zip(row).map(|((role, name), may)| (role, name, may))
}

async fn publish_matrix(bench: &Bench) {
    let mut observers = Observers::new(bench).await;
    let mut cell = 0;
    for version in VERSIONS {
        for (topic, row) in PUBLISH {
            for (role, name, may) in cells(row) {
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
    for (role, name) in TESTED {
        let mut writer = Probe::of(bench, Version::V5, role, name).await;
        let foreign = plain("vestibule/v1/other-house/event/x", "foreign");
        assert_ne!(writer.publish(&foreign).await, Heard::PubAck(true), "{role}");
    }
}

async fn will_matrix(bench: &Bench) {
    let mut observers = Observers::new(bench).await;
    let mut cell = 0;
    for version in VERSIONS {
        for (topic, row) in PUBLISH {
            for (role, name, may) in cells(row) {
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
        for (filter, topic, row) in SUBSCRIBE {
            for (role, name, may) in cells(row) {
                cell += 1;
                let mut reader = Probe::of(bench, version, role, name).await;
                let granted = reader.subscribe(&[&full(filter)]).await;
                let at = format!("{version:?} {role} reads {filter}: {granted:?}");
                // A filter the reader may have in any case carries the mark, the way that the message goes: commands and
                // all else overtake each other.
                let command = topic.starts_with("command");
                let mark_topic = match (role, command) {
                    ("gateway", true) => "command/resync/staff-mark",
                    ("gateway", false) => "state/mark/all",
                    _ => "telemetry/mark/all",
                };
                reader.subscribe(&[&full(mark_topic)]).await;
                let (payload, mark) = (format!("cell-{cell}"), format!("mark-{cell}"));
                let writer = if command { &mut staff } else { &mut gateway };
                assert_eq!(writer.publish(&plain(full(topic), &payload)).await, Heard::PubAck(true));
                let marker = if role == "gateway" && command { &mut staff } else { &mut gateway };
                assert_eq!(marker.publish(&plain(full(mark_topic), &mark)).await, Heard::PubAck(true));
                let seen: Vec<Message> = reader.messages_before(&mark).await;
                assert_eq!(seen.iter().any(|message| message.payload == payload), may, "{at}");
            }
        }
    }
}

/// Who may set the retain flag on what they may publish: the gateway on state, and nobody else. Mosquitto knows no such
/// right; the daemon refuses a retained command itself.
const RETAINED: [(&str, [bool; 4]); 4] = [
    ("state/door/a-1", [true, false, false, false]),
    ("event/parcel.deposited", [false; 4]),
    ("command/resync/desk", [false; 4]),
    ("command/diagnose/bench", [false; 4]),
];

#[tokio::test]
async fn ours_retain_rights_hold_cell_by_cell() {
    let bench = Bench::ours();
    let mut cell = 0;
    for version in VERSIONS {
        for (topic, row) in RETAINED {
            for (role, name, may) in cells(row) {
                cell += 1;
                let payload = format!("kept-{cell}");
                let mut writer = Probe::of(&bench, version, role, name).await;
                writer.publish(&Message { retain: true, ..plain(full(topic), &payload) }).await;
                // Whoever comes later is given what was kept.
                let mut late = Probe::of(&bench, Version::V5, "staff", "staff-watch").await;
                late.subscribe(&[&full("state/#"), &full("event/#")]).await;
                let mut mark = Probe::of(&bench, Version::V5, "gateway", "gw-mark").await;
                let end = format!("end-{cell}");
                assert_eq!(mark.publish(&plain(full("event/mark"), &end)).await, Heard::PubAck(true));
                let seen = late.messages_before(&end).await;
                let kept = seen.iter().any(|message| message.payload == payload);
                assert_eq!(kept, may, "{version:?} {role} retains {topic}");
            }
        }
    }
}

/// A last will that is to be retained is refused with its CONNECT where a retained message is.
#[tokio::test]
async fn ours_lets_a_retained_will_in_where_a_retained_message_is() {
    let bench = Bench::ours();
    for version in VERSIONS {
        for (topic, row) in RETAINED {
            for (role, name, may) in cells(row) {
                let will = Some(retained(full(topic), "gone"));
                let terms = Terms { tls: bench.tls(role, name), version, id: name, will };
                let entered = Probe::connect(&bench, terms).await;
                assert_eq!(entered.is_ok(), may, "{version:?} {role} wills {topic}, retained");
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
