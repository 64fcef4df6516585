//! State rows as bytes: version byte, postcard, and four check bytes.
//!
//! The check bytes find a flipped bit before it becomes a wrong parcel in a wrong compartment: redb itself verifies
//! page checksums only while repairing. They cover table and key too, so a row cannot pass under another key.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use vestibule_core::row::Row;

use crate::tables::Kind;

/// Version of every row encoding so far.
pub const ROW_VERSION: u8 = 1;

const CHECK_BYTES: usize = 4;

/// Why bytes are not a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowDamage {
    /// Fewer bytes than version and check take.
    #[error("it is too short")]
    Short,
    /// The check bytes do not fit: flipped bits.
    #[error("its check bytes do not fit")]
    Check,
    /// A version this program does not know.
    #[error("its version {0} is not known")]
    Version(u8),
    /// The check bytes fit and the content does not: written by another program.
    #[error("its content does not have the form of its version")]
    Content,
    /// The key does not have its table's form.
    #[error("its key does not have the table's form")]
    Key,
}

/// Encodes a row for its place under `key` in the table of `kind`.
///
/// # Errors
/// Postcard's error; it cannot happen with the types as they are.
pub fn encode(kind: Kind, key: &[u8], row: &Row) -> Result<Vec<u8>, postcard::Error> {
    let mut bytes = match row {
        Row::Compartment(row) => versioned(row),
        Row::Parcel(row) => versioned(row),
        Row::Codes(row) => versioned(row),
        Row::Unlock(row) => versioned(row),
        Row::Command(row) => versioned(row),
        Row::Notice(row) => versioned(row),
        Row::Directory(row) => versioned(row),
        Row::Carriers(row) => versioned(row),
        Row::Budget(row) => versioned(row),
        Row::Gateway(row) => versioned(row),
    }?;
    let check = check(kind, key, &bytes);
    bytes.extend_from_slice(&check);
    Ok(bytes)
}

/// Decodes what [`encode`] wrote.
///
/// # Errors
/// [`RowDamage`] says what does not fit.
pub fn decode(kind: Kind, key: &[u8], bytes: &[u8]) -> Result<Row, RowDamage> {
    let (body, found) = bytes.split_last_chunk::<CHECK_BYTES>().ok_or(RowDamage::Short)?;
    if *found != check(kind, key, body) {
        return Err(RowDamage::Check);
    }
    let (version, content) = body.split_first().ok_or(RowDamage::Short)?;
    if *version != ROW_VERSION {
        return Err(RowDamage::Version(*version));
    }
    match kind {
        Kind::Compartment => whole(content).map(Row::Compartment),
        Kind::Parcel => whole(content).map(Row::Parcel),
        Kind::Codes => whole(content).map(Row::Codes),
        Kind::Unlock => whole(content).map(Row::Unlock),
        Kind::Command => whole(content).map(Row::Command),
        Kind::Notice => whole(content).map(Row::Notice),
        Kind::Directory => whole(content).map(Row::Directory),
        Kind::Carriers => whole(content).map(Row::Carriers),
        Kind::Budget => whole(content).map(Row::Budget),
        Kind::Gateway => whole(content).map(Row::Gateway),
    }
}

fn versioned(row: &impl Serialize) -> Result<Vec<u8>, postcard::Error> {
    postcard::to_extend(row, vec![ROW_VERSION])
}

fn whole<T: DeserializeOwned>(content: &[u8]) -> Result<T, RowDamage> {
    match postcard::take_from_bytes(content) {
        Ok((row, [])) => Ok(row),
        _ => Err(RowDamage::Content),
    }
}

fn check(kind: Kind, key: &[u8], body: &[u8]) -> [u8; CHECK_BYTES] {
    let length = u64::try_from(key.len()).unwrap_or(u64::MAX).to_be_bytes();
    let digest = Sha256::new()
        .chain_update(kind.name())
        .chain_update(length)
        .chain_update(key)
        .chain_update(body)
        .finalize();
    let mut check = [0; CHECK_BYTES];
    check.copy_from_slice(&digest[..CHECK_BYTES]);
    check
}
