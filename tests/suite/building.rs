//! The whole building for tests: the real daemon and broker as processes, a simulated line, a stand-in for the cloud.

use std::path::PathBuf;
use std::time::Duration;

use sim_devices::{Baud, DoorNumber, Person, ServedBy};
use tempfile::TempDir;
use vestibule_contract::notice::NotifierSecret;
use vestibule_demo::cloud::{Notifier, Office};
use vestibule_demo::house::{House, HouseSpec, TERMINAL, free_port};
use vestibule_demo::process::Process;
use vestibule_demo::terminal::{Shown, Terminal};

/// A door opens within a second and a deposit settles within 17 s; the rest is for a loaded machine.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// Carrier and code.
pub const CARRIER: (&str, &str) = ("parcel-express", "314159");
/// Units of the building.
pub const UNITS: [&str; 2] = ["4b", "101"];

/// A building that is served, with its people known and its cloud attached.
pub struct TestBuilding {
    pub house: House,
    pub cloud: Option<Process>,
    pub office: Office,
    pub notifier: Notifier,
    pub folder: TempDir,
}

/// The daemon's binary in the profile of this test; `cargo test --workspace` builds it.
pub fn program() -> PathBuf {
    // target/{profile}/deps/suite-... stands two folders below the binary.
    let program = std::env::current_exe().unwrap().ancestors().nth(2).unwrap().join("vestibule");
    assert!(program.exists(), "no {}: run `cargo build --workspace --bins` first", program.display());
    program
}

impl TestBuilding {
    /// A building of which nothing runs yet, in a folder of its own.
    pub fn built(seed: u64) -> (House, TempDir, NotifierSecret) {
        let folder = tempfile::Builder::new().prefix("vestibule-test-").tempdir().unwrap();
        let (secret, key) = NotifierSecret::generate(&[7; 32]);
        let cloud_port = free_port().unwrap();
        let spec = HouseSpec {
            program: program(),
            folder: folder.path().to_owned(),
            baud: Baud::B19200,
            served_by: ServedBy::Simulators,
            seed,
            cloud_port: Some(cloud_port),
            policy: String::new(),
        };
        let house = House::build(spec, key.to_bytes()).unwrap();
        (house, folder, secret)
    }

    /// Builds and starts everything; `seed` is the line's.
    pub fn open(seed: u64) -> Self {
        Self::open_under(seed, |_| Vec::new())
    }

    /// The same with the daemon started by a launcher, as [`House::start_daemon_under`] does.
    pub fn open_under(seed: u64, launcher: impl FnOnce(&House) -> Vec<String>) -> Self {
        let (mut house, folder, secret) = Self::built(seed);
        let launcher = launcher(&house);
        let launcher: Vec<&str> = launcher.iter().map(String::as_str).collect();
        let cloud_port = house.spec.cloud_port.unwrap();
        let cloud = house.start_cloud(cloud_port).unwrap();
        house.start_broker().unwrap();
        house.start_daemon_under(&launcher).unwrap();
        let mut office = Office::open(&house, cloud_port).unwrap();
        let notifier = Notifier::open(&house, cloud_port, secret).unwrap();
        listening(&office, &notifier);
        office.wait_online().unwrap_or_else(|error| panic!("{error}\n{}", daemon_log(&mut house)));
        office.sync(&UNITS, &[CARRIER]).unwrap();
        Self { house, cloud: Some(cloud), office, notifier, folder }
    }

    /// Everybody who comes to a door does this.
    pub fn people(&self, person: impl Fn() -> Person) {
        self.house.line.with(|sim| {
            let doors: Vec<DoorNumber> = sim.plant().doors().iter().map(|door| door.number).collect();
            doors.into_iter().for_each(|door| sim.plant_mut().stand_at(door, Some(person())).unwrap());
        });
    }

    /// A courier brings one parcel; returns the label of its door and the code in its notice, digits only.
    pub fn deposit(&mut self, unit: &str) -> (String, String) {
        let label = self.bring(unit);
        let code = self.notified(unit, &label);
        (label, code)
    }

    /// A courier brings one parcel; returns the label of its door.
    pub fn bring(&mut self, unit: &str) -> String {
        self.people(|| Person::depositing(Duration::from_millis(300)));
        let mut terminal = self.sit_down();
        terminal.type_text(CARRIER.1).unwrap();
        self.expect(&terminal, "ask_recipient");
        terminal.type_text(unit).unwrap();
        self.expect(&terminal, "confirm_recipient");
        terminal.press("ok").unwrap();
        self.expect(&terminal, "ask_size");
        terminal.type_text("1").unwrap();
        let label = self.expect(&terminal, "delivered").label().to_owned();
        terminal.press("cancel").unwrap();
        label
    }

    /// The code in the next notice, digits only; it must tell of that parcel.
    pub fn notified(&mut self, unit: &str, label: &str) -> String {
        let notice = self.notifier.next(PATIENCE).unwrap();
        assert_eq!((notice.unit.as_str(), notice.label.as_str()), (unit, label));
        let code = notice.code.as_deref().unwrap_or_default();
        code.chars().filter(char::is_ascii_digit).collect()
    }

    /// A resident types a code and takes everything.
    pub fn pickup(&mut self, code: &str) {
        self.people(|| Person::collecting(Duration::from_millis(300)));
        let mut terminal = self.sit_down();
        terminal.type_text(code).unwrap();
        self.expect(&terminal, "take_out");
        self.expect(&terminal, "collected");
    }

    /// Sits down at the lobby's terminal and, as the last user may have left a screen on, asks for its welcome.
    pub fn sit_down(&mut self) -> Terminal {
        let mut terminal = Terminal::sit_down(&self.house.socket(), TERMINAL).unwrap();
        let first = terminal.next(PATIENCE).expect("a screen");
        if first.name != "welcome" {
            terminal.press("cancel").unwrap();
            self.expect(&terminal, "welcome");
        }
        terminal
    }

    /// Waits until the cloud's people hear whatever is sent to them: whoever subscribes late is not told what was.
    pub fn wait_listening(&self) {
        listening(&self.office, &self.notifier);
    }

    /// Waits for a screen; a failure tells what the daemon said last.
    pub fn expect(&mut self, terminal: &Terminal, screen: &str) -> Shown {
        match terminal.wait_for(&[screen], PATIENCE) {
            Ok(shown) => shown,
            Err(error) => panic!("{error}\n{}", daemon_log(&mut self.house)),
        }
    }

    /// Doors whose lock was pulsed, in order: ground truth from the other side of the wire.
    pub fn pulsed(&self) -> Vec<u8> {
        let doors = self.house.line.energisings().into_iter();
        doors.map(|one| one.door.map_or(0, DoorNumber::get)).collect()
    }

    /// Parcels behind all doors.
    pub fn contents(&self) -> u32 {
        self.house.line.with(|sim| sim.plant().doors().iter().map(|door| door.contents).sum())
    }

    /// CloudEvents types of the journal, as `vestibule journal --json` prints them.
    pub fn journal(&self) -> Vec<String> {
        let printed = self.house.ask(&["journal", "--json"]).unwrap();
        let rows = printed.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        rows.map(|row| row["event"]["type"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

fn listening(office: &Office, notifier: &Notifier) {
    office.wait_listening().unwrap();
    notifier.wait_listening().unwrap();
}

fn daemon_log(house: &mut House) -> String {
    house.daemon().map(|daemon| daemon.log()).unwrap_or_default()
}
