//! TLS 1.3 with client certificates, and the identity that a certificate carries.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::trust::TlsFiles;
use crate::clock::FlooredClock;
use crate::enroll::{BadIdentity, Identity, URN_PREFIX};

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A PEM file could not be read or holds nothing of its kind.
    #[error("cannot read {what} from {path}")]
    Pem {
        /// Certificate or key.
        what: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why.
        source: rustls_pki_types::pem::Error,
    },
    /// The authority cannot be trusted as given.
    #[error("{path} is no usable authority: {reason}")]
    Authority {
        /// Which file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Certificate and key do not make a server.
    #[error("{path} and its key do not make a server")]
    Certificate {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: rustls::Error,
    },
}

/// Why a certificate says nothing about who is there.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoIdentity {
    #[error("no certificate")]
    NoCertificate,
    #[error("not readable")]
    Unreadable,
    #[error("it has {0} {URN_PREFIX} names, not one")]
    Count(usize),
    #[error(transparent)]
    Bad(#[from] BadIdentity),
    #[error("it belongs to building {0}")]
    OtherBuilding(String),
}

/// The server side of TLS from PEM files.
pub(super) fn server_config(
    files: &TlsFiles,
) -> Result<(Arc<ServerConfig>, Arc<dyn ClientCertVerifier>), TlsError> {
    let TlsFiles { ca, certificate, key, revoked } = files;
    let provider = Arc::new(ring::default_provider());
    let pem = |what, path: &Path| {
        let path = path.to_owned();
        move |source| TlsError::Pem { what, path, source }
    };
    let authority = |reason: String| TlsError::Authority { path: ca.clone(), reason };
    let mut roots = RootCertStore::empty();
    for root in certificates(ca).map_err(pem("certificates", ca))? {
        roots.add(root).map_err(|error| authority(error.to_string()))?;
    }
    let mut verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    if let Some(revoked) = revoked {
        let lists: Vec<_> = CertificateRevocationListDer::pem_file_iter(revoked)
            .and_then(Iterator::collect)
            .map_err(pem("a revocation list", revoked))?;
        // A file cut short or mixed up with another must not admit whom the list shuts out.
        if lists.is_empty() {
            return Err(pem("a revocation list", revoked)(rustls_pki_types::pem::Error::NoItemsFound));
        }
        // While authorities change, the list of one says nothing of the other's clients.
        verifier =
            verifier.with_crls(lists).only_check_end_entity_revocation().allow_unknown_revocation_status();
    }
    let verifier = verifier.build().map_err(|error| authority(error.to_string()))?;
    let chain = certificates(certificate).map_err(pem("certificates", certificate))?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(pem("a key", key))?;
    let failed = |source| TlsError::Certificate { path: certificate.clone(), source };
    let clock = Arc::new(FlooredClock::new(&chain, None));
    let mut config = ServerConfig::builder_with_details(provider, clock)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(failed)?
        .with_client_cert_verifier(Arc::clone(&verifier))
        .with_single_cert(chain, key)
        .map_err(failed)?;
    // Every connection shows its certificate anew; there is nothing to keep for a resumption.
    config.send_tls13_tickets = 0;
    config.max_early_data_size = 0;
    Ok((Arc::new(config), verifier))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, rustls_pki_types::pem::Error> {
    let found: Vec<_> = CertificateDer::pem_file_iter(path)?.collect::<Result<_, _>>()?;
    if found.is_empty() { Err(rustls_pki_types::pem::Error::NoItemsFound) } else { Ok(found) }
}

/// Who a verified chain speaks for, in this building.
pub(super) fn identity_of(
    chain: Option<&[CertificateDer<'_>]>,
    building: &str,
) -> Result<Identity, NoIdentity> {
    let leaf = chain.and_then(<[_]>::first).ok_or(NoIdentity::NoCertificate)?;
    let (_, certificate) = X509Certificate::from_der(leaf).map_err(|_error| NoIdentity::Unreadable)?;
    let names = certificate.subject_alternative_name().map_err(|_error| NoIdentity::Unreadable)?;
    let names = names.map(|extension| &extension.value.general_names);
    let ours: Vec<&str> = names
        .into_iter()
        .flatten()
        .filter_map(|name| match name {
            GeneralName::URI(uri) if uri.starts_with(URN_PREFIX) => Some(*uri),
            _ => None,
        })
        .collect();
    let [urn] = ours[..] else { return Err(NoIdentity::Count(ours.len())) };
    let identity = Identity::from_urn(urn)?;
    if identity.building() != building {
        return Err(NoIdentity::OtherBuilding(identity.building().to_owned()));
    }
    Ok(identity)
}
