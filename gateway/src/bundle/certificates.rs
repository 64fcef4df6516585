//! The public parts of the certificates: whose, by whom, from when until when.

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::doctor::{Facts, certificate_files, with_certificate};

/// One certificate.
#[derive(Serialize)]
pub struct Certificate {
    /// Whose, in words.
    of: &'static str,
    file: String,
    subject: String,
    issuer: String,
    serial: String,
    not_before: String,
    not_after: String,
    names: Vec<String>,
    /// SHA-256 of its bytes.
    fingerprint: String,
}

/// Every certificate that the configuration names and that we may read.
pub fn certificates(facts: &Facts) -> Vec<Certificate> {
    let Some(configuration) = &facts.configuration else { return Vec::new() };
    let mut all = Vec::new();
    for (of, path, der) in certificate_files(facts, configuration) {
        let fingerprint =
            Sha256::digest(&der).iter().fold(String::new(), |all, byte| all + &format!("{byte:02x}"));
        all.extend(with_certificate(&der, |one| {
            let names = one.subject_alternative_name().ok().flatten();
            let names =
                names.map(|names| names.value.general_names.iter().map(ToString::to_string).collect());
            Certificate {
                of,
                file: path.display().to_string(),
                subject: one.subject().to_string(),
                issuer: one.issuer().to_string(),
                serial: one.raw_serial_as_string(),
                not_before: one.validity().not_before.to_string(),
                not_after: one.validity().not_after.to_string(),
                names: names.unwrap_or_default(),
                fingerprint,
            }
        }));
    }
    all
}
