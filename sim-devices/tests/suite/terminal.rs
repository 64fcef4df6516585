//! A raw serial master on a path, as small as mbpoll: termios, write, ppoll, read.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

/// Longer than anything here takes on a loaded machine.
pub const PATIENCE: Duration = Duration::from_secs(10);

pub struct Serial(File);

/// Bytes and the moments at which reads returned them.
pub type Timed = Vec<(Instant, u8)>;

impl Serial {
    pub fn open(path: &Path, baud: u32) -> Self {
        let flags = OFlags::NOCTTY | OFlags::NONBLOCK;
        let flags = i32::try_from(flags.bits()).expect("open flags");
        let file = OpenOptions::new().read(true).write(true).custom_flags(flags).open(path);
        let file = file.expect("the port can be opened");
        let mut termios = tcgetattr(&file).expect("a terminal");
        termios.make_raw();
        termios.set_speed(baud).expect("a rate");
        tcsetattr(&file, OptionalActions::Now, &termios).expect("raw");
        Self(file)
    }

    pub fn write(&mut self, bytes: &[u8]) {
        assert_eq!(self.0.write(bytes).expect("the port takes a frame"), bytes.len());
    }

    /// Reads until `count` characters are there or `patience` is over.
    pub fn read(&mut self, count: usize, patience: Duration) -> Timed {
        let deadline = Instant::now() + patience;
        let mut heard = Timed::new();
        let mut buffer = [0_u8; 64];
        while heard.len() < count {
            let left = deadline.saturating_duration_since(Instant::now());
            if !self.wait(left) {
                break;
            }
            match self.0.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => heard.extend(buffer[..read].iter().map(|byte| (Instant::now(), *byte))),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => break,
            }
        }
        heard
    }

    pub fn ask(&mut self, request: &[u8], count: usize) -> Vec<u8> {
        self.write(request);
        self.read(count, PATIENCE).into_iter().map(|(_, byte)| byte).collect()
    }

    /// Whether the other side hung up within `patience`.
    pub fn hung_up(&mut self, patience: Duration) -> bool {
        let timeout = timespec(patience);
        let mut fds = [PollFd::new(&self.0, PollFlags::IN)];
        poll(&mut fds, Some(&timeout)).expect("poll");
        fds[0].revents().contains(PollFlags::HUP)
    }

    fn wait(&self, patience: Duration) -> bool {
        let timeout = timespec(patience);
        let mut fds = [PollFd::new(&self.0, PollFlags::IN)];
        poll(&mut fds, Some(&timeout)).expect("poll") > 0
    }
}

fn timespec(span: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(span.as_secs()).expect("a short wait"),
        tv_nsec: i64::from(span.subsec_nanos()),
    }
}
