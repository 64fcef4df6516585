//! Golden frames of the devices' documents, replayed against the simulators on virtual time: exact bytes.

use crate::common::{Master, address, bank, channel, relay};
use sim_devices::{
    Climate, ControlMode, Device, DeviceSpec, LineSpec, Model, RelayModel, SimTime, Simulation, sealed,
};

fn relay_line(model: RelayModel) -> Simulation {
    let devices = vec![DeviceSpec::new(address(1), Model::Relay(model))];
    let spec = LineSpec { devices, doors: Vec::new(), ..bank(1) };
    Simulation::new(&spec, 1).expect("a relay board alone")
}

#[track_caller]
fn exchange(sim: &mut Simulation, request: &[u8], reply: &[u8]) {
    assert_eq!(Master::new(sim).ask(request), reply, "request {request:02x?}");
}

#[test]
fn waveshare_flash_on_is_echoed_and_timed_by_the_board() {
    let mut sim = relay_line(RelayModel::Eight);
    let flash = [0x01, 0x05, 0x02, 0x00, 0x00, 0x07, 0x8D, 0xB0];
    exchange(&mut sim, &flash, &flash);
    sim.advance(SimTime::from_millis(2_000));
    let pulses: Vec<_> = sim.plant().energisings().cloned().collect();
    assert_eq!(pulses.len(), 1);
    assert_eq!(pulses[0].relay, relay(1));
    let length = pulses[0].until.expect("the board ends it") - pulses[0].at;
    assert_eq!(length.as_millis(), 700);
}

#[test]
fn waveshare_flash_on_of_channel_four_lasts_300_ms() {
    let mut sim = relay_line(RelayModel::Eight);
    let flash = [0x01, 0x05, 0x02, 0x03, 0x00, 0x03, 0x7C, 0x73];
    exchange(&mut sim, &flash, &flash);
    sim.advance(SimTime::from_millis(2_000));
    let pulse = sim.plant().energisings().next().cloned().expect("one pulse");
    assert_eq!(
        (pulse.relay, pulse.until.map(|until| until - pulse.at)),
        (relay(4), Some(std::time::Duration::from_millis(300)))
    );
}

#[test]
fn waveshare_reads_writes_toggles_and_all_off() {
    let mut sim = relay_line(RelayModel::Eight);
    let read = [0x01, 0x01, 0x00, 0x00, 0x00, 0x08, 0x3D, 0xCC];
    exchange(&mut sim, &read, &sealed(vec![1, 1, 1, 0x00]));
    let write = sealed(vec![1, 15, 0, 0, 0, 8, 1, 0b1010_0001]);
    exchange(&mut sim, &write, &sealed(vec![1, 15, 0, 0, 0, 8]));
    exchange(&mut sim, &read, &sealed(vec![1, 1, 1, 0b1010_0001]));
    let toggle_all = sealed(vec![1, 5, 0, 0xFF, 0x55, 0]);
    exchange(&mut sim, &toggle_all, &toggle_all);
    exchange(&mut sim, &read, &sealed(vec![1, 1, 1, 0b0101_1110]));
    let off = [0x01, 0x05, 0x00, 0xFF, 0x00, 0x00, 0xFD, 0xFA];
    exchange(&mut sim, &off, &off);
    exchange(&mut sim, &read, &sealed(vec![1, 1, 1, 0x00]));
}

#[test]
fn waveshare_set_address_by_broadcast_is_answered_and_obeyed() {
    let mut sim = relay_line(RelayModel::Eight);
    let read_address = sealed(vec![0, 3, 0x40, 0, 0, 1]);
    exchange(&mut sim, &read_address, &[0x01, 0x03, 0x02, 0x00, 0x01, 0x79, 0x84]);
    let set = [0x00, 0x06, 0x40, 0x00, 0x00, 0x02, 0x1C, 0x1A];
    exchange(&mut sim, &set, &set);
    exchange(&mut sim, &[0x01, 0x01, 0x00, 0x00, 0x00, 0x08, 0x3D, 0xCC], &[]);
    exchange(&mut sim, &sealed(vec![2, 1, 0, 0, 0, 8]), &sealed(vec![2, 1, 1, 0]));
    exchange(&mut sim, &sealed(vec![2, 3, 0x80, 0, 0, 1]), &sealed(vec![2, 3, 2, 0, 200]));
}

#[test]
fn waveshare_uart_register_moves_the_board_to_another_rate() {
    let mut sim = relay_line(RelayModel::Eight);
    let set = sealed(vec![1, 6, 0x20, 0, 0, 5]);
    exchange(&mut sim, &set, &set);
    exchange(&mut sim, &[0x01, 0x01, 0x00, 0x00, 0x00, 0x08, 0x3D, 0xCC], &[]);
}

#[test]
fn waveshare_d_reads_control_modes_and_a_plain_board_refuses() {
    let modes = [0x01, 0x03, 0x10, 0x00, 0x00, 0x08, 0x40, 0xCC];
    let mut sim = relay_line(RelayModel::EightD);
    let Some(Device::Relay(board)) = sim.line_mut().device_mut(address(1)) else { panic!("a relay board") };
    board.set_control_mode(channel(2), ControlMode::Linkage, SimTime::ZERO);
    let mut expected = vec![1, 3, 16];
    expected.extend([0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    exchange(&mut sim, &modes, &sealed(expected));
    exchange(&mut relay_line(RelayModel::Eight), &modes, &sealed(vec![1, 0x83, 2]));
}

#[test]
fn a_linked_input_fires_the_lock_until_the_mode_is_reset() {
    let mut sim = relay_line(RelayModel::EightD);
    let now = sim.now();
    let Some(Device::Relay(board)) = sim.line_mut().device_mut(address(1)) else { panic!("a relay board") };
    board.set_control_mode(channel(2), ControlMode::Linkage, now);
    sim.plant_mut().force_input(relay(2), Some(true));
    sim.advance(SimTime::from_millis(50));
    assert_eq!(sim.plant().energised_total(relay(2)), 1, "linkage is the trap it is said to be");
    let reset = sealed(vec![1, 6, 0x10, 1, 0, 0]);
    exchange(&mut sim, &reset, &reset);
    sim.plant_mut().force_input(relay(2), Some(false));
    sim.plant_mut().force_input(relay(2), Some(true));
    sim.advance(SimTime::from_millis(500));
    assert_eq!(sim.plant().energised_total(relay(2)), 1);
}

#[test]
fn a_toggling_input_moves_its_relay_on_each_rising_edge_only() {
    let mut sim = relay_line(RelayModel::EightD);
    sim.plant_mut().force_input(relay(3), Some(true));
    let toggle = sealed(vec![1, 6, 0x10, 2, 0, 2]);
    exchange(&mut sim, &toggle, &toggle);
    assert_eq!(sim.plant().energised_total(relay(3)), 0, "on already is no edge");
    for (level, closings) in [(false, 0), (true, 1), (false, 1), (true, 1), (false, 1), (true, 2)] {
        sim.plant_mut().force_input(relay(3), Some(level));
        let later = sim.now() + std::time::Duration::from_millis(50);
        sim.advance(later);
        assert_eq!(sim.plant().energised_total(relay(3)), closings);
    }
}

#[test]
fn what_a_board_does_not_have_is_refused() {
    let mut sim = relay_line(RelayModel::Eight);
    let cases = [
        (vec![1, 5, 0, 8, 0xFF, 0], vec![1, 0x85, 2]),
        (vec![1, 5, 0, 0, 0x12, 0x34], vec![1, 0x85, 3]),
        (vec![1, 5, 2, 8, 0, 3], vec![1, 0x85, 2]),
        (vec![1, 5, 2, 0, 0, 0], vec![1, 0x85, 3]),
        (vec![1, 1, 0, 1, 0, 8], vec![1, 0x81, 2]),
        (vec![1, 2, 0, 0, 0, 8], vec![1, 0x82, 1]),
        (vec![1, 0x2B, 14, 1, 0], vec![1, 0xAB, 1]),
    ];
    for (request, reply) in cases {
        exchange(&mut sim, &sealed(request), &sealed(reply));
    }
    assert_eq!(sim.plant().energisings().count(), 0, "nothing moved");
}

#[test]
fn flash_off_of_an_open_relay_leaves_it_closed_afterwards() {
    let mut sim = relay_line(RelayModel::Eight);
    let flash = sealed(vec![1, 5, 4, 0, 0, 2]);
    exchange(&mut sim, &flash, &flash);
    assert_eq!(sim.plant().energised_total(relay(1)), 0);
    sim.advance(SimTime::from_millis(5_000));
    let pulse = sim.plant().energisings().next().expect("it closed by its timer");
    assert_eq!(pulse.until, None);
}

#[test]
fn input_board_reads_every_door_shut_and_refuses_the_rest() {
    let mut sim = Simulation::new(&bank(8), 1).expect("a bank");
    exchange(&mut sim, &sealed(vec![2, 2, 0, 0, 0, 8]), &sealed(vec![2, 2, 1, 0xFF]));
    exchange(&mut sim, &sealed(vec![2, 2, 0, 7, 0, 1]), &sealed(vec![2, 2, 1, 0x01]));
    exchange(&mut sim, &sealed(vec![2, 2, 0, 1, 0, 8]), &sealed(vec![2, 0x82, 2]));
    exchange(&mut sim, &sealed(vec![2, 5, 0, 0, 0xFF, 0]), &sealed(vec![2, 0x85, 1]));
}

#[test]
fn xy_md02_reads_as_its_leaflet_shows() {
    let devices = vec![DeviceSpec::new(address(1), Model::XyMd02)];
    let mut sim = Simulation::new(&LineSpec { devices, doors: Vec::new(), ..bank(1) }, 1).expect("a probe");
    sim.plant_mut().set_climate(address(1), Climate { temperature: 305, humidity: 546 });
    let read = [0x01, 0x04, 0x00, 0x01, 0x00, 0x02, 0x20, 0x0B];
    exchange(&mut sim, &read, &[0x01, 0x04, 0x04, 0x01, 0x31, 0x02, 0x22, 0x2A, 0xCE]);
    sim.plant_mut().set_climate(address(1), Climate { temperature: -205, humidity: 546 });
    exchange(&mut sim, &sealed(vec![1, 4, 0, 1, 0, 1]), &sealed(vec![1, 4, 2, 0xFF, 0x33]));
    let correct = sealed(vec![1, 6, 1, 3, 0xFF, 0xFB]);
    exchange(&mut sim, &correct, &correct);
    exchange(&mut sim, &sealed(vec![1, 4, 0, 1, 0, 1]), &sealed(vec![1, 4, 2, 0xFF, 0x2E]));
    exchange(&mut sim, &sealed(vec![1, 3, 1, 1, 0, 2]), &sealed(vec![1, 3, 4, 0, 1, 0x25, 0x80]));
    exchange(&mut sim, &sealed(vec![1, 4, 0, 3, 0, 1]), &sealed(vec![1, 0x84, 2]));
    exchange(&mut sim, &sealed(vec![1, 6, 1, 1, 0, 248]), &sealed(vec![1, 0x86, 3]));
}
