//! The contract with everybody outside: topics typed both ways, payloads, the event envelope, sealed notices.
//!
//! The cloud sees the same topics and payloads as the building. What is written here is kept: each message has a golden
//! example per version in `examples/`, and JSON Schemas and the AsyncAPI document are generated from these types.
#![forbid(unsafe_code)]

mod canonical;
pub mod command;
pub mod event;
mod hex;
pub mod identity;
pub mod notice;
pub mod reply;
pub mod state;
pub mod telemetry;
pub mod time;
pub mod topic;
pub mod words;

/// Version of the contract, as in `vestibule/v1/…`.
pub const VERSION: u8 = 1;

/// Largest message in bytes, payload and topic together: AWS IoT takes 128 KB, and every other large broker more.
pub const MESSAGE_MAX: usize = 128_000;

/// Longest topic in bytes: the smallest limit of the large brokers (AWS IoT, without its reserved levels).
pub const TOPIC_MAX: usize = 256;

/// Largest payload in bytes: what is left of [`MESSAGE_MAX`] beside the topic and 1 KiB of MQTT properties and headers.
pub const PAYLOAD_MAX: usize = MESSAGE_MAX - TOPIC_MAX - 1_024;

/// A payload could not be written; only a defect in a payload type can cause it.
#[derive(Debug, thiserror::Error)]
#[error("write {message} as JSON")]
pub struct PayloadError {
    /// Which message.
    pub message: &'static str,
    /// What the writer says.
    #[source]
    pub source: serde_json::Error,
}

/// Writes a payload as JSON.
fn written<T: serde::Serialize>(message: &'static str, payload: &T) -> Result<Vec<u8>, PayloadError> {
    serde_json::to_vec(payload).map_err(|source| PayloadError { message, source })
}
