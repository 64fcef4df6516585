//! Why the broker does not start or does not go on.

use std::io;
use std::net::SocketAddr;

use super::backend::BackendError;
use super::heartbeat::HeartbeatLost;
use super::roles::RolesError;
use super::tls::TlsError;

/// One variant per failed operation.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// The roles file.
    #[error(transparent)]
    Roles(#[from] RolesError),
    /// Certificates.
    #[error("cannot set up TLS")]
    Tls(#[from] TlsError),
    /// The address.
    #[error("cannot listen on {address}")]
    Bind {
        /// Which.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// rumqttd.
    #[error("cannot start the inner broker")]
    Backend(#[from] BackendError),
    /// rumqttd, in many small failures.
    #[error("too many links to the inner broker failed to open or to end; start this process afresh")]
    LinksLost,
    /// rumqttd, later.
    #[error("the inner broker stopped working; start this process afresh")]
    Heartbeat(#[source] HeartbeatLost),
}
