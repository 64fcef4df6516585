//! Every Modbus model against its simulated device, in memory on virtual time: it is set up, read, pulsed, and what is
//! broken is told.

use std::time::Duration;

use device_drivers::channel::Channel;
use device_drivers::device::profile::FlagRole;
use device_drivers::device::{Catalogue, Model};
use device_drivers::frame::Protocol;
use device_drivers::id::OrderId;
use device_drivers::order::{Order, Task};
use device_drivers::signal::{DeviceState, MilliDegC, Outcome, ProbeFault, Reading, Sign, Signal};
use sim_devices::{
    Baud, Cause, Climate, Device, DeviceSpec, LineSpec, MapModel, Place, RegisterMap, RelayModel, Terminal,
};
use vestibule_tests::wire::bench::{Bench, Seen};
use vestibule_tests::wire::lines::{address, described, device, every_modbus_model};

const SETTLED: Duration = Duration::from_secs(2);
/// Two periods of a profile.
const READ_TWICE: Duration = Duration::from_secs(22);

fn line(model: sim_devices::Model) -> LineSpec {
    let devices = vec![DeviceSpec::new(address(1), model)];
    LineSpec { baud: Baud::B9600, devices, doors: Vec::new(), faults: Vec::new() }
}

fn bench(model: sim_devices::Model) -> Bench {
    Bench::new(&line(model), 7)
}

fn signals(bench: &mut Bench) -> Vec<Signal> {
    let told = |seen| match seen {
        Seen::Told(signal) => Some(signal),
        Seen::Sent { .. } | Seen::Heard { .. } | Seen::Happened(_) => None,
    };
    bench.take_seen().into_iter().filter_map(told).collect()
}

fn online(told: &[Signal]) -> bool {
    told.iter().any(|signal| matches!(signal, Signal::Device { state: DeviceState::Online, .. }))
}

fn driver(model: sim_devices::Model) -> Model {
    described(&DeviceSpec::new(address(1), model)).model
}

#[test]
fn every_modbus_model_has_a_simulator_and_comes_online() {
    let mut simulated: Vec<String> = Vec::new();
    for model in every_modbus_model() {
        let mut bench = bench(model);
        bench.run_for(SETTLED);
        assert!(online(&signals(&mut bench)), "{model:?} stays away");
        simulated.push(driver(model).name().to_owned());
    }
    simulated.sort();
    let modbus = |model: &&Model| model.protocol() == Some(Protocol::ModbusRtu);
    let known: Vec<String> =
        Catalogue::default().models().iter().filter(modbus).map(|model| model.name().to_owned()).collect();
    assert_eq!(simulated, known);
}

#[test]
fn each_pulse_moves_its_own_relay_for_its_own_time() {
    for model in every_modbus_model().into_iter().filter(|model| driver(*model).provides().outputs > 0) {
        let driver = driver(model);
        let lengths = driver.pulse_lengths();
        let (length, outputs) = (lengths[lengths.len() / 3], driver.provides().outputs);
        let mut bench = bench(model);
        bench.run_for(SETTLED);
        for output in [1, outputs] {
            let order = OrderId(output.into());
            let output = Channel::new(output).unwrap();
            let deadline = bench.now() + SETTLED;
            let task = Task::Pulse { device: device(1), output, length, deadline };
            bench.submit(Order { id: order, task });
            bench.run_for(length.duration() + SETTLED);
            let acknowledged = |signal: &Signal| matches!(signal, Signal::Ended { order: ended, outcome: Outcome::Acknowledged { .. }, .. } if *ended == order);
            assert!(signals(&mut bench).iter().any(acknowledged), "{model:?}, output {output}");
        }
        let moves: Vec<_> = bench.sim.plant().energisings().cloned().collect();
        let relay =
            |channel| Terminal { board: address(1), channel: sim_devices::Channel::new(channel).unwrap() };
        assert_eq!(
            moves.iter().map(|one| one.relay).collect::<Vec<_>>(),
            [relay(1), relay(outputs)],
            "{model:?}"
        );
        for one in moves {
            let until = one.until.expect("it lets go by itself");
            assert_eq!(until - one.at, length.duration(), "{model:?}: the board times it");
        }
    }
}

#[test]
fn board_in_level_mode_is_set_up_before_it_may_be_pulsed() {
    let mut bench = bench(sim_devices::Model::Ebyte { relays: 4, inputs: 4 });
    let forgotten = sim_devices::Channel::new(3).unwrap();
    if let Some(Device::Ebyte(board)) = bench.sim.line_mut().device_mut(address(1)) {
        board.set_power_on(forgotten, true);
    }
    // It comes back with an output on, as it was left.
    bench.sim.power_off(address(1));
    bench.sim.power_on(address(1));
    bench.run_for(SETTLED);
    assert!(online(&signals(&mut bench)));
    let Some(Device::Ebyte(board)) = bench.sim.line_mut().device_mut(address(1)) else {
        panic!("it is there")
    };
    assert_eq!(board.pulses(), [(1, 500); 4], "pulse mode, 500 ms");
    assert_eq!(board.outputs(), [false; 4]);
    bench.sim.power_off(address(1));
    bench.sim.power_on(address(1));
    let Some(Device::Ebyte(board)) = bench.sim.line_mut().device_mut(address(1)) else {
        panic!("it is there")
    };
    assert_eq!(board.outputs(), [false; 4], "nothing comes on with the power any more");
}

#[test]
fn commands_to_a_board_that_loses_replies_are_kept_apart() {
    let mut bench = bench(sim_devices::Model::Eletechsup(8));
    bench.run_for(SETTLED);
    signals(&mut bench);
    let length = driver(sim_devices::Model::Eletechsup(8)).pulse_lengths()[0];
    let deadline = bench.now() + Duration::from_secs(5);
    for output in 1..=8 {
        let task = Task::Pulse { device: device(1), output: Channel::new(output).unwrap(), length, deadline };
        bench.submit(Order { id: OrderId(output.into()), task });
    }
    bench.run_for(Duration::from_secs(5));
    let acknowledged = signals(&mut bench)
        .iter()
        .filter(|signal| matches!(signal, Signal::Ended { outcome: Outcome::Acknowledged { .. }, .. }))
        .count();
    assert_eq!(acknowledged, 8, "no reply is lost");
    assert!(bench.sim.plant().energisings().all(|one| matches!(one.cause, Cause::Request { .. })));
}

fn readings(told: &[Signal]) -> Vec<(u8, Reading)> {
    let reading = |signal: &Signal| match signal {
        Signal::Probe { channel, reading, .. } => Some((channel.number(), *reading)),
        _ => None,
    };
    told.iter().filter_map(reading).collect()
}

fn map(bench: &mut Bench) -> &mut RegisterMap {
    match bench.sim.line_mut().device_mut(address(1)) {
        Some(Device::Map(map)) => map,
        _ => panic!("a register map is at address 1"),
    }
}

#[test]
fn every_probe_reads_the_air_below_zero_and_above() {
    for model in MapModel::ALL {
        for tenths in [-187_i16, 43] {
            let mut bench = bench(sim_devices::Model::Map(model));
            bench.sim.plant_mut().set_climate(address(1), Climate { temperature: tenths, humidity: 550 });
            bench.run_for(SETTLED);
            let told = readings(&signals(&mut bench));
            let driver = driver(sim_devices::Model::Map(model));
            for probe in driver.probes() {
                let first = told.iter().find(|(channel, _)| *channel == probe.channel.number());
                let Some((_, reading)) = first else { panic!("{model:?}: {} is silent", probe.channel) };
                let room = i32::from(tenths) * 100;
                let fits = match reading {
                    // The evaporator is 6 degrees colder.
                    Reading::Temperature(MilliDegC(at)) => *at == room || *at == room - 6_000,
                    Reading::Humidity(at) => at.0 == 55_000,
                    Reading::Fault(_) => false,
                };
                assert!(fits, "{model:?}, channel {}: {reading:?}", probe.channel);
            }
        }
    }
}

#[test]
fn forgotten_setting_is_set_on_connect() {
    let forgotten = [
        (MapModel::R4Dcb08, 0x00FD, 30),
        (MapModel::Comwintop8Pt, 76, 1),
        (MapModel::DanfossErc211, 104, 1),
        (MapModel::DanfossEkc202D, 104, 1),
    ];
    for (model, register, value) in forgotten {
        let mut bench = bench(sim_devices::Model::Map(model));
        map(&mut bench).set(Place::Holding, register, value);
        bench.run_for(SETTLED);
        assert!(online(&signals(&mut bench)), "{model:?}");
        assert_eq!(map(&mut bench).setting(register), Some(0), "{model:?}");
    }
}

#[test]
fn lost_sensor_is_a_fault_and_its_neighbours_go_on() {
    let mut bench = bench(sim_devices::Model::Map(MapModel::R4Dcb08));
    // No sensor; power-on value; lost.
    for (register, raw) in [(2, 0x8000), (3, 850), (4, 0xFB0A)] {
        map(&mut bench).set(Place::Holding, register, raw);
    }
    bench.run_for(SETTLED);
    let told = readings(&signals(&mut bench));
    let fault = |channel| {
        told.iter()
            .any(|one| matches!(one, (at, Reading::Fault(ProbeFault::Sentinel { .. })) if *at == channel))
    };
    assert!((3..=5).all(fault), "{told:?}");
    let good = told.iter().filter(|(_, reading)| matches!(reading, Reading::Temperature(_))).count();
    assert_eq!(good, 5);
}

#[test]
fn alarms_doors_and_defrosts_of_controllers_are_told() {
    let cases = [
        (MapModel::CarelIr33, Place::Discrete, 18, 1, "defrost", FlagRole::Defrost),
        (MapModel::CarelIr33, Place::Discrete, 43, 1, "door", FlagRole::Door),
        (MapModel::CarelIr33, Place::Coil, 5, 1, "high-temperature", FlagRole::Alarm),
        (MapModel::DanfossEkc202D, Place::Holding, 20_006, 1, "door-open-too-long", FlagRole::Alarm),
        (MapModel::DanfossErc211, Place::Holding, 2_001, 1, "door", FlagRole::Door),
        (MapModel::EliwellIdPlus, Place::Holding, 32_876, 0x20, "high-temperature", FlagRole::Alarm),
        (MapModel::EliwellIdPlus, Place::Holding, 32_886, 0x20, "defrost", FlagRole::Defrost),
    ];
    for (model, place, at, value, name, role) in cases {
        let mut bench = bench(sim_devices::Model::Map(model));
        let raised = |bench: &mut Bench| -> Vec<(String, FlagRole)> {
            let flag = |signal| match signal {
                Signal::Flag { flag, role, raised: true, .. } => Some((flag.to_string(), role)),
                _ => None,
            };
            signals(bench).into_iter().filter_map(flag).collect()
        };
        bench.run_for(SETTLED);
        assert_eq!(raised(&mut bench), [], "{model:?}: all is well at first");
        map(&mut bench).set(place, at, value);
        bench.run_for(Duration::from_secs(11));
        assert_eq!(raised(&mut bench), [(name.to_owned(), role)], "{model:?}");
    }
}

#[test]
fn firmware_that_has_less_loses_only_what_it_has_not() {
    let mut bench = bench(sim_devices::Model::Map(MapModel::CarelIr33));
    // No virtual probe, and nothing between the probes.
    for register in (404..=411).chain(413..=415).chain(400..=402) {
        map(&mut bench).remove(Place::Input, register);
    }
    bench.run_for(READ_TWICE);
    let told = signals(&mut bench);
    assert!(online(&told), "it is no fault of the board");
    let newest =
        |channel: u8| readings(&told).into_iter().rfind(|(at, _)| *at == channel).map(|(_, reading)| reading);
    assert!(matches!(newest(1), Some(Reading::Temperature(_))), "{:?}", newest(1));
    assert!(matches!(newest(2), Some(Reading::Temperature(_))), "{:?}", newest(2));
    assert!(matches!(newest(3), Some(Reading::Fault(ProbeFault::Exception(_)))), "{:?}", newest(3));
    let signs: Vec<(String, bool)> = told
        .iter()
        .filter_map(|signal| match signal {
            Signal::Sign { sign: Sign::NotThere { asked, in_parts }, .. } => {
                Some((asked.to_string(), *in_parts))
            }
            _ => None,
        })
        .collect();
    let expected =
        [("input registers 403 to 412".to_owned(), true), ("input register 406".to_owned(), false)];
    assert_eq!(signs, expected, "each is told once");
}

#[test]
fn wide_board_keeps_inputs_and_outputs_of_the_same_number_apart() {
    let mut bench = bench(sim_devices::Model::Relay(RelayModel::EightD));
    let third = Terminal { board: address(1), channel: sim_devices::Channel::new(3).unwrap() };
    bench.sim.plant_mut().force_input(third, Some(true));
    bench.run_for(SETTLED);
    let inputs = signals(&mut bench).into_iter().rev().find_map(|signal| match signal {
        Signal::Inputs { states, .. } => {
            Some(states.iter().filter(|(_, level)| format!("{level:?}") == "On").count())
        }
        _ => None,
    });
    assert_eq!(inputs, Some(1));
    assert_eq!(bench.sim.plant().energisings().count(), 0, "an input that is on moves no relay");
}
