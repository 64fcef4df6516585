//! The kernel's own switching of an RS-485 driver: one ioctl that rustix does not have.

use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::ioctl::{Updater, ioctl};

use super::opening::{OpenError, failed};

/// `TIOCSRS485` of linux/asm-generic/ioctls.h, the same for every architecture that this is built for.
const TIOCSRS485: rustix::ioctl::Opcode = 0x542F;
/// Talk with RTS, listen otherwise.
const ENABLED: u32 = 1 << 0;
/// RTS is high while talking, as transceivers' DE wants it.
const RTS_ON_SEND: u32 = 1 << 1;

/// `struct serial_rs485` of linux/serial.h: 32 bytes since Linux 2.6.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
struct SerialRs485 {
    flags: u32,
    delay_rts_before_send: u32,
    delay_rts_after_send: u32,
    padding: [u32; 5],
}

const _: () = assert!(size_of::<SerialRs485>() == 32, "the kernel writes 32 bytes");

/// Lets the kernel switch the driver of `port`.
///
/// # Errors
/// The port's driver cannot, or says that it will not.
pub(super) fn switch_by_kernel(port: &OwnedFd) -> Result<(), OpenError> {
    let failed = failed(
        "let the kernel switch the RS-485 driver, as rs485 = \"kernel\" asks (this port's driver cannot)",
    );
    let mut wanted = SerialRs485 { flags: ENABLED | RTS_ON_SEND, ..SerialRs485::default() };
    // SAFETY: TIOCSRS485 reads one `struct serial_rs485` and writes back what the driver took; `SerialRs485` has its layout
    // and its size, and lives until the call returns.
    #[expect(unsafe_code, reason = "rustix knows no serial_rs485; its ioctl is unsafe by nature")]
    unsafe { ioctl(port, Updater::<TIOCSRS485, SerialRs485>::new(&mut wanted)) }.map_err(|errno| {
        // A driver that does not know the call says "not a terminal", which would send people the wrong way.
        failed(if errno == Errno::NOTTY { Errno::OPNOTSUPP } else { errno })
    })?;
    if wanted.flags & ENABLED == 0 {
        return Err(failed(Errno::OPNOTSUPP));
    }
    Ok(())
}
