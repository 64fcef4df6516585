//! The client of the cloud's broker: what the bus says, plus the journal in order and notices sealed to the notifier.
//!
//! The journal is the outbox. A row leaves it in order and is owed until its PUBACK; the acknowledged sequence and hash
//! become an input, so that they are durable and anchor the chain. After any restart of either side the rows after the
//! last acknowledged one are sent again: at least once, told apart by their id.

mod feed;
mod journal;
mod notices;
mod outbox;

use std::sync::Arc;
use std::time::Duration;

use vestibule_core::command::Channel;

use crate::config::Configuration;
use crate::engine::EngineHandle;
use crate::mqtt::{self, Endpoint, Publisher, Session};
use crate::supervise::TaskResult;
use crate::telemetry::Telemetry;

pub use feed::{Debt, Owed};
pub use outbox::{Outbox, OutboxError};

/// Longest wait before the first new attempt.
const RETRY_FIRST: Duration = Duration::from_secs(1);
/// Longest wait before any new attempt: a minute after the cloud is back, all buildings are.
const RETRY_MOST: Duration = Duration::from_secs(60);
/// How long the cloud's broker keeps commands for us: the longest `not_after` a command may have.
const COMMANDS_KEPT: Duration = Duration::from_secs(24 * 3_600);

/// Runs until the daemon stops. A cloud that is away is tried again for ever; a building without one has nothing to do.
///
/// # Errors
/// None of its own; the type is what the supervisor keeps.
pub async fn run(
    configuration: Arc<Configuration>,
    publisher: Publisher,
    outbox: Arc<dyn Outbox>,
    engine: EngineHandle,
    telemetry: Telemetry,
) -> TaskResult {
    let Some(cloud) = &configuration.cloud else {
        mqtt::idle(&engine, Channel::Cloud).await;
        return Ok(());
    };
    let endpoint = Endpoint {
        host: cloud.host.clone(),
        port: cloud.port,
        tls: cloud.client.clone(),
        suffix: Some(publisher.building.to_string()),
        session: Session::Kept(COMMANDS_KEPT),
        retry_first: RETRY_FIRST,
        retry_most: RETRY_MOST,
    };
    let settings = mqtt::Settings { endpoint, publisher, channel: Channel::Cloud, telemetry };
    mqtt::run(settings, engine, Owed::new(outbox)).await;
    Ok(())
}
