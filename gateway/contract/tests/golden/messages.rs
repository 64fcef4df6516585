//! State, telemetry, replies, notices and commands as they look on the wire.

use std::collections::BTreeMap;
use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use vestibule_contract::command::{Arrival, parse};
use vestibule_contract::identity::Epoch;
use vestibule_contract::notice::{Context, NotifierSecret, seal};
use vestibule_contract::reply::Reply;
use vestibule_contract::state::{Stamp, every_thing, render, will};
use vestibule_contract::telemetry::{
    DeviceValues, GatewayValues, Latency, LineValues, ReaderValues, Sample, ScannerValues, TerminalValues,
};
use vestibule_contract::topic::CommandName;
use vestibule_core::building::NoticeText;
use vestibule_core::command::{Actor, Answer, Channel, Command, Nonce, Outcome, Retention, Status};
use vestibule_core::compartment::{Level, Use};
use vestibule_core::effect::Thing;
use vestibule_core::id::{
    CommandId, DeviceId, LineId, NoticeId, ParcelId, ProbeId, Serial, TerminalId, UnitId,
};
use vestibule_core::reader::Housing;
use vestibule_core::refusal::Refusal;
use vestibule_core::row::{NoticeKind, NoticeRow};
use vestibule_core::time::{ClockTrust, Millis, Timestamp};
use vestibule_core::unit::{Digest, MilliCelsius};
use vestibule_core::view::{
    CompartmentView, GatewayView, Presence, Quality, ReaderChannel, ReaderView, Seen, StorageView,
    TerminalUse, View,
};

use super::facts::{AT, a1, envelope};
use super::{example, folder, writes};

fn good<T>(value: T) -> Seen<T> {
    Seen { value: Some(value), quality: Quality::Good, observed_at: Some(AT) }
}

fn view() -> View {
    let compartment = CompartmentView {
        label: "12".into(),
        usage: Use::Occupied(ParcelId(Serial { boot: 2, number: 7 })),
        since: AT,
        door: Some(good(Level::Shut)),
        latch: Some(Seen { quality: Quality::Stale, ..good(Level::Open) }),
        occupancy: None,
        contradicts: false,
    };
    View {
        gateway: GatewayView {
            boot: 3,
            version: "0.1.0".into(),
            started: AT,
            clock: ClockTrust::Holdover,
            storage: StorageView::Good,
        },
        compartments: [(a1(), compartment)].into(),
        probes: [(ProbeId::new("cold-1").unwrap(), good(MilliCelsius(3_250)))].into(),
        devices: [(DeviceId::new("bank-a-locks").unwrap(), good(Presence::Online))].into(),
        lines: [(
            LineId::new("rs485-1").unwrap(),
            Seen { value: None, quality: Quality::Unknown, observed_at: None },
        )]
        .into(),
        terminals: [(TerminalId::new("lobby").unwrap(), TerminalUse::Courier)].into(),
        readers: BTreeMap::new(),
    }
}

#[test]
fn state_is_as_its_example_for_every_kind() {
    let mut kinds = BTreeMap::new();
    for (thing, sequence) in every_thing(&view()).into_iter().zip(1..) {
        let stamp = Stamp { boot_id: envelope().boot_id, boot: 3, sequence };
        let payload = render(&view(), &thing, stamp).unwrap().unwrap();
        example(&format!("state/{}.json", thing.kind()), &payload);
        kinds.insert(thing.kind(), ());
    }
    assert_eq!(kinds.len(), 7);
    example("state/gateway.will.json", &will(3, envelope().boot_id, "0.1.0").unwrap());
}

#[test]
fn compartment_tells_what_its_eye_sees_where_it_has_one() {
    let mut view = view();
    view.compartments.get_mut(&a1()).unwrap().occupancy = Some(good(Level::Shut));
    let stamp = Stamp { boot_id: envelope().boot_id, boot: 3, sequence: 2 };
    let payload = render(&view, &Thing::Compartment(a1()), stamp).unwrap().unwrap();
    example("state/compartment.eye.json", &payload);
}

#[test]
fn terminal_tells_its_reader_when_it_has_one() {
    let mut view = view();
    let terminal = TerminalId::new("lobby").unwrap();
    let reader =
        ReaderView { channel: Some(ReaderChannel::Keyless), housing: Some(Housing::Opened), since: Some(AT) };
    view.readers.insert(terminal.clone(), reader);
    let stamp = Stamp { boot_id: envelope().boot_id, boot: 3, sequence: 8 };
    example(
        "state/terminal.reader.json",
        &render(&view, &Thing::Terminal(terminal), stamp).unwrap().unwrap(),
    );
}

#[test]
fn state_is_empty_when_the_thing_is_gone() {
    let mut view = view();
    let thing = every_thing(&view).remove(1);
    view.compartments.clear();
    let stamp = Stamp { boot_id: envelope().boot_id, boot: 3, sequence: 1 };
    assert!(render(&view, &thing, stamp).unwrap().is_none());
}

/// Every number is another one, so that no two can be mistaken for each other.
#[test]
fn telemetry_is_as_its_example_for_every_kind() {
    let probe = Sample::of_probe(3, &good(MilliCelsius(-18_125))).unwrap();
    example("telemetry/probe.json", &probe.bytes().unwrap());
    let gateway = GatewayValues {
        inputs_total: 1_000,
        commits_total: 12,
        rows_total: 90,
        rows_pruned_total: 80,
        storage_failures_total: 1,
        unlocks_total: 7,
        unlocks_withheld_total: 2,
        inputs_refused_total: 3,
        outgoing_dropped_total: 4,
        last_commit_us: 3_100,
        waiting_rows: 5,
        samples_dropped_total: 6,
        messages_dropped_total: 8,
    };
    sample("gateway", gateway);
    let line = LineValues {
        transactions_total: 40_000,
        busy_s: 812.25,
        busy_dead_s: 20.5,
        foreign_frames_total: 1,
        noise_bytes_total: 17,
    };
    sample("line", line);
    let latency = Latency { latency_least_s: 0.004, latency_most_s: 0.0625, latency_mean_s: 0.0055 };
    let device = DeviceValues {
        ok_total: 39_990,
        timeout_total: 4,
        crc_total: 3,
        exception_total: 2,
        late_total: 1,
        latency: Some(latency),
    };
    sample("device", device);
    let reader = ReaderValues {
        answered_total: 51_000,
        unanswered_total: 6,
        channels_total: 2,
        clear_reads_total: 1,
        distrusted_total: 3,
    };
    let scanner = ScannerValues {
        scans_total: 410,
        repeated_total: 9,
        dropped_total: 5,
        commands_total: 8_000,
        unanswered_total: 4,
        set_up_codes_total: 2,
        settings_changed_total: 3,
        settings_undone_total: 1,
    };
    sample("terminal.reader", TerminalValues { reader: Some(reader), scanner: None });
    sample("terminal.scanner", TerminalValues { reader: None, scanner: Some(scanner) });
    sample("device.silent", DeviceValues { ok_total: 0, timeout_total: 4, ..DeviceValues::default() });
}

/// The example, read as it was written.
fn sample<V: Serialize + DeserializeOwned + PartialEq + Debug>(kind: &str, values: V) {
    let sample = Sample::new(AT, 3, values);
    let bytes = sample.bytes().unwrap();
    example(&format!("telemetry/{kind}.json"), &bytes);
    assert_eq!(serde_json::from_slice::<Sample<V>>(&bytes).unwrap(), sample);
}

#[test]
fn probe_has_no_sample_when_its_reading_is_stale() {
    let stale = Seen { quality: Quality::Stale, ..good(MilliCelsius(0)) };
    assert!(Sample::of_probe(3, &stale).is_none());
}

fn outcome(status: Status, answer: Answer) -> Outcome {
    Outcome {
        digest: Digest([0; 32]),
        status,
        detail: "done".into(),
        sentence: "It is done.".into(),
        events: vec![17, 18],
        answer,
        keep_until: Timestamp(0),
    }
}

#[test]
fn reply_is_as_its_example_for_every_status_and_answer() {
    let id = CommandId::new("5f2c").unwrap();
    let cases = [
        ("received", outcome(Status::Received, Answer::None)),
        ("done", outcome(Status::Done, Answer::None)),
        ("done.nonce", outcome(Status::Done, Answer::Nonce(Nonce([0xa5; 16])))),
        ("done.parcel", outcome(Status::Done, Answer::Parcel(ParcelId(Serial { boot: 2, number: 7 })))),
        ("done.version", outcome(Status::Done, Answer::Version(41))),
        ("failed", outcome(Status::Failed, Answer::None)),
        ("unknown", outcome(Status::Unknown, Answer::None)),
        ("conflict", outcome(Status::Conflict, Answer::None)),
    ];
    for (name, outcome) in cases {
        let reply = Reply::of(&id, &outcome);
        let bytes = reply.bytes().unwrap();
        example(&format!("reply/{name}.json"), &bytes);
        assert_eq!(serde_json::from_slice::<Reply>(&bytes).unwrap(), reply);
    }
    let refused =
        Reply::refused(None, Refusal::Malformed, "payload: expected value at line 1 column 1".into());
    example("reply/refused.json", &refused.bytes().unwrap());
}

#[test]
fn notice_is_as_its_example_when_sealed_and_opened() {
    let row = NoticeRow {
        unit: UnitId::new("4b").unwrap(),
        parcel: ParcelId(Serial { boot: 2, number: 7 }),
        kind: NoticeKind::Arrived,
        code: Some(5),
        at: AT,
    };
    let deadline = Some(AT.after(Millis::hours(7 * 24)));
    let text = NoticeText { row, label: "12".into(), code: Some("0123456786".into()), deadline };
    let context =
        Context { building: envelope().building, epoch: Epoch([0x5e; 8]), support: "+1 312 555 0134".into() };
    let (secret, key) = NotifierSecret::generate(&[1; 32]);
    let sealed = seal(&context, &key, NoticeId(Serial { boot: 3, number: 2 }), &text, [2; 32]).unwrap();
    example("notice.sealed.json", &sealed);
    let kept = std::fs::read(folder("examples/v1/notice.sealed.json")).unwrap();
    let opened = secret.open(&kept).unwrap();
    example("notice.json", &serde_json::to_vec(&opened).unwrap());
}

/// Commands are what others write: the examples are read, each by hand.
#[test]
fn command_is_read_as_ever_from_its_example() {
    if writes() {
        write_commands();
    }
    for name in CommandName::ALL {
        let payload = std::fs::read(folder("examples/v1/command").join(format!("{name}.json"))).unwrap();
        let arrival =
            Arrival { channel: Channel::Bus, actor: Actor::Staff("anna".into()), retention: Retention::Live };
        let request = parse(name, payload.trim_ascii_end(), arrival).unwrap();
        assert_eq!(request.key.id.as_str(), "5f2c");
        assert_eq!(request.not_after, Some(Timestamp(1_772_350_260_000)));
        let as_named = match (name, &request.command) {
            (CommandName::Challenge, Command::Challenge) | (CommandName::Resync, Command::Resync) => true,
            (CommandName::Unlock, Command::Unlock { compartment }) => {
                *compartment == a1() && request.nonce.is_some() && request.reason.is_some()
            }
            (CommandName::UnlockMany, Command::UnlockMany { compartments }) => {
                compartments.first() == Some(&a1()) && compartments.len() == 2 && request.nonce.is_some()
            }
            (CommandName::UnlockCancel, Command::UnlockCancel { id }) => id.as_str() == "41aa",
            (CommandName::ParcelIntake, Command::ParcelIntake(intake)) => intake.occurred_at == Some(AT),
            (CommandName::DirectorySync, Command::DirectorySync(all)) => {
                all.version == 41 && all.units.len() == 2
            }
            (CommandName::CarriersSync, Command::CarriersSync(all)) => {
                all.version == 9 && all.carriers.len() == 1
            }
            _ => false,
        };
        assert!(as_named, "{name}: {:?}", request.command);
    }
}

fn write_commands() {
    let digest = "d1".repeat(32);
    let carriers = format!(r#""version":9,"carriers":[{{"id":"ups","code_digest":"{digest}"}}]"#);
    let nonce = "a5".repeat(16);
    let cases = [
        (CommandName::Challenge, String::new()),
        (CommandName::Resync, String::new()),
        (CommandName::Unlock, format!(r#","target":"a-1","reason":"resident locked out","nonce":"{nonce}""#)),
        (
            CommandName::UnlockMany,
            format!(
                r#","reason":"monthly inspection","nonce":"{nonce}","arguments":{{"compartments":["a-1","a-2"]}}"#
            ),
        ),
        (CommandName::UnlockCancel, r#","target":"41aa""#.into()),
        (
            CommandName::ParcelIntake,
            r#","arguments":{"unit":"4b","carrier":"ups","tracking":"1Z999AA10123456784","size":"extra-large","climate":"ambient","occurred_at":"2026-03-01T01:30:00.007-06:00"}"#.into(),
        ),
        (
            CommandName::DirectorySync,
            r#","arguments":{"version":41,"units":[{"id":"4a"},{"id":"4b","reach":"accessible"}]}"#.into(),
        ),
        (CommandName::CarriersSync, format!(r#","arguments":{{{carriers}}}"#)),
    ];
    for (name, rest) in cases {
        let payload = format!(r#"{{"id":"5f2c","not_after":"2026-03-01T07:31:00Z"{rest}}}"#);
        example(&format!("command/{name}.json"), payload.as_bytes());
    }
}
