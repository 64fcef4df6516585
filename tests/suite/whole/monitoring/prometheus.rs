//! A Prometheus of the test's own: its configuration, its questions.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use vestibule_demo::house::free_port;
use vestibule_demo::process::Process;

/// It scrapes every second; a rate needs two scrapes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running Prometheus. Dropping it kills it, by its id.
pub(super) struct Prometheus {
    address: String,
    _process: Process,
}

impl Prometheus {
    /// Starts it on these rules and targets and waits until it answers.
    pub(super) fn start(folder: &Path, rules: &Path, daemon: &str, broker: &str) -> Self {
        let rules = rules.canonicalize().unwrap();
        let text = format!(
            "global: {{ scrape_interval: 1s, evaluation_interval: 1s }}\nrule_files: [ {rules:?} ]\nscrape_configs:\n\
             - {{ job_name: vestibule, static_configs: [ {{ targets: [ {daemon:?} ] }} ] }}\n\
             - {{ job_name: vestibule-broker, static_configs: [ {{ targets: [ {broker:?} ] }} ] }}\n"
        );
        let (file, data) = (folder.join("prometheus.yml"), folder.join("prometheus"));
        fs::write(&file, text).unwrap();
        let address = format!("127.0.0.1:{}", free_port().unwrap());
        let arguments = [
            format!("--config.file={}", file.display()),
            format!("--storage.tsdb.path={}", data.display()),
            format!("--web.listen-address={address}"),
        ];
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut process = Process::start("prometheus", Path::new("prometheus"), &arguments).unwrap();
        let ready = |line: &str| line.contains("Server is ready");
        process.wait_for("that it is ready", PATIENCE, ready).unwrap();
        Self { address, _process: process }
    }

    /// Asks until there is an answer in numbers (nothing by nothing is none yet); a query that cannot be read fails at once.
    pub(super) fn wait_for(&self, query: &str) {
        let url = format!("http://{}", self.address);
        let until = Instant::now() + PATIENCE;
        loop {
            let asked = Command::new("promtool").args(["query", "instant", &url, query]).output();
            let asked = asked.expect("promtool: Debian's package prometheus");
            let (said, why) =
                (String::from_utf8_lossy(&asked.stdout), String::from_utf8_lossy(&asked.stderr));
            assert!(asked.status.success(), "{query}: {said}{why}");
            if !said.trim().is_empty() && !said.contains("NaN") {
                return;
            }
            assert!(Instant::now() < until, "nothing answers {query}");
        }
    }

    /// Every rule that was loaded, with its health; waits until each was evaluated.
    pub(super) fn rules(&self) -> Vec<Value> {
        let until = Instant::now() + PATIENCE;
        loop {
            let answer = self.get("/api/v1/rules");
            let groups = answer["data"]["groups"].as_array().unwrap();
            let rules: Vec<Value> =
                groups.iter().flat_map(|group| group["rules"].as_array().unwrap().clone()).collect();
            if rules.iter().all(|rule| rule["health"] != "unknown") {
                return rules;
            }
            assert!(Instant::now() < until, "rules are not evaluated");
        }
    }

    fn get(&self, path: &str) -> Value {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "GET {path} HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        serde_json::from_str(body).unwrap()
    }
}
