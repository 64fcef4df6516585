//! The file: a manifest over all parts, one last look for secrets, and a compressed archive that is never written over.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::part::{LeftOut, Part};
use super::scrub::Scrubber;

/// Most bytes of all parts together: what a mail still takes, compressed ten times smaller.
pub const BYTES_MAX: usize = 20 * 1024 * 1024;
/// Only whoever made it.
const MODE: u32 = 0o600;

/// What is in the bundle and what is not.
#[derive(Clone, Debug, Serialize)]
pub struct Manifest {
    /// Version of the program that made it.
    pub version: String,
    /// The building.
    pub building: Option<String>,
    /// When it was made.
    pub made: String,
    /// Every other file.
    pub files: Vec<Listed>,
    /// What is not in it, and why.
    pub left_out: Vec<LeftOut>,
    /// How many secrets of this machine every file was searched for, in each of their forms.
    pub secrets_searched: usize,
}

/// One file.
#[derive(Clone, Debug, Serialize)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// Its size in bytes.
    pub bytes: usize,
    /// SHA-256 over it.
    pub sha256: String,
}

/// Why there is no bundle.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// Something that must not leave is in it: a fault of this program. Nothing was written.
    #[error("{file} would have held a secret ({secret}); no bundle was written")]
    Secret {
        /// The part.
        file: String,
        /// What kind of secret; never the secret.
        secret: String,
    },
    /// More than [`BYTES_MAX`].
    #[error("the bundle would have {bytes} bytes; at most {BYTES_MAX} are allowed")]
    TooLarge {
        /// How many.
        bytes: usize,
    },
    /// The file.
    #[error("{operation} {path}: {source}")]
    Io {
        /// What was tried.
        operation: &'static str,
        /// On what.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Manifest {
    /// Over these parts.
    #[must_use]
    pub fn over(
        parts: &[Part],
        building: Option<String>,
        made: String,
        left_out: Vec<LeftOut>,
        secrets: usize,
    ) -> Self {
        let listed = |part: &Part| {
            let sum = Sha256::digest(part.bytes());
            let sha256 = sum.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
            Listed { name: part.name().to_owned(), bytes: part.bytes().len(), sha256 }
        };
        let files = parts.iter().map(listed).collect();
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            building,
            made,
            files,
            left_out,
            secrets_searched: secrets,
        }
    }
}

/// Looks through all parts once more, the archive's own file name included.
///
/// # Errors
/// [`BundleError::Secret`] or [`BundleError::TooLarge`].
pub fn inspect(parts: &[Part], path: &Path, scrubber: &Scrubber) -> Result<(), BundleError> {
    let bytes = parts.iter().map(|part| part.bytes().len()).sum();
    if bytes > BYTES_MAX {
        return Err(BundleError::TooLarge { bytes });
    }
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    let texts =
        parts.iter().flat_map(|part| [(part.name(), part.name().as_bytes()), (part.name(), part.bytes())]);
    for (file, bytes) in texts.chain([("the name of the bundle", name)]) {
        if let Some(secret) = scrubber.secrets().found_in(bytes) {
            return Err(BundleError::Secret { file: file.to_owned(), secret: secret.to_owned() });
        }
    }
    Ok(())
}

/// Writes the archive; its files lie in one folder of its name.
///
/// # Errors
/// [`BundleError::Io`]; a file that exists is left as it is.
pub fn write(parts: &[Part], path: &Path) -> Result<u64, BundleError> {
    let failed = |operation| move |source| BundleError::Io { operation, path: path.to_owned(), source };
    let file =
        OpenOptions::new().write(true).create_new(true).mode(MODE).open(path).map_err(failed("make"))?;
    match pack(parts, &file) {
        Ok(()) => Ok(file.metadata().map_err(failed("inspect"))?.len()),
        Err(source) => {
            // Half a bundle helps nobody; the first error is what matters.
            std::fs::remove_file(path).ok();
            Err(failed("write")(source))
        }
    }
}

fn pack(parts: &[Part], file: &File) -> io::Result<()> {
    let mut archive = tar::Builder::new(GzEncoder::new(file, Compression::default()));
    for part in parts {
        let mut header = tar::Header::new_gnu();
        header.set_size(u64::try_from(part.bytes().len()).unwrap_or(u64::MAX));
        header.set_mode(MODE);
        // Of this machine's users and times the header says nothing.
        header.set_mtime(0);
        archive.append_data(&mut header, format!("vestibule-support/{}", part.name()), part.bytes())?;
    }
    archive.into_inner()?.finish()?.flush()?;
    file.sync_all()
}
