//! Lines of a socket, bounded in length; what was typed is wiped from the buffer.

use std::io;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::protocol::{LINE_MAX, Message};

/// How long a peer may take to read one line of ours before we let go of it.
pub const WRITE_TIME_MAX: std::time::Duration = std::time::Duration::from_secs(5);
/// First room of a line's buffer in bytes; it grows with the line.
const ROOM: usize = 512;

/// Reads lines.
pub struct Lines<R> {
    reader: BufReader<R>,
    line: Zeroizing<Vec<u8>>,
}

/// Why there is no line.
#[derive(Debug)]
pub enum NoLine {
    /// The peer hung up.
    Ended,
    /// Longer than [`LINE_MAX`], or cut in its middle.
    Malformed,
    /// The system says so.
    Io(io::Error),
}

impl<R: AsyncRead + Unpin> Lines<R> {
    /// Reads lines of this.
    pub fn new(reader: R) -> Self {
        Self { reader: BufReader::with_capacity(ROOM, reader), line: Zeroizing::new(Vec::new()) }
    }

    /// The next line without its end. Cancel-safe: a part that was read is kept for the next call.
    pub async fn next(&mut self) -> Result<Zeroizing<Vec<u8>>, NoLine> {
        loop {
            let chunk = self.reader.fill_buf().await.map_err(NoLine::Io)?;
            if chunk.is_empty() {
                return Err(if self.line.is_empty() { NoLine::Ended } else { NoLine::Malformed });
            }
            let (part, used, ended) = match chunk.iter().position(|byte| *byte == b'\n') {
                Some(at) => (chunk.get(..at).unwrap_or(chunk), at + 1, true),
                None => (chunk, chunk.len(), false),
            };
            if self.line.len() + part.len() > LINE_MAX {
                return Err(NoLine::Malformed);
            }
            self.line.extend_from_slice(part);
            self.reader.consume(used);
            if ended {
                return Ok(std::mem::replace(&mut self.line, Zeroizing::new(Vec::new())));
            }
        }
    }
}

/// Writes one message as a line.
///
/// # Errors
/// The peer is gone, or does not read.
pub async fn write<W: AsyncWrite + Unpin>(writer: &mut W, message: &Message) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    match timeout(WRITE_TIME_MAX, writer.write_all(&line)).await {
        Ok(written) => written,
        Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "the peer does not read")),
    }
}
