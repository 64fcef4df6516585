//! Facts for the journal: what happened, in one closed list. What is not worth a journal row is a note of the decision.

use alloc::string::String;

use serde::Serialize;

use crate::command::{Actor, CommandKey};
use crate::compartment::{InspectionCause, Level, ServiceCause};
use crate::effect::{Purpose, Thing};
use crate::id::{
    BankId, CarrierId, CompartmentId, DeviceId, LineId, ParcelId, ProbeId, TerminalId, UnitId, UnlockId,
};
use crate::input::{NotSent, ProbeFault, RewindCause};
use crate::parcel::{CollectionProof, ExceptionKind};
use crate::reader::{Housing, InstallStep, ReaderFault};
use crate::site::{PhysicalLock, Size};
use crate::time::{ClockTrust, Timestamp};
use crate::unit::Digest;

/// One journal row before it is sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When it was recorded.
    pub at: Timestamp,
    /// Trust in that time.
    pub trust: ClockTrust,
    /// Who did it.
    pub actor: Actor,
    /// The command that caused it.
    pub cause: Option<CommandKey>,
    /// Why, in the words of the person.
    pub reason: Option<String>,
    /// What.
    pub fact: Fact,
}

/// How soon a change must be on the disk, by what a power cut would take with it. All but the last ride on the next commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Durability {
    /// Nothing is lost: it is not kept at all, or it is a cursor, and what it counts is sent again under the same ids.
    #[default]
    Lingers,
    /// A step of a visit whose decision is on the disk or still to come: a start ends the visit the same way without it.
    Follows,
    /// An observation or a counter that nothing else tells of.
    Rides,
    /// Forces a commit: decisions about doors, parcels and codes, and alarms.
    Forces,
}

/// What a fact is worth where room runs out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worth {
    /// Dropped first.
    Observation,
    /// Dropped when nothing else is left.
    Record,
}

/// What happened. Serialises to the `data` of the CloudEvent (without the variant's name, which is its type).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[expect(
    missing_docs,
    reason = "the CloudEvents type in `Fact::name` says it; fields are named by their types"
)]
pub enum Fact {
    GatewayStarted {
        boot: u32,
        version: String,
        configuration: Digest,
    },
    GatewayStopping {},
    /// Rows were lost because memory for waiting rows ran out.
    GatewayGap {
        dropped: u64,
    },
    /// The record is older than the building; the rows after `restored` are not part of it.
    GatewayRewound {
        cause: RewindCause,
        epoch: String,
        restored: u64,
        known: Option<u64>,
        compartments: u64,
    },
    ClockTrustChanged {
        trust: ClockTrust,
    },
    StorageDegraded {},
    StorageRecovered {
        waited: u64,
    },
    ConfigurationChanged {
        previous: Option<Digest>,
        configuration: Digest,
    },
    DirectorySynced {
        version: u64,
        units: u64,
    },
    CarriersSynced {
        version: u64,
        carriers: u64,
    },

    ParcelExpected {
        parcel: ParcelId,
        unit: UnitId,
        carrier: Option<CarrierId>,
        size: Size,
        occurred_at: Option<Timestamp>,
    },
    /// Logged or announced, and it never came to a compartment: no longer on record.
    ParcelExpired {
        parcel: ParcelId,
        unit: UnitId,
    },
    /// The door is shut; not settled yet.
    ParcelDeposited {
        parcel: ParcelId,
        compartment: CompartmentId,
    },
    /// Settled: the code is live and the notice goes out.
    ParcelStored {
        parcel: ParcelId,
        unit: UnitId,
        carrier: Option<CarrierId>,
        compartment: CompartmentId,
    },
    /// The session ended without the courier confirming; nothing was seen.
    ParcelUnconfirmed {
        parcel: ParcelId,
        compartment: CompartmentId,
    },
    /// The courier took it back.
    ParcelNotDelivered {
        parcel: ParcelId,
        compartment: CompartmentId,
    },
    ParcelCollected {
        parcel: ParcelId,
        unit: UnitId,
        compartment: CompartmentId,
        proof: CollectionProof,
    },
    ParcelException {
        parcel: ParcelId,
        compartment: Option<CompartmentId>,
        kind: ExceptionKind,
    },

    CompartmentReserved {
        compartment: CompartmentId,
        parcel: ParcelId,
        unit: UnitId,
        carrier: Option<CarrierId>,
        terminal: TerminalId,
    },
    CompartmentReleased {
        compartment: CompartmentId,
    },
    CompartmentOpened {
        compartment: CompartmentId,
        unlock: Option<UnlockId>,
    },
    CompartmentClosed {
        compartment: CompartmentId,
    },
    CompartmentLeftOpen {
        compartment: CompartmentId,
        seconds: u64,
    },
    CompartmentForced {
        compartment: CompartmentId,
    },
    CompartmentContradicted {
        compartment: CompartmentId,
        door: Level,
        latch: Level,
    },
    CompartmentJammed {
        compartment: CompartmentId,
    },
    CompartmentNeedsInspection {
        compartment: CompartmentId,
        cause: InspectionCause,
    },
    CompartmentOutOfService {
        compartment: CompartmentId,
        cause: ServiceCause,
    },
    /// Staff tried a lock that had jammed, and it works.
    CompartmentInService {
        compartment: CompartmentId,
    },

    UnlockIntended {
        unlock: UnlockId,
        compartment: CompartmentId,
        lock: PhysicalLock,
        purpose: Purpose,
    },
    UnlockConfirmed {
        unlock: UnlockId,
        compartment: CompartmentId,
        evidence: Evidence,
    },
    UnlockFailed {
        unlock: UnlockId,
        compartment: CompartmentId,
        why: UnlockFailure,
        evidence: Evidence,
    },
    UnlockUnknown {
        unlock: UnlockId,
        compartment: CompartmentId,
        evidence: Evidence,
    },

    AccessGranted {
        terminal: TerminalId,
    },
    /// Denials are counted and written together, never one by one.
    AccessDenied {
        terminal: TerminalId,
        count: u64,
    },
    AccessSteppedUp {
        never_issued_today: u32,
    },

    ProbeFaulted {
        probe: ProbeId,
        fault: ProbeFault,
    },
    ProbeRecovered {
        probe: ProbeId,
    },
    DeviceOnline {
        device: DeviceId,
    },
    DeviceDegraded {
        device: DeviceId,
    },
    DeviceOffline {
        device: DeviceId,
    },
    LineRecovered {
        line: LineId,
    },
    LineDegraded {
        line: LineId,
    },
    LineForeignFrame {
        line: LineId,
        frames: u32,
    },
    /// A reader's channel is up under its own key.
    ReaderOnline {
        terminal: TerminalId,
    },
    /// A reader's channel is lost.
    ReaderOffline {
        terminal: TerminalId,
    },
    /// A reader that has a key of this gateway cannot prove it: it was exchanged or reset. Nothing it says is believed.
    ReaderInsecure {
        terminal: TerminalId,
        fault: ReaderFault,
    },
    /// A reader's housing was opened or closed.
    ReaderTampered {
        terminal: TerminalId,
        housing: Housing,
    },
    /// Cards or keys in clear text were ignored.
    ReaderClearText {
        terminal: TerminalId,
        reads: u32,
    },
    /// Somebody gives a reader its key, or takes it away.
    ReaderInstall {
        terminal: TerminalId,
        step: InstallStep,
    },
    /// A command id came again with another payload; the first outcome stands.
    CommandConflict {
        /// SHA-256 of the differing payload.
        digest: Digest,
    },
    /// Somebody moved locks or set boards of a commissioned site past the daemon.
    SealBroken {
        /// When, by the computer's clock.
        broken_at: Timestamp,
        /// The second person, where one was there.
        second: Option<String>,
    },
    /// Somebody walked the doors, and all is as it should be: the site is commissioned.
    SealSet {
        /// When, by the computer's clock.
        sealed_at: Timestamp,
    },
    CapacityLow {
        bank: BankId,
        free: u32,
        of: u32,
    },
    CapacityExhausted {
        bank: BankId,
        size: Size,
    },
}

/// Why an unlock is known to have failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UnlockFailure {
    /// The pulse was acknowledged and the door stayed shut: a jam.
    DidNotOpen,
    /// The board refused the order.
    Rejected,
    /// The order never left.
    NotSent(NotSent),
}

/// What was sensed around an unlock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// Whether the board acknowledged the pulse.
    pub acknowledged: bool,
    /// The door contact at the end, where wired and heard.
    pub door: Option<Level>,
    /// The latch contact at the end, where wired and heard.
    pub latch: Option<Level>,
}

/// What a fact is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A thing with public state.
    Thing(Thing),
    /// A parcel.
    Parcel(ParcelId),
    /// A bank.
    Bank(BankId),
}
