//! One whole building in a temporary folder: real programs, a simulated line, Mosquitto as the cloud.

use std::time::Duration;

use sim_devices::{Baud, DoorNumber, DoorState, ServedBy, SimTime};
use tempfile::TempDir;
use vestibule_contract::notice::NotifierSecret;
use vestibule_demo::cloud::{Office, topic};
use vestibule_demo::ear::{Ear, Seat};
use vestibule_demo::house::{House, HouseSpec, free_port};

use crate::mosquitto::Mosquitto;
use crate::program;

/// A door opens within a second and a deposit settles within 17 s; the rest is for a loaded machine.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// Carrier and code.
pub const CARRIER: (&str, &str) = ("parcel-express", "314159");

/// What the notifier's key pair is made from; it guards a simulated building's notices.
const NOTIFIER: [u8; 32] = [7; 32];

/// What is to be built.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Seed of the line.
    pub seed: u64,
    /// Speed of the line.
    pub baud: Baud,
    /// Banks of eight doors.
    pub banks: u8,
    /// Text of `[policy]`.
    pub policy: String,
}

impl Plan {
    /// One bank on a line at 19,200 baud, with the product's own policy.
    #[must_use]
    pub fn small(seed: u64) -> Self {
        Self { seed, baud: Baud::B19200, banks: 1, policy: String::new() }
    }
}

/// The building and its cloud. Dropping it ends everything.
pub struct Building {
    /// The building; nothing of it runs yet.
    pub house: House,
    /// The cloud's broker.
    pub cloud: Mosquitto,
    /// Port of the cloud's broker.
    pub cloud_port: u16,
    /// Where all its files are.
    pub folder: TempDir,
}

impl Building {
    /// Builds it and starts its cloud.
    ///
    /// # Panics
    /// When something of it cannot be made.
    #[must_use]
    pub fn open(plan: Plan) -> Self {
        let folder =
            tempfile::Builder::new().prefix("vestibule-test-").tempdir().expect("a temporary folder");
        let (_, key) = NotifierSecret::generate(&NOTIFIER);
        let cloud_port = free_port().expect("a free port");
        let spec = HouseSpec {
            program: program::vestibule(),
            folder: folder.path().to_owned(),
            baud: plan.baud,
            served_by: ServedBy::Simulators,
            seed: plan.seed,
            cloud_port: Some(cloud_port),
            policy: plan.policy,
        };
        let house = House::build_with_banks(spec, key.to_bytes(), plan.banks).expect("a building");
        enroll(&house, "cloud", "auditor");
        let cloud = start_cloud(&house, cloud_port);
        Self { house, cloud, cloud_port, folder }
    }

    /// A certificate by the building's authority for somebody more.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn enroll(&self, role: &str, name: &str) {
        enroll(&self.house, role, name);
    }

    /// Somebody who listens at the cloud with a certificate of their own, at QoS 1.
    ///
    /// # Panics
    /// When the certificate cannot be read.
    #[must_use]
    pub fn ear(&self, role: &str, name: &str, filters: &[&str]) -> Ear {
        let certificates = self.house.certificates();
        let seat = Seat { port: self.cloud_port, certificates, role: role.into(), name: name.into() };
        let filters: Vec<String> = filters.iter().map(|filter| topic(filter)).collect();
        let filters: Vec<&str> = filters.iter().map(String::as_str).collect();
        Ear::open(&seat, &filters).expect("an ear")
    }

    /// What opens this building's notices.
    #[must_use]
    pub fn notifier_secret(&self) -> NotifierSecret {
        NotifierSecret::generate(&NOTIFIER).0
    }

    /// The office at the cloud.
    ///
    /// # Panics
    /// When its certificate cannot be read.
    #[must_use]
    pub fn office(&self) -> Office {
        Office::open(&self.house, self.cloud_port).expect("the office")
    }
}

fn enroll(house: &House, role: &str, name: &str) {
    let authority = house.spec.folder.join("authority").to_string_lossy().into_owned();
    let out = house.certificates().to_string_lossy().into_owned();
    let member = ["--role", role, "--name", name, "--out", &out];
    house.command(&[&["enroll", "--building-ca", &authority], &member[..]].concat()).expect("a certificate");
}

/// Mosquitto for everybody who has business at the cloud.
///
/// # Panics
/// When it does not start.
#[must_use]
pub fn start_cloud(house: &House, port: u16) -> Mosquitto {
    let clients =
        [("gateway", "gateway"), ("cloud", "office"), ("cloud", "auditor"), ("notifier", "notifier")];
    Mosquitto::start(house, port, &clients)
}

/// Waits until every door is shut and latched and no lock has current.
///
/// # Panics
/// When that takes longer than [`PATIENCE`].
pub fn wait_until_shut(house: &House) {
    let shut = |sim: &sim_devices::Simulation| {
        sim.plant().doors().iter().all(|door| door.state == DoorState::Latched).then_some(())
    };
    house.line.wait_until(PATIENCE, shut).expect("every door shut");
}

/// The compartment's id behind a door, as the configuration gives it.
#[must_use]
pub fn compartment(door: DoorNumber) -> String {
    let index = door.get() - 1;
    format!("{}-{}", vestibule_demo::wires::letter(index / 8), index % 8 + 1)
}

/// Microseconds since 1970 of a moment on the line's clock.
#[must_use]
pub fn wall_micros(house: &House, at: SimTime) -> i64 {
    let now = jiff::Timestamp::now().as_microsecond();
    let since = house.line.now() - at;
    now - i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}
