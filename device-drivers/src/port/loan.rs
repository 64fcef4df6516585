//! A line lent to somebody who commissions it: its own thread asks their questions, and nobody else's.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::time::Duration;

use super::borrowed::{AskFailed, Borrowed, loan_end};
use super::handle::{Bell, LineHandle};
use super::thread::Runner;
use crate::commission::ask::{Answer, Question};
use crate::limits::LEND_PATIENCE;
use crate::signal::Signal;
use crate::time::Monotonic;

/// Questions that wait: a borrower asks one at a time.
const QUESTIONS: usize = 1;
/// How often a lent line looks whether it must end, and tells its totals.
const LOOK: Duration = Duration::from_secs(1);

/// Why a line is not lent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotLent {
    /// Somebody else has it.
    #[error("the line is lent already")]
    Taken,
    /// A lock was pulsed all the time.
    #[error("the line opened doors all the time")]
    Busy,
    /// It is behind a server: nobody asks there what is asked of a wire, at other speeds and silences.
    #[error("the line is behind a server; connect its wire to a serial port")]
    NotSerial,
    /// Its thread has ended.
    #[error("the line is stopped")]
    Stopped,
}

/// The borrower's end. Dropping it gives the line back: it is opened again, and every board set up.
pub struct Loan {
    questions: Option<SyncSender<Asked>>,
    bell: Arc<Bell>,
}

type Reply = Box<dyn FnOnce(Result<Answer, AskFailed>) + Send>;
type Granted = Box<dyn FnOnce(Result<(), NotLent>) + Send>;

struct Asked {
    question: Question,
    reply: Reply,
}

/// Somebody wants the line.
pub(super) struct Wish {
    questions: Receiver<Asked>,
    granted: Granted,
    until: Option<Monotonic>,
}

impl Loan {
    /// Asks; `reply` is called on the line's thread. It is dropped uncalled where the loan is over.
    ///
    /// # Errors
    /// [`NotLent::Taken`] while the last question waits, [`NotLent::Stopped`] when the loan is over.
    pub fn ask(
        &self,
        question: Question,
        reply: impl FnOnce(Result<Answer, AskFailed>) + Send + 'static,
    ) -> Result<(), NotLent> {
        let questions = self.questions.as_ref().ok_or(NotLent::Stopped)?;
        let asked = Asked { question, reply: Box::new(reply) };
        questions.try_send(asked).map_err(|error| match error {
            std::sync::mpsc::TrySendError::Full(_) => NotLent::Taken,
            std::sync::mpsc::TrySendError::Disconnected(_) => NotLent::Stopped,
        })?;
        self.bell.ring();
        Ok(())
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        self.questions = None;
        self.bell.ring();
    }
}

impl LineHandle {
    /// Takes the line out of service for the caller as soon as no pulse is in flight; `granted` is called on its thread, within
    /// [`LEND_PATIENCE`]. Devices are told down meanwhile. It comes back when the loan is dropped, or by itself after
    /// [`LOAN_MOST`](crate::limits::LOAN_MOST).
    ///
    /// # Errors
    /// [`NotLent`]; `granted` is not called then.
    pub fn lend(&self, granted: impl FnOnce(Result<(), NotLent>) + Send + 'static) -> Result<Loan, NotLent> {
        let (questions, asked) = sync_channel(QUESTIONS);
        let wish = Wish { questions: asked, granted: Box::new(granted), until: None };
        self.wishes.try_send(wish).map_err(|error| match error {
            std::sync::mpsc::TrySendError::Full(_) => NotLent::Taken,
            std::sync::mpsc::TrySendError::Disconnected(_) => NotLent::Stopped,
        })?;
        self.bell.ring();
        Ok(Loan { questions: Some(questions), bell: Arc::clone(&self.bell) })
    }
}

impl<S: FnMut(Signal), C: Fn() -> Monotonic> Runner<S, C> {
    /// Lends the line where somebody wants it and nothing forbids; whether the line shall stop.
    pub(super) fn lend_when_asked(&mut self) -> bool {
        let now = (self.clock)();
        let Some(mut wish) = self.wish.take().or_else(|| self.inbox.wishes.try_recv().ok()) else {
            return false;
        };
        let Some((path, direction)) = self.port.serial() else {
            (wish.granted)(Err(NotLent::NotSerial));
            return false;
        };
        let port = Borrowed::new(path.to_owned()).switched_by(direction);
        let until = *wish.until.get_or_insert(now + LEND_PATIENCE);
        if self.line.can_be_lent(now) {
            (wish.granted)(Ok(()));
            return self.serve(&wish.questions, port);
        }
        if now >= until {
            (wish.granted)(Err(NotLent::Busy));
        } else {
            self.wish = Some(wish);
        }
        false
    }

    /// Asks what the borrower asks, until the loan ends; whether the line shall stop.
    fn serve(&mut self, questions: &Receiver<Asked>, mut port: Borrowed) -> bool {
        let end = loan_end((self.clock)());
        self.line.lent((self.clock)());
        self.port.lend();
        let mut stop = false;
        while !stop && (self.clock)() < end {
            self.take_orders();
            let until = self.step();
            while let Ok(other) = self.inbox.wishes.try_recv() {
                (other.granted)(Err(NotLent::Taken));
            }
            match questions.try_recv() {
                Ok(Asked { question, reply }) => reply(port.ask(&question)),
                Err(TryRecvError::Disconnected) => break,
                Err(TryRecvError::Empty) => {
                    self.wait(until.min(end).min((self.clock)() + LOOK));
                }
            }
            stop = self.inbox.bell.answer();
        }
        drop(port);
        self.port.give_back();
        stop
    }
}
