//! The client of the building's own broker: a window on the building, never its spine.
//!
//! State is retained, events go out once their row is durable (as witnesses without sequence while the disk is away),
//! commands come in, replies go out. If the broker is away, nothing else changes.

mod feed;

use std::sync::Arc;
use std::time::Duration;

use vestibule_core::command::Channel;

use crate::config::Configuration;
use crate::engine::EngineHandle;
use crate::mqtt::{self, Endpoint, Publisher, Session};
use crate::supervise::TaskResult;
use crate::telemetry::Telemetry;

pub use feed::{Event, Events};

/// Longest wait before the first new attempt: the broker restarts within a second.
const RETRY_FIRST: Duration = Duration::from_millis(250);
/// Longest wait before any new attempt: the broker is on this machine, so that asking is cheap.
const RETRY_MOST: Duration = Duration::from_secs(5);

/// Runs until the daemon stops. A broker that is away is tried again for ever; a building without one has nothing to do.
///
/// # Errors
/// None of its own; the type is what the supervisor keeps.
pub async fn run(
    configuration: Arc<Configuration>,
    publisher: Publisher,
    engine: EngineHandle,
    telemetry: Telemetry,
) -> TaskResult {
    let Some(broker) = &configuration.broker else {
        mqtt::idle(&engine, Channel::Bus).await;
        return Ok(());
    };
    let endpoint = Endpoint {
        host: broker.host.clone(),
        port: broker.port,
        tls: broker.client.clone(),
        suffix: None,
        session: Session::Clean,
        retry_first: RETRY_FIRST,
        retry_most: RETRY_MOST,
    };
    let settings = mqtt::Settings { endpoint, publisher, channel: Channel::Bus, telemetry };
    mqtt::run(settings, engine, Events::default()).await;
    Ok(())
}
