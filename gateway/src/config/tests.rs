//! The whole way from text to value: the example, golden lists of problems, layers, the last good configuration.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use vestibule_core::compartment::Contact;
use vestibule_core::id::{CompartmentId, ProbeId, TerminalId};
use vestibule_core::site::{Sensing, Size};
use vestibule_core::unit::Millimetres;

use super::*;

const EXAMPLE: &str = include_str!("example.toml");

/// Writes the example with empty certificate files and a state folder of its own.
fn example_in(dir: &Path) -> PathBuf {
    std::fs::create_dir(dir.join("tls")).unwrap();
    for name in ["ca", "broker", "gateway", "cloud-ca", "cloud-gateway"] {
        std::fs::write(dir.join(format!("tls/{name}.pem")), "").unwrap();
        std::fs::write(dir.join(format!("tls/{name}.key")), "").unwrap();
    }
    let file = dir.join("vestibule.toml");
    std::fs::write(&file, EXAMPLE.replace("/var/lib/vestibule", "state")).unwrap();
    std::fs::create_dir(dir.join("state")).unwrap();
    file
}

fn shown(loaded: &Loaded) -> String {
    loaded.problems.iter().map(|p| render(p, &loaded.sources)).collect::<Vec<_>>().join("\n")
}

#[test]
fn example_is_good_and_says_what_it_says() {
    let dir = tempfile::tempdir().unwrap();
    let loaded = load(&Layers::Given(vec![example_in(dir.path())]));
    assert_eq!(shown(&loaded), "");
    let configuration = loaded.configuration.unwrap();
    let site = &configuration.site;
    assert_eq!(site.compartments.len(), 8);
    assert_eq!(site.policy, vestibule_core::policy::Policy::default(), "the example shows the defaults");
    let a3 = &site.compartments[&CompartmentId::new("a-3").unwrap()];
    assert_eq!((a3.label.as_str(), a3.size, a3.column, a3.row), ("A3", Size::Medium, 0, 2));
    assert_eq!((a3.sill, a3.handle), (Millimetres(1800 - 110 - 110 - 220), Millimetres(1800 - 220 - 110)));
    assert_eq!((a3.lock.device.as_str(), a3.lock.output), ("bank-a-locks", 3));
    assert_eq!((a3.door, a3.latch), (Sensing::Wired, Sensing::Wired));
    let a6 = &site.compartments[&CompartmentId::new("a-6").unwrap()];
    assert_eq!(a6.label, "A6 (low)");
    let c1 = &site.compartments[&CompartmentId::new("c-1").unwrap()];
    assert_eq!((c1.latch, c1.probe.clone()), (Sensing::Absent, Some(ProbeId::new("cold-1").unwrap())));
    assert_eq!(site.terminals[&TerminalId::new("lobby").unwrap()].serves.len(), 2);
    assert_eq!(configuration.lines.len(), 1);
    assert_eq!(configuration.lines.values().next().map(|l| l.devices.len()), Some(4));
    assert_eq!(configuration.wiring.contacts.len(), 14);
    let latches = configuration.wiring.contacts.values().filter(|w| w.contact == Contact::Latch).count();
    assert_eq!(latches, 6);
    assert_eq!(configuration.broker.unwrap().client.key, dir.path().join("tls/gateway.key"));
    assert_eq!(configuration.local.state_dir, dir.path().join("state"));
}

/// Compares with the kept list; `VESTIBULE_BLESS=1` writes it anew, and a person reads the difference.
fn golden(name: &str) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/config/golden");
    let text = std::fs::read_to_string(dir.join(format!("{name}.toml"))).unwrap();
    let told = shown(&load_text(&format!("{name}.toml"), &text));
    let kept = dir.join(format!("{name}.txt"));
    if std::env::var_os("VESTIBULE_BLESS").is_some() {
        std::fs::write(&kept, &told).unwrap();
    }
    assert_eq!(told, std::fs::read_to_string(&kept).unwrap_or_default());
}

#[test]
fn every_syntax_error_is_told() {
    golden("syntax");
}

#[test]
fn every_bad_reference_is_told() {
    golden("references");
}

#[test]
fn every_bad_value_is_told() {
    golden("values");
}

#[test]
fn locks_within_strangers_reach_are_told() {
    golden("transports");
}

#[test]
fn what_locks_and_their_supplies_cannot_bear_is_told() {
    golden("locks");
}

#[test]
fn boards_keep_to_the_protocol_and_the_addresses_of_their_line() {
    let line = |id: &str, protocol: &str| {
        format!("[[line]]\nid = \"{id}\"\nport = \"/dev/serial/{id}\"\nprotocol = \"{protocol}\"\n")
    };
    let device = |id: &str, line: &str, address: u8, model: &str| {
        format!("[[device]]\nid = \"{id}\"\nline = \"{line}\"\naddress = {address}\nmodel = \"{model}\"\n")
    };
    let text = [
        line("modbus", "modbus-rtu"),
        line("locks", "kerong-cu16"),
        line("odd", "kerong-cu15"),
        device("good", "locks", 0, "kerong-cu16"),
        device("far", "locks", 15, "kerong-cu16"),
        device("astray", "modbus", 7, "kerong-cu16"),
        device("lost", "locks", 3, "waveshare-relay-8"),
    ];
    let told = shown(&load_text("lines.toml", &text.concat()));
    for needed in [
        "address of device \"far\" is 15; 0 to 14 are allowed",
        "a kerong-cu16 does not speak modbus-rtu, which is spoken on \"modbus\"",
        "give it a line of its own with protocol = \"kerong-cu16\"",
        "a waveshare-relay-8 does not speak kerong-cu16, which is spoken on \"locks\"",
        "there is no protocol \"kerong-cu15\"",
        "did you mean \"kerong-cu16\"?",
    ] {
        assert!(told.contains(needed), "{needed}:\n{told}");
    }
    assert!(!told.contains("\"good\""), "{told}");
}

#[test]
fn pulse_that_no_lock_board_hears_is_warned_of_where_it_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let main = example_in(dir.path());
    let text = std::fs::read_to_string(&main).unwrap();
    let boards = "[[line]]\nid = \"own\"\nport = \"/dev/serial/by-path/own\"\nprotocol = \"lock-8a\"\n\
        [[device]]\nid = \"own\"\nline = \"own\"\naddress = 1\nmodel = \"lock-8a-24\"\n\
        [[compartment]]\nid = \"a-1\"\nlock = \"own/1\"\n";
    std::fs::write(&main, format!("{text}\n{boards}")).unwrap();
    let loaded = load(&Layers::Given(vec![main]));
    let told = shown(&loaded);
    let warned = told.contains("pulse does not reach \"own\": a lock-8a-24 times its locks itself");
    assert!(warned && loaded.configuration.is_some(), "{told}");
}

#[test]
fn learned_layer_changes_mapping_and_polarity_of_one_door() {
    let dir = tempfile::tempdir().unwrap();
    let main = example_in(dir.path());
    let learned = dir.path().join("learned.toml");
    let text = "[[compartment]]\nid = \"a-1\"\ndoor = { input = \"bank-a-doors/15\", shut_when = \"off\" }\n";
    std::fs::write(&learned, text).unwrap();
    let loaded = load(&Layers::Given(vec![main, learned]));
    assert_eq!(shown(&loaded), "");
    let configuration = loaded.configuration.unwrap();
    let a1 = CompartmentId::new("a-1").unwrap();
    let wires: Vec<_> = configuration.wiring.contacts.iter().filter(|(_, w)| w.compartment == a1).collect();
    let doors: Vec<_> = wires.iter().filter(|(_, w)| w.contact == Contact::Door).collect();
    assert_eq!(doors.len(), 1, "the template's input is free again");
    assert_eq!((doors[0].0.channel, doors[0].1.shut_when), (15, ShutWhen::Off));
}

#[test]
fn eyes_are_wired_bank_by_bank_or_one_by_one_when_they_have_a_polarity() {
    let dir = tempfile::tempdir().unwrap();
    let main = example_in(dir.path());
    let text = std::fs::read_to_string(&main).unwrap();
    let bank = "occupancy = { inputs = \"eyes/1..\", occupied_when = \"on\" }\nterminals = [";
    let device =
        "[[device]]\nid = \"eyes\"\nline = \"rs485-1\"\naddress = 9\nmodel = \"discrete-inputs-8\"\n";
    std::fs::write(&main, format!("{}\n{device}", text.replacen("terminals = [", bank, 1))).unwrap();
    let own = dir.path().join("own.toml");
    let text = "[[compartment]]\nid = \"a-1\"\noccupancy = { input = \"eyes/8\", occupied_when = \"off\" }\n\
                [[compartment]]\nid = \"a-2\"\noccupancy = \"none\"\n";
    std::fs::write(&own, text).unwrap();
    let loaded = load(&Layers::Given(vec![main, own]));
    assert_eq!(shown(&loaded), "");
    let configuration = loaded.configuration.unwrap();
    let eyes = configuration.wiring.contacts.iter().filter(|(_, wire)| wire.contact == Contact::Occupancy);
    let eyes: Vec<_> =
        eyes.map(|(at, wire)| (wire.compartment.as_str(), at.channel, wire.shut_when)).collect();
    assert!(
        eyes.contains(&("a-1", 8, ShutWhen::Off)) && eyes.contains(&("a-3", 3, ShutWhen::On)),
        "{eyes:?}"
    );
    let sensing = |id| configuration.site.compartments[&CompartmentId::new(id).unwrap()].occupancy;
    assert_eq!(
        ["a-1", "a-2", "a-3", "c-1"].map(sensing).map(|it| it == Sensing::Wired),
        [true, false, true, false]
    );
}

#[test]
fn last_good_configuration_runs_when_the_files_are_bad() {
    let dir = tempfile::tempdir().unwrap();
    let main = example_in(dir.path());
    let layers = Layers::Given(vec![main.clone()]);
    let good = load_for_start(&layers).configuration.unwrap();
    keep_last_good(&good).unwrap();

    let bad = std::fs::read_to_string(&main).unwrap().replace("model = \"xy-md02\"", "model = \"xy-md20\"");
    std::fs::write(&main, bad).unwrap();
    assert!(load(&layers).configuration.is_none(), "check refuses it");
    let loaded = load_for_start(&layers);
    assert_eq!(loaded.errors(), 1);
    let running = loaded.configuration.unwrap();
    assert_eq!(running.origin, Origin::LastGood { problems: 1 });
    assert_eq!(Configuration { origin: Origin::Current, ..running }, good);
}

#[test]
fn last_good_configuration_runs_when_a_certificate_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let layers = Layers::Given(vec![example_in(dir.path())]);
    keep_last_good(&load_for_start(&layers).configuration.unwrap()).unwrap();
    std::fs::remove_file(dir.path().join("tls/gateway.key")).unwrap();
    let running = load_for_start(&layers).configuration.unwrap();
    assert_eq!(running.origin, Origin::LastGood { problems: 1 });
}

#[test]
fn doors_are_served_at_a_first_start_without_certificates() {
    let dir = tempfile::tempdir().unwrap();
    let layers = Layers::Given(vec![example_in(dir.path())]);
    std::fs::remove_file(dir.path().join("tls/gateway.key")).unwrap();
    assert!(load(&layers).configuration.is_none(), "check refuses it here");
    assert!(load_for_elsewhere(&layers).configuration.is_some(), "and only warns for another machine");
    let loaded = load_for_start(&layers);
    assert_eq!(loaded.errors(), 1, "which is told");
    assert_eq!(loaded.configuration.unwrap().origin, Origin::Current);
}

#[test]
fn only_what_enrolling_brings_may_be_awaited_while_installing() {
    let dir = tempfile::tempdir().unwrap();
    let main = example_in(dir.path());
    let layers = Layers::Given(vec![main.clone()]);
    std::fs::remove_file(dir.path().join("tls/gateway.key")).unwrap();
    let loaded = load_for_installation(&layers);
    assert!(loaded.configuration.is_some());
    let told: Vec<_> = loaded.problems.iter().filter(|p| p.severity == Severity::Note).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].message.ends_with("tls/gateway.key is not enrolled yet"), "{told:?}");
    std::fs::create_dir(dir.path().join("tls/gateway.key")).unwrap();
    assert_eq!(load_for_installation(&layers).errors(), 1, "a folder is no key that may come");
    std::fs::remove_dir(dir.path().join("tls/gateway.key")).unwrap();
    let bad = std::fs::read_to_string(&main).unwrap().replace("model = \"xy-md02\"", "model = \"xy-md20\"");
    std::fs::write(&main, bad).unwrap();
    assert_eq!(load_for_installation(&layers).errors(), 1, "other errors are errors");
}

#[test]
fn nothing_runs_when_the_first_files_are_bad() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("v.toml");
    std::fs::write(&file, "[storage]\ndirectory = \".\"\n").unwrap();
    std::fs::write(dir.path().join(COPY), "not json").unwrap();
    assert!(load_for_start(&Layers::Given(vec![file])).configuration.is_none());
}

#[test]
fn broker_runs_when_other_sections_are_bad() {
    let dir = tempfile::tempdir().unwrap();
    let main = example_in(dir.path());
    let text = std::fs::read_to_string(&main).unwrap().replace("model = \"xy-md02\"", "model = \"nothing\"");
    std::fs::write(&main, text).unwrap();
    let start = load_broker(&Layers::Given(vec![main])).unwrap();
    assert_eq!((start.building.as_str(), start.broker.listen.port()), ("maple-court", 8883));
}

#[test]
fn broker_logs_what_the_configuration_says_and_runs_when_it_says_nonsense() {
    let filter = |text: &str| {
        let dir = tempfile::tempdir().unwrap();
        let main = example_in(dir.path());
        let site = std::fs::read_to_string(&main).unwrap();
        assert!(site.contains("filter = \"info\""));
        std::fs::write(&main, site.replace("filter = \"info\"", text)).unwrap();
        load_broker(&Layers::Given(vec![main])).unwrap().log
    };
    assert_eq!(filter("filter = \"warn,vestibule=debug\""), "warn,vestibule=debug");
    assert_eq!(filter("filter = \"no=such=level\""), "info");
}

#[test]
fn digest_tells_any_two_sets_of_files_apart() {
    let of = |texts: &[(&str, &str)]| {
        let sources: Sources = texts
            .iter()
            .map(|(path, text)| Source { path: path.into(), text: (*text).to_owned(), ..Source::default() })
            .collect();
        compile::digest(&sources)
    };
    assert_ne!(of(&[("a", "bc")]), of(&[("ab", "c")]));
    assert_ne!(of(&[("a", "b"), ("c", "d")]), of(&[("c", "d"), ("a", "b")]));
    let same: Sources = Arc::from([]);
    assert_eq!(compile::digest(&same), of(&[]));
}
