//! The desk of readers' keys: whoever may ask here is somebody on site, and the reader's own tamper switch is the second witness.

use std::io;

use tokio::task::spawn_blocking;
use vestibule_core::id::TerminalId;

use super::protocol::{Message, ReaderAct};
use super::session::Session;
use crate::supervise::Chain;

/// Opens a reader's install window, or forgets its key. Staff and technicians may: who installs readers is one of them.
///
/// # Errors
/// Only what the socket says.
pub async fn act(session: &mut Session, id: &str, act: ReaderAct) -> io::Result<()> {
    let terminal = match TerminalId::new(id) {
        Ok(terminal) => terminal,
        Err(error) => return session.say(&Message::error("not_found", format!("{id:?}: {error}"))).await,
    };
    let (readers, by) = (session.shared.readers.clone(), session.peer.name.clone());
    // Keys are written to the disk.
    let done = spawn_blocking(move || match act {
        ReaderAct::Install => readers.install(&terminal, &by),
        ReaderAct::Forget => readers.forget(&terminal, &by),
    });
    let answer = match done.await {
        Ok(Ok(())) => Message::End,
        Ok(Err(error)) => Message::error(error.word(), Chain(&error).to_string()),
        Err(error) => Message::error("failed", error.to_string()),
    };
    session.say(&answer).await
}
