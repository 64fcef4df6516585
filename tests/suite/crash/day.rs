//! A day of the building: deposits, pickups, observations, restarts, acknowledgements, pruning.

use vestibule_core::command::Actor;
use vestibule_core::compartment::Use;
use vestibule_core::effect::Purpose;
use vestibule_core::event::{Event, Evidence, Fact};
use vestibule_core::id::{CompartmentId, DeviceId, NoticeId, ParcelId, Serial, TerminalId, UnitId, UnlockId};
use vestibule_core::compartment::Level;
use vestibule_core::parcel::{CollectionProof, Parcel, ParcelState, Place};
use vestibule_core::row::{
    CodesRow, CompartmentRow, GatewayRow, NoticeKind, NoticeRow, Row, RowKey, UnlockRow,
};
use vestibule_core::site::{Climate, PhysicalLock, Size};
use vestibule_core::time::{ClockTrust, Timestamp};
use vestibule_store::Batch;

use super::clerk::{Clerk, Story};
use super::disk::Disk;

const NOON: Timestamp = Timestamp(1_772_366_400_000);
/// Parcels of the day; every third is collected before the next start.
const PARCELS: u32 = 12;

/// Runs the day on an empty disk.
pub fn day() -> Story {
    let disk = Disk::default();
    let mut clerk = Clerk::begin(disk);
    let mut boot = 1;
    for number in 1..=PARCELS {
        let visit = Visit { boot, number };
        visit.deposit(&mut clerk);
        observation(&mut clerk);
        if number % 3 == 0 {
            visit.pickup(&mut clerk);
        }
        if number % 4 == 0 {
            acknowledge(&mut clerk, boot);
            boot += 1;
            clerk.restart(boot);
            let acknowledged = clerk.head().sequence;
            assert!(clerk.prune(acknowledged) > 0);
        }
    }
    clerk.end()
}

struct Visit {
    boot: u32,
    number: u32,
}

impl Visit {
    fn serial(&self, number: u32) -> Serial {
        Serial { boot: self.boot, number: self.number * 10 + number }
    }

    fn place(&self) -> Place {
        let lock = PhysicalLock { device: DeviceId::new("bank-a-locks").unwrap(), output: 1 };
        Place { compartment: CompartmentId::new(&format!("a-{}", self.number)).unwrap(), lock }
    }

    fn unit(&self) -> UnitId {
        UnitId::new(&format!("{}b", self.number % 5)).unwrap()
    }

    fn compartment(&self, usage: Use) -> (RowKey, Option<Row>) {
        let row = CompartmentRow { usage, since: NOON, wear: self.number };
        (RowKey::Compartment(self.place().compartment), Some(Row::Compartment(row)))
    }

    fn parcel(&self, state: ParcelState) -> (RowKey, Option<Row>) {
        let row = Parcel {
            unit: self.unit(),
            carrier: None,
            tracking: None,
            size: Size::Medium,
            climate: Climate::Ambient,
            arrived: NOON,
            state,
        };
        (RowKey::Parcel(ParcelId(self.serial(0))), Some(Row::Parcel(row)))
    }

    /// Intent, pulse, outcome.
    fn unlock(&self, clerk: &mut Clerk, number: u32, purpose: Purpose, mut with: Batch) {
        let unlock = UnlockId(self.serial(number));
        let Place { compartment, lock } = self.place();
        let row = UnlockRow { compartment: compartment.clone(), purpose, command: None };
        with.rows.push((RowKey::Unlock(unlock), Some(Row::Unlock(row))));
        let intent = Fact::UnlockIntended { unlock, compartment: compartment.clone(), lock, purpose };
        with.events.push(event(intent));
        clerk.commit(with);
        clerk.pulse(unlock);
        let evidence = Evidence { acknowledged: true, door: Some(Level::Open), latch: None };
        clerk.commit(Batch {
            rows: vec![(RowKey::Unlock(unlock), None)],
            events: vec![event(Fact::UnlockConfirmed { unlock, compartment, evidence })],
        });
    }

    fn deposit(&self, clerk: &mut Clerk) {
        let parcel = ParcelId(self.serial(0));
        let reserve = Fact::CompartmentReserved {
            compartment: self.place().compartment,
            parcel,
            unit: self.unit(),
            carrier: None,
            terminal: TerminalId::new("lobby").unwrap(),
        };
        let begin = Batch {
            rows: vec![
                self.compartment(Use::Reserved(parcel)),
                self.parcel(ParcelState::Depositing(self.place())),
            ],
            events: vec![event(reserve)],
        };
        self.unlock(clerk, 1, Purpose::Deposit, begin);
        let compartment = self.place().compartment;
        let notice = NoticeRow {
            unit: self.unit(),
            parcel,
            kind: NoticeKind::Arrived,
            code: Some(self.number),
            at: NOON,
        };
        let stored = Fact::ParcelStored { parcel, unit: self.unit(), carrier: None, compartment };
        clerk.commit(Batch {
            rows: vec![
                self.compartment(Use::Occupied(parcel)),
                self.parcel(ParcelState::Stored { place: self.place(), code: self.number }),
                (RowKey::Codes(self.unit()), Some(Row::Codes(CodesRow { next: self.number + 1 }))),
                (RowKey::Notice(NoticeId(self.serial(5))), Some(Row::Notice(notice))),
            ],
            events: vec![event(stored)],
        });
    }

    fn pickup(&self, clerk: &mut Clerk) {
        let parcel = ParcelId(self.serial(0));
        self.unlock(clerk, 2, Purpose::Pickup, Batch::default());
        let proof = CollectionProof::Confirmed;
        let compartment = self.place().compartment;
        let collected = ParcelState::Collected { place: self.place(), code: self.number, at: NOON, proof };
        clerk.commit(Batch {
            rows: vec![
                self.compartment(Use::Free),
                self.parcel(collected),
                (RowKey::Notice(NoticeId(self.serial(5))), None),
            ],
            events: vec![event(Fact::ParcelCollected { parcel, unit: self.unit(), compartment, proof })],
        });
    }
}

/// What rides on a commit of its own when nothing else comes.
fn observation(clerk: &mut Clerk) {
    let terminal = TerminalId::new("lobby").unwrap();
    clerk.commit(Batch {
        rows: Vec::new(),
        events: vec![event(Fact::AccessDenied { terminal, count: 2 })],
    });
}

/// The cloud's cursor moves: a state row without a journal row.
fn acknowledge(clerk: &mut Clerk, boot: u32) {
    let head = clerk.head();
    let row = GatewayRow { boot, acknowledged: Some((head.sequence, head.hash)), ..Default::default() };
    clerk.commit(Batch { rows: vec![(RowKey::Gateway, Some(Row::Gateway(row)))], events: Vec::new() });
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
