//! The auditor: follows facts and effects alone and says when a promise is broken.

use std::collections::{BTreeMap, BTreeSet};

use vestibule_core::command::{Actor, CommandKey};
use vestibule_core::compartment::Use;
use vestibule_core::effect::{Purpose, Unlock};
use vestibule_core::event::{Event, Fact};
use vestibule_core::id::{CompartmentId, ParcelId, UnitId, UnlockId};
use vestibule_core::time::Timestamp;
use vestibule_core::view::View;

/// What the journal says of a compartment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holds {
    Nothing,
    Coming(ParcelId),
    Waiting(ParcelId),
    Doubt,
    OutOfService,
}

#[derive(Default)]
pub struct Reference {
    holds: BTreeMap<CompartmentId, Holds>,
    /// The last parcel that was taken from a compartment, for reopening.
    taken: BTreeMap<CompartmentId, ParcelId>,
    /// Settled parcels and where they lie until they are collected.
    place: BTreeMap<ParcelId, CompartmentId>,
    unit: BTreeMap<ParcelId, UnitId>,
    open: BTreeMap<UnlockId, CompartmentId>,
    ended: BTreeSet<UnlockId>,
    pulsed: BTreeSet<UnlockId>,
    by_command: BTreeMap<(CommandKey, CompartmentId), UnlockId>,
    newest: Option<Timestamp>,
}

impl Reference {
    pub fn open_intents(&self) -> usize {
        self.open.len()
    }

    fn of(&self, c: &CompartmentId) -> Holds {
        self.holds.get(c).cloned().unwrap_or(Holds::Nothing)
    }

    fn set(&mut self, c: &CompartmentId, holds: Holds) {
        self.holds.insert(c.clone(), holds);
    }

    pub fn follow(&mut self, event: &Event) {
        assert!(self.newest.is_none_or(|newest| event.at >= newest), "time went back at {event:?}");
        self.newest = Some(event.at);
        match &event.fact {
            Fact::CompartmentReserved { compartment, parcel, unit, .. } => {
                assert_eq!(self.of(compartment), Holds::Nothing, "given twice: {event:?}");
                assert!(!self.place.contains_key(parcel), "in two places: {event:?}");
                let known = self.unit.insert(*parcel, unit.clone());
                assert!(known.is_none_or(|known| known == *unit), "changed hands: {event:?}");
                let elsewhere = self.holds.iter().find(|(_, holds)| **holds == Holds::Coming(*parcel));
                assert!(elsewhere.is_none(), "in two places: {event:?}, {elsewhere:?}");
                self.set(compartment, Holds::Coming(*parcel));
            }
            Fact::ParcelStored { compartment, parcel, unit, .. } => {
                assert_eq!(self.of(compartment), Holds::Coming(*parcel), "{event:?}");
                assert_eq!(self.unit.get(parcel), Some(unit));
                assert!(self.place.insert(*parcel, compartment.clone()).is_none(), "stored twice: {event:?}");
                self.set(compartment, Holds::Waiting(*parcel));
            }
            Fact::ParcelCollected { compartment, parcel, .. } => {
                assert_eq!(self.place.remove(parcel).as_ref(), Some(compartment), "{event:?}");
                self.taken.insert(compartment.clone(), *parcel);
                // Its release or its inspection is a row of its own.
            }
            Fact::ParcelException { parcel, .. } => {
                self.place.remove(parcel);
            }
            Fact::ParcelNotDelivered { parcel, .. } => {
                assert!(!self.place.contains_key(parcel), "a settled parcel was withdrawn: {event:?}");
            }
            Fact::CompartmentReleased { compartment } => {
                assert!(!self.is_home(compartment), "released over a parcel: {event:?}");
                assert_ne!(self.of(compartment), Holds::OutOfService, "{event:?}");
                self.set(compartment, Holds::Nothing);
            }
            Fact::CompartmentInService { compartment } => {
                assert_eq!(self.of(compartment), Holds::OutOfService, "{event:?}");
                self.set(compartment, Holds::Nothing);
            }
            Fact::CompartmentNeedsInspection { compartment, .. } => self.set(compartment, Holds::Doubt),
            Fact::CompartmentOutOfService { compartment, .. } => self.set(compartment, Holds::OutOfService),
            Fact::UnlockIntended { .. } => self.intended(event),
            Fact::UnlockConfirmed { unlock, compartment, .. }
            | Fact::UnlockFailed { unlock, compartment, .. }
            | Fact::UnlockUnknown { unlock, compartment, .. } => {
                assert_eq!(self.open.remove(unlock).as_ref(), Some(compartment), "ended unasked: {event:?}");
                assert!(self.ended.insert(*unlock), "ended twice: {event:?}");
            }
            _ => {}
        }
    }

    fn is_home(&self, c: &CompartmentId) -> bool {
        self.place.values().any(|place| place == c)
    }

    fn intended(&mut self, event: &Event) {
        let Fact::UnlockIntended { unlock, compartment, purpose, .. } = &event.fact else { return };
        assert!(!self.ended.contains(unlock) && !self.open.contains_key(unlock), "id used twice: {event:?}");
        assert!(!self.open.values().any(|open| open == compartment), "two intents for one door: {event:?}");
        self.open.insert(*unlock, compartment.clone());
        if let Some(key) = &event.cause {
            let before = self.by_command.insert((key.clone(), compartment.clone()), *unlock);
            assert_eq!(before, None, "one command, one door twice: {event:?}");
        }
        match (purpose, &event.actor) {
            (Purpose::Pickup, Actor::Resident(unit)) => {
                let settled = self.place.iter().find(|(_, place)| *place == compartment).map(|(id, _)| *id);
                let theirs = settled.or_else(|| self.taken.get(compartment).copied());
                let owner = theirs.and_then(|parcel| self.unit.get(&parcel));
                assert_eq!(owner, Some(unit), "a code opened another's door: {event:?}");
                let coming = matches!(self.of(compartment), Holds::Coming(_) | Holds::OutOfService);
                assert!(!coming, "a code opened a door in use: {event:?}");
            }
            (Purpose::Deposit, Actor::Courier(_)) => {
                let coming = matches!(self.of(compartment), Holds::Coming(_));
                assert!(coming, "a courier opened a door that is not reserved: {event:?}");
            }
            (Purpose::StaffOnSite | Purpose::StaffRemote, Actor::Staff(_)) => assert!(event.cause.is_some()),
            _ => panic!("nobody may open that: {event:?}"),
        }
    }

    /// An order to pulse: recorded before, never twice, never after its end.
    pub fn pulse(&mut self, unlock: &Unlock) {
        let intended = self.open.get(&unlock.id);
        assert_eq!(intended, Some(&unlock.compartment), "acted without a record: {unlock:?}");
        assert!(self.pulsed.insert(unlock.id), "pulsed twice: {unlock:?}");
    }

    /// What the world sees must be what the journal says.
    pub fn agree(&self, view: &View) {
        for (id, compartment) in &view.compartments {
            let told = match compartment.usage {
                Use::Free => Holds::Nothing,
                Use::Reserved(parcel) => Holds::Coming(parcel),
                Use::Occupied(parcel) => Holds::Waiting(parcel),
                Use::NeedsInspection(_) => Holds::Doubt,
                Use::OutOfService(_) => Holds::OutOfService,
            };
            assert_eq!(self.of(id), told, "{id} is shown otherwise than recorded");
            if told == Holds::Nothing {
                assert!(!self.is_home(id), "{id} is free and holds a parcel");
            }
        }
    }

    pub fn nothing_is_pending(&self) {
        assert!(self.open.is_empty(), "unlocks without end: {:?}", self.open);
        let coming: Vec<_> =
            self.holds.iter().filter(|(_, holds)| matches!(holds, Holds::Coming(_))).collect();
        assert!(coming.is_empty(), "deposits without end: {coming:?}");
    }
}
