//! The port thread over a real pty, with a scripted relay board at its other end.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use super::{LineHandle, monotonic_now, spawn};
use crate::channel::Channel;
use crate::device::Model;
use crate::id::{DeviceId, LineId, OrderId};
use crate::line::tests::bench::Board;
use crate::order::{Order, PulseLength, Refused, Task};
use crate::signal::{DeviceState, NotSent, Outcome, PortState, Signal};
use crate::spec::{Address, DeviceSpec, LineSpec};

/// Longer than anything here takes, on a machine that does other things too.
const PATIENCE: Duration = Duration::from_secs(20);

/// The wire's other end: a board behind a pty, under a name that outlives it.
struct Plugged {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Board>>,
    link: PathBuf,
}

impl Plugged {
    fn new(link: &Path, dead: bool) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        symlink(name, link).unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let mut board = Board::default();
        board.dead = dead;
        let thread = Some(thread::spawn(move || serve(&master, board, &stopped)));
        Self { stop, thread, link: link.to_owned() }
    }

    fn unplug(&mut self) -> Option<Board> {
        self.stop.store(true, Ordering::Release);
        std::fs::remove_file(&self.link).unwrap_or(());
        self.thread.take().map(|thread| thread.join().unwrap())
    }
}

impl Drop for Plugged {
    fn drop(&mut self) {
        self.unplug();
    }
}

fn serve(master: &OwnedFd, mut board: Board, stop: &AtomicBool) -> Board {
    let mut run = Vec::new();
    while !stop.load(Ordering::Acquire) {
        let tick = Timespec { tv_sec: 0, tv_nsec: 5_000_000 };
        let mut fds = [PollFd::new(master, PollFlags::IN)];
        poll(&mut fds, Some(&tick)).unwrap();
        if !fds[0].revents().contains(PollFlags::IN) {
            continue;
        }
        let mut buffer = [0; 64];
        let count = rustix::io::read(master, &mut buffer).unwrap_or(0);
        run.extend_from_slice(&buffer[..count]);
        while run.len() >= 8 {
            let request: Vec<u8> = run.drain(..8).collect();
            if !board.dead {
                let answer = board.answer(&request.try_into().unwrap(), monotonic_now());
                // The line knows when its last byte has left; an answer before that is nobody's.
                let mut none: [PollFd<'_>; 0] = [];
                let frame_time = Timespec { tv_sec: 0, tv_nsec: 3_000_000 };
                poll(&mut none, Some(&frame_time)).unwrap();
                rustix::io::write(master, &answer).unwrap();
            }
        }
    }
    board
}

struct Set {
    handle: LineHandle,
    signals: Receiver<Signal>,
}

fn spec(port: &Path) -> LineSpec {
    let mut spec = LineSpec::new(LineId::new("line").unwrap(), port.to_owned());
    spec.baud = crate::spec::Baud::new(115_200).unwrap();
    let (id, model) = (DeviceId::new("locks").unwrap(), Model::by_name("waveshare-relay-8").unwrap());
    spec.devices.push(DeviceSpec::new(id, Address::new(1).unwrap(), model));
    spec
}

fn start(port: &Path) -> Set {
    let (sink, signals) = sync_channel(10_000);
    let handle = spawn(&spec(port), move |signal| sink.send(signal).unwrap_or(()), monotonic_now).unwrap();
    Set { handle, signals }
}

impl Set {
    fn wait_for<T>(&self, pick: impl Fn(&Signal) -> Option<T>) -> T {
        let end = std::time::Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(std::time::Instant::now());
            let signal = self.signals.recv_timeout(left).expect("the signal comes in time");
            if let Some(found) = pick(&signal) {
                return found;
            }
        }
    }

    fn wait_online(&self) {
        self.wait_for(|s| matches!(s, Signal::Device { state: DeviceState::Online, .. }).then_some(()));
    }

    fn wait_port(&self, wanted: &PortState) {
        self.wait_for(|s| matches!(s, Signal::Port { state, .. } if state == wanted).then_some(()));
    }

    fn pulse(&self, order: u64, output: u8) -> Result<(), Refused> {
        let task = Task::Pulse {
            device: DeviceId::new("locks").unwrap(),
            output: Channel::new(output).unwrap(),
            length: PulseLength::from_millis(100).unwrap(),
            deadline: monotonic_now() + PATIENCE,
        };
        self.handle.submit(Order { id: OrderId(order), task })
    }

    fn outcome(&self, wanted: u64) -> Outcome {
        self.wait_for(|signal| match signal {
            Signal::Ended { order, outcome, .. } if order.0 == wanted => Some(*outcome),
            _ => None,
        })
    }
}

/// A handle may be shared: engine, console and bus submit from their own threads.
const fn shared<T: Send + Sync>() {}
const _: () = shared::<LineHandle>();

#[test]
fn pulses_reach_the_board_once_each_over_a_pty() {
    let folder = tempfile::tempdir().unwrap();
    let port = folder.path().join("port");
    let mut board = Plugged::new(&port, false);
    let set = start(&port);
    set.wait_online();
    for output in 1..=8 {
        set.pulse(output.into(), output).unwrap();
    }
    for order in 1..=8 {
        assert!(matches!(set.outcome(order), Outcome::Acknowledged { .. }));
    }
    set.handle.stop();
    let pulses = board.unplug().unwrap().pulses;
    assert_eq!(pulses.iter().map(|(coil, _)| *coil).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn port_is_found_again_when_it_was_unplugged() {
    let folder = tempfile::tempdir().unwrap();
    let port = folder.path().join("port");
    let set = start(&port);
    let kind = std::io::ErrorKind::NotFound;
    set.wait_port(&PortState::OpenFailed { step: "open the port", kind });
    let mut first = Plugged::new(&port, false);
    set.wait_online();
    first.unplug();
    set.wait_port(&PortState::Unplugged);
    set.pulse(1, 1).unwrap();
    assert_eq!(set.outcome(1), Outcome::NotSent(NotSent::PortClosed));
    let second = Plugged::new(&port, false);
    set.wait_online();
    set.pulse(2, 1).unwrap();
    assert!(matches!(set.outcome(2), Outcome::Acknowledged { .. }));
    drop(set);
    drop(second);
}

#[test]
fn second_master_is_kept_from_the_port() {
    let folder = tempfile::tempdir().unwrap();
    let port = folder.path().join("port");
    let _board = Plugged::new(&port, false);
    let first = start(&port);
    first.wait_online();
    let second = start(&port);
    second.wait_for(|s| matches!(s, Signal::Port { state: PortState::OpenFailed { .. }, .. }).then_some(()));
    first.handle.stop();
    second.wait_online();
}

#[test]
fn every_order_ends_once_when_the_line_is_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let port = folder.path().join("port");
    let _board = Plugged::new(&port, true);
    let set = start(&port);
    set.wait_port(&PortState::Open);
    let taken: Vec<u64> = (1..=100).filter(|order| set.pulse(*order, 1).is_ok()).collect();
    assert!(!taken.is_empty());
    set.handle.stop();
    let mut ended: Vec<u64> = set
        .signals
        .try_iter()
        .filter_map(|signal| match signal {
            Signal::Ended { order, .. } => Some(order.0),
            _ => None,
        })
        .collect();
    ended.sort_unstable();
    assert_eq!(ended, taken);
}

#[test]
fn order_is_refused_when_the_line_has_no_such_target() {
    let folder = tempfile::tempdir().unwrap();
    let set = start(&folder.path().join("nowhere"));
    let refused = set.pulse(1, 9);
    assert!(matches!(refused, Err(Refused::NoSuchChannel { most: 8, kind: "output", .. })), "{refused:?}");
    let (device, input) = (DeviceId::new("doors").unwrap(), Channel::new(1).unwrap());
    let order = Order { id: OrderId(2), task: Task::Watch { device: device.clone(), input } };
    assert_eq!(set.handle.submit(order), Err(Refused::UnknownDevice(device)));
}
