//! Where the database file lives: a folder on a disk, or one in memory for tests.

use std::fmt::Debug;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use redb::StorageBackend;
use redb::backends::FileBackend;

use crate::migration::{CURRENT, Formats};

/// The database file.
pub const DATABASE: &str = "vestibule.redb";

/// The database file while it is being made; renamed to [`DATABASE`] when it is complete and synced.
pub const UNFINISHED: &str = "vestibule.redb.new";

/// How the names of damaged files begin; a date follows.
pub const SET_ASIDE: &str = "vestibule.redb.damaged-";

/// How the names of files begin whose place an older record took; a date follows.
pub const REWOUND: &str = "vestibule.redb.rewound-";

/// Only the service's own user reads the record.
const FILE_MODE: u32 = 0o600;

/// A folder that holds the database file.
pub trait Place: Debug + Send {
    /// Names of all files of the store in this folder, sorted.
    ///
    /// # Errors
    /// The folder cannot be read.
    fn names(&self) -> io::Result<Vec<String>>;

    /// Opens a file to read and write it.
    ///
    /// # Errors
    /// There is none (`NotFound`), or it cannot be written.
    fn open(&self, name: &str) -> io::Result<Box<dyn StorageBackend>>;

    /// Opens a file only to read it.
    ///
    /// # Errors
    /// There is none (`NotFound`), or it cannot be read.
    fn open_for_reading(&self, name: &str) -> io::Result<Box<dyn StorageBackend>>;

    /// Makes a new, empty file.
    ///
    /// # Errors
    /// There is one already, or the disk refuses.
    fn create(&self, name: &str) -> io::Result<Box<dyn StorageBackend>>;

    /// Removes a file.
    ///
    /// # Errors
    /// There is none, or the disk refuses.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Renames a file; durable after [`Place::sync`].
    ///
    /// # Errors
    /// There is none, or the disk refuses.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Gives a file a second name; durable after [`Place::sync`].
    ///
    /// # Errors
    /// There is none, the second name is taken, or the disk refuses.
    fn link(&self, name: &str, second: &str) -> io::Result<()>;

    /// Makes names durable.
    ///
    /// # Errors
    /// The disk refuses.
    fn sync(&self) -> io::Result<()>;

    /// The file's full name for a person.
    fn describe(&self, name: &str) -> String;

    /// The formats of the program that uses this folder: this one's, except in tests of a later version.
    fn formats(&self) -> &'static Formats {
        &CURRENT
    }
}

/// A folder on a disk.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// A folder that exists already, e.g. `/var/lib/vestibule`.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }
}

impl Place for Folder {
    fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&self.0)? {
            if let Ok(name) = entry?.file_name().into_string()
                && name.starts_with(DATABASE)
            {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn StorageBackend>> {
        backend(OpenOptions::new().read(true).write(true).open(self.0.join(name))?)
    }

    fn open_for_reading(&self, name: &str) -> io::Result<Box<dyn StorageBackend>> {
        backend(File::open(self.0.join(name))?)
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn StorageBackend>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true).mode(FILE_MODE);
        backend(options.open(self.0.join(name))?)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        std::fs::remove_file(self.0.join(name))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        std::fs::rename(self.0.join(from), self.0.join(to))
    }

    fn link(&self, name: &str, second: &str) -> io::Result<()> {
        std::fs::hard_link(self.0.join(name), self.0.join(second))
    }

    fn sync(&self) -> io::Result<()> {
        File::open(&self.0)?.sync_all()
    }

    fn describe(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

fn backend(file: File) -> io::Result<Box<dyn StorageBackend>> {
    Ok(Box::new(FileBackend::new(file).map_err(io::Error::other)?))
}
