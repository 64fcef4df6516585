//! One client program of somebody else's as a process, and what it says of itself.

use std::path::{Path, PathBuf};

use vestibule_demo::cloud::topic;
use vestibule_demo::house::House;
use vestibule_demo::process::Process;
use vestibule_tests::house::PATIENCE;
use vestibule_tests::program;

use super::keep_alive;
use crate::whole::staff::clients::{Client, Version};

/// Whose client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// paho-mqtt 1.6, Debian's.
    Paho,
    /// paho-mqtt 2.
    PahoNew,
    /// MQTT.js.
    MqttJs,
    /// `mosquitto_sub` and `mosquitto_pub`.
    Mosquitto,
}

/// Every client in both versions.
pub const PROGRAMS: [(Kind, Version); 8] = [
    (Kind::Paho, Version::V311),
    (Kind::Paho, Version::V5),
    (Kind::PahoNew, Version::V311),
    (Kind::PahoNew, Version::V5),
    (Kind::MqttJs, Version::V311),
    (Kind::MqttJs, Version::V5),
    (Kind::Mosquitto, Version::V311),
    (Kind::Mosquitto, Version::V5),
];

/// The certificate's name, and the client's id.
pub fn name(kind: Kind, version: Version) -> String {
    let kind = match kind {
        Kind::Paho => "paho",
        Kind::PahoNew => "paho-new",
        Kind::MqttJs => "mqttjs",
        Kind::Mosquitto => "mosquitto",
    };
    format!("{kind}-{}", version.word())
}

/// A running client. Dropping it kills it.
pub struct Program {
    pub kind: Kind,
    pub version: Version,
    pub name: String,
    process: Process,
    /// For `mosquitto_pub`.
    writer: Client,
}

impl Program {
    /// Starts it under its own name, or with another's client id.
    pub fn start(house: &House, kind: Kind, version: Version, id: Option<&str>) -> Self {
        let name = name(kind, version);
        let writer = Client::of(house, house.broker_port, "staff", &name, version);
        let id = id.unwrap_or(&name);
        let alive = keep_alive(kind).as_secs().to_string();
        let filters = [topic(&format!("reply/{name}")), topic("event/#"), topic("command/#")];
        let certificate = house.certificates().join(format!("staff-{name}.pem"));
        let files =
            [house.certificates().join("ca.pem"), certificate.clone(), certificate.with_extension("key")];
        let files = files.map(|path| path.to_string_lossy().into_owned());
        let port = house.broker_port.to_string();
        let (program, mut words) = command(kind);
        match kind {
            Kind::Mosquitto => {
                let [ca, certificate, key] = &files;
                let own =
                    ["-h", "localhost", "-p", &port, "--cafile", ca, "--cert", certificate, "--key", key];
                words.extend(own.map(str::to_owned));
                let own =
                    ["-d", "-q", "1", "-F", "message %t %p", "-k", &alive, "-V", version.word(), "-i", id];
                words.extend(own.map(str::to_owned));
                words.extend(filters.iter().flat_map(|filter| ["-t".to_owned(), filter.clone()]));
            }
            _ => {
                words.push(port);
                words.extend(files);
                words.extend([version.word(), id, &alive].map(str::to_owned));
                words.extend(filters);
            }
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let process = Process::start(&name, &program, &words).unwrap();
        Self { kind, version, name, process, writer }
    }

    /// What its users' scripts do after a cut: `mosquitto_sub` ends with it. The others come back by themselves.
    pub fn start_again(&mut self, house: &House) {
        if self.kind == Kind::Mosquitto {
            self.expect("that it was cut off", |line| line.contains("connection was lost"));
            *self = Self::start(house, self.kind, self.version, None);
        }
    }

    fn expect(&mut self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let line = self.process.wait_for(what, PATIENCE, wanted);
        line.unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    /// Waits until it is let in.
    pub fn connected(&mut self) {
        let word = if self.kind == Kind::Mosquitto { "received CONNACK (0)" } else { "connected 0" };
        self.expect("that it is connected", |line| line.ends_with(word));
    }

    /// Waits until it is told that it is not let in.
    pub fn refused(&mut self, code: u32) {
        let word = match (self.kind, self.version) {
            (Kind::Mosquitto, Version::V5) => "Client Identifier not valid".to_owned(),
            (Kind::Mosquitto, Version::V311) => "identifier rejected".to_owned(),
            _ => format!("connected {code}"),
        };
        self.expect("why it is not let in", |line| line.contains(&word));
    }

    /// Waits for its SUBACK.
    pub fn subscribed(&mut self, codes: &[u32]) {
        let codes: Vec<String> = codes.iter().map(u32::to_string).collect();
        let word = match self.kind {
            Kind::Mosquitto => format!("): {}", codes.join(", ")),
            _ => format!("subscribed {}", codes.join(" ")),
        };
        let started = if self.kind == Kind::Mosquitto { "Subscribed (mid" } else { "subscribed" };
        let line = self.expect("that it is subscribed", |line| line.starts_with(started));
        assert!(line.ends_with(&word), "{}: {line}, not {word}", self.name);
    }

    /// Waits for a message.
    pub fn message(&mut self, tail: &str, payload: &str) {
        let word = format!("message {} {payload}", topic(tail));
        self.expect("a message", |line| line == word);
    }

    /// Has it publish a command, which the broker takes.
    pub fn publish(&mut self, tail: &str, payload: &str) {
        if self.kind == Kind::Mosquitto {
            let ended = self.writer.publish(tail, payload.as_bytes(), &[]);
            assert!(ended.is_taken(), "{}: {ended:?}", self.name);
        } else {
            self.tell(&topic(tail), payload);
            self.published(0);
        }
    }

    /// Has it publish at QoS 1.
    pub fn tell(&mut self, topic: &str, payload: &str) {
        self.process.tell(&format!("{topic} {payload}")).unwrap();
    }

    /// Waits for its PUBACK.
    pub fn published(&mut self, code: u32) {
        let line = self.expect("a PUBACK", |line| line.starts_with("published"));
        assert_eq!(line, format!("published {code}"), "{}", self.name);
    }

    /// Waits for the answer to its next PINGREQ.
    pub fn ping(&mut self) {
        let word = if self.kind == Kind::Mosquitto { "received PINGRESP" } else { "ping" };
        self.expect("PINGRESP", |line| line.ends_with(word));
    }

    /// Waits until the broker tells it why the connection ends.
    pub fn disconnected(&mut self, code: u32) {
        let word = match self.kind {
            Kind::Mosquitto => format!("Received DISCONNECT ({code})"),
            _ => format!("disconnected {code}"),
        };
        self.expect("why it ends", |line| line.contains(&word));
    }

    /// How often its connection has ended so far.
    pub fn cuts(&self) -> usize {
        let cut =
            |line: &&String| ["disconnected", "closed", "error"].iter().any(|word| line.starts_with(word));
        self.process.said().iter().filter(cut).count()
    }

    /// The last lines it said.
    pub fn log(&self) -> String {
        self.process.log()
    }
}

/// The program, and the script it runs.
fn command(kind: Kind) -> (PathBuf, Vec<String>) {
    let script = |name: &str| {
        vec![
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("suite/clients")
                .join(name)
                .to_string_lossy()
                .into_owned(),
        ]
    };
    let installed = program::clients();
    match kind {
        // Debian's own interpreter knows Debian's own library.
        Kind::Paho => ("/usr/bin/python3".into(), script("paho_client.py")),
        Kind::PahoNew => (installed.join("python/bin/python"), script("paho_client.py")),
        Kind::MqttJs => {
            let own = format!("CLIENTS={}", installed.join("node").display());
            ("/usr/bin/env".into(), [vec![own, "node".to_owned()], script("mqttjs_client.mjs")].concat())
        }
        // It keeps what it says to a pipe for later, otherwise.
        Kind::Mosquitto => ("stdbuf".into(), vec!["-oL".to_owned(), "mosquitto_sub".to_owned()]),
    }
}
