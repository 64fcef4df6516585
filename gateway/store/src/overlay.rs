//! A backend that reads a file and keeps every write in memory: an evidence file is never altered by looking at it.
//!
//! redb repairs a file while opening it. On a read-only disk that must not fail (the state is needed to serve doors),
//! and `journal verify` must not change what it verifies.

use std::collections::BTreeMap;
use std::io;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use redb::{BackendError, StorageBackend};

/// Bytes of one overlaid block; redb writes whole pages of this size, and shorter headers.
const BLOCK: u64 = 4_096;
const BLOCK_BYTES: usize = 4_096;

/// Copy-on-write in memory over a backend that is only read.
#[derive(Debug)]
pub struct Overlay<B> {
    base: B,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    len: u64,
    /// Bytes of the base that are still visible: shrinking hides the rest for ever.
    base_len: u64,
    blocks: BTreeMap<u64, Box<[u8; BLOCK_BYTES]>>,
}

impl<B: StorageBackend> Overlay<B> {
    /// Lays an overlay over a backend.
    ///
    /// # Errors
    /// The backend's error when its length cannot be read.
    pub fn new(base: B) -> io::Result<Self> {
        let len = base.len()?;
        Ok(Self { base, state: Mutex::new(State { len, base_len: len, blocks: BTreeMap::new() }) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn load(&self, state: &State, index: u64, out: &mut [u8; BLOCK_BYTES]) -> io::Result<()> {
        if let Some(block) = state.blocks.get(&index) {
            out.copy_from_slice(&block[..]);
            return Ok(());
        }
        out.fill(0);
        let start = index * BLOCK;
        let visible = state.base_len.saturating_sub(start).min(BLOCK);
        let visible = usize::try_from(visible).map_err(io::Error::other)?;
        if visible == 0 { Ok(()) } else { self.base.read(start, &mut out[..visible]) }
    }

    /// Calls `each(block index, range within the block, range within the data)` for every block that is touched.
    fn spans(
        offset: u64,
        len: usize,
        mut each: impl FnMut(u64, std::ops::Range<usize>, std::ops::Range<usize>) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut done = 0;
        while done < len {
            let at = offset + u64::try_from(done).map_err(io::Error::other)?;
            let from = usize::try_from(at % BLOCK).map_err(io::Error::other)?;
            let take = (BLOCK_BYTES - from).min(len - done);
            each(at / BLOCK, from..from + take, done..done + take)?;
            done += take;
        }
        Ok(())
    }
}

fn within(len: u64, offset: u64, bytes: usize) -> io::Result<()> {
    let end = u64::try_from(bytes).ok().and_then(|bytes| offset.checked_add(bytes));
    match end {
        Some(end) if end <= len => Ok(()),
        _ => Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            format!("{bytes} bytes at {offset} are beyond {len}"),
        )),
    }
}

impl<B: StorageBackend> StorageBackend for Overlay<B> {
    fn len(&self) -> io::Result<u64> {
        Ok(self.state().len)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.state();
        within(state.len, offset, out.len())?;
        let mut block = [0; BLOCK_BYTES];
        Self::spans(offset, out.len(), |index, within, at| {
            self.load(&state, index, &mut block)?;
            out[at].copy_from_slice(&block[within]);
            Ok(())
        })
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut state = self.state();
        if len < state.len {
            state.base_len = state.base_len.min(len);
            state.blocks.retain(|index, _| index * BLOCK < len);
            let tail = usize::try_from(len % BLOCK).map_err(io::Error::other)?;
            if let Some(block) = state.blocks.get_mut(&(len / BLOCK)) {
                block[tail..].fill(0);
            }
        }
        state.len = len;
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        within(state.len, offset, data.len())?;
        let mut block = [0; BLOCK_BYTES];
        Self::spans(offset, data.len(), |index, within, at| {
            self.load(&state, index, &mut block)?;
            block[within].copy_from_slice(&data[at]);
            state.blocks.insert(index, Box::new(block));
            Ok(())
        })
    }

    fn close(&self) -> io::Result<()> {
        self.base.close()
    }

    // A file opened for reading can only be locked shared; that still conflicts with the daemon's exclusive lock.
    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.base.try_lock_shared_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.base.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.base.lock_shared_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.base.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.base.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.base.query_lock_range(start, end)
    }
}
