//! One event of each fact.

use std::collections::BTreeSet;

use vestibule_contract::event::{Envelope, Sealed, fact_variants, provisional, read_header, seal};
use vestibule_contract::identity::{BootId, Epoch};
use vestibule_contract::topic::EventType;
use vestibule_core::command::{Actor, Channel, CommandKey};
use vestibule_core::compartment::{InspectionCause, Level, ServiceCause};
use vestibule_core::effect::Purpose;
use vestibule_core::event::{Event, Evidence, Fact, UnlockFailure};
use vestibule_core::id::{
    BankId, BuildingId, CarrierId, CommandId, CompartmentId, DeviceId, LineId, ParcelId, ProbeId, Serial,
    TerminalId, UnitId, UnlockId,
};
use vestibule_core::input::{ProbeFault, RewindCause};
use vestibule_core::parcel::{CollectionProof, ExceptionKind};
use vestibule_core::reader::{Housing, InstallStep, ReaderFault};
use vestibule_core::site::{PhysicalLock, Size};
use vestibule_core::time::{ClockTrust, Timestamp};
use vestibule_core::unit::Digest;

use super::example;

/// 2026-03-01T07:30:00.007Z.
pub const AT: Timestamp = Timestamp(1_772_350_200_007);

pub fn envelope() -> Envelope {
    Envelope {
        building: BuildingId::new("maple-court").unwrap(),
        epoch: Epoch([0x5e; 8]),
        boot: 3,
        boot_id: BootId([0xb0; 16]),
    }
}

pub fn a1() -> CompartmentId {
    CompartmentId::new("a-1").unwrap()
}

fn parcel() -> ParcelId {
    ParcelId(Serial { boot: 2, number: 7 })
}

/// Every fact once, with every optional field filled.
pub fn every_fact() -> Vec<Fact> {
    [
        of_gateway(),
        of_parcels(),
        of_compartments(),
        of_unlocks(),
        of_access(),
        of_field(),
        of_restores(),
        of_seals(),
        of_readers(),
        of_commissioning(),
        of_contradictions(),
    ]
    .concat()
}

fn of_gateway() -> Vec<Fact> {
    let configuration = Digest([0xc0; 32]);
    vec![
        Fact::GatewayStarted { boot: 3, version: "0.1.0".into(), configuration },
        Fact::GatewayStopping {},
        Fact::GatewayGap { dropped: 12 },
        Fact::ClockTrustChanged { trust: ClockTrust::Synchronised },
        Fact::StorageDegraded {},
        Fact::StorageRecovered { waited: 4 },
        Fact::ConfigurationChanged { previous: Some(Digest([0xcf; 32])), configuration },
        Fact::DirectorySynced { version: 41, units: 120 },
        Fact::CarriersSynced { version: 9, carriers: 5 },
        Fact::CommandConflict { digest: Digest([0xd1; 32]) },
    ]
}

/// Behind all others: an example's sequence is its place in the list.
fn of_restores() -> Vec<Fact> {
    vec![Fact::GatewayRewound {
        cause: RewindCause::Restored,
        epoch: "5e5e5e5e5e5e5e5e".into(),
        restored: 1_041,
        known: Some(1_207),
        compartments: 3,
    }]
}

/// Behind all others, likewise.
fn of_seals() -> Vec<Fact> {
    vec![Fact::SealBroken { broken_at: AT, second: Some("os:ben".into()) }]
}

/// Behind all others, likewise.
fn of_readers() -> Vec<Fact> {
    let terminal = || TerminalId::new("room-reader").unwrap();
    vec![
        Fact::ReaderOnline { terminal: terminal() },
        Fact::ReaderOffline { terminal: terminal() },
        Fact::ReaderInsecure { terminal: terminal(), fault: ReaderFault::Keyless },
        Fact::ReaderTampered { terminal: terminal(), housing: Housing::Opened },
        Fact::ReaderClearText { terminal: terminal(), reads: 2 },
        Fact::ReaderInstall { terminal: terminal(), step: InstallStep::WindowOpened },
    ]
}

/// Behind all others, likewise.
fn of_commissioning() -> Vec<Fact> {
    vec![Fact::SealSet { sealed_at: AT }]
}

/// Behind all others, likewise.
fn of_contradictions() -> Vec<Fact> {
    vec![Fact::CompartmentContradicted { compartment: a1(), door: Level::Open, latch: Level::Shut }]
}

fn of_parcels() -> Vec<Fact> {
    let (parcel, compartment, unit) = (parcel(), a1(), UnitId::new("4b").unwrap());
    let carrier = Some(CarrierId::new("ups").unwrap());
    vec![
        Fact::ParcelExpected {
            parcel,
            unit: unit.clone(),
            carrier: carrier.clone(),
            size: Size::ExtraLarge,
            occurred_at: Some(AT),
        },
        Fact::ParcelDeposited { parcel, compartment: compartment.clone() },
        Fact::ParcelStored { parcel, unit: unit.clone(), carrier, compartment: compartment.clone() },
        Fact::ParcelUnconfirmed { parcel, compartment: compartment.clone() },
        Fact::ParcelNotDelivered { parcel, compartment: compartment.clone() },
        Fact::ParcelCollected {
            parcel,
            unit,
            compartment: compartment.clone(),
            proof: CollectionProof::Confirmed,
        },
        Fact::ParcelException {
            parcel,
            compartment: Some(compartment),
            kind: ExceptionKind::InterruptedDelivery,
        },
    ]
}

fn of_compartments() -> Vec<Fact> {
    let compartment = a1();
    vec![
        Fact::CompartmentReserved {
            compartment: compartment.clone(),
            parcel: parcel(),
            unit: UnitId::new("4b").unwrap(),
            carrier: Some(CarrierId::new("ups").unwrap()),
            terminal: TerminalId::new("lobby").unwrap(),
        },
        Fact::CompartmentReleased { compartment: compartment.clone() },
        Fact::CompartmentOpened {
            compartment: compartment.clone(),
            unlock: Some(UnlockId(Serial { boot: 3, number: 1 })),
        },
        Fact::CompartmentClosed { compartment: compartment.clone() },
        Fact::CompartmentLeftOpen { compartment: compartment.clone(), seconds: 300 },
        Fact::CompartmentForced { compartment: compartment.clone() },
        Fact::CompartmentJammed { compartment: compartment.clone() },
        Fact::CompartmentNeedsInspection {
            compartment: compartment.clone(),
            cause: InspectionCause::InterruptedDeposit,
        },
        Fact::CompartmentOutOfService { compartment, cause: ServiceCause::Jammed },
        Fact::CapacityLow { bank: BankId::new("a").unwrap(), free: 4, of: 24 },
        Fact::CapacityExhausted { bank: BankId::new("a").unwrap(), size: Size::Large },
    ]
}

fn of_unlocks() -> Vec<Fact> {
    let (unlock, compartment) = (UnlockId(Serial { boot: 3, number: 1 }), a1());
    let evidence = Evidence { acknowledged: true, door: Some(Level::Open), latch: None };
    let lock = PhysicalLock { device: DeviceId::new("bank-a-locks").unwrap(), output: 1 };
    vec![
        Fact::UnlockIntended {
            unlock,
            compartment: compartment.clone(),
            lock,
            purpose: Purpose::StaffRemote,
        },
        Fact::UnlockConfirmed { unlock, compartment: compartment.clone(), evidence },
        Fact::UnlockFailed {
            unlock,
            compartment: compartment.clone(),
            why: UnlockFailure::DidNotOpen,
            evidence: Evidence { door: Some(Level::Shut), ..evidence },
        },
        Fact::UnlockUnknown { unlock, compartment, evidence: Evidence { acknowledged: false, ..evidence } },
    ]
}

fn of_access() -> Vec<Fact> {
    let terminal = TerminalId::new("lobby").unwrap();
    vec![
        Fact::AccessGranted { terminal: terminal.clone() },
        Fact::AccessDenied { terminal, count: 3 },
        Fact::AccessSteppedUp { never_issued_today: 10 },
    ]
}

fn of_field() -> Vec<Fact> {
    let probe = ProbeId::new("cold-1").unwrap();
    let device = DeviceId::new("bank-a-locks").unwrap();
    let line = LineId::new("rs485-1").unwrap();
    vec![
        Fact::ProbeFaulted { probe: probe.clone(), fault: ProbeFault::Sentinel },
        Fact::ProbeRecovered { probe },
        Fact::DeviceOnline { device: device.clone() },
        Fact::DeviceDegraded { device: device.clone() },
        Fact::DeviceOffline { device },
        Fact::LineRecovered { line: line.clone() },
        Fact::LineDegraded { line: line.clone() },
        Fact::LineForeignFrame { line, frames: 2 },
        // The examples are chained: a new one comes last.
        Fact::ClockTrustChanged { trust: ClockTrust::Untrusted },
        Fact::CompartmentInService { compartment: a1() },
        Fact::ParcelExpired { parcel: parcel(), unit: UnitId::new("4b").unwrap() },
    ]
}

fn event(fact: Fact) -> Event {
    let key = CommandKey {
        channel: Channel::Bus,
        actor: Actor::Staff("anna".into()),
        id: CommandId::new("5f2c").unwrap(),
    };
    Event {
        at: AT,
        trust: ClockTrust::Synchronised,
        actor: Actor::Staff("anna".into()),
        cause: Some(key),
        reason: Some("resident locked out".into()),
        fact,
    }
}

#[test]
fn every_fact_has_one_example() {
    let named = |fact: &Fact| format!("{fact:?}").split([' ', '{']).next().unwrap().to_owned();
    let shown: BTreeSet<String> = every_fact().iter().map(named).collect();
    let known: BTreeSet<String> = fact_variants().iter().map(|&name| name.into()).collect();
    assert_eq!(shown, known);
}

#[test]
fn event_is_as_its_example_when_sealed() {
    let mut previous = vestibule_contract::event::genesis(&envelope().building, envelope().epoch);
    for (fact, sequence) in every_fact().into_iter().zip(1..) {
        let Sealed { bytes, hash, event_type } = seal(&envelope(), sequence, &previous, &event(fact));
        example(&format!("event/{event_type}.json"), &bytes);
        let header = read_header(&bytes).unwrap();
        assert_eq!((header.sequence, header.previous), (sequence, previous));
        previous = hash;
    }
}

/// One flipped bit in the first byte of a stored row. The cloud gets what lies there, on a topic of its own.
#[test]
fn row_is_told_as_it_lies_when_it_can_no_longer_be_read() {
    let previous = vestibule_contract::event::genesis(&envelope().building, envelope().epoch);
    let Sealed { mut bytes, .. } = seal(&envelope(), 1, &previous, &event(Fact::GatewayStopping {}));
    bytes[0] ^= 0x20;
    assert!(read_header(&bytes).is_err());
    example(&format!("event/{}.json", EventType::unreadable().as_str()), &bytes);
}

#[test]
fn witness_is_as_its_example_when_the_disk_is_away() {
    let bare = Event { cause: None, reason: None, actor: Actor::Gateway, ..event(Fact::StorageDegraded {}) };
    example("witness.json", &provisional(&envelope(), 1, &bare));
}
