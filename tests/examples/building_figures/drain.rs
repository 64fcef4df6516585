//! A backlog of an outage into Mosquitto, beside Mosquitto's own bridge with as many messages of the same size, over the
//! same mutual TLS, in the same run. Time is from the first to the last message that a listener at the cloud gets.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use vestibule::broker::RoleTable;
use vestibule::broker::mosquitto::{Files, Place, acl, configuration};
use vestibule::enroll::Identity;
use vestibule_demo::house::{BUILDING, House, START_PATIENCE, free_port};
use vestibule_demo::process::Process;
use vestibule_tests::house::{Building, Plan};

use super::journal::fill;
use super::table::{median, row};

const ROWS: u64 = 100_000;
/// The bridge numbers what it queues with 16 bits and loses what is beyond them, so that it cannot be given as many.
const BRIDGED: u64 = 60_000;
const ROUNDS: usize = 3;
/// Started by root it would change to a user who cannot read the files; each message in its log would slow it down.
const LOG: &str = "user root\nlog_dest stderr\nlog_type error\nlog_type warning\nlog_type notice\nlog_type information\n\
    log_type subscribe\n";

pub(crate) fn measure() {
    let (mut ours, mut bridge) = (Vec::new(), Vec::new());
    let mut bytes = 0;
    for round in 0..ROUNDS {
        let seed = 90 + u64::try_from(round).expect("few rounds");
        let Building { mut house, cloud, cloud_port, folder: _folder } = Building::open(Plan::small(seed));
        drop(cloud);
        let (rate, size) = daemon(&mut house, cloud_port);
        ours.push(rate);
        bytes = size;
        bridge.push(mosquitto_bridge(&house, cloud_port, size));
    }
    let (ours, bridge) = (median(ours), median(bridge));
    row(
        &format!("backlog of 100,000 rows ({bytes} bytes each) into Mosquitto, in order"),
        &format!("{ours:.0} /s"),
        &format!("mosquitto's own bridge: {bridge:.0} /s"),
        bridge / ours,
    );
}

/// Messages a second, and bytes of one.
fn daemon(house: &mut House, port: u16) -> (f64, usize) {
    house.start_daemon().expect("the daemon");
    house.kill_daemon();
    fill(&house.state(), ROWS);
    let row = house.command(&[
        "journal",
        "--config",
        &house.configuration().to_string_lossy(),
        "--rows",
        "1",
        "--json",
    ]);
    let bytes = row.expect("a row").trim().len();
    let mut cloud = Cloud::start(house, port, "daemon");
    let listener = Listener::start(house, &mut cloud, port, ROWS);
    house.start_daemon().expect("the daemon");
    let rate = listener.rate();
    house.kill_daemon();
    drop(cloud);
    (rate, bytes)
}

/// A Mosquitto that bridges to the cloud, its queue filled while the cloud was away.
fn mosquitto_bridge(house: &House, port: u16, bytes: usize) -> f64 {
    let folder = house.spec.folder.join("bridge");
    fs::create_dir_all(&folder).expect("a folder");
    let local = free_port().expect("a port");
    let file = |name: &str| house.certificates().join(name).display().to_string();
    let text = format!(
        "listener {local} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nmax_inflight_messages 1000\npersistence true\npersistence_location {}/\n\
         {LOG}connection cloud\naddress localhost:{port}\nbridge_cafile {}\nbridge_certfile {}\n\
         bridge_keyfile {}\nremote_clientid bridge\ncleansession false\nrestart_timeout 1\nnotifications false\n\
         topic vestibule/# out 1\n",
        folder.display(),
        file("ca.pem"),
        file("gateway-gateway.pem"),
        file("gateway-gateway.key"),
    );
    let path = folder.join("mosquitto.conf");
    fs::write(&path, text).expect("its configuration");
    let mut filled = start("bridge", &path);
    publish(local, bytes);
    // It keeps its queue over a stop, and finds the cloud with its listener when it starts again.
    filled.stop().expect("an orderly end");
    let mut cloud = Cloud::start(house, port, "bridge");
    let listener = Listener::start(house, &mut cloud, port, BRIDGED);
    let bridge = start("bridge", &path);
    let rate = listener.rate();
    drop((bridge, cloud));
    rate
}

fn publish(port: u16, bytes: usize) {
    let mut publisher = Command::new("mosquitto_pub")
        .args(["-h", "127.0.0.1", "-p", &port.to_string(), "-q", "1", "-l"])
        .args(["-t", &format!("vestibule/v1/{BUILDING}/event/compartment.closed")])
        .stdin(Stdio::piped())
        .spawn()
        .expect("mosquitto_pub");
    let line = "x".repeat(bytes) + "\n";
    let mut stdin = publisher.stdin.take().expect("a pipe");
    for _ in 0..BRIDGED {
        stdin.write_all(line.as_bytes()).expect("written");
    }
    drop(stdin);
    assert!(publisher.wait().expect("it ends").success(), "mosquitto_pub failed");
}

/// The cloud's Mosquitto as we configure it, but with a queue for a whole backlog: the listener must lose nothing.
struct Cloud {
    process: Process,
}

impl Cloud {
    fn start(house: &House, port: u16, name: &str) -> Self {
        let folder = house.spec.folder.join(format!("cloud-{name}"));
        fs::create_dir_all(&folder).expect("a folder");
        let who =
            [("gateway", "gateway"), ("cloud", "office"), ("cloud", "auditor"), ("notifier", "notifier")];
        let who = who.map(|(role, name)| Identity::new(BUILDING, role, name).expect("a name"));
        let rights = folder.join("acl");
        fs::write(&rights, acl(&RoleTable::cloud().expect("roles"), &who)).expect("its ACL");
        let file = |name: &str| house.certificates().join(name);
        let files = Files {
            listen: ([127, 0, 0, 1], port).into(),
            ca: &file("ca.pem"),
            certificate: &file("broker-cloud.pem"),
            key: &file("broker-cloud.key"),
            acl: &rights,
            data: &folder,
        };
        let text = configuration(Place::Cloud, files);
        let text = text.replace("max_queued_messages 10000", "max_queued_messages 0");
        let text = text.replace("max_queued_bytes 16777216", "max_queued_bytes 0");
        let path = folder.join("mosquitto.conf");
        fs::write(&path, text + LOG).expect("its configuration");
        Self { process: start("cloud", &path) }
    }
}

fn start(name: &str, configuration: &Path) -> Process {
    let debian = Path::new("/usr/sbin/mosquitto");
    let program = if debian.exists() { debian } else { Path::new("mosquitto") };
    let mut process =
        Process::start(name, program, &["-c", &configuration.to_string_lossy()]).expect("mosquitto");
    let running = |line: &str| line.ends_with(" running");
    process.wait_for("that it runs", START_PATIENCE, running).expect("mosquitto runs");
    process
}

/// Mosquitto's own client at the cloud: it prints when each message came.
struct Listener {
    child: Child,
    messages: u64,
}

impl Listener {
    fn start(house: &House, cloud: &mut Cloud, port: u16, messages: u64) -> Self {
        let filter = format!("vestibule/v1/{BUILDING}/event/#");
        let file = |name: &str| house.certificates().join(name).display().to_string();
        let child = Command::new("mosquitto_sub")
            .args(["-h", "localhost", "-p", &port.to_string(), "--cafile", &file("ca.pem")])
            .args(["--cert", &file("cloud-auditor.pem"), "--key", &file("cloud-auditor.key")])
            .args(["-q", "1", "-t", &filter, "-F", "%U %p", "-C", &messages.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .expect("mosquitto_sub");
        let subscribed = |line: &str| line.contains(&filter);
        cloud.process.wait_for("a subscription", START_PATIENCE, subscribed).expect("a listener");
        Self { child, messages }
    }

    /// Waits for all messages; how many came a second. Of rows, which are numbered, none may be missing, doubled or early.
    fn rate(mut self) -> f64 {
        let out = BufReader::new(self.child.stdout.take().expect("a pipe"));
        let mut times: Vec<f64> = Vec::new();
        let mut sequence = None;
        for line in out.lines().map_while(Result::ok) {
            let (at, payload) = line.split_once(' ').expect("a time and a payload");
            times.push(at.parse().expect("seconds since 1970"));
            if let Some((_, after)) = payload.split_once("\"sequence\":\"") {
                let now: u64 = after[..20].parse().expect("a sequence of twenty digits");
                assert!(sequence.is_none_or(|before| now == before + 1), "row {now} after {sequence:?}");
                sequence = Some(now);
            }
        }
        self.child.wait().expect("it ends");
        assert_eq!(u64::try_from(times.len()), Ok(self.messages), "the listener ended early");
        let (first, last) = (times.first().expect("a message"), times.last().expect("a message"));
        f64::from(u32::try_from(self.messages).expect("few messages")) / (last - first)
    }
}
