//! Replies to commands.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vestibule_core::command::{Answer, Outcome, Status};
use vestibule_core::id::CommandId;
use vestibule_core::refusal::Refusal;

use crate::{PayloadError, hex, written};

/// The answer to one command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reply {
    /// The caller's id; `null` if the command was so malformed that none could be read.
    pub id: Option<String>,
    /// How it ended.
    pub status: StatusWord,
    /// Why.
    pub detail: Detail,
    /// Sequences of the journal rows it caused; empty while the gateway cannot write its journal.
    pub events: Vec<u64>,
    /// What was made or found out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<AnswerFields>,
}

/// Why, for machines and for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Detail {
    /// Machine word, e.g. `staff_key_required`.
    pub word: String,
    /// A sentence that says what to do.
    pub sentence: String,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StatusWord {
    /// Accepted and begun; a final status follows.
    Received,
    /// Done.
    Done,
    /// Not allowed or not possible; nothing moved.
    Refused,
    /// Tried, and it did not happen.
    Failed,
    /// Tried, and nobody knows.
    Unknown,
    /// Same id, other payload.
    Conflict,
}

/// What a command gives back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnswerFields {
    /// The parcel logged.
    Parcel(String),
    /// The version now in force.
    Version(u64),
    /// 32 hexadecimal digits for one `unlock` within 120 s.
    Nonce(String),
}

impl Reply {
    /// The reply that tells an outcome.
    #[must_use]
    pub fn of(id: &CommandId, outcome: &Outcome) -> Self {
        Self {
            id: Some(id.as_str().into()),
            status: outcome.status.into(),
            detail: Detail { word: outcome.detail.clone(), sentence: outcome.sentence.clone() },
            events: outcome.events.clone(),
            answer: answer(&outcome.answer),
        }
    }

    /// The reply to a command that never reached the building: nothing moved and nothing is remembered.
    #[must_use]
    pub fn refused(id: Option<&CommandId>, refusal: Refusal, sentence: String) -> Self {
        Self {
            id: id.map(|id| id.as_str().into()),
            status: StatusWord::Refused,
            detail: Detail { word: refusal.word().into(), sentence },
            events: Vec::new(),
            answer: None,
        }
    }

    /// The payload.
    ///
    /// # Errors
    /// [`PayloadError`] only by a defect in this type.
    pub fn bytes(&self) -> Result<Vec<u8>, PayloadError> {
        written("reply", self)
    }
}

fn answer(answer: &Answer) -> Option<AnswerFields> {
    match answer {
        Answer::None => None,
        Answer::Parcel(parcel) => Some(AnswerFields::Parcel(parcel.to_string())),
        Answer::Version(version) => Some(AnswerFields::Version(*version)),
        Answer::Nonce(nonce) => Some(AnswerFields::Nonce(hex::encode(&nonce.0))),
    }
}

impl From<Status> for StatusWord {
    fn from(status: Status) -> Self {
        match status {
            Status::Received => Self::Received,
            Status::Done => Self::Done,
            Status::Refused => Self::Refused,
            Status::Failed => Self::Failed,
            Status::Unknown => Self::Unknown,
            Status::Conflict => Self::Conflict,
        }
    }
}
