//! What each fact is called, how soon it must be on the disk, and what it is about: one list each, and every fact in it.

use crate::effect::Thing;
use crate::event::{Durability, Fact, Subject, Worth};
use crate::time::ClockTrust;

impl Fact {
    /// The CloudEvents type.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::GatewayStarted { .. } => "gateway.started",
            Self::GatewayStopping {} => "gateway.stopping",
            Self::GatewayGap { .. } => "gateway.gap",
            Self::GatewayRewound { .. } => "gateway.rewound",
            Self::ClockTrustChanged { trust: ClockTrust::Untrusted } => "clock.untrusted",
            Self::ClockTrustChanged { .. } => "clock.trusted",
            Self::StorageDegraded {} => "storage.degraded",
            Self::StorageRecovered { .. } => "storage.recovered",
            Self::ConfigurationChanged { .. } => "configuration.changed",
            Self::DirectorySynced { .. } => "directory.synced",
            Self::CarriersSynced { .. } => "carriers.synced",
            Self::ParcelExpected { .. } => "parcel.expected",
            Self::ParcelExpired { .. } => "parcel.expired",
            Self::ParcelDeposited { .. } => "parcel.deposited",
            Self::ParcelStored { .. } => "parcel.stored",
            Self::ParcelUnconfirmed { .. } => "parcel.unconfirmed",
            Self::ParcelNotDelivered { .. } => "parcel.removed",
            Self::ParcelCollected { .. } => "parcel.collected",
            Self::ParcelException { .. } => "parcel.exception",
            Self::CompartmentReserved { .. } => "compartment.reserved",
            Self::CompartmentReleased { .. } => "compartment.released",
            Self::CompartmentOpened { .. } => "compartment.opened",
            Self::CompartmentClosed { .. } => "compartment.closed",
            Self::CompartmentLeftOpen { .. } => "compartment.left_open",
            Self::CompartmentForced { .. } => "compartment.forced",
            Self::CompartmentContradicted { .. } => "compartment.contradicted",
            Self::CompartmentJammed { .. } => "compartment.jammed",
            Self::CompartmentNeedsInspection { .. } => "compartment.needs_inspection",
            Self::CompartmentOutOfService { .. } => "compartment.out_of_service",
            Self::CompartmentInService { .. } => "compartment.in_service",
            Self::UnlockIntended { .. } => "unlock.intended",
            Self::UnlockConfirmed { .. } => "unlock.confirmed",
            Self::UnlockFailed { .. } => "unlock.failed",
            Self::UnlockUnknown { .. } => "unlock.unknown",
            Self::AccessGranted { .. } => "access.granted",
            Self::AccessDenied { .. } => "access.denied",
            Self::AccessSteppedUp { .. } => "access.stepped_up",
            Self::ProbeFaulted { .. } => "probe.fault",
            Self::ProbeRecovered { .. } => "probe.recovered",
            Self::DeviceOnline { .. } => "device.online",
            Self::DeviceDegraded { .. } => "device.degraded",
            Self::DeviceOffline { .. } => "device.offline",
            Self::LineRecovered { .. } => "line.recovered",
            Self::LineDegraded { .. } => "line.degraded",
            Self::LineForeignFrame { .. } => "line.foreign_frame",
            Self::ReaderOnline { .. } => "reader.online",
            Self::ReaderOffline { .. } => "reader.offline",
            Self::ReaderInsecure { .. } => "reader.insecure",
            Self::ReaderTampered { .. } => "reader.tampered",
            Self::ReaderClearText { .. } => "reader.clear_text",
            Self::ReaderInstall { .. } => "reader.install",
            Self::CommandConflict { .. } => "command.conflict",
            Self::SealBroken { .. } => "seal.broken",
            Self::SealSet { .. } => "seal.set",
            Self::CapacityLow { .. } => "capacity.low",
            Self::CapacityExhausted { .. } => "capacity.exhausted",
        }
    }

    /// How soon it must be on the disk.
    #[must_use]
    pub const fn durability(&self) -> Durability {
        match self {
            // The intent is on the disk: a start ends it as unknown, with what the door reads then. Where a command waits
            // for it, the outcome forces.
            Self::CompartmentOpened { unlock: Some(_), .. }
            | Self::UnlockConfirmed { .. }
            | Self::CompartmentClosed { .. }
            // Which door opens, and for whom, is a fact of its own.
            | Self::AccessGranted { .. } => Durability::Follows,
            Self::CompartmentOpened { unlock: None, .. }
            | Self::CompartmentContradicted { .. }
            | Self::AccessDenied { .. }
            | Self::ProbeFaulted { .. }
            | Self::ProbeRecovered { .. }
            | Self::DeviceOnline { .. }
            | Self::DeviceDegraded { .. }
            | Self::DeviceOffline { .. }
            | Self::LineRecovered { .. }
            | Self::LineDegraded { .. }
            | Self::ReaderOnline { .. }
            | Self::ReaderOffline { .. }
            | Self::ReaderClearText { .. }
            | Self::CapacityLow { .. }
            | Self::CapacityExhausted { .. }
            | Self::CommandConflict { .. }
            | Self::ClockTrustChanged { .. } => Durability::Rides,
            Self::GatewayStarted { .. }
            | Self::GatewayStopping { .. }
            | Self::GatewayGap { .. }
            | Self::GatewayRewound { .. }
            | Self::StorageDegraded { .. }
            | Self::StorageRecovered { .. }
            | Self::ConfigurationChanged { .. }
            | Self::DirectorySynced { .. }
            | Self::CarriersSynced { .. }
            | Self::ParcelExpected { .. }
            | Self::ParcelExpired { .. }
            | Self::ParcelDeposited { .. }
            | Self::ParcelStored { .. }
            | Self::ParcelUnconfirmed { .. }
            | Self::ParcelNotDelivered { .. }
            | Self::ParcelCollected { .. }
            | Self::ParcelException { .. }
            | Self::CompartmentReserved { .. }
            | Self::CompartmentReleased { .. }
            | Self::CompartmentForced { .. }
            | Self::CompartmentLeftOpen { .. }
            | Self::CompartmentJammed { .. }
            | Self::CompartmentNeedsInspection { .. }
            | Self::CompartmentOutOfService { .. }
            | Self::CompartmentInService { .. }
            | Self::UnlockIntended { .. }
            | Self::UnlockFailed { .. }
            | Self::UnlockUnknown { .. }
            | Self::SealBroken { .. }
            | Self::SealSet { .. }
            // Somebody is at the wires: it is told at once. Its rows are bounded where they are recorded.
            | Self::LineForeignFrame { .. }
            | Self::ReaderInsecure { .. }
            | Self::ReaderTampered { .. }
            | Self::ReaderInstall { .. }
            | Self::AccessSteppedUp { .. } => Durability::Forces,
        }
    }

    /// What it is worth where room runs out: who was let in, and how each unlock ended, is a record although it may follow.
    #[must_use]
    pub const fn worth(&self) -> Worth {
        match (self, self.durability()) {
            (Self::AccessGranted { .. } | Self::UnlockConfirmed { .. }, _) | (_, Durability::Forces) => {
                Worth::Record
            }
            (_, Durability::Lingers | Durability::Follows | Durability::Rides) => Worth::Observation,
        }
    }

    /// What it is about: the CloudEvents subject is `{kind}/{id}`.
    #[must_use]
    pub fn subject(&self) -> Subject {
        match self {
            Self::ParcelExpected { parcel, .. }
            | Self::ParcelExpired { parcel, .. }
            | Self::ParcelDeposited { parcel, .. }
            | Self::ParcelStored { parcel, .. }
            | Self::ParcelUnconfirmed { parcel, .. }
            | Self::ParcelNotDelivered { parcel, .. }
            | Self::ParcelCollected { parcel, .. }
            | Self::ParcelException { parcel, .. } => Subject::Parcel(*parcel),
            Self::CompartmentReserved { compartment, .. }
            | Self::CompartmentReleased { compartment }
            | Self::CompartmentOpened { compartment, .. }
            | Self::CompartmentClosed { compartment }
            | Self::CompartmentLeftOpen { compartment, .. }
            | Self::CompartmentForced { compartment }
            | Self::CompartmentContradicted { compartment, .. }
            | Self::CompartmentJammed { compartment }
            | Self::CompartmentNeedsInspection { compartment, .. }
            | Self::CompartmentOutOfService { compartment, .. }
            | Self::CompartmentInService { compartment }
            | Self::UnlockIntended { compartment, .. }
            | Self::UnlockConfirmed { compartment, .. }
            | Self::UnlockFailed { compartment, .. }
            | Self::UnlockUnknown { compartment, .. } => {
                Subject::Thing(Thing::Compartment(compartment.clone()))
            }
            Self::AccessGranted { terminal }
            | Self::AccessDenied { terminal, .. }
            | Self::ReaderOnline { terminal }
            | Self::ReaderOffline { terminal }
            | Self::ReaderInsecure { terminal, .. }
            | Self::ReaderTampered { terminal, .. }
            | Self::ReaderClearText { terminal, .. }
            | Self::ReaderInstall { terminal, .. } => Subject::Thing(Thing::Terminal(terminal.clone())),
            Self::ProbeFaulted { probe, .. } | Self::ProbeRecovered { probe } => {
                Subject::Thing(Thing::Probe(probe.clone()))
            }
            Self::DeviceOnline { device }
            | Self::DeviceDegraded { device }
            | Self::DeviceOffline { device } => Subject::Thing(Thing::Device(device.clone())),
            Self::LineRecovered { line }
            | Self::LineDegraded { line }
            | Self::LineForeignFrame { line, .. } => Subject::Thing(Thing::Line(line.clone())),
            Self::CapacityLow { bank, .. } | Self::CapacityExhausted { bank, .. } => {
                Subject::Bank(bank.clone())
            }
            Self::GatewayStarted { .. }
            | Self::GatewayStopping { .. }
            | Self::GatewayGap { .. }
            | Self::GatewayRewound { .. }
            | Self::ClockTrustChanged { .. }
            | Self::StorageDegraded { .. }
            | Self::StorageRecovered { .. }
            | Self::ConfigurationChanged { .. }
            | Self::DirectorySynced { .. }
            | Self::CarriersSynced { .. }
            | Self::AccessSteppedUp { .. }
            | Self::SealBroken { .. }
            | Self::SealSet { .. }
            | Self::CommandConflict { .. } => Subject::Thing(Thing::Gateway),
        }
    }
}
