//! The clock starts in 1970, as it does on a board without a battery, and is set later. libfaketime gives the daemon,
//! and nobody else, another wall clock; monotonic time stays true.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use vestibule_demo::house::House;

use super::{compartment, contents, fetch, gateway, kim, usage};
use crate::whole::record::{Row, export, in_order};
use vestibule_tests::house::PATIENCE;
use vestibule_tests::served::{ServedBuilding, UNITS};

/// Ten years in milliseconds: a clock that reads less is in the seventies.
const SEVENTIES_MS: i64 = 315_532_800_000;

/// The daemon's clock, which follows a file.
struct Clock {
    file: PathBuf,
    /// libfaketime shares its state under names that a killed process leaves behind.
    daemon: Option<u32>,
}

impl Clock {
    fn in_1970(folder: &Path) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let this = Self { file: folder.join("clock"), daemon: None };
        fs::write(&this.file, format!("-{}\n", since - 10)).unwrap();
        this
    }

    /// NTP answers: the clock is set, and the time service says so.
    fn set_right(&self, house: &House) {
        fs::write(&self.file, "+0\n").unwrap();
        fs::write(house.spec.folder.join("synchronised"), "").unwrap();
    }

    fn start(&mut self, house: &mut House) {
        let launcher = [
            "env".to_owned(),
            format!("LD_PRELOAD={}", library().display()),
            format!("FAKETIME_TIMESTAMP_FILE={}", self.file.display()),
            "FAKETIME_NO_CACHE=1".to_owned(),
            "FAKETIME_DONT_FAKE_MONOTONIC=1".to_owned(),
            "NO_FAKE_STAT=1".to_owned(),
        ];
        house.start_daemon_under(&launcher.each_ref().map(String::as_str)).unwrap();
        self.daemon = house.daemon().map(|daemon| daemon.id());
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        let Some(id) = self.daemon else { return };
        for name in [format!("faketime_shm_{id}"), format!("sem.faketime_sem_{id}")] {
            // What ended in order has removed them itself.
            drop(fs::remove_file(Path::new("/dev/shm").join(name)));
        }
    }
}

/// Debian puts it into the folder of the machine's architecture.
fn library() -> PathBuf {
    let folders = fs::read_dir("/usr/lib").unwrap().map(|folder| folder.unwrap().path());
    let mut found = folders.map(|folder| folder.join("faketime/libfaketimeMT.so.1"));
    found.find(|path| path.exists()).expect("libfaketime; tests/run installs it (Debian package faketime)")
}

#[test]
fn pickup_works_when_the_clock_is_in_1970() {
    let mut building = ServedBuilding::open(26);
    let (label, code) = building.deposit(UNITS[0]);
    let (kept, kept_code) = building.deposit(UNITS[1]);
    building.house.kill_daemon();
    fs::remove_file(building.folder.path().join("synchronised")).unwrap();
    let mut clock = Clock::in_1970(building.folder.path());
    clock.start(&mut building.house);
    let gateway_now = gateway(&building);
    assert!(gateway_now["now"].as_i64().unwrap() < SEVENTIES_MS, "the clock is right: {gateway_now}");
    assert_eq!(gateway_now["clock"], "untrusted");

    fetch(&mut building, &label, &code);
    // The bus is attached, and below the cloud, although every certificate was made half a century later.
    kim(&building).wait_compartment(&compartment(&kept), "occupied");
    assert_eq!((contents(&building, &kept), usage(&building, &kept).as_str()), (1, "occupied"));
    let rows = export(&building.house);
    let start = rows.iter().rposition(|row| row.event_type() == "gateway.started").unwrap();
    in_order(&rows[start..], &["access.granted", "unlock.confirmed", "parcel.collected"]);
    for row in &rows[start..] {
        assert!(row.time() >= rows[start - 1].time(), "earlier than the newest row before: {row:?}");
        assert_eq!(row.trust(), "untrusted", "{row:?}");
        assert!(!row.event_type().contains("expired"), "{row:?}");
    }
    let newest = rows.last().unwrap().sequence();
    let told = |event: serde_json::Value| Row::read(event).sequence() == newest;
    while !told(building.office.next_event(PATIENCE).expect("the cloud is told in 1970")) {}

    clock.set_right(&building.house);
    let set = |line: &str| line.contains("wall clock was set");
    building.house.daemon().unwrap().wait_for("that the clock was set", PATIENCE, set).unwrap();
    fetch(&mut building, &kept, &kept_code);
    let rows = export(&building.house);
    in_order(&rows[start..], &["parcel.collected", "clock.trusted", "parcel.collected"]);
    assert_eq!(rows.last().unwrap().trust(), "synchronised");
    building.house.ask(&["journal", "verify"]).unwrap();
}
