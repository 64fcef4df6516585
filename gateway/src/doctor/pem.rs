//! The certificates that the configuration names, read for checks.

use std::path::{Path, PathBuf};

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::facts::Facts;
use super::finding::Finding;
use crate::config::{Configuration, Tls};

/// One end of TLS that this gateway is.
pub struct End<'a> {
    /// Whose certificate, in words.
    pub name: &'static str,
    /// Its files.
    pub tls: &'a Tls,
    /// The role that its certificate must name.
    pub role: &'static str,
    /// Whether its own authority is the one that the other side comes from: so it is in the building, not at the cloud.
    pub own_authority: bool,
}

/// Every end that is configured.
pub fn ends(configuration: &Configuration) -> Vec<End<'_>> {
    let broker = configuration.broker.iter().flat_map(|broker| {
        let server = End { name: "the broker", tls: &broker.server, role: "broker", own_authority: true };
        let client = End {
            name: "the daemon at the broker",
            tls: &broker.client,
            role: "gateway",
            own_authority: true,
        };
        [server, client]
    });
    let cloud = configuration.cloud.iter().map(|cloud| End {
        name: "the daemon at the cloud",
        tls: &cloud.client,
        role: "gateway",
        own_authority: false,
    });
    broker.chain(cloud).collect()
}

/// Every certificate file that is named, once, with whose it is.
pub fn files(configuration: &Configuration) -> Vec<(&'static str, PathBuf)> {
    let mut all: Vec<(&'static str, PathBuf)> = Vec::new();
    for end in ends(configuration) {
        for (name, path) in [(end.name, &end.tls.certificate), ("the authority", &end.tls.ca)] {
            if all.iter().all(|(_, known)| known != path) {
                all.push((name, path.clone()));
            }
        }
    }
    all
}

/// The certificates in a file; none where it is missing or holds none.
///
/// # Errors
/// A skip where it cannot be read.
pub fn chain(facts: &Facts, path: &Path) -> Result<Vec<CertificateDer<'static>>, Finding> {
    let Some(text) = facts.text(path)? else { return Ok(Vec::new()) };
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    Ok(read.unwrap_or_default())
}

/// Reads one certificate with `look`; none where it is not one.
pub fn with<T>(der: &CertificateDer<'_>, look: impl FnOnce(&X509Certificate<'_>) -> T) -> Option<T> {
    X509Certificate::from_der(der).ok().map(|(_, certificate)| look(&certificate))
}

/// Every certificate that can be read, with whose it is and where it lies.
pub fn certificate_files(
    facts: &Facts,
    configuration: &Configuration,
) -> Vec<(&'static str, PathBuf, CertificateDer<'static>)> {
    let files = files(configuration).into_iter();
    let chains = files.map(|(name, path)| (name, chain(facts, &path).unwrap_or_default(), path));
    chains
        .flat_map(|(name, chain, path)| chain.into_iter().map(move |der| (name, path.clone(), der)))
        .collect()
}
