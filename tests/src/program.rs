//! Where cargo has put the daemon.

use std::path::PathBuf;

/// The `vestibule` binary of the profile this test was built in.
///
/// # Panics
/// When it was not built.
#[must_use]
pub fn vestibule() -> PathBuf {
    // target/{profile}/deps/suite-...: the binary stands two folders up.
    let own = std::env::current_exe().expect("the path of this test");
    let program = own.ancestors().nth(2).expect("target/{profile}").join("vestibule");
    assert!(program.exists(), "{} is missing: run `cargo build --workspace --bins` first", program.display());
    program
}
