//! Every Modbus driver against a server that nobody here wrote: tokio-modbus's, behind a pseudo-terminal, by the port thread
//! as in the daemon. Only the answers' numbers are the simulators'.

use std::sync::mpsc::sync_channel;
use std::time::Duration;

use device_drivers::channel::Channel;
use device_drivers::id::OrderId;
use device_drivers::order::{Order, Task};
use device_drivers::port::{monotonic_now, spawn};
use device_drivers::signal::{DeviceState, Outcome, Reading, Signal};
use sim_devices::{Baud, DeviceSpec, LineSpec, Model, PtyLine, PtySpec, RelayModel, ServedBy};
use vestibule_tests::wire::lines::{address, configured, described, device, every_modbus_model};

/// Until something that must come has come.
const PATIENCE: Duration = Duration::from_secs(20);
/// Signals that a line can be ahead of its reader.
const BEHIND: usize = 4_096;

/// What must be heard of a model before it counts as understood.
fn understood(model: Model) -> Vec<&'static str> {
    let provides = described(&DeviceSpec::new(address(1), model)).model.provides();
    let wanted = [("online", true), ("inputs", provides.inputs > 0), ("readings", provides.probes > 0)];
    wanted.into_iter().filter(|(_, wanted)| *wanted).map(|(what, _)| what).collect()
}

fn heard(signal: &Signal) -> Option<&'static str> {
    match signal {
        Signal::Device { state: DeviceState::Online, .. } => Some("online"),
        Signal::Inputs { .. } => Some("inputs"),
        Signal::Probe { reading: Reading::Temperature(_) | Reading::Humidity(_), .. } => Some("readings"),
        _ => None,
    }
}

/// Waveshare's pulses are coil writes that the server's codec does not let through: their golden frames stand for them.
const fn pulses_in_the_standard(model: Model) -> bool {
    matches!(model, Model::Eletechsup(_) | Model::Ebyte { .. })
}

fn witness(model: Model) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("line");
    let devices = vec![DeviceSpec::new(address(1), model)];
    let line = LineSpec { baud: Baud::B115200, devices, doors: Vec::new(), faults: Vec::new() };
    let spec = configured(&line, path.clone());
    let _line = PtyLine::start(&PtySpec { line, path, served_by: ServedBy::TokioModbus }, 1).unwrap();
    let (sink, signals) = sync_channel(BEHIND);
    let handle = spawn(&spec, move |signal| drop(sink.send(signal)), monotonic_now).unwrap();
    let mut missing = understood(model);
    while !missing.is_empty() {
        let signal = signals.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("{model:?}: no {missing:?}"));
        missing.retain(|what| heard(&signal) != Some(*what));
    }
    if pulses_in_the_standard(model) {
        let length = described(&DeviceSpec::new(address(1), model)).model.pulse_lengths()[0];
        let (output, deadline) = (Channel::new(2).unwrap(), monotonic_now() + PATIENCE);
        let task = Task::Pulse { device: device(1), output, length, deadline };
        handle.submit(Order { id: OrderId(1), task }).unwrap();
        let outcome = loop {
            if let Signal::Ended { outcome, .. } = signals.recv_timeout(PATIENCE).unwrap() {
                break outcome;
            }
        };
        assert!(matches!(outcome, Outcome::Acknowledged { .. }), "{model:?}: {outcome:?}");
    }
    handle.stop();
}

#[test]
fn every_modbus_driver_is_understood_by_a_server_of_others() {
    let all: Vec<Model> = every_modbus_model().into_iter().collect();
    assert!(all.contains(&Model::Relay(RelayModel::ThirtyTwo)), "none is left out");
    std::thread::scope(|scope| {
        for model in all {
            scope.spawn(move || witness(model));
        }
    });
}
