//! Debian's Mosquitto as the cloud's broker: mutual TLS, the configuration we keep, its sessions on disk.

use std::fs;
use std::path::{Path, PathBuf};

use vestibule::broker::RoleTable;
use vestibule::broker::mosquitto::{Files, Place, acl, configuration};
use vestibule::enroll::Identity;
use vestibule_demo::house::{BUILDING, House, START_PATIENCE};
use vestibule_demo::process::Process;

/// A running Mosquitto. Dropping it kills it, by its id.
pub struct Mosquitto {
    process: Process,
}

impl Mosquitto {
    /// Starts it for these clients (role, name) on a port of loopback and waits until it listens. The certificates are
    /// those of the house; the broker's own is `broker-cloud`.
    ///
    /// # Panics
    /// When Mosquitto is not installed or does not start.
    #[must_use]
    pub fn start(house: &House, port: u16, clients: &[(&str, &str)]) -> Self {
        let folder = house.spec.folder.join("mosquitto");
        let data = folder.join("data");
        fs::create_dir_all(&data).expect("Mosquitto's folder");
        let who = clients.iter().map(|(role, name)| Identity::new(BUILDING, role, name));
        let who: Vec<Identity> = who.collect::<Result<_, _>>().expect("names of clients");
        let roles = RoleTable::cloud().expect("the cloud's roles");
        let rights = folder.join("acl");
        fs::write(&rights, acl(&roles, &who)).expect("Mosquitto's ACL");
        let certificates = house.certificates();
        let file = |name: &str| certificates.join(name);
        let text = configuration(
            Place::Cloud,
            Files {
                listen: ([127, 0, 0, 1], port).into(),
                ca: &file("ca.pem"),
                certificate: &file("broker-cloud.pem"),
                key: &file("broker-cloud.key"),
                acl: &rights,
                data: &data,
            },
        );
        // Started by root it would change to a user who cannot read the test's files.
        let text = text + "user root\nlog_dest stderr\n";
        let path = folder.join("mosquitto.conf");
        fs::write(&path, text).expect("Mosquitto's configuration");
        let mut process = Process::start("mosquitto", &program(), &["-v", "-c", &path.to_string_lossy()])
            .expect("mosquitto");
        process
            .wait_for("that it runs", START_PATIENCE, |line| line.ends_with(" running"))
            .expect("mosquitto");
        Self { process }
    }

    /// Makes it stand still (SIGSTOP). Whether it was told.
    #[must_use]
    pub fn stall(&self) -> bool {
        self.process.stall()
    }

    /// Lets it go on (SIGCONT). Whether it was told.
    #[must_use]
    pub fn resume(&self) -> bool {
        self.process.resume()
    }

    /// The last lines it said.
    #[must_use]
    pub fn log(&self) -> String {
        self.process.log()
    }
}

fn program() -> PathBuf {
    // Debian puts it where a plain user's PATH does not look.
    let debian = Path::new("/usr/sbin/mosquitto");
    if debian.exists() { debian.to_owned() } else { PathBuf::from("mosquitto") }
}
