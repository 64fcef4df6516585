//! Doors and hands on virtual time: what a pulse does to a door, and what people do to it.

use std::time::Duration;

use sim_devices::{
    Act, Bounce, Device, DoorState, Happening, Jam, Latches, LineSpec, OutputsAfterRestart, Person, ShutWhen,
    SimTime, Simulation, Wire, sealed,
};

use crate::common::{Master, address, bank, channel, door, listen, relay};

const SECOND: Duration = Duration::from_secs(1);

/// A pulse of `tenths` x 100 ms for door `number`.
fn pulse(sim: &mut Simulation, number: u8, tenths: u8) {
    let request = sealed(vec![1, 5, 2, number - 1, 0, tenths]);
    assert_eq!(Master::new(sim).ask(&request), request);
}

fn inputs(sim: &mut Simulation) -> u8 {
    let reply = Master::new(sim).ask(&sealed(vec![2, 2, 0, 0, 0, 8]));
    assert_eq!(&reply[..3], [2, 2, 1]);
    reply[3]
}

fn run(sim: &mut Simulation, seconds: u64) {
    let until = sim.now() + SECOND * u32::try_from(seconds).expect("a short test");
    listen(sim, until);
}

/// What happened at doors, without the relays and frames.
fn story(sim: &mut Simulation) -> Vec<(u128, Happening)> {
    let mut begin = None;
    let told = sim.take_events().into_iter().filter_map(|event| {
        let begin = *begin.get_or_insert(event.at);
        let at = (event.at - begin).as_millis();
        let at_a_door = !matches!(
            event.what,
            Happening::Served { .. } | Happening::RelayEnergised(_) | Happening::RelayReleased(_)
        );
        at_a_door.then_some((at, event.what))
    });
    told.collect()
}

#[test]
fn a_pulse_springs_its_own_door_and_no_other() {
    let mut sim = Simulation::new(&bank(8), 1).expect("a bank");
    pulse(&mut sim, 3, 3);
    run(&mut sim, 1);
    assert_eq!(inputs(&mut sim), 0b1111_1011);
    let opened: Vec<_> = sim.plant().doors().into_iter().filter(|door| !door.state.is_shut()).collect();
    assert_eq!(opened.len(), 1);
    assert_eq!(opened[0].number, door(3));
}

#[test]
fn a_courier_puts_in_and_shuts() {
    let mut sim = Simulation::new(&bank(2), 1).expect("a bank");
    sim.plant_mut().wait_at(door(1), Person::depositing(4 * SECOND)).expect("there is that door");
    pulse(&mut sim, 1, 3);
    run(&mut sim, 10);
    let one = door(1);
    let expected = vec![
        (60, Happening::DoorUnlatched(one)),
        (100, Happening::DoorAjar(one)),
        (400, Happening::DoorOpened(one)),
        (900, Happening::ParcelIn(one)),
        (4_900, Happening::DoorShut(one)),
        (4_950, Happening::DoorLatched(one)),
    ];
    assert_eq!(story(&mut sim), expected);
    assert_eq!(sim.plant().door(one).map(|door| door.contents), Some(1));
}

#[test]
fn a_jammed_door_has_its_pulse_and_stays_shut() {
    let mut sim = Simulation::new(&bank(8), 1).expect("a bank");
    sim.plant_mut().jam(door(2), Jam::Latch).expect("there is that door");
    pulse(&mut sim, 2, 3);
    run(&mut sim, 2);
    assert_eq!(story(&mut sim), [(60, Happening::DoorJammed(door(2)))]);
    assert_eq!(inputs(&mut sim), 0xFF);
    assert_eq!(sim.plant().energised_total(relay(2)), 1);
}

#[test]
fn a_stuck_leaf_lets_its_latch_go_and_catch_again() {
    let mut sim =
        Simulation::new(&LineSpec::bank(4, Latches::Wired).expect("four doors"), 1).expect("a bank");
    sim.plant_mut().jam(door(1), Jam::Leaf).expect("there is that door");
    pulse(&mut sim, 1, 1);
    run(&mut sim, 2);
    let one = door(1);
    let seen: Vec<_> = story(&mut sim).into_iter().map(|(_, what)| what).collect();
    assert_eq!(
        seen,
        [Happening::DoorUnlatched(one), Happening::DoorJammed(one), Happening::DoorLatched(one)]
    );
}

#[test]
fn a_latch_contact_opens_before_the_door_contact() {
    let mut sim =
        Simulation::new(&LineSpec::bank(4, Latches::Wired).expect("four doors"), 1).expect("a bank");
    assert_eq!(inputs(&mut sim), 0xFF);
    pulse(&mut sim, 1, 10);
    let acted = sim.plant().energisings().next().expect("one pulse").at;
    listen(&mut sim, acted + SECOND);
    assert_eq!(inputs(&mut sim), 0b1110_1110, "door 1 and its latch read open");
}

#[test]
fn somebody_who_walks_away_leaves_the_door_to_somebody_else() {
    let mut sim = Simulation::new(&bank(1), 1).expect("a bank");
    sim.plant_mut().wait_at(door(1), Person::walking_away()).expect("there is that door");
    pulse(&mut sim, 1, 3);
    run(&mut sim, 600);
    assert_eq!(sim.plant().door(door(1)).map(|door| door.state), Some(DoorState::Open));
    let now = sim.now();
    sim.plant_mut().play(now, door(1), &Person::shutting(30 * SECOND)).expect("there is that door");
    run(&mut sim, 31);
    assert_eq!(sim.plant().door(door(1)).map(|door| door.state), Some(DoorState::Latched));
}

#[test]
fn a_bouncing_contact_reads_open_in_between() {
    let mut sim = Simulation::new(&bank(1), 1).expect("a bank");
    let bounce = Bounce { times: 2, spacing: Duration::from_millis(200) };
    let person = Person::opening().then(SECOND, Act::ShutBouncing(bounce));
    sim.plant_mut().stand_at(door(1), Some(person)).expect("there is that door");
    pulse(&mut sim, 1, 3);
    let mut levels = Vec::new();
    for _ in 0..40 {
        levels.push(inputs(&mut sim) & 1);
    }
    levels.dedup();
    assert_eq!(levels, [0, 1, 0, 1, 0, 1]);
}

#[test]
fn a_broken_wire_reads_open_while_the_door_is_shut() {
    let mut sim = Simulation::new(&bank(8), 1).expect("a bank");
    sim.plant_mut().set_wire(door(5), Wire::Cut).expect("there is that door");
    assert_eq!(inputs(&mut sim), 0b1110_1111);
    sim.plant_mut().set_wire(door(5), Wire::Whole).expect("there is that door");
    assert_eq!(inputs(&mut sim), 0xFF);
}

#[test]
fn the_other_polarity_reads_inverted() {
    let mut sim = Simulation::new(&bank(8).shut_when(ShutWhen::Off), 1).expect("a bank");
    assert_eq!(inputs(&mut sim), 0x00);
}

#[test]
fn force_opens_without_a_pulse_and_pulling_does_not() {
    let mut sim = Simulation::new(&bank(2), 1).expect("a bank");
    sim.plant_mut().play(SimTime::from_millis(10), door(1), &Person::opening()).expect("there is that door");
    sim.plant_mut().play(SimTime::from_millis(10), door(2), &Person::forcing()).expect("there is that door");
    run(&mut sim, 1);
    let seen: Vec<_> = story(&mut sim).into_iter().map(|(_, what)| what).collect();
    assert_eq!(seen, [Happening::DoorForced(door(2)), Happening::DoorHeld(door(1))]);
    assert_eq!(sim.plant().energisings().count(), 0);
}

#[test]
fn a_board_that_restarts_with_outputs_on_opens_a_door_by_itself() {
    let mut sim = Simulation::new(&bank(8), 1).expect("a bank");
    let Some(Device::Relay(board)) = sim.line_mut().device_mut(address(1)) else { panic!("a relay board") };
    board.set_after_restart(OutputsAfterRestart::On(vec![channel(6)]));
    sim.power_off(address(1));
    assert_eq!(Master::new(&mut sim).ask(&sealed(vec![1, 1, 0, 0, 0, 8])), []);
    sim.power_on(address(1));
    run(&mut sim, 1);
    assert_eq!(Master::new(&mut sim).ask(&sealed(vec![1, 1, 0, 0, 0, 8])), sealed(vec![1, 1, 1, 0b10_0000]));
    assert_eq!(inputs(&mut sim), 0b1101_1111);
    sim.power_off(address(1));
    sim.power_on(address(1));
    run(&mut sim, 1);
    assert_eq!(sim.plant().energised_total(relay(6)), 1, "the fault is for one restart");
}

#[test]
fn a_second_pulse_into_the_first_is_on_record() {
    let mut sim = Simulation::new(&bank(8), 1).expect("a bank");
    pulse(&mut sim, 1, 10);
    pulse(&mut sim, 1, 10);
    run(&mut sim, 3);
    let entries: Vec<_> = sim.plant().energisings().collect();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].repeats, 1);
}
