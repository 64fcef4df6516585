//! Why a connection ends, what the client is told, and whether its will is published.

use std::io;

use rumqttc::v5::mqttbytes::v5::DisconnectReasonCode as Code;

use super::wire::{Farewell, WireError};

/// Why a connection ends.
#[derive(Debug, thiserror::Error)]
pub(super) enum Ending {
    #[error("the client said goodbye")]
    Left(Farewell),
    #[error("the client's connection is gone: {0}")]
    Gone(io::Error),
    #[error("refused: {1}")]
    Refused(Code, String),
    #[error("{0}")]
    Malformed(#[from] WireError),
    #[error("a newer connection has this client id")]
    TakenOver,
    #[error("nothing was heard for one and a half keep-alives")]
    KeepAlive,
    #[error("the client takes no bytes")]
    SlowReader,
    #[error("the client leaves messages unacknowledged")]
    Unacknowledged,
    #[error("the certificate is no longer good: {0}")]
    Distrusted(rustls::Error),
    #[error("the link to rumqttd is gone: {0}")]
    BackendLost(String),
    #[error("the broker shuts down")]
    Shutdown,
}

impl Ending {
    /// Whether the will is published.
    pub(super) fn farewell(&self) -> Farewell {
        match self {
            Self::Left(farewell) => *farewell,
            _ => Farewell::WithWill,
        }
    }

    /// What an MQTT 5 client is told, where it can still be told something.
    pub(super) fn told(&self) -> Option<(Code, String)> {
        let code = match self {
            Self::Left(_) | Self::Gone(_) => return None,
            Self::Refused(code, _) => *code,
            Self::Malformed(WireError::TooLarge(_)) => Code::PacketTooLarge,
            Self::Malformed(WireError::Unexpected(_)) => Code::ProtocolError,
            Self::Malformed(_) => Code::MalformedPacket,
            Self::TakenOver => Code::SessionTakenOver,
            Self::KeepAlive => Code::KeepAliveTimeout,
            // Whoever takes no byte may begin to while the last words wait for it.
            Self::SlowReader | Self::Unacknowledged => Code::QuotaExceeded,
            Self::Distrusted(_) => Code::NotAuthorized,
            Self::BackendLost(_) => Code::ServerBusy,
            Self::Shutdown => Code::ServerShuttingDown,
        };
        Some((code, self.to_string()))
    }
}
