//! State rows: what is reloaded at a start. The store writes them beside the journal, in one transaction.

use serde::{Deserialize, Serialize};

use crate::command::{Carriers, CommandKey, Directory, Outcome};
use crate::compartment::Use;
use crate::effect::Purpose;
use crate::id::{CompartmentId, NoticeId, ParcelId, UnitId, UnlockId};
use crate::parcel::Parcel;
use crate::time::Timestamp;
use crate::unit::Digest;

/// Key of a state row; the variant is the table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each names the row type below")]
pub enum RowKey {
    Compartment(CompartmentId),
    Parcel(ParcelId),
    Codes(UnitId),
    Unlock(UnlockId),
    Command(CommandKey),
    Notice(NoticeId),
    Directory,
    Carriers,
    Budget,
    Gateway,
}

/// A state row; always stored under the [`RowKey`] of the same variant.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each names its type")]
pub enum Row {
    Compartment(CompartmentRow),
    Parcel(Parcel),
    Codes(CodesRow),
    Unlock(UnlockRow),
    Command(Outcome),
    Notice(NoticeRow),
    Directory(Directory),
    Carriers(Carriers),
    Budget(BudgetRow),
    Gateway(GatewayRow),
}

/// One compartment's use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompartmentRow {
    /// What it is used for.
    pub usage: Use,
    /// Since when.
    pub since: Timestamp,
    /// How often it was given to a parcel; allocation spreads wear by it.
    pub wear: u32,
}

/// A recipient's code counter: codes are derived from it, never stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodesRow {
    /// The next counter to use.
    pub next: u32,
}

/// An unlock that has been intended and has no outcome yet; after a restart it ends as unknown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnlockRow {
    /// Whose door.
    pub compartment: CompartmentId,
    /// Why it opens.
    pub purpose: Purpose,
    /// The command that waits for the outcome.
    pub command: Option<CommandKey>,
}

/// A notice that is not acknowledged yet. Holds no code: it is derived when the notice is sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeRow {
    /// To whom.
    pub unit: UnitId,
    /// About which parcel.
    pub parcel: ParcelId,
    /// Which kind.
    pub kind: NoticeKind,
    /// Counter of the code it carries.
    pub code: Option<u32>,
    /// When it was decided.
    pub at: Timestamp,
}

/// What a notice says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// Your parcel waits.
    Arrived,
    /// Your delivery was interrupted; the office looks after it.
    Interrupted,
    /// Your compartment was opened by somebody else.
    OpenedByOther,
    /// A fresh reminder of a code that was tried after its time.
    Reminder,
}

/// The persisted guess budget.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetRow {
    /// Days since 1970-01-01 that the first entry of `days` counts.
    pub first_day: u32,
    /// Never-issued codes a day, oldest first, at most 366 entries.
    pub days: alloc::vec::Vec<u32>,
    /// Misses of today in unit + code mode.
    pub misses: Misses,
}

/// Misses of one day in unit + code mode.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Misses {
    /// Days since 1970-01-01.
    pub day: u32,
    /// Each unit that was guessed at, in order of first miss, with what is charged: its misses and those
    /// written ahead. At most every unit of the directory.
    pub units: alloc::vec::Vec<(UnitId, u32)>,
}

/// What the gateway remembers of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayRow {
    /// Count of starts.
    pub boot: u32,
    /// Configuration in force at the last start.
    pub configuration: Option<Digest>,
    /// Newest wall-clock time ever recorded; time never reads earlier.
    pub newest: Option<Timestamp>,
    /// Newest sequence the cloud acknowledged, with its hash: the journal's anchor.
    pub acknowledged: Option<(u64, Digest)>,
}
