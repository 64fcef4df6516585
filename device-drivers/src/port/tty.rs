//! Opening and setting up a serial port: raw, exclusive, at the line's speed.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rustix::fd::OwnedFd;
use rustix::fs::{FlockOperation, Mode, OFlags, flock, open};
use rustix::io::Errno;
use rustix::termios::{
    ControlModes, OptionalActions, QueueSelector, SpecialCodeIndex, ioctl_tiocexcl, ioctl_tiocnxcl, tcflush,
    tcgetattr, tcsetattr,
};

use super::opening::{OpenError, failed};
use super::rs485::switch_by_kernel;
use crate::spec::{Baud, Direction, Parity};

/// Opens the port at `path`.
pub(super) fn open_port(
    path: &Path,
    baud: Baud,
    parity: Parity,
    direction: Direction,
) -> Result<OwnedFd, OpenError> {
    // Without NOCTTY a hang-up would signal the daemon; without NONBLOCK the open waits for a modem's carrier.
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let port = open(path, flags, Mode::empty()).map_err(failed("open the port"))?;
    // Root passes through exclusive mode, so the lock stands beside it: two masters on one line open wrong doors.
    flock(&port, FlockOperation::NonBlockingLockExclusive)
        .map_err(failed("lock the port (in use by another process)"))?;
    ioctl_tiocexcl(&port).map_err(failed("take the port exclusively"))?;
    set_up(&port, baud, parity)?;
    if direction == Direction::Kernel {
        switch_by_kernel(&port)?;
    }
    tcflush(&port, QueueSelector::IOFlush).map_err(failed("flush the port"))?;
    Ok(port)
}

fn set_up(port: &OwnedFd, baud: Baud, parity: Parity) -> Result<(), OpenError> {
    let mut modes = tcgetattr(port).map_err(failed("read the port's settings (is it a serial port?)"))?;
    modes.make_raw();
    let framing = ControlModes::PARENB | ControlModes::PARODD | ControlModes::CSTOPB | ControlModes::CRTSCTS;
    modes.control_modes.remove(framing);
    modes.control_modes.insert(ControlModes::CLOCAL | ControlModes::CREAD);
    match parity {
        Parity::None => {}
        Parity::Even => modes.control_modes.insert(ControlModes::PARENB),
        Parity::Odd => modes.control_modes.insert(ControlModes::PARENB | ControlModes::PARODD),
    }
    // With a minimum of 1, a read of 0 bytes means that the port is gone, and never that nothing has come yet.
    modes.special_codes[SpecialCodeIndex::VMIN] = 1;
    modes.special_codes[SpecialCodeIndex::VTIME] = 0;
    modes.set_speed(baud.bits_per_second()).map_err(failed("express the port's speed"))?;
    tcsetattr(port, OptionalActions::Now, &modes).map_err(failed("set the port up"))?;
    let taken = tcgetattr(port).map_err(failed("read the port's settings back"))?;
    if taken.output_speed() != baud.bits_per_second() {
        return Err(OpenError { step: "set the port's speed: it does not take it", source: Errno::INVAL });
    }
    Ok(())
}

/// Closes the port. Exclusive mode outlives our descriptor where somebody else has the terminal open; an unplugged one
/// has no mode left to give back, which is as good.
pub(super) fn release(port: OwnedFd) {
    ioctl_tiocnxcl(&port).unwrap_or(());
    drop(port);
}

/// Throws away what is waiting in the port, both ways: a frame still stuck in an adapter must not go out later.
pub(super) fn flush(port: &OwnedFd) -> Result<(), Errno> {
    tcflush(port, QueueSelector::IOFlush)
}

/// The adapter's latency timer where it has one (FTDI).
pub(super) fn latency_timer(path: &Path) -> Option<Duration> {
    let device = fs::canonicalize(path).ok()?;
    let name = device.file_name()?;
    let text =
        fs::read_to_string(Path::new("/sys/class/tty").join(name).join("device/latency_timer")).ok()?;
    text.trim().parse().ok().map(Duration::from_millis)
}
