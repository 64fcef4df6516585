//! The computer: what it is, what it runs, how full it is. Each fact is asked for by name.

use std::os::unix::fs::MetadataExt as _;

use serde::Serialize;

use crate::config::STATE_DIR;
use crate::doctor::Facts;

/// Longest text of one fact.
const TEXT_MAX: usize = 4_096;

/// What it is.
#[derive(Serialize)]
pub struct Machine {
    version: &'static str,
    database_format: u32,
    architecture: &'static str,
    asked_as_root: bool,
    model: Option<String>,
    system: Option<String>,
    kernel: Option<String>,
    uptime: Option<String>,
    memory: Option<String>,
    load: Option<String>,
    mounts: Option<String>,
    state: Vec<StateFile>,
    serial_devices: Vec<String>,
}

/// One file of the state folder; never what is in it.
#[derive(Serialize)]
struct StateFile {
    name: String,
    bytes: u64,
    mode: String,
    changed: i64,
}

/// Looks.
pub fn machine(facts: &Facts) -> Machine {
    let word = |path: &str| facts.word(path).map(|text| text.chars().take(TEXT_MAX).collect::<String>());
    let lines = |path: &str, wanted: &[&str]| {
        let text = word(path)?;
        let kept = text.lines().filter(|line| wanted.iter().any(|start| line.starts_with(start)));
        Some(kept.collect::<Vec<_>>().join("\n"))
    };
    Machine {
        version: env!("CARGO_PKG_VERSION"),
        database_format: vestibule_store::FORMAT,
        architecture: std::env::consts::ARCH,
        asked_as_root: facts.is_root,
        model: word("/proc/device-tree/model").map(|model| model.trim_end_matches('\0').to_owned()),
        system: lines("/etc/os-release", &["PRETTY_NAME=", "VERSION_ID="]),
        kernel: word("/proc/sys/kernel/osrelease"),
        uptime: word("/proc/uptime"),
        memory: lines("/proc/meminfo", &["MemTotal:", "MemAvailable:", "SwapTotal:", "SwapFree:"]),
        load: word("/proc/loadavg"),
        mounts: lines("/proc/mounts", &["/dev/"]),
        state: state(facts),
        serial_devices: facts.names("/dev/vestibule").unwrap_or_default(),
    }
}

fn state(facts: &Facts) -> Vec<StateFile> {
    let folder =
        facts.configuration.as_ref().map_or_else(|| STATE_DIR.into(), |one| one.local.state_dir.clone());
    let names = facts.names(&folder).unwrap_or_default();
    let files = names.into_iter().filter_map(|name| {
        let file = facts.metadata(folder.join(&name)).ok()??;
        let mode = format!("{:o}", file.mode() & 0o7777);
        Some(StateFile { name, bytes: file.len(), mode, changed: file.mtime() })
    });
    files.collect()
}
