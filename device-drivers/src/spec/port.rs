//! Where a line is: a serial port of this computer, or a serial server on the network.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Where a line is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PortSpec {
    /// A serial port.
    Serial {
        /// Its path; by-path names survive a replug.
        path: PathBuf,
        /// Who switches the RS-485 driver between talking and listening.
        direction: Direction,
    },
    /// A serial server that passes raw bytes both ways, as it hears them. An address and no name: a door must not wait for
    /// a resolver.
    Tcp {
        /// Where it listens.
        server: SocketAddr,
    },
    /// A Modbus/TCP server: a gateway to a serial line, or a board with a network socket. The line is a Modbus RTU line to
    /// whoever uses it; the unit id is the slave's address.
    ModbusTcp {
        /// Where it listens.
        server: SocketAddr,
    },
}

/// Who switches an RS-485 driver between talking and listening.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// The adapter by itself, as nearly all do.
    #[default]
    Adapter,
    /// The kernel's driver by the port's RTS line (TIOCSRS485): on-board ports of industrial computers.
    Kernel,
}

/// What carries a line's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Medium {
    /// A wire of our own: every gap between characters is heard.
    #[default]
    Wire,
    /// A network before the wire: bytes come in pieces of any size, and no gap means anything.
    Network,
}

impl PortSpec {
    /// What carries the bytes.
    #[must_use]
    pub const fn medium(&self) -> Medium {
        match self {
            Self::Serial { .. } => Medium::Wire,
            Self::Tcp { .. } | Self::ModbusTcp { .. } => Medium::Network,
        }
    }
}

impl From<PathBuf> for PortSpec {
    fn from(path: PathBuf) -> Self {
        Self::Serial { path, direction: Direction::default() }
    }
}

impl fmt::Display for PortSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Serial { path, .. } => write!(f, "{}", path.display()),
            Self::Tcp { server } | Self::ModbusTcp { server } => write!(f, "tcp://{server}"),
        }
    }
}
