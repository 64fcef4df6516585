//! Journal rows: sealed while they are committed, kept as their exact bytes with their hash in front.

use std::sync::Arc;

use redb::{ReadTransaction, ReadableTable as _, WriteTransaction};
use vestibule_contract::event::{Envelope, read_header, seal};
use vestibule_core::event::Event;
use vestibule_core::unit::Digest;

use crate::fault::Fault;
use crate::tables::JOURNAL;

const HASH_BYTES: usize = 32;

/// A place in the journal: a sequence and the hash of the row there; sequence 0 with the genesis hash before the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Sequence of the row.
    pub sequence: u64,
    /// SHA-256 over its bytes.
    pub hash: Digest,
}

/// A durable row of the journal, as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalRow {
    /// Its sequence, gap-free from 1 in its epoch.
    pub sequence: u64,
    /// SHA-256 over `bytes`.
    pub hash: Digest,
    /// The CloudEvents type, e.g. `parcel.stored`; empty where the stored bytes are no longer a readable row.
    pub event_type: Box<str>,
    /// The CloudEvents document, exactly as sealed.
    pub bytes: Arc<[u8]>,
}

/// A row as it lies in the file, before anybody believes it.
#[derive(Clone, Debug)]
pub(crate) struct StoredRow {
    pub sequence: u64,
    pub hash: Digest,
    pub bytes: Vec<u8>,
}

impl StoredRow {
    pub(crate) fn into_journal_row(self) -> JournalRow {
        let event_type = read_header(&self.bytes).map(|header| header.event_type).unwrap_or_default();
        JournalRow {
            sequence: self.sequence,
            hash: self.hash,
            event_type: event_type.into(),
            bytes: self.bytes.into(),
        }
    }
}

/// Seals events behind `head`, in order.
pub(crate) fn seal_all(envelope: &Envelope, head: Head, events: &[Event]) -> Vec<JournalRow> {
    let mut head = head;
    events
        .iter()
        .map(|event| {
            let sequence = head.sequence + 1;
            let sealed = seal(envelope, sequence, &head.hash, event);
            head = Head { sequence, hash: sealed.hash };
            JournalRow {
                sequence,
                hash: sealed.hash,
                event_type: sealed.event_type.into(),
                bytes: sealed.bytes.into(),
            }
        })
        .collect()
}

/// Appends sealed rows.
pub(crate) fn append(write: &WriteTransaction, rows: &[JournalRow]) -> Result<(), Fault> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut table = write.open_table(JOURNAL).map_err(Fault::at("open table journal"))?;
    for row in rows {
        let value = [row.hash.0.as_slice(), &row.bytes].concat();
        table.insert(row.sequence, value.as_slice())?;
    }
    Ok(())
}

/// The newest row, if the journal has one.
pub(crate) fn newest(read: &ReadTransaction) -> Result<Option<Head>, Fault> {
    let table = read.open_table(JOURNAL).map_err(Fault::at("open table journal"))?;
    let Some((key, value)) = table.last()? else { return Ok(None) };
    let row = stored(key.value(), value.value())?;
    Ok(Some(Head { sequence: row.sequence, hash: row.hash }))
}

/// Rows after a sequence, in order: at most `rows` of them and about `bytes` bytes, but always one if there is one.
pub(crate) fn after(
    read: &ReadTransaction,
    sequence: u64,
    rows: usize,
    bytes: usize,
) -> Result<Vec<StoredRow>, Fault> {
    let table = read.open_table(JOURNAL).map_err(Fault::at("open table journal"))?;
    let Some(first) = sequence.checked_add(1) else { return Ok(Vec::new()) };
    let mut found: Vec<StoredRow> = Vec::new();
    let mut size = 0;
    for entry in table.range(first..)? {
        let (key, value) = entry?;
        size += value.value().len();
        if found.len() >= rows || (size > bytes && !found.is_empty()) {
            break;
        }
        found.push(stored(key.value(), value.value())?);
    }
    Ok(found)
}

pub(crate) fn stored(sequence: u64, value: &[u8]) -> Result<StoredRow, Fault> {
    let (hash, bytes) = value
        .split_first_chunk::<HASH_BYTES>()
        .ok_or_else(|| Fault::Damaged(format!("read journal row {sequence}: it has no hash")))?;
    Ok(StoredRow { sequence, hash: Digest(*hash), bytes: bytes.to_vec() })
}
