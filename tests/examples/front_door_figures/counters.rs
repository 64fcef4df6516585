//! What the broker says of itself while it is attacked: its counters, and the memory it takes.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use vestibule_demo::summary::pss_kb;

/// A broker that does not tell its counters within this is ended or stuck.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two looks at its memory.
const LOOK: Duration = Duration::from_millis(50);

/// Counters by name.
pub type Counters = BTreeMap<String, u64>;

/// The broker's counters; nothing when it does not answer.
pub fn read(port: u16) -> Option<Counters> {
    let mut socket = TcpStream::connect(("127.0.0.1", port)).ok()?;
    socket.set_read_timeout(Some(PATIENCE)).ok()?;
    socket.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").ok()?;
    let mut text = String::new();
    socket.read_to_string(&mut text).ok()?;
    let counter = |line: &str| {
        let (name, value) = line.split_once(' ')?;
        let name = name.strip_prefix("vestibule_broker_")?.strip_suffix("_total")?;
        Some((name.to_owned(), value.trim().parse().ok()?))
    };
    let counters: Counters = text.lines().filter_map(counter).collect();
    (!counters.is_empty()).then_some(counters)
}

/// Looks at a process's memory until it is asked for the peak.
pub struct Peak {
    stop: SyncSender<()>,
    thread: JoinHandle<u64>,
}

impl Peak {
    /// Begins to look.
    pub fn watch(process: u32) -> Self {
        let (stop, stopped) = sync_channel(0);
        let thread = thread::spawn(move || {
            let mut peak = 0;
            loop {
                peak = peak.max(pss_kb(process).unwrap_or(0));
                if !matches!(stopped.recv_timeout(LOOK), Err(RecvTimeoutError::Timeout)) {
                    return peak;
                }
            }
        });
        Self { stop, thread }
    }

    /// The most it took, in kB.
    pub fn kilobytes(self) -> u64 {
        drop(self.stop);
        self.thread.join().unwrap_or(0)
    }
}
