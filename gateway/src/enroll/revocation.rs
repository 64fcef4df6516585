//! The authority's list of revoked certificates (RFC 5280): it only grows, and the brokers read it again when it changes.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rcgen::{
    CertificateRevocationListParams, KeyIdMethod, RevocationReason, RevokedCertParams, SerialNumber,
};
use x509_parser::pem::parse_x509_pem;
use x509_parser::prelude::FromDer as _;
use x509_parser::revocation_list::CertificateRevocationList;

use super::ca::{BuildingCa, Existing};
use super::error::EnrollError;
use super::files::{self, Readable};

/// The list in the authority's directory.
pub const REVOKED: &str = "revoked.pem";
/// A list has to name its end. Brokers do not take it as one: a building must go on through a long outage.
const LIST_LIFE: Duration = Duration::from_secs(20 * 365 * 24 * 3600);

impl BuildingCa {
    /// Puts these certificates (PEM files) on the list in `dir`, making it if there is none; returns its path.
    ///
    /// # Errors
    /// [`EnrollError::Read`], [`EnrollError::NotACertificate`] for a file that is none of this authority,
    /// [`EnrollError::NotAList`], [`EnrollError::Sign`] or [`EnrollError::Write`].
    pub fn revoke(&self, dir: &Path, certificates: &[&Path]) -> Result<PathBuf, EnrollError> {
        let path = dir.join(REVOKED);
        let mut revoked = if path.exists() { listed(&path)? } else { Vec::new() };
        for certificate in certificates {
            let serial_number = self.serial_of(certificate)?;
            if revoked.iter().all(|one| one.serial_number != serial_number) {
                revoked.push(RevokedCertParams {
                    serial_number,
                    revocation_time: SystemTime::now().into(),
                    reason_code: Some(RevocationReason::Unspecified),
                    invalidity_date: None,
                });
            }
        }
        let now = SystemTime::now();
        let list = CertificateRevocationListParams {
            this_update: now.into(),
            next_update: (now + LIST_LIFE).into(),
            crl_number: SerialNumber::from(u64::try_from(revoked.len()).unwrap_or(u64::MAX)),
            issuing_distribution_point: None,
            revoked_certs: revoked,
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let failed = |source| EnrollError::Sign { subject: "the revocation list".to_owned(), source };
        let pem = list.signed_by(self.issuer()).and_then(|list| list.pem()).map_err(failed)?;
        files::write(&path, &pem, Readable::All, Existing::Replace)?;
        Ok(path)
    }

    /// The serial number of a certificate that this authority issued.
    fn serial_of(&self, path: &Path) -> Result<SerialNumber, EnrollError> {
        let text = files::read(path)?;
        let strange =
            |reason: &str| EnrollError::NotACertificate { path: path.to_owned(), reason: reason.to_owned() };
        let (_, pem) = parse_x509_pem(text.as_bytes()).map_err(|_| strange("it is no PEM"))?;
        let certificate = pem.parse_x509().map_err(|_| strange("it is no certificate"))?;
        let (_, own) =
            parse_x509_pem(self.certificate_pem().as_bytes()).map_err(|_| strange("no authority"))?;
        let own = own.parse_x509().map_err(|_| strange("no authority"))?;
        // The subject alone could be another authority's of the same building.
        if certificate.verify_signature(Some(own.public_key())).is_err() {
            return Err(strange("another authority issued it"));
        }
        Ok(SerialNumber::from_slice(certificate.raw_serial()))
    }
}

fn listed(path: &Path) -> Result<Vec<RevokedCertParams>, EnrollError> {
    let text = files::read(path)?;
    let strange = || EnrollError::NotAList { path: path.to_owned() };
    let (_, pem) = parse_x509_pem(text.as_bytes()).map_err(|_| strange())?;
    let (_, list) = CertificateRevocationList::from_der(&pem.contents).map_err(|_| strange())?;
    let kept = list.iter_revoked_certificates().map(|one| RevokedCertParams {
        serial_number: SerialNumber::from_slice(one.raw_serial()),
        revocation_time: one.revocation_date.to_datetime(),
        reason_code: Some(RevocationReason::Unspecified),
        invalidity_date: None,
    });
    Ok(kept.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enroll::Purpose;

    #[test]
    fn list_grows_and_names_each_certificate_once() {
        let dir = tempfile::tempdir().unwrap();
        let ca = BuildingCa::create("maple-court", dir.path()).unwrap();
        let issue = |name| {
            ca.issue_into(dir.path(), "staff", name, &Purpose::Client, Existing::Replace).unwrap().certificate
        };
        let (kim, lee) = (issue("kim"), issue("lee"));
        let path = ca.revoke(dir.path(), &[&kim]).unwrap();
        assert_eq!(ca.revoke(dir.path(), &[&lee, &kim]).unwrap(), path);
        let serials: Vec<_> = listed(&path).unwrap().into_iter().map(|one| one.serial_number).collect();
        assert_eq!(serials, [ca.serial_of(&kim).unwrap(), ca.serial_of(&lee).unwrap()]);
    }

    #[test]
    fn certificate_of_another_authority_is_refused() {
        let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let ca = BuildingCa::create("maple-court", dir.path()).unwrap();
        let twin = BuildingCa::create("maple-court", other.path()).unwrap();
        let kim = twin.issue_into(other.path(), "staff", "kim", &Purpose::Client, Existing::Refuse).unwrap();
        let refused = ca.revoke(dir.path(), &[&kim.certificate]);
        assert!(matches!(refused, Err(EnrollError::NotACertificate { .. })), "{refused:?}");
        assert!(!dir.path().join(REVOKED).exists());
    }
}
