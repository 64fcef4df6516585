//! `[building]` and the paths of this machine: `[storage]`, `[journal]`, `[console]`,
//! `[clock]`, `[log]`.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use vestibule_core::id::BuildingId;
use vestibule_core::time::Millis;

use super::network::Paths;
use super::policy::read_span;
use super::problem::{Problem, Problems, nearest};
use super::reader::{Reader, Spot};
use super::value::Local;

/// Where the system keeps its time zones.
const ZONES: &str = "/usr/share/zoneinfo";
/// Longest name and support text in bytes: one line of a terminal.
const TEXT_MAX: usize = 80;
/// Longest path of a unix socket that the kernel takes, in bytes.
const SOCKET_PATH_MAX: usize = 107;
/// Most names looked through for "did you mean".
const ZONES_MAX: usize = 1_000;

/// Where things are unless the files say otherwise.
pub const STATE_DIR: &str = "/var/lib/vestibule";
/// The console's socket.
pub const SOCKET: &str = "/run/vestibule/console.sock";
/// How long journal rows are kept: as long as temperatures must be, which is a year and a month to ask for it.
pub const JOURNAL_KEEP: Millis = Millis::hours(400 * 24);
/// Shortest and longest: an outage of a month, ten years. In milliseconds.
const JOURNAL_KEEP_RANGE: RangeInclusive<u64> = Millis::hours(30 * 24).0..=Millis::hours(3_660 * 24).0;
/// What is logged: what a technician reads.
pub const LOG_FILTER: &str = "info";
/// Touched by systemd-timesyncd at each synchronisation.
pub const CLOCK_MARKER: &str = "/run/systemd/timesync/synchronized";

/// `[building]`.
pub struct BuildingSection {
    /// Its id.
    pub id: BuildingId,
    /// Its name for people.
    pub name: String,
    /// Its time zone.
    pub time_zone: String,
    /// Whom to call.
    pub support: String,
}

/// Reads `[building]`.
pub fn read_building(root: &mut Reader<'_>) -> Option<BuildingSection> {
    root.required("building", "[building] names the building: id, name, time_zone, support")?;
    let mut reader = root.table("building")?;
    "[building]".clone_into(&mut reader.what);
    let id = reader.id("id", BuildingId::new);
    let name = read_line(&mut reader, "name", "the building's name for people");
    let zone = reader.required_text("time_zone", "an IANA name, e.g. \"America/Chicago\"");
    let zone = zone.and_then(|text| check_zone(&text, Path::new(ZONES), reader.problems));
    let support = read_line(&mut reader, "support", "the number that terminals show when a person is needed");
    reader.finish();
    Some(BuildingSection { id: id?.value, name: name?, time_zone: zone?, support: support? })
}

fn read_line(reader: &mut Reader<'_>, key: &'static str, help: &str) -> Option<String> {
    let text = reader.required_text(key, help)?;
    if text.value.trim().is_empty() || text.value.len() > TEXT_MAX || text.value.chars().any(char::is_control)
    {
        let message = format!("{key} must be one line of 1 to {TEXT_MAX} bytes");
        reader.problems.add(Problem::error(Some(text.place), message).help(help));
        return None;
    }
    Some(text.value.trim().to_owned())
}

fn check_zone(text: &Spot<&str>, zones: &Path, problems: &Problems) -> Option<String> {
    let name = text.value;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '+');
    let well_formed = !name.is_empty() && !name.starts_with('/') && name.chars().all(plain);
    // Without zone files nothing can be said about a name; small systems have none.
    if well_formed && (!zones.is_dir() || zones.join(name).is_file()) {
        return Some(name.to_owned());
    }
    let known = zone_names(zones);
    let mut problem = Problem::error(Some(text.place), format!("there is no time zone \"{name}\""));
    problem.help =
        nearest(name, known.iter().map(String::as_str)).map(|near| format!("did you mean \"{near}\"?"));
    problems.add(problem);
    None
}

/// Names like `America/Chicago`: two levels cover every zone that a building stands in.
fn zone_names(zones: &Path) -> Vec<String> {
    let list = |dir: &Path| -> Vec<PathBuf> {
        std::fs::read_dir(dir)
            .map(|entries| entries.flatten().map(|e| e.path()).collect())
            .unwrap_or_default()
    };
    let name = |path: &Path| path.strip_prefix(zones).ok().and_then(Path::to_str).map(str::to_owned);
    let (regions, plain): (Vec<_>, Vec<_>) = list(zones).into_iter().partition(|path| path.is_dir());
    let of_regions =
        regions.iter().filter(|r| !r.ends_with("posix") && !r.ends_with("right")).flat_map(|r| list(r));
    let mut names: Vec<_> = plain
        .into_iter()
        .chain(of_regions)
        .filter(|p| p.is_file())
        .filter_map(|p| name(&p))
        .take(ZONES_MAX)
        .collect();
    names.sort();
    names
}

/// Reads the paths of this machine.
pub fn read_local(root: &mut Reader<'_>, paths: Paths<'_>) -> Local {
    let state_dir = read_path(root, "storage", "directory", STATE_DIR, paths);
    let socket = read_path(root, "console", "socket", SOCKET, paths);
    if socket.as_os_str().len() > SOCKET_PATH_MAX {
        let message = format!("the path of the console's socket is longer than {SOCKET_PATH_MAX} bytes");
        root.problems.add(Problem::error(None, message).help("[console] socket = a shorter path"));
    }
    let clock_marker = read_path(root, "clock", "marker", CLOCK_MARKER, paths);
    Local { state_dir, socket, clock_marker, journal_keep: read_keep(root), log: read_log(root) }
}

fn read_keep(root: &mut Reader<'_>) -> Millis {
    let Some(mut reader) = root.table("journal") else { return JOURNAL_KEEP };
    "[journal]".clone_into(&mut reader.what);
    let keep = read_span(&mut reader, "keep", &JOURNAL_KEEP_RANGE);
    reader.finish();
    keep.unwrap_or(JOURNAL_KEEP)
}

/// Reads `[log]`: what is logged, by daemon and broker alike.
pub fn read_log(root: &mut Reader<'_>) -> String {
    let filter = root.table("log").and_then(|mut reader| {
        "[log]".clone_into(&mut reader.what);
        let filter = reader.text("filter").and_then(|text| reader.parse(text, crate::log::check_filter));
        reader.finish();
        filter
    });
    filter.map_or_else(|| LOG_FILTER.to_owned(), |filter| filter.value)
}

fn read_path(
    root: &mut Reader<'_>,
    section: &'static str,
    key: &'static str,
    default: &str,
    paths: Paths<'_>,
) -> PathBuf {
    let Some(mut reader) = root.table(section) else { return PathBuf::from(default) };
    reader.what = format!("[{section}]");
    let path = reader.text(key).map(|text| paths.resolve(&text));
    reader.finish();
    path.unwrap_or_else(|| PathBuf::from(default))
}
