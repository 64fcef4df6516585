//! What commands do: a door opened by staff, a parcel logged by hand, directories replaced.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;

use crate::command::{
    CARRIERS_MAX, Carriers, Channel, CommandKey, CommandRequest, Directory, Intake, Status, UNITS_MAX,
};
use crate::compartment::{InspectionCause, ServiceCause, Use};
use crate::deposit::{Leave, Phase};
use crate::door_watch::Trial;
use crate::draft::Draft;
use crate::effect::Purpose;
use crate::event::{Fact, UnlockFailure};
use crate::id::{CompartmentId, ParcelId, UnlockId};
use crate::input::NotSent;
use crate::limits::PARCELS_MAX;
use crate::parcel::{Parcel, ParcelState, TRACKING_MAX};
use crate::refusal::Refusal;
use crate::row::NoticeKind;
use crate::time::{Millis, Mono};
use crate::unlock::{Errand, Order, Verdict};

impl Draft<'_> {
    pub(crate) fn unlock_by_command(
        &mut self,
        request: &CommandRequest,
        compartment: &CompartmentId,
    ) -> Result<(), Refusal> {
        let site = self.compartment_site(compartment).ok_or(Refusal::NotFound)?;
        let purpose = self.staff_purpose(request)?;
        if self.live_unlock(compartment).is_some() || self.is_in_use(compartment) {
            return Err(Refusal::Busy);
        }
        if !self.board_answers(&site.lock.device) {
            return Err(Refusal::Unreachable);
        }
        let order = Order {
            compartment: compartment.clone(),
            purpose,
            errand: Errand::Command(request.key.clone()),
            not_after: self.wanted_until(request),
        };
        self.intend(order);
        Ok(())
    }

    /// What the doors of a request are opened for, where it may open any now.
    pub(crate) fn staff_purpose(&mut self, request: &CommandRequest) -> Result<Purpose, Refusal> {
        let purpose = match request.key.channel {
            Channel::Console => Purpose::StaffOnSite,
            Channel::Bus | Channel::Cloud => Purpose::StaffRemote,
        };
        // The nonce is used up by the attempt, whatever comes of it.
        let fresh = self.use_nonce(&request.key, request.nonce);
        if purpose == Purpose::StaffRemote && !fresh {
            return Err(Refusal::BadNonce);
        }
        if !self.purpose_is_allowed(purpose) {
            return Err(Refusal::StorageDegraded);
        }
        Ok(purpose)
    }

    /// Until when the caller wants it, where the clock can tell.
    pub(crate) fn wanted_until(&self, request: &CommandRequest) -> Option<Mono> {
        let left = request.not_after.filter(|_| self.clock_is_trusted()).map(|at| at.since(self.wall));
        left.map(|left| self.now.mono.after(left))
    }

    /// Whether nobody has to do with that door, and its board answers.
    pub(crate) fn can_open_now(&self, c: &CompartmentId) -> bool {
        let answers = self.compartment_site(c).is_some_and(|site| self.board_answers(&site.lock.device));
        answers && self.live_unlock(c).is_none() && !self.is_in_use(c)
    }

    /// A courier or a resident has to do with that door right now.
    fn is_in_use(&self, c: &CompartmentId) -> bool {
        let deposited = self.t.deposits.get(c).is_some_and(crate::deposit::Deposit::is_unsettled);
        deposited || self.t.sessions.iter().any(|(_, session)| session.visited_door() == Some(c))
    }

    pub(crate) fn command_unlock_ended(
        &mut self,
        key: &CommandKey,
        c: &CompartmentId,
        _id: UnlockId,
        verdict: Verdict,
    ) {
        self.unlocked_by_staff(c, verdict);
        let (status, detail, sentence) = match verdict {
            Verdict::Confirmed => (Status::Done, "opened", "The door opened."),
            Verdict::Failed(UnlockFailure::DidNotOpen) => {
                (Status::Failed, "did_not_open", "The lock was pulsed and the door stayed shut: it may jam.")
            }
            Verdict::Failed(UnlockFailure::Rejected) => {
                (Status::Failed, "rejected", "The lock's board refused the order.")
            }
            Verdict::Failed(UnlockFailure::NotSent(NotSent::CoolingDown { again })) => {
                return self.conclude(key, Status::Failed, "cooling_down", &cooling(again));
            }
            Verdict::Failed(UnlockFailure::NotSent(NotSent::Cancelled)) => {
                (Status::Failed, "cancelled", "The order was taken back before it left; nothing moved.")
            }
            Verdict::Failed(UnlockFailure::NotSent(_)) => {
                (Status::Failed, "not_sent", "The order never left the gateway; nothing moved.")
            }
            Verdict::StoodOpen => (
                Status::Done,
                "stood_open",
                "The door stood open already. Nothing is known of its lock: shut it and order it again to try it.",
            ),
            Verdict::Unknown => {
                (Status::Unknown, "unknown", "Nobody knows whether the door opened; please look at it.")
            }
        };
        self.conclude(key, status, detail, sentence);
    }

    /// What it means for a door that staff had it opened, or may have.
    pub(crate) fn unlocked_by_staff(&mut self, c: &CompartmentId, verdict: Verdict) {
        if !matches!(verdict, Verdict::Failed(_)) {
            self.opened_by_staff(c);
        }
        if verdict == Verdict::Confirmed {
            self.trial_begins(c);
        }
    }

    /// A lock that had jammed gave way to staff.
    fn trial_begins(&mut self, c: &CompartmentId) {
        if self.compartment(c).usage != Use::OutOfService(ServiceCause::Jammed) {
            return;
        }
        self.t.doors.edit(c, |door| door.trial = Trial::Opened);
        if self.door_is_shut(c) {
            // It was opened, shut and at rest before the line master's report came.
            self.trial_ends(c);
        }
    }

    /// It rests shut after staff opened it: the lock works. What lay behind it when it jammed may still do.
    pub(crate) fn trial_ends(&mut self, c: &CompartmentId) {
        let tried = self.t.doors.get(c).is_some_and(|door| door.trial == Trial::Opened);
        if !tried {
            return;
        }
        self.t.doors.edit(c, |door| door.trial = Trial::None);
        if self.compartment(c).usage != Use::OutOfService(ServiceCause::Jammed) {
            return;
        }
        self.use_for(c, Use::Free);
        self.record(Fact::CompartmentInService { compartment: c.clone() });
        if self.placed(|state| !state.is_closed()).iter().any(|(_, place)| place.compartment == *c) {
            self.inspect(c, InspectionCause::OpenedByStaff);
        }
    }

    /// Any opening of an occupied compartment by another than its recipient is told at once. What a courier left a moment
    /// ago is no longer empty by the courier's word alone: shutting the door does not free it.
    pub(crate) fn opened_by_staff(&mut self, c: &CompartmentId) {
        let parcel = self.parcel_in(c).map(|(id, _)| id);
        let left = match self.t.deposits.get(c).map(|deposit| deposit.phase) {
            Some(Phase::Left(leave)) => Some(leave),
            _ => None,
        };
        if left.is_some() {
            self.t.deposits.remove(c);
        }
        // What is known to be not empty says more than who opened it.
        let unsure = left.is_some_and(|leave| leave != Leave::NotEmpty);
        if unsure || matches!(self.compartment(c).usage, Use::Occupied(_) | Use::Reserved(_)) {
            self.inspect(c, InspectionCause::OpenedByStaff);
        }
        if let Some(parcel) = parcel {
            self.notify(parcel, NoticeKind::OpenedByOther);
        }
    }

    pub(crate) fn take_in(&mut self, intake: &Intake) -> Result<ParcelId, Refusal> {
        if self.known_unit(intake.unit.as_str()).is_none() {
            return Err(Refusal::UnknownUnit);
        }
        let carriers = self.t.carriers.get(&()).map_or(&[][..], |carriers| &carriers.carriers);
        if intake.carrier.as_ref().is_some_and(|id| !carriers.iter().any(|known| known.id == *id)) {
            return Err(Refusal::NotFound);
        }
        let legible = |text: &str| text.len() <= TRACKING_MAX && text.bytes().all(|b| b.is_ascii_graphic());
        if intake.tracking.as_ref().is_some_and(|text| !legible(text)) {
            return Err(Refusal::Malformed);
        }
        if !self.make_room_for_parcel(PARCELS_MAX) {
            return Err(Refusal::Full);
        }
        let id = ParcelId(self.serial());
        let Intake { unit, carrier, tracking, size, climate, occurred_at } = intake.clone();
        let (arrived, state) = (self.now.wall, ParcelState::Expected);
        let fact = Fact::ParcelExpected {
            parcel: id,
            unit: unit.clone(),
            carrier: carrier.clone(),
            size,
            occurred_at,
        };
        self.t.parcels.put(id, Parcel { unit, carrier, tracking, size, climate, arrived, state });
        self.record(fact);
        Ok(id)
    }

    pub(crate) fn sync_directory(&mut self, batch: &Directory) -> Result<u64, Refusal> {
        let ids: BTreeSet<_> = batch.units.iter().map(|unit| &unit.id).collect();
        if batch.units.len() > UNITS_MAX || ids.len() != batch.units.len() {
            return Err(Refusal::Malformed);
        }
        let current = self.t.directory.get(&()).map_or(0, |directory| directory.version);
        if batch.version <= current {
            return Err(Refusal::OldVersion);
        }
        let units = u64::try_from(batch.units.len()).unwrap_or(u64::MAX);
        self.t.directory.put((), batch.clone());
        self.record(Fact::DirectorySynced { version: batch.version, units });
        Ok(batch.version)
    }

    pub(crate) fn sync_carriers(&mut self, batch: &Carriers) -> Result<u64, Refusal> {
        let ids: BTreeSet<_> = batch.carriers.iter().map(|carrier| &carrier.id).collect();
        if batch.carriers.len() > CARRIERS_MAX || ids.len() != batch.carriers.len() {
            return Err(Refusal::Malformed);
        }
        let current = self.t.carriers.get(&()).map_or(0, |carriers| carriers.version);
        if batch.version <= current {
            return Err(Refusal::OldVersion);
        }
        let carriers = u64::try_from(batch.carriers.len()).unwrap_or(u64::MAX);
        self.t.carriers.put((), batch.clone());
        self.record(Fact::CarriersSynced { version: batch.version, carriers });
        Ok(batch.version)
    }
}

fn cooling(again: Millis) -> String {
    let seconds = again.whole_seconds();
    format!("This lock was opened so often that it must cool; it opens again in {seconds} s. Nothing moved.")
}
