//! A line at a temporary path, and the product's command line beside it.

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;
use sim_devices::{Address, Baud, DeviceSpec, LineSpec, Model, PtyLine, PtySpec, ServedBy};
use tempfile::TempDir;
use vestibule_tests::program;

/// A line that nobody has opened.
pub struct Bench {
    /// The other side of the wire.
    pub line: PtyLine,
    /// Where its port is.
    pub port: PathBuf,
    /// Everything's folder.
    pub folder: TempDir,
}

/// How a command ended, and what it printed.
pub struct Ended {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ended {
    pub fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let code = output.status.code().expect("it ended by itself");
        Self { code, out: text(&output.stdout), err: text(&output.stderr) }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}{}", self.out, self.err))
    }
}

impl Bench {
    pub fn new(line: LineSpec) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = folder.path().join("bus0");
        let spec = PtySpec { line, path: port.clone(), served_by: ServedBy::Simulators };
        let line = PtyLine::start(&spec, 7).unwrap();
        Self { line, port, folder }
    }

    /// `vestibule device … --port`.
    pub fn device(&self, arguments: &[&str]) -> Ended {
        let mut command = Command::new(program::vestibule());
        command.arg("device").args(arguments).arg("--port").arg(&self.port);
        // The machine's own configuration, if it has one, is no part of this.
        command.args(["--config", "/dev/null"]);
        Ended::of(&command.output().unwrap())
    }
}

pub fn line(baud: u32, devices: Vec<DeviceSpec>) -> LineSpec {
    LineSpec { baud: Baud::new(baud).unwrap(), devices, doors: Vec::new(), faults: Vec::new() }
}

pub fn device(address: u8, model: Model) -> DeviceSpec {
    DeviceSpec::new(Address::new(address).unwrap(), model)
}
