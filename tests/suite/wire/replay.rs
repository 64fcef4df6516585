//! The same seeds on pseudo-terminals with true wire timing, against the drivers' port thread.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::Duration;

use device_drivers::port::{LineHandle, monotonic_now, spawn};
use device_drivers::signal::{DeviceState, Signal};
use device_drivers::time::Monotonic;
use sim_devices::{Baud, Events, PtyLine, PtySpec, ServedBy, SimEvent};
use vestibule_tests::wire::docket::{Docket, Tally};
use vestibule_tests::wire::lines::{BAUDS, configured, two_banks};
use vestibule_tests::wire::run::docket;
use vestibule_tests::wire::script::Script;
use vestibule_tests::wire::trouble::Trouble;

/// Seeds, each at both rates.
const SEEDS: u64 = 50;
/// Lines that run at once. Each is two threads that mostly wait.
const AT_ONCE: usize = 20;
/// Real time for which a seed gives orders.
const SPAN: Duration = Duration::from_secs(4);
/// By how much wire and port thread may differ on a busy machine. Two pulses of one output are at least 1.1 s apart.
const TOLERANCE: Duration = Duration::from_millis(500);
/// Until something that must come has come.
const PATIENCE: Duration = Duration::from_secs(20);
/// A frame and the silence after it, and a busy machine.
const ON_ITS_WAY: Duration = Duration::from_millis(50);
/// Signals that a line can be ahead of its reader.
const BEHIND: usize = 4_096;

struct Replay {
    line: PtyLine,
    events: Events,
    handle: Option<LineHandle>,
    signals: Receiver<Signal>,
    docket: Docket,
}

impl Replay {
    fn start(seed: u64, baud: Baud, folder: &Path) -> Self {
        let line = two_banks(baud).faults(Trouble::of(seed).rules());
        let path = folder.join(format!("{seed}-{}", baud.get()));
        let spec = configured(&line, path.clone());
        let line = PtyLine::start(&PtySpec { line, path, served_by: ServedBy::Simulators }, seed).unwrap();
        let events = line.subscribe();
        let (sink, signals) = sync_channel(BEHIND);
        // Nobody reads after the end of the run.
        let handle = spawn(&spec, move |signal| drop(sink.send(signal)), monotonic_now).unwrap();
        Self { line, events, handle: Some(handle), signals, docket: docket(baud, TOLERANCE) }
    }

    /// Takes signals until `done` or `until`.
    fn listen(&mut self, until: Monotonic, mut done: impl FnMut(&Signal) -> bool) -> Result<bool, String> {
        loop {
            let Ok(signal) = self.signals.recv_timeout(until.since(monotonic_now())) else {
                return Ok(false);
            };
            self.docket.told(&signal)?;
            if done(&signal) {
                return Ok(true);
            }
        }
    }

    fn run(mut self, seed: u64) -> Result<Tally, String> {
        let online = |signal: &Signal| matches!(signal, Signal::Device { state: DeviceState::Online, .. });
        if !self.listen(monotonic_now() + PATIENCE, online)? {
            return Err(format!("no device came online within {PATIENCE:?}"));
        }
        let mut script = Script::new(seed, monotonic_now());
        let end = monotonic_now() + SPAN;
        while script.due() < end {
            self.listen(script.due(), |_| false)?;
            let order = script.next_order(monotonic_now());
            self.docket.submitted(&order, monotonic_now());
            let handle = self.handle.as_ref().ok_or("the line is stopped")?;
            handle.submit(order).map_err(|refused| refused.to_string())?;
        }
        self.listen(end, |_| false)?;
        self.finish()
    }

    /// Stops the port thread, which ends what is open, and reads what the building saw.
    fn finish(mut self) -> Result<Tally, String> {
        if let Some(handle) = self.handle.take() {
            handle.stop();
        }
        while let Ok(signal) = self.signals.try_recv() {
            self.docket.told(&signal)?;
        }
        if let Some(failure) = self.line.failure() {
            return Err(format!("the simulated line failed: {failure}"));
        }
        // The last frame may be on its way to the board.
        let arrived = self.line.now() + ON_ITS_WAY;
        while self.line.now() < arrived {
            self.events.next(ON_ITS_WAY).into_iter().for_each(|event| self.happened(&event));
        }
        let untold = self.line.with(sim_devices::Simulation::take_events);
        std::iter::from_fn(|| self.events.try_next())
            .chain(untold)
            .collect::<Vec<_>>()
            .iter()
            .for_each(|event| self.happened(event));
        if self.events.lost() > 0 {
            return Err(format!("{} events were lost", self.events.lost()));
        }
        self.docket.check()
    }

    fn happened(&mut self, event: &SimEvent) {
        self.docket.happened(&event.what, Monotonic::from_micros(self.line.monotonic_micros(event.at)));
    }
}

#[test]
fn no_wrong_door_opens_when_the_same_seeds_run_on_real_ports() {
    let folder = tempfile::tempdir().unwrap();
    let next = AtomicU64::new(0);
    let work = || {
        let mut sum = Tally::default();
        loop {
            let turn = next.fetch_add(1, Ordering::Relaxed);
            let (seed, baud) = (turn / 2, BAUDS[usize::from(!turn.is_multiple_of(2))]);
            if seed >= SEEDS {
                return sum;
            }
            sum += Replay::start(seed, baud, folder.path()).run(seed).unwrap_or_else(|why| {
                panic!("seed {seed} ({:?}, {} baud): {why}", Trouble::of(seed), baud.get())
            });
        }
    };
    let mut total = Tally::default();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        workers.into_iter().for_each(|worker| total += worker.join().unwrap());
    });
    println!("{SEEDS} seeds at both rates on ports: {total:?}");
    assert!(total.acknowledged > 50 && total.unanswered > 5 && total.energised > 50, "{total:?}");
}
