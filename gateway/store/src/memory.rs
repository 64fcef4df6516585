//! A place in memory for tests and simulations: files, names, locks, and errors on demand.

use std::collections::BTreeMap;
use std::io;
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::{BackendError, StorageBackend};

use crate::place::Place;

/// A folder in memory. Clones share it, so a test keeps one and gives one to the store.
#[derive(Clone, Debug, Default)]
pub struct Memory(Arc<Mutex<Disk>>);

#[derive(Debug, Default)]
struct Disk {
    files: BTreeMap<String, Content>,
    trouble: Option<Trouble>,
}

type Content = Arc<Mutex<FileContent>>;

#[derive(Default)]
struct FileContent {
    bytes: Vec<u8>,
    locked: bool,
}

impl std::fmt::Debug for FileContent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes", self.bytes.len())
    }
}

/// An error of the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Operations of [`Trouble::scope`] that still succeed.
    pub after: u64,
    /// What fails.
    pub scope: Scope,
    /// Number of the error, e.g. 5 (EIO), 28 (ENOSPC), 30 (EROFS).
    pub errno: i32,
}

/// Which operations fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Writing, syncing, growing, and opening a file for it.
    Writing,
    /// Only syncing: all is written, and whether it stays is not known.
    Syncing,
    /// Everything.
    All,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operation {
    Read,
    Write,
    Sync,
}

impl Memory {
    /// Lets operations fail from now on.
    pub fn break_disk(&self, trouble: Trouble) {
        self.disk().trouble = Some(trouble);
    }

    /// The disk works again.
    pub fn heal(&self) {
        self.disk().trouble = None;
    }

    /// The bytes of a file.
    #[must_use]
    pub fn content(&self, name: &str) -> Option<Vec<u8>> {
        self.disk().files.get(name).map(|content| lock(content).bytes.clone())
    }

    /// Makes or replaces a file.
    pub fn put(&self, name: &str, bytes: Vec<u8>) {
        let content = Arc::new(Mutex::new(FileContent { bytes, locked: false }));
        self.disk().files.insert(name.into(), content);
    }

    /// A copy of the folder as it is now, with nothing locked: what another machine would find on the disk.
    #[must_use]
    pub fn copy(&self) -> Self {
        let copy = Self::default();
        for (name, content) in &self.disk().files {
            copy.put(name, lock(content).bytes.clone());
        }
        copy
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        lock(&self.0)
    }

    fn permit(&self, operation: Operation) -> io::Result<()> {
        let mut disk = self.disk();
        let Some(trouble) = &mut disk.trouble else { return Ok(()) };
        let concerned = match trouble.scope {
            Scope::Writing => operation != Operation::Read,
            Scope::Syncing => operation == Operation::Sync,
            Scope::All => true,
        };
        match (concerned, trouble.after) {
            (false, _) => Ok(()),
            (true, 0) => Err(io::Error::from_raw_os_error(trouble.errno)),
            (true, left) => {
                trouble.after = left - 1;
                Ok(())
            }
        }
    }

    fn found(&self, name: &str) -> io::Result<Content> {
        let found = self.disk().files.get(name).cloned();
        found.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, name.to_owned()))
    }

    fn file(&self, content: Content) -> Box<dyn StorageBackend> {
        Box::new(MemoryFile { disk: self.clone(), content, holds: AtomicBool::new(false) })
    }
}

impl Place for Memory {
    fn names(&self) -> io::Result<Vec<String>> {
        self.permit(Operation::Read)?;
        Ok(self.disk().files.keys().cloned().collect())
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn StorageBackend>> {
        let content = self.found(name)?;
        self.permit(Operation::Write)?;
        Ok(self.file(content))
    }

    fn open_for_reading(&self, name: &str) -> io::Result<Box<dyn StorageBackend>> {
        let content = self.found(name)?;
        self.permit(Operation::Read)?;
        Ok(self.file(content))
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn StorageBackend>> {
        self.permit(Operation::Write)?;
        if self.disk().files.contains_key(name) {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, name.to_owned()));
        }
        self.put(name, Vec::new());
        Ok(self.file(self.found(name)?))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.found(name)?;
        self.permit(Operation::Write)?;
        self.disk().files.remove(name);
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let content = self.found(from)?;
        self.permit(Operation::Write)?;
        let mut disk = self.disk();
        disk.files.remove(from);
        disk.files.insert(to.into(), content);
        Ok(())
    }

    fn link(&self, name: &str, second: &str) -> io::Result<()> {
        let content = self.found(name)?;
        self.permit(Operation::Write)?;
        self.disk().files.insert(second.into(), content);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        self.permit(Operation::Sync)
    }

    fn describe(&self, name: &str) -> String {
        format!("memory:{name}")
    }
}

#[derive(Debug)]
struct MemoryFile {
    disk: Memory,
    content: Content,
    /// Whether this handle holds the file's lock.
    holds: AtomicBool,
}

impl MemoryFile {
    fn release(&self) {
        if self.holds.swap(false, Ordering::SeqCst) {
            lock(&self.content).locked = false;
        }
    }

    fn range(&self, offset: u64, len: usize) -> io::Result<std::ops::Range<usize>> {
        let start = usize::try_from(offset).map_err(io::Error::other)?;
        let end = start.checked_add(len).filter(|end| *end <= lock(&self.content).bytes.len());
        end.map(|end| start..end).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}

impl StorageBackend for MemoryFile {
    fn len(&self) -> io::Result<u64> {
        self.disk.permit(Operation::Read)?;
        u64::try_from(lock(&self.content).bytes.len()).map_err(io::Error::other)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.disk.permit(Operation::Read)?;
        let range = self.range(offset, out.len())?;
        out.copy_from_slice(&lock(&self.content).bytes[range]);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.disk.permit(Operation::Write)?;
        let len = usize::try_from(len).map_err(io::Error::other)?;
        lock(&self.content).bytes.resize(len, 0);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.disk.permit(Operation::Sync)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.disk.permit(Operation::Write)?;
        let range = self.range(offset, data.len())?;
        lock(&self.content).bytes[range].copy_from_slice(data);
        Ok(())
    }

    fn close(&self) -> io::Result<()> {
        self.release();
        Ok(())
    }

    // redb locks several ranges of one file; here a handle holds all of the file or nothing, until it is closed.
    fn try_lock_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<bool, BackendError> {
        let mut content = lock(&self.content);
        let mine = self.holds.load(Ordering::SeqCst) || !content.locked;
        if mine {
            content.locked = true;
            self.holds.store(true, Ordering::SeqCst);
        }
        Ok(mine)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.try_lock_range(start, end)
    }

    fn unlock_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<(), BackendError> {
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
