//! What an installer downloads and what lies on the disk.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use vestibule_tests::program;

use super::table::row;

/// Debian's broker and its library: what a building would install for its bus alone.
const PEER: &str = "mosquitto";

pub(crate) fn measure() {
    let kb = |bytes: u64| bytes / 1_000;
    let own = program::vestibule();
    let binary = kb(fs::metadata(&own).expect("the program").len());
    let peer = installed_kb(PEER);
    let (beside, ratio) = match peer {
        Some(peer) => (format!("{PEER}, installed, broker only: {peer} kB"), as_f64(binary) / as_f64(peer)),
        None => (format!("{PEER} is not installed"), f64::NAN),
    };
    row("program: daemon, broker and command line in one", &format!("{binary} kB"), &beside, ratio);
    match package() {
        Some(package) => {
            let bytes = kb(fs::metadata(&package).expect("the package").len());
            let name = package.file_name().unwrap_or_default().to_string_lossy().into_owned();
            row("package to download", &format!("{bytes} kB"), &name, as_f64(bytes) / as_f64(binary));
        }
        None => println!("| the package: run packaging/build first |"),
    }
}

/// The package of this version, if it was built here.
fn package() -> Option<PathBuf> {
    let made = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/package/debian");
    let all = fs::read_dir(made).ok()?.flatten().map(|entry| entry.path());
    let name = format!("vestibule_{}_amd64.deb", env!("CARGO_PKG_VERSION"));
    all.into_iter().find(|path| path.file_name().is_some_and(|file| file == name.as_str()))
}

fn installed_kb(package: &str) -> Option<u64> {
    let asked = Command::new("dpkg-query").args(["-W", "-f", "${Installed-Size}", package]).output().ok()?;
    let kib: u64 = String::from_utf8_lossy(&asked.stdout).trim().parse().ok()?;
    Some(kib * 1_024 / 1_000)
}

fn as_f64(number: u64) -> f64 {
    u32::try_from(number).map_or(f64::INFINITY, f64::from)
}
