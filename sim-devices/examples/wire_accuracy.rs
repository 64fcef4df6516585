//! Prints how true the simulated wire is: on a pseudo-terminal, how much later than the wire's own arithmetic
//! an answer's last character reaches a plain serial master; in memory, exchanges a second.
//!
//! `cargo run --release -p sim-devices --example wire_accuracy`
#![allow(clippy::print_stdout, reason = "printing is what it is for")]

use std::error::Error;
use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use sim_devices::{
    Baud, DEFAULT_THINKING, Latches, LineSpec, PtyLine, PtySpec, ServedBy, Simulation, sealed,
};

const ROUNDS: usize = 300;
const EXCHANGES: u32 = 200_000;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    for served_by in [ServedBy::Simulators, ServedBy::TokioModbus] {
        for baud in [Baud::B9600, Baud::B19200, Baud::B115200] {
            let (mut late, own) = on_a_pty(baud, served_by)?;
            late.sort();
            let at = |per_cent: usize| late[(late.len() - 1) * per_cent / 100];
            println!(
                "{:>6} baud, {served_by:?}: late by p50 {:?}, p99 {:?}, max {:?}; the line's own share at most {own:?}",
                baud.get(),
                at(50),
                at(99),
                at(100)
            );
        }
    }
    in_memory()
}

/// Lateness of the last character of each answer at the master, and the line's own share of the worst.
fn on_a_pty(baud: Baud, served_by: ServedBy) -> Outcome<(Vec<Duration>, Duration)> {
    let path = std::env::temp_dir().join(format!("wire-accuracy-{}", std::process::id()));
    let spec = LineSpec::bank(8, Latches::None)?.at(baud);
    let line = PtyLine::start(&PtySpec { line: spec, path, served_by }, 1)?;
    let mut serial = OpenOptions::new().read(true).write(true).open(line.path())?;
    let mut termios = tcgetattr(&serial)?;
    termios.make_raw();
    termios.set_speed(baud.get())?;
    tcsetattr(&serial, OptionalActions::Now, &termios)?;
    let request = sealed(vec![2, 2, 0, 0, 0, 8]);
    let ideal = baud.characters(8) + baud.silence() + DEFAULT_THINKING + baud.characters(6);
    let mut late = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let sent = Instant::now();
        serial.write_all(&request)?;
        let mut answer = [0_u8; 6];
        serial.read_exact(&mut answer)?;
        late.push(sent.elapsed().saturating_sub(ideal));
        quiet(&serial, baud.silence())?;
    }
    Ok((late, line.take_lateness()))
}

/// Waits out the gap between two transactions, as a master must.
fn quiet(serial: &std::fs::File, gap: Duration) -> Outcome<()> {
    let timeout = rustix::event::Timespec { tv_sec: 0, tv_nsec: i64::from(gap.subsec_nanos()) };
    poll(&mut [PollFd::new(serial, PollFlags::IN)], Some(&timeout))?;
    Ok(())
}

fn in_memory() -> Outcome<()> {
    let mut sim = Simulation::new(&LineSpec::bank(8, Latches::None)?, 1)?;
    let request = sealed(vec![2, 2, 0, 0, 0, 8]);
    let begin = Instant::now();
    for _ in 0..EXCHANGES {
        let sent = sim.send(sim.now(), &request);
        let until = sent + Duration::from_millis(20);
        while let Some(next) = sim.next_deadline().filter(|next| *next <= until) {
            sim.advance(next);
            while sim.receive().is_some() {}
        }
        sim.advance(until);
        sim.take_events();
    }
    let second = f64::from(EXCHANGES) / begin.elapsed().as_secs_f64();
    println!("in memory: {second:.0} exchanges a second on one core");
    Ok(())
}
