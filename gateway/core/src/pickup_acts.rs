//! What a resident's pickup does: doors one after the other, parcels collected, compartments free again.

use crate::command::Actor;
use crate::compartment::{Contact, InspectionCause, Level, Use};
use crate::draft::{Draft, Origin};
use crate::effect::Purpose;
use crate::event::{Fact, UnlockFailure};
use crate::id::{CompartmentId, ParcelId, TerminalId, UnitId, UnlockId};
use crate::input::NotSent;
use crate::parcel::{CollectionProof, ExceptionKind, ParcelState};
use crate::pickup::{Act, Aim, Phase, Resident, Step, Visit, next};
use crate::refusal::Refusal;
use crate::screen::{AfterFailure, Screen};
use crate::session::State;
use crate::time::Timestamp;
use crate::unlock::{Errand, Order, Verdict};

impl Draft<'_> {
    /// Serves a resident at a terminal: the first of their doors opens.
    pub(crate) fn resident_enters(&mut self, terminal: &TerminalId, unit: UnitId, aim: Aim) {
        self.on_behalf(Origin::of(Actor::Resident(unit.clone())), |d| {
            d.record(Fact::AccessGranted { terminal: terminal.clone() });
            let (tried, labels) = (alloc::vec::Vec::new(), alloc::vec::Vec::new());
            let resident = Resident { unit, aim, tried, labels, visit: None };
            d.set_session(terminal, State::Resident(resident));
            d.next_visit(terminal);
        });
    }

    fn resident(&self, terminal: &TerminalId) -> Option<Resident> {
        match self.t.sessions.get(terminal).map(|session| &session.state) {
            Some(State::Resident(resident)) => Some(resident.clone()),
            _ => None,
        }
    }

    fn put_resident(&mut self, terminal: &TerminalId, resident: Resident) {
        self.set_session(terminal, State::Resident(resident));
    }

    /// Doors a resident can have opened at a terminal, oldest parcel first.
    pub(crate) fn doors_for(
        &self,
        terminal: &TerminalId,
        unit: &UnitId,
        aim: Aim,
    ) -> alloc::vec::Vec<(ParcelId, CompartmentId)> {
        let mut doors: alloc::vec::Vec<_> = self
            .t
            .parcels
            .iter()
            .filter(|(_, parcel)| parcel.unit == *unit)
            .filter_map(|(id, parcel)| Some((*id, self.door_of(terminal, *id, &parcel.state, aim)?)))
            .collect();
        doors.sort();
        doors
    }

    fn door_of(
        &self,
        terminal: &TerminalId,
        id: ParcelId,
        state: &ParcelState,
        aim: Aim,
    ) -> Option<CompartmentId> {
        let (place, taken) = match (aim, state) {
            (Aim::Collect, ParcelState::Stored { place, .. } | ParcelState::Collecting { place, .. }) => {
                (place, None)
            }
            (Aim::Reopen, ParcelState::Collected { place, at, .. }) if self.in_grace(*at) => {
                (place, Some(*at))
            }
            _ => return None,
        };
        let site = self.compartment_site(&place.compartment)?;
        let row = self.compartment(&place.compartment);
        let own = match (taken, row.usage) {
            (None, Use::Occupied(holds)) => holds == id,
            // A person opened it meanwhile; what is left in it is still theirs.
            (None, Use::NeedsInspection(_)) => true,
            // Nobody else has used it since: what was left behind is theirs.
            (Some(at), Use::Free | Use::NeedsInspection(InspectionCause::PickupNotClosed)) => {
                row.since <= at && self.was_last_in(id, &place.compartment, at)
            }
            _ => false,
        };
        let mapped = site.lock == place.lock && self.serves(terminal, &site.bank);
        (own && mapped).then(|| place.compartment.clone())
    }

    /// Whether no other parcel was taken from that compartment since. Times alone do not tell: they stand still
    /// while the clock reads earlier than the newest row.
    fn was_last_in(&self, id: ParcelId, c: &CompartmentId, at: Timestamp) -> bool {
        !self.t.parcels.iter().any(|(other, parcel)| match &parcel.state {
            ParcelState::Collected { place, at: theirs, .. } => {
                *other != id && place.compartment == *c && *theirs >= at
            }
            _ => false,
        })
    }

    /// How many of a unit's parcels wait at doors a terminal does not serve.
    pub(crate) fn elsewhere(&self, terminal: &TerminalId, unit: &UnitId) -> u16 {
        let waiting =
            self.t.parcels.iter().filter(|(_, parcel)| parcel.unit == *unit).filter(|(_, parcel)| {
                match &parcel.state {
                    ParcelState::Stored { place, .. } | ParcelState::Collecting { place, .. } => self
                        .compartment_site(&place.compartment)
                        .is_some_and(|site| !self.serves(terminal, &site.bank)),
                    _ => false,
                }
            });
        u16::try_from(waiting.count()).unwrap_or(u16::MAX)
    }

    /// The next door that was not tried in this session and is nobody else's now.
    fn untried(
        &self,
        terminal: &TerminalId,
        resident: &Resident,
    ) -> alloc::vec::Vec<(ParcelId, CompartmentId)> {
        let mut doors = self.doors_for(terminal, &resident.unit, resident.aim);
        doors.retain(|(id, c)| {
            !resident.tried.contains(id)
                && self.live_unlock(c).is_none()
                && !self.t.sessions.iter().any(|(_, session)| session.visited_door() == Some(c))
        });
        doors
    }

    fn next_visit(&mut self, terminal: &TerminalId) {
        let Some(mut resident) = self.resident(terminal) else { return };
        resident.visit = None;
        self.put_resident(terminal, resident.clone());
        let Some((parcel, compartment)) = self.untried(terminal, &resident).into_iter().next() else {
            return self.resident_is_done(terminal, &resident);
        };
        resident.tried.push(parcel);
        resident.visit = Some(Visit { parcel, compartment: compartment.clone(), phase: Phase::Opening });
        self.put_resident(terminal, resident);
        let errand = Errand::Pickup(terminal.clone());
        let order =
            Order { compartment: compartment.clone(), purpose: Purpose::Pickup, errand, not_after: None };
        self.intend(order);
        self.show(terminal, Screen::Opening { label: self.label(&compartment) });
    }

    fn resident_is_done(&mut self, terminal: &TerminalId, resident: &Resident) {
        self.linger(terminal);
        if !resident.labels.is_empty() {
            let elsewhere = self.elsewhere(terminal, &resident.unit);
            self.show(terminal, Screen::Collected { labels: resident.labels.clone(), elsewhere });
        } else if resident.tried.is_empty() {
            // All their doors are being opened by others right now.
            let _shown = self.refuse(terminal, Refusal::Busy);
        }
    }

    pub(crate) fn pickup_unlock_ended(
        &mut self,
        terminal: &TerminalId,
        compartment: &CompartmentId,
        id: UnlockId,
        verdict: Verdict,
    ) {
        let at_it =
            self.t.sessions.get(terminal).and_then(|session| session.visited_door()) == Some(compartment);
        if !at_it {
            return;
        }
        let unheard = self.sensed(compartment, Contact::Door).is_none();
        let step = match verdict {
            Verdict::Confirmed | Verdict::StoodOpen => Step::Opened,
            Verdict::Failed(UnlockFailure::DidNotOpen) => Step::Jammed,
            Verdict::Failed(UnlockFailure::NotSent(NotSent::CoolingDown { again })) => Step::Cooling(again),
            Verdict::Failed(UnlockFailure::Rejected | UnlockFailure::NotSent(_)) => Step::StayedShut,
            Verdict::Unknown if unheard => {
                self.take_for_open(compartment, id);
                Step::Opened
            }
            Verdict::Unknown if self.door_is_shut(compartment) => Step::StayedShut,
            Verdict::Unknown => Step::Opened,
        };
        // The screen shows what follows; there is nobody else to answer.
        let _shown = self.pickup_step(terminal, step);
        if step == Step::Opened && self.door_is_shut(compartment) {
            // It was opened, shut and at rest before the line master's report came.
            let _shown = self.pickup_step(terminal, Step::DoorRested);
        }
    }

    pub(crate) fn resident_leaves(&mut self, terminal: &TerminalId) -> Result<(), Refusal> {
        let door = self.t.sessions.get(terminal).and_then(|session| session.visited_door()).cloned();
        let Some(door) = door else {
            self.end_session(terminal);
            return Ok(());
        };
        let open = self.sensed(&door, Contact::Door) == Some(Level::Open);
        self.pickup_step(terminal, if open { Step::LeaveOpen } else { Step::Leave })
    }

    /// Takes the visit at a terminal one step on.
    pub(crate) fn pickup_step(&mut self, terminal: &TerminalId, step: Step) -> Result<(), Refusal> {
        let Some(resident) = self.resident(terminal) else { return Ok(()) };
        let Some(visit) = resident.visit.clone() else { return Ok(()) };
        let origin = Origin::of(Actor::Resident(resident.unit.clone()));
        self.on_behalf(origin, |d| d.pickup_act(terminal, resident, &visit, next(visit.phase, step)))
    }

    fn pickup_act(
        &mut self,
        terminal: &TerminalId,
        resident: Resident,
        visit: &Visit,
        act: Act,
    ) -> Result<(), Refusal> {
        let c = &visit.compartment;
        match act {
            Act::Ignore => {}
            Act::Refuse(refusal) => return Err(refusal),
            Act::TakeOut => self.take_out(terminal, resident, visit),
            Act::JamAndNext => {
                let place = self.place(c);
                self.jam(c);
                if resident.aim == Aim::Collect {
                    self.except(visit.parcel, place, ExceptionKind::Jammed);
                }
                self.door_failed(terminal, resident, visit);
            }
            Act::SkipToNext => self.door_failed(terminal, resident, visit),
            Act::CoolAndNext(again) => {
                let seconds = again.whole_seconds();
                self.show(terminal, Screen::DoorCooling { label: self.label(c), seconds });
                self.next_visit(terminal);
            }
            Act::AwaitRest => self.set_visit(terminal, resident, visit, Phase::Shut),
            Act::AwaitShut => self.set_visit(terminal, resident, visit, Phase::Open),
            Act::ConfirmAndNext => {
                self.collected(visit.parcel, CollectionProof::Confirmed);
                self.next_visit(terminal);
            }
            Act::AssumeAndNext => {
                self.leave_behind(visit);
                self.next_visit(terminal);
            }
            Act::AssumeAndEnd => {
                self.leave_behind(visit);
                self.end_session(terminal);
            }
            Act::Remind => self.show(terminal, Screen::PleaseShut { label: self.label(c) }),
            Act::GiveUp => {
                // With a door that nobody hears it stays theirs: the same code is good for the interrupted grace.
                if self.sensed(c, Contact::Door).is_some() {
                    self.leave_behind(visit);
                }
                self.end_session(terminal);
            }
        }
        Ok(())
    }

    fn set_visit(&mut self, terminal: &TerminalId, mut resident: Resident, visit: &Visit, phase: Phase) {
        resident.visit = Some(Visit { phase, ..visit.clone() });
        self.put_resident(terminal, resident);
    }

    fn take_out(&mut self, terminal: &TerminalId, mut resident: Resident, visit: &Visit) {
        let label = self.label(&visit.compartment);
        resident.labels.push(label.clone());
        self.set_visit(terminal, resident.clone(), visit, Phase::Open);
        let state = self.t.parcels.get(&visit.parcel).map(|parcel| parcel.state.clone());
        if let Some(ParcelState::Stored { place, code }) = state {
            let since = self.now.wall;
            self.set_parcel(visit.parcel, ParcelState::Collecting { place, code, since });
        }
        let more = u16::try_from(self.untried(terminal, &resident).len()).unwrap_or(u16::MAX);
        self.show(terminal, Screen::TakeOut { label, more });
    }

    /// The resident goes on from a door that was not sensed shut at rest.
    fn leave_behind(&mut self, visit: &Visit) {
        self.collected(visit.parcel, CollectionProof::Assumed);
        let c = &visit.compartment;
        let shut = self.sensed(c, Contact::Door) == Some(Level::Shut);
        if !shut && self.compartment(c).usage == Use::Free {
            // A reopened door, left open.
            self.inspect(c, InspectionCause::PickupNotClosed);
        }
    }

    /// That door did not open; the next one does, or the office helps.
    fn door_failed(&mut self, terminal: &TerminalId, resident: Resident, visit: &Visit) {
        let more = !self.untried(terminal, &resident).is_empty();
        let next = if more { AfterFailure::NextParcel } else { AfterFailure::CallOffice };
        let label = self.label(&visit.compartment);
        self.show(terminal, Screen::DoorFailed { label, next });
        self.next_visit(terminal);
    }

    pub(crate) fn screen_of_visit(&self, terminal: &TerminalId, resident: &Resident) -> Screen {
        let Some(visit) = &resident.visit else { return Screen::Welcome };
        let label = self.label(&visit.compartment);
        let more = u16::try_from(self.untried(terminal, resident).len()).unwrap_or(u16::MAX);
        match visit.phase {
            Phase::Opening => Screen::Opening { label },
            Phase::Open | Phase::Shut => Screen::TakeOut { label, more },
        }
    }
}
