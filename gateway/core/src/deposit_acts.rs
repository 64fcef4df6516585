//! What a deposit's steps do: to compartments, parcels, the courier's screen.

use crate::allocation::{Need, Shunned};
use crate::command::Actor;
use crate::compartment::{InspectionCause, Use};
use crate::deposit::{Act, Deposit, Leave, Noted, Outcome, Phase, Rest, Step, next};
use crate::draft::{Draft, Origin};
use crate::effect::Purpose;
use crate::event::{Fact, UnlockFailure};
use crate::id::{CarrierId, CompartmentId, ParcelId, TerminalId, UnitId, UnlockId};
use crate::input::NotSent;
use crate::parcel::{ExceptionKind, ParcelState};
use crate::refusal::Refusal;
use crate::row::NoticeKind;
use crate::screen::Screen;
use crate::site::{Climate, Size};
use crate::unlock::{Errand, Order, Verdict};

impl Draft<'_> {
    /// Begins a deposit: a parcel is made and its door opens.
    pub(crate) fn begin_deposit(
        &mut self,
        terminal: &TerminalId,
        carrier: &CarrierId,
        unit: &UnitId,
        size: Size,
    ) -> Result<CompartmentId, Refusal> {
        if !self.purpose_is_allowed(Purpose::Deposit) {
            return Err(Refusal::StorageDegraded);
        }
        let unsettled = self.t.deposits.iter().filter(|(_, d)| d.terminal == *terminal && d.is_unsettled());
        if unsettled.count() >= usize::from(self.site.policy.unsettled_doors) {
            return Err(Refusal::TooManyOpenDoors);
        }
        let climate = Climate::Ambient;
        let need = Need { size, climate, unit, carrier, terminal, shunned: Shunned::Nothing };
        let compartment =
            self.allocate(&need).inspect_err(|why| self.note_exhausted(*why, terminal, size))?;
        let id = self.parcel_brought(&need)?;
        self.open_for(id, &compartment, terminal, carrier, 1);
        Ok(compartment)
    }

    /// Reserves a compartment for a parcel and opens it.
    pub(crate) fn open_for(
        &mut self,
        parcel: ParcelId,
        compartment: &CompartmentId,
        terminal: &TerminalId,
        carrier: &CarrierId,
        doors: u8,
    ) {
        let Some(place) = self.place(compartment) else { return };
        let Some(unit) = self.t.parcels.get(&parcel).map(|parcel| parcel.unit.clone()) else { return };
        self.use_for(compartment, Use::Reserved(parcel));
        self.t.compartments.edit(compartment, |row| row.wear = row.wear.saturating_add(1));
        self.set_parcel(parcel, ParcelState::Depositing(place));
        self.record(Fact::CompartmentReserved {
            compartment: compartment.clone(),
            parcel,
            unit,
            carrier: Some(carrier.clone()),
            terminal: terminal.clone(),
        });
        self.note_occupancy(compartment);
        let deposit = Deposit {
            parcel,
            carrier: carrier.clone(),
            terminal: terminal.clone(),
            phase: Phase::Opening,
            outcome: Outcome::Awaited,
            noted: Noted::NotYet,
            doors,
        };
        self.t.deposits.put(compartment.clone(), deposit);
        self.focus_courier(terminal, compartment);
        self.pulse_for_deposit(compartment);
    }

    fn pulse_for_deposit(&mut self, compartment: &CompartmentId) {
        self.intend(Order {
            compartment: compartment.clone(),
            purpose: Purpose::Deposit,
            errand: Errand::Deposit,
            not_after: None,
        });
        self.show_deposit(compartment, Screen::Opening { label: self.label(compartment) });
    }

    pub(crate) fn deposit_unlock_ended(
        &mut self,
        compartment: &CompartmentId,
        id: UnlockId,
        verdict: Verdict,
    ) {
        let unheard = self.sensed(compartment, crate::compartment::Contact::Door).is_none();
        let step = match verdict {
            Verdict::Confirmed | Verdict::StoodOpen => Step::Opened,
            Verdict::Failed(UnlockFailure::DidNotOpen) => Step::Jammed,
            Verdict::Failed(UnlockFailure::NotSent(NotSent::CoolingDown { .. })) => Step::Cooling,
            Verdict::Failed(UnlockFailure::Rejected | UnlockFailure::NotSent(_)) => Step::NotPulsed,
            Verdict::Unknown if unheard => {
                self.take_for_open(compartment, id);
                Step::Opened
            }
            Verdict::Unknown if self.door_is_shut(compartment) => Step::Unclear,
            Verdict::Unknown => Step::Opened,
        };
        // An answer for a door that the courier has left meanwhile finds no deposit, and nothing happens.
        let _reply = self.deposit_step(compartment, step);
        if step == Step::Opened && self.door_is_shut(compartment) {
            // It was opened, shut and at rest before the line master's report came.
            let _reply = self.deposit_step(compartment, Step::DoorRested);
        }
    }

    /// Takes a deposit one step on.
    pub(crate) fn deposit_step(&mut self, compartment: &CompartmentId, step: Step) -> Result<(), Refusal> {
        let Some(deposit) = self.t.deposits.get(compartment).cloned() else { return Ok(()) };
        let origin = Origin::of(Actor::Courier(deposit.carrier.clone()));
        self.on_behalf(origin, |d| d.deposit_act(compartment, &deposit, next(deposit.phase, step)))
    }

    fn deposit_act(&mut self, c: &CompartmentId, deposit: &Deposit, act: Act) -> Result<(), Refusal> {
        let label = || self.label(c);
        match act {
            Act::OtherDoor(why) if deposit.noted == Noted::Deposited => {
                return self.reopening_failed(c, deposit, why);
            }
            Act::OtherDoor(why) => return self.other_door(c, deposit, why),
            Act::Ignore => {}
            Act::Refuse(refusal) => return Err(refusal),
            Act::PutIn => {
                let screen = Screen::PutIn { label: label() };
                self.set_phase(c, Phase::Open);
                self.show_deposit(c, screen);
            }
            Act::Deliver(rest) => {
                self.deliver(c, deposit);
                if rest == Rest::Reached {
                    self.rest(c);
                }
            }
            Act::Rest => self.rest(c),
            Act::NoteDone => self.t.deposits.edit(c, |deposit| deposit.outcome = Outcome::Known),
            Act::Settle => self.settle(c, deposit),
            Act::Withdraw(rest) => self.withdraw_from(c, deposit, rest),
            Act::OpenAgain => {
                self.t.deposits.edit(c, |deposit| {
                    deposit.phase = Phase::Opening;
                    deposit.outcome = Outcome::Awaited;
                });
                self.pulse_for_deposit(c);
            }
            Act::AskToShut(leave) => {
                let screen = Screen::PleaseShut { label: label() };
                self.set_phase(c, Phase::Leaving(leave));
                self.show_deposit(c, screen);
            }
            Act::MoveOn(leave, rest) => {
                let result = self.move_on(c, deposit, leave);
                if rest == Rest::Reached {
                    self.close(c, leave);
                }
                return result;
            }
            Act::ShutAfterReturn => {
                self.set_phase(c, Phase::Left(Leave::Returned));
                self.courier_goes_on(&deposit.terminal, c);
            }
            Act::Close(leave) => self.close(c, leave),
            Act::Remind => self.show_deposit(c, Screen::PleaseShut { label: label() }),
            Act::Abandon => self.abandon(c, deposit),
            Act::Forget => {
                self.t.deposits.remove(c);
                self.courier_goes_on(&deposit.terminal, c);
            }
            Act::Interrupt => self.interrupt(c, deposit),
        }
        Ok(())
    }

    pub(crate) fn set_phase(&mut self, c: &CompartmentId, phase: Phase) {
        self.t.deposits.edit(c, |deposit| deposit.phase = phase);
    }

    /// Shut is delivered.
    fn deliver(&mut self, c: &CompartmentId, deposit: &Deposit) {
        let shut =
            self.t.doors.get(c).and_then(|door| door.door.as_ref()).map_or(self.now.mono, |seen| seen.since);
        self.t.deposits.edit(c, |deposit| {
            deposit.phase = Phase::Shut(shut);
            deposit.noted = Noted::Deposited;
        });
        if deposit.noted == Noted::NotYet {
            self.record(Fact::ParcelDeposited { parcel: deposit.parcel, compartment: c.clone() });
        }
        self.show_deposit(c, Screen::Delivered { label: self.label(c) });
    }

    pub(crate) fn rest(&mut self, c: &CompartmentId) {
        let Some(deposit) = self.t.deposits.get(c).cloned() else { return };
        let Phase::Shut(since) = deposit.phase else { return };
        self.set_phase(c, Phase::Rested(since));
        if deposit.outcome == Outcome::Known {
            self.settle(c, &deposit);
        }
    }

    /// Final: the code is live and the notice goes out.
    fn settle(&mut self, c: &CompartmentId, deposit: &Deposit) {
        let (Some(parcel), Some(place)) = (self.t.parcels.get(&deposit.parcel).cloned(), self.place(c))
        else {
            return;
        };
        let code = self.issue_code(&parcel.unit);
        self.set_parcel(deposit.parcel, ParcelState::Stored { place, code });
        self.use_for(c, Use::Occupied(deposit.parcel));
        self.record(Fact::ParcelStored {
            parcel: deposit.parcel,
            unit: parcel.unit,
            carrier: parcel.carrier,
            compartment: c.clone(),
        });
        self.notify(deposit.parcel, NoticeKind::Arrived);
        self.t.deposits.remove(c);
        self.courier_goes_on(&deposit.terminal, c);
    }

    pub(crate) fn withdraw(&mut self, c: &CompartmentId, parcel: ParcelId) {
        self.set_parcel(parcel, ParcelState::Withdrawn);
        self.record(Fact::ParcelNotDelivered { parcel, compartment: c.clone() });
    }

    fn withdraw_from(&mut self, c: &CompartmentId, deposit: &Deposit, rest: Rest) {
        self.withdraw(c, deposit.parcel);
        if rest == Rest::Reached {
            self.close(c, Leave::Returned);
            self.courier_goes_on(&deposit.terminal, c);
            return;
        }
        self.inspect(c, Leave::Returned.doubt());
        if deposit.phase == Phase::Open {
            self.set_phase(c, Phase::Leaving(Leave::Returned));
            self.show_deposit(c, Screen::PleaseShut { label: self.label(c) });
        } else {
            self.set_phase(c, Phase::Left(Leave::Returned));
            self.courier_goes_on(&deposit.terminal, c);
        }
    }

    /// The left door is at rest: what was in doubt is free again, what is not empty stays for a person.
    fn close(&mut self, c: &CompartmentId, leave: Leave) {
        let terminal = self.t.deposits.remove(c).map(|deposit| deposit.terminal);
        if leave != Leave::NotEmpty && !matches!(self.compartment(c).usage, Use::OutOfService(_)) {
            self.release(c);
        }
        if let Some(terminal) = terminal {
            self.courier_goes_on(&terminal, c);
        }
    }

    /// The door stood open for so long that nobody is taken to be there.
    fn abandon(&mut self, c: &CompartmentId, deposit: &Deposit) {
        self.set_phase(c, Phase::Abandoned);
        if self.sensed(c, crate::compartment::Contact::Door).is_none() {
            self.record(Fact::ParcelUnconfirmed { parcel: deposit.parcel, compartment: c.clone() });
            self.interrupt(c, deposit);
        }
        self.end_session_at(&deposit.terminal, c);
    }

    /// Something may lie in there, and nobody saw it through: the recipient is told, and it is staff's.
    pub(crate) fn interrupt(&mut self, c: &CompartmentId, deposit: &Deposit) {
        self.t.deposits.remove(c);
        let place = self.place(c);
        self.inspect(c, InspectionCause::InterruptedDeposit);
        self.except(deposit.parcel, place, ExceptionKind::InterruptedDelivery);
        self.notify(deposit.parcel, NoticeKind::Interrupted);
    }

    /// Shows something about a deposit, if its courier looks at it.
    fn show_deposit(&mut self, c: &CompartmentId, screen: Screen) {
        if let Some(terminal) = self.t.deposits.get(c).map(|deposit| deposit.terminal.clone()) {
            self.show_deposit_at(&terminal, c, screen);
        }
    }

    pub(crate) fn show_deposit_at(&mut self, terminal: &TerminalId, c: &CompartmentId, screen: Screen) {
        if self.courier_looks_at(terminal, c) {
            self.show(terminal, screen);
        }
    }

    /// Settles every deposit whose time has come.
    pub(crate) fn deposits_due(&mut self) {
        let now = self.now.mono;
        let settle = self.site.policy.settle;
        let due: alloc::vec::Vec<_> = self
            .t
            .deposits
            .iter()
            .filter(
                |(_, deposit)| matches!(deposit.phase, Phase::Rested(since) if since.after(settle) <= now),
            )
            .map(|(id, _)| id.clone())
            .collect();
        for compartment in due {
            let _settled = self.deposit_step(&compartment, Step::TimeUp);
        }
    }
}
