//! The file itself: a compressed tar that any tool lists, its manifest last.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};
use vestibule_core::unit::Digest;

use super::error::BackupError;
use super::manifest::{FORM, KIND, Manifest, Part};

const MANIFEST: &str = "manifest.json";
/// Only its owner reads it.
const MODE: u32 = 0o600;
/// Largest part in bytes: the state of 1,000 compartments and 10,000 residents takes 4 MB.
const PART_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Most parts: a million rows are 250 of them.
const PARTS_MAX: usize = 10_000;
/// World-writable without the sticky bit: others could exchange the file.
const SHARED_FOLDER: u32 = 0o002;
const STICKY: u32 = 0o1000;

/// A backup that is being written. Dropped before [`Writer::finish`] it removes what it wrote.
pub struct Writer {
    path: PathBuf,
    tar: Option<tar::Builder<GzEncoder<File>>>,
    parts: Vec<Part>,
    made: u64,
}

impl Writer {
    /// Makes the file, which must not exist, where nobody else reads it.
    ///
    /// # Errors
    /// [`BackupError::Exists`], [`BackupError::OpenPlace`], [`BackupError::File`].
    pub fn create(path: &Path, made: u64) -> Result<Self, BackupError> {
        let failed = |source| BackupError::File { operation: "make", path: path.to_owned(), source };
        let open = |why: &str| BackupError::OpenPlace { path: path.to_owned(), why: why.to_owned() };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mode = fs::metadata(folder).map_err(failed)?.mode();
        if mode & SHARED_FOLDER != 0 && mode & STICKY == 0 {
            return Err(open("everybody may exchange files in its folder"));
        }
        let made_file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(path);
        let file = made_file.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => BackupError::Exists(path.to_owned()),
            _ => failed(error),
        })?;
        let mode = file.metadata().map_err(failed)?.mode() & 0o777;
        let gz = GzEncoder::new(file, Compression::default());
        let writer =
            Self { path: path.to_owned(), tar: Some(tar::Builder::new(gz)), parts: Vec::new(), made };
        // A stick with a file system that knows no owners, say.
        if mode & !MODE != 0 {
            return Err(open("its file system lets everybody read it"));
        }
        Ok(writer)
    }

    /// Adds a part.
    ///
    /// # Errors
    /// [`BackupError::File`].
    pub fn part(&mut self, name: &str, path: Option<&Path>, bytes: &[u8]) -> Result<(), BackupError> {
        self.append(name, bytes)?;
        let sha256 = Digest(Sha256::digest(bytes).into()).to_string();
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.parts.push(Part {
            name: name.to_owned(),
            path: path.map(Path::to_owned),
            bytes: length,
            sha256,
        });
        Ok(())
    }

    /// Writes the manifest and waits until everything is on the disk.
    ///
    /// # Errors
    /// [`BackupError::File`].
    pub fn finish(mut self, head: Manifest) -> Result<Manifest, BackupError> {
        let manifest = Manifest { parts: std::mem::take(&mut self.parts), ..head };
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| BackupError::File { operation: "write", path, source }
        };
        let text =
            serde_json::to_vec_pretty(&manifest).map_err(io::Error::other).map_err(failed(&self.path))?;
        self.append(MANIFEST, &text)?;
        if let Some(tar) = self.tar.take() {
            let file = tar.into_inner().and_then(GzEncoder::finish);
            file.and_then(|file| file.sync_all()).map_err(|error| {
                // Half a backup is none.
                fs::remove_file(&self.path).ok();
                failed(&self.path)(error)
            })?;
        }
        Ok(manifest)
    }

    fn append(&mut self, name: &str, bytes: &[u8]) -> Result<(), BackupError> {
        let Some(tar) = &mut self.tar else { return Ok(()) };
        let mut header = tar::Header::new_gnu();
        header.set_size(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        header.set_mode(MODE);
        header.set_mtime(self.made);
        tar.append_data(&mut header, name, bytes).map_err(|source| BackupError::File {
            operation: "write",
            path: self.path.clone(),
            source,
        })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if self.tar.take().is_some() {
            fs::remove_file(&self.path).ok();
        }
    }
}

/// Takes a part's name and bytes.
pub type Take<'a> = dyn FnMut(&str, Vec<u8>) -> Result<(), BackupError> + 'a;

/// A backup that is read.
#[derive(Clone, Debug)]
pub struct Reader {
    path: PathBuf,
}

impl Reader {
    /// The backup in this file.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// Hands each part on in order, and then holds all of them against the manifest: only after that is anything of it to be
    /// believed.
    ///
    /// # Errors
    /// [`BackupError::NotWhole`] with what does not fit, [`BackupError::File`], or what `take` says.
    pub fn each(&self, take: &mut Take<'_>) -> Result<Manifest, BackupError> {
        let failed = |source| BackupError::File { operation: "read", path: self.path.clone(), source };
        let strange = |why: String| BackupError::NotWhole { path: self.path.clone(), why };
        let cut = |error: io::Error| strange(error.to_string());
        let file = File::open(&self.path).map_err(failed)?;
        let mut tar = tar::Archive::new(GzDecoder::new(file));
        let mut found: Vec<(String, u64, String)> = Vec::new();
        for entry in tar.entries().map_err(cut)? {
            let mut entry = entry.map_err(cut)?;
            let name = entry.path().map_err(cut)?.to_string_lossy().into_owned();
            if entry.size() > PART_BYTES_MAX || found.len() > PARTS_MAX {
                return Err(strange(format!("{name} is larger than anything that a backup holds")));
            }
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).map_err(cut)?;
            if name == MANIFEST {
                let manifest: Manifest =
                    serde_json::from_slice(&bytes).map_err(|error| strange(error.to_string()))?;
                return fits(manifest, &found).map_err(strange);
            }
            let sha256 = Digest(Sha256::digest(&bytes).into()).to_string();
            found.push((name.clone(), u64::try_from(bytes.len()).unwrap_or(u64::MAX), sha256));
            take(&name, bytes)?;
        }
        Err(strange("it ends before its manifest".to_owned()))
    }
}

fn fits(manifest: Manifest, found: &[(String, u64, String)]) -> Result<Manifest, String> {
    if manifest.kind != KIND {
        return Err(format!("it is a {:?}", manifest.kind));
    }
    if manifest.form != FORM {
        return Err(format!("its form is {}, and this program knows {FORM}", manifest.form));
    }
    let named = manifest.parts.iter().map(|part| (part.name.clone(), part.bytes, part.sha256.clone()));
    let named: Vec<_> = named.collect();
    match named.iter().zip(found).find(|(named, found)| named != found) {
        Some((named, _)) => Err(format!("{} is not as it was written", named.0)),
        None if named.len() != found.len() => {
            Err(format!("it holds {} parts of {}", found.len(), named.len()))
        }
        None => Ok(manifest),
    }
}
