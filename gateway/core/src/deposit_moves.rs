//! A deposit that goes on elsewhere: another door after a jam, a larger one, or away with the parcel.

use crate::allocation::{Need, SIZES, Shunned};
use crate::compartment::InspectionCause;
use crate::deposit::{Deposit, Leave, Outcome, Phase, Why};
use crate::draft::Draft;
use crate::effect::Purpose;
use crate::id::CompartmentId;
use crate::limits::DOORS_A_PARCEL;
use crate::parcel::ExceptionKind;
use crate::refusal::Refusal;
use crate::row::NoticeKind;
use crate::screen::{AfterFailure, Screen};
use crate::site::Size;

impl Draft<'_> {
    /// Leaves a shut door for another one.
    pub(crate) fn move_on(
        &mut self,
        c: &CompartmentId,
        deposit: &Deposit,
        leave: Leave,
    ) -> Result<(), Refusal> {
        self.inspect(c, leave.doubt());
        self.set_phase(c, Phase::Left(leave));
        let size = match leave {
            Leave::Larger => self.compartment_site(c).and_then(|site| larger(site.size)),
            Leave::Returned | Leave::NotEmpty => {
                self.t.parcels.get(&deposit.parcel).map(|parcel| parcel.size)
            }
        };
        match size {
            Some(size) => {
                self.t.parcels.edit(&deposit.parcel, |parcel| parcel.size = size);
                self.offer_another(c, deposit, Shunned::Nothing, None)
            }
            None => self.send_away(c, deposit, Refusal::NothingFits),
        }
    }

    /// The first door did not open: it is out of service, free or in doubt, and the parcel gets another.
    pub(crate) fn other_door(
        &mut self,
        c: &CompartmentId,
        deposit: &Deposit,
        why: Why,
    ) -> Result<(), Refusal> {
        self.t.deposits.remove(c);
        let board = self.compartment_site(c).map(|site| site.lock.device.clone());
        let mut shunned = Shunned::Nothing;
        match why {
            Why::Jammed => self.jam(c),
            // The lock was not touched; neither its board nor, where only it is warm, itself is asked again for this parcel.
            Why::NotPulsed => {
                shunned = board.as_ref().map_or(Shunned::Nothing, Shunned::Board);
                self.release(c);
            }
            Why::Cooling => {
                shunned = Shunned::Door(c);
                self.release(c);
            }
            Why::Unclear => self.inspect(c, InspectionCause::InterruptedDeposit),
        }
        self.offer_another(c, deposit, shunned, Some(self.label(c)))
    }

    /// The door did not open again; the parcel lies behind it.
    pub(crate) fn reopening_failed(
        &mut self,
        c: &CompartmentId,
        deposit: &Deposit,
        why: Why,
    ) -> Result<(), Refusal> {
        if why == Why::Jammed {
            let place = self.place(c);
            self.t.deposits.remove(c);
            self.jam(c);
            self.except(deposit.parcel, place, ExceptionKind::Jammed);
            self.notify(deposit.parcel, NoticeKind::Interrupted);
        } else {
            // Shut as it was: it settles as it would have.
            let phase = Phase::Shut(self.now.mono);
            self.t.deposits.edit(c, |deposit| (deposit.phase, deposit.outcome) = (phase, Outcome::Known));
            if self.door_is_shut(c) {
                self.rest(c);
            }
        }
        self.courier_asks_again(&deposit.terminal, c);
        self.refuse(&deposit.terminal, Refusal::DidNotOpen)
    }

    /// Gives the parcel another door, or sends the courier away with it.
    fn offer_another(
        &mut self,
        c: &CompartmentId,
        deposit: &Deposit,
        shunned: Shunned<'_>,
        failed: Option<alloc::string::String>,
    ) -> Result<(), Refusal> {
        let Some(parcel) = self.t.parcels.get(&deposit.parcel).cloned() else { return Ok(()) };
        let (terminal, carrier) = (&deposit.terminal, &deposit.carrier);
        let need = Need {
            size: parcel.size,
            climate: parcel.climate,
            unit: &parcel.unit,
            carrier,
            terminal,
            shunned,
        };
        let found = match (deposit.doors < DOORS_A_PARCEL, self.purpose_is_allowed(Purpose::Deposit)) {
            (true, true) => self.allocate(&need),
            (true, false) => Err(Refusal::StorageDegraded),
            (false, _) => Err(Refusal::DidNotOpen),
        };
        let next = if found.is_ok() { AfterFailure::AnotherDoor } else { AfterFailure::CallOffice };
        if let Some(label) = failed {
            self.show_deposit_at(terminal, c, Screen::DoorFailed { label, next });
        }
        match found {
            Ok(other) => {
                self.open_for(deposit.parcel, &other, terminal, carrier, deposit.doors.saturating_add(1));
                Ok(())
            }
            Err(refusal) => self.send_away(c, deposit, refusal),
        }
    }

    /// Nothing can be offered: the courier keeps the parcel.
    fn send_away(&mut self, c: &CompartmentId, deposit: &Deposit, refusal: Refusal) -> Result<(), Refusal> {
        let size = self.t.parcels.get(&deposit.parcel).map(|parcel| parcel.size);
        self.withdraw(c, deposit.parcel);
        if let Some(size) = size {
            self.note_exhausted(refusal, &deposit.terminal, size);
        }
        self.courier_asks_again(&deposit.terminal, c);
        self.refuse(&deposit.terminal, refusal)
    }
}

fn larger(size: Size) -> Option<Size> {
    SIZES.into_iter().find(|other| *other > size)
}
