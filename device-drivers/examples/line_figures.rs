//! Prints how much of what the wire can carry a line uses, on virtual time, and how long a pulse takes from submitter to
//! port, over a pty: `cargo run --release -p device-drivers --example line_figures`.
#![allow(clippy::print_stdout, reason = "printing is what it is for")]

use std::error::Error;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::Duration;

use device_drivers::channel::Channel;
use device_drivers::device::Model;
use device_drivers::duty::Duty;
use device_drivers::frame::crc::check_bytes;
use device_drivers::id::{DeviceId, LineId, OrderId};
use device_drivers::line::timing::Timing;
use device_drivers::line::{Line, Output};
use device_drivers::order::{Order, PulseLength, Task};
use device_drivers::port::{LineHandle, monotonic_now, spawn};
use device_drivers::signal::{DeviceState, Outcome, Signal};
use device_drivers::spec::{Address, Baud, DeviceSpec, LineSpec, Parity};
use device_drivers::supply::LocksAtOnce;
use device_drivers::time::Monotonic;

type Failure = Box<dyn Error>;

/// Thinking time of a board (hardware.md, "Time on the wire").
const THINKING: Duration = Duration::from_millis(5);
/// Virtual time of each run.
const RUN: Duration = Duration::from_secs(60);
/// Pulses sent over the pty.
const PULSES: u64 = 300;
/// Time between two pulses: no divisor of the polls' period.
const PACE: Duration = Duration::from_millis(29);
/// Relay boards on the pty's line: enough outputs that none is held back for its own last pulse (1.1 s).
const BOARDS: u8 = 8;

fn main() -> Result<(), Failure> {
    println!(
        "line use on virtual time, 1 relay board, 16 input boards, 1 probe, {RUN:?}; doors are read every 100 ms"
    );
    println!("where the wire allows more:");
    println!(
        "{:>8} {:>6} {:>16} {:>22} {:>16}",
        "baud", "dead", "transactions/s", "of the wire's limit", "on dead slaves"
    );
    for baud in [9_600, 19_200, 115_200] {
        for dead in [0, 8] {
            line_use(baud, dead)?;
        }
    }
    pulse_latency()
}

fn spec(port: PathBuf, baud: u32, models: &[&str]) -> Result<LineSpec, Failure> {
    let mut spec = LineSpec::new(LineId::new("line")?, port);
    spec.baud = Baud::new(baud)?;
    // What the wire costs is measured: no lock has to cool, and no supply to be waited for.
    spec.supplies = vec![LocksAtOnce::UNLIMITED];
    for (address, model) in (1..).zip(models) {
        let model = Model::by_name(model).ok_or("no such model")?;
        let id = DeviceId::new(&format!("d-{address}"))?;
        let device = DeviceSpec::new(id, Address::new(address)?, model);
        spec.devices.push(DeviceSpec { duty: Duty::CONTINUOUS, supply: Some(0), ..device });
    }
    Ok(spec)
}

/// What a healthy board answers: zeros, or the echo.
fn answer(request: &[u8]) -> Vec<u8> {
    let &[address, function, _, _, high, low, ..] = request else { return Vec::new() };
    let count = usize::from(u16::from_be_bytes([high, low]));
    let data = match function {
        1 | 2 => count.div_ceil(8),
        3 | 4 => count * 2,
        _ => return request.to_vec(),
    };
    let mut frame = vec![address, function, u8::try_from(data).unwrap_or(0)];
    frame.resize(3 + data, 0);
    frame.extend(check_bytes(&frame));
    frame
}

/// Runs a line whose last `dead` input boards are silent.
fn line_use(baud: u32, dead: u8) -> Result<(), Failure> {
    let mut models = vec!["waveshare-relay-8", "xy-md02"];
    models.resize(18, "discrete-inputs-8");
    let spec = spec("/none".into(), baud, &models)?;
    let timing = Timing::new(spec.baud, Parity::None);
    let mut line = Line::new(&spec, Monotonic::ZERO)?;
    line.opened(Monotonic::ZERO);
    let (mut now, mut arrival) = (Monotonic::ZERO, None::<(Monotonic, Vec<u8>)>);
    // Dead slaves are found out first, and counted from then on.
    let begin = Monotonic::ZERO + RUN;
    let (mut carried, mut least, mut totals) = (0_u32, Duration::ZERO, [None; 2]);
    while now < begin + RUN {
        match line.poll(now) {
            Output::Transmit(frame) => {
                let bytes = answer(&frame);
                let both = timing.characters(8) + THINKING + timing.characters(bytes.len());
                if frame[0] <= 18 - dead {
                    arrival = Some((now + both, bytes));
                    if now >= begin {
                        carried += 1;
                        least += both + timing.gap();
                    }
                }
            }
            Output::Signal(Signal::LineCounters { counters, at }) => {
                totals[usize::from(at >= begin)].get_or_insert((at, counters.busy_dead));
                if at >= begin {
                    totals[1] = Some((at, counters.busy_dead));
                }
            }
            Output::Signal(_) | Output::Flush => {}
            Output::Wait { until, .. } => match arrival.take_if(|(at, _)| *at <= until) {
                Some((at, bytes)) => {
                    now = at;
                    line.received(&bytes, now);
                }
                None => now = until,
            },
        }
    }
    let share = |part: Duration, whole: Duration| part.as_secs_f64() / whole.as_secs_f64() * 100.0;
    let on_dead = match totals {
        [Some((from, before)), Some((to, after))] => share(after.saturating_sub(before), to.since(from)),
        _ => 0.0,
    };
    let rate = f64::from(carried) / RUN.as_secs_f64();
    println!("{baud:>8} {dead:>6} {rate:>16.1} {:>20.1} % {on_dead:>14.1} %", share(least, RUN));
    Ok(())
}

/// Pulses over a pty: from `submit` until the frame's bytes can be read at the other end. A pty has no baud rate, so this
/// is what handle, thread and kernel add to the time on the wire.
fn pulse_latency() -> Result<(), Failure> {
    let (master, path) = open_pty()?;
    let (arrived, pulses) = sync_channel(64);
    thread::spawn(move || serve(&master, &arrived));
    let spec = spec(path, 115_200, &vec!["waveshare-relay-8"; BOARDS.into()])?;
    let (sink, signals) = sync_channel(1_000);
    let handle = spawn(&spec, move |signal| sink.try_send(signal).unwrap_or(()), monotonic_now)?;
    for _ in 0..BOARDS {
        wait_for(&signals, |signal| matches!(signal, Signal::Device { state: DeviceState::Online, .. }))?;
    }
    let mut spans = Vec::new();
    for order in 0..PULSES {
        spans.push(one_pulse(&handle, order, &pulses)?);
        let ended =
            |signal: &Signal| matches!(signal, Signal::Ended { outcome: Outcome::Acknowledged { .. }, .. });
        wait_for(&signals, ended)?;
        rest(&signals, PACE);
    }
    handle.stop();
    spans.sort_unstable();
    let at = |per_cent: usize| spans.get(spans.len() * per_cent / 100).copied().unwrap_or_default();
    println!(
        "\npulse over a pty, submit to bytes at the other end, {PULSES} pulses, {BOARDS} relay boards polled:"
    );
    println!("  p50 {:?}   p90 {:?}   p99 {:?}   most {:?}", at(50), at(90), at(99), spans.last());
    Ok(())
}

fn one_pulse(handle: &LineHandle, order: u64, pulses: &Receiver<Monotonic>) -> Result<Duration, Failure> {
    let output = u8::try_from(order % (u64::from(BOARDS) * 8))?;
    let from = monotonic_now();
    let task = Task::Pulse {
        device: DeviceId::new(&format!("d-{}", output / 8 + 1))?,
        output: Channel::new(output % 8 + 1)?,
        length: PulseLength::from_millis(100)?,
        deadline: from + Duration::from_secs(5),
    };
    handle.submit(Order { id: OrderId(order), task })?;
    Ok(pulses.recv_timeout(Duration::from_secs(5))?.since(from))
}

/// Lets `span` pass, so that the next pulse finds the line at rest.
fn rest(signals: &Receiver<Signal>, span: Duration) {
    let end = monotonic_now() + span;
    while signals.recv_timeout(end.since(monotonic_now())).is_ok() {}
}

fn wait_for(signals: &Receiver<Signal>, wanted: impl Fn(&Signal) -> bool) -> Result<(), Failure> {
    while !wanted(&signals.recv_timeout(Duration::from_secs(10))?) {}
    Ok(())
}

fn open_pty() -> Result<(OwnedFd, PathBuf), Failure> {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let path = ptsname(&master, Vec::new())?.into_string()?;
    Ok((master, path.into()))
}

/// Answers until the line is gone; tells when each pulse arrived.
fn serve(master: &OwnedFd, arrived: &std::sync::mpsc::SyncSender<Monotonic>) {
    let mut frame = [0; 8];
    loop {
        match rustix::io::read(master, &mut frame) {
            Ok(8) => {}
            // Nobody has the port open yet.
            Err(rustix::io::Errno::IO) => {
                thread::yield_now();
                continue;
            }
            _ => return,
        }
        let now = monotonic_now();
        if frame[1] == 5 && frame[2] == 2 && arrived.send(now).is_err() {
            return;
        }
        // An answer that begins before the request has left at 115200 baud is nobody's.
        let done = now + Duration::from_millis(1);
        while monotonic_now() < done {
            std::hint::spin_loop();
        }
        if rustix::io::write(master, &answer(&frame)).is_err() {
            return;
        }
    }
}
