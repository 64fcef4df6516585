//! Every table with the meaning of its keys and values.
//!
//! State tables share one shape: key bytes as [`key_bytes`] makes them, value = version byte, postcard, four check
//! bytes (see `codec`). All tables are made when the file is made, so a missing one is damage.

use redb::TableDefinition;
use vestibule_core::command::CommandKey;
use vestibule_core::id::{CompartmentId, NoticeId, ParcelId, Serial, UnitId, UnlockId};
use vestibule_core::row::RowKey;

/// A table of state rows.
pub type StateTable = TableDefinition<'static, &'static [u8], &'static [u8]>;

/// Facts about the file itself: key = a word of `meta`, value = its bytes.
pub const META: TableDefinition<'static, &'static str, &'static [u8]> = TableDefinition::new("meta");

/// The journal and the outbox: key = sequence, gap-free from 1 in an epoch; value = SHA-256 of the row (32 bytes),
/// then the row: the exact bytes of the CloudEvents document as sealed.
pub const JOURNAL: TableDefinition<'static, u64, &'static [u8]> = TableDefinition::new("journal");

/// One table of state rows for each kind of [`RowKey`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Key = compartment id; value = `CompartmentRow`.
    Compartment,
    /// Key = boot and number, big-endian; value = `Parcel`.
    Parcel,
    /// Key = unit id; value = `CodesRow`: the recipient's code counter.
    Codes,
    /// Key = boot and number, big-endian; value = `UnlockRow`: intended and without outcome yet.
    Unlock,
    /// Key = postcard of `CommandKey`; value = `Outcome`: what a repetition is answered.
    Command,
    /// Key = boot and number, big-endian; value = `NoticeRow`: the notices' outbox, without codes.
    Notice,
    /// Key = empty; value = `Directory`.
    Directory,
    /// Key = empty; value = `Carriers`.
    Carriers,
    /// Key = empty; value = `BudgetRow`.
    Budget,
    /// Key = empty; value = `GatewayRow`: starts, clock, and the cursor of the cloud's acknowledgement.
    Gateway,
}

impl Kind {
    /// Every kind, in the order they are loaded.
    pub const ALL: [Self; 10] = [
        Self::Gateway,
        Self::Directory,
        Self::Carriers,
        Self::Budget,
        Self::Compartment,
        Self::Parcel,
        Self::Codes,
        Self::Unlock,
        Self::Command,
        Self::Notice,
    ];

    /// The table's name in the file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Compartment => "state.compartment",
            Self::Parcel => "state.parcel",
            Self::Codes => "state.codes",
            Self::Unlock => "state.unlock",
            Self::Command => "state.command",
            Self::Notice => "state.notice",
            Self::Directory => "state.directory",
            Self::Carriers => "state.carriers",
            Self::Budget => "state.budget",
            Self::Gateway => "state.gateway",
        }
    }

    /// The table.
    #[must_use]
    pub const fn table(self) -> StateTable {
        TableDefinition::new(self.name())
    }

    /// The kind of a key.
    #[must_use]
    pub const fn of(key: &RowKey) -> Self {
        match key {
            RowKey::Compartment(_) => Self::Compartment,
            RowKey::Parcel(_) => Self::Parcel,
            RowKey::Codes(_) => Self::Codes,
            RowKey::Unlock(_) => Self::Unlock,
            RowKey::Command(_) => Self::Command,
            RowKey::Notice(_) => Self::Notice,
            RowKey::Directory => Self::Directory,
            RowKey::Carriers => Self::Carriers,
            RowKey::Budget => Self::Budget,
            RowKey::Gateway => Self::Gateway,
        }
    }
}

/// The bytes of a key within its table.
///
/// # Errors
/// Postcard's error for a command key; it cannot happen with the types as they are.
pub fn key_bytes(key: &RowKey) -> Result<Vec<u8>, postcard::Error> {
    Ok(match key {
        RowKey::Compartment(id) => id.as_str().as_bytes().to_vec(),
        RowKey::Codes(id) => id.as_str().as_bytes().to_vec(),
        RowKey::Parcel(ParcelId(serial))
        | RowKey::Unlock(UnlockId(serial))
        | RowKey::Notice(NoticeId(serial)) => serial_bytes(*serial),
        RowKey::Command(key) => postcard::to_stdvec(key)?,
        RowKey::Directory | RowKey::Carriers | RowKey::Budget | RowKey::Gateway => Vec::new(),
    })
}

/// The key that [`key_bytes`] wrote; `None` for bytes it never writes.
#[must_use]
pub fn key_from(kind: Kind, bytes: &[u8]) -> Option<RowKey> {
    let text = || core::str::from_utf8(bytes).ok();
    let single = |key: RowKey| bytes.is_empty().then_some(key);
    match kind {
        Kind::Compartment => CompartmentId::new(text()?).ok().map(RowKey::Compartment),
        Kind::Codes => UnitId::new(text()?).ok().map(RowKey::Codes),
        Kind::Parcel => serial_from(bytes).map(|serial| RowKey::Parcel(ParcelId(serial))),
        Kind::Unlock => serial_from(bytes).map(|serial| RowKey::Unlock(UnlockId(serial))),
        Kind::Notice => serial_from(bytes).map(|serial| RowKey::Notice(NoticeId(serial))),
        Kind::Command => match postcard::take_from_bytes::<CommandKey>(bytes).ok()? {
            (key, []) => Some(RowKey::Command(key)),
            _ => None,
        },
        Kind::Directory => single(RowKey::Directory),
        Kind::Carriers => single(RowKey::Carriers),
        Kind::Budget => single(RowKey::Budget),
        Kind::Gateway => single(RowKey::Gateway),
    }
}

fn serial_bytes(serial: Serial) -> Vec<u8> {
    [serial.boot.to_be_bytes(), serial.number.to_be_bytes()].concat()
}

fn serial_from(bytes: &[u8]) -> Option<Serial> {
    let (boot, number) = bytes.split_first_chunk::<4>()?;
    let number: &[u8; 4] = number.try_into().ok()?;
    Some(Serial { boot: u32::from_be_bytes(*boot), number: u32::from_be_bytes(*number) })
}
