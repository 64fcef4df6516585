//! The submitter's end of a running line.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::{fmt, io};

use rustix::event::{EventfdFlags, eventfd};
use rustix::fd::OwnedFd;

use super::loan::Wish;
use crate::channel::Channel;
use crate::device::Model;
use crate::id::{DeviceId, LineId};
use crate::limits::INBOX_ORDERS;
use crate::order::{Order, Refused, Task};
use crate::spec::LineSpec;
use crate::trace::Tape;

/// A running line. Dropping it stops the line and waits for its thread.
pub struct LineHandle {
    id: LineId,
    devices: Vec<(DeviceId, Model)>,
    orders: SyncSender<Order>,
    tape: Tape,
    pub(super) wishes: SyncSender<Wish>,
    pub(super) bell: Arc<Bell>,
    thread: Option<JoinHandle<()>>,
}

/// Wakes the line's thread out of its wait: one write to an eventfd.
pub(super) struct Bell {
    fd: OwnedFd,
    stop: AtomicBool,
}

impl Bell {
    pub(super) fn new() -> io::Result<Self> {
        let fd = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self { fd, stop: AtomicBool::new(false) })
    }

    pub(super) const fn fd(&self) -> &OwnedFd {
        &self.fd
    }

    /// A full counter means that the bell already rings.
    pub(super) fn ring(&self) {
        if let Err(error) = rustix::io::write(&self.fd, &1_u64.to_ne_bytes()) {
            debug_assert_eq!(error, rustix::io::Errno::AGAIN);
        }
    }

    /// Rings for the last time: the thread is to end.
    pub(super) fn ring_stop(&self) {
        self.stop.store(true, Ordering::Release);
        self.ring();
    }

    /// Takes all rings so far; whether the line shall stop.
    pub(super) fn answer(&self) -> bool {
        let mut count = [0; 8];
        if let Err(error) = rustix::io::read(&self.fd, &mut count) {
            debug_assert_eq!(error, rustix::io::Errno::AGAIN);
        }
        self.stop.load(Ordering::Acquire)
    }
}

/// The thread's end of a handle.
pub(super) struct Inbox {
    pub(super) orders: Receiver<Order>,
    pub(super) wishes: Receiver<Wish>,
    pub(super) bell: Arc<Bell>,
}

impl LineHandle {
    /// A handle for `spec` whose thread `start` makes.
    pub(super) fn with_thread(
        spec: &LineSpec,
        tape: Tape,
        start: impl FnOnce(Inbox) -> io::Result<JoinHandle<()>>,
    ) -> io::Result<Self> {
        let (orders, inbox) = sync_channel(INBOX_ORDERS);
        let (wishes, wished) = sync_channel(1);
        let bell = Arc::new(Bell::new()?);
        let devices = spec.devices.iter().map(|device| (device.id.clone(), device.model.clone())).collect();
        let thread = start(Inbox { orders: inbox, wishes: wished, bell: Arc::clone(&bell) })?;
        Ok(Self { id: spec.id.clone(), devices, orders, tape, wishes, bell, thread: Some(thread) })
    }

    /// The line's name.
    #[must_use]
    pub const fn id(&self) -> &LineId {
        &self.id
    }

    /// The line's last frames.
    #[must_use]
    pub const fn tape(&self) -> &Tape {
        &self.tape
    }

    /// Hands an order to the line and wakes it. An accepted pulse or watch ends with exactly one
    /// [`Signal::Ended`](crate::signal::Signal::Ended).
    ///
    /// # Errors
    /// [`Refused`]: nothing is done, and no signal follows.
    pub fn submit(&self, order: Order) -> Result<(), Refused> {
        self.check(&order.task)?;
        self.orders.try_send(order).map_err(|error| match error {
            TrySendError::Full(_) => Refused::InboxFull { limit: INBOX_ORDERS },
            TrySendError::Disconnected(_) => Refused::Stopped,
        })?;
        self.bell.ring();
        Ok(())
    }

    /// Stops the line: open orders end, the port is closed, the thread is joined.
    pub fn stop(mut self) {
        self.halt();
    }

    fn halt(&mut self) {
        self.bell.ring_stop();
        if let Some(thread) = self.thread.take() {
            // A panic of the sink has been reported by the panic hook; there is nothing left to undo here.
            drop(thread.join());
        }
    }

    fn check(&self, task: &Task) -> Result<(), Refused> {
        let asked = task.device();
        let Some((_, model)) = self.devices.iter().find(|(id, _)| id == asked) else {
            return Err(Refused::UnknownDevice(asked.clone()));
        };
        let provides = model.provides();
        let (kind, channel, most): (_, Channel, u8) = match task {
            Task::Pulse { output, .. } => ("output", *output, provides.outputs),
            Task::Watch { input, .. } => ("input", *input, provides.inputs),
            Task::Withdraw { .. } => return Ok(()),
        };
        if channel.number() > most {
            let (device, model) = (asked.clone(), model.name().into());
            return Err(Refused::NoSuchChannel { device, model, kind, channel, most });
        }
        Ok(())
    }
}

impl Drop for LineHandle {
    fn drop(&mut self) {
        self.halt();
    }
}

impl fmt::Debug for LineHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LineHandle({})", self.id)
    }
}
