//! A building whose terminal is an OSDP reader: installed at its tamper switch, used by a resident, and alarmed when exchanged.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use sim_devices::{Person, PtyReaders, ReaderKeying, ReaderOutput, SimReader};
use vestibule_demo::cloud::topic;
use vestibule_demo::ear::{Ear, Heard, Seat};
use vestibule_demo::house::{House, TERMINAL};
use vestibule_tests::house::PATIENCE;
use vestibule_tests::served::{ServedBuilding, UNITS};

use crate::whole::record::export;

const READER: &str = "keypad";

/// Adds a reader to the building's configuration, serving the same bank as the lobby.
fn add_reader(house: &House, port: &Path) {
    let file = house.configuration();
    let text = fs::read_to_string(&file).unwrap();
    let both = format!("terminals = [\"{TERMINAL}\", \"{READER}\"]");
    let text = text.replace(&format!("terminals = [\"{TERMINAL}\"]"), &both);
    assert!(text.contains(&both));
    let line = format!(
        "[[line]]\nid = \"osdp-1\"\nport = \"{}\"\nbaud = 9600\nprotocol = \"osdp\"\n",
        port.display()
    );
    let terminal = format!("[[terminal]]\nid = \"{READER}\"\nline = \"osdp-1\"\naddress = 0\n");
    fs::write(&file, format!("{line}{terminal}{text}")).unwrap();
}

struct Scene {
    building: ServedBuilding,
    readers: PtyReaders,
}

impl Scene {
    fn open(seed: u64) -> Self {
        let mut plugged = None;
        let building = ServedBuilding::open_under(seed, |house| {
            let port = house.spec.folder.join("osdp-1");
            let reader = SimReader::new(0, ReaderKeying::Factory).unwrap();
            plugged = Some(PtyReaders::plug(&port, vec![reader]).unwrap());
            add_reader(house, &port);
            Vec::new()
        });
        Self { building, readers: plugged.unwrap() }
    }

    fn with<T>(&self, act: impl FnOnce(&mut SimReader) -> T) -> T {
        self.readers.with(|readers| act(&mut readers[0]))
    }

    fn exchange(&self, keying: ReaderKeying) {
        self.readers.with(|readers| readers[0] = SimReader::new(0, keying).unwrap());
    }

    /// Waits until `vestibule reader list` shows it so.
    fn wait(&self, what: &str, good: impl Fn(&serde_json::Value) -> bool) {
        let end = Instant::now() + PATIENCE;
        loop {
            let printed = self.building.house.ask(&["reader", "list", "--json"]).unwrap();
            let readers: serde_json::Value = serde_json::from_str(&printed).unwrap();
            if good(&readers[0]) {
                return;
            }
            assert!(Instant::now() < end, "{what}: {readers}");
        }
    }

    fn wait_state(&self, state: &str) {
        self.wait(state, |reader| reader["state"] == state);
    }

    fn install(&self) {
        self.wait_state("uninstalled");
        self.with(|reader| reader.tamper(true)).unwrap();
        self.wait("an open housing", |reader| reader["tampered"] == true);
        self.building.house.ask(&["reader", "install", READER]).unwrap();
        self.wait("its own key", |reader| reader["state"] == "secure" && reader["installed"] == true);
        self.with(|reader| reader.tamper(false)).unwrap();
        self.wait("a closed housing", |reader| reader["tampered"] == false);
    }

    /// Who reads on the building's bus how terminals are.
    fn listen(&self) -> Ear {
        let house = &self.building.house;
        let (port, certificates) = (house.broker_port, house.certificates());
        let ear = Ear::open(
            &Seat { port, certificates, role: "staff".into(), name: "kim".into() },
            &[&topic("state/#")],
        );
        let ear = ear.unwrap();
        assert!(ear.wait_subscribed(PATIENCE), "kim is not let in");
        ear
    }

    fn types(&self) -> Vec<String> {
        export(&self.building.house).iter().map(|row| row.event_type().to_owned()).collect()
    }

    fn wait_event(&self, wanted: &str) {
        let end = Instant::now() + PATIENCE;
        while !self.types().iter().any(|event| event == wanted) {
            assert!(Instant::now() < end, "{wanted}: {:?}", self.types());
        }
    }
}

#[test]
fn reader_is_installed_at_its_tamper_switch_and_a_resident_picks_up_with_its_keys() {
    let mut scene = Scene::open(71);
    let (_, code) = scene.building.deposit(UNITS[0]);
    scene.wait_state("uninstalled");
    let refused = scene.building.house.ask(&["reader", "install", READER]).unwrap_err().to_string();
    assert!(refused.contains("does not report its tamper switch"), "{refused}");
    // Nobody is served by a reader without a key.
    scene.with(|reader| reader.press(&format!("{code}#"))).unwrap();
    scene.wait("a read in clear text", |reader| reader["clear_reads"].as_u64() >= Some(1));
    assert_eq!(scene.building.contents(), 1);

    scene.install();
    assert!(scene.types().iter().filter(|event| *event == "reader.install").count() >= 2, "opened and done");
    let key = scene.with(|reader| reader.key()).expect("it was given one");
    for entry in fs::read_dir(scene.building.house.state()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap_or_default();
        assert!(!bytes.windows(16).any(|window| window == key), "{} shows the key", path.display());
    }

    let pulses = scene.building.pulsed().len();
    scene.building.people(&Person::collecting(Duration::from_millis(300)));
    scene.with(|reader| reader.outputs());
    scene.with(|reader| reader.press(&format!("{code}#"))).unwrap();
    let end = Instant::now() + PATIENCE;
    let mut shown = Vec::new();
    while !shown.contains(&ReaderOutput::Text("Thank you".into())) {
        assert!(Instant::now() < end, "{shown:?}");
        shown.extend(scene.with(|reader| reader.outputs()));
    }
    assert!(shown.contains(&ReaderOutput::Light(2)), "green: {shown:?}");
    assert_eq!(scene.building.pulsed().len(), pulses + 1);
    assert_eq!(scene.building.contents(), 0);
}

/// Waits until the bus shows the reader so.
fn shown(ear: &Ear, channel: &str, housing: &str) {
    let is_so = |heard: &Heard| {
        let state: serde_json::Value = serde_json::from_slice(&heard.payload).ok()?;
        let reader = &state["reader"];
        let mine = heard.topic.ends_with(&format!("/state/terminal/{READER}"));
        (mine && reader["channel"] == channel && reader["housing"] == housing).then_some(())
    };
    ear.wait_for(PATIENCE, is_so).unwrap_or_else(|| panic!("the bus does not show {channel}, {housing}"));
}

#[test]
fn exchanged_reader_is_an_alarm_after_a_restart_too_and_serves_again_when_it_is_forgotten_and_installed() {
    let mut scene = Scene::open(72);
    let ear = scene.listen();
    scene.install();
    shown(&ear, "secure", "closed");
    scene.exchange(ReaderKeying::Factory);
    shown(&ear, "keyless", "closed");
    scene.wait_state("keyless");
    scene.wait_event("reader.insecure");
    scene.building.house.kill_daemon();
    scene.building.house.start_daemon().unwrap();
    scene.wait_state("keyless");
    let status = scene.building.house.ask(&["status"]).unwrap();
    assert!(status.contains("WITHOUT ITS KEY"), "{status}");
    scene.with(|reader| reader.tamper(true)).unwrap();
    let refused = scene.building.house.ask(&["reader", "install", READER]).unwrap_err().to_string();
    assert!(refused.contains("forget its key first"), "{refused}");
    assert_eq!(scene.with(|reader| reader.key()), None);
    scene.building.house.ask(&["reader", "forget", READER]).unwrap();
    scene.install();
    scene.building.house.kill_daemon();
    scene.building.house.start_daemon().unwrap();
    scene.wait_state("secure");
}
