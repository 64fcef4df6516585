//! A building that is served, with its people known and its cloud attached, and what people do in it.

use std::time::Duration;

use sim_devices::{DoorNumber, Person};
use tempfile::TempDir;
use vestibule_demo::cloud::{Notifier, Office};
use vestibule_demo::house::{House, TERMINAL};
use vestibule_demo::terminal::{Shown, Terminal};

use crate::house::{Building, CARRIER, PATIENCE, Plan, start_cloud};
use crate::mosquitto::Mosquitto;

/// Units of the building.
pub const UNITS: [&str; 2] = ["4b", "101"];

/// Daemon, broker and cloud run; nobody is at the terminal.
pub struct ServedBuilding {
    /// The building.
    pub house: House,
    /// The cloud's broker; dropping it kills it.
    pub cloud: Option<Mosquitto>,
    /// Who sends commands from the cloud and reads events there.
    pub office: Office,
    /// Who reads notices.
    pub notifier: Notifier,
    /// Where all its files are.
    pub folder: TempDir,
}

impl ServedBuilding {
    /// Builds and starts everything; `seed` is the line's.
    ///
    /// # Panics
    /// When something of it does not start.
    #[must_use]
    pub fn open(seed: u64) -> Self {
        Self::open_under(seed, |_| Vec::new())
    }

    /// The same with the daemon started by a launcher, as [`House::start_daemon_under`] does.
    ///
    /// # Panics
    /// When something of it does not start.
    #[must_use]
    pub fn open_under(seed: u64, launcher: impl FnOnce(&House) -> Vec<String>) -> Self {
        Self::open_with(Plan::small(seed), launcher)
    }

    /// The same of any plan.
    ///
    /// # Panics
    /// When something of it does not start.
    #[must_use]
    pub fn open_with(plan: Plan, launcher: impl FnOnce(&House) -> Vec<String>) -> Self {
        let building = Building::open(plan);
        let secret = building.notifier_secret();
        let Building { mut house, cloud, cloud_port, folder } = building;
        let launcher = launcher(&house);
        let launcher: Vec<&str> = launcher.iter().map(String::as_str).collect();
        house.start_broker().unwrap();
        house.start_daemon_under(&launcher).unwrap();
        let mut office = Office::open(&house, cloud_port).unwrap();
        let notifier = Notifier::open(&house, cloud_port, secret).unwrap();
        listening(&office, &notifier);
        office.wait_online().unwrap_or_else(|error| panic!("{error}\n{}", daemon_log(&mut house)));
        office.sync(&UNITS, &[CARRIER]).unwrap();
        house.wait_boards().unwrap();
        Self { house, cloud: Some(cloud), office, notifier, folder }
    }

    /// Starts the cloud's broker again after it was killed.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_cloud(&mut self) {
        let port = self.house.spec.cloud_port.expect("the cloud's port");
        self.cloud = Some(start_cloud(&self.house, port));
    }

    /// Everybody who comes to a door does this.
    pub fn people(&self, person: &Person) {
        self.house.line.with(|sim| sim.plant_mut().stand_at_every_door(person));
    }

    /// A courier brings one parcel; returns the label of its door and the code in its notice, digits only.
    ///
    /// # Panics
    /// When the building does not serve them so.
    pub fn deposit(&mut self, unit: &str) -> (String, String) {
        let label = self.bring(unit);
        let code = self.notified(unit, &label);
        (label, code)
    }

    /// A courier brings one parcel; returns the label of its door.
    ///
    /// # Panics
    /// When the building does not serve them so.
    pub fn bring(&mut self, unit: &str) -> String {
        self.people(&Person::depositing(Duration::from_millis(300)));
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
    ///
    /// # Panics
    /// When the building does not serve them so.
    pub fn notified(&mut self, unit: &str, label: &str) -> String {
        let notice = self.notifier.next(PATIENCE).unwrap();
        assert_eq!((notice.unit.as_str(), notice.label.as_str()), (unit, label));
        let code = notice.code.as_deref().unwrap_or_default();
        code.chars().filter(char::is_ascii_digit).collect()
    }

    /// A resident types a code and takes everything.
    ///
    /// # Panics
    /// When the building does not serve them so.
    pub fn pickup(&mut self, code: &str) {
        self.people(&Person::collecting(Duration::from_millis(300)));
        let mut terminal = self.sit_down();
        terminal.type_text(code).unwrap();
        self.expect(&terminal, "take_out");
        self.expect(&terminal, "collected");
    }

    /// Sits down at the lobby's terminal and, as the last user may have left a screen on, asks for its welcome.
    ///
    /// # Panics
    /// When the building does not serve them so.
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
    ///
    /// # Panics
    /// When the building does not serve them so.
    pub fn wait_listening(&self) {
        listening(&self.office, &self.notifier);
    }

    /// Waits for a screen; a failure tells what the daemon said last.
    ///
    /// # Panics
    /// When the building does not serve them so.
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
}

fn listening(office: &Office, notifier: &Notifier) {
    office.wait_listening().unwrap();
    notifier.wait_listening().unwrap();
}

fn daemon_log(house: &mut House) -> String {
    house.daemon().map(|daemon| daemon.log()).unwrap_or_default()
}
