//! The thread of a line on a pseudo-terminal: the only one that reads, writes, waits and knows real time.

use std::io;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, read, write};
use rustix::process::nice;
use rustix::thread::set_current_timer_slack;

use super::port::{Port, PortError};
use super::shared::{Shared, State};
use crate::event::Happening;
use crate::line::Outcall;
use crate::time::{SimTime, earliest};
use crate::witness::Wires;

/// Characters that arrive within this time of the first are handed over together, as an adapter with a 1 ms
/// latency timer does. The last character of a burst is never kept waiting.
const DELIVERY_WINDOW: Duration = Duration::from_millis(1);
/// Characters read from the daemon at once: more than one longest frame.
const READ_SIZE: usize = 512;
/// The kernel may fire this thread's timers so late, in nanoseconds; its default is 50 µs.
const TIMER_SLACK: NonZeroU64 = NonZeroU64::MIN;

/// Scheduling favour this thread asks for, so that compilers beside it do not stretch its time.
const NICENESS: i32 = -10;

/// Why the thread of a line ended before it was told to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    #[error(transparent)]
    Port(#[from] PortError),
    #[error("wait for the line: {0}")]
    Poll(io::Error),
    #[error("read from the daemon: {0}")]
    Read(io::Error),
    #[error("write to the daemon: {0}")]
    Write(io::Error),
}

/// The thread's own things.
#[derive(Debug)]
pub(crate) struct Runner {
    shared: Arc<Shared>,
    path: PathBuf,
    port: Option<Port>,
    wires: Wires,
    /// The last read found nothing.
    drained: bool,
}

/// What one look at the simulation asks the thread to do.
#[derive(Default)]
struct Work {
    bytes: Vec<u8>,
    outcalls: Vec<Outcall>,
    wake_at: Option<SimTime>,
    plugged: bool,
    stop: bool,
}

impl Runner {
    /// `port` is open at `path`.
    pub fn new(shared: Arc<Shared>, path: PathBuf, port: Port, wires: Wires) -> Self {
        shared.lock().port_open = true;
        Self { shared, path, port: Some(port), wires, drained: false }
    }

    /// Runs until told to stop; a failure is left where the handle finds it.
    pub fn run(mut self) {
        // Without it timers are 50 µs late at most, which the line can bear.
        set_current_timer_slack(Some(TIMER_SLACK)).ok();
        // A wire does not wait for a busy processor. Refused to ordinary users: then the wire is late under load.
        nice(NICENESS).ok();
        if let Err(error) = self.serve() {
            self.shared.lock().failure = Some(error.to_string());
        }
        self.port = None;
        self.shared.lock().port_open = false;
        self.shared.notify();
    }

    fn serve(&mut self) -> Result<(), RunError> {
        loop {
            let work = self.look();
            if work.stop {
                return Ok(());
            }
            self.write(&work.bytes)?;
            for outcall in work.outcalls {
                self.wires.ask(outcall);
            }
            self.follow_plug(work.plugged)?;
            self.wait(work.wake_at)?;
            self.hear_answers();
            self.read()?;
        }
    }

    /// Moves the simulation to now and takes what it has to say.
    fn look(&self) -> Work {
        let mut state = self.shared.lock();
        let now = self.shared.clock.now();
        state.sim.advance(now);
        let mut latest = None;
        let mut work = Work { stop: state.stop, plugged: state.sim.line().is_plugged(), ..Work::default() };
        while let Some(arrived) = state.sim.receive() {
            work.bytes.push(arrived.byte);
            latest = Some(arrived.at);
        }
        // Those before the last one wait for it by intention.
        if let Some(at) = latest {
            state.lateness = state.lateness.max(now - at);
        }
        while let Some(outcall) = state.sim.line_mut().take_outcall() {
            work.outcalls.push(outcall);
        }
        work.wake_at =
            earliest(state.sim.next_timer(), state.sim.line().outgoing().next_delivery(DELIVERY_WINDOW));
        publish(&mut state);
        if self.drained && state.sim.line().is_silent() {
            state.silences += 1;
        }
        drop(state);
        self.shared.notify();
        work
    }

    fn write(&mut self, mut bytes: &[u8]) -> Result<(), RunError> {
        let Some(port) = &self.port else {
            return Ok(());
        };
        while !bytes.is_empty() {
            match write(&port.wire, bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    let lost = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                    self.shared.lock().overrun += lost;
                    return Ok(());
                }
                Err(errno) => return Err(RunError::Write(errno.into())),
            }
        }
        Ok(())
    }

    fn follow_plug(&mut self, plugged: bool) -> Result<(), RunError> {
        match (plugged, self.port.is_some()) {
            (true, false) => self.port = Some(Port::open_at(&self.path)?),
            (false, true) => self.port = None,
            _ => return Ok(()),
        }
        self.shared.lock().port_open = self.port.is_some();
        self.shared.notify();
        Ok(())
    }

    fn wait(&self, wake_at: Option<SimTime>) -> Result<(), RunError> {
        let timeout = wake_at.map(|at| timespec(at - self.shared.clock.now()));
        let mut fds = vec![PollFd::new(&self.shared.wake, PollFlags::IN)];
        fds.extend(self.port.iter().map(|port| PollFd::new(&port.wire, PollFlags::IN)));
        fds.extend(self.wires.fds().map(|wire| PollFd::new(wire, PollFlags::IN)));
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(RunError::Poll(errno.into())),
        }
        self.shared.woken();
        Ok(())
    }

    fn hear_answers(&mut self) {
        for (outcall, reply) in self.wires.answers() {
            let mut state = self.shared.lock();
            let now = self.shared.clock.now();
            state.sim.advance(now);
            state.sim.line_mut().answer(now, &outcall, reply);
        }
    }

    fn read(&mut self) -> Result<(), RunError> {
        self.drained = true;
        let Some(port) = &self.port else {
            return Ok(());
        };
        let mut buffer = [0_u8; READ_SIZE];
        let count = match read(&port.wire, &mut buffer) {
            Ok(count) => count,
            // EIO: between the daemon's last close and its next open nothing can come.
            Err(Errno::AGAIN | Errno::INTR | Errno::IO) => return Ok(()),
            Err(errno) => return Err(RunError::Read(errno.into())),
        };
        self.drained = count == 0;
        let mut state = self.shared.lock();
        let now = self.shared.clock.now();
        let set = port.baud().filter(|set| *set != state.sim.line().baud().get());
        match set {
            Some(port) => state.sim.note(now, Happening::WrongBaud { port }),
            None => {
                state.sim.send(now, &buffer[..count]);
            }
        }
        Ok(())
    }
}

/// Tells every subscriber, forgets those that have gone.
fn publish(state: &mut State) {
    for event in state.sim.take_events() {
        state.subscribers.retain(|subscriber| subscriber.tell(&event));
    }
}

fn timespec(span: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(span.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(span.subsec_nanos()),
    }
}
