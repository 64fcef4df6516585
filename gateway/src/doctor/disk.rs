//! Which file system and which disk the building's state lies on.

use std::path::{Path, PathBuf};

use super::facts::Facts;
use super::finding::Finding;
use crate::config::STATE_DIR;

/// One line of the kernel's table of mounts.
pub struct Mount {
    /// Device, e.g. `/dev/mmcblk0p2`.
    pub source: String,
    /// Kind of file system.
    pub kind: String,
    /// Options, e.g. `ro`.
    pub options: Vec<String>,
}

/// The state folder as it is, links followed; where it does not exist yet, the nearest parent that does. Without a
/// configuration the usual one.
#[must_use]
pub fn state(facts: &Facts) -> PathBuf {
    let configured = facts.configuration.as_ref().map(|one| one.local.state_dir.as_path());
    let folder = configured.unwrap_or(Path::new(STATE_DIR));
    let there = folder.ancestors().find(|path| facts.exists(path)).unwrap_or(Path::new("/"));
    std::fs::canonicalize(facts.path(there)).unwrap_or_else(|_| facts.path(there))
}

/// What is mounted where the state lies.
///
/// # Errors
/// A skip where the kernel does not say.
pub fn mount(facts: &Facts) -> Result<Mount, Finding> {
    let unknown = || Finding::skipped("the kernel does not say what is mounted");
    let root = std::fs::canonicalize(&facts.root).unwrap_or_else(|_| facts.root.clone());
    let state = state(facts);
    let state = Path::new("/").join(state.strip_prefix(root).unwrap_or(&state));
    let table = facts.text("/proc/mounts")?.ok_or_else(unknown)?;
    let lines = table.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let (source, point, kind, options) = (words.next()?, words.next()?, words.next()?, words.next()?);
        let mount = Mount {
            source: source.to_owned(),
            kind: kind.to_owned(),
            options: options.split(',').map(str::to_owned).collect(),
        };
        state.starts_with(point).then_some((point.len(), mount))
    });
    // The last one of the longest: a later mount lies over an earlier one.
    lines.max_by_key(|(length, _)| *length).map(|(_, mount)| mount).ok_or_else(unknown)
}

/// The disk below a mount, e.g. `mmcblk0`.
///
/// # Errors
/// A skip where it is none that the kernel lists.
pub fn block(facts: &Facts) -> Result<String, Finding> {
    let source = mount(facts)?.source;
    let name = source.rsplit('/').next().unwrap_or_default();
    let is_disk = |name: &str| !name.is_empty() && facts.exists(format!("/sys/block/{name}"));
    let whole = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let candidates = [name, whole, whole.trim_end_matches('p')];
    let disk = candidates.into_iter().find(|name| is_disk(name));
    disk.map(str::to_owned).ok_or_else(|| Finding::skipped(format!("the kernel lists no disk for {source}")))
}

/// Whether a disk is flash.
#[must_use]
pub fn is_flash(facts: &Facts, disk: &str) -> bool {
    disk.starts_with("mmcblk") || facts.number(format!("/sys/block/{disk}/queue/rotational")) == Some(0)
}
