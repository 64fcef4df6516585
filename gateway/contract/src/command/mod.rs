//! Commands: from the bytes of a payload to the core's request, with every size bounded and every unknown field refused.

mod arguments;
mod error;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use vestibule_core::command::{
    Actor, Channel, Command, CommandKey, CommandRequest, Nonce, REASON_MAX, Retention,
};
use vestibule_core::id::CommandId;
use vestibule_core::time::Timestamp;
use vestibule_core::unit::Digest;

use crate::topic::CommandName;
use crate::{PAYLOAD_MAX, hex};

pub use arguments::{
    CarrierFields, CarriersArguments, DirectoryArguments, IntakeArguments, NoArguments, ReachWord, SizeWord,
    UnitFields, UnlockManyArguments,
};
pub use error::CommandError;
use error::Wrong;

/// Largest payload of a command without a batch, in bytes: every field at its longest, escaped, stays below.
pub const PLAIN_MAX: usize = 4 * 1024;

/// Largest payload of `unlock.many` in bytes: 96 ids of the greatest length beside the rest.
pub const ROUND_MAX: usize = 8 * 1024;

/// A command's payload. The actor is never a field: certificate, socket peer or signature say it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Request<A> {
    /// The caller's id, 1 to 64 visible ASCII characters; the same id and payload gives the same outcome again.
    pub id: String,
    /// What it is done to: a compartment's id for `unlock`, the other command's id for `unlock.cancel`, else absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Why, in words; at most 200 bytes without control characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// RFC 3339: after this the caller no longer wants it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_after: Option<String>,
    /// 32 hexadecimal digits from `challenge`; `unlock` and `unlock.many` need it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// What else the command needs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arguments: Option<A>,
}

impl<A> Request<A> {
    /// A request with an id and nothing else.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self { id: id.into(), target: None, reason: None, not_after: None, nonce: None, arguments: None }
    }
}

/// Who sent a payload, and how it came.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The way in.
    pub channel: Channel,
    /// The sender, as proven.
    pub actor: Actor,
    /// Whether a broker had kept it.
    pub retention: Retention,
}

/// Largest payload of a command in bytes.
#[must_use]
pub const fn payload_max(name: CommandName) -> usize {
    match name {
        CommandName::DirectorySync | CommandName::CarriersSync => PAYLOAD_MAX,
        CommandName::UnlockMany => ROUND_MAX,
        CommandName::Challenge
        | CommandName::Unlock
        | CommandName::UnlockCancel
        | CommandName::ParcelIntake
        | CommandName::Resync => PLAIN_MAX,
    }
}

/// SHA-256 over the command's name, a zero byte and the payload, so that one id never answers for two commands.
#[must_use]
pub fn digest(name: CommandName, payload: &[u8]) -> Digest {
    let hash = Sha256::new().chain_update(name.as_str()).chain_update([0]).chain_update(payload);
    Digest(hash.finalize().into())
}

/// Reads a command.
///
/// # Errors
/// [`CommandError`] says what is wrong where, and which command id it is about if one could be read.
pub fn parse(name: CommandName, payload: &[u8], arrival: Arrival) -> Result<CommandRequest, CommandError> {
    let most = payload_max(name);
    if payload.len() > most {
        return Err(CommandError { id: None, wrong: Wrong::TooLarge { bytes: payload.len(), most } });
    }
    match name {
        CommandName::Challenge => read::<NoArguments>(name, payload, arrival, |_| Ok(Command::Challenge)),
        CommandName::Resync => read::<NoArguments>(name, payload, arrival, |_| Ok(Command::Resync)),
        CommandName::Unlock => read::<NoArguments>(name, payload, arrival, arguments::unlock),
        CommandName::UnlockMany => read(name, payload, arrival, UnlockManyArguments::command),
        CommandName::UnlockCancel => read::<NoArguments>(name, payload, arrival, arguments::unlock_cancel),
        CommandName::ParcelIntake => read(name, payload, arrival, IntakeArguments::command),
        CommandName::DirectorySync => read(name, payload, arrival, DirectoryArguments::command),
        CommandName::CarriersSync => read(name, payload, arrival, CarriersArguments::command),
    }
}

fn read<A: DeserializeOwned>(
    name: CommandName,
    payload: &[u8],
    arrival: Arrival,
    command: impl FnOnce(&mut Request<A>) -> Result<Command, Wrong>,
) -> Result<CommandRequest, CommandError> {
    let read = serde_json::from_slice::<Request<A>>(payload);
    let mut request =
        read.map_err(|source| CommandError { id: id_of(payload), wrong: Wrong::Json(source) })?;
    let id = CommandId::new(&request.id)
        .map_err(|source| CommandError { id: None, wrong: Wrong::Id { field: "id", source } })?;
    let checked = command(&mut request).and_then(|command| {
        if request.target.is_some() {
            return Err(Wrong::Unused { field: "target", command: name });
        }
        Ok((head(&request)?, command))
    });
    let ((not_after, nonce, reason), command) =
        checked.map_err(|wrong| CommandError { id: Some(id.clone()), wrong })?;
    Ok(CommandRequest {
        key: CommandKey { channel: arrival.channel, actor: arrival.actor, id },
        digest: digest(name, payload),
        retention: arrival.retention,
        not_after,
        nonce,
        reason,
        command,
    })
}

type Head = (Option<Timestamp>, Option<Nonce>, Option<String>);

fn head<A>(request: &Request<A>) -> Result<Head, Wrong> {
    let not_after =
        request.not_after.as_deref().map(|text| arguments::instant("not_after", text)).transpose()?;
    let nonce = match &request.nonce {
        Some(text) => Some(hex::decode(text).map(Nonce).ok_or(Wrong::Nonce)?),
        None => None,
    };
    if let Some(reason) = &request.reason {
        arguments::text("reason", reason, REASON_MAX, |character| !character.is_control())?;
    }
    Ok((not_after, nonce, request.reason.clone()))
}

/// The id of a payload that is otherwise wrong, so that the refusal reaches whoever waits for it.
fn id_of(payload: &[u8]) -> Option<CommandId> {
    #[derive(Deserialize)]
    struct OnlyId {
        id: String,
    }
    let only: OnlyId = serde_json::from_slice(payload).ok()?;
    CommandId::new(&only.id).ok()
}

#[cfg(test)]
mod tests;
