//! The whole state over the socket, for a backup while the daemon runs: redb lets nobody else open its file.

use std::fmt::Write as _;
use std::io;

use super::protocol::Message;
use super::session::Session;

/// Bytes of state in one line: twice as many digits stay below the longest line.
const PIECE_BYTES: usize = 32 * 1024;
const _: () = assert!(PIECE_BYTES * 2 + 64 < super::protocol::LINE_MAX);

/// Sends the state as it is durable now.
///
/// # Errors
/// Only what the socket says.
pub async fn send(session: &mut Session) -> io::Result<()> {
    // It holds residents' names and where their parcels lie.
    if !session.peer.owner {
        return session.say(&Message::error("not_allowed", "Only root may take a backup.")).await;
    }
    let journal = session.shared.journal.clone();
    let read = tokio::task::spawn_blocking(move || journal.snapshot().map(|snapshot| snapshot.to_bytes()));
    let bytes = match read.await {
        Ok(Ok(Ok(bytes))) => bytes,
        Ok(Ok(Err(error))) => return session.say(&Message::error("failed", error.to_string())).await,
        Ok(Err(error)) => return session.say(&Message::error("journal_away", error.to_string())).await,
        Err(error) => return session.say(&Message::error("failed", error.to_string())).await,
    };
    for piece in bytes.chunks(PIECE_BYTES) {
        session.say(&Message::Piece(digits(piece))).await?;
    }
    session.say(&Message::End).await
}

fn digits(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        write!(text, "{byte:02x}").ok();
        text
    })
}

/// The bytes of a [`Message::Piece`]; `None` for what no daemon sends.
#[must_use]
pub fn piece(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(core::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_come_back_as_they_were() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(piece(&digits(&bytes)), Some(bytes));
        assert_eq!(piece("zz"), None);
    }
}
