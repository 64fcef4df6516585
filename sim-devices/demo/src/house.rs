//! One simulated building around the real programs: certificates, configuration files, a serial line, the processes.

use std::fs;
use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use sim_devices::{Baud, PtyLine, PtySpec, ServedBy, StartError};

use crate::process::{Process, ProcessError};
use crate::settings;
use crate::wires;

/// The building's id in certificates and topics.
pub const BUILDING: &str = "maple-court";
/// The one terminal.
pub const TERMINAL: &str = "lobby";
/// Compartments of a bank: two columns of four.
pub const COMPARTMENTS: usize = 8;
/// A start with set-up writes at 9600 baud takes well under a second; a loaded machine may be slow, an emulated one slower.
pub const START_PATIENCE: Duration = Duration::from_secs(120);

/// Something the building needs could not be made.
#[derive(Debug, thiserror::Error)]
pub enum HouseError {
    /// A file or folder.
    #[error("{operation} {path}: {source}")]
    File {
        /// What was tried.
        operation: &'static str,
        /// On what.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// A process.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// The serial line.
    #[error(transparent)]
    Line(#[from] StartError),
    /// Something that should have happened did not.
    #[error("{0}")]
    Story(String),
    /// A short command of the product ended badly.
    #[error("vestibule {arguments} ended with {status}:\n{output}")]
    Refused {
        /// What was asked.
        arguments: String,
        /// How it ended.
        status: String,
        /// What it said.
        output: String,
    },
}

/// What to build.
#[derive(Clone, Debug)]
pub struct HouseSpec {
    /// The `vestibule` binary.
    pub program: PathBuf,
    /// An empty folder of its own.
    pub folder: PathBuf,
    /// Rate of the line.
    pub baud: Baud,
    /// Who answers for input board and probe.
    pub served_by: ServedBy,
    /// Seed of the simulated line.
    pub seed: u64,
    /// Port of the cloud's broker on loopback; without one the building has no cloud.
    pub cloud_port: Option<u16>,
    /// Policies that differ from the house's defaults, as lines of `[policy]`.
    pub policy: String,
}

/// The building. Dropping it ends everything it started.
pub struct House {
    /// What it was built from.
    pub spec: HouseSpec,
    /// Banks, each with a lock board and an input board of its own; at most [`wires::BANKS_MAX`].
    pub banks: u8,
    /// The serial line, its boards, doors and hands.
    pub line: PtyLine,
    /// Port of the building's own broker.
    pub broker_port: u16,
    /// Ports where daemon and broker serve their metrics.
    pub metrics_ports: [u16; 2],
    /// The notifier's public key: notices are sealed to it.
    pub notifier_key: [u8; 32],
    daemon: Option<Process>,
    broker: Option<Process>,
}

impl House {
    /// Makes certificates, configuration and the line; starts nothing of the product.
    ///
    /// # Errors
    /// [`HouseError`] names the step.
    pub fn build(spec: HouseSpec, notifier_key: [u8; 32]) -> Result<Self, HouseError> {
        Self::build_with_banks(spec, notifier_key, 1)
    }

    /// The same with more banks than one.
    ///
    /// # Errors
    /// [`HouseError`] names the step.
    pub fn build_with_banks(spec: HouseSpec, notifier_key: [u8; 32], banks: u8) -> Result<Self, HouseError> {
        let broker_port = free_port()?;
        let metrics_ports = [free_port()?, free_port()?];
        make_folder(&spec.folder)?;
        let line = wires::line(spec.baud, banks).map_err(StartError::from)?;
        let path = spec.folder.join("rs485-1");
        let line = PtyLine::start(&PtySpec { line, path, served_by: spec.served_by }, spec.seed)?;
        let (daemon, broker) = (None, None);
        let house = Self { spec, banks, line, broker_port, metrics_ports, notifier_key, daemon, broker };
        house.enroll()?;
        let text = settings::building(&house);
        write(&house.configuration(), &text)?;
        write(&house.spec.folder.join("synchronised"), "")?;
        Ok(house)
    }

    /// The configuration file.
    #[must_use]
    pub fn configuration(&self) -> PathBuf {
        self.spec.folder.join("vestibule.toml")
    }

    /// The folder of the certificates.
    #[must_use]
    pub fn certificates(&self) -> PathBuf {
        self.spec.folder.join("certificates")
    }

    /// The folder of the database.
    #[must_use]
    pub fn state(&self) -> PathBuf {
        self.spec.folder.join("state")
    }

    /// The console's socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.spec.folder.join("console.sock")
    }

    /// Certificate authority and everybody's certificates, by the product's own command.
    fn enroll(&self) -> Result<(), HouseError> {
        let authority = text(&self.spec.folder.join("authority"));
        let out = text(&self.certificates());
        self.command(&["enroll", "--building-ca", &authority, "--building", BUILDING])?;
        let servers = ["--dns", "localhost", "--ip", "127.0.0.1"];
        for (role, name, extra) in [
            ("broker", "local", &servers[..]),
            ("broker", "cloud", &servers[..]),
            ("gateway", "gateway", &[]),
            ("staff", "kim", &[]),
            ("cloud", "office", &[]),
            ("notifier", "notifier", &[]),
        ] {
            let mut arguments =
                vec!["enroll", "--building-ca", &authority, "--role", role, "--name", name, "--out", &out];
            arguments.extend(extra);
            self.command(&arguments)?;
        }
        Ok(())
    }

    /// Runs a short command of the product to its end and returns what it printed.
    ///
    /// # Errors
    /// [`HouseError::Refused`] unless it ends with 0.
    pub fn command(&self, arguments: &[&str]) -> Result<String, HouseError> {
        let program = &self.spec.program;
        let failed = |source| HouseError::File { operation: "run", path: program.clone(), source };
        let out = Command::new(program).args(arguments).output().map_err(failed)?;
        if out.status.success() {
            return Ok(String::from_utf8_lossy(&out.stdout).into_owned());
        }
        let said = [out.stdout, out.stderr].concat();
        Err(HouseError::Refused {
            arguments: arguments.join(" "),
            status: out.status.to_string(),
            output: String::from_utf8_lossy(&said).into_owned(),
        })
    }

    /// A command that talks to the daemon.
    ///
    /// # Errors
    /// As [`Self::command`].
    pub fn ask(&self, arguments: &[&str]) -> Result<String, HouseError> {
        let socket = text(&self.socket());
        let mut all = arguments.to_vec();
        all.extend(["--socket", &socket]);
        self.command(&all)
    }

    /// Starts the building's own broker and waits until it listens.
    ///
    /// # Errors
    /// [`HouseError::Process`] with its last words.
    pub fn start_broker(&mut self) -> Result<(), HouseError> {
        let configuration = text(&self.configuration());
        let mut broker =
            Process::start("broker", &self.spec.program, &["broker", "--config", &configuration])?;
        broker.wait_for("that it listens", START_PATIENCE, |line| line.contains("READY"))?;
        self.broker = Some(broker);
        Ok(())
    }

    /// Starts the broker that stands in for the cloud and waits until it listens.
    ///
    /// # Errors
    /// [`HouseError::Process`] with its last words.
    pub fn start_cloud(&self, port: u16) -> Result<Process, HouseError> {
        let configuration = self.spec.folder.join("cloud.toml");
        let roles = self.spec.folder.join("cloud-roles.toml");
        write(&roles, include_str!("../../../broker-config/cloud-roles.toml"))?;
        write(&configuration, &settings::cloud(port, &text(&roles)))?;
        let configuration = text(&configuration);
        let mut cloud = Process::start("cloud", &self.spec.program, &["broker", "--config", &configuration])?;
        cloud.wait_for("that it listens", START_PATIENCE, |line| line.contains("READY"))?;
        Ok(cloud)
    }

    /// Starts the daemon and waits until it serves.
    ///
    /// # Errors
    /// [`HouseError::Process`] with its last words.
    pub fn start_daemon(&mut self) -> Result<(), HouseError> {
        self.start_daemon_under(&[])
    }

    /// The same by a launcher, which is given the daemon's command line and becomes the daemon: `env`, `unshare`, a
    /// shell that ends in `exec`.
    ///
    /// # Errors
    /// [`HouseError::Process`] with its last words.
    pub fn start_daemon_under(&mut self, launcher: &[&str]) -> Result<(), HouseError> {
        let (configuration, program) = (text(&self.configuration()), text(&self.spec.program));
        let mut line = launcher.to_vec();
        line.extend([program.as_str(), "run", "--config", &configuration]);
        let mut daemon = Process::start("daemon", Path::new(line[0]), &line[1..])?;
        daemon.wait_for("that it serves", START_PATIENCE, |line| line.contains("building is served"))?;
        self.daemon = Some(daemon);
        Ok(())
    }

    /// Waits until every board has answered: a compartment whose lock was not heard yet is given to nobody.
    ///
    /// # Errors
    /// [`HouseError::Story`] names the boards that stay silent.
    pub fn wait_boards(&self) -> Result<(), HouseError> {
        let until = Instant::now() + START_PATIENCE;
        loop {
            let status = self.ask(&["status", "--json"])?;
            let status: Value = serde_json::from_str(&status)
                .map_err(|error| HouseError::Story(format!("read the status: {error}")))?;
            let boards = status["devices"].as_array().into_iter().flatten();
            let silent = boards.filter(|board| board["presence"]["value"] != "online");
            let silent: Vec<&str> = silent.filter_map(|board| board["id"].as_str()).collect();
            if silent.is_empty() {
                return Ok(());
            }
            if Instant::now() >= until {
                return Err(HouseError::Story(format!("boards that do not answer: {}", silent.join(", "))));
            }
        }
    }

    /// The daemon, if it runs.
    pub fn daemon(&mut self) -> Option<&mut Process> {
        self.daemon.as_mut()
    }

    /// The broker, if it runs.
    pub fn broker(&mut self) -> Option<&mut Process> {
        self.broker.as_mut()
    }

    /// Ends the daemon as a power cut would.
    pub fn kill_daemon(&mut self) {
        self.daemon = None;
    }

    /// Ends the broker as a power cut would.
    pub fn kill_broker(&mut self) {
        self.broker = None;
    }
}

/// A port that was free a moment ago.
///
/// # Errors
/// When loopback has none.
pub fn free_port() -> Result<u16, HouseError> {
    let failed = |source| HouseError::File { operation: "bind", path: PathBuf::from("127.0.0.1:0"), source };
    let listener = TcpListener::bind("127.0.0.1:0").map_err(failed)?;
    Ok(listener.local_addr().map_err(failed)?.port())
}

/// A path as text for an argument or a configuration; our folders are made by us and are ASCII.
pub(crate) fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Writes a file.
pub(crate) fn write(path: &Path, content: &str) -> Result<(), HouseError> {
    fs::write(path, content).map_err(|source| HouseError::File {
        operation: "write",
        path: path.to_owned(),
        source,
    })
}

fn make_folder(path: &Path) -> Result<(), HouseError> {
    fs::create_dir_all(path).map_err(|source| HouseError::File {
        operation: "make folder",
        path: path.to_owned(),
        source,
    })
}
