//! The connection to a serial server: made without waiting, and given up where a byte would leave late.

use std::net::SocketAddr;
use std::time::Duration;

use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::sockopt::{
    set_socket_keepalive, set_socket_linger, set_tcp_keepcnt, set_tcp_keepidle, set_tcp_keepintvl,
    set_tcp_nodelay, set_tcp_user_timeout, socket_error,
};
use rustix::net::{AddressFamily, SocketFlags, SocketType, connect as begin, getsockname, socket_with};

use super::link::Link;
use super::opening::{OpenError, failed};

/// How long a serial server may take to accept: a switch that has just come back takes a second.
pub(super) const CONNECT_PATIENCE: Duration = Duration::from_secs(2);
/// After this long without an acknowledgement of what was written the kernel ends the connection and throws the bytes away:
/// a pulse leaves within it or never. Embedded servers delay acknowledgements by up to 250 ms.
const UNACKNOWLEDGED_MOST_MS: u32 = 500;
/// A line that has nothing to say asks after this long whether the server is still there ...
const KEEP_ALIVE_AFTER: Duration = Duration::from_secs(2);
/// ... every so often ...
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(1);
/// ... so many times.
const KEEP_ALIVE_TRIES: u32 = 3;

/// A connection that is being made.
pub(super) struct Connecting {
    socket: OwnedFd,
    server: SocketAddr,
    /// What is spoken over it.
    link: fn(OwnedFd) -> Link,
}

/// Begins to connect to `server`, to become a `link`.
pub(super) fn connect(server: SocketAddr, link: fn(OwnedFd) -> Link) -> Result<Connecting, OpenError> {
    let family = if server.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(family, SocketType::STREAM, flags, None).map_err(failed("make a socket"))?;
    set_up(&socket).map_err(failed("set the socket up"))?;
    match begin(&socket, &server) {
        Ok(()) | Err(Errno::INPROGRESS) => Ok(Connecting { socket, server, link }),
        Err(error) => Err(failed("connect to the serial server")(error)),
    }
}

fn set_up(socket: &OwnedFd) -> Result<(), Errno> {
    // A frame is one segment, at once.
    set_tcp_nodelay(socket, true)?;
    set_tcp_user_timeout(socket, UNACKNOWLEDGED_MOST_MS)?;
    set_socket_keepalive(socket, true)?;
    set_tcp_keepidle(socket, KEEP_ALIVE_AFTER)?;
    set_tcp_keepintvl(socket, KEEP_ALIVE_EVERY)?;
    set_tcp_keepcnt(socket, KEEP_ALIVE_TRIES)?;
    // Closing throws away what has not left yet: nothing of a connection outlives it.
    set_socket_linger(socket, Some(Duration::ZERO))
}

impl Connecting {
    /// Writable once the server has answered.
    pub(super) const fn fd(&self) -> &OwnedFd {
        &self.socket
    }

    /// What became of it.
    pub(super) fn finished(self) -> Result<Link, OpenError> {
        let refused = failed("connect to the serial server");
        socket_error(&self.socket).and_then(|outcome| outcome).map_err(&refused)?;
        // A port of this computer that nobody listens on can meet itself: our own bytes would come back as answers.
        let own = getsockname(&self.socket).map_err(failed("read the socket's address"))?;
        if SocketAddr::try_from(own) == Ok(self.server) {
            return Err(refused(Errno::CONNREFUSED));
        }
        Ok((self.link)(self.socket))
    }

    /// It took too long.
    pub(super) fn given_up(self) -> OpenError {
        failed("connect to the serial server")(Errno::TIMEDOUT)
    }
}
