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
    #[error("cannot {step}: {kind}")]
    Open {
        /// What failed.
        step: &'static str,
        /// The system's kind of error.
        kind: io::ErrorKind,
    },
    /// The port is gone.
    #[error("the port is gone: {0}")]
    Lost(io::ErrorKind),
}

impl From<OpenError> for AskFailed {
    fn from(error: OpenError) -> Self {
        Self::Open { step: error.step, kind: error.kind() }
    }
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
}

impl Borrowed {
    /// The port at this path, not opened yet. Opening takes the same locks as the daemon does.
    #[must_use]
    pub const fn new(path: PathBuf) -> Self {
        Self { path, direction: Direction::Adapter, open: None }
    }

    /// The same port, its RS-485 driver switched so.
    #[must_use]
    pub const fn switched_by(mut self, direction: Direction) -> Self {
        self.direction = direction;
        self
    }

    /// Asks, and waits for what comes of it: at most for the question's answer time and the longest silence that is waited for.
    ///
    /// # Errors
    /// [`AskFailed`]: nothing was asked, or the port went while it was.
    pub fn ask(&mut self, question: &Question) -> Result<Answer, AskFailed> {
        let encoded = question.encode()?;
        let timing = Timing::new(question.setting.baud, question.setting.parity);
        let answer = self.at(question.setting).and_then(|port| exchange(port, encoded, &timing));
        if matches!(answer, Err(AskFailed::Lost(_))) {
            self.close();
        }
        answer
    }

    /// The port at this setting.
    fn at(&mut self, setting: Setting) -> Result<&OwnedFd, AskFailed> {
        if self.open.as_ref().is_some_and(|(now, _)| *now != setting) {
            self.close();
        }
        let open = match self.open.take() {
            Some(open) => open,
            None => (setting, open_port(&self.path, setting.baud, setting.parity, self.direction)?),
        };
        Ok(&self.open.insert(open).1)
    }

    /// Lets go of the port.
    pub fn close(&mut self) {
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

fn exchange(port: &OwnedFd, asked: Encoded, timing: &Timing) -> Result<Answer, AskFailed> {
    wait_for_silence(port, timing.gap())?;
    let frame = asked.frame.clone();
    let mut transaction = Transaction::begin(asked, timing, monotonic_now());
    if rustix::io::write(port, &frame).map_err(lost)? != frame.len() {
        return Err(AskFailed::Lost(io::ErrorKind::WriteZero));
    }
    let mut buffer = [0; MAX_FRAME];
    loop {
        let now = monotonic_now();
        if now >= transaction.deadline() {
            return Ok(transaction.given_up());
        }
        let count = read(port, &mut buffer, transaction.deadline().since(now))?;
        let bytes = buffer.get(..count).unwrap_or_default();
        if !bytes.is_empty()
            && let Some(answer) = transaction.received(bytes, monotonic_now())
        {
            return Ok(answer);
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
