//! The authority's side of a request: what it asks for is read and shown; what is granted comes from the authority's
//! building and from what the person says, never from the request alone.

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use rcgen::{CertificateSigningRequestParams, PublicKey, PublicKeyData as _, SanType};

use super::ca::{BuildingCa, Purpose, leaf_params};
use super::error::EnrollError;
use super::files;
use super::identity::{Identity, URN_PREFIX};
use super::request::fingerprint;

/// A request whose signature is good: whoever made it holds the key.
pub struct Request {
    /// Whom it asks to be.
    pub identity: Identity,
    /// DNS names it asks for.
    pub dns: Vec<String>,
    /// Addresses it asks for.
    pub addresses: Vec<IpAddr>,
    /// Fingerprint of its public key, as the gateway showed it.
    pub fingerprint: String,
    key: PublicKey,
}

impl Request {
    /// Reads a request (PEM) and verifies that its own key signed it.
    ///
    /// # Errors
    /// [`EnrollError::Read`], [`EnrollError::NotARequest`] with what is wrong.
    pub fn read(path: &Path) -> Result<Self, EnrollError> {
        let text = zeroize::Zeroizing::new(files::read(path)?);
        let strange = |reason: String| EnrollError::NotARequest { path: path.to_owned(), reason };
        if text.contains("PRIVATE KEY") {
            let words = "it holds a private key, which never leaves its gateway: carry the .csr file only";
            return Err(strange(words.to_owned()));
        }
        let asked = CertificateSigningRequestParams::from_pem(&text).map_err(|error| match error {
            rcgen::Error::InvalidCertificationRequestSignature => {
                strange("its signature is wrong: it was changed or damaged on its way".to_owned())
            }
            other => strange(other.to_string()),
        })?;
        let CertificateSigningRequestParams { params, public_key } = asked;
        let (mut urns, mut dns, mut addresses) = (Vec::new(), Vec::new(), Vec::new());
        for name in &params.subject_alt_names {
            match name {
                SanType::URI(uri) => urns.push(uri.as_str()),
                SanType::DnsName(name) => dns.push(name.as_str().to_owned()),
                SanType::IpAddress(address) => addresses.push(*address),
                _ => return Err(strange("it asks for a name of another kind".to_owned())),
            }
        }
        let [urn] = urns.as_slice() else {
            return Err(strange(format!("it has {} names {URN_PREFIX}…, not one", urns.len())));
        };
        let identity = Identity::from_urn(urn).map_err(|error| strange(error.to_string()))?;
        let fingerprint = fingerprint(&public_key.subject_public_key_info());
        Ok(Self { identity, dns, addresses, fingerprint, key: public_key })
    }
}

impl BuildingCa {
    /// A certificate (PEM) for the key of a request, good from a day ago for `life`; building, role and name are `identity`'s.
    ///
    /// # Errors
    /// [`EnrollError::OtherBuilding`] or [`EnrollError::Sign`].
    pub fn sign(
        &self,
        request: &Request,
        identity: &Identity,
        purpose: &Purpose,
        life: Duration,
    ) -> Result<String, EnrollError> {
        if identity.building() != self.building() {
            return Err(EnrollError::OtherBuilding {
                asked: identity.building().to_owned(),
                own: self.building().to_owned(),
            });
        }
        let failed = |source| EnrollError::Sign { subject: identity.to_string(), source };
        let params = leaf_params(identity, purpose, life).map_err(failed)?;
        let certificate = params.signed_by(&request.key, self.issuer()).map_err(failed)?;
        Ok(certificate.pem())
    }
}
