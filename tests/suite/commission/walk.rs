//! `device walk` past a bank that is wired at random: what it learns is the truth, whatever interrupts it.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use sim_devices::{
    Act, Address, Baud, Channel, DeviceSpec, DoorSpec, InputCount, LineSpec, Model, Person, RelayModel,
    ShutWhen, Terminal,
};
use vestibule_demo::process::Process;
use vestibule_tests::program;

use crate::commission::bench::{Bench, Ended, device};

/// Longer than a door takes, on a machine that does other things too.
const PATIENCE: Duration = Duration::from_secs(120);
/// Relay, door input and latch input of door 1, 2 ...; every second door has contacts that rest off.
const TRUTH: [(u8, u8, u8); 5] = [(4, 11, 2), (1, 3, 7), (5, 9, 12), (2, 1, 10), (3, 6, 5)];

fn polarity(door: usize) -> &'static str {
    if door.is_multiple_of(2) { "on" } else { "off" }
}

fn spec() -> LineSpec {
    let terminal = |board, channel| Terminal {
        board: Address::new(board).unwrap(),
        channel: Channel::new(channel).unwrap(),
    };
    let doors = TRUTH.iter().enumerate().map(|(place, (relay, door, latch))| {
        let mut spec = DoorSpec::new(terminal(1, *relay), Some(terminal(2, *door)));
        spec.latch = Some(terminal(2, *latch));
        spec.shut_when = if polarity(place) == "on" { ShutWhen::On } else { ShutWhen::Off };
        // A tired lock: latch and leaf are some reads apart.
        (spec.spring, spec.catch) = (Duration::from_millis(150), Duration::from_millis(150));
        spec
    });
    LineSpec {
        baud: Baud::B19200,
        devices: vec![
            DeviceSpec::new(Address::new(1).unwrap(), Model::Relay(RelayModel::Eight)),
            device(2, Model::Inputs(InputCount::Sixteen)),
        ],
        doors: doors.collect(),
        faults: Vec::new(),
    }
}

/// As an installer would write it who believes the wiring plan.
const CONFIGURATION: &str = r#"
[building]
id = "maple-court"
name = "Maple Court"
time_zone = "America/Chicago"
support = "+1 312 555 0134"

[[line]]
id = "rs485-1"
port = "PORT"
baud = 19200
protocol = "modbus-rtu"

[[device]]
id = "locks"
line = "rs485-1"
address = 1
model = "waveshare-relay-8"

[[device]]
id = "doors"
line = "rs485-1"
address = 2
model = "discrete-inputs-16"

[[terminal]]
id = "lobby"

[[bank]]
id = "a"
climate = "ambient"
columns = [["small", "small", "medium", "small", "small"]]
top_mm = 1800
labels = "{number}"
locks = "locks/1..5"
doors = { inputs = "doors/1..5", shut_when = "on" }
latches = { inputs = "doors/6..10", latched_when = "on" }
terminals = ["lobby"]

[storage]
directory = "state"

[console]
socket = "console.sock"
"#;

struct Site {
    bench: Bench,
    configuration: PathBuf,
}

impl Site {
    fn new() -> Self {
        let bench = Bench::new(spec());
        let configuration = bench.folder.path().join("vestibule.toml");
        let text = CONFIGURATION.replace("PORT", &bench.port.display().to_string());
        fs::write(&configuration, text).unwrap();
        let person = Person::opening().then(Duration::from_millis(500), Act::Shut);
        bench.line.with(|sim| sim.plant_mut().stand_at_every_door(&person));
        Self { bench, configuration }
    }

    fn state(&self, file: &str) -> PathBuf {
        self.bench.folder.path().join("state").join(file)
    }

    fn command(&self, arguments: &[&str]) -> Ended {
        let mut command = std::process::Command::new(program::vestibule());
        command.args(arguments).arg("--config").arg(&self.configuration);
        Ended::of(&command.output().unwrap())
    }

    fn walk(&self, more: &[&str]) -> Process {
        let configuration = self.configuration.display().to_string();
        let arguments = ["device", "walk", "--json", "--config", &configuration];
        Process::start("walk", &program::vestibule(), &[&arguments[..], more].concat()).unwrap()
    }

    /// Pulses of each relay so far, the first relay first.
    fn pulses(&self) -> [usize; 5] {
        let all = self.bench.line.energisings();
        [1_u8, 2, 3, 4, 5]
            .map(|relay| all.iter().filter(|one| one.relay.channel.index() + 1 == usize::from(relay)).count())
    }

    /// Says which door opened after the next pulse, where relays were pulsed `before`; false at the end of the walk.
    fn answer(&self, walk: &mut Process, before: &[usize; 5]) -> bool {
        let event = next(walk, &["pulsing", "done"]);
        if event["event"] == "done" {
            return false;
        }
        let relay = event["lock"].as_str().unwrap().rsplit('/').next().unwrap().parse::<u8>().unwrap();
        let count =
            before[usize::from(relay - 1)] + usize::try_from(event["pulse"].as_u64().unwrap()).unwrap();
        let opened = self.bench.line.wait_until(PATIENCE, |sim| {
            let pulses: Vec<_> = sim
                .plant()
                .energisings()
                .filter(|one| one.relay.channel.index() + 1 == usize::from(relay))
                .cloned()
                .collect();
            (pulses.len() >= count).then(|| pulses.last()?.door).flatten()
        });
        let opened = opened.unwrap().get().to_string();
        walk.tell(if event["label"] == opened.as_str() { "" } else { &opened }).unwrap();
        true
    }
}

/// The next of these events.
fn next(walk: &mut Process, wanted: &[&str]) -> Value {
    let is = |line: &str| {
        let event: Value = serde_json::from_str(line).unwrap_or_default();
        wanted.iter().any(|name| event["event"] == *name)
    };
    let line = walk.wait_for(&wanted.join(" or "), PATIENCE, is).unwrap();
    serde_json::from_str(&line).unwrap()
}

fn events<'a>(walk: &'a Process, name: &'a str) -> impl Iterator<Item = Value> + 'a {
    let said = walk.said().into_iter();
    said.filter_map(|line| serde_json::from_str(&line).ok())
        .filter(move |event: &Value| event["event"] == name)
}

/// What was learned is the truth, `check` takes it, and the report tells of each door.
fn learned_is_true(site: &Site) {
    let learned: toml::Table = fs::read_to_string(site.state("learned.toml")).unwrap().parse().unwrap();
    let entries = learned["compartment"].as_array().unwrap();
    assert_eq!(entries.len(), TRUTH.len());
    for (place, (relay, door, latch)) in TRUTH.iter().enumerate() {
        let id = format!("a-{}", place + 1);
        let entry = entries.iter().find(|entry| entry["id"].as_str() == Some(&id)).unwrap();
        let text = |value: &toml::Value| value.as_str().unwrap().to_owned();
        assert_eq!(text(&entry["lock"]), format!("locks/{relay}"), "{id}");
        assert_eq!(text(&entry["door"]["input"]), format!("doors/{door}"), "{id}");
        assert_eq!(text(&entry["latch"]["input"]), format!("doors/{latch}"), "{id}");
        assert_eq!(text(&entry["door"]["shut_when"]), polarity(place), "{id}");
        assert_eq!(text(&entry["latch"]["latched_when"]), polarity(place), "{id}");
    }
    let path = site.state("learned.toml").display().to_string();
    let checked = site.command(&["check", "--config", &path]);
    assert_eq!(checked.code, 0, "{}{}", checked.out, checked.err);
    let reports: Vec<PathBuf> =
        fs::read_dir(site.state("commissioning")).unwrap().map(|entry| entry.unwrap().path()).collect();
    let report = reports.iter().find(|path| path.extension().is_some_and(|kind| kind == "md")).unwrap();
    let report = fs::read_to_string(report).unwrap();
    assert!(
        report.contains("Passed: 5 doors learned") && report.contains("| 3 (a-3) | locks/5 |"),
        "{report}"
    );
    assert!(reports.iter().any(|path| path.extension().is_some_and(|kind| kind == "html")));
}

#[test]
fn walk_learns_the_truth_of_a_bank_that_is_wired_at_random() {
    let site = Site::new();
    let mut walk = site.walk(&[]);
    while site.answer(&mut walk, &[0; 5]) {}
    let done = events(&walk, "done").next().unwrap();
    assert_eq!(done["good"], true, "{}", walk.log());
    learned_is_true(&site);
    let asked = events(&walk, "pulsing").count();
    assert_eq!(site.pulses().iter().sum::<usize>(), asked, "each pulse was announced, and none was doubled");

    // The site is sealed now: with the daemon stopped nothing moves without a reason that is kept.
    let before = site.pulses();
    let refused = site.command(&["device", "test", "locks/1"]);
    assert!(refused.code == 1 && refused.err.contains("--break-seal"), "{}", refused.err);
    assert_eq!(site.pulses(), before);
    let allowed =
        site.command(&["device", "test", "locks/1", "--json", "--break-seal", "lock of door 2 sticks"]);
    assert_eq!(allowed.code, 0, "{}", allowed.err);
    assert_eq!(site.pulses()[0], before[0] + 1, "once");
    let moved =
        allowed.out.lines().filter(|line| line.contains("\"changed\"") && line.contains("doors/3\"")).count();
    assert!(moved >= 1, "its contact is shown: {}", allowed.out);
    for folder in ["state", "state-mark"] {
        let kept = fs::read_to_string(site.bench.folder.path().join(folder).join("seal.json")).unwrap();
        assert!(kept.contains("lock of door 2 sticks"), "{kept}");
    }
}

#[test]
fn nothing_that_was_learned_is_lost_when_the_walk_is_killed() {
    let site = Site::new();
    let mut walk = site.walk(&[]);
    for _ in 0..2 {
        assert!(site.answer(&mut walk, &[0; 5]));
        next(&mut walk, &["learned"]);
    }
    next(&mut walk, &["pulsing"]);
    walk.kill();
    // What it had put on the wire is obeyed before anything is counted.
    site.bench.line.wait_silent(PATIENCE).unwrap();
    let before = site.pulses();
    let again = site.command(&["device", "walk", "--json"]);
    assert!(again.code == 1 && again.err.contains("--resume"), "{}", again.err);
    assert_eq!(site.pulses(), before, "nothing moves by a slip");
    // The door that was pulsed as the power went stands ajar or is shut by now.
    let mut walk = site.walk(&["--resume"]);
    assert_eq!(next(&mut walk, &["resumed"])["known"], 2);
    while site.answer(&mut walk, &before) {}
    assert_eq!(events(&walk, "done").next().unwrap()["good"], true, "{}", walk.log());
    learned_is_true(&site);
    assert_eq!(site.pulses()[..2], before[..2], "doors that were known are left alone");
}
