//! One child process: started, heard, told to stop, and never left behind.

use std::io::{BufRead, BufReader, Read, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::words::{Next, Words};

/// As in the units (`systemd/`): memory is measured as it will be.
const HEAP: [(&str, &str); 2] = [("MALLOC_ARENA_MAX", "1"), ("MALLOC_MMAP_THRESHOLD_", "65536")];
/// A child that was told to stop has this long before it is killed.
const STOP_PATIENCE: Duration = Duration::from_secs(10);

/// Something went wrong with a child.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// It could not be started.
    #[error("start {program}: {source}")]
    Start {
        /// Which program.
        program: String,
        /// Why.
        source: std::io::Error,
    },
    /// It ended while something was expected of it.
    #[error("{name} ended while we waited for {what}; its last words:\n{log}")]
    Ended {
        /// Which child.
        name: String,
        /// What was expected.
        what: String,
        /// The end of its log.
        log: String,
    },
    /// It did not say what was expected in time.
    #[error("{name} did not say {what} within {seconds} s; its last words:\n{log}")]
    Silent {
        /// Which child.
        name: String,
        /// What was expected.
        what: String,
        /// How long we waited.
        seconds: u64,
        /// The end of its log.
        log: String,
    },
    /// A line could not be written to it.
    #[error("write to {name}: {source}")]
    Write {
        /// Which child.
        name: String,
        /// Why.
        source: std::io::Error,
    },
}

/// A running child. Dropping it kills it.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    stdin: Option<ChildStdin>,
    words: Arc<Words>,
    /// Lines looked at by `wait_for`, counted from the first ever said.
    read: u64,
}

impl Process {
    /// Starts a program; its standard output and error are read line by line.
    ///
    /// # Errors
    /// [`ProcessError::Start`].
    pub fn start(name: &str, program: &Path, arguments: &[&str]) -> Result<Self, ProcessError> {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // A parent's journal socket and watchdog are not the child's.
        for variable in ["JOURNAL_STREAM", "NOTIFY_SOCKET", "WATCHDOG_USEC"] {
            command.env_remove(variable);
        }
        command.envs(HEAP);
        let mut child = command
            .spawn()
            .map_err(|source| ProcessError::Start { program: program.display().to_string(), source })?;
        let words = Arc::new(Words::default());
        if let Some(out) = child.stdout.take() {
            listen(out, &words);
        }
        if let Some(err) = child.stderr.take() {
            listen(err, &words);
        }
        let stdin = child.stdin.take();
        Ok(Self { name: name.to_owned(), child, stdin, words, read: 0 })
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for a line that `wanted` accepts and returns it. Lines passed over are kept for [`Self::log`].
    ///
    /// # Errors
    /// [`ProcessError::Ended`] or [`ProcessError::Silent`], both with the end of its log.
    pub fn wait_for(
        &mut self,
        what: &str,
        patience: Duration,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<String, ProcessError> {
        let until = Instant::now() + patience;
        loop {
            match self.words.next(self.read, until) {
                Next::Line(at, line) => {
                    self.read = at + 1;
                    if wanted(&line) {
                        return Ok(line);
                    }
                }
                Next::Ended => {
                    let name = self.name.clone();
                    return Err(ProcessError::Ended { name, what: what.to_owned(), log: self.log() });
                }
                Next::Late => {
                    let (name, seconds) = (self.name.clone(), patience.as_secs());
                    return Err(ProcessError::Silent {
                        name,
                        what: what.to_owned(),
                        seconds,
                        log: self.log(),
                    });
                }
            }
        }
    }

    /// Writes one line to its standard input.
    ///
    /// # Errors
    /// [`ProcessError::Write`].
    pub fn tell(&mut self, line: &str) -> Result<(), ProcessError> {
        let name = self.name.clone();
        let Some(stdin) = self.stdin.as_mut() else { return Ok(()) };
        let text = format!("{line}\n");
        stdin
            .write_all(text.as_bytes())
            .and_then(|()| stdin.flush())
            .map_err(|source| ProcessError::Write { name, source })
    }

    /// Ends its standard input.
    pub fn hang_up(&mut self) {
        self.stdin = None;
    }

    /// The last lines it said.
    #[must_use]
    pub fn log(&self) -> String {
        const SHOWN: usize = 25;
        let said = self.words.all();
        let from = said.len().saturating_sub(SHOWN);
        said[from..].iter().fold(String::new(), |all, line| all + "  | " + line + "\n")
    }

    /// Everything it said that is still kept.
    #[must_use]
    pub fn said(&self) -> Vec<String> {
        self.words.all()
    }

    /// Kills it at once, as a power cut would.
    pub fn kill(&mut self) {
        // Already ended is as good as killed.
        drop(self.child.kill());
        drop(self.child.wait());
    }

    /// Makes it stand still (SIGSTOP): its sockets stay open and nobody answers. Whether it was told.
    #[must_use]
    pub fn stall(&self) -> bool {
        self.signal(Signal::STOP)
    }

    /// Lets it go on (SIGCONT). Whether it was told.
    #[must_use]
    pub fn resume(&self) -> bool {
        self.signal(Signal::CONT)
    }

    fn signal(&self, signal: Signal) -> bool {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        id.is_some_and(|id| kill_process(id, signal).is_ok())
    }

    /// Asks it to stop (SIGTERM) and waits; a child that does not stop in time is killed.
    pub fn stop(&mut self) -> Option<ExitStatus> {
        let asked = self.signal(Signal::TERM);
        self.stdin = None;
        // Both pipes closing is its end.
        let until = Instant::now() + STOP_PATIENCE;
        if !asked || !self.words.wait_for_end(until) {
            drop(self.child.kill());
        }
        self.child.wait().ok()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Reads a pipe on its own thread; ends with the pipe.
fn listen(pipe: impl Read + Send + 'static, words: &Arc<Words>) {
    let words = Arc::clone(words);
    words.opened();
    thread::spawn(move || {
        BufReader::new(pipe).lines().map_while(Result::ok).for_each(|line| words.say(line));
        words.closed();
    });
}

#[cfg(test)]
mod tests {
    use super::HEAP;

    #[test]
    fn processes_have_the_heap_that_the_units_give_them() {
        let daemon = include_str!("../../../systemd/vestibule.service");
        let broker = include_str!("../../../systemd/vestibule-broker.service");
        for unit in [daemon, broker] {
            let given = unit.lines().filter(|line| line.starts_with("Environment=MALLOC_"));
            let ours = HEAP.map(|(name, value)| format!("Environment={name}={value}"));
            assert!(given.eq(ours.iter()), "{unit}");
        }
    }
}
