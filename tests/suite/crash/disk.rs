//! A folder in memory that writes down everything that is done to it.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use redb::StorageBackend;
use vestibule_core::id::UnlockId;
use vestibule_store::Place;

use super::content::Content;

/// A file whatever its names are.
pub type File = usize;

/// What is done to the disk, and what is told to the world in between.
#[derive(Clone)]
pub enum Op {
    /// Bytes are handed to the disk; they are on it at the latest after [`Op::Sync`].
    Write { file: File, offset: usize, data: Arc<[u8]> },
    /// A length is set; on the disk at the latest after [`Op::Sync`].
    SetLen { file: File, len: usize },
    /// The file's bytes and length are on the disk when this returns.
    Sync(File),
    /// A name appears, moves or goes; on the disk at the latest after [`Op::SyncNames`], and in order.
    Name(NameChange),
    /// All names are on the disk when this returns.
    SyncNames,
    /// The world is told something.
    Note(Note),
}

#[derive(Clone)]
pub enum NameChange {
    Add { name: String, file: File },
    Move { from: String, to: String },
    Remove(String),
}

/// What the world knows.
#[derive(Clone, Copy, Debug)]
pub enum Note {
    /// Commit number `n` begins: it may be on the disk from now on.
    Attempted(usize),
    /// Commit number `n` returned: it must never be lost.
    Committed(usize),
    /// A lock was pulsed.
    Pulsed(UnlockId),
}

pub type Names = BTreeMap<String, File>;

pub fn apply_name(names: &mut Names, change: &NameChange) {
    match change {
        NameChange::Add { name, file } => drop(names.insert(name.clone(), *file)),
        NameChange::Move { from, to } => {
            if let Some(file) = names.remove(from) {
                names.insert(to.clone(), file);
            }
        }
        NameChange::Remove(name) => drop(names.remove(name)),
    }
}

/// The disk as the running system sees it. Clones share it.
#[derive(Clone, Default)]
pub struct Disk(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    files: Vec<Content>,
    names: Names,
    log: Option<Vec<Op>>,
}

impl Disk {
    /// A disk with these files; nothing is written down.
    pub fn holding(names: Names, files: Vec<Content>) -> Self {
        Self(Arc::new(Mutex::new(Inner { files, names, log: None })))
    }

    /// Writes down everything from now on.
    pub fn record(&self) {
        self.inner().log = Some(Vec::new());
    }

    /// Stops writing down.
    pub fn take_log(&self) -> Vec<Op> {
        self.inner().log.take().unwrap_or_default()
    }

    /// Writes down what the world is told.
    pub fn note(&self, note: Note) {
        self.inner().note(Op::Note(note));
    }

    /// The disk as it is.
    pub fn state(&self) -> (Names, Vec<Content>) {
        let inner = self.inner();
        (inner.names.clone(), inner.files.clone())
    }

    /// A file's bytes.
    pub fn content(&self, name: &str) -> Option<Content> {
        let inner = self.inner();
        inner.names.get(name).map(|file| inner.files[*file].clone())
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn backend(&self, name: &str) -> io::Result<Box<dyn StorageBackend>> {
        let file = self.inner().names.get(name).copied();
        let file = file.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, name.to_owned()))?;
        Ok(Box::new(Handle { disk: self.clone(), file }))
    }

    fn change(&self, change: NameChange) {
        let mut inner = self.inner();
        apply_name(&mut inner.names, &change);
        inner.note(Op::Name(change));
    }
}

impl Inner {
    fn note(&mut self, op: Op) {
        if let Some(log) = &mut self.log {
            log.push(op);
        }
    }
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a disk in memory")
    }
}

impl Place for Disk {
    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.inner().names.keys().cloned().collect())
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn StorageBackend>> {
        self.backend(name)
    }

    fn open_for_reading(&self, name: &str) -> io::Result<Box<dyn StorageBackend>> {
        self.backend(name)
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn StorageBackend>> {
        let file = {
            let mut inner = self.inner();
            if inner.names.contains_key(name) {
                return Err(io::Error::new(io::ErrorKind::AlreadyExists, name.to_owned()));
            }
            inner.files.push(Content::default());
            inner.files.len() - 1
        };
        self.change(NameChange::Add { name: name.into(), file });
        self.backend(name)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.backend(name)?;
        self.change(NameChange::Remove(name.into()));
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.backend(from)?;
        self.change(NameChange::Move { from: from.into(), to: to.into() });
        Ok(())
    }

    fn link(&self, name: &str, second: &str) -> io::Result<()> {
        self.backend(name)?;
        let file = self.inner().names[name];
        self.change(NameChange::Add { name: second.into(), file });
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        self.inner().note(Op::SyncNames);
        Ok(())
    }

    fn describe(&self, name: &str) -> String {
        name.into()
    }
}

#[derive(Debug)]
struct Handle {
    disk: Disk,
    file: File,
}

fn index(number: u64) -> io::Result<usize> {
    usize::try_from(number).map_err(io::Error::other)
}

impl StorageBackend for Handle {
    fn len(&self) -> io::Result<u64> {
        u64::try_from(self.disk.inner().files[self.file].len()).map_err(io::Error::other)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.disk.inner().files[self.file].read(index(offset)?, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let (file, len) = (self.file, index(len)?);
        let mut inner = self.disk.inner();
        inner.files[file].set_len(len);
        inner.note(Op::SetLen { file, len });
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.disk.inner().note(Op::Sync(self.file));
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let (file, offset) = (self.file, index(offset)?);
        let mut inner = self.disk.inner();
        inner.files[file].write(offset, data)?;
        if inner.log.is_some() {
            inner.note(Op::Write { file, offset, data: data.into() });
        }
        Ok(())
    }
}
