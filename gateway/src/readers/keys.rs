//! Readers' keys on the disk: one file a reader, sealed (ChaCha20-Poly1305) to this building and that reader.
//!
//! What seals them is the systemd credential `vestibule-seal` where the unit is given one, which a TPM can hold; else a file
//! beside them. A copy of a sealed file alone is worth nothing; a copy of the whole card is, unless there is such a credential.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, KeyInit as _, Nonce};
use device_drivers::osdp::ReaderKey;
use vestibule_core::id::TerminalId;
use zeroize::Zeroizing;

use crate::durable::{DurableError, PRIVATE, replace, sync_folder};

/// Names of all files of readers' keys begin so.
pub const PREFIX: &str = "reader-";
/// What seals, where no credential does.
const SEAL: &str = "reader-seal.key";
/// The credential's name.
pub const CREDENTIAL: &str = "vestibule-seal";
/// Form of a sealed file.
const MAGIC: &[u8; 4] = b"VRK1";
const NONCE: usize = 12;
/// Magic, nonce, the key, and the seal's proof.
const BYTES: usize = MAGIC.len() + NONCE + 16 + 16;
/// Largest credential: whatever it is, all of it counts.
const CREDENTIAL_MAX: u64 = 4_096;

/// Why a key cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The disk or the system refuses.
    #[error("{operation} {}", file.display())]
    Io {
        /// What was tried.
        operation: &'static str,
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file is damaged, or sealed by something else, or for another reader or building.
    #[error("open {}: it is damaged, or was not sealed here for this reader", file.display())]
    Seal {
        /// The file.
        file: PathBuf,
    },
    /// The system has no randomness.
    #[error("draw a random key")]
    Random,
}

/// What seals the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealedBy {
    /// A credential from outside of the state folder.
    Credential,
    /// A file beside them.
    File,
}

/// Whether a reader has confirmed its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It proved it.
    Confirmed,
    /// It was to be given it; whether it took it is not known.
    Pending,
}

/// The keys of one building.
pub struct KeyStore {
    folder: PathBuf,
    building: String,
    cipher: ChaCha20Poly1305,
    sealed_by: SealedBy,
}

fn failed<'a>(operation: &'static str, file: &'a Path) -> impl FnOnce(io::Error) -> KeyError + 'a {
    move |source| KeyError::Io { operation, file: file.to_owned(), source }
}

impl From<DurableError> for KeyError {
    fn from(DurableError { operation, path, source }: DurableError) -> Self {
        Self::Io { operation, file: path, source }
    }
}

impl KeyStore {
    /// Opens the store in the state folder; what seals is made if there is nothing.
    ///
    /// # Errors
    /// [`KeyError`]: no key can be read or written.
    pub fn open(folder: &Path, building: &str) -> Result<Self, KeyError> {
        let (secret, sealed_by) = match credential()? {
            Some(secret) => (secret, SealedBy::Credential),
            None => (beside(folder)?, SealedBy::File),
        };
        let cipher = ChaCha20Poly1305::new(&Key::from(*secret));
        Ok(Self { folder: folder.to_owned(), building: building.to_owned(), cipher, sealed_by })
    }

    /// What seals the keys.
    #[must_use]
    pub const fn sealed_by(&self) -> SealedBy {
        self.sealed_by
    }

    fn file(&self, reader: &TerminalId, standing: Standing) -> PathBuf {
        let end = match standing {
            Standing::Confirmed => "",
            Standing::Pending => ".pending",
        };
        self.folder.join(format!("{PREFIX}{reader}.key{end}"))
    }

    fn bound_to(&self, reader: &TerminalId) -> String {
        format!("vestibule-reader-key/1:{}:{reader}", self.building)
    }

    /// A reader's key, if it has one.
    ///
    /// # Errors
    /// [`KeyError`]: there is one, and it cannot be used.
    pub fn load(&self, reader: &TerminalId) -> Result<Option<(ReaderKey, Standing)>, KeyError> {
        for standing in [Standing::Confirmed, Standing::Pending] {
            let path = self.file(reader, standing);
            let mut bytes = Vec::with_capacity(BYTES + 1);
            match File::open(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(failed("open", &path)(error)),
                Ok(file) => file.take(4_096).read_to_end(&mut bytes).map_err(failed("read", &path))?,
            };
            let key = self.unsealed(reader, &bytes).ok_or(KeyError::Seal { file: path })?;
            return Ok(Some((key, standing)));
        }
        Ok(None)
    }

    fn unsealed(&self, reader: &TerminalId, bytes: &[u8]) -> Option<ReaderKey> {
        let rest = bytes.strip_prefix(MAGIC).filter(|_| bytes.len() == BYTES)?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE>()?;
        let bound = self.bound_to(reader);
        let payload = Payload { msg: sealed, aad: bound.as_bytes() };
        let key = Zeroizing::new(self.cipher.decrypt(&Nonce::from(*nonce), payload).ok()?);
        ReaderKey::new(<[u8; 16]>::try_from(key.as_slice()).ok()?)
    }

    /// Draws a new key and writes it down as one that the reader is about to be given: whatever happens from here on, the
    /// gateway knows the key that the reader may have.
    ///
    /// # Errors
    /// [`KeyError`]: nothing may be given.
    pub fn draw(&self, reader: &TerminalId) -> Result<ReaderKey, KeyError> {
        let (mut key, mut nonce) = (Zeroizing::new([0; 16]), [0; NONCE]);
        getrandom::fill(key.as_mut_slice()).map_err(|_| KeyError::Random)?;
        getrandom::fill(&mut nonce).map_err(|_| KeyError::Random)?;
        let path = self.file(reader, Standing::Pending);
        let bound = self.bound_to(reader);
        let payload = Payload { msg: key.as_slice(), aad: bound.as_bytes() };
        let sealed = self.cipher.encrypt(&Nonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| KeyError::Seal { file: path.clone() })?;
        replace(&path, PRIVATE, &[&MAGIC[..], &nonce, &sealed].concat())?;
        ReaderKey::new(*key).ok_or(KeyError::Random)
    }

    /// The reader has proven the key that it was to be given.
    ///
    /// # Errors
    /// [`KeyError`]: it stays as it was, and is found at the next start.
    pub fn confirm(&self, reader: &TerminalId) -> Result<(), KeyError> {
        let (from, to) = (self.file(reader, Standing::Pending), self.file(reader, Standing::Confirmed));
        fs::rename(&from, &to).map_err(failed("rename", &from))?;
        Ok(sync_folder(&self.folder)?)
    }

    /// Throws a reader's key away.
    ///
    /// # Errors
    /// [`KeyError`]: it may come back with the next start.
    pub fn forget(&self, reader: &TerminalId) -> Result<(), KeyError> {
        for standing in [Standing::Confirmed, Standing::Pending] {
            let path = self.file(reader, standing);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(failed("remove", &path)(error));
                }
                _ => {}
            }
        }
        Ok(sync_folder(&self.folder)?)
    }
}

/// The unit's credential; its bytes, whatever they are, make the key.
fn credential() -> Result<Option<Zeroizing<[u8; 32]>>, KeyError> {
    let Some(folder) = std::env::var_os("CREDENTIALS_DIRECTORY") else { return Ok(None) };
    let path = PathBuf::from(folder).join(CREDENTIAL);
    let mut bytes = Zeroizing::new(Vec::new());
    match File::open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("open", &path)(error)),
        Ok(file) => file.take(CREDENTIAL_MAX).read_to_end(&mut bytes).map_err(failed("read", &path))?,
    };
    Ok(Some(derived(&bytes)))
}

/// A secret of its own for this purpose, of whatever length the given one is.
fn derived(secret: &[u8]) -> Zeroizing<[u8; 32]> {
    use sha2::Digest as _;
    let mut hash = sha2::Sha256::new();
    hash.update(b"vestibule-reader-seal/1:");
    hash.update(secret);
    Zeroizing::new(hash.finalize().into())
}

fn beside(folder: &Path) -> Result<Zeroizing<[u8; 32]>, KeyError> {
    let path = folder.join(SEAL);
    let mut secret = Zeroizing::new([0; 32]);
    match File::open(&path) {
        Ok(mut file) => file.read_exact(secret.as_mut_slice()).map_err(failed("read", &path))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            getrandom::fill(secret.as_mut_slice()).map_err(|_| KeyError::Random)?;
            replace(&path, PRIVATE, secret.as_slice())?;
        }
        Err(error) => return Err(failed("open", &path)(error)),
    }
    Ok(derived(secret.as_slice()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(id: &str) -> TerminalId {
        TerminalId::new(id).expect("id")
    }

    fn stored(store: &KeyStore, id: &str) -> Option<([u8; 16], Standing)> {
        store.load(&reader(id)).expect("readable").map(|(key, standing)| (*key.expose(), standing))
    }

    #[test]
    fn key_is_pending_until_it_is_confirmed_and_gone_when_forgotten() {
        let folder = tempfile::tempdir().expect("folder");
        let store = KeyStore::open(folder.path(), "maple-court").expect("store");
        assert_eq!(stored(&store, "one"), None);
        let key = *store.draw(&reader("one")).expect("drawn").expose();
        assert_eq!(stored(&store, "one"), Some((key, Standing::Pending)));
        store.confirm(&reader("one")).expect("confirmed");
        let again = KeyStore::open(folder.path(), "maple-court").expect("store");
        assert_eq!(stored(&again, "one"), Some((key, Standing::Confirmed)));
        assert_ne!(*store.draw(&reader("two")).expect("drawn").expose(), key, "one key a reader");
        store.forget(&reader("one")).expect("forgotten");
        assert_eq!(stored(&store, "one"), None);
    }

    #[test]
    fn no_file_shows_the_key_and_each_is_bound_to_its_reader_and_building() {
        let folder = tempfile::tempdir().expect("folder");
        let store = KeyStore::open(folder.path(), "maple-court").expect("store");
        let key = *store.draw(&reader("one")).expect("drawn").expose();
        store.confirm(&reader("one")).expect("confirmed");
        for entry in fs::read_dir(folder.path()).expect("folder") {
            let path = entry.expect("entry").path();
            let bytes = fs::read(&path).expect("file");
            assert!(!bytes.windows(16).any(|window| window == key), "{}", path.display());
            let mode = std::os::unix::fs::MetadataExt::mode(&fs::metadata(&path).expect("file"));
            assert_eq!(mode & 0o077, 0, "{}", path.display());
        }
        fs::copy(folder.path().join("reader-one.key"), folder.path().join("reader-two.key")).expect("copy");
        assert!(matches!(store.load(&reader("two")), Err(KeyError::Seal { .. })));
        let other = KeyStore::open(folder.path(), "oak-court").expect("store");
        assert!(matches!(other.load(&reader("one")), Err(KeyError::Seal { .. })));
    }

    #[test]
    fn damaged_key_is_refused_at_every_bit() {
        let folder = tempfile::tempdir().expect("folder");
        let store = KeyStore::open(folder.path(), "maple-court").expect("store");
        store.draw(&reader("one")).expect("drawn");
        let path = folder.path().join("reader-one.key.pending");
        let good = fs::read(&path).expect("file");
        assert_eq!(good.len(), BYTES);
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, bad).expect("write");
            assert!(store.load(&reader("one")).is_err(), "bit {bit}");
        }
        fs::write(&path, &good[..BYTES - 1]).expect("write");
        assert!(store.load(&reader("one")).is_err());
    }
}
