//! Any bytes at any time: nothing panics, nothing moves that was not asked for, answers are whole frames.

use std::time::Duration;

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use sim_devices::{DeviceSpec, Happening, LineSpec, Model, RelayModel, Simulation, checked, sealed};

use crate::common::{Master, address, bank};

const FRAMES: usize = 20_000;

fn line() -> LineSpec {
    bank(8).with(DeviceSpec::new(address(4), Model::Relay(RelayModel::EightD)))
}

/// A request with a good checksum and everything else at random, near what devices know.
fn valid(rng: &mut Xoshiro256PlusPlus) -> Vec<u8> {
    let highs = [0, 0, 0, 1, 2, 4, 0x10, 0x20, 0x40, 0x80, 0xFF];
    let functions = [1, 2, 3, 4, 5, 6, 15, 16, 0x2B];
    let mut body = vec![rng.random_range(0..=5), functions[rng.random_range(0..functions.len())]];
    body.extend([highs[rng.random_range(0..highs.len())], rng.random_range(0..12)]);
    body.extend([highs[rng.random_range(0..highs.len())], rng.random()]);
    if body[1] >= 15 {
        let count = rng.random_range(0..6);
        body.push(count);
        body.extend((0..count).map(|_| rng.random::<u8>()));
    }
    sealed(body)
}

fn garbage(rng: &mut Xoshiro256PlusPlus) -> Vec<u8> {
    let length = rng.random_range(0..300);
    (0..length).map(|_| rng.random()).collect()
}

#[test]
fn any_request_is_answered_by_a_whole_frame_or_by_silence() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
    let mut sim = Simulation::new(&line(), 1).expect("a line");
    let mut answered = 0;
    for round in 0..FRAMES {
        if round % 100 == 0 {
            // Addresses and rates that were set at random would silence everybody before long.
            sim = Simulation::new(&line(), 1).expect("a line");
        }
        let request = valid(&mut rng);
        let answer = Master::new(&mut sim).ask(&request);
        if !answer.is_empty() {
            answered += 1;
            let body = checked(&answer).expect("a whole frame");
            assert_eq!(body[1] & 0x7F, request[1], "{request:02x?} answered by {answer:02x?}");
        }
    }
    assert!(answered > FRAMES / 4, "{answered} of {FRAMES}");
}

#[test]
fn garbage_moves_nothing() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(4);
    let mut sim = Simulation::new(&line(), 1).expect("a line");
    for _ in 0..2_000 {
        let bytes = garbage(&mut rng);
        let sent = sim.send(sim.now(), &bytes);
        sim.advance(sent + Duration::from_micros(rng.random_range(0..6_000)));
    }
    let served = sim.take_events().into_iter().filter(|event| matches!(event.what, Happening::Served { .. }));
    assert_eq!(served.count(), 0, "no checksum comes out right by chance with this seed");
    assert_eq!(sim.plant().energisings().count(), 0);
}
