//! Opening a port of either kind, and why one could not be opened.

use std::io;

use rustix::io::Errno;

use super::link::Link;
use super::mbap::Mbap;
use super::tcp::Connecting;
use super::{tcp, tty};
use crate::spec::{Baud, Parity, PortSpec};

/// Why a port could not be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cannot {step}")]
pub(super) struct OpenError {
    /// What was being done.
    pub(super) step: &'static str,
    /// The system's reason.
    #[source]
    pub(super) source: Errno,
}

impl OpenError {
    pub(super) fn kind(&self) -> io::ErrorKind {
        io::Error::from(self.source).kind()
    }
}

/// Names the step that failed.
pub(super) fn failed(step: &'static str) -> impl Fn(Errno) -> OpenError {
    move |source| OpenError { step, source }
}

/// What opening has come to.
pub(super) enum Opening {
    /// Bytes can pass.
    Open(Link),
    /// A serial server is being asked.
    Underway(Connecting),
}

/// Opens the port of `spec`; never waits.
pub(super) fn open(spec: &PortSpec, baud: Baud, parity: Parity) -> Result<Opening, OpenError> {
    match spec {
        PortSpec::Serial { path, direction } => {
            tty::open_port(path, baud, parity, *direction).map(|port| Opening::Open(Link::Serial(port)))
        }
        PortSpec::Tcp { server } => tcp::connect(*server, Link::Tcp).map(Opening::Underway),
        PortSpec::ModbusTcp { server } => {
            tcp::connect(*server, |socket| Link::ModbusTcp(socket, Mbap::default())).map(Opening::Underway)
        }
    }
}
