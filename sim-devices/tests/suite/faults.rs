//! The seeded faults as a master meets them, on virtual time.

use std::time::Duration;

use sim_devices::{
    Baud, DeviceSpec, Fault, Happening, InputCount, LineSpec, Model, Rule, SimTime, Simulation,
};
use sim_devices::{WireByte, checked, sealed};

use crate::common::{Master, address, bank, channel, listen, relay};

fn with(rules: Vec<Rule>) -> Simulation {
    Simulation::new(&bank(8).faults(rules), 42).expect("a bank")
}

fn read_inputs() -> Vec<u8> {
    sealed(vec![2, 2, 0, 0, 0, 8])
}

fn all_shut() -> Vec<u8> {
    sealed(vec![2, 2, 1, 0xFF])
}

fn pulse(number: u8) -> Vec<u8> {
    sealed(vec![1, 5, 2, number - 1, 0, 3])
}

#[test]
fn a_deaf_board_does_nothing_and_a_silent_one_does_it_unseen() {
    let mut sim =
        with(vec![Rule::new(Fault::Deaf).function(5).nth(1), Rule::new(Fault::Silence).function(5).nth(2)]);
    assert_eq!(Master::new(&mut sim).ask(&pulse(1)), []);
    assert_eq!(sim.plant().energised_total(relay(1)), 0);
    assert_eq!(Master::new(&mut sim).ask(&pulse(1)), []);
    assert_eq!(sim.plant().energised_total(relay(1)), 1);
}

#[test]
fn a_late_reply_comes_after_the_next_request_and_before_its_answer() {
    let mut sim = with(vec![Rule::new(Fault::LateReply).function(5).times(1)]);
    assert_eq!(Master::new(&mut sim).ask(&pulse(4)), []);
    let mut expected = pulse(4);
    expected.extend(all_shut());
    sim.plant_mut().force_input(sim_devices::Terminal { board: address(2), channel: channel(4) }, Some(true));
    assert_eq!(Master::new(&mut sim).ask(&read_inputs()), expected);
}

#[test]
fn a_late_reply_fits_the_next_pulse_of_the_same_coil_exactly() {
    let mut sim =
        with(vec![Rule::new(Fault::LateReply).function(5).nth(1), Rule::new(Fault::Deaf).function(5).nth(2)]);
    assert_eq!(Master::new(&mut sim).ask(&pulse(4)), []);
    listen(&mut sim, SimTime::from_millis(1_000));
    assert_eq!(Master::new(&mut sim).ask(&pulse(4)), pulse(4), "the trap a quarantine must catch");
    assert_eq!(sim.plant().energised_total(relay(4)), 1, "the second pulse never happened");
}

#[test]
fn a_delayed_reply_comes_on_the_idle_line() {
    let mut sim = with(vec![Rule::new(Fault::Delay(Duration::from_millis(400)))]);
    assert_eq!(Master::new(&mut sim).ask(&read_inputs()), []);
    let until = SimTime::from_millis(1_000);
    let heard: Vec<u8> = listen(&mut sim, until).into_iter().map(|heard| heard.byte).collect();
    assert_eq!(heard, all_shut());
}

#[test]
fn duplicates_cuts_flips_babble_and_foreign_frames_look_as_they_should() {
    let mut sim = with(Vec::new());
    let mut under = |fault| {
        sim.line_mut().set_faults(vec![Rule::new(fault)]);
        Master::new(&mut sim).ask(&read_inputs())
    };
    assert_eq!(under(Fault::Duplicate), [all_shut(), all_shut()].concat());
    let cut = under(Fault::Truncate);
    assert!(!cut.is_empty() && cut.len() < all_shut().len() && all_shut().starts_with(&cut));
    let flipped = under(Fault::FlipBits(1));
    let differing: u32 = flipped.iter().zip(all_shut()).map(|(a, b)| (a ^ b).count_ones()).sum();
    assert_eq!((flipped.len(), differing), (all_shut().len(), 1));
    let babble = under(Fault::Babble(7));
    assert_eq!(babble.len(), 7 + all_shut().len());
    assert!(babble.ends_with(&all_shut()));
    let foreign = under(Fault::ForeignFrame);
    let body = checked(&foreign[..all_shut().len()]).expect("a valid frame");
    assert_ne!(body[0], 2);
}

#[test]
fn a_pulled_adapter_loses_the_answer_and_hears_nothing_until_it_is_back() {
    let mut sim = with(vec![Rule::new(Fault::Unplug(Duration::from_millis(500))).times(1)]);
    assert_eq!(Master::new(&mut sim).ask(&read_inputs()), []);
    assert!(!sim.line().is_plugged());
    assert_eq!(Master::new(&mut sim).ask(&pulse(1)), []);
    assert_eq!(sim.plant().energised_total(relay(1)), 0);
    listen(&mut sim, SimTime::from_millis(1_000));
    assert_eq!(Master::new(&mut sim).ask(&read_inputs()), all_shut());
}

#[test]
fn two_boards_at_one_address_garble_unless_they_agree() {
    let double = DeviceSpec::new(address(2), Model::Inputs(InputCount::Eight));
    let spec = bank(4).with(double);
    let mut sim = Simulation::new(&spec, 1).expect("a doubled address is a fault, not a mistake");
    assert_eq!(Master::new(&mut sim).ask(&read_inputs()), sealed(vec![2, 2, 1, 0x0F]));
    let slower =
        DeviceSpec { thinking: Duration::from_micros(5_500), ..DeviceSpec::new(address(2), Model::XyMd02) };
    let mut sim = Simulation::new(&bank(4).with(slower), 1).expect("two models at one address");
    let garbled = Master::new(&mut sim).ask(&read_inputs());
    assert_eq!(checked(&garbled), None, "{garbled:02x?}");
}

#[test]
fn what_was_injected_is_on_record() {
    let mut sim = with(vec![Rule::new(Fault::Silence).on(address(2)).nth(2)]);
    for _ in 0..3 {
        Master::new(&mut sim).ask(&read_inputs());
    }
    let faults: Vec<_> = sim
        .take_events()
        .into_iter()
        .filter_map(|event| match event.what {
            Happening::Fault(injected) => Some((injected.slave, injected.function, injected.request)),
            _ => None,
        })
        .collect();
    assert_eq!(faults, [(Some(address(2)), 2, 2)]);
}

/// A day's worth of mixed traffic under every random fault.
fn history(seed: u64) -> (Vec<WireByte>, Vec<sim_devices::SimEvent>) {
    let rules = [
        Fault::Deaf,
        Fault::FlipRequestBits(2),
        Fault::Silence,
        Fault::Delay(Duration::from_millis(150)),
        Fault::LateReply,
        Fault::Duplicate,
        Fault::Truncate,
        Fault::FlipBits(3),
        Fault::ForeignFrame,
        Fault::Babble(5),
        Fault::Unplug(Duration::from_millis(300)),
    ];
    let rules = rules.map(|fault| Rule::new(fault).chance(60)).to_vec();
    let spec: LineSpec = bank(8).at(Baud::B19200).faults(rules);
    let mut sim = Simulation::new(&spec, seed).expect("a bank");
    let mut heard = Vec::new();
    for round in 0..200_u8 {
        heard.extend(Master::new(&mut sim).ask_timed(&read_inputs()));
        if round % 10 == 0 {
            heard.extend(Master::new(&mut sim).ask_timed(&pulse(round % 8 + 1)));
        }
    }
    (heard, sim.take_events())
}

#[test]
fn the_same_seed_gives_the_same_bytes_at_the_same_times() {
    assert_eq!(history(5), history(5));
    assert_ne!(history(5).0, history(6).0);
}

#[test]
fn no_fault_moves_a_relay_that_was_not_asked_for() {
    for seed in 0..20 {
        let (_, events) = history(seed);
        let mut asked = vec![0; 8];
        (0..200_u8).step_by(10).for_each(|round| asked[usize::from(round % 8)] += 1);
        let mut energised = vec![0; 8];
        for event in events {
            if let Happening::RelayEnergised(relay) = event.what {
                energised[relay.channel.index()] += 1;
            }
        }
        let all: i32 = energised.iter().sum();
        assert!(energised.iter().zip(&asked).all(|(got, asked)| got <= asked), "seed {seed}: {energised:?}");
        assert!(all > 5, "most pulses get through; {all} of 20 did with seed {seed}");
    }
}

#[test]
fn a_flipped_request_bit_is_answered_by_silence() {
    let mut sim = with(vec![Rule::new(Fault::FlipRequestBits(1))]);
    for number in 1..=8 {
        assert_eq!(Master::new(&mut sim).ask(&pulse(number)), []);
    }
    assert_eq!(sim.plant().energisings().count(), 0);
}

#[test]
fn a_transaction_takes_the_time_the_design_counts_with() {
    let cases = [
        (Baud::B9600, read_inputs(), 26_000..28_500),
        (Baud::B9600, pulse(1), 28_000..30_500),
        (Baud::B115200, read_inputs(), 7_500..10_000),
    ];
    for (baud, request, expected) in cases {
        let mut sim = Simulation::new(&bank(8).at(baud), 1).expect("a bank");
        let heard = Master::new(&mut sim).ask_timed(&request);
        let done = heard.last().expect("an answer").at + baud.silence();
        assert!(expected.contains(&done.as_micros()), "{} baud: {} µs", baud.get(), done.as_micros());
    }
}
