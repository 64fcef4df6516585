//! The end of the logs: of our units, and what the kernel said of adapters, disks and power.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::time::Duration;

use super::part::{LeftOut, Part};
use super::scrub::Scrubber;
use crate::doctor::run_tool;

/// Lines of each log.
const LINES: &str = "3000";
/// Bytes of each log, the newest.
const BYTES: u64 = 2 * 1024 * 1024;
/// Time for each: a journal on a worn card is slow to search.
const TIME_MAX: Duration = Duration::from_secs(5);
/// Words of kernel lines that are kept.
const KERNEL: [&str; 12] = [
    "usb",
    "tty",
    "serial",
    "ftdi",
    "ch34",
    "cp210",
    "mmc",
    "ext4",
    "i/o error",
    "voltage",
    "watchdog",
    "out of memory",
];

/// The log of our units, or of a file where the log goes elsewhere, and the kernel's lines.
pub fn parts(file: Option<&Path>, scrubber: &Scrubber, left_out: &mut Vec<LeftOut>) -> Vec<Part> {
    let units =
        ["-u", "vestibule", "-u", "vestibule-broker", "-n", LINES, "-o", "short-iso", "--no-pager", "-q"];
    let own = match file {
        Some(file) => tail(file).map_err(|error| format!("{}: {error}", file.display())),
        None => run_tool("journalctl", &units, BYTES, TIME_MAX),
    };
    let kernel =
        run_tool("journalctl", &["-k", "-n", LINES, "-o", "short-iso", "--no-pager", "-q"], BYTES, TIME_MAX);
    let kernel = kernel.map(|text| {
        let about = |line: &&str| KERNEL.iter().any(|word| line.to_ascii_lowercase().contains(word));
        text.lines().filter(about).collect::<Vec<_>>().join("\n")
    });
    let mut parts = Vec::new();
    for (name, text) in [("log.txt", own), ("kernel.txt", kernel)] {
        match text {
            Ok(text) if text.trim().is_empty() => {
                left_out.push(LeftOut::new(
                    name,
                    "there are no such lines, or you may not read them (run as root)",
                ));
            }
            Ok(text) => parts.push(Part::text(name, scrubber, &text)),
            Err(why) => left_out.push(LeftOut::new(name, &scrubber.text(&why))),
        }
    }
    parts
}

/// The end of a file, from the first whole line on.
fn tail(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(length.saturating_sub(BYTES)))?;
    file.take(BYTES).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let whole = if length > BYTES { text.split_once('\n').map(|(_, rest)| rest.to_owned()) } else { None };
    Ok(whole.unwrap_or(text))
}
