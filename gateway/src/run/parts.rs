//! What runs once doors are served.

use std::thread::JoinHandle;

use tokio::sync::mpsc;

use crate::engine::{EngineHandle, Reader};
use crate::field::Field;
use crate::health::Health;
use crate::mqtt::Publisher;
use crate::readers::Readers;
use crate::supervise::Fallen;
use crate::telemetry::Telemetry;

/// The running daemon without its networks.
pub(super) struct Parts {
    pub(super) engine: EngineHandle,
    pub(super) reader: Reader,
    pub(super) boot: u32,
    pub(super) publisher: Publisher,
    pub(super) telemetry: Telemetry,
    pub(super) health: Health,
    pub(super) alarms: mpsc::Receiver<Fallen>,
    pub(super) field: Field,
    pub(super) readers: Readers,
    pub(super) thread: JoinHandle<()>,
}
