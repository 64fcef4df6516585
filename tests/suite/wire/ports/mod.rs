//! A line's life on real ports, by a pseudo-terminal and through a serial server: what goes away comes back, what is late or
//! foreign moves no door.

mod life;
mod modbus_tcp;
mod scanner;
mod server;

use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use device_drivers::channel::Channel;
use device_drivers::id::OrderId;
use device_drivers::order::{Order, PulseLength, Refused, Task};
use device_drivers::port::{LineHandle, monotonic_now, spawn};
use device_drivers::signal::{DeviceState, Outcome, PortState, Sign, Signal};
use device_drivers::spec::PortSpec;
use sim_devices::{Act, LineSpec, Person, PtyLine, PtySpec, SerialServer, ServedBy};
use tempfile::TempDir;
use vestibule_tests::wire::lines::{configured, device};

/// Longer than anything here takes, on a machine that does other things too: a dead board is asked every 10 s, one after the
/// other where there are several.
const PATIENCE: Duration = Duration::from_secs(90);
/// Signals that a line can be ahead of its reader.
const BEHIND: usize = 65_536;
/// The relay board of the bank.
const LOCKS: u8 = 1;

/// A building's line and the drivers' thread on it.
struct Rig {
    line: PtyLine,
    handle: LineHandle,
    signals: Receiver<Signal>,
    server: Option<SerialServer>,
    next: u64,
    /// Ended last, so that the path is there as long as anybody uses it.
    _folder: TempDir,
}

/// What stands between the drivers and the line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Pty,
    Server,
}

impl Rig {
    fn start(line: LineSpec, by: By) -> Self {
        let configured = |path: &Path| configured(&line, path.to_owned());
        Self::start_as(line.clone(), configured, by)
    }

    /// The same with drivers that believe something else of the line.
    fn start_as(line: LineSpec, described: impl Fn(&Path) -> device_drivers::spec::LineSpec, by: By) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("port");
        let baud = line.baud.get();
        let mut spec = described(&path);
        let line = PtyLine::start(&PtySpec { line, path: path.clone(), served_by: ServedBy::Simulators }, 1)
            .unwrap();
        let passer_by = Person::new().then(Duration::from_millis(700), Act::Shut);
        line.with(|sim| sim.plant_mut().stand_at_every_door(&passer_by));
        let server = (by == By::Server).then(|| SerialServer::start(&path, baud).unwrap());
        if let Some(server) = &server {
            spec.port = PortSpec::Tcp { server: server.address() };
        }
        let (sink, signals) = sync_channel(BEHIND);
        // Nobody reads at the end.
        let handle = spawn(&spec, move |signal| drop(sink.try_send(signal)), monotonic_now).unwrap();
        Self { line, handle, signals, server, next: 1, _folder: folder }
    }

    fn server(&self) -> &SerialServer {
        self.server.as_ref().unwrap()
    }

    fn pulse(&mut self, output: u8) -> u64 {
        self.try_pulse(output).unwrap()
    }

    fn try_pulse(&mut self, output: u8) -> Result<u64, Refused> {
        let id = self.next;
        self.next += 1;
        let task = Task::Pulse {
            device: device(LOCKS),
            output: Channel::new(output).unwrap(),
            length: PulseLength::from_millis(200).unwrap(),
            deadline: monotonic_now() + Duration::from_secs(2),
        };
        self.handle.submit(Order { id: OrderId(id), task })?;
        Ok(id)
    }

    fn wait_for<T>(&self, what: &str, pick: impl Fn(&Signal) -> Option<T>) -> T {
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let heard = self.signals.recv_timeout(left);
            let signal = heard.unwrap_or_else(|_| panic!("waited in vain for {what}: {:?}", self.trouble()));
            if let Some(found) = pick(&signal) {
                return found;
            }
        }
    }

    fn trouble(&self) -> (Option<String>, Option<String>) {
        (self.line.failure(), self.server.as_ref().and_then(SerialServer::failure))
    }

    fn wait_device(&self, number: u8, wanted: DeviceState) {
        let is = |signal: &Signal| {
            matches!(signal, Signal::Device { device: d, state, .. } if *d == device(number) && *state == wanted)
                .then_some(())
        };
        self.wait_for(&format!("device {number} {wanted:?}"), is);
    }

    fn wait_port(&self, wanted: &PortState) {
        let is =
            |signal: &Signal| matches!(signal, Signal::Port { state, .. } if state == wanted).then_some(());
        self.wait_for(&format!("port {wanted:?}"), is);
    }

    fn wait_sign(&self, number: u8, wanted: &Sign) {
        let is = |signal: &Signal| {
            matches!(signal, Signal::Sign { device: d, sign, .. } if *d == device(number) && sign == wanted)
                .then_some(())
        };
        self.wait_for(&format!("sign {wanted:?} of device {number}"), is);
    }

    fn outcome(&self, wanted: u64) -> Outcome {
        self.wait_for(&format!("the end of order {wanted}"), |signal| match signal {
            Signal::Ended { order, outcome, .. } if order.0 == wanted => Some(*outcome),
            _ => None,
        })
    }

    /// Pulses an output until the board echoes it; how many pulses that took. Each is another order.
    fn pulse_until_acknowledged(&mut self, output: u8) -> u64 {
        let end = Instant::now() + PATIENCE;
        let mut count = 0;
        while Instant::now() < end {
            let id = self.pulse(output);
            count += 1;
            if matches!(self.outcome(id), Outcome::Acknowledged { .. }) {
                return count;
            }
        }
        panic!("output {output} is never acknowledged: {:?}", self.trouble());
    }

    /// Relays that closed, in the order in which they did.
    fn closed(&self) -> Vec<u8> {
        self.line.energisings().iter().map(|closing| closing.relay.channel.get()).collect()
    }
}
