//! The console's lines: what may be asked, and what is answered. Both sides use these types.
//!
//! A connection asks any number of things one after the other. `journal` with `follow` and `terminal` take the rest of
//! the connection. Every question ends with its answer, [`Message::End`] or [`Message::Error`].

use device_drivers::commission::ask::{Answer, Question};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use vestibule_contract::PAYLOAD_MAX;
use vestibule_contract::reply::Reply;

use super::screen::ScreenMessage;
use super::snapshot::Snapshot;
use super::trace::{Frame, TraceRequest};
use super::verdict::Verdict;

/// Longest line in bytes, either way: the largest command with its name around it.
pub const LINE_MAX: usize = PAYLOAD_MAX + 1_024;

/// One question.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// How is everything? Answered by [`Message::Snapshot`].
    Snapshot,
    /// A command, exactly as it would be published on MQTT. Answered by one or two [`Message::Reply`].
    Command {
        /// Its name, e.g. `unlock`.
        name: String,
        /// Its payload; the bytes as they stand here are what is hashed.
        payload: Box<RawValue>,
    },
    /// Journal rows, oldest first. Answered by [`Message::Row`]s and [`Message::End`].
    Journal(JournalRequest),
    /// Is the journal whole? Answered by [`Message::Progress`]es and [`Message::Verdict`].
    Verify {
        /// Against this row instead of the one the cloud acknowledged last.
        anchor: Option<AnchorMessage>,
    },
    /// What is on a line. Answered by [`Message::Frame`]s, [`Message::Missed`] and [`Message::End`].
    Trace(TraceRequest),
    /// The whole state at this moment, for root and the daemon's own user. Answered by [`Message::Piece`]s and [`Message::End`].
    State,
    /// Take a line out of service to commission it. Answered by [`Message::Lent`]; the line is the building's again when the
    /// connection ends, on [`Request::Return`], or after an hour.
    Borrow(BorrowRequest),
    /// On a lent line: one question to one board. Answered by [`Message::Answer`].
    Ask(Question),
    /// On a lent line: it is given back. Answered by [`Message::End`].
    Return,
    /// A reader's key: opens its install window or forgets its key. Answered by [`Message::End`].
    Reader {
        /// Which terminal.
        id: String,
        /// What.
        act: ReaderAct,
    },
    /// Sit down at a terminal. Answered by [`Message::Screen`]s.
    Terminal {
        /// Which.
        id: String,
    },
    /// At a terminal: text closed with the enter key.
    Type(String),
    /// At a terminal: a function key.
    Press(KeyName),
    /// At a terminal: nothing more will be typed; screens go on until the session ends.
    Leave,
}

/// Which line is wanted, and what for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BorrowRequest {
    /// The line's id.
    pub line: String,
    /// Locks are to be pulsed or addresses to be set: for staff, and on a commissioned site with a reason.
    #[serde(default)]
    pub writes: bool,
    /// Why the seal of a commissioned site is broken; it is journalled.
    #[serde(default)]
    pub break_seal: Option<String>,
    /// A second person who is there (`os:{user}`): doors behind which something lies are moved for two only.
    #[serde(default)]
    pub second_person: Option<String>,
}

impl BorrowRequest {
    /// For reads only, which technicians may.
    #[must_use]
    pub const fn reads(line: String) -> Self {
        Self { line, writes: false, break_seal: None, second_person: None }
    }
}

/// What is done about a reader's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReaderAct {
    /// Open its install window.
    Install,
    /// Throw its key away.
    Forget,
}

/// Which journal rows.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JournalRequest {
    /// Those after this sequence.
    pub after: u64,
    /// At most so many; all if absent.
    pub rows: Option<u64>,
    /// Go on with rows to come.
    #[serde(default)]
    pub follow: bool,
}

/// A row of the journal that is known from elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnchorMessage {
    /// Its sequence.
    pub sequence: u64,
    /// Its hash, 64 hexadecimal digits.
    pub hash: String,
}

/// Function keys of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "see the core's `input::Key`")]
pub enum KeyName {
    Ok,
    Cancel,
    Next,
    NotDelivered,
    Reopen,
    NeedLarger,
    NotEmpty,
}

/// One line of an answer.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// How everything is.
    Snapshot(Box<Snapshot>),
    /// The answer to a command; `received` is not final.
    Reply(Reply),
    /// One journal row.
    Row {
        /// Its sequence.
        sequence: u64,
        /// SHA-256 over its bytes, 64 hexadecimal digits.
        hash: String,
        /// The event, byte for byte as it is stored and sent.
        event: Box<RawValue>,
    },
    /// Long work goes on.
    Progress {
        /// Rows done.
        done: u64,
        /// Rows in all, as far as known.
        of: u64,
    },
    /// One frame of a line.
    Frame(Box<Frame>),
    /// Frames of a line that went by unread.
    Missed {
        /// How many.
        frames: u64,
    },
    /// Some of the state's bytes, in order, as hexadecimal digits.
    Piece(String),
    /// Whether the journal is whole.
    Verdict(Verdict),
    /// The line is the asker's.
    Lent,
    /// What a board answered.
    Answer(Answer),
    /// What the terminal shows.
    Screen(ScreenMessage),
    /// That was all.
    End,
    /// Not done, and why.
    Error {
        /// Machine word.
        word: String,
        /// A sentence that says what to do.
        sentence: String,
    },
}

impl Message {
    /// An error line.
    #[must_use]
    pub fn error(word: &str, sentence: impl Into<String>) -> Self {
        Self::Error { word: word.to_owned(), sentence: sentence.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payload_is_kept_byte_for_byte_when_a_command_is_read() {
        let line = r#"{"command":{"name":"unlock","payload":{"id" : "1",  "target":"a-1"}}}"#;
        let Ok(Request::Command { payload, .. }) = serde_json::from_str(line) else { panic!("a command") };
        assert_eq!(payload.get(), r#"{"id" : "1",  "target":"a-1"}"#);
    }

    #[test]
    fn question_is_refused_when_it_has_fields_nobody_knows() {
        assert!(serde_json::from_str::<Request>(r#"{"verify":{"anchor":null,"actor":"root"}}"#).is_err());
        assert!(serde_json::from_str::<Request>(r#"{"journal":{"after":1,"as":"root"}}"#).is_err());
        assert!(serde_json::from_str::<Request>(r#""snapshot""#).is_ok());
    }
}
