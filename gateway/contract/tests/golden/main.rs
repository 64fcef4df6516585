//! One golden example for each message and version, and schemas in step with the types.
//!
//! **If an example's test fails, do not change the example**: somebody out there reads what it shows. Messages of a new
//! form are a new version. `VESTIBULE_WRITE_CONTRACT=1` writes examples that are missing (never one that is there) and
//! the generated documents.

// Clippy knows tests by their attribute; helpers of a test binary have none.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod asyncapi;
mod facts;
mod messages;
mod schemas;

use std::path::PathBuf;

/// Whether missing examples and generated documents are to be written.
fn writes() -> bool {
    std::env::var_os("VESTIBULE_WRITE_CONTRACT").is_some()
}

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Compares a message with its example.
fn example(name: &str, message: &[u8]) {
    let file = folder("examples/v1").join(name);
    if writes() && !file.exists() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, [message, b"\n"].concat()).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let message = std::str::from_utf8(message).unwrap();
    assert_eq!(message, kept.trim_end(), "{name}: the example stays; a new form is a new version");
}

/// Compares a generated document with the one that is kept.
fn generated(name: &str, document: &serde_json::Value) {
    let file = folder(name);
    let text = format!("{document:#}\n");
    if writes() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, &text).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    assert!(
        text == kept,
        "{name} is out of step: VESTIBULE_WRITE_CONTRACT=1 cargo test -p vestibule-contract"
    );
}
