//! Mutual TLS 1.3 from PEM files, read anew for each connection so that a renewed certificate needs no restart.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::client::ClientConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use vestibule_core::time::Timestamp;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::clock::FlooredClock;
use crate::config::Tls;
use crate::enroll::{Identity, URN_PREFIX};

/// Why a connection's TLS cannot be prepared.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file is missing or is not PEM.
    #[error("read {file}: {source}")]
    File {
        /// Which.
        file: PathBuf,
        /// What the reader says.
        source: pem::Error,
    },
    /// An authority is not a certificate.
    #[error("take authority from {file}: {source}")]
    Authority {
        /// Which.
        file: PathBuf,
        /// What rustls says.
        source: rustls::Error,
    },
    /// Certificate and key do not fit, or are of no known kind.
    #[error("use {certificate} with {key}: {source}")]
    Pair {
        /// The certificate.
        certificate: PathBuf,
        /// The key.
        key: PathBuf,
        /// What rustls says.
        source: rustls::Error,
    },
    /// The certificate names nobody of this contract.
    #[error("certificate {file} has no identity {URN_PREFIX}{{building}}:{{role}}:{{name}}")]
    Nameless {
        /// Which.
        file: PathBuf,
    },
}

/// What a connection needs: the TLS configuration and the name our certificate gives us.
pub(super) struct Credentials {
    pub(super) config: Arc<ClientConfig>,
    pub(super) name: String,
}

/// Reads the files. A clock in 1970 finds certificates valid: `recorded`, the newest time on record, stands in for it.
pub(super) fn credentials(files: &Tls, recorded: Timestamp) -> Result<Credentials, TlsError> {
    let mut roots = RootCertStore::empty();
    for authority in certificates(&files.ca)? {
        roots.add(authority).map_err(|source| TlsError::Authority { file: files.ca.clone(), source })?;
    }
    let chain = certificates(&files.certificate)?;
    let name = name_of(&files.certificate, &chain)?;
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|source| TlsError::File { file: files.key.clone(), source })?;
    let pair =
        |source| TlsError::Pair { certificate: files.certificate.clone(), key: files.key.clone(), source };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let clock = Arc::new(FlooredClock::new(&chain, Some(recorded)));
    let config = ClientConfig::builder_with_details(provider, clock)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(pair)?
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)
        .map_err(pair)?;
    Ok(Credentials { config: Arc::new(config), name })
}

/// The client's side of TLS as bus and uplink use it, for whoever wants to know whether a broker takes it.
///
/// # Errors
/// [`TlsError`] names the file.
pub fn client_config(files: &Tls, recorded: Timestamp) -> Result<Arc<ClientConfig>, TlsError> {
    Ok(credentials(files, recorded)?.config)
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect)
        .map_err(|source| TlsError::File { file: file.into(), source })
}

/// The name in the first certificate's identity URI; it is our client id, as every broker of the contract demands.
fn name_of(file: &Path, chain: &[CertificateDer<'_>]) -> Result<String, TlsError> {
    let nameless = || TlsError::Nameless { file: file.into() };
    let leaf = chain.first().ok_or_else(nameless)?;
    let (_, certificate) = X509Certificate::from_der(leaf).map_err(|_| nameless())?;
    let names = certificate.subject_alternative_name().ok().flatten().ok_or_else(nameless)?;
    let identity = names.value.general_names.iter().find_map(|name| match name {
        GeneralName::URI(uri) => Identity::from_urn(uri).ok(),
        _ => None,
    });
    identity.map(|identity| identity.name().into()).ok_or_else(nameless)
}
