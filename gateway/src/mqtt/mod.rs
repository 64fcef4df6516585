//! What bus and uplink have in common: one MQTT 5 client over mutual TLS that says the building's state, answers
//! commands, and asks its [`Feed`] for everything else.
//!
//! Law of use: [`run`] never blocks on the broker. Each connection is a fresh rumqttc event loop, driven by one task
//! that does nothing else; nothing is kept in it between connections. What must arrive is kept here, in the engine or
//! in the journal, until its PUBACK.

mod backoff;
mod client;
mod commands;
mod connection;
mod drive;
mod endpoint;
mod feed;
mod limits;
mod link;
mod message;
mod outbound;
mod sampler;
mod tls;

pub use client::{Settings, idle, run};
pub use endpoint::{Endpoint, Session};
pub use feed::Feed;
pub use limits::*;
pub use message::Message;
pub use tls::{TlsError, client_config};

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use vestibule_contract::identity::BootId;
use vestibule_contract::state::Stamp;
use vestibule_core::id::BuildingId;

/// Who publishes: the same for bus and uplink of one start of the daemon. Clones count state messages together.
#[derive(Clone, Debug)]
pub struct Publisher {
    /// The building.
    pub building: BuildingId,
    /// Count of starts on this database file.
    pub boot: u32,
    /// Identity of this start.
    pub boot_id: BootId,
    /// Version of the daemon.
    pub version: String,
    states: Arc<AtomicU64>,
}

impl Publisher {
    /// A publisher that has said nothing yet.
    #[must_use]
    pub fn new(building: BuildingId, boot: u32, boot_id: BootId, version: &str) -> Self {
        Self { building, boot, boot_id, version: version.into(), states: Arc::default() }
    }

    /// The stamp of the next state message.
    fn stamp(&self) -> Stamp {
        let sequence = self.states.fetch_add(1, Ordering::Relaxed) + 1;
        Stamp { boot_id: self.boot_id, boot: self.boot, sequence }
    }
}
