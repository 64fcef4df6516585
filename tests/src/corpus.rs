//! The kept inputs of the fuzz targets, for the tests that replay and mutate them.

use std::fs;
use std::path::Path;

/// A kept input and its file's name.
pub type Kept = (String, Vec<u8>);

/// Every input that is kept for a target, by name.
///
/// # Panics
/// There are fewer than `least`.
#[must_use]
pub fn kept(target: &str, least: usize) -> Vec<Kept> {
    let all = files(&format!("fuzz/corpus/{target}"));
    assert!(all.len() >= least, "only {} inputs of {target} are kept", all.len());
    all
}

/// Every file of a folder beside these tests, by name.
///
/// # Panics
/// The folder or a file in it cannot be read.
#[must_use]
pub fn files(folder: &str) -> Vec<Kept> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let read =
        |path: &Path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(path).unwrap());
    let mut all: Vec<_> = entries.map(|entry| read(&entry.unwrap().path())).collect();
    all.sort();
    all
}
