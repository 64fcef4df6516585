//! A small building's rows and events, one of every kind.

use vestibule_contract::identity::BootId;
use vestibule_core::command::{
    Actor, Answer, Carrier, Carriers, Channel, CommandKey, Directory, Outcome, Reach, Status, Unit,
};
use vestibule_core::compartment::Use;
use vestibule_core::effect::Purpose;
use vestibule_core::event::{Event, Fact};
use vestibule_core::id::{
    BuildingId, CarrierId, CommandId, CompartmentId, DeviceId, NoticeId, ParcelId, Serial, TerminalId,
    UnitId, UnlockId,
};
use vestibule_core::input::Entropy;
use vestibule_core::parcel::{Parcel, ParcelState, Place as ParcelPlace};
use vestibule_core::row::{
    BudgetRow, CodesRow, CompartmentRow, GatewayRow, NoticeKind, NoticeRow, Row, RowKey, UnlockRow,
};
use vestibule_core::site::{Climate, PhysicalLock, Size};
use vestibule_core::time::{ClockTrust, Mono, Now, Timestamp};
use vestibule_core::unit::Digest;

use crate::memory::Memory;
use crate::open::{Loaded, OpenError, Opening};
use crate::{Batch, Store};

pub const NOON: Timestamp = Timestamp(1_772_366_400_000);

pub fn building() -> BuildingId {
    BuildingId::new("maple-court").unwrap()
}

pub fn opening() -> Opening {
    Opening { building: building(), entropy: Entropy([7; 32]), now: NOON }
}

pub fn try_open(disk: &Memory) -> Result<(Store, Loaded), OpenError> {
    Store::open(Box::new(disk.clone()), opening()).map(|(mut store, loaded)| {
        store.begin_boot(1, BootId([0xb0; 16]));
        (store, loaded)
    })
}

pub fn open(disk: &Memory) -> (Store, Loaded) {
    try_open(disk).unwrap()
}

pub fn at(micros: u64) -> Now {
    Now { wall: NOON, trust: ClockTrust::Synchronised, mono: Mono(micros) }
}

fn event(fact: Fact) -> Event {
    Event {
        at: NOON,
        trust: ClockTrust::Synchronised,
        actor: Actor::Gateway,
        cause: None,
        reason: None,
        fact,
    }
}

/// A decision: forces a commit.
pub fn record(number: u64) -> Event {
    event(Fact::DirectorySynced { version: number, units: 1 })
}

/// An observation: rides.
pub fn observation() -> Event {
    event(Fact::AccessDenied { terminal: TerminalId::new("lobby").unwrap(), count: 3 })
}

pub fn records(numbers: std::ops::RangeInclusive<u64>) -> Batch {
    Batch { rows: Vec::new(), events: numbers.map(record).collect() }
}

pub fn serial(number: u32) -> Serial {
    Serial { boot: 3, number }
}

pub fn compartment(number: u32) -> CompartmentId {
    CompartmentId::new(&format!("a-{number}")).unwrap()
}

pub fn unit() -> UnitId {
    UnitId::new("4b").unwrap()
}

pub fn command_key() -> CommandKey {
    CommandKey {
        channel: Channel::Bus,
        actor: Actor::Staff("anna".into()),
        id: CommandId::new("c-1").unwrap(),
    }
}

pub fn outcome(events: Vec<u64>) -> Outcome {
    Outcome {
        digest: Digest([4; 32]),
        status: Status::Done,
        detail: "done".into(),
        sentence: "The door opened.".into(),
        events,
        answer: Answer::Parcel(ParcelId(serial(9))),
        keep_until: NOON,
    }
}

fn parcel() -> Parcel {
    let lock = PhysicalLock { device: DeviceId::new("bank-a-locks").unwrap(), output: 7 };
    Parcel {
        unit: unit(),
        carrier: Some(CarrierId::new("ups").unwrap()),
        tracking: Some("1Z999".into()),
        size: Size::Large,
        climate: Climate::Chilled,
        arrived: NOON,
        state: ParcelState::Stored { place: ParcelPlace { compartment: compartment(7), lock }, code: 12 },
    }
}

fn notice() -> NoticeRow {
    NoticeRow {
        unit: unit(),
        parcel: ParcelId(serial(9)),
        kind: NoticeKind::Arrived,
        code: Some(12),
        at: NOON,
    }
}

fn gateway() -> GatewayRow {
    GatewayRow {
        boot: 3,
        configuration: Some(Digest([2; 32])),
        newest: Some(NOON),
        acknowledged: Some((40, Digest([3; 32]))),
    }
}

/// One row of every kind, in the order in which they are loaded.
pub fn rows() -> Vec<(RowKey, Row)> {
    let wear = CompartmentRow { usage: Use::Occupied(ParcelId(serial(9))), since: NOON, wear: 300 };
    let unlock = UnlockRow {
        compartment: compartment(7),
        purpose: Purpose::StaffRemote,
        command: Some(command_key()),
    };
    let home = Unit { id: unit(), reach: Reach::Accessible };
    let carrier = Carrier { id: CarrierId::new("ups").unwrap(), code_digest: Digest([5; 32]) };
    vec![
        (RowKey::Gateway, Row::Gateway(gateway())),
        (RowKey::Directory, Row::Directory(Directory { version: 2, units: vec![home] })),
        (RowKey::Carriers, Row::Carriers(Carriers { version: 8, carriers: vec![carrier] })),
        (
            RowKey::Budget,
            Row::Budget(BudgetRow { first_day: 20_513, days: vec![0, 3], ..Default::default() }),
        ),
        (RowKey::Compartment(compartment(7)), Row::Compartment(wear)),
        (RowKey::Parcel(ParcelId(serial(9))), Row::Parcel(parcel())),
        (RowKey::Codes(unit()), Row::Codes(CodesRow { next: 13 })),
        (RowKey::Unlock(UnlockId(serial(1))), Row::Unlock(unlock)),
        (RowKey::Command(command_key()), Row::Command(outcome(vec![39, 40]))),
        (RowKey::Notice(NoticeId(serial(2))), Row::Notice(notice())),
    ]
}

pub fn changed(rows: Vec<(RowKey, Row)>) -> Vec<(RowKey, Option<Row>)> {
    rows.into_iter().map(|(key, row)| (key, Some(row))).collect()
}
