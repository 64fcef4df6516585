//! What each signal and each unlock becomes, as tables.

use std::collections::BTreeSet;
use std::path::PathBuf;

use device_drivers::line::counters::LineCounters;
use device_drivers::signal::{ExceptionCode, MilliDegC, MilliPercent, Sign};
use vestibule_core::effect::Purpose;
use vestibule_core::id::{BankId, BuildingId};
use vestibule_core::policy::Policy;
use vestibule_core::site::{Climate, CompartmentSite, PhysicalLock, Sensing, Site, Size, TerminalSite};
use vestibule_core::time::Millis;
use vestibule_core::unit::{Digest, Millimetres};

use super::*;
use crate::config::{Local, Origin, ShutWhen, Sources, Wiring};

fn device(name: &str) -> DeviceId {
    DeviceId::new(name).expect("id")
}

fn compartment(name: &str) -> CompartmentId {
    CompartmentId::new(name).expect("id")
}

fn built(output: u16) -> CompartmentSite {
    CompartmentSite {
        bank: BankId::new("a").expect("id"),
        label: output.to_string(),
        column: 0,
        row: output,
        size: Size::Small,
        climate: Climate::Ambient,
        handle: Millimetres(900),
        sill: Millimetres(800),
        lock: PhysicalLock { device: device("locks"), output },
        door: Sensing::Wired,
        latch: Sensing::Absent,
        occupancy: Sensing::Absent,
        probe: None,
    }
}

fn contact(compartment_name: &str, contact: Contact, shut_when: ShutWhen) -> ContactWire {
    ContactWire { compartment: compartment(compartment_name), contact, shut_when }
}

fn at(name: &str, channel: u16) -> DeviceChannel {
    DeviceChannel { device: device(name), channel }
}

/// Locks and doors 1 and 2 on line one; door 3's latch on line two.
fn building() -> Configuration {
    let one = LineId::new("one").expect("id");
    let two = LineId::new("two").expect("id");
    let site = Site {
        building: BuildingId::new("maple-court").expect("id"),
        support: String::new(),
        compartments: (1..=3).map(|n| (compartment(&format!("a-{n}")), built(n))).collect(),
        terminals: [("lobby".parse().expect("id"), TerminalSite { serves: BTreeSet::new() })].into(),
        probes: BTreeMap::new(),
        devices: [
            (device("locks"), one.clone()),
            (device("doors"), one.clone()),
            (device("air"), one),
            (device("far"), two),
        ]
        .into(),
        policy: Policy::default(),
        longest_hold: Millis(1_200),
    };
    Configuration {
        name: "Maple Court".into(),
        time_zone: "UTC".into(),
        site,
        lines: BTreeMap::new(),
        scanners: BTreeMap::new(),
        readers: BTreeMap::new(),
        wiring: Wiring {
            contacts: [
                (at("doors", 1), contact("a-1", Contact::Door, ShutWhen::On)),
                (at("doors", 2), contact("a-2", Contact::Door, ShutWhen::Off)),
                (at("far", 8), contact("a-3", Contact::Latch, ShutWhen::On)),
            ]
            .into(),
            probes: [(at("air", 1), ProbeId::new("cold-1").expect("id"))].into(),
        },
        broker: None,
        cloud: None,
        metrics: crate::config::Metrics::default(),
        local: Local {
            state_dir: PathBuf::new(),
            socket: PathBuf::new(),
            clock_marker: PathBuf::new(),
            journal_keep: Millis::hours(24),
            log: String::new(),
        },
        digest: Digest([0; 32]),
        origin: Origin::Current,
        models: device_drivers::device::Catalogue::default(),
        sources: Sources::from([]),
    }
}

fn ear() -> Ear {
    Ear::new(&LineId::new("one").expect("id"), &building())
}

fn board(name: &str) -> BoardId {
    BoardId::new(name).expect("id")
}

fn millis(ms: u64) -> Monotonic {
    Monotonic::from_micros(ms * 1_000)
}

fn inputs(ms: u64, bits: u32) -> Signal {
    Signal::Inputs { device: board("doors"), at: millis(ms), states: InputStates::new(bits.into(), 8) }
}

fn heard(ear: &mut Ear, signal: &Signal) -> Vec<Input> {
    let mut all = Vec::new();
    ear.hear(signal, |input| {
        all.push(input);
        Taken::Yes
    });
    all
}

fn levels(ear: &mut Ear, signal: &Signal) -> Vec<(String, Level)> {
    let level = |input| match input {
        Input::Contact { compartment, level, .. } => (compartment.to_string(), level),
        _ => panic!("only contacts are expected"),
    };
    heard(ear, signal).into_iter().map(level).collect()
}

#[test]
fn polarity_is_applied_when_contacts_are_first_heard() {
    let expected = [("a-1".to_owned(), Level::Shut), ("a-2".to_owned(), Level::Shut)];
    assert_eq!(levels(&mut ear(), &inputs(0, 0b01)), expected);
}

#[test]
fn eye_is_told_as_what_lies_inside_and_watched_for_no_door() {
    let mut building = building();
    building.wiring.contacts.insert(at("doors", 3), contact("a-3", Contact::Occupancy, ShutWhen::Off));
    let mut ear = Ear::new(&LineId::new("one").expect("id"), &building);
    let eye = |input: Input| match input {
        Input::Contact { contact: Contact::Occupancy, level, .. } => Some(level),
        _ => None,
    };
    let told: Vec<_> = heard(&mut ear, &inputs(0, 0b001)).into_iter().filter_map(eye).collect();
    assert_eq!(told, [Level::Shut], "its input is off: something lies there");
    let watched = Hands::new(&building).watched;
    let a3 = watched.iter().find(|(compartment, _)| compartment.as_str() == "a-3");
    assert_eq!(a3.map(|(_, (device, _))| device.as_str()), Some("far"), "its latch is watched");
}

#[test]
fn contact_is_told_again_only_when_it_changed_or_at_half_the_stale_age() {
    let mut ear = ear();
    assert_eq!(levels(&mut ear, &inputs(0, 0b01)).len(), 2);
    assert_eq!(levels(&mut ear, &inputs(100, 0b01)), []);
    assert_eq!(levels(&mut ear, &inputs(200, 0b00)), [("a-1".to_owned(), Level::Open)]);
    assert_eq!(levels(&mut ear, &inputs(7_499, 0b00)), []);
    assert_eq!(levels(&mut ear, &inputs(7_500, 0b00)), [("a-2".to_owned(), Level::Shut)]);
    assert_eq!(levels(&mut ear, &inputs(7_700, 0b00)), [("a-1".to_owned(), Level::Open)]);
}

#[test]
fn contact_is_told_again_when_the_engine_did_not_take_it() {
    let mut ear = ear();
    ear.hear(&inputs(0, 0b01), |_| Taken::No);
    assert_eq!(levels(&mut ear, &inputs(100, 0b01)).len(), 2);
}

#[test]
fn contact_of_another_line_is_not_heard() {
    let states = InputStates::new(0xFF, 8);
    let signal = Signal::Inputs { device: board("far"), at: millis(0), states };
    assert!(heard(&mut ear(), &signal).is_empty());
}

#[test]
fn every_outcome_of_a_pulse_has_its_report() {
    let unlock = UnlockId(Serial { boot: 3, number: 7 });
    let order = OrderId(order_number(unlock));
    let sent = millis(5);
    let mono = Mono(5_000);
    let code = ExceptionCode(4);
    let unsent = |why| (Outcome::NotSent(why), PulseReport::NotSent(NotSent::Unreachable));
    let table = [
        (Outcome::Acknowledged { sent }, PulseReport::Acknowledged { sent: mono }),
        (Outcome::Unanswered { sent }, PulseReport::Unanswered { sent: mono }),
        (Outcome::Exception { sent, code }, PulseReport::Rejected { sent: mono, exception: 4 }),
        (Outcome::NotSent(Unsent::Expired), PulseReport::NotSent(NotSent::Expired)),
        (
            Outcome::NotSent(Unsent::CoolingDown { again: Duration::from_micros(9_999_001) }),
            PulseReport::NotSent(NotSent::CoolingDown { again: Millis(10_000) }),
        ),
        (Outcome::NotSent(Unsent::Cancelled), PulseReport::NotSent(NotSent::Cancelled)),
        (Outcome::NotSent(Unsent::LaneFull), PulseReport::NotSent(NotSent::QueueFull)),
        unsent(Unsent::DeviceDown),
        unsent(Unsent::PortClosed),
        unsent(Unsent::Stopped),
        unsent(Unsent::NoSuchTarget),
    ];
    for (outcome, expected) in table {
        let all = heard(&mut ear(), &Signal::Ended { order, at: millis(9), outcome });
        let [Input::Pulse { unlock: found, report }] = all[..] else { panic!("one report for {outcome:?}") };
        assert_eq!((found, report), (unlock, expected));
    }
    let watched = Outcome::Watched { reads: 1, missed: 0 };
    let watch = Signal::Ended { order: OrderId(order.0 | WATCH), at: millis(9), outcome: watched };
    assert!(heard(&mut ear(), &watch).is_empty());
}

#[test]
fn failed_watch_is_never_taken_for_a_pulse() {
    let order = OrderId(order_number(UnlockId(Serial { boot: 3, number: 7 })) | WATCH);
    let ended = Signal::Ended { order, at: millis(9), outcome: Outcome::NotSent(Unsent::DeviceDown) };
    assert!(heard(&mut ear(), &ended).is_empty());
}

#[test]
fn every_reading_of_a_probe_has_its_meaning() {
    let fault = |fault| Some(ProbeReading::Fault(fault));
    let table = [
        (Reading::Temperature(MilliDegC(-500)), Some(ProbeReading::Temperature(MilliCelsius(-500)))),
        (Reading::Humidity(MilliPercent(40_000)), None),
        (Reading::Fault(BoardFault::Sentinel { raw: 0x8000 }), fault(ProbeFault::Sentinel)),
        (Reading::Fault(BoardFault::Exception(ExceptionCode(2))), fault(ProbeFault::Sentinel)),
        (Reading::Fault(BoardFault::OutOfRange { milli: 1 }), fault(ProbeFault::Implausible)),
        (Reading::Fault(BoardFault::RateOfChange { milli: 1 }), fault(ProbeFault::TooFast)),
        (Reading::Fault(BoardFault::NoReply), fault(ProbeFault::Silent)),
    ];
    for (reading, expected) in table {
        let channel = Channel::new(1).expect("channel");
        let signal = Signal::Probe { device: board("air"), at: millis(0), channel, reading };
        let found = match heard(&mut ear(), &signal)[..] {
            [Input::Probe { reading, .. }] => Some(reading),
            _ => None,
        };
        assert_eq!(found, expected, "{reading:?}");
    }
}

#[test]
fn every_state_of_device_and_port_has_its_health() {
    let device = |state| Signal::Device { device: board("doors"), at: millis(0), state };
    let port = |state| Signal::Port { at: millis(0), state };
    let kind = std::io::ErrorKind::NotFound;
    let latency = Duration::from_millis(16);
    let table = [
        (device(DeviceState::Online), Some(Health::Online)),
        (device(DeviceState::Down), Some(Health::Offline)),
        (device(DeviceState::SetUpFailed { step: "all off" }), Some(Health::Degraded)),
        (port(PortState::Open), Some(Health::Online)),
        (port(PortState::Unplugged), Some(Health::Offline)),
        (port(PortState::OpenFailed { step: "open", kind }), Some(Health::Offline)),
        (port(PortState::SlowAdapter { latency }), None),
    ];
    for (signal, expected) in table {
        let found = match heard(&mut ear(), &signal)[..] {
            [Input::Device { health, .. } | Input::Line { health, .. }] => Some(health),
            _ => None,
        };
        assert_eq!(found, expected, "{signal:?}");
    }
}

#[test]
fn babbling_line_is_degraded_once_and_recovers_when_it_rested() {
    let mut ear = ear();
    let babble = |ms| Signal::Line { at: millis(ms), trouble: LineTrouble::Babbling };
    assert!(matches!(heard(&mut ear, &babble(0))[..], [Input::Line { health: Health::Degraded, .. }]));
    assert!(heard(&mut ear, &babble(1_000)).is_empty());
    let is_line = |input: &Input| matches!(input, Input::Line { health: Health::Online, .. });
    assert!(!heard(&mut ear, &inputs(30_999, 0)).iter().any(is_line));
    assert!(heard(&mut ear, &inputs(31_000, 0)).iter().any(is_line));
}

fn totals(ms: u64, noise_bytes: u64) -> Signal {
    Signal::LineCounters { at: millis(ms), counters: LineCounters { noise_bytes, ..LineCounters::default() } }
}

fn says_online(heard: &[Input]) -> bool {
    heard.iter().any(|input| matches!(input, Input::Line { health: Health::Online, .. }))
}

#[test]
fn babbling_line_without_inputs_recovers_with_whatever_is_heard() {
    let probe = |ms| Signal::Probe {
        device: board("air"),
        at: millis(ms),
        channel: channel(1).expect("number"),
        reading: Reading::Temperature(MilliDegC(4_000)),
    };
    let ended = |ms| Signal::Ended {
        order: OrderId(1),
        at: millis(ms),
        outcome: Outcome::Acknowledged { sent: millis(ms) },
    };
    let counted = |ms| totals(ms, 0);
    let signals: [&dyn Fn(u64) -> Signal; 3] = [&probe, &ended, &counted];
    for signal in signals {
        let mut ear = ear();
        heard(&mut ear, &Signal::Line { at: millis(0), trouble: LineTrouble::Babbling });
        assert!(!says_online(&heard(&mut ear, &signal(29_999))));
        assert!(says_online(&heard(&mut ear, &signal(30_000))), "{:?}", signal(30_000));
        assert!(!says_online(&heard(&mut ear, &signal(60_000))), "said once");
    }
}

#[test]
fn line_that_goes_on_babbling_is_not_believed() {
    let mut ear = ear();
    heard(&mut ear, &totals(0, 50_000));
    heard(&mut ear, &Signal::Line { at: millis(1_000), trouble: LineTrouble::Babbling });
    for tens in 1..=6_u64 {
        let signal = totals(tens * 10_000, 50_000 + tens * 8_000);
        assert!(!says_online(&heard(&mut ear, &signal)), "{signal:?}");
    }
    assert!(!says_online(&heard(&mut ear, &totals(80_000, 98_003))));
    assert!(says_online(&heard(&mut ear, &totals(90_000, 98_005))), "a few stray bytes are no babble");
}

#[test]
fn port_says_how_the_line_is_when_it_babbled_before() {
    let port = |ms, state| Signal::Port { at: millis(ms), state };
    let mut ear = ear();
    heard(&mut ear, &Signal::Line { at: millis(0), trouble: LineTrouble::Babbling });
    heard(&mut ear, &port(1_000, PortState::Unplugged));
    assert!(!says_online(&heard(&mut ear, &totals(40_000, 0))), "an unplugged line does not rest");
    assert!(says_online(&heard(&mut ear, &port(50_000, PortState::Open))));
    assert!(!says_online(&heard(&mut ear, &totals(90_000, 0))), "it was told already");
    let again = heard(&mut ear, &Signal::Line { at: millis(91_000), trouble: LineTrouble::Babbling });
    assert!(matches!(again[..], [Input::Line { health: Health::Degraded, .. }]));
}

#[test]
fn babbling_line_is_told_again_when_the_engine_did_not_take_that_it_rested() {
    let mut ear = ear();
    heard(&mut ear, &Signal::Line { at: millis(0), trouble: LineTrouble::Babbling });
    ear.hear(&totals(30_000, 0), |_| Taken::No);
    assert!(says_online(&heard(&mut ear, &totals(40_000, 0))));
}

#[test]
fn foreign_frames_are_told_and_totals_are_not() {
    let mut ear = ear();
    let trouble = LineTrouble::ForeignFrames { address: 9, function: 3, count: 2 };
    let told = heard(&mut ear, &Signal::Line { at: millis(0), trouble });
    assert!(matches!(told[..], [Input::ForeignFrame { frames: 2, .. }]));
    let counters = Signal::LineCounters { at: millis(0), counters: LineCounters::default() };
    let sign = Signal::Sign { device: board("doors"), at: millis(0), sign: Sign::DoubledAddress };
    for quiet in [counters, sign, Signal::Line { at: millis(0), trouble: LineTrouble::LocalEcho }] {
        assert!(heard(&mut ear, &quiet).is_empty(), "{quiet:?}");
    }
}

fn unlock(name: &str, output: u16, pulse_ms: u64) -> Unlock {
    Unlock {
        id: UnlockId(Serial { boot: 2, number: 5 }),
        compartment: compartment(name),
        lock: PhysicalLock { device: device("locks"), output },
        pulse: Millis(pulse_ms),
        not_after: Mono(9_000_000),
        purpose: Purpose::Pickup,
    }
}

#[test]
fn unlock_becomes_a_pulse_and_a_watch_of_its_own_door() {
    let orders = Hands::new(&building()).orders(&unlock("a-1", 1, 500)).expect("possible");
    let number = 2 << 32 | 5;
    let pulse = Task::Pulse {
        device: board("locks"),
        output: Channel::new(1).expect("channel"),
        length: PulseLength::from_millis(500).expect("length"),
        deadline: Monotonic::from_micros(9_000_000),
    };
    assert_eq!(orders.pulse, Order { id: OrderId(number), task: pulse });
    let watch = Task::Watch { device: board("doors"), input: Channel::new(1).expect("channel") };
    assert_eq!(orders.watch, Some((device("doors"), Order { id: OrderId(number | WATCH), task: watch })));
}

#[test]
fn watch_goes_to_the_line_of_the_contact_when_it_is_another() {
    let orders = Hands::new(&building()).orders(&unlock("a-3", 3, 500)).expect("possible");
    assert_eq!(orders.watch.map(|(device, _)| device), Some(device("far")));
}

#[test]
fn unlock_is_unreachable_when_no_board_has_that_output_or_pulse() {
    for (output, pulse) in [(0, 500), (97, 500), (1, 0), (1, 450), (1, 60_000)] {
        assert_eq!(Hands::new(&building()).orders(&unlock("a-1", output, pulse)), Err(NotSent::Unreachable));
    }
}
