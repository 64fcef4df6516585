//! `vestibule broker`: the building's MQTT broker. rumqttd does the brokering; a guard in front of it ends TLS, knows who
//! is there, checks every packet against the role's rights, and keeps rumqttd's faults from happening.
//!
//! ```text
//! socket -> pending -> tls -> hello (CONNECT) -> registry (one a client id) -> pump <-> session <-> backend (rumqttd)
//!                                                                                          ^---- commands ----> post
//! ```

mod acl;
mod answer;
mod backend;
mod clocks;
mod ending;
mod error;
mod heartbeat;
mod hello;
mod in_flight;
pub mod limits;
mod metrics;
pub mod mosquitto;
mod pace;
mod passes;
pub mod path;
mod pending;
mod post;
mod pump;
mod quota;
mod refused;
mod registry;
mod roles;
mod serve;
mod session;
mod slots;
mod tls;
pub mod topic;
mod trust;
mod wire;
mod wishes;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{interval, sleep, timeout};

pub use acl::{Acl, Denied, Message, Payload, QosLimit, Retain};
pub use backend::BackendError;
pub use error::BrokerError;
pub use heartbeat::HeartbeatLost;
pub use limits::Limits;
pub use metrics::{Counter, Metrics};
pub use roles::{Problem, Role, RoleTable, RolesError};
pub use tls::TlsError;
pub use trust::TlsFiles;

use backend::Backend;
use pace::Total;
use pending::Pending;
use post::Post;
use quota::Quota;
use registry::Registry;
use serve::{Shared, serve};
use slots::Slots;
use trust::Trust;

/// What rumqttd logs is noise: every client that says goodbye is an ERROR to it. The log leaves it out; what matters (a
/// panic, a missing echo) is seen without it.
pub const LOG_SILENT: &str = "rumqttd";

/// Pause after a failed accept: out of descriptors, the next one fails as well until somebody leaves.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How often the counters are logged.
const COUNTERS_EVERY: Duration = Duration::from_secs(600);

/// What a broker needs to run.
#[derive(Clone, Debug)]
pub struct BrokerSettings {
    /// The building's id; certificates of another one are refused.
    pub building: String,
    /// Where clients connect; port 0 chooses a free one.
    pub listen: SocketAddr,
    /// Certificates; read again when they change.
    pub tls: TlsFiles,
    /// Who may do what.
    pub roles: RoleTable,
    /// Limits; the defaults fit a building.
    pub limits: Limits,
    /// Where to count; share it to read it.
    pub metrics: Arc<Metrics>,
}

/// Runs the broker until `shutdown` completes; `ready` is told the address once clients can connect.
///
/// # Errors
/// [`BrokerError`] when it cannot start; [`BrokerError::Heartbeat`] or [`BrokerError::LinksLost`] when the inner broker
/// stopped working and this process must be started afresh: the inner broker cannot be restarted inside it.
pub async fn run(
    settings: BrokerSettings,
    shutdown: impl Future<Output = ()>,
    ready: impl FnOnce(SocketAddr),
) -> Result<(), BrokerError> {
    let looked = settings.tls.look();
    let (trust, trusted) = watch::channel(Arc::new(Trust::read(&settings.tls)?));
    let bind = |source| BrokerError::Bind { address: settings.listen, source };
    let listener = TcpListener::bind(settings.listen).await.map_err(bind)?;
    let address = listener.local_addr().map_err(bind)?;
    let backend = Backend::start().await?;
    let (down, shutdown_seen) = watch::channel(false);
    let connections = settings.limits.connections.min(limits::CONNECTIONS_MAX);
    let shared = Arc::new(Shared {
        building: settings.building,
        roles: settings.roles,
        trust: trusted,
        backend,
        registry: Registry::new(connections),
        pending: Pending::new(settings.limits.pending),
        limits: settings.limits,
        quota: Arc::new(Quota::default()),
        post: Arc::new(Post::default()),
        total: Total::new(Instant::now()),
        metrics: settings.metrics,
        slots: Slots::new(connections),
        shutdown: shutdown_seen,
    });
    tracing::info!(%address, building = shared.building, "the broker is ready");
    ready(address);
    let mut clients = JoinSet::new();
    let ended = tokio::select! {
        () = shutdown => Ok(()),
        lost = heartbeat::beat(&shared.backend, &shared.limits, &shared.metrics) => {
            tracing::error!(reason = %lost, "the inner broker is dead; this process ends to be started afresh");
            Err(BrokerError::Heartbeat(lost))
        }
        () = shared.slots.spent() => {
            tracing::error!("too many links to the inner broker are lost; this process ends to be started afresh");
            Err(BrokerError::LinksLost)
        }
        never = accept(&shared, &listener, &mut clients) => match never {},
        never = trust::renew(settings.tls, &shared.limits, &shared.metrics, &trust, looked) => match never {},
    };
    down.send_replace(true);
    drop(listener);
    let last = async { while clients.join_next().await.is_some() {} };
    if timeout(limits::SHUTDOWN_TIME_MAX, last).await.is_err() {
        tracing::warn!("clients were cut off at shutdown");
    }
    tracing::info!(counters = %shared.metrics, "the broker ends");
    ended
}

async fn accept(
    shared: &Arc<Shared>,
    listener: &TcpListener,
    clients: &mut JoinSet<()>,
) -> std::convert::Infallible {
    let mut counters = interval(COUNTERS_EVERY);
    counters.tick().await;
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    clients.spawn(serve(Arc::clone(shared), stream, peer));
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(done) = clients.join_next() => {
                if let Err(error) = done {
                    shared.metrics.panicked.add();
                    tracing::error!(%error, "a connection's task failed");
                }
            }
            _ = counters.tick() => tracing::info!(counters = %shared.metrics, "so far"),
        }
    }
}
