//! A certificate that came back: it is checked against everything that is known here before anything is touched.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::PublicKeyData as _;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::{CertificateError, RootCertStore};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::ca::{CA_CERTIFICATE, Existing};
use super::error::EnrollError;
use super::files::{self, Readable};
use super::identity::Identity;
use super::request::read_key;
use super::sign::Request;
use super::slot::{BROKER, Slot};

/// Keys looked at in a folder; a gateway has three.
const KEYS_MAX: usize = 64;

/// What is offered, and to whom.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    /// The certificate that came back, its intermediates behind it.
    pub certificate: &'a Path,
    /// The authority's certificate, where it came along.
    pub ca: Option<&'a Path>,
    /// The folder of keys and requests.
    pub folder: &'a Path,
    /// The places that the configuration names; none without a configuration.
    pub slots: &'a [Slot],
    /// The building of the configuration, where there is one.
    pub building: Option<&'a str>,
    /// The present.
    pub now: UnixTime,
    /// Whether an authority's certificate that is there already may be replaced by another one.
    pub existing: Existing,
}

/// What was put in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Whose certificate it is.
    pub identity: Identity,
    /// Where it lies now.
    pub certificate: PathBuf,
    /// The key it belongs to.
    pub key: PathBuf,
    /// The authority it is trusted by.
    pub ca: PathBuf,
    /// When it ends, in seconds since 1970.
    pub until: i64,
}

/// Where a certificate belongs: its key and the files that will name it.
struct Seat<'a> {
    key: PathBuf,
    certificate: PathBuf,
    ca: PathBuf,
    slot: Option<&'a Slot>,
}

/// Checks a certificate and puts it in place, each file whole or not at all. After an error everything is as it was.
///
/// # Errors
/// [`EnrollError::NotAccepted`] with what is wrong, [`EnrollError::Exists`] for another authority's certificate in the way,
/// or a file cannot be read or written.
pub fn accept(offer: &Offer<'_>) -> Result<Accepted, EnrollError> {
    let refuse = |reason: String| EnrollError::NotAccepted { path: offer.certificate.to_owned(), reason };
    let text = files::read(offer.certificate)?;
    if text.contains("PRIVATE KEY") {
        return Err(refuse("it holds a private key; a certificate comes without".to_owned()));
    }
    let chain = chain(&text).map_err(refuse)?;
    let (leaf, intermediates) =
        chain.split_first().ok_or_else(|| refuse("it holds no certificate".to_owned()))?;
    let (_, parsed) =
        X509Certificate::from_der(leaf).map_err(|error| refuse(format!("it cannot be read: {error}")))?;
    let identity = identity_of(&parsed).map_err(refuse)?;
    let seat = seat(offer, parsed.public_key().raw).map_err(refuse)?;
    expected(offer, &seat, &identity).map_err(refuse)?;
    let ca = authority(offer, &seat)?;
    verify(&ca, leaf, intermediates, &identity, &parsed, offer.now).map_err(refuse)?;
    if ca.new {
        files::write(&seat.ca, &ca.text, Readable::All, offer.existing)?;
    }
    files::write(&seat.certificate, &text, Readable::All, Existing::Replace)?;
    let until = parsed.validity().not_after.timestamp();
    Ok(Accepted { identity, certificate: seat.certificate, key: seat.key, ca: seat.ca, until })
}

fn chain(text: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    CertificateDer::pem_slice_iter(text.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| format!("it is no certificate in PEM ({error})"))
}

fn identity_of(certificate: &X509Certificate<'_>) -> Result<Identity, String> {
    let names = certificate.subject_alternative_name().map_err(|error| error.to_string())?;
    let names = names.map(|extension| extension.value.general_names.as_slice()).unwrap_or_default();
    let mut urns = names.iter().filter_map(|name| match name {
        GeneralName::URI(uri) => Some(*uri),
        _ => None,
    });
    match (urns.next(), urns.next()) {
        (Some(urn), None) => Identity::from_urn(urn).map_err(|error| error.to_string()),
        _ => Err("it does not name exactly one building, role and name".to_owned()),
    }
}

/// The key that the certificate is for, among those the configuration names and those in the folder.
fn seat<'a>(offer: &Offer<'a>, public_key_info: &[u8]) -> Result<Seat<'a>, String> {
    let holds = |key: &Path| read_key(key).is_ok_and(|key| key.subject_public_key_info() == public_key_info);
    if let Some(slot) = offer.slots.iter().find(|slot| holds(&slot.files.key)) {
        let files = slot.files.clone();
        return Ok(Seat { key: files.key, certificate: files.certificate, ca: files.ca, slot: Some(slot) });
    }
    let entries =
        fs::read_dir(offer.folder).map_err(|error| format!("{}: {error}", offer.folder.display()))?;
    let keys = entries.flatten().map(|entry| entry.path());
    let mut keys =
        keys.filter(|path| path.extension().is_some_and(|extension| extension == "key")).take(KEYS_MAX);
    let key = keys.find(|key| holds(key)).ok_or_else(|| {
        format!("no key in {} belongs to it; was another request signed?", offer.folder.display())
    })?;
    let certificate = key.with_extension("pem");
    Ok(Seat { key, certificate, ca: offer.folder.join(CA_CERTIFICATE), slot: None })
}

/// Building and role as the configuration wants them; without one, as was asked for.
fn expected(offer: &Offer<'_>, seat: &Seat<'_>, identity: &Identity) -> Result<(), String> {
    let asked = Request::read(&seat.key.with_extension(super::request::REQUEST_EXTENSION)).ok();
    let asked = asked.map(|request| request.identity);
    let building = offer.building.or(asked.as_ref().map(Identity::building));
    if building.is_some_and(|building| building != identity.building()) {
        let own = building.unwrap_or_default();
        return Err(format!("it is for building {}, and this is {own}", identity.building()));
    }
    let role = seat.slot.map(|slot| slot.identity.role()).or(asked.as_ref().map(Identity::role));
    match role {
        Some(role) if role != identity.role() => {
            Err(format!("it is for the role {}, and the key is a {role}'s", identity.role()))
        }
        _ => Ok(()),
    }
}

/// The authority's certificate that will be trusted.
struct Trusted {
    text: String,
    /// It is not in its place yet.
    new: bool,
}

fn authority(offer: &Offer<'_>, seat: &Seat<'_>) -> Result<Trusted, EnrollError> {
    let there = seat.ca.exists();
    let Some(path) = offer.ca else {
        if there {
            return Ok(Trusted { text: files::read(&seat.ca)?, new: false });
        }
        let reason = format!("there is no {} to check it against; give --ca", seat.ca.display());
        return Err(EnrollError::NotAccepted { path: offer.certificate.to_owned(), reason });
    };
    let text = files::read(path)?;
    if there && files::read(&seat.ca)? == text {
        return Ok(Trusted { text, new: false });
    }
    match offer.existing {
        Existing::Refuse if there => Err(EnrollError::Exists(seat.ca.clone())),
        _ => Ok(Trusted { text, new: true }),
    }
}

fn verify(
    ca: &Trusted,
    leaf: &CertificateDer<'_>,
    intermediates: &[CertificateDer<'_>],
    identity: &Identity,
    parsed: &X509Certificate<'_>,
    now: UnixTime,
) -> Result<(), String> {
    let mut roots = RootCertStore::empty();
    for root in chain(&ca.text).map_err(|error| format!("the authority: {error}"))? {
        roots.add(root).map_err(|error| format!("the authority cannot be used: {error}"))?;
    }
    let (roots, provider) = (Arc::new(roots), Arc::new(ring::default_provider()));
    let unusable =
        |error: rustls::server::VerifierBuilderError| format!("the authority cannot be used: {error}");
    let verified = if identity.role() == BROKER {
        let name = server_name(parsed).ok_or("it names no host, and a broker's certificate must")?;
        let verifier =
            WebPkiServerVerifier::builder_with_provider(roots, provider).build().map_err(unusable)?;
        verifier.verify_server_cert(leaf, intermediates, &name, &[], now).map(|_| ())
    } else {
        let verifier =
            WebPkiClientVerifier::builder_with_provider(roots, provider).build().map_err(unusable)?;
        verifier.verify_client_cert(leaf, intermediates, now).map(|_| ())
    };
    verified.map_err(|error| words(&error, parsed))
}

/// A host that the certificate itself names: whether it is the right one shows when somebody connects.
fn server_name(certificate: &X509Certificate<'_>) -> Option<ServerName<'static>> {
    let names = certificate.subject_alternative_name().ok().flatten()?;
    names.value.general_names.iter().find_map(|name| match name {
        GeneralName::DNSName(name) => ServerName::try_from((*name).to_owned()).ok(),
        GeneralName::IPAddress(bytes) => {
            let address: std::net::IpAddr = match bytes.len() {
                4 => <[u8; 4]>::try_from(*bytes).ok()?.into(),
                _ => <[u8; 16]>::try_from(*bytes).ok()?.into(),
            };
            Some(ServerName::IpAddress(address.into()))
        }
        _ => None,
    })
}

fn words(error: &rustls::Error, certificate: &X509Certificate<'_>) -> String {
    let validity = certificate.validity();
    match error {
        rustls::Error::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. },
        ) => format!("it expired on {}", validity.not_after),
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. },
        ) => format!("it is valid from {} on; is this computer's clock right?", validity.not_before),
        rustls::Error::InvalidCertificate(
            CertificateError::UnknownIssuer | CertificateError::BadSignature,
        ) => "another authority issued it".to_owned(),
        other => other.to_string(),
    }
}
