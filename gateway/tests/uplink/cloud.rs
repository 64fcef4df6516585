//! A Mosquitto with mutual TLS on a free port, and the certificates for it.

use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use vestibule::config::Tls;
use vestibule::enroll::{BuildingCa, Existing, Purpose};

/// Longest any step of these tests may take; they wait on events and end much sooner.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// What Mosquitto remembers over a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    Kept,
    Lost,
}

/// A folder with certificates and the broker's files.
pub struct Cloud {
    folder: tempfile::TempDir,
    pub port: u16,
    extra: &'static str,
    process: Option<Child>,
}

impl Cloud {
    /// Starts a broker; `extra` are lines for its configuration.
    pub fn start(extra: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ca = BuildingCa::create("maple-court", folder.path()).unwrap();
        let server =
            Purpose::Server { dns: vec!["localhost".into()], addresses: vec![Ipv4Addr::LOCALHOST.into()] };
        for (role, name, purpose) in [
            ("broker", "cloud", server),
            ("gateway", "gateway", Purpose::Client),
            ("cloud", "service", Purpose::Client),
        ] {
            ca.issue_into(folder.path(), role, name, &purpose, Existing::Refuse).unwrap();
        }
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let mut cloud = Self { folder, port, extra, process: None };
        cloud.run();
        cloud
    }

    /// The files of one of the identities.
    pub fn files(&self, identity: &str) -> Tls {
        let at = |file: String| self.folder.path().join(file);
        Tls {
            ca: at("ca.pem".into()),
            certificate: at(format!("{identity}.pem")),
            key: at(format!("{identity}.key")),
        }
    }

    /// Ends the broker in order and starts it again.
    pub fn restart(&mut self, memory: Memory) {
        self.end();
        if memory == Memory::Lost {
            std::fs::remove_file(self.folder.path().join("mosquitto.db")).unwrap();
        }
        self.run();
    }

    fn run(&mut self) {
        let configuration = self.write_configuration();
        let mut process = Command::new("/usr/sbin/mosquitto")
            .arg("-c")
            .arg(configuration)
            .stderr(Stdio::piped())
            .spawn()
            .expect("mosquitto is installed (tests/run installs it)");
        let lines = lines_of(process.stderr.take().unwrap());
        self.process = Some(process);
        loop {
            let line = lines.recv_timeout(PATIENCE).expect("mosquitto says that it runs");
            if line.contains("running") {
                return;
            }
        }
    }

    fn write_configuration(&self) -> PathBuf {
        let folder = self.folder.path();
        let at = |file: &str| folder.join(file).display().to_string();
        let text = format!(
            "listener {} 127.0.0.1\ncafile {}\ncertfile {}\nkeyfile {}\nrequire_certificate true\n\
             use_identity_as_username true\nallow_anonymous false\ntls_version tlsv1.3\n\
             persistence true\npersistence_location {}/\nuser root\n\
             max_queued_messages 0\nlog_dest stderr\nlog_type all\n{}\n",
            self.port,
            at("ca.pem"),
            at("broker-cloud.pem"),
            at("broker-cloud.key"),
            folder.display(),
            self.extra,
        );
        let file = folder.join("mosquitto.conf");
        std::fs::write(&file, text).unwrap();
        file
    }

    fn end(&mut self) {
        if let Some(mut process) = self.process.take() {
            kill_process(Pid::from_child(&process), Signal::TERM).unwrap();
            process.wait().unwrap();
        }
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().ok();
            process.wait().ok();
        }
    }
}

/// Reads lines to the end, so that the process never waits for us.
fn lines_of(stream: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (told, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            told.send(line).ok();
        }
    });
    lines
}
