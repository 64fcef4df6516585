//! A pseudo-terminal pair under a stable path: what the daemon opens as its serial port.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use rustix::fs::{OFlags, fcntl_setfl};
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

/// What a fresh USB adapter is set to, so that a master that sets nothing is found out on faster lines.
const ADAPTER_DEFAULT_BAUD: u32 = 9_600;

/// An open pair; the path goes when it is dropped.
#[derive(Debug)]
pub(crate) struct Port {
    /// The simulators' side, non-blocking.
    pub wire: OwnedFd,
    /// The daemon's side, held open so that its closing does not end the pair.
    peer: OwnedFd,
    device: PathBuf,
    link: Option<PathBuf>,
}

/// A step of opening a port that failed.
#[derive(Debug, thiserror::Error)]
#[error("open pseudo-terminal: {operation}: {source}")]
pub(crate) struct PortError {
    operation: &'static str,
    source: io::Error,
}

fn failed<E: Into<io::Error>>(operation: &'static str) -> impl FnOnce(E) -> PortError {
    move |source| PortError { operation, source: source.into() }
}

impl Port {
    /// A raw pair without a stable path.
    pub fn open() -> Result<Self, PortError> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let wire = openpt(flags).map_err(failed("openpt"))?;
        grantpt(&wire).map_err(failed("grantpt"))?;
        unlockpt(&wire).map_err(failed("unlockpt"))?;
        let peer = ioctl_tiocgptpeer(&wire, flags).map_err(failed("TIOCGPTPEER"))?;
        let mut termios = tcgetattr(&peer).map_err(failed("tcgetattr"))?;
        termios.make_raw();
        termios.set_speed(ADAPTER_DEFAULT_BAUD).map_err(failed("set speed"))?;
        tcsetattr(&peer, OptionalActions::Now, &termios).map_err(failed("tcsetattr"))?;
        fcntl_setfl(&wire, OFlags::NONBLOCK).map_err(failed("O_NONBLOCK"))?;
        let name = ptsname(&wire, Vec::new()).map_err(failed("ptsname"))?;
        let device = PathBuf::from(name.to_string_lossy().into_owned());
        Ok(Self { wire, peer, device, link: None })
    }

    /// A raw pair that `link` points at, replacing what was there in one step, as udev does.
    pub fn open_at(link: &Path) -> Result<Self, PortError> {
        let mut port = Self::open()?;
        let fresh = link.with_extension("new");
        // A leftover of a killed simulator; that it is not there is the usual case.
        drop(fs::remove_file(&fresh));
        symlink(&port.device, &fresh).map_err(failed("symlink"))?;
        fs::rename(&fresh, link).map_err(failed("rename symlink"))?;
        port.link = Some(link.to_owned());
        Ok(port)
    }

    /// The pair's own path, `/dev/pts/n`.
    pub fn device(&self) -> &Path {
        &self.device
    }

    /// The rate the daemon set, bits a second; `None` when the kernel does not say.
    pub fn baud(&self) -> Option<u32> {
        tcgetattr(&self.peer).ok().map(|termios| termios.output_speed())
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        if let Some(link) = self.link.take()
            && fs::read_link(&link).is_ok_and(|target| target == self.device)
        {
            // The path first: nobody may open a pair that is about to hang up. Already gone is as good.
            drop(fs::remove_file(link));
        }
    }
}
