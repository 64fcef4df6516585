//! Facts about the file itself.

use redb::{ReadTransaction, WriteTransaction};
use vestibule_core::id::BuildingId;
use vestibule_core::input::Rewound;
use vestibule_core::unit::Digest;

use crate::fault::Fault;
use vestibule_contract::identity::Epoch;

use crate::journal::Head;
use crate::tables::META;

/// The newest format this program knows.
pub const FORMAT: u32 = 1;

const FORMAT_WORD: &str = "format";
const BUILDING_WORD: &str = "building";
const EPOCH_WORD: &str = "epoch";
const PRUNED_WORD: &str = "pruned";
const REPLACES_WORD: &str = "replaces";
const REWOUND_WORD: &str = "rewound";

/// What the `meta` table says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meta {
    /// Format of the file; see `migration`.
    pub format: u32,
    /// Whose record it is.
    pub building: BuildingId,
    /// Random id made with the file.
    pub epoch: Epoch,
    /// The last pruned row; before any pruning, sequence 0 and the genesis hash.
    pub pruned: Head,
    /// Name of the damaged file that this one replaced.
    pub replaces: Option<String>,
    /// What the first start on this file is told of an older epoch.
    pub rewound: Option<Rewound>,
}

impl Meta {
    /// Reads only the format, so that a newer file is refused before anything else of it is interpreted.
    ///
    /// # Errors
    /// `Damaged` where the word is missing.
    pub fn format(read: &ReadTransaction) -> Result<u32, Fault> {
        word(read, FORMAT_WORD)?.map_or_else(|| Err(missing(FORMAT_WORD)), |bytes| number(&bytes))
    }

    /// Reads whose record it is; every format keeps that word.
    ///
    /// # Errors
    /// `Damaged` where the word is missing or malformed.
    pub fn building(read: &ReadTransaction) -> Result<BuildingId, Fault> {
        let building = text(required(read, BUILDING_WORD)?)?;
        BuildingId::new(&building).map_err(|_| missing(BUILDING_WORD))
    }

    /// Reads all of it.
    ///
    /// # Errors
    /// `Damaged` where a word is missing or malformed.
    pub fn read(read: &ReadTransaction) -> Result<Self, Fault> {
        let epoch = required(read, EPOCH_WORD)?;
        Ok(Self {
            format: Self::format(read)?,
            building: Self::building(read)?,
            epoch: Epoch(epoch.try_into().map_err(|_| missing(EPOCH_WORD))?),
            pruned: head(&required(read, PRUNED_WORD)?)?,
            replaces: word(read, REPLACES_WORD)?.map(text).transpose()?,
            rewound: word(read, REWOUND_WORD)?.map(rewound).transpose()?,
        })
    }

    /// Writes all of it into a new file.
    ///
    /// # Errors
    /// redb's, as a fault.
    pub fn write(&self, write: &WriteTransaction) -> Result<(), Fault> {
        let mut table = write.open_table(META).map_err(Fault::at("open table meta"))?;
        table.insert(FORMAT_WORD, self.format.to_be_bytes().as_slice())?;
        table.insert(BUILDING_WORD, self.building.as_str().as_bytes())?;
        table.insert(EPOCH_WORD, self.epoch.0.as_slice())?;
        table.insert(PRUNED_WORD, head_bytes(&self.pruned).as_slice())?;
        if let Some(name) = &self.replaces {
            table.insert(REPLACES_WORD, name.as_bytes())?;
        }
        if let Some(rewound) = &self.rewound {
            let bytes = postcard::to_stdvec(rewound)
                .map_err(|error| Fault::Disk(format!("encode what was rewound: {error}")))?;
            table.insert(REWOUND_WORD, bytes.as_slice())?;
        }
        Ok(())
    }
}

/// Writes the format alone, after a migration.
///
/// # Errors
/// redb's, as a fault.
pub fn write_format(write: &WriteTransaction, format: u32) -> Result<(), Fault> {
    let mut table = write.open_table(META).map_err(Fault::at("open table meta"))?;
    table.insert(FORMAT_WORD, format.to_be_bytes().as_slice())?;
    Ok(())
}

/// Moves the pruned anchor.
///
/// # Errors
/// redb's, as a fault.
pub fn write_pruned(write: &WriteTransaction, pruned: &Head) -> Result<(), Fault> {
    let mut table = write.open_table(META).map_err(Fault::at("open table meta"))?;
    table.insert(PRUNED_WORD, head_bytes(pruned).as_slice())?;
    Ok(())
}

fn word(read: &ReadTransaction, name: &str) -> Result<Option<Vec<u8>>, Fault> {
    let table = read.open_table(META).map_err(Fault::at("open table meta"))?;
    Ok(redb::ReadableTable::get(&table, name)?.map(|value| value.value().to_vec()))
}

fn required(read: &ReadTransaction, name: &str) -> Result<Vec<u8>, Fault> {
    word(read, name)?.ok_or_else(|| missing(name))
}

fn missing(name: &str) -> Fault {
    Fault::Damaged(format!("read table meta: the word {name} is missing or malformed"))
}

fn number(bytes: &[u8]) -> Result<u32, Fault> {
    bytes.try_into().map(u32::from_be_bytes).map_err(|_| missing(FORMAT_WORD))
}

fn text(bytes: Vec<u8>) -> Result<String, Fault> {
    String::from_utf8(bytes).map_err(|error| Fault::Damaged(format!("read table meta: {error}")))
}

fn rewound(bytes: Vec<u8>) -> Result<Rewound, Fault> {
    postcard::from_bytes(&bytes).map_err(|_| missing(REWOUND_WORD))
}

fn head_bytes(head: &Head) -> Vec<u8> {
    [head.sequence.to_be_bytes().as_slice(), &head.hash.0].concat()
}

fn head(bytes: &[u8]) -> Result<Head, Fault> {
    let (sequence, hash) = bytes.split_first_chunk::<8>().ok_or_else(|| missing(PRUNED_WORD))?;
    let hash = hash.try_into().map_err(|_| missing(PRUNED_WORD))?;
    Ok(Head { sequence: u64::from_be_bytes(*sequence), hash: Digest(hash) })
}
