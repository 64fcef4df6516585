//! What checks look at: the machine below a root folder, the configuration, and what the running daemon says of itself.

mod gather;

use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use serde::Serialize;
use vestibule_core::id::LineId;
use vestibule_core::time::Timestamp;

use super::finding::Finding;
use crate::config::{Configuration, Port, read_bounded};
use crate::console::snapshot::Snapshot;

pub use gather::GATHER_TIME_MAX;

/// Largest file that is read, in bytes: everything in /proc and /sys is smaller.
const FILE_MAX: u64 = 2 * 1024 * 1024;

/// Everything that checks may look at. A check looks at nothing else.
pub struct Facts {
    /// The machine's root folder.
    pub root: PathBuf,
    /// The wall clock, right or wrong.
    pub now: Timestamp,
    /// Who asks: root sees more.
    pub is_root: bool,
    /// The configuration that a daemon started now would take.
    pub configuration: Option<Configuration>,
    /// What is wrong with the files, one sentence each: errors first.
    pub problems: Vec<String>,
    /// How many of them refuse the configuration.
    pub errors: usize,
    /// What the daemon says, or why it does not.
    pub daemon: Result<Snapshot, String>,
    /// The newest journal rows, oldest first, or why there are none.
    pub journal: Result<Vec<JournalFact>, String>,
    /// What systemd says of our units, or why it does not.
    pub units: Result<Vec<Unit>, String>,
}

/// A journal row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JournalFact {
    /// Its sequence.
    pub sequence: u64,
    /// Its type, e.g. `gateway.started`.
    pub event_type: String,
    /// Its time, as written.
    pub time: String,
    /// All of it, for who knows what may be shown.
    #[serde(skip)]
    pub document: serde_json::Value,
}

/// One of our units, as systemd has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Unit {
    /// Its name with `.service`.
    pub name: String,
    /// `loaded`, `not-found`, `masked`.
    pub load: String,
    /// `active`, `inactive`, `failed`, `activating`.
    pub active: String,
    /// `running`, `dead`, `auto-restart`.
    pub sub: String,
    /// Why it ended last: `success`, `watchdog`, `exit-code`, `oom-kill`.
    pub result: String,
    /// Restarts by systemd since it was started by hand or at boot.
    pub restarts: u64,
    /// Whether a watchdog is set.
    pub watchdog: bool,
}

impl Facts {
    /// A path of the machine, below the root.
    #[must_use]
    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// A text file; none where there is no such file.
    ///
    /// # Errors
    /// A skip that says why it cannot be read.
    pub fn text(&self, path: impl AsRef<Path>) -> Result<Option<String>, Finding> {
        seen(path.as_ref(), read_bounded(&self.path(path.as_ref()), FILE_MAX))
    }

    /// A text file without blanks around it; none where there is no such file, or where it cannot be read.
    #[must_use]
    pub fn word(&self, path: impl AsRef<Path>) -> Option<String> {
        self.text(path).ok().flatten().map(|text| text.trim().to_owned())
    }

    /// A file that holds a number, likewise.
    #[must_use]
    pub fn number(&self, path: impl AsRef<Path>) -> Option<i64> {
        self.word(path)?.parse().ok()
    }

    /// Names in a folder, sorted; none where there is no such folder.
    ///
    /// # Errors
    /// A skip that says why it cannot be listed.
    pub fn names(&self, path: impl AsRef<Path>) -> Result<Vec<String>, Finding> {
        let list = || -> io::Result<Vec<String>> {
            let mut names = Vec::new();
            for entry in fs::read_dir(self.path(path.as_ref()))? {
                names.extend(entry?.file_name().into_string());
            }
            names.sort();
            Ok(names)
        };
        Ok(seen(path.as_ref(), list())?.unwrap_or_default())
    }

    /// What the system says of a file; none where there is no such file.
    ///
    /// # Errors
    /// A skip that says why it cannot be inspected.
    pub fn metadata(&self, path: impl AsRef<Path>) -> Result<Option<Metadata>, Finding> {
        seen(path.as_ref(), fs::metadata(self.path(path.as_ref())))
    }

    /// Whether there is such a file or folder, as far as we may see.
    #[must_use]
    pub fn exists(&self, path: impl AsRef<Path>) -> bool {
        self.path(path).exists()
    }

    /// The configuration.
    ///
    /// # Errors
    /// A skip where none can be used.
    pub fn configuration(&self) -> Result<&Configuration, Finding> {
        self.configuration.as_ref().ok_or_else(|| Finding::skipped("there is no usable configuration"))
    }

    /// What the daemon says of itself.
    ///
    /// # Errors
    /// A skip where it does not answer.
    pub fn snapshot(&self) -> Result<&Snapshot, Finding> {
        self.daemon.as_ref().map_err(|_| Finding::skipped("the daemon does not answer"))
    }

    /// Each line on a serial port with that port's path; none without a configuration.
    pub fn ports(&self) -> impl Iterator<Item = (&LineId, &Path)> {
        let all = self.configuration.iter();
        let boards = all.clone().flat_map(|one| one.lines.values().map(|line| (&line.id, &line.port)));
        let scanners =
            all.flat_map(|one| one.scanners.values().map(|scanner| (&scanner.line, &scanner.port)));
        boards.chain(scanners).filter_map(|(line, port)| match port {
            Port::Path(path) => Some((line, path.as_path())),
            Port::Tcp(_) | Port::ModbusTcp(_) => None,
        })
    }

    /// The device that a port's path leads to; none while it is unplugged.
    #[must_use]
    pub fn device(&self, port: &Path) -> Option<PathBuf> {
        fs::canonicalize(self.path(port)).ok()
    }

    /// The kernel's name of that device, e.g. `ttyUSB0`.
    #[must_use]
    pub fn tty(&self, port: &Path) -> Option<String> {
        Some(self.device(port)?.file_name()?.to_str()?.to_owned())
    }

    /// Process ids whose command is ours, with the subcommand that runs: `run` or `broker`.
    #[must_use]
    pub fn processes(&self) -> Vec<(u32, String)> {
        let names = self.names("/proc").unwrap_or_default();
        let ids = names.iter().filter_map(|name| name.parse().ok());
        ids.filter_map(|id: u32| Some((id, self.role_of(id)?))).collect()
    }

    fn role_of(&self, id: u32) -> Option<String> {
        let line = fs::read(self.path(format!("/proc/{id}/cmdline"))).ok()?;
        let words: Vec<_> = line.split(|byte| *byte == 0).map(String::from_utf8_lossy).collect();
        let ours = words.first().is_some_and(|first| first.rsplit('/').next() == Some("vestibule"));
        let role = words.iter().skip(1).find(|word| *word == "run" || *word == "broker");
        role.filter(|_| ours).map(|role| role.clone().into_owned())
    }
}

/// What is absent is an answer; what is refused is not.
fn seen<T>(path: &Path, looked: io::Result<T>) -> Result<Option<T>, Finding> {
    let path = path.display();
    match looked {
        Ok(found) => Ok(Some(found)),
        Err(error) => match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => Ok(None),
            ErrorKind::PermissionDenied => {
                Err(Finding::skipped(format!("{path} cannot be read; run as root")))
            }
            _ => Err(Finding::skipped(format!("{path} cannot be read: {error}"))),
        },
    }
}
