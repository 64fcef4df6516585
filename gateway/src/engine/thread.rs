//! The thread that runs the engine: waits for inputs, steps, and hands out what each step releases.

use std::io;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use vestibule_core::effect::{Effect, Unlock, Withdrawal};
use vestibule_core::input::{Input, NotSent, PulseReport};
use vestibule_core::time::{Millis, Mono};

use super::lanes::NoticeRequest;
use super::outgoing::Outgoing;
use super::released::{Released, ViewChange};
use super::seam::Seam;
use super::step::Engine;
use crate::clock::{SystemClock, monotonic};
use crate::health::{Beat, ENGINE_BEAT};
use crate::supervise::{Alarm, Fallen, Part};

/// Stack of the engine's thread: redb's deepest path takes about a quarter of it.
const STACK_BYTES: usize = 1024 * 1024;
/// Observation times in the snapshot are at most this old; changes are shown at once.
const OBSERVED_EVERY: Millis = Millis::seconds(1);

/// Who moves locks.
pub trait Actuator: Send {
    /// Orders one pulse and the watch of its door; returns at once.
    ///
    /// # Errors
    /// Why the pulse is not sent and never will be.
    fn unlock(&mut self, unlock: &Unlock) -> Result<(), NotSent>;

    /// Takes a pulse back if it has not left; what came of it is reported as with every pulse.
    fn withdraw(&mut self, withdrawal: &Withdrawal);
}

/// Everything the thread works with.
pub struct Runner<A> {
    /// The owner of the building.
    pub engine: Engine,
    /// The way in and out.
    pub seam: Seam,
    /// Who moves locks.
    pub field: A,
    /// What time it is.
    pub clock: SystemClock,
    /// Where progress is noted.
    pub beat: Beat,
    /// Who is told when the thread ends or the daemon must start anew.
    pub alarm: Alarm,
}

impl<A: Actuator + 'static> Runner<A> {
    /// Starts the thread; `first` is stepped before anything that waits.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn spawn(self, first: Input) -> io::Result<JoinHandle<()>> {
        let guard = self.alarm.guard(Part::Engine);
        Builder::new().name("engine".into()).stack_size(STACK_BYTES).spawn(move || {
            // The end is told when everything is let go of, the database last.
            let _guard = guard;
            self.run(first);
        })
    }

    fn run(mut self, first: Input) {
        let mut inputs = vec![first];
        let mut shown = Mono(0);
        loop {
            let batch = self.seam.take(Some(self.patience(&inputs)));
            inputs.extend(batch.inputs);
            if batch.stopping {
                inputs.push(Input::Stopping);
            }
            self.step(&mut inputs, &mut shown);
            self.answer(batch.requests);
            if batch.stopping {
                self.finish();
                return;
            }
        }
    }

    /// How long to wait for inputs: not at all while something is left over from the last step.
    fn patience(&self, left: &[Input]) -> Duration {
        if !left.is_empty() {
            return Duration::ZERO;
        }
        let now = monotonic();
        let due = self.engine.next_deadline().map_or(u64::MAX, |due| due.0.saturating_sub(now.0));
        Duration::from_micros(due.min(ENGINE_BEAT.0 * 1_000))
    }

    fn step(&mut self, inputs: &mut Vec<Input>, shown: &mut Mono) {
        let (now, stepped) = self.clock.read();
        if let Some(step) = stepped {
            let (seconds, trust) = (step.correction_ms() / 1_000, now.trust);
            tracing::warn!(seconds, ?trust, "wall clock was set");
        }
        if self.engine.tick_deadline().is_some_and(|due| due <= now.mono) {
            inputs.push(Input::Tick);
        }
        let released = self.engine.step(inputs, now);
        let after = monotonic();
        if !released.rows.is_empty() {
            let micros = after.0.saturating_sub(now.mono.0);
            self.engine.note_commit(micros);
            // The moment is on the kernel's monotonic clock, so that a figure can lay it beside what happened on a wire.
            tracing::debug!(began = now.mono.0, micros, rows = released.rows.len(), "rows are durable");
        }
        self.beat.beat(after);
        let show = match released.view {
            ViewChange::None => false,
            ViewChange::Observed => after.since(*shown) >= OBSERVED_EVERY,
            ViewChange::Changed => true,
        };
        if show {
            *shown = after;
        }
        self.release(released, show, inputs);
    }

    /// Locks first: a person waits for the door, and nobody for the snapshot.
    fn release(&mut self, released: Released, show: bool, inputs: &mut Vec<Input>) {
        let Released { effects, rows, witnesses, restart, .. } = released;
        for effect in &effects {
            match effect {
                Effect::Unlock(unlock) => {
                    if let Err(why) = self.field.unlock(unlock) {
                        inputs.push(Input::Pulse { unlock: unlock.id, report: PulseReport::NotSent(why) });
                    }
                }
                Effect::Withdraw(withdrawal) => self.field.withdraw(withdrawal),
                _ => {}
            }
        }
        if show {
            self.seam.publish(self.engine.published());
        }
        for row in rows {
            self.seam.tell(&Outgoing::Row(row));
        }
        for witness in witnesses {
            self.seam.tell(&Outgoing::Witness(witness));
        }
        effects.into_iter().for_each(|effect| self.tell(effect));
        if let Some(why) = restart {
            self.alarm.raise(Fallen::Restart(why));
        }
    }

    fn tell(&self, effect: Effect) {
        match effect {
            Effect::Show { terminal, screen } => self.seam.show(&terminal, screen),
            Effect::Changed(thing) => self.seam.tell(&Outgoing::Changed(thing)),
            Effect::Notice(_) => self.seam.tell(&Outgoing::NoticeWaiting),
            Effect::Reply { key, outcome } => self.seam.tell(&Outgoing::Reply { key, outcome }),
            Effect::Resync { key, outcome } => self.seam.tell(&Outgoing::Resync { key, outcome }),
            // Pulses have left already; an erased notice has been acknowledged by the one who asks for notices.
            Effect::Unlock(_) | Effect::Withdraw(_) | Effect::NoticeErased(_) => {}
        }
    }

    fn answer(&mut self, requests: Vec<NoticeRequest>) {
        for NoticeRequest { after, max, answer } in requests {
            // Whoever no longer waits asks again later.
            drop(answer.send(self.engine.sealed_notices(after, max)));
        }
    }

    fn finish(&mut self) {
        let (now, _) = self.clock.read();
        let released = self.engine.flush(now);
        self.release(released, true, &mut Vec::new());
        self.seam.tell(&Outgoing::Stopping);
    }
}
