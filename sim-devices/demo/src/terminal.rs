//! Somebody at the building's terminal: keys in, screens out, over the daemon's unix socket.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::house::HouseError;

/// Screens kept until somebody looks; a session shows a few dozen.
const SCREENS_KEPT: usize = 1_024;
/// The daemon notices within moments that somebody got up.
const SEAT_PATIENCE: Duration = Duration::from_secs(20);
/// Pause before sitting down is tried again.
const SEAT_BREATH: Duration = Duration::from_millis(20);

/// One screen, as the daemon said it.
#[derive(Clone, Debug)]
pub struct Shown {
    /// When it came.
    pub at: Instant,
    /// Its name, e.g. `put_in`.
    pub name: String,
    /// All of it.
    pub content: Value,
}

impl Shown {
    /// The label on the door it speaks of, if it speaks of one.
    #[must_use]
    pub fn label(&self) -> &str {
        self.content["label"].as_str().unwrap_or_default()
    }

    /// The refusal's machine word, if it is one.
    #[must_use]
    pub fn word(&self) -> &str {
        self.content["word"].as_str().unwrap_or_default()
    }
}

/// A seat at the terminal. Dropping it gets up.
pub struct Terminal {
    socket: UnixStream,
    screens: Receiver<Shown>,
    /// The screen that was on when we sat down, until somebody looks.
    first: Mutex<Option<Shown>>,
}

/// What a person waited for did not happen.
#[derive(Debug, thiserror::Error)]
pub enum TerminalError {
    /// The socket is gone.
    #[error("{operation} at the terminal: {source}")]
    Socket {
        /// What was tried.
        operation: &'static str,
        /// Why it failed.
        source: std::io::Error,
    },
    /// The screen waited for did not come.
    #[error("no screen {wanted:?} within {seconds} s; shown were {shown:?}")]
    Missing {
        /// Any of these.
        wanted: Vec<String>,
        /// How long we waited.
        seconds: u64,
        /// What came instead.
        shown: Vec<String>,
    },
}

impl From<TerminalError> for HouseError {
    fn from(error: TerminalError) -> Self {
        Self::Story(error.to_string())
    }
}

impl Terminal {
    /// Sits down; whoever got up a moment ago is let go first.
    ///
    /// # Errors
    /// The daemon is not there, or somebody else stays seated.
    pub fn sit_down(socket: &Path, terminal: &str) -> Result<Self, TerminalError> {
        let until = Instant::now() + SEAT_PATIENCE;
        loop {
            let this = Self::knock(socket, terminal)?;
            let shown = this.screens.recv_timeout(until.saturating_duration_since(Instant::now())).ok();
            let busy = shown.as_ref().is_some_and(|shown| shown.name == "error" && shown.word() == "busy");
            if busy && Instant::now() < until {
                thread::park_timeout(SEAT_BREATH);
                continue;
            }
            *this.first.lock().unwrap_or_else(PoisonError::into_inner) = shown;
            return Ok(this);
        }
    }

    fn knock(socket: &Path, terminal: &str) -> Result<Self, TerminalError> {
        let failed = |operation| move |source| TerminalError::Socket { operation, source };
        let socket = UnixStream::connect(socket).map_err(failed("connect"))?;
        let reader = BufReader::new(socket.try_clone().map_err(failed("clone the socket"))?);
        let (sender, screens) = sync_channel(SCREENS_KEPT);
        thread::spawn(move || {
            for line in reader.lines().map_while(Result::ok) {
                let Some(shown) = read(&line) else { continue };
                if sender.send(shown).is_err() {
                    return;
                }
            }
        });
        let mut this = Self { socket, screens, first: Mutex::new(None) };
        this.send(&json!({ "terminal": { "id": terminal } }))?;
        Ok(this)
    }

    /// Types text and presses enter; returns the moment it was handed to the daemon's socket.
    ///
    /// # Errors
    /// The daemon is gone.
    pub fn type_text(&mut self, text: &str) -> Result<Instant, TerminalError> {
        self.send(&json!({ "type": text }))
    }

    /// Presses a function key, e.g. `ok` or `not-delivered`.
    ///
    /// # Errors
    /// The daemon is gone.
    pub fn press(&mut self, key: &str) -> Result<Instant, TerminalError> {
        self.send(&json!({ "press": key }))
    }

    /// The next screen, if one comes in time.
    #[must_use]
    pub fn next(&self, patience: Duration) -> Option<Shown> {
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
        first.or_else(|| self.screens.recv_timeout(patience).ok())
    }

    /// Waits for one of these screens; others are passed over.
    ///
    /// # Errors
    /// [`TerminalError::Missing`] with what was shown instead.
    pub fn wait_for(&self, wanted: &[&str], patience: Duration) -> Result<Shown, TerminalError> {
        let until = Instant::now() + patience;
        let mut passed = Vec::new();
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let Some(shown) = self.next(left) else {
                return Err(TerminalError::Missing {
                    wanted: wanted.iter().map(|name| (*name).to_owned()).collect(),
                    seconds: patience.as_secs(),
                    shown: passed,
                });
            };
            if wanted.contains(&shown.name.as_str()) {
                return Ok(shown);
            }
            passed.push(shown.content.to_string());
        }
    }

    fn send(&mut self, message: &Value) -> Result<Instant, TerminalError> {
        let line = format!("{message}\n");
        let at = Instant::now();
        self.socket
            .write_all(line.as_bytes())
            .map_err(|source| TerminalError::Socket { operation: "write", source })?;
        Ok(at)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // A daemon that is gone has hung up already.
        drop(self.socket.shutdown(std::net::Shutdown::Both));
    }
}

/// A screen, or what the daemon said instead of one.
fn read(line: &str) -> Option<Shown> {
    let message: Value = serde_json::from_str(line).ok()?;
    let at = Instant::now();
    if let Some(content) = message.get("screen") {
        let name = content["show"].as_str().unwrap_or_default().to_owned();
        return Some(Shown { at, name, content: content.clone() });
    }
    let error = message.get("error")?;
    Some(Shown { at, name: "error".to_owned(), content: error.clone() })
}
