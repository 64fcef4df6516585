//! The disk is full: a small file system under the state folder, filled to its last page.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;
use sim_devices::{Person, Simulation};
use vestibule_core::command::UNITS_MAX;
use vestibule_demo::house::House;

use super::{compartment, fetch, gateway, kim};
use crate::whole::record::{Row, export, in_order};
use crate::whole::staff::person::{Member, unlock};
use vestibule_tests::house::{CARRIER, PATIENCE};
use vestibule_tests::served::{ServedBuilding, UNITS};

/// Holds a new database several times over.
const SIZE: &str = "size=16m,mode=0700";

/// Starts the daemon with a file system of its own under the state folder. It ends with the daemon, however that ends:
/// the kernel unmounts it with the last process that sees it.
fn on_a_small_disk(house: &House) -> Vec<String> {
    fs::create_dir_all(house.state()).unwrap();
    let user = ["--user", "--map-root-user"].iter().filter(|_| !rustix::process::geteuid().is_root());
    let script = format!("mount -t tmpfs -o {SIZE} vestibule-test \"$0\" && exec \"$@\"");
    let state = house.state().display().to_string();
    let launcher = ["unshare"].into_iter().chain(user.copied());
    launcher.chain(["--mount", "sh", "-c", &script, &state]).map(str::to_owned).collect()
}

/// A file that takes all room there is.
struct Filler(PathBuf);

impl Filler {
    fn fill(building: &mut ServedBuilding) -> Self {
        let state = building.house.state();
        let daemon = building.house.daemon().unwrap().id();
        // The disk as the daemon sees it.
        let path = PathBuf::from(format!("/proc/{daemon}/root{}/filler", state.display()));
        assert!(path.with_file_name("vestibule.redb").exists(), "the database is on the small disk");
        assert!(!state.join("vestibule.redb").exists(), "and nowhere else");
        let mut file = File::create(&path).unwrap();
        let error = loop {
            match file.write_all(&[0; 64 * 1024]) {
                Ok(()) => {}
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), ErrorKind::StorageFull, "{error}");
        Self(path)
    }

    fn free(self) {
        fs::remove_file(self.0).unwrap();
    }
}

/// Orders the largest directory, which no page freed by earlier commits can hold; returns the command's id.
fn order_directory(building: &mut ServedBuilding) -> String {
    let others = (UNITS.len()..UNITS_MAX).map(|number| format!("north-tower-{number:04}"));
    let units = UNITS.into_iter().map(str::to_owned).chain(others);
    let units: Vec<_> = units.map(|unit| json!({ "id": unit })).collect();
    building.office.send("directory.sync", json!({ "version": 2, "units": units })).unwrap()
}

fn wait_for_log(building: &mut ServedBuilding, text: &str) {
    building.house.daemon().unwrap().wait_for(text, PATIENCE, |line| line.contains(text)).unwrap();
}

/// A courier comes, and is refused.
fn deposit_is_refused(building: &mut ServedBuilding) {
    let before = building.pulsed().len();
    let mut terminal = building.sit_down();
    terminal.type_text(CARRIER.1).unwrap();
    let steps = [("ask_recipient", Some(UNITS[1])), ("confirm_recipient", None), ("ask_size", Some("1"))];
    let refused = steps.into_iter().find_map(|(screen, typed)| {
        let shown = terminal.wait_for(&[screen, "refused"], PATIENCE).unwrap();
        match typed {
            _ if shown.name == "refused" => return Some(shown),
            Some(text) => terminal.type_text(text).unwrap(),
            None => terminal.press("ok").unwrap(),
        };
        None
    });
    let refused = refused.unwrap_or_else(|| terminal.wait_for(&["refused"], PATIENCE).unwrap());
    assert_eq!(refused.word(), "storage_degraded", "{}", refused.content);
    assert_eq!(building.pulsed().len(), before, "no door opens for a deposit");
}

/// Staff on site open a door; the same from afar is refused and moves nothing.
fn only_staff_on_site_are_served(building: &ServedBuilding, staff: &mut Member, label: &str) {
    building.people(&Person::collecting(Duration::from_millis(300)));
    let before = building.pulsed().len();
    building.house.ask(&["unlock", label, "--reason", "resident is here with an identity card"]).unwrap();
    assert_eq!(building.pulsed()[before..], [label.parse::<u8>().unwrap()]);
    let order = unlock("kim-unlock", &compartment(label), &staff.nonce());
    staff.send("unlock", order.to_string().as_bytes());
    let reply = staff.outcome("kim-unlock");
    assert_eq!(
        (reply["status"].as_str(), reply["detail"]["word"].as_str()),
        (Some("refused"), Some("storage_degraded")),
        "{reply}"
    );
    assert_eq!(building.pulsed().len(), before + 1);
}

/// What was witnessed while the disk was full is in the journal in its order, between the two rows that say so.
fn judge(rows: &[Row]) {
    in_order(
        rows,
        &[
            "parcel.stored",
            "directory.synced",
            "storage.degraded",
            "access.granted",
            "unlock.intended",
            "unlock.confirmed",
            "parcel.collected",
            "unlock.intended",
            "unlock.confirmed",
            "storage.recovered",
        ],
    );
    let at = |name: &str| rows.iter().position(|row| row.event_type() == name).unwrap();
    let (degraded, recovered) = (at("storage.degraded"), at("storage.recovered"));
    let waited = rows[recovered].data()["waited"].as_u64().unwrap();
    assert!(waited >= u64::try_from(recovered - degraded).unwrap(), "{waited} rows waited");
}

#[test]
fn pickup_works_when_the_disk_is_full() {
    let mut building = ServedBuilding::open_under(25, on_a_small_disk);
    let (label, code) = building.deposit(UNITS[0]);
    let (kept, _) = building.deposit(UNITS[1]);
    let mut staff = kim(&building);
    let filler = Filler::fill(&mut building);
    let order = order_directory(&mut building);
    wait_for_log(&mut building, "journal cannot be written");
    assert_eq!(gateway(&building)["storage"], "degraded");

    fetch(&mut building, &label, &code);
    let witness = staff.ear.take("event/parcel.collected", |_| true).payload;
    assert!(witness.get("sequence").is_none(), "nothing is called durable: {witness}");
    deposit_is_refused(&mut building);
    only_staff_on_site_are_served(&building, &mut staff, &kept);
    let taken = |sim: &Simulation| sim.plant().doors().iter().all(|door| door.contents == 0).then_some(());
    building.house.line.wait_until(PATIENCE, taken).unwrap();
    let waiting = gateway(&building);
    assert!(waiting["storage"] == "degraded" && waiting["waiting_rows"].as_u64() > Some(0), "{waiting}");

    filler.free();
    wait_for_log(&mut building, "journal is written again");
    // The cloud was promised nothing before: only now its directory is durable.
    let reply = building.office.reply(&order, PATIENCE).expect("the reply that waited");
    assert_eq!(reply["status"], "done", "{reply}");
    judge(&export(&building.house));
    building.house.ask(&["journal", "verify"]).unwrap();
    let good = gateway(&building);
    assert!(good["storage"] == "good" && good["waiting_rows"] == 0, "{good}");
    building.bring(UNITS[0]);
}
