//! The building's certificate authority: made once, opened to issue client and server certificates.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, DnValue, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SanType,
};
use x509_parser::pem::parse_x509_pem;

use super::error::EnrollError;
use super::files::{self, Readable};
use super::identity::Identity;

/// The authority's certificate in its directory.
pub const CA_CERTIFICATE: &str = "ca.pem";
/// The authority's key in its directory, mode 0600.
pub const CA_KEY: &str = "ca.key";

const DAY: Duration = Duration::from_secs(24 * 3600);
/// A gateway lives for 15 years at most; its authority outlives it.
const CA_LIFE: Duration = Duration::from_secs(20 * 365 * 24 * 3600);
/// Clocks in a building differ; a certificate is good at once on one that is a day behind.
const BACKDATED: Duration = DAY;
/// What the authority's common name ends with, after the building's id.
const CA_SUFFIX: &str = " building authority";

/// What to do with a file that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// Leave it and fail with [`EnrollError::Exists`].
    Refuse,
    /// Put the new one in its place: a renewal that was asked for.
    Replace,
}

/// What a certificate is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A client of a broker.
    Client,
    /// A broker: the names and addresses it is reached at. Its key makes nobody a client.
    Server {
        /// DNS names.
        dns: Vec<String>,
        /// IP addresses.
        addresses: Vec<IpAddr>,
    },
}

/// A fresh key and its certificate. The key has no `Debug` text.
pub struct Issued {
    /// The certificate, PEM.
    pub certificate_pem: String,
    /// The private key, PKCS#8 PEM. Secret.
    pub key_pem: String,
}

impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issued").field("certificate_pem", &self.certificate_pem).finish_non_exhaustive()
    }
}

/// Where an identity's files were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenIdentity {
    /// The authority to trust.
    pub ca: PathBuf,
    /// The certificate.
    pub certificate: PathBuf,
    /// The private key, mode 0600.
    pub key: PathBuf,
}

/// An authority that can issue.
pub struct BuildingCa {
    building: String,
    certificate_pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl fmt::Debug for BuildingCa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BuildingCa").field("building", &self.building).finish_non_exhaustive()
    }
}

impl BuildingCa {
    /// How long a client or server certificate is good: 825 days, what browsers and platforms accept from a private
    /// authority, and more than two years of outage.
    pub const LEAF_LIFE: Duration = Duration::from_secs(825 * 24 * 3600);

    /// Makes an authority for `building` in `dir` (made if missing) as `ca.pem` and `ca.key`.
    ///
    /// # Errors
    /// [`EnrollError::Exists`] if there is one already: a second authority would cut off every client of the first.
    pub fn create(building: &str, dir: &Path) -> Result<Self, EnrollError> {
        // The role and the name only complete the check of the building's id.
        let building = Identity::new(building, "authority", "authority")?.building().to_owned();
        files::make_directory(dir)?;
        let subject = format!("{building}{CA_SUFFIX}");
        let failed = |source| EnrollError::Sign { subject: subject.clone(), source };
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(failed)?;
        let params = authority_params(&building, &subject);
        let certificate = params.self_signed(&key).map_err(failed)?;
        // The key first: a certificate without its key is of no use to anybody.
        files::write(&dir.join(CA_KEY), &key.serialize_pem(), Readable::Owner, Existing::Refuse)?;
        files::write(&dir.join(CA_CERTIFICATE), &certificate.pem(), Readable::All, Existing::Refuse)?;
        Ok(Self { building, certificate_pem: certificate.pem(), issuer: Issuer::new(params, key) })
    }

    /// Opens the authority in `dir`.
    ///
    /// # Errors
    /// [`EnrollError::Read`], [`EnrollError::NotAnAuthority`] or [`EnrollError::NoBuilding`].
    pub fn open(dir: &Path) -> Result<Self, EnrollError> {
        let (certificate_path, key_path) = (dir.join(CA_CERTIFICATE), dir.join(CA_KEY));
        let certificate_pem = files::read(&certificate_path)?;
        let key = KeyPair::from_pem(&files::read(&key_path)?)
            .map_err(|source| EnrollError::NotAnAuthority { path: key_path, source })?;
        let issuer = Issuer::from_ca_cert_pem(&certificate_pem, key)
            .map_err(|source| EnrollError::NotAnAuthority { path: certificate_path.clone(), source })?;
        let common_name = common_name_of(&certificate_pem);
        let Some(building) = common_name.strip_suffix(CA_SUFFIX).map(str::to_owned) else {
            return Err(EnrollError::NoBuilding { path: certificate_path, common_name });
        };
        Ok(Self { building, certificate_pem, issuer })
    }

    /// The building this authority speaks for.
    #[must_use]
    pub fn building(&self) -> &str {
        &self.building
    }

    /// What signs.
    pub(super) const fn issuer(&self) -> &Issuer<'static, KeyPair> {
        &self.issuer
    }

    /// The authority's certificate, PEM: what brokers and clients trust.
    #[must_use]
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// A fresh key and a certificate for `role` and `name`, good from a day ago for `life`.
    ///
    /// # Errors
    /// [`EnrollError::Identity`] or [`EnrollError::Sign`].
    pub fn issue(
        &self,
        role: &str,
        name: &str,
        purpose: &Purpose,
        life: Duration,
    ) -> Result<Issued, EnrollError> {
        let identity = Identity::new(&self.building, role, name)?;
        let failed = |source| EnrollError::Sign { subject: identity.to_string(), source };
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(failed)?;
        let params = leaf_params(&identity, purpose, life).map_err(failed)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(failed)?;
        Ok(Issued { certificate_pem: certificate.pem(), key_pem: key.serialize_pem() })
    }

    /// Writes a signed certificate and, beside it, the authority's; returns the latter's path.
    ///
    /// # Errors
    /// [`EnrollError::Exists`] when the certificate is there and `existing` says to keep it, [`EnrollError::Write`].
    pub fn hand_over(&self, path: &Path, pem: &str, existing: Existing) -> Result<PathBuf, EnrollError> {
        let folder = path.parent().unwrap_or(Path::new(""));
        files::make_directory(folder)?;
        files::write(path, pem, Readable::All, existing)?;
        let ca = folder.join(CA_CERTIFICATE);
        files::write(&ca, &self.certificate_pem, Readable::All, Existing::Replace)?;
        Ok(ca)
    }

    /// Issues for [`Self::LEAF_LIFE`] and writes `{role}-{name}.pem`, `{role}-{name}.key` and `ca.pem` into `dir`.
    ///
    /// # Errors
    /// As [`Self::issue`]; [`EnrollError::Exists`] when the files are there and `existing` says to keep them.
    pub fn issue_into(
        &self,
        dir: &Path,
        role: &str,
        name: &str,
        purpose: &Purpose,
        existing: Existing,
    ) -> Result<WrittenIdentity, EnrollError> {
        let issued = self.issue(role, name, purpose, Self::LEAF_LIFE)?;
        files::make_directory(dir)?;
        let written = WrittenIdentity {
            ca: dir.join(CA_CERTIFICATE),
            certificate: dir.join(format!("{role}-{name}.pem")),
            key: dir.join(format!("{role}-{name}.key")),
        };
        files::write(&written.key, &issued.key_pem, Readable::Owner, existing)?;
        files::write(&written.certificate, &issued.certificate_pem, Readable::All, existing)?;
        // The same text for every identity of this authority, so replacing it loses nothing.
        files::write(&written.ca, &self.certificate_pem, Readable::All, Existing::Replace)?;
        Ok(written)
    }
}

fn authority_params(building: &str, subject: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = name_of(subject, building, None);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    set_validity(&mut params, CA_LIFE);
    params
}

pub(super) fn leaf_params(
    identity: &Identity,
    purpose: &Purpose,
    life: Duration,
) -> Result<CertificateParams, rcgen::Error> {
    let mut params = subject_params(identity, purpose)?;
    params.use_authority_key_identifier_extension = true;
    set_validity(&mut params, life);
    Ok(params)
}

/// What a request asks for and a certificate gives: who it is, and what the key is for.
pub(super) fn subject_params(
    identity: &Identity,
    purpose: &Purpose,
) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::default();
    params.distinguished_name = name_of(&identity.common_name(), identity.building(), Some(identity.role()));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.subject_alt_names = vec![SanType::URI(Ia5String::try_from(identity.urn())?)];
    match purpose {
        Purpose::Client => params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth],
        Purpose::Server { dns, addresses } => {
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
            for name in dns {
                params.subject_alt_names.push(SanType::DnsName(Ia5String::try_from(name.as_str())?));
            }
            params.subject_alt_names.extend(addresses.iter().copied().map(SanType::IpAddress));
        }
    }
    Ok(params)
}

pub(super) fn name_of(common_name: &str, building: &str, role: Option<&str>) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, DnValue::Utf8String(building.to_owned()));
    if let Some(role) = role {
        name.push(DnType::OrganizationalUnitName, DnValue::Utf8String(role.to_owned()));
    }
    name.push(DnType::CommonName, DnValue::Utf8String(common_name.to_owned()));
    name
}

fn set_validity(params: &mut CertificateParams, life: Duration) {
    let now = SystemTime::now();
    params.not_before = now.checked_sub(BACKDATED).unwrap_or(SystemTime::UNIX_EPOCH).into();
    params.not_after = (now + life).into();
}

fn common_name_of(certificate_pem: &str) -> String {
    let Ok((_, pem)) = parse_x509_pem(certificate_pem.as_bytes()) else { return String::new() };
    let Ok(certificate) = pem.parse_x509() else { return String::new() };
    let name = certificate.subject().iter_common_name().next().and_then(|name| name.as_str().ok());
    name.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_issues_the_same_building_when_reopened() {
        let dir = tempfile::tempdir().unwrap();
        let made = BuildingCa::create("maple-court", dir.path()).unwrap();
        let opened = BuildingCa::open(dir.path()).unwrap();
        assert_eq!(opened.building(), "maple-court");
        assert_eq!(opened.certificate_pem(), made.certificate_pem());
        let issued = opened.issue("staff", "front-desk", &Purpose::Client, BuildingCa::LEAF_LIFE).unwrap();
        let (_, pem) = parse_x509_pem(issued.certificate_pem.as_bytes()).unwrap();
        let (_, ca_pem) = parse_x509_pem(made.certificate_pem().as_bytes()).unwrap();
        let (leaf, ca) = (pem.parse_x509().unwrap(), ca_pem.parse_x509().unwrap());
        assert_eq!(leaf.issuer().as_raw(), ca.subject().as_raw());
        assert_eq!(common_name_of(&issued.certificate_pem), "maple-court.staff.front-desk");
    }

    #[test]
    fn an_authority_is_kept_when_asked_for_twice() {
        let dir = tempfile::tempdir().unwrap();
        BuildingCa::create("maple-court", dir.path()).unwrap();
        let before = files::read(&dir.path().join(CA_KEY)).unwrap();
        assert!(matches!(BuildingCa::create("maple-court", dir.path()), Err(EnrollError::Exists(_))));
        assert_eq!(files::read(&dir.path().join(CA_KEY)).unwrap(), before);
    }

    #[test]
    fn a_bad_name_is_refused_when_issued() {
        let dir = tempfile::tempdir().unwrap();
        let ca = BuildingCa::create("maple-court", dir.path()).unwrap();
        for name in ["", "a/b", "+", "Desk", "a.b"] {
            assert!(ca.issue("staff", name, &Purpose::Client, BuildingCa::LEAF_LIFE).is_err(), "{name}");
        }
        assert!(BuildingCa::create("Maple Court", dir.path()).is_err());
    }
}
