//! The other end of the socket, for the command line: blocking, one thread is enough.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::protocol::{LINE_MAX, Message, Request};

/// How long the daemon may take for a line of its answer; an unlock's takes the longest.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(40);
/// Longest line of an answer in bytes: a snapshot of the largest building has some hundred kilobytes.
const ANSWER_MAX: u64 = 4 * 1024 * 1024;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody listens, or we may not knock.
    #[error("cannot reach the daemon at {path}: {source}")]
    Unreachable {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The daemon hung up in the middle.
    #[error("the daemon hung up: {0}")]
    Lost(String),
    /// It said something we do not understand: another version, perhaps.
    #[error("the daemon's answer is not understood: {0}")]
    Odd(serde_json::Error),
    /// The question does not fit.
    #[error("the question has more than {LINE_MAX} bytes")]
    TooLong,
}

/// A connection to the daemon.
pub struct Client {
    reader: BufReader<UnixStream>,
    writer: UnixStream,
}

impl Client {
    /// Connects.
    ///
    /// # Errors
    /// [`ClientError::Unreachable`].
    pub fn connect(path: &Path) -> Result<Self, ClientError> {
        let unreachable = |source| ClientError::Unreachable { path: path.to_owned(), source };
        let writer = UnixStream::connect(path).map_err(unreachable)?;
        writer.set_read_timeout(Some(ANSWER_TIME_MAX)).map_err(unreachable)?;
        let reader = BufReader::new(writer.try_clone().map_err(unreachable)?);
        Ok(Self { reader, writer })
    }

    /// Waits for answers for as long as it takes, as at a terminal.
    ///
    /// # Errors
    /// The system refuses.
    pub fn wait_for_ever(&self) -> Result<(), ClientError> {
        self.writer.set_read_timeout(None).map_err(|error| ClientError::Lost(error.to_string()))
    }

    /// Waits for each answer for `more` than usual, as for a round of doors.
    ///
    /// # Errors
    /// The system refuses.
    pub fn wait_longer(&self, more: Duration) -> Result<(), ClientError> {
        let most = ANSWER_TIME_MAX.saturating_add(more);
        self.writer.set_read_timeout(Some(most)).map_err(|error| ClientError::Lost(error.to_string()))
    }

    /// Another end for asking, for a second thread.
    ///
    /// # Errors
    /// The system refuses.
    pub fn asker(&self) -> Result<Asker, ClientError> {
        self.writer.try_clone().map(Asker).map_err(|error| ClientError::Lost(error.to_string()))
    }

    /// Asks.
    ///
    /// # Errors
    /// The daemon hung up, or the question is too long.
    pub fn ask(&mut self, request: &Request) -> Result<(), ClientError> {
        send(&mut self.writer, request)
    }

    /// The next line of an answer.
    ///
    /// # Errors
    /// The daemon hung up, does not answer, or says something odd.
    pub fn answer(&mut self) -> Result<Message, ClientError> {
        let mut line = Vec::new();
        let mut bounded = io::Read::take(&mut self.reader, ANSWER_MAX);
        match bounded.read_until(b'\n', &mut line) {
            Ok(_) if line.ends_with(b"\n") => serde_json::from_slice(&line).map_err(ClientError::Odd),
            Ok(_) => Err(ClientError::Lost("the answer is cut".to_owned())),
            Err(error) => Err(ClientError::Lost(error.to_string())),
        }
    }
}

/// The asking half of a connection.
pub struct Asker(UnixStream);

impl Asker {
    /// Asks.
    ///
    /// # Errors
    /// The daemon hung up, or the question is too long.
    pub fn ask(&mut self, request: &Request) -> Result<(), ClientError> {
        send(&mut self.0, request)
    }
}

fn send(writer: &mut UnixStream, request: &Request) -> Result<(), ClientError> {
    let mut line = zeroize::Zeroizing::new(serde_json::to_vec(request).map_err(ClientError::Odd)?);
    if line.len() >= LINE_MAX {
        return Err(ClientError::TooLong);
    }
    line.push(b'\n');
    writer.write_all(&line).map_err(|error| ClientError::Lost(error.to_string()))
}
