//! Sitting at a terminal: what is typed goes to the engine, what the terminal shows comes back.

use std::io;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use vestibule_core::id::TerminalId;
use vestibule_core::input::{Entry, Input, Key, Typed};
use vestibule_core::screen::Screen;
use zeroize::Zeroize;

use super::lines::NoLine;
use super::protocol::{KeyName, Message, Request};
use super::session::Session;
use crate::engine::{AttachError, Attachment};

/// How long after its last entry a peer that has left is shown the end of its session.
const LEAVING_TIME_MAX: Duration = Duration::from_secs(60);
/// How long an entry may take to change the screen; after that, a first screen means that nothing came of it.
const REACTION_TIME_MAX: Duration = Duration::from_secs(2);

/// What ends the sitting, or goes on with it.
enum Step {
    Stay,
    Leave,
}

/// Attaches the peer to a terminal until it leaves.
///
/// # Errors
/// Only what the socket says.
pub async fn sit(session: &mut Session, id: &str) -> io::Result<()> {
    let terminal = match TerminalId::new(id) {
        Ok(terminal) => terminal,
        Err(error) => return session.say(&Message::error("not_found", format!("{id:?}: {error}"))).await,
    };
    let mut attachment = match session.shared.engine.attach_terminal(&terminal) {
        Ok(attachment) => attachment,
        Err(error @ AttachError::NoSuchTerminal) => {
            return session.say(&Message::error("not_found", error.to_string())).await;
        }
        Err(error @ AttachError::Taken) => {
            return session.say(&Message::error("busy", error.to_string())).await;
        }
    };
    loop {
        tokio::select! {
            screen = attachment.screen() => match screen {
                Some(screen) => session.say(&Message::Screen(screen.into())).await?,
                None => return session.say(&Message::End).await,
            },
            line = session.lines.next() => match line {
                Ok(line) => {
                    let request = serde_json::from_slice(&line);
                    if let Step::Leave = enter(session, &terminal, request).await? {
                        return see_off(session, &mut attachment).await;
                    }
                }
                Err(NoLine::Io(error)) => return Err(error),
                Err(NoLine::Ended) => return Ok(()),
                Err(NoLine::Malformed) => return session.say(&Message::error("malformed", "That line is too long.")).await,
            },
        }
    }
}

/// Hands one entry to the engine.
async fn enter(
    session: &mut Session,
    terminal: &TerminalId,
    request: serde_json::Result<Request>,
) -> io::Result<Step> {
    let entry = match request {
        Ok(Request::Type(mut text)) => {
            let typed = Typed::new(&text);
            text.zeroize();
            match typed {
                Some(typed) => Entry::Typed(typed),
                None => {
                    let sentence = format!("At most {} letters and digits can be typed.", Typed::MAX);
                    session.say(&Message::error("malformed", sentence)).await?;
                    return Ok(Step::Stay);
                }
            }
        }
        Ok(Request::Press(name)) => Entry::Key(name.into()),
        Ok(Request::Leave) => return Ok(Step::Leave),
        Ok(_) => {
            session.say(&Message::error("not_now", "At a terminal, one can type, press and leave.")).await?;
            return Ok(Step::Stay);
        }
        Err(error) => {
            session.say(&Message::error("malformed", error.to_string())).await?;
            return Ok(Step::Stay);
        }
    };
    if session.shared.engine.submit(Input::Entry { terminal: terminal.clone(), entry }).is_err() {
        session.say(&Message::error("busy", "The gateway is busy; that was not taken.")).await?;
    }
    Ok(Step::Stay)
}

/// Shows the rest of the session of somebody who types no more: until the first screen is back.
async fn see_off(session: &mut Session, attachment: &mut Attachment) -> io::Result<()> {
    let end = Instant::now() + LEAVING_TIME_MAX;
    // What was entered last may still be on its way to the screen.
    let mut patience = Instant::now() + REACTION_TIME_MAX;
    let mut resting = true;
    loop {
        let until = if resting { patience.min(end) } else { end };
        match timeout_at(until, attachment.screen()).await {
            Ok(Some(screen)) => {
                resting = matches!(screen, Screen::Welcome | Screen::Refused { .. });
                patience = Instant::now() + REACTION_TIME_MAX;
                session.say(&Message::Screen(screen.into())).await?;
            }
            Ok(None) | Err(_) => return session.say(&Message::End).await,
        }
    }
}

impl From<KeyName> for Key {
    fn from(name: KeyName) -> Self {
        match name {
            KeyName::Ok => Self::Confirm,
            KeyName::Cancel => Self::Cancel,
            KeyName::Next => Self::Next,
            KeyName::NotDelivered => Self::NotDelivered,
            KeyName::Reopen => Self::Reopen,
            KeyName::NeedLarger => Self::NeedLarger,
            KeyName::NotEmpty => Self::NotEmpty,
        }
    }
}
