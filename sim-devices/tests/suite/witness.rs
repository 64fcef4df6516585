//! tokio-modbus against the simulators: the same requests, the same answers.

use sim_devices::{Climate, Happening, Latches, LineSpec, Person, ServedBy, Simulation, Wire, sealed};
use tokio_modbus::client::rtu;
use tokio_modbus::prelude::{Reader, Slave, Writer};
use tokio_serial::SerialStream;

use crate::common::{Master, address, door};
use crate::pty::{Rig, rig};
use crate::terminal::{PATIENCE, Serial};

fn requests() -> Vec<Vec<u8>> {
    let bodies: [&[u8]; 14] = [
        &[2, 2, 0, 0, 0, 8],
        &[2, 2, 0, 3, 0, 1],
        &[2, 2, 0, 1, 0, 16],
        &[2, 2, 0, 0, 0, 16],
        &[2, 2, 0, 16, 0, 1],
        &[2, 1, 0, 0, 0, 8],
        &[2, 4, 0, 0, 0, 1],
        &[3, 4, 0, 1, 0, 2],
        &[3, 4, 0, 2, 0, 1],
        &[3, 4, 0, 0, 0, 1],
        &[3, 4, 0, 2, 0, 2],
        &[3, 3, 1, 1, 0, 4],
        &[3, 6, 1, 3, 0, 200],
        &[3, 2, 0, 0, 0, 1],
    ];
    bodies.iter().map(|body| sealed(body.to_vec())).collect()
}

fn bank() -> LineSpec {
    LineSpec::bank(8, Latches::Wired).expect("eight doors with latches")
}

/// The same scene for both: two doors open, one wire cut, cold air.
fn scene(sim: &mut Simulation) {
    let now = sim.now();
    for number in [1, 7] {
        sim.plant_mut().play(now, door(number), &Person::forcing()).expect("there is that door");
    }
    sim.plant_mut().set_wire(door(4), Wire::Cut).expect("there is that door");
    sim.plant_mut().set_climate(address(3), Climate { temperature: -183, humidity: 871 });
    sim.advance(now);
}

#[test]
fn tokio_modbus_and_the_simulators_answer_alike() {
    let mut memory = Simulation::new(&bank(), 1).expect("a bank");
    scene(&mut memory);
    let rig = rig(bank(), ServedBy::TokioModbus);
    rig.line.with(scene);
    let mut serial = Serial::open(&rig.path, 9_600);
    for request in requests() {
        let ours = Master::new(&mut memory).ask(&request);
        assert!(!ours.is_empty());
        assert_eq!(serial.ask(&request, ours.len()), ours, "request {request:02x?}");
    }
}

#[test]
fn a_server_behind_the_wire_survives_noise() {
    let rig = rig(bank(), ServedBy::TokioModbus);
    let events = rig.line.subscribe();
    let mut serial = Serial::open(&rig.path, 9_600);
    let read = sealed(vec![2, 2, 0, 0, 0, 16]);
    let unknown_function = (sealed(vec![2, 0x70, 1]), 5);
    let cut = (read[..7].to_vec(), 0);
    let odd = (sealed(vec![2, 2, 0]), 0);
    for (noise, answered) in [(vec![0_u8; 5], 0), (vec![0xFF; 40], 0), cut, odd, unknown_function] {
        serial.write(&noise);
        let heard_out = events.wait_for(PATIENCE, |event| {
            matches!(event.what, Happening::Garbled { .. } | Happening::Served { function: 0x70, .. })
                .then_some(())
        });
        assert!(heard_out.is_some());
        assert_eq!(serial.read(answered, PATIENCE).len(), answered);
        assert_eq!(serial.ask(&read, 7), sealed(vec![2, 2, 2, 0xFF, 0xFF]), "after {noise:02x?}");
    }
}

fn client(rig: &Rig, slave: u8) -> tokio_modbus::client::Context {
    let port = tokio_serial::new(rig.path.to_string_lossy(), 9_600);
    let stream = SerialStream::open(&port).expect("the port can be opened");
    rtu::attach_slave(stream, Slave(slave))
}

#[tokio::test]
async fn tokio_modbus_as_the_master_gets_on_with_our_slaves() {
    let rig = rig(bank(), ServedBy::Simulators);
    let mut relays = client(&rig, 1);
    assert_eq!(relays.read_coils(0, 8).await.expect("sent").expect("answered"), vec![false; 8]);
    relays.write_single_coil(2, true).await.expect("sent").expect("answered");
    relays.write_multiple_coils(4, &[true, false]).await.expect("sent").expect("answered");
    let coils = relays.read_coils(0, 8).await.expect("sent").expect("answered");
    assert_eq!(coils, [false, false, true, false, true, false, false, false]);
    let version = relays.read_holding_registers(0x8000, 1).await.expect("sent").expect("answered");
    assert_eq!(version, [200]);
    drop(relays);
    let mut probe = client(&rig, 3);
    assert_eq!(probe.read_input_registers(1, 2).await.expect("sent").expect("answered"), [40, 550]);
}
