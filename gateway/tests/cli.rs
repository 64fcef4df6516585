//! The built binary as a person or a script calls it: words, JSON, exit codes; once with a daemon and once without.

// Clippy knows tests by their attribute; helpers of a test binary have none.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// Far longer than a start takes on a loaded machine; a test that waits so long fails.
const PATIENCE: Duration = Duration::from_secs(60);

const BUILDING: &str = r#"
[building]
id = "maple-court"
name = "Maple Court"
time_zone = "UTC"
support = "+1 312 555 0134"
[[line]]
id = "one"
port = "/dev/serial/by-path/nothing-is-here"
protocol = "modbus-rtu"
[[device]]
id = "locks"
line = "one"
address = 1
model = "waveshare-relay-8"
[[device]]
id = "doors"
line = "one"
address = 2
model = "discrete-inputs-8"
[[terminal]]
id = "lobby"
[[bank]]
id = "a"
top_mm = 1000
columns = [["small", "small"]]
labels = "{BANK}{number}"
locks = "locks/1.."
doors = { inputs = "doors/1..", shut_when = "on" }
terminals = ["lobby"]
[storage]
directory = "state"
[console]
socket = "console.sock"
[clock]
marker = "synchronised"
"#;

fn vestibule(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_vestibule")).args(arguments).output().expect("it starts")
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn complained(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", said(output)))
}

/// A building in a folder of its own.
struct House {
    folder: TempDir,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("vestibule.toml"), BUILDING).expect("written");
        std::fs::write(folder.path().join("synchronised"), "").expect("written");
        Self { folder }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("vestibule.toml")
    }

    /// A command with this building's configuration.
    fn ask(&self, arguments: &[&str]) -> Output {
        let mut all = arguments.to_vec();
        let file = self.file().display().to_string();
        all.extend(["--config", &file]);
        vestibule(&all)
    }

    fn daemon(&self) -> Daemon {
        Daemon::start(&self.file())
    }
}

/// The daemon as a process; ended by SIGTERM, or killed if a test fails.
struct Daemon {
    process: Child,
    log: Receiver<String>,
}

impl Daemon {
    fn start(file: &Path) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_vestibule"))
            .args(["run", "--config"])
            .arg(file)
            .env_remove("JOURNAL_STREAM")
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let stderr = process.stderr.take().expect("a pipe");
        let (lines, log) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if lines.send(line).is_err() {
                    return;
                }
            }
        });
        let daemon = Self { process, log };
        daemon.wait_for("building is served");
        daemon
    }

    fn wait_for(&self, words: &str) -> String {
        let mut heard = Vec::new();
        loop {
            match self.log.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(words) => return line,
                Ok(line) => heard.push(line),
                Err(error) => panic!("{error}, waiting for {words:?} in:\n{}", heard.join("\n")),
            }
        }
    }

    fn stop(mut self) {
        let pid = rustix::process::Pid::from_child(&self.process);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it runs");
        assert!(self.process.wait().expect("it ends").success(), "asked to stop, it stops well");
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

#[test]
fn usage_errors_end_with_2_and_help_with_0() {
    assert_eq!(code(&vestibule(&[])), 2);
    assert_eq!(code(&vestibule(&["open-sesame"])), 2);
    assert_eq!(code(&vestibule(&["unlock", "A1"])), 2, "a reason is required");
    assert_eq!(code(&vestibule(&["unlock", "A1", "--reason", " ", "--socket", "/nowhere"])), 2);
    assert_eq!(code(&vestibule(&["journal", "verify", "--anchor", "12"])), 2);
    assert_eq!(code(&vestibule(&["enroll", "--building-ca", "/tmp/x"])), 2);
    assert_eq!(code(&vestibule(&["enroll", "--building-ca", "/tmp/x", "--role", "staff"])), 2);
    let help = vestibule(&["--help"]);
    assert_eq!(code(&help), 0);
    for word in
        ["run", "broker", "check", "status", "doors", "unlock", "terminal", "journal", "enroll", "Examples"]
    {
        assert!(said(&help).contains(word), "{word}");
    }
    assert!(said(&vestibule(&["unlock", "--help"])).contains("resident forgot"));
}

#[test]
fn version_is_told_for_people_and_programs() {
    let words = vestibule(&["version"]);
    assert!(said(&words).starts_with(concat!("vestibule ", env!("CARGO_PKG_VERSION"))));
    assert_eq!(json(&vestibule(&["version", "--json"]))["contract"], "v1");
}

#[test]
fn every_problem_is_listed_when_check_refuses() {
    let house = House::new();
    let good = house.ask(&["check"]);
    assert_eq!((code(&good), said(&good).contains("Good: Maple Court")), (0, true), "{}", said(&good));
    let bad = BUILDING
        .replace("line = \"one\"", "line = \"noe\"")
        .replace("shut_when = \"on\"", "shut_when = \"no\"");
    std::fs::write(house.file(), bad).expect("written");
    let refused = house.ask(&["check"]);
    assert_eq!(code(&refused), 1);
    let words = said(&refused);
    assert_eq!(words.matches("did you mean \"one\"?").count(), 2, "{words}");
    assert!(words.contains("vestibule.toml:13:8") && words.contains("shut_when"), "{words}");
    assert!(words.contains("Refused: 3 errors"), "{words}");
    let report = json(&house.ask(&["check", "--json"]));
    assert_eq!(
        (&report["good"], report["problems"].as_array().map(Vec::len)),
        (&Value::Bool(false), Some(3))
    );
    assert_eq!((&report["problems"][0]["line"], &report["problems"][0]["column"]), (&13.into(), &8.into()));
}

#[test]
fn nobody_answers_when_the_daemon_is_stopped() {
    let house = House::new();
    for arguments in
        [&["status"][..], &["doors"], &["unlock", "A1", "--reason", "test"], &["terminal", "lobby"]]
    {
        let output = house.ask(arguments);
        assert_eq!(code(&output), 3, "{arguments:?}");
        assert!(complained(&output).contains("cannot reach the daemon"), "{}", complained(&output));
    }
    assert_eq!(code(&house.ask(&["journal"])), 3, "there is no file either");
}

#[test]
fn daemon_does_not_start_when_no_configuration_was_ever_good() {
    let house = House::new();
    std::fs::write(house.file(), "[building]\nid = \"X\"\n[storage]\ndirectory = \"state\"\n")
        .expect("written");
    let output = house.ask(&["run"]);
    assert_eq!(code(&output), 1);
    assert!(complained(&output).contains("character 1 is not one of"), "{}", complained(&output));
}

#[test]
fn authority_issues_and_replaces_nothing_unasked() {
    let folder = tempfile::tempdir().expect("a folder");
    let ca = folder.path().join("authority").display().to_string();
    let out = folder.path().join("tls").display().to_string();
    let make = ["enroll", "--building-ca", &ca, "--building", "maple-court"];
    assert_eq!(code(&vestibule(&make)), 0);
    assert_eq!(code(&vestibule(&make)), 1, "a second authority would cut off the first one's clients");
    let issue = ["enroll", "--building-ca", &ca, "--role", "staff", "--name", "kim", "--out", &out, "--json"];
    let issued = vestibule(&issue);
    assert_eq!(code(&issued), 0, "{}", complained(&issued));
    assert!(Path::new(json(&issued)["key"].as_str().unwrap_or("")).is_file());
    assert_eq!(code(&vestibule(&issue)), 1);
    let mut again = issue.to_vec();
    again.push("--replace");
    assert_eq!(code(&vestibule(&again)), 0);
    let kim = folder.path().join("tls/staff-kim.pem").display().to_string();
    let revoked = vestibule(&["enroll", "--building-ca", &ca, "--revoke", &kim, "--json"]);
    assert_eq!(code(&revoked), 0, "{}", complained(&revoked));
    assert!(Path::new(json(&revoked)["list"].as_str().unwrap_or("")).is_file());
    let key = kim.replace(".pem", ".key");
    assert_eq!(
        code(&vestibule(&["enroll", "--building-ca", &ca, "--revoke", &key])),
        1,
        "a key is no certificate"
    );
    let slip =
        vestibule(&["enroll", "--building-ca", &ca, "--role", "stafff", "--name", "kim", "--out", &out]);
    assert_eq!(code(&slip), 2);
    assert!(complained(&slip).contains("did you mean staff?"), "{}", complained(&slip));
}

#[test]
fn people_and_scripts_talk_to_a_running_daemon() {
    let house = House::new();
    let daemon = house.daemon();

    let status = house.ask(&["status"]);
    let words = said(&status);
    assert_eq!(code(&status), 0, "{}", complained(&status));
    assert!(words.contains("Maple Court") && words.contains("to look at"), "{words}");
    assert!(words.contains("check the adapter"), "the line's port does not exist: {words}");
    let snapshot = json(&house.ask(&["status", "--json"]));
    assert_eq!(snapshot["gateway"]["clock"], "synchronised");
    assert!(snapshot["attention"].as_array().is_some_and(|all| !all.is_empty()));

    let doors = said(&house.ask(&["doors"]));
    assert!(doors.starts_with("LABEL") && doors.contains("A1") && doors.contains("? (unknown)"), "{doors}");

    let unlock = house.ask(&["unlock", "a1", "--reason", "test", "--json"]);
    // Refused once the board is known to be away, failed before that: either way nothing moved, and it says so.
    let status = &json(&unlock)["status"];
    assert!(code(&unlock) == 1 && (status == "refused" || status == "failed"), "{}", said(&unlock));
    let unknown = house.ask(&["unlock", "A9", "--reason", "test"]);
    assert_eq!(code(&unknown), 1);
    assert!(
        complained(&unknown).contains("did you mean A1") || complained(&unknown).contains("did you mean A2")
    );

    terminal(&house);
    let anchor = journal(&house);
    daemon.stop();
    offline(&house, &anchor);
}

/// A pipe sits down at the terminal and sees what its code leads to.
fn terminal(house: &House) {
    let file = house.file().display().to_string();
    let mut seat = Command::new(env!("CARGO_BIN_EXE_vestibule"))
        .args(["terminal", "lobby", "--json", "--config", &file])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut screens = BufReader::new(seat.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
    let first: Value = serde_json::from_str(&screens.next().expect("a screen")).expect("JSON");
    assert_eq!(first["show"], "welcome");
    let taken = house.ask(&["terminal", "lobby"]);
    assert_eq!((code(&taken), complained(&taken).contains("busy")), (1, true), "one seat only");
    let mut keys = seat.stdin.take().expect("a pipe");
    keys.write_all(b"0000000001\n").expect("it reads");
    let answer: Value = serde_json::from_str(&screens.next().expect("a screen")).expect("JSON");
    assert_eq!(answer["show"], "refused", "no such code: {answer}");
    drop(keys);
    assert!(seat.wait().expect("it ends").success());
}

/// The journal while the daemon runs; gives an anchor to prove it with.
fn journal(house: &House) -> String {
    let rows = said(&house.ask(&["journal", "--after", "0", "--json"]));
    let rows: Vec<Value> = rows.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let last = rows.last().expect("the start is journalled");
    assert_eq!(rows[0]["sequence"], 1);
    assert!(rows.iter().any(|row| row["event"]["type"] == "gateway.started"));
    let anchor = format!("{}:{}", last["sequence"], last["hash"].as_str().unwrap_or(""));
    let unanchored = house.ask(&["journal", "verify"]);
    assert_eq!((code(&unanchored), said(&unanchored).contains("unanchored since 1")), (1, true));
    let proven = house.ask(&["journal", "verify", "--anchor", &anchor]);
    assert_eq!(code(&proven), 0, "{}", said(&proven));
    let forged = format!("{}:{}", last["sequence"], "0".repeat(64));
    assert_eq!(code(&house.ask(&["journal", "verify", "--anchor", &forged])), 1);
    anchor
}

/// The journal's file with the daemon stopped.
fn offline(house: &House, anchor: &str) {
    assert_eq!(code(&house.ask(&["status"])), 3);
    let shown = house.ask(&["journal"]);
    assert_eq!(code(&shown), 0, "{}", complained(&shown));
    assert!(said(&shown).contains("gateway.stopping"), "{}", said(&shown));
    let proven = house.ask(&["journal", "verify", "--anchor", anchor]);
    assert_eq!(code(&proven), 0, "{}", said(&proven));
    let file = house.folder.path().join("journal.ndjson").display().to_string();
    assert_eq!(code(&house.ask(&["journal", "export", "--out", &file])), 0);
    let text = std::fs::read_to_string(&file).expect("written");
    assert!(text.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()) && text.lines().count() > 1);
    assert_eq!(code(&house.ask(&["journal", "export", "--out", &file])), 1, "nothing is overwritten");
}

#[test]
fn last_good_configuration_runs_and_shouts_when_the_files_are_bad() {
    let house = House::new();
    house.daemon().stop();
    std::fs::write(house.file(), BUILDING.replace("waveshare-relay-8", "waveshare-relay-9"))
        .expect("written");
    assert_eq!(code(&house.ask(&["check"])), 1);
    let daemon = house.daemon();
    let status = json(&house.ask(&["status", "--json"]));
    assert_eq!(status["gateway"]["configuration_problems"], 1);
    assert!(said(&house.ask(&["status"])).contains("run `vestibule check`"));
    daemon.stop();
}

#[test]
fn daemon_serves_with_a_new_code_key_when_its_own_is_damaged() {
    let house = House::new();
    let state = house.folder.path().join("state");
    std::fs::create_dir(&state).expect("made");
    std::fs::write(state.join("code.key"), "cut").expect("written");
    let daemon = house.daemon();
    assert_eq!(code(&house.ask(&["doors"])), 0);
    assert_eq!(std::fs::read(state.join("code.key")).expect("a key").len(), 32);
    daemon.stop();
}
