//! An open port: whole frames out, bytes in, and an end that leaves nothing behind.

use rustix::fd::OwnedFd;
use rustix::io::{Errno, read, write};
use rustix::net::{RecvFlags, SendFlags, recv, send};
use zeroize::Zeroizing;

use super::mbap::{Mbap, NotModbus};
use super::tty;
use crate::limits::{FLUSH_READS, MAX_FRAME};

/// Never a signal, never a wait.
const AT_ONCE: SendFlags = SendFlags::NOSIGNAL.union(SendFlags::DONTWAIT);

/// What a read has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// Bytes came.
    Bytes,
    /// The port's end.
    End,
}

/// An open port.
pub(super) enum Link {
    /// A serial port.
    Serial(OwnedFd),
    /// A connection to a serial server.
    Tcp(OwnedFd),
    /// A connection to a Modbus/TCP server.
    ModbusTcp(OwnedFd, Mbap),
}

impl Link {
    /// Readable when bytes have come.
    pub(super) const fn fd(&self) -> &OwnedFd {
        match self {
            Self::Serial(port) | Self::Tcp(port) | Self::ModbusTcp(port, _) => port,
        }
    }

    /// Writes a whole frame. A port that takes only a part of so few bytes is stuck, and as good as gone: what it holds
    /// would leave later, and nobody knows when.
    pub(super) fn write(&mut self, frame: &[u8]) -> Result<(), Errno> {
        let whole = |written, wanted| if written == wanted { Ok(()) } else { Err(Errno::AGAIN) };
        match self {
            Self::Serial(port) => whole(write(port, frame)?, frame.len()),
            Self::Tcp(socket) => whole(send(socket, frame, AT_ONCE)?, frame.len()),
            Self::ModbusTcp(socket, mbap) => {
                let wrapped = mbap.wrap(frame).ok_or(Errno::INVAL)?;
                whole(send(socket, &wrapped, AT_ONCE)?, wrapped.len())
            }
        }
    }

    /// Gives `take` what has come; whether the port is still there. Anything may be given in parts, or nothing at all.
    pub(super) fn read(&mut self, take: &mut dyn FnMut(&[u8])) -> Result<Reading, Errno> {
        let mut buffer = Zeroizing::new([0; MAX_FRAME]);
        let count = match self {
            Self::Serial(port) => read(port, &mut *buffer)?,
            Self::Tcp(socket) | Self::ModbusTcp(socket, _) => receive(socket, &mut *buffer)?,
        };
        let bytes = buffer.get(..count).unwrap_or_default();
        match self {
            _ if bytes.is_empty() => return Ok(Reading::End),
            Self::Serial(_) | Self::Tcp(_) => take(bytes),
            Self::ModbusTcp(_, mbap) => {
                let frames = mbap.unwrap(bytes).map_err(|NotModbus| Errno::PROTO)?;
                if !frames.is_empty() {
                    take(&frames);
                }
            }
        }
        Ok(Reading::Bytes)
    }

    /// Throws away what is waiting: both ways at a serial port. What a socket was given cannot be taken back; the kernel
    /// throws it away with the connection when it is not acknowledged in time.
    pub(super) fn flush(&mut self) -> Result<(), Errno> {
        let socket = match self {
            Self::Serial(port) => return tty::flush(port),
            Self::Tcp(socket) => socket,
            // An answer that was cut here would leave the next one without its beginning; its number says that it is old.
            Self::ModbusTcp(_, mbap) => {
                mbap.forget();
                return Ok(());
            }
        };
        let mut buffer = [0; MAX_FRAME];
        for _ in 0..FLUSH_READS {
            match receive(socket, &mut buffer) {
                Ok(0) => return Err(Errno::CONNRESET),
                Ok(_) => {}
                Err(Errno::AGAIN | Errno::INTR) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Closes the port.
    pub(super) fn release(self) {
        match self {
            Self::Serial(port) => tty::release(port),
            Self::Tcp(socket) | Self::ModbusTcp(socket, _) => drop(socket),
        }
    }
}

fn receive(socket: &OwnedFd, buffer: &mut [u8]) -> Result<usize, Errno> {
    recv(socket, buffer, RecvFlags::DONTWAIT).map(|(count, _)| count)
}
