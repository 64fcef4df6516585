//! Where cargo has put the daemon.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The `vestibule` binary of the profile this test was built in.
///
/// # Panics
/// When it was not built, or is older than the product's source: `cargo test --test suite` alone does not build it.
#[must_use]
pub fn vestibule() -> PathBuf {
    // target/{profile}/deps/suite-...: the binary stands two folders up.
    let own = std::env::current_exe().expect("the path of this test");
    let program = own.ancestors().nth(2).expect("target/{profile}").join("vestibule");
    let built = modified(&program).unwrap_or(SystemTime::UNIX_EPOCH);
    let gateway = Path::new(env!("CARGO_MANIFEST_DIR")).join("../gateway");
    let current = ["src", "core/src", "contract/src", "store/src"]
        .iter()
        .all(|part| is_older(&gateway.join(part), built));
    assert!(current, "{} is missing or old: run `cargo build --workspace --bins` first", program.display());
    program
}

/// Where `tests/run` installs other people's MQTT clients: `node` and `python`.
///
/// # Panics
/// When they are not there.
#[must_use]
pub fn clients() -> PathBuf {
    // target/{profile}/vestibule
    let folder = vestibule().ancestors().nth(2).expect("target").join("clients");
    assert!(
        folder.join("python").exists() && folder.join("node").exists(),
        "run `tests/run --clients` first"
    );
    folder
}

/// Whether everything below is older than that.
fn is_older(path: &Path, than: SystemTime) -> bool {
    let Ok(entries) = fs::read_dir(path) else {
        return modified(path).is_none_or(|at| at <= than);
    };
    entries.filter_map(Result::ok).all(|entry| is_older(&entry.path(), than))
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|file| file.modified()).ok()
}
