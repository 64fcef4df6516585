//! The journal over the socket: rows as they are stored, rows to come, and whether it is whole.

use std::io;

use serde_json::value::RawValue;
use tokio::sync::mpsc;
use vestibule_store::{JournalRow, ReadError, audit};

use super::lines::NoLine;
use super::protocol::{AnchorMessage, JournalRequest, Message};
use super::session::Session;
use super::verdict::{self, AnchorSource, Verdict};

/// Rows read at once; a row has about 600 bytes.
const PAGE_ROWS: usize = 128;
/// Bytes read at once.
const PAGE_BYTES: usize = 128 * 1024;
/// Progress lines that may wait; more are dropped, the next one says more.
const PROGRESS_MAX: usize = 4;

/// Sends rows, and with `follow` goes on until the peer hangs up.
///
/// # Errors
/// Only what the socket says.
pub async fn send(session: &mut Session, request: JournalRequest) -> io::Result<()> {
    let mut changed = session.shared.engine.changed();
    let JournalRequest { mut after, rows, follow } = request;
    let mut left = rows.unwrap_or(u64::MAX);
    loop {
        let page = page(session, after, left).await;
        let page = match page {
            Ok(page) => page,
            Err(error) => return session.say(&Message::error("journal_away", error.to_string())).await,
        };
        let read_all = page.is_empty();
        for row in page {
            after = row.sequence;
            left -= 1;
            let message = row_message(&row)?;
            session.say(&message).await?;
        }
        if left == 0 || (read_all && !follow) {
            return session.say(&Message::End).await;
        }
        if read_all {
            tokio::select! {
                news = changed.changed() => if news.is_err() {
                    return session.say(&Message::End).await;
                },
                line = session.lines.next() => return match line {
                    Err(NoLine::Io(error)) => Err(error),
                    // Whatever is said now ends the following.
                    Ok(_) | Err(NoLine::Ended | NoLine::Malformed) => session.say(&Message::End).await,
                },
            }
        }
    }
}

async fn page(session: &Session, after: u64, left: u64) -> Result<Vec<JournalRow>, ReadError> {
    let journal = session.shared.journal.clone();
    let rows = usize::try_from(left).unwrap_or(PAGE_ROWS).min(PAGE_ROWS);
    let read = tokio::task::spawn_blocking(move || journal.rows_after(after, rows, PAGE_BYTES));
    read.await.unwrap_or_else(|error| Err(ReadError::Failed(error.to_string())))
}

/// One row as a message.
///
/// # Errors
/// The stored bytes are not JSON: the file is damaged.
pub fn row_message(row: &JournalRow) -> io::Result<Message> {
    let text = String::from_utf8(row.bytes.to_vec()).map_err(io::Error::other)?;
    let event = RawValue::from_string(text)?;
    Ok(Message::Row { sequence: row.sequence, hash: row.hash.to_string(), event })
}

/// Verifies against the given anchor, or the row the cloud acknowledged last.
///
/// # Errors
/// Only what the socket says.
pub async fn verify(session: &mut Session, anchor: Option<AnchorMessage>) -> io::Result<()> {
    let anchor = match anchor.as_ref().map(verdict::anchor).transpose() {
        Ok(anchor) => anchor,
        Err(sentence) => return session.say(&Message::error("malformed", sentence)).await,
    };
    let shared = std::sync::Arc::clone(&session.shared);
    let Ok(_turn) = shared.verifying.try_acquire() else {
        let sentence = "The journal is being verified for somebody else; try again later.";
        return session.say(&Message::error("busy", sentence)).await;
    };
    let source = if anchor.is_some() { AnchorSource::Given } else { AnchorSource::Remembered };
    let (progress, mut told) = mpsc::channel(PROGRESS_MAX);
    let journal = shared.journal.clone();
    let of = journal.head().sequence;
    let work = tokio::task::spawn_blocking(move || {
        let anchor = match anchor {
            Some(anchor) => Some(anchor),
            None => journal.acknowledged()?,
        };
        audit::verify_watched(&journal, anchor, &mut |done| progress.try_send(done).unwrap_or(()))
    });
    while let Some(done) = told.recv().await {
        session.say(&Message::Progress { done, of }).await?;
    }
    match work.await {
        Ok(Ok(report)) => session.say(&Message::Verdict(Verdict::new(&report, source))).await,
        Ok(Err(error)) => session.say(&Message::error("journal_away", error.to_string())).await,
        Err(error) => session.say(&Message::error("failed", error.to_string())).await,
    }
}
