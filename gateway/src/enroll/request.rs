//! A key that is made here and stays here, and the request (PKCS#10) that is carried to an authority.

use std::path::{Path, PathBuf};

use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData as _};
use sha2::{Digest as _, Sha256};

use super::ca::{Existing, Purpose, subject_params};
use super::error::EnrollError;
use super::files::{self, Readable};
use super::identity::Identity;

/// What a request's file name ends with, beside its key.
pub(super) const REQUEST_EXTENSION: &str = "csr";
/// Bytes of a public key's SHA-256 that people compare: nobody finds a second key with the same 128 bits.
const FINGERPRINT_BYTES: usize = 16;

/// What was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requested {
    /// The private key, mode 0600; it stays where it is.
    pub key: PathBuf,
    /// Whether the key was there already and was kept.
    pub kept: bool,
    /// The request to carry out, PEM.
    pub request: PathBuf,
    /// Fingerprint of the public key, to be compared where it is signed.
    pub fingerprint: String,
}

/// Makes the key at `key` unless there is one, and the request for it beside it.
///
/// # Errors
/// [`EnrollError::NotAKey`] for a file that is there and holds no key, [`EnrollError::Sign`], [`EnrollError::Write`].
pub fn request(key: &Path, identity: &Identity, purpose: &Purpose) -> Result<Requested, EnrollError> {
    let failed = |source| EnrollError::Sign { subject: identity.to_string(), source };
    let kept = key.exists();
    let pair = if kept { read_key(key)? } else { make_key(key, identity)? };
    let params = subject_params(identity, purpose).map_err(failed)?;
    let pem = params.serialize_request(&pair).and_then(|request| request.pem()).map_err(failed)?;
    let request = key.with_extension(REQUEST_EXTENSION);
    files::write(&request, &pem, Readable::All, Existing::Replace)?;
    let fingerprint = fingerprint(&pair.subject_public_key_info());
    Ok(Requested { key: key.to_owned(), kept, request, fingerprint })
}

/// A private key from its file.
pub(super) fn read_key(path: &Path) -> Result<KeyPair, EnrollError> {
    let text = zeroize::Zeroizing::new(files::read(path)?);
    KeyPair::from_pem(&text).map_err(|source| EnrollError::NotAKey { path: path.to_owned(), source })
}

fn make_key(path: &Path, identity: &Identity) -> Result<KeyPair, EnrollError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        files::make_directory(folder)?;
    }
    let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)
        .map_err(|source| EnrollError::Sign { subject: identity.to_string(), source })?;
    let text = zeroize::Zeroizing::new(pair.serialize_pem());
    files::write(path, &text, Readable::Owner, Existing::Refuse)?;
    Ok(pair)
}

/// What people compare of a public key (its SubjectPublicKeyInfo): `9f86-d081-…`, eight groups of four digits.
pub(super) fn fingerprint(public_key_info: &[u8]) -> String {
    let digest = Sha256::digest(public_key_info);
    let groups = digest[..FINGERPRINT_BYTES]
        .chunks(2)
        .map(|pair| pair.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    groups.collect::<Vec<_>>().join("-")
}
