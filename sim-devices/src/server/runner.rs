//! The server's thread: one client, one serial port, and what lies between them.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags, open};
use rustix::io::{Errno, read, write};
use rustix::net::sockopt::set_socket_linger;
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

use super::{Conduct, Shared};

/// Bytes kept while nobody takes them: what cheap servers have.
const KEPT: usize = 4_096;
/// Read at once.
const CHUNK: usize = 256;
/// Longest wait; everything that changes anything wakes the thread earlier.
const LONGEST: Duration = Duration::from_secs(1);

pub(super) struct Runner {
    shared: Arc<Shared>,
    address: SocketAddr,
    listener: Option<TcpListener>,
    client: Option<TcpStream>,
    port: OwnedFd,
    /// What the line said, and when each byte may leave.
    outgoing: VecDeque<(Instant, u8)>,
}

/// Which descriptors have something.
#[derive(Default)]
struct Ready {
    wake: bool,
    port: bool,
    listener: bool,
    client: bool,
}

impl Runner {
    pub(super) fn new(
        shared: Arc<Shared>,
        address: SocketAddr,
        listener: TcpListener,
        port: &Path,
        bits_per_second: u32,
    ) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let port = open_port(port, bits_per_second)?;
        let outgoing = VecDeque::new();
        Ok(Self { shared, address, listener: Some(listener), client: None, port, outgoing })
    }

    pub(super) fn run(mut self) {
        if let Err(error) = self.serve() {
            self.shared.lock().failure = Some(error.to_string());
        }
        self.hang_up();
        self.shared.changed.notify_all();
    }

    fn serve(&mut self) -> io::Result<()> {
        loop {
            let conduct = {
                let state = self.shared.lock();
                if state.stop {
                    return Ok(());
                }
                state.conduct
            };
            self.obey()?;
            let ready = self.wait(conduct)?;
            if ready.wake {
                self.shared.woken();
            }
            if ready.port {
                self.hear_port(conduct)?;
            }
            if ready.listener {
                self.accept()?;
            }
            if ready.client {
                self.hear_client()?;
            }
            if conduct != Conduct::Mute {
                self.pass_on();
            }
        }
    }

    /// Comes and goes as it was told.
    fn obey(&mut self) -> io::Result<()> {
        let (listening, hang_up) = {
            let state = self.shared.lock();
            (state.listening, state.hang_up)
        };
        match (listening, self.listener.is_some()) {
            (false, true) => self.listener = None,
            (true, false) => {
                let listener = TcpListener::bind(self.address)?;
                listener.set_nonblocking(true)?;
                self.listener = Some(listener);
            }
            (true, true) | (false, false) => {}
        }
        if hang_up {
            self.hang_up();
            self.shared.lock().hang_up = false;
            self.shared.changed.notify_all();
        }
        Ok(())
    }

    fn hang_up(&mut self) {
        if let Some(client) = self.client.take() {
            // What it was about to say is gone with it.
            set_socket_linger(&client, Some(Duration::ZERO)).ok();
        }
        self.shared.lock().connected = false;
    }

    fn wait(&self, conduct: Conduct) -> io::Result<Ready> {
        let due = self.outgoing.front().filter(|_| self.client.is_some() && conduct != Conduct::Mute);
        let span = due.map_or(LONGEST, |(at, _)| at.saturating_duration_since(Instant::now()));
        let timeout = Timespec {
            tv_sec: i64::try_from(span.as_secs()).unwrap_or(1),
            tv_nsec: i64::from(span.subsec_nanos()),
        };
        let mut fds =
            vec![PollFd::new(&self.shared.wake, PollFlags::IN), PollFd::new(&self.port, PollFlags::IN)];
        fds.extend(self.listener.iter().map(|listener| PollFd::new(listener, PollFlags::IN)));
        let client = self.client.as_ref().filter(|_| conduct != Conduct::Mute);
        fds.extend(client.map(|client| PollFd::new(client, PollFlags::IN)));
        match poll(&mut fds, Some(&timeout)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let mut woken = fds.iter().map(|fd| !fd.revents().is_empty());
        let mut next = || woken.next().unwrap_or(false);
        let (wake, port) = (next(), next());
        let listener = self.listener.is_some() && next();
        Ok(Ready { wake, port, listener, client: next() })
    }

    fn hear_port(&mut self, conduct: Conduct) -> io::Result<()> {
        let mut buffer = [0; CHUNK];
        let count = match read(&self.port, &mut buffer) {
            Ok(0) => return Err(io::Error::new(ErrorKind::UnexpectedEof, "the serial line is gone")),
            Ok(count) => count,
            Err(Errno::AGAIN | Errno::INTR) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let now = Instant::now();
        for byte in buffer.iter().take(count) {
            let last = self.outgoing.back().map_or(now, |(at, _)| *at);
            let (at, byte) = match conduct {
                Conduct::Passing | Conduct::Mute => (now, *byte),
                Conduct::Late(by) => (now + by, *byte),
                Conduct::Pieces(apart) => (last.max(now) + apart, *byte),
                Conduct::Garbled => (now, *byte ^ 0x55),
            };
            if self.outgoing.len() < KEPT {
                self.outgoing.push_back((at, byte));
            }
        }
        Ok(())
    }

    fn accept(&mut self) -> io::Result<()> {
        let Some(listener) = &self.listener else { return Ok(()) };
        let client = match listener.accept() {
            Ok((client, _)) => client,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        };
        client.set_nonblocking(true)?;
        client.set_nodelay(true)?;
        // The newest client has the line, as most servers do it.
        self.client = Some(client);
        let mut state = self.shared.lock();
        (state.connected, state.connections) = (true, state.connections + 1);
        self.shared.changed.notify_all();
        Ok(())
    }

    fn hear_client(&mut self) -> io::Result<()> {
        let Some(client) = &self.client else { return Ok(()) };
        let mut buffer = [0; CHUNK];
        match read(client, &mut buffer) {
            Ok(0) => self.hang_up(),
            Ok(count) => {
                // A line that is stuck loses what does not fit.
                match write(&self.port, buffer.get(..count).unwrap_or_default()) {
                    Ok(_) | Err(Errno::AGAIN) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(_) => self.hang_up(),
        }
        Ok(())
    }

    /// Gives the client what is due, one write for each moment.
    fn pass_on(&mut self) {
        let now = Instant::now();
        while let (Some(client), Some((first, _))) = (&self.client, self.outgoing.front().copied()) {
            if first > now {
                return;
            }
            let together = self.outgoing.iter().take_while(|(at, _)| *at == first).count();
            let bytes: Vec<u8> = self.outgoing.iter().take(together).map(|(_, byte)| *byte).collect();
            match write(client, &bytes) {
                Ok(count) => drop(self.outgoing.drain(..count)),
                Err(Errno::AGAIN | Errno::INTR) => return,
                Err(_) => self.hang_up(),
            }
        }
    }
}

fn open_port(path: &Path, bits_per_second: u32) -> io::Result<OwnedFd> {
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let port = open(path, flags, Mode::empty())?;
    let mut modes = tcgetattr(&port)?;
    modes.make_raw();
    modes.set_speed(bits_per_second)?;
    tcsetattr(&port, OptionalActions::Now, &modes)?;
    Ok(port)
}
