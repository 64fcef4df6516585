//! A file's bytes in shared blocks, so that a hundred thousand images of one file cost little more than one.

use std::io;
use std::sync::{Arc, LazyLock};

/// Bytes of a block: redb's page.
const BLOCK: usize = 4_096;

type Block = [u8; BLOCK];

static ZERO: LazyLock<Arc<Block>> = LazyLock::new(|| Arc::new([0; BLOCK]));

/// Bytes with cheap clones.
#[derive(Clone, Default)]
pub struct Content {
    len: usize,
    blocks: Vec<Arc<Block>>,
}

impl Content {
    /// Bytes as they are.
    pub fn new(bytes: &[u8]) -> Self {
        let mut content = Self::default();
        content.write_growing(0, bytes);
        content
    }

    pub const fn len(&self) -> usize {
        self.len
    }

    pub fn set_len(&mut self, len: usize) {
        if len < self.len {
            self.blocks.truncate(len.div_ceil(BLOCK));
            if let (tail @ 1.., Some(block)) = (len % BLOCK, self.blocks.last_mut()) {
                Arc::make_mut(block)[tail..].fill(0);
            }
        }
        self.blocks.resize(len.div_ceil(BLOCK), Arc::clone(&ZERO));
        self.len = len;
    }

    pub fn read(&self, offset: usize, out: &mut [u8]) -> io::Result<()> {
        if offset + out.len() > self.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut at = offset;
        let mut rest = out;
        while !rest.is_empty() {
            let from = at % BLOCK;
            let take = rest.len().min(BLOCK - from);
            let (now, later) = rest.split_at_mut(take);
            now.copy_from_slice(&self.blocks[at / BLOCK][from..from + take]);
            (at, rest) = (at + take, later);
        }
        Ok(())
    }

    /// Writes within the length.
    pub fn write(&mut self, offset: usize, data: &[u8]) -> io::Result<()> {
        if offset + data.len() > self.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut at = offset;
        let mut rest = data;
        while !rest.is_empty() {
            let from = at % BLOCK;
            let (now, later) = rest.split_at(rest.len().min(BLOCK - from));
            Arc::make_mut(&mut self.blocks[at / BLOCK])[from..from + now.len()].copy_from_slice(now);
            (at, rest) = (at + now.len(), later);
        }
        Ok(())
    }

    /// Writes, and grows first where a write reached the disk and the length before it did not.
    pub fn write_growing(&mut self, offset: usize, data: &[u8]) {
        if offset + data.len() > self.len {
            self.set_len(offset + data.len());
        }
        self.write(offset, data).expect("the length fits");
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.len];
        self.read(0, &mut bytes).expect("the length fits");
        bytes
    }
}
