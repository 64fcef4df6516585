//! Whom a door's news concern: a courier's deposit, a resident's pickup, or nobody.

use crate::compartment::{InspectionCause, Use};
use crate::deposit;
use crate::draft::Draft;
use crate::event::Fact;
use crate::id::{CompartmentId, UnlockId};
use crate::parcel::{ExceptionKind, ParcelState};
use crate::pickup;
use crate::row::NoticeKind;

impl Draft<'_> {
    /// A door opened lawfully.
    pub(crate) fn opened(&mut self, c: &CompartmentId, by: Option<UnlockId>) {
        self.record(Fact::CompartmentOpened { compartment: c.clone(), unlock: by });
        match self.live_unlock(c) {
            Some(id) => self.opened_under(id, c),
            None => self.opened_late(c),
        }
    }

    /// The door gave way after its unlock had ended: what lay in it may be gone.
    fn opened_late(&mut self, c: &CompartmentId) {
        let stored = match (self.compartment(c).usage, self.parcel_in(c)) {
            (Use::Occupied(_), Some((id, parcel))) => Some((id, parcel.state.clone())),
            _ => None,
        };
        if let Some((id, ParcelState::Stored { place, code })) = stored {
            let since = self.now.wall;
            self.set_parcel(id, ParcelState::Collecting { place, code, since });
        }
    }

    /// The door stands open at its first reading, and nothing says why. A parcel that waited behind it was there for
    /// anybody: its recipient is told, and can still fetch what is left. One that was being fetched is theirs to take, and
    /// a compartment that held nothing may just stand open.
    pub(crate) fn found_open(&mut self, c: &CompartmentId) {
        let Use::Occupied(parcel) = self.compartment(c).usage else { return };
        let waited = self.t.parcels.get(&parcel).is_some_and(
            |parcel| matches!(&parcel.state, ParcelState::Stored { place, .. } if place.compartment == *c),
        );
        if waited {
            self.record(Fact::CompartmentOpened { compartment: c.clone(), unlock: None });
            self.inspect(c, InspectionCause::FoundOpen);
            self.notify(parcel, NoticeKind::OpenedByOther);
        }
    }

    /// A door opened without intent.
    pub(crate) fn forced(&mut self, c: &CompartmentId) {
        self.record(Fact::CompartmentForced { compartment: c.clone() });
        let place = self.place(c);
        if let Some(deposit) = self.t.deposits.remove(c) {
            self.inspect(c, InspectionCause::Forced);
            let depositing = self.t.parcels.get(&deposit.parcel).is_some_and(
                |parcel| matches!(&parcel.state, ParcelState::Depositing(place) if place.compartment == *c),
            );
            if depositing {
                self.except(deposit.parcel, place, ExceptionKind::Forced);
                self.notify(deposit.parcel, NoticeKind::Interrupted);
            }
            self.courier_goes_on(&deposit.terminal, c);
            return;
        }
        let parcel = self.parcel_in(c).map(|(id, _)| id);
        if let Some(parcel) = parcel {
            self.except(parcel, place, ExceptionKind::Forced);
            self.notify(parcel, NoticeKind::OpenedByOther);
        }
        if matches!(self.compartment(c).usage, Use::Free | Use::Occupied(_) | Use::Reserved(_)) {
            self.inspect(c, InspectionCause::Forced);
        }
    }

    pub(crate) fn opened_again(&mut self, c: &CompartmentId) {
        match self.live_unlock(c) {
            // What it did before was no evidence; this may be.
            Some(id) => self.opened_under(id, c),
            None => self.errand_step(c, deposit::Step::DoorAgain, pickup::Step::DoorAgain),
        }
    }

    pub(crate) fn errand_door_shut(&mut self, c: &CompartmentId) {
        self.errand_step(c, deposit::Step::DoorShut, pickup::Step::DoorShut);
    }

    pub(crate) fn errand_door_rested(&mut self, c: &CompartmentId) {
        self.errand_step(c, deposit::Step::DoorRested, pickup::Step::DoorRested);
    }

    pub(crate) fn errand_left_open(&mut self, c: &CompartmentId) {
        self.errand_step(c, deposit::Step::LeftOpen, pickup::Step::LeftOpen);
    }

    pub(crate) fn errand_abandoned(&mut self, c: &CompartmentId) {
        self.errand_step(c, deposit::Step::Overdue, pickup::Step::Overdue);
    }

    fn errand_step(&mut self, c: &CompartmentId, deposit: deposit::Step, pickup: pickup::Step) {
        if self.t.deposits.contains(c) {
            // A refusal is shown where it arises; a door has nobody to answer.
            let _shown = self.deposit_step(c, deposit);
            return;
        }
        let visitor = self.t.sessions.iter().find(|(_, session)| session.visited_door() == Some(c));
        if let Some(terminal) = visitor.map(|(terminal, _)| terminal.clone()) {
            let _shown = self.pickup_step(&terminal, pickup);
        }
    }
}
