//! Puts what a running daemon or broker never calls beside each other in the installed program.
//!
//! The kernel maps sixteen pages around each one that is touched: functions of the command line between those of the
//! daemon cost as much memory as if they ran.

use std::env;
use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=rarely.ld");
    // Only what is optimised for size is measured in memory, and is one unit whose order can be chosen: the installed program.
    let for_size = env::var("OPT_LEVEL").is_ok_and(|level| level == "z");
    let elf = env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux");
    if let Ok(folder) = env::var("CARGO_MANIFEST_DIR")
        && for_size
        && elf
    {
        let script = Path::new(&folder).join("rarely.ld");
        println!("cargo::rustc-link-arg-bin=vestibule=-Wl,-T,{}", script.display());
    }
}
