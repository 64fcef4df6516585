//! The same seeds on pseudo-terminals with true wire timing, against the drivers' port thread: every model of relay
//! boards and of lock boards.
//!
//! `VESTIBULE_WIRE_REPLAYS=1000` replays as many seeds in all, half of them on relay boards and half on lock boards.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::Duration;

use device_drivers::port::{LineHandle, monotonic_now, spawn};
use device_drivers::signal::{DeviceState, Signal};
use device_drivers::time::Monotonic;
use device_drivers::trace::{Kind, Tape};
use sim_devices::{Act, Events, Person, PtyLine, PtySpec, ServedBy, SimEvent};
use vestibule_tests::wire::case::{Boards, Case};
use vestibule_tests::wire::judge::Judge;
use vestibule_tests::wire::lines::configured;
use vestibule_tests::wire::tally::{Tallies, Tally};

use super::work::setting;
use super::wrong_door::every_model_was_pulsed;

/// Seeds of a run of CI: every model some fifteen times.
const SEEDS: u64 = 320;
/// From one seed to the next. Without a common divisor with either count of models, so that models and troubles change with
/// every seed.
const STEP: u64 = 13;
/// Lines that run at once. Each is two threads that mostly wait.
const AT_ONCE: usize = 24;
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
    tape: Tape,
    signals: Receiver<Signal>,
    judge: Box<dyn Judge>,
}

impl Replay {
    fn start(case: &Case, folder: &Path) -> Self {
        let (line, seed, path) = (case.line().clone(), case.seed(), folder.join(case.seed().to_string()));
        let spec = configured(&line, path.clone());
        let line = PtyLine::start(&PtySpec { line, path, served_by: ServedBy::Simulators }, seed).unwrap();
        // As in memory, whoever finds a door ajar shuts it.
        let passer_by = Person::new().then(Duration::from_millis(700), Act::Shut);
        line.with(|sim| sim.plant_mut().stand_at_every_door(&passer_by));
        let events = line.subscribe();
        let (sink, signals) = sync_channel(BEHIND);
        // Nobody reads after the end of the run.
        let handle = spawn(&spec, move |signal| drop(sink.send(signal)), monotonic_now).unwrap();
        let tape = handle.tape().clone();
        Self { line, events, handle: Some(handle), tape, signals, judge: case.judge(TOLERANCE) }
    }

    /// Takes signals until `done` or `until`.
    fn listen(&mut self, until: Monotonic, mut done: impl FnMut(&Signal) -> bool) -> Result<bool, String> {
        loop {
            let Ok(signal) = self.signals.recv_timeout(until.since(monotonic_now())) else {
                return Ok(false);
            };
            self.judge.told(&signal)?;
            if done(&signal) {
                return Ok(true);
            }
        }
    }

    fn run(mut self, case: &Case) -> Result<Tallies, String> {
        let online = |signal: &Signal| matches!(signal, Signal::Device { state: DeviceState::Online, .. });
        if !self.listen(monotonic_now() + PATIENCE, online)? {
            return Err(format!("no device came online within {PATIENCE:?}"));
        }
        let mut script = case.script(monotonic_now());
        let end = monotonic_now() + SPAN;
        while script.due() < end {
            self.listen(script.due(), |_| false)?;
            for order in self.judge.orders(script.next_order(monotonic_now())) {
                self.judge.submitted(&order, monotonic_now());
                let handle = self.handle.as_ref().ok_or("the line is stopped")?;
                handle.submit(order).map_err(|refused| refused.to_string())?;
            }
        }
        self.listen(end, |_| false)?;
        self.finish()
    }

    /// Stops the port thread, which ends what is open, and reads what the building saw.
    fn finish(mut self) -> Result<Tallies, String> {
        if let Some(handle) = self.handle.take() {
            handle.stop();
        }
        while let Ok(signal) = self.signals.try_recv() {
            self.judge.told(&signal)?;
        }
        let frames = self.tape.since(0, usize::MAX);
        if frames.missed > 0 {
            return Err(format!("{} frames were lost", frames.missed));
        }
        for frame in frames.records.iter().filter(|frame| frame.kind == Kind::Sent) {
            self.judge.sent(frame.at, &frame.bytes)?;
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
        self.judge.verdict()
    }

    fn happened(&mut self, event: &SimEvent) {
        self.judge.happened(&event.what, Monotonic::from_micros(self.line.monotonic_micros(event.at)));
    }
}

/// Plays one seed on a port in `folder`: what each model came to.
fn play(case: &Case, folder: &Path) -> Result<Tallies, String> {
    let boards = Replay::start(case, folder).run(case)?;
    let mut models = Tallies::default();
    case.models().iter().for_each(|(board, model)| models.add(model, boards.of(board.as_str())));
    Ok(models)
}

/// Plays half of the seeds, several at once, each on a port of its own.
fn replay(boards: Boards) -> Tallies {
    let seeds = setting("VESTIBULE_WIRE_REPLAYS", SEEDS) / 2;
    let folder = tempfile::tempdir().unwrap();
    let next = AtomicU64::new(0);
    let turn = |sum: &mut Tallies| {
        let turn = next.fetch_add(1, Ordering::Relaxed);
        if turn >= seeds {
            return ControlFlow::Break(());
        }
        let case = boards.case(turn * STEP);
        *sum +=
            &play(&case, folder.path()).unwrap_or_else(|why| panic!("seed {}, {case}: {why}", case.seed()));
        ControlFlow::Continue(())
    };
    let work = || {
        let mut sum = Tallies::default();
        while turn(&mut sum).is_continue() {}
        sum
    };
    let mut total = Tallies::default();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        workers.into_iter().for_each(|worker| total += &worker.join().unwrap());
    });
    println!("{boards:?}: {seeds} seeds on ports: {:?}\n{total}", total.total());
    total
}

#[test]
fn no_wrong_door_opens_when_the_same_seeds_run_on_real_ports() {
    let models = replay(Boards::Relays);
    let total = models.total();
    assert!(total.acknowledged > 50 && total.unanswered > 5 && total.energised > 50, "{total:?}");
    every_model_was_pulsed(Boards::Relays, &models);
}

#[test]
fn no_lock_board_is_sent_another_door_when_the_same_seeds_run_on_real_ports() {
    let models = replay(Boards::Locks);
    let Tally { acknowledged, unanswered, watched, energised, .. } = models.total();
    assert_eq!(acknowledged, 0);
    assert!(unanswered > 100 && watched > 50 && energised > 100, "{models}");
    every_model_was_pulsed(Boards::Locks, &models);
}
