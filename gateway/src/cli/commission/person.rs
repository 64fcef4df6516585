//! What the person at the doors types, while their doors are being read.

use std::io::{BufRead as _, BufReader, Read as _};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError, sync_channel};
use std::thread;
use std::time::Duration;

/// Lines that wait; more are somebody leaning on the keyboard.
const LINES: usize = 16;
/// Longest line that is read: a label, or a word.
const LINE_BYTES: u64 = 256;

/// What came.
#[derive(Debug, PartialEq, Eq)]
pub enum Said {
    /// Nothing yet.
    Nothing,
    /// A line without its end.
    Line(String),
    /// Nobody types any more: the terminal is gone.
    Gone,
}

/// The person.
pub struct Person(Receiver<String>);

impl Person {
    /// Listens on standard input.
    #[must_use]
    pub fn at_the_keyboard() -> Self {
        let (tell, heard) = sync_channel(LINES);
        // It ends with the process: a read of a terminal cannot be called off.
        thread::spawn(move || {
            let mut input = BufReader::new(std::io::stdin());
            loop {
                let mut line = String::new();
                let read = input.by_ref().take(LINE_BYTES).read_line(&mut line);
                let typed = matches!(read, Ok(count) if count > 0);
                if !typed || tell.send(line.trim().to_owned()).is_err() {
                    return;
                }
            }
        });
        Self(heard)
    }

    /// What they have typed, without waiting.
    pub fn said(&self) -> Said {
        match self.0.try_recv() {
            Ok(line) => Said::Line(line),
            Err(TryRecvError::Empty) => Said::Nothing,
            Err(TryRecvError::Disconnected) => Said::Gone,
        }
    }

    /// What they type within this time.
    pub fn says_within(&self, patience: Duration) -> Said {
        match self.0.recv_timeout(patience) {
            Ok(line) => Said::Line(line),
            Err(RecvTimeoutError::Timeout) => Said::Nothing,
            Err(RecvTimeoutError::Disconnected) => Said::Gone,
        }
    }
}
