//! The building's state as tables: those kept as rows, and those that end with the daemon.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::command::{Actor, Carriers, CommandKey, Directory, Nonce, Outcome};
use crate::cut::Cut;
use crate::deposit::Deposit;
use crate::door_watch::Door;
use crate::field::{DeviceState, LineState, ProbeState};
use crate::guess::{DayMark, Denials};
use crate::id::{
    CompartmentId, DeviceId, LineId, NoticeId, ParcelId, ProbeId, Serial, TerminalId, UnitId, UnlockId,
};
use crate::input::StorageHealth;
use crate::misses::Paid;
use crate::nonce::Issued;
use crate::pace::{Asked, Missed};
use crate::parcel::Parcel;
use crate::reader::ReaderState;
use crate::round::Round;
use crate::row::{BudgetRow, CodesRow, CompartmentRow, GatewayRow, NoticeRow, Row, RowKey, UnlockRow};
use crate::session::Session;
use crate::sheet::Sheet;
use crate::time::{ClockTrust, Mono, Timestamp};
use crate::unlock::Live;

/// One place for the tables, so that state, sheets and notes cannot drift apart.
macro_rules! tables {
    ($($field:ident, $variant:ident: $key:ty => $value:ty;)+) => {
        /// Everything the building knows.
        #[derive(Default)]
        pub(crate) struct State {
            $(pub(crate) $field: BTreeMap<$key, $value>,)+
        }

        /// The same, seen through the changes of one decision.
        pub(crate) struct Sheets<'a> {
            $(pub(crate) $field: Sheet<'a, $key, $value>,)+
        }

        /// One entry's new value; `None` where it is gone.
        #[derive(Clone)]
        pub(crate) enum Entry {
            $($variant($key, Option<$value>),)+
        }

        impl State {
            pub(crate) const fn sheets(&self) -> Sheets<'_> {
                Sheets { $($field: Sheet::new(&self.$field),)+ }
            }

            pub(crate) fn set(&mut self, entry: Entry) {
                match entry {
                    $(Entry::$variant(key, Some(value)) => { self.$field.insert(key, value); })+
                    $(Entry::$variant(key, None) => { self.$field.remove(&key); })+
                }
            }
        }

        impl Sheets<'_> {
            pub(crate) fn into_entries(self) -> Vec<Entry> {
                let mut entries = Vec::new();
                $(entries.extend(self.$field.into_changes().into_iter().map(|(k, v)| Entry::$variant(k, v)));)+
                entries
            }
        }
    };
}

tables! {
    compartments, Compartment: CompartmentId => CompartmentRow;
    parcels, Parcel: ParcelId => Parcel;
    codes, Codes: UnitId => CodesRow;
    unlocks, Unlock: UnlockId => UnlockRow;
    outcomes, Outcome: CommandKey => Outcome;
    notices, Notice: NoticeId => NoticeRow;
    directory, Directory: () => Directory;
    carriers, Carriers: () => Carriers;
    budget, Budget: () => BudgetRow;
    gateway, Gateway: () => GatewayRow;
    doors, Door: CompartmentId => Door;
    live, Live: UnlockId => Live;
    rounds, Round: CommandKey => Round;
    cut, Cut: CommandKey => Cut;
    sessions, Session: TerminalId => Session;
    deposits, Deposit: CompartmentId => Deposit;
    probes, Probe: ProbeId => ProbeState;
    devices, Device: DeviceId => DeviceState;
    lines, Line: LineId => LineState;
    readers, Reader: TerminalId => ReaderState;
    nonces, Nonce: Nonce => Issued;
    denials, Denials: TerminalId => Denials;
    paid, Paid: UnitId => Paid;
    missed, Missed: (TerminalId, Asked) => Missed;
    reminded, Reminded: UnitId => Mono;
    resyncs, Resynced: Actor => Mono;
    running, Running: () => Running;
}

/// What this start of the daemon knows of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Running {
    pub(crate) boot: u32,
    pub(crate) next_number: u32,
    pub(crate) version: alloc::string::String,
    pub(crate) started: Timestamp,
    pub(crate) trust: ClockTrust,
    pub(crate) storage: StorageHealth,
    /// Rows recorded since the disk went away.
    pub(crate) waiting: u64,
    /// When what expires by the calendar is looked at next.
    pub(crate) sweep: Mono,
    /// Where the days of the guess budget stand while the clock is not trusted.
    pub(crate) guesses: DayMark,
}

impl Running {
    /// Before `Input::Started`.
    pub(crate) const fn before_start(boot: u32) -> Self {
        Self {
            boot,
            next_number: 1,
            version: alloc::string::String::new(),
            started: Timestamp(0),
            trust: ClockTrust::Untrusted,
            storage: StorageHealth::Recovered,
            waiting: 0,
            sweep: Mono(u64::MAX),
            guesses: DayMark::BEFORE_START,
        }
    }

    pub(crate) const fn next(&mut self) -> Serial {
        let serial = Serial { boot: self.boot, number: self.next_number };
        self.next_number = self.next_number.saturating_add(1);
        serial
    }
}

impl State {
    /// Takes one row of the last start.
    pub(crate) fn load(&mut self, key: RowKey, row: Row) {
        let entry = match (key, row) {
            (RowKey::Compartment(id), Row::Compartment(row)) => Entry::Compartment(id, Some(row)),
            (RowKey::Parcel(id), Row::Parcel(row)) => Entry::Parcel(id, Some(row)),
            (RowKey::Codes(id), Row::Codes(row)) => Entry::Codes(id, Some(row)),
            (RowKey::Unlock(id), Row::Unlock(row)) => Entry::Unlock(id, Some(row)),
            (RowKey::Command(id), Row::Command(row)) => Entry::Outcome(id, Some(row)),
            (RowKey::Notice(id), Row::Notice(row)) => Entry::Notice(id, Some(row)),
            (RowKey::Directory, Row::Directory(row)) => Entry::Directory((), Some(row)),
            (RowKey::Carriers, Row::Carriers(row)) => Entry::Carriers((), Some(row)),
            (RowKey::Budget, Row::Budget(row)) => Entry::Budget((), Some(row)),
            (RowKey::Gateway, Row::Gateway(row)) => Entry::Gateway((), Some(row)),
            // A row under another kind's key is the store's fault; it never names anything real.
            _ => return,
        };
        self.set(entry);
    }

    /// Keys of all rows.
    pub(crate) fn row_keys(&self) -> Vec<RowKey> {
        let mut keys = Vec::new();
        keys.extend(self.compartments.keys().cloned().map(RowKey::Compartment));
        keys.extend(self.parcels.keys().copied().map(RowKey::Parcel));
        keys.extend(self.codes.keys().cloned().map(RowKey::Codes));
        keys.extend(self.unlocks.keys().copied().map(RowKey::Unlock));
        keys.extend(self.outcomes.keys().cloned().map(RowKey::Command));
        keys.extend(self.notices.keys().copied().map(RowKey::Notice));
        keys.extend(self.directory.keys().map(|()| RowKey::Directory));
        keys.extend(self.carriers.keys().map(|()| RowKey::Carriers));
        keys.extend(self.budget.keys().map(|()| RowKey::Budget));
        keys.extend(self.gateway.keys().map(|()| RowKey::Gateway));
        keys
    }

    /// The row under a key, for the store.
    pub(crate) fn row(&self, key: &RowKey) -> Option<Row> {
        match key {
            RowKey::Compartment(id) => self.compartments.get(id).cloned().map(Row::Compartment),
            RowKey::Parcel(id) => self.parcels.get(id).cloned().map(Row::Parcel),
            RowKey::Codes(id) => self.codes.get(id).cloned().map(Row::Codes),
            RowKey::Unlock(id) => self.unlocks.get(id).cloned().map(Row::Unlock),
            RowKey::Command(id) => self.outcomes.get(id).cloned().map(Row::Command),
            RowKey::Notice(id) => self.notices.get(id).cloned().map(Row::Notice),
            RowKey::Directory => self.directory.get(&()).cloned().map(Row::Directory),
            RowKey::Carriers => self.carriers.get(&()).cloned().map(Row::Carriers),
            RowKey::Budget => self.budget.get(&()).cloned().map(Row::Budget),
            RowKey::Gateway => self.gateway.get(&()).cloned().map(Row::Gateway),
        }
    }
}

impl Entry {
    /// The row that this changes, if its table is kept.
    pub(crate) fn row_key(&self) -> Option<RowKey> {
        Some(match self {
            Self::Compartment(id, _) => RowKey::Compartment(id.clone()),
            Self::Parcel(id, _) => RowKey::Parcel(*id),
            Self::Codes(id, _) => RowKey::Codes(id.clone()),
            Self::Unlock(id, _) => RowKey::Unlock(*id),
            Self::Outcome(id, _) => RowKey::Command(id.clone()),
            Self::Notice(id, _) => RowKey::Notice(*id),
            Self::Directory(..) => RowKey::Directory,
            Self::Carriers(..) => RowKey::Carriers,
            Self::Budget(..) => RowKey::Budget,
            Self::Gateway(..) => RowKey::Gateway,
            _ => return None,
        })
    }
}
