//! `vestibule version`.

use super::{Exit, Failure, Out};

/// What is installed.
#[derive(serde::Serialize)]
struct Version {
    version: &'static str,
    contract: &'static str,
    journal_format: u32,
    architecture: &'static str,
}

/// Runs the command.
///
/// # Errors
/// The output is gone.
pub fn version(out: &mut Out) -> Result<Exit, Failure> {
    let version = Version {
        version: env!("CARGO_PKG_VERSION"),
        contract: "v1",
        journal_format: vestibule_store::FORMAT,
        architecture: std::env::consts::ARCH,
    };
    out.either(&version, || {
        let Version { version, contract, journal_format, architecture } = &version;
        format!("vestibule {version} ({architecture}), contract {contract}, database format {journal_format}")
    })?;
    Ok(Exit::Done)
}
