//! Debian's `mosquitto_pub`, `mosquitto_sub` and `mosquitto_rr` with somebody's certificate, as scripts run them.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use vestibule_demo::cloud::topic;
use vestibule_demo::house::House;
use vestibule_demo::process::Process;
use vestibule_tests::house::PATIENCE;

/// The version of MQTT a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    V311,
    V5,
}

/// Both, for tests that do the same in each.
pub const VERSIONS: [Version; 2] = [Version::V5, Version::V311];

impl Version {
    /// As `-V` takes it, and as a part of a command's id.
    pub const fn word(self) -> &'static str {
        match self {
            Self::V311 => "311",
            Self::V5 => "5",
        }
    }
}

/// How a client shows who it is.
#[derive(Clone, Debug)]
pub enum Proof {
    /// TLS with this certificate and its key beside it.
    Certificate(PathBuf),
    /// TLS without a certificate.
    Anonymous,
    /// Bytes in clear.
    Plain,
}

/// Somebody at a broker on loopback.
#[derive(Clone, Debug)]
pub struct Client {
    pub port: u16,
    pub ca: PathBuf,
    pub proof: Proof,
    pub id: String,
    pub version: Version,
}

/// A client program that has ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub said: String,
}

impl Ended {
    /// Taken by the broker: to `mosquitto_pub` 2.0 neither a PUBACK that refuses nor a message too large to send is a
    /// failure, so what it saw is looked at.
    pub fn is_taken(&self) -> bool {
        self.code == Some(0) && self.said.contains("received PUBACK (Mid: 1, RC:0)")
    }
}

/// One message as `mosquitto_sub` printed it.
#[derive(Clone, Debug)]
pub struct Message {
    pub retained: bool,
    pub correlation: String,
    pub topic: String,
    pub payload: Value,
}

/// Retain flag, correlation data, topic, payload.
const FORMAT: &str = "message|%r|%D|%t|%p";

impl Message {
    fn read(line: &str) -> Option<Self> {
        let mut parts = line.strip_prefix("message|")?.splitn(4, '|');
        let (retained, correlation) = (parts.next()? == "1", parts.next()?.to_owned());
        let topic = parts.next()?.to_owned();
        Some(Self { retained, correlation, topic, payload: serde_json::from_str(parts.next()?).ok()? })
    }
}

impl Client {
    /// With the certificate that the building's authority gave to that name in that role.
    pub fn of(house: &House, port: u16, role: &str, name: &str, version: Version) -> Self {
        let folder = house.certificates();
        let proof = Proof::Certificate(folder.join(format!("{role}-{name}.pem")));
        Self { port, ca: folder.join("ca.pem"), proof, id: name.to_owned(), version }
    }

    fn arguments(&self, part: &str) -> Vec<String> {
        let path = |path: &Path| path.to_string_lossy().into_owned();
        let mut all = vec!["-V".to_owned(), self.version.word().to_owned()];
        all.extend(["-h", "localhost", "-q", "1", "-p"].map(str::to_owned));
        all.push(self.port.to_string());
        // One name may have several connections, each with an id of its own that begins with the name.
        all.extend(["-i".to_owned(), format!("{}.{part}", self.id)]);
        match &self.proof {
            Proof::Plain => {}
            Proof::Anonymous => all.extend(["--cafile".to_owned(), path(&self.ca)]),
            Proof::Certificate(certificate) => {
                all.extend(["--cafile".to_owned(), path(&self.ca), "--cert".to_owned(), path(certificate)]);
                all.extend(["--key".to_owned(), path(&certificate.with_extension("key"))]);
            }
        }
        all
    }

    /// Publishes to a topic of the building at QoS 1 and waits for the program's end.
    pub fn publish(&self, tail: &str, payload: &[u8], more: &[&str]) -> Ended {
        let mut arguments = self.arguments("pub");
        arguments.extend(["-d", "-s", "-t"].map(str::to_owned));
        arguments.push(topic(tail));
        arguments.extend(more.iter().map(|&word| word.to_owned()));
        run("mosquitto_pub", &arguments, payload)
    }

    /// Publishes and waits for one answer over the same connection: for brokers that allow a certificate only one.
    pub fn request(&self, tail: &str, payload: &str, answer: &str) -> Value {
        let mut arguments = self.arguments("rr");
        arguments.extend(["-m".to_owned(), payload.to_owned(), "-F".to_owned(), FORMAT.to_owned()]);
        arguments.extend(["-t".to_owned(), topic(tail), "-e".to_owned(), topic(answer)]);
        one_message(&run("mosquitto_rr", &arguments, &[])).payload
    }

    /// What the broker has kept of a topic, for somebody who comes anew.
    pub fn kept(&self, tail: &str) -> Message {
        let ended = self.subscribe_once(tail);
        one_message(&ended)
    }

    /// Subscribes to a topic until one message comes or the broker refuses.
    pub fn subscribe_once(&self, tail: &str) -> Ended {
        let mut arguments = self.arguments("once");
        arguments.extend(["-F".to_owned(), FORMAT.to_owned(), "-C".to_owned(), "1".to_owned()]);
        arguments.extend(["-t".to_owned(), topic(tail)]);
        run("mosquitto_sub", &arguments, &[])
    }

    /// Subscribes and goes on listening.
    pub fn listen(&self, tails: &[&str]) -> Listener {
        let mut arguments = self.arguments("sub");
        arguments.extend(["-d".to_owned(), "-F".to_owned(), FORMAT.to_owned()]);
        arguments.extend(tails.iter().flat_map(|tail| ["-t".to_owned(), topic(tail)]));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut process = Process::start("mosquitto_sub", Path::new("mosquitto_sub"), &arguments).unwrap();
        process
            .wait_for("that it is subscribed", PATIENCE, |line| line.starts_with("Subscribed (mid"))
            .unwrap();
        Listener { process, passed: Vec::new() }
    }
}

fn one_message(ended: &Ended) -> Message {
    let read = ended.said.lines().find_map(Message::read);
    read.unwrap_or_else(|| panic!("no message: {ended:?}"))
}

/// Runs a client to its end; one that never ends is ended by `timeout`, with 124.
fn run(program: &str, arguments: &[String], input: &[u8]) -> Ended {
    let mut command = Command::new("timeout");
    command.arg(PATIENCE.as_secs().to_string()).arg(program).args(arguments);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Whoever ends before having read it all says why.
    drop(child.stdin.take().map(|mut stdin| stdin.write_all(input)));
    let out = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned();
    assert_ne!(out.status.code(), Some(124), "{program} {arguments:?} did not end: {said}");
    Ended { code: out.status.code(), said }
}

/// A running `mosquitto_sub`.
pub struct Listener {
    process: Process,
    /// Heard while something else was awaited.
    passed: Vec<Message>,
}

impl Listener {
    /// The next message of a topic that `wanted` accepts; others are kept for later.
    pub fn take(&mut self, tail: &str, wanted: impl Fn(&Message) -> bool) -> Message {
        let own = topic(tail);
        let fits = |message: &Message| message.topic == own && wanted(message);
        if let Some(at) = self.passed.iter().position(fits) {
            return self.passed.remove(at);
        }
        loop {
            let line = self.process.wait_for(tail, PATIENCE, |line| line.starts_with("message|"));
            let line = line.unwrap_or_else(|error| panic!("{error}\npassed over: {:#?}", self.passed));
            let message = Message::read(&line).unwrap_or_else(|| panic!("not of our form: {line}"));
            if fits(&message) {
                return message;
            }
            self.passed.push(message);
        }
    }

    /// Messages of a topic that were heard and not taken.
    pub fn passed(&self, tail: &str) -> Vec<&Message> {
        let own = topic(tail);
        self.passed.iter().filter(|message| message.topic == own).collect()
    }
}
