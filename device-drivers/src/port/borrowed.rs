//! A port that one job has to itself, on the calling thread: for commissioning, with the daemon stopped or on a line that it lent.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use rustix::io::Errno;

use super::monotonic_now;
use super::opening::OpenError;
use super::tty::{open_port, release};
use crate::commission::ask::{Answer, AskError, Encoded, Question};
use crate::commission::guard::{checks, first_read, rest};
use crate::commission::setting::Setting;
use crate::commission::transaction::Transaction;
use crate::limits::{MAX_FRAME, SILENCE_PATIENCE};
use crate::line::timing::Timing;
use crate::spec::Direction;
use crate::time::Monotonic;

/// Why there is no answer, not even silence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskFailed {
    /// Nobody can be asked that.
    #[error(transparent)]
    Question(#[from] AskError),
    /// The port cannot be opened.
    #[error("{port}: cannot {step}: {kind}")]
    Open {
        /// Which port.
        port: String,
        /// What failed.
        step: &'static str,
        /// The system's kind of error.
        kind: io::ErrorKind,
    },
    /// The port is gone.
    #[error("the port is gone: {0}")]
    Lost(io::ErrorKind),
    /// A board is not set up for pulses: nothing was pulsed.
    #[error("the board at address {address} is not pulsed: {why}; the daemon sets it up when it runs")]
    NotSetUp {
        /// The board.
        address: u8,
        /// What is not as it must be.
        why: String,
    },
}

fn lost(errno: Errno) -> AskFailed {
    AskFailed::Lost(io::Error::from(errno).kind())
}

/// The port. Dropping it closes it.
#[derive(Debug)]
pub struct Borrowed {
    path: PathBuf,
    direction: Direction,
    open: Option<(Setting, OwnedFd)>,
    /// Whether the adapter gives back what is sent, as reads have shown.
    echoes: Option<bool>,
}

impl Borrowed {
    /// The port at this path, not opened yet. Opening takes the same locks as the daemon does.
    #[must_use]
    pub const fn new(path: PathBuf) -> Self {
        Self { path, direction: Direction::Adapter, open: None, echoes: None }
    }

    /// The same port, its RS-485 driver switched so.
    #[must_use]
    pub const fn switched_by(mut self, direction: Direction) -> Self {
        self.direction = direction;
        self
    }

    /// Asks, and waits for what comes of it: at most for the question's answer time and the longest silence that is waited for,
    /// and before a write for as long for each read that it rests upon.
    ///
    /// # Errors
    /// [`AskFailed`]: nothing was asked, or the port went while it was.
    pub fn ask(&mut self, question: &Question) -> Result<Answer, AskFailed> {
        let answer = self.prepared(question);
        if matches!(answer, Err(AskFailed::Lost(_))) {
            self.close();
        }
        answer
    }

    /// Asks where the board is as it must be for that.
    fn prepared(&mut self, question: &Question) -> Result<Answer, AskFailed> {
        let (encoded, guard) = (question.encode()?, rest(question)?);
        for check in checks(question)? {
            let answer = self.exchange(question.setting, check.asked().clone(), guard)?;
            if let Some(why) = check.refusal(&answer) {
                return Err(AskFailed::NotSetUp { address: question.address, why });
            }
        }
        if self.echoes.is_none()
            && let Some(read) = first_read(question)?
        {
            self.exchange(question.setting, read, guard)?;
        }
        self.exchange(question.setting, encoded, guard)
    }

    fn exchange(&mut self, setting: Setting, asked: Encoded, guard: Duration) -> Result<Answer, AskFailed> {
        let timing = Timing::new(setting.baud, setting.parity);
        let (echoes, is_read) =
            (self.echoes == Some(true), asked.request.is_some_and(|request| !request.is_write()));
        let port = self.at(setting)?;
        let (answer, echo_seen) = exchange(port, asked, &timing, guard, echoes)?;
        // Silence may be that of a dead wire: only an answer shows that nothing was given back.
        if is_read && (echo_seen || answer.is_answer()) {
            self.echoes = Some(echo_seen);
        }
        Ok(answer)
    }

    /// The port at this setting.
    fn at(&mut self, setting: Setting) -> Result<&OwnedFd, AskFailed> {
        if self.open.as_ref().is_some_and(|(now, _)| *now != setting) {
            self.close();
        }
        let open = match self.open.take() {
            Some(open) => open,
            None => (setting, self.opened(setting)?),
        };
        Ok(&self.open.insert(open).1)
    }

    fn opened(&self, setting: Setting) -> Result<OwnedFd, AskFailed> {
        open_port(&self.path, setting.baud, setting.parity, self.direction).map_err(|error: OpenError| {
            let port = self.path.display().to_string();
            AskFailed::Open { port, step: error.step, kind: error.kind() }
        })
    }

    /// Lets go of the port.
    pub fn close(&mut self) {
        self.echoes = None;
        if let Some((_, port)) = self.open.take() {
            release(port);
        }
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        self.close();
    }
}

/// The answer, and whether the adapter gave our own frame back.
fn exchange(
    port: &OwnedFd,
    asked: Encoded,
    timing: &Timing,
    guard: Duration,
    echoes: bool,
) -> Result<(Answer, bool), AskFailed> {
    wait_for_silence(port, timing.gap().max(guard))?;
    let frame = asked.frame.clone();
    let mut transaction = Transaction::begin(asked, timing, monotonic_now()).through(echoes);
    if rustix::io::write(port, &frame).map_err(lost)? != frame.len() {
        return Err(AskFailed::Lost(io::ErrorKind::WriteZero));
    }
    let mut buffer = [0; MAX_FRAME];
    loop {
        let now = monotonic_now();
        if now >= transaction.deadline() {
            return Ok((transaction.given_up(), transaction.own_echo_seen()));
        }
        let count = read(port, &mut buffer, transaction.deadline().since(now))?;
        let bytes = buffer.get(..count).unwrap_or_default();
        if !bytes.is_empty()
            && let Some(answer) = transaction.received(bytes, monotonic_now())
        {
            return Ok((answer, transaction.own_echo_seen()));
        }
    }
}

/// Throws away what still comes, until the line is silent for a gap or has babbled for too long.
fn wait_for_silence(port: &OwnedFd, gap: Duration) -> Result<(), AskFailed> {
    let patience = monotonic_now() + SILENCE_PATIENCE;
    let mut buffer = [0; MAX_FRAME];
    while read(port, &mut buffer, gap)? > 0 {
        if monotonic_now() >= patience {
            break;
        }
    }
    Ok(())
}

/// What comes within this time; 0 for nothing.
fn read(port: &OwnedFd, buffer: &mut [u8], within: Duration) -> Result<usize, AskFailed> {
    let timeout = Timespec {
        tv_sec: i64::try_from(within.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: within.subsec_nanos().into(),
    };
    let mut wanted = [PollFd::new(port, PollFlags::IN)];
    match poll(&mut wanted, Some(&timeout)) {
        Ok(0) | Err(Errno::INTR) => return Ok(0),
        Ok(_) => {}
        Err(errno) => return Err(lost(errno)),
    }
    match rustix::io::read(port, buffer) {
        Ok(0) => Err(AskFailed::Lost(io::ErrorKind::UnexpectedEof)),
        Ok(count) => Ok(count),
        Err(Errno::AGAIN | Errno::INTR) => Ok(0),
        Err(errno) => Err(lost(errno)),
    }
}

/// How far a loan may go before the line is the building's again, whatever its borrower does.
pub(super) fn loan_end(now: Monotonic) -> Monotonic {
    now + crate::limits::LOAN_MOST
}

#[cfg(test)]
mod tests {
    use std::thread;

    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    use super::*;
    use crate::commission::ask::Ask;
    use crate::device::Model;
    use crate::frame::crc::check_bytes;

    /// A board at the other end of the port whose every bit and register is 0; the functions that it was asked with.
    fn serve_zeros(master: &OwnedFd) -> Vec<u8> {
        let (mut run, mut asked) = (Vec::new(), Vec::new());
        let mut buffer = [0; 64];
        // The last one to close the port ends this.
        while let Ok(count @ 1..) = rustix::io::read(master, &mut buffer) {
            run.extend_from_slice(&buffer[..count]);
            while run.len() >= 8 {
                let request: Vec<u8> = run.drain(..8).collect();
                asked.push(request[1]);
                let items = usize::from(u16::from_be_bytes([request[4], request[5]]));
                let bytes = if request[1] <= 2 { items.div_ceil(8) } else { items * 2 };
                let mut answer = vec![request[0], request[1], u8::try_from(bytes).unwrap()];
                answer.resize(3 + bytes, 0);
                answer.extend(check_bytes(&answer));
                // An answer that comes while the question still goes out is nobody's.
                let (mut none, frame_time): ([PollFd<'_>; 0], _) =
                    ([], Timespec { tv_sec: 0, tv_nsec: 15_000_000 });
                poll(&mut none, Some(&frame_time)).unwrap();
                rustix::io::write(master, &answer).unwrap();
            }
        }
        asked
    }

    #[test]
    fn board_that_is_in_no_pulse_mode_is_not_pulsed() {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let path = PathBuf::from(ptsname(&master, Vec::new()).unwrap().into_string().unwrap());
        let mut port = Borrowed::new(path);
        let ebyte = Model::all().into_iter().find(|model| model.name().starts_with("ebyte")).unwrap();
        let setting = Setting::likely(&[], &[])[0];
        let asking = |ask| Question { setting, address: 1, ask, timeout_ms: 1_000 };
        port.at(setting).unwrap();
        let board = thread::spawn(move || serve_zeros(&master));
        let read = asking(Ask::Read { function: 1, first: 0, count: 4 });
        assert_eq!(port.ask(&read), Ok(Answer::Data(vec![0])));
        let pulse = asking(Ask::Pulse { model: ebyte.name().to_owned(), output: 1, millis: 500 });
        let refused = port.ask(&pulse).unwrap_err();
        assert!(matches!(refused, AskFailed::NotSetUp { address: 1, .. }), "{refused}");
        drop(port);
        let asked = board.join().unwrap();
        assert!(asked.len() > 1 && asked.iter().all(|function| *function <= 4), "reads only: {asked:?}");
    }
}
