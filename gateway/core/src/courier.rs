//! A courier at a terminal: recipient, size, door, and on to the next parcel.

use crate::allocation::{Need, Shunned};
use crate::command::Actor;
use crate::deposit::{Phase, Step};
use crate::draft::{Draft, Origin};
use crate::event::Fact;
use crate::id::{CarrierId, CompartmentId, TerminalId, UnitId};
use crate::refusal::Refusal;
use crate::screen::Screen;
use crate::session::{Session, State};
use crate::site::{Climate, Size};

impl Draft<'_> {
    fn carrier_at(&self, terminal: &TerminalId) -> Option<CarrierId> {
        self.t.sessions.get(terminal).and_then(Session::carrier).cloned()
    }

    /// A courier with a known code.
    pub(crate) fn courier_enters(
        &mut self,
        terminal: &TerminalId,
        carrier: CarrierId,
    ) -> Result<(), Refusal> {
        if self.storage_is_degraded() {
            return Err(Refusal::StorageDegraded);
        }
        self.on_behalf(Origin::of(Actor::Courier(carrier.clone())), |d| {
            d.record(Fact::AccessGranted { terminal: terminal.clone() });
        });
        self.set_session(terminal, State::AskRecipient { carrier });
        self.show(terminal, Screen::AskRecipient);
        Ok(())
    }

    /// A unit as the directory knows it; couriers key `4B` for `4b`.
    pub(crate) fn known_unit(&self, text: &str) -> Option<UnitId> {
        let unit = UnitId::new(&text.to_ascii_lowercase()).ok()?;
        let directory = self.t.directory.get(&())?;
        directory.units.iter().any(|known| known.id == unit).then_some(unit)
    }

    /// Whom a courier means: a unit as keyed, or the one whose parcel has the label that was scanned.
    fn recipient(&self, text: &str, carrier: &CarrierId) -> Option<UnitId> {
        self.known_unit(text).or_else(|| self.unit_of_label(text, carrier))
    }

    /// The unit is read back before a door opens.
    pub(crate) fn take_recipient(&mut self, terminal: &TerminalId, text: &str) -> Result<(), Refusal> {
        let Some(carrier) = self.carrier_at(terminal) else { return Err(Refusal::NotNow) };
        let unit = self.recipient(text, &carrier).ok_or(Refusal::UnknownUnit)?;
        self.set_session(terminal, State::ConfirmRecipient { carrier, unit: unit.clone() });
        self.show(terminal, Screen::ConfirmRecipient { unit });
        Ok(())
    }

    pub(crate) fn back_to_recipient(&mut self, terminal: &TerminalId) -> Result<(), Refusal> {
        let Some(carrier) = self.carrier_at(terminal) else { return Err(Refusal::NotNow) };
        self.set_session(terminal, State::AskRecipient { carrier });
        self.show(terminal, Screen::AskRecipient);
        Ok(())
    }

    pub(crate) fn recipient_is_right(&mut self, terminal: &TerminalId) -> Result<(), Refusal> {
        let state = self.t.sessions.get(terminal).map(|session| session.state.clone());
        let Some(State::ConfirmRecipient { carrier, unit }) = state else { return Err(Refusal::NotNow) };
        let climate = Climate::Ambient;
        let need = Need {
            size: Size::Small,
            climate,
            unit: &unit,
            carrier: &carrier,
            terminal,
            shunned: Shunned::Nothing,
        };
        let sizes = self.sizes_for(&need);
        if sizes.is_empty() {
            let why = self.nothing_fits(&need);
            self.note_exhausted(why, terminal, Size::Small);
            self.set_session(terminal, State::AskRecipient { carrier });
            return Err(why);
        }
        self.set_session(terminal, State::AskSize { carrier, unit, sizes: sizes.clone() });
        self.show(terminal, Screen::AskSize { sizes });
        Ok(())
    }

    /// The size by its number on the screen.
    pub(crate) fn take_size(&mut self, terminal: &TerminalId, text: &str) -> Result<(), Refusal> {
        let state = self.t.sessions.get(terminal).map(|session| session.state.clone());
        let Some(State::AskSize { carrier, unit, sizes }) = state else { return Err(Refusal::NotNow) };
        let choice = text.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        let size = choice.and_then(|choice| sizes.get(choice)).copied().ok_or(Refusal::NoSuchSize)?;
        let origin = Origin::of(Actor::Courier(carrier.clone()));
        let begun = self.on_behalf(origin, |d| d.begin_deposit(terminal, &carrier, &unit, size));
        if begun.is_err() {
            self.set_session(terminal, State::AskRecipient { carrier });
        }
        begun.map(|_| ())
    }

    /// The parcel at the door is done, by a key.
    pub(crate) fn parcel_done(&mut self, terminal: &TerminalId) -> Result<(), Refusal> {
        self.at_door(terminal, Step::Done)?;
        self.back_to_recipient(terminal)
    }

    /// The next parcel's unit; the former parcel is done.
    pub(crate) fn next_recipient(&mut self, terminal: &TerminalId, text: &str) -> Result<(), Refusal> {
        let Some(carrier) = self.carrier_at(terminal) else { return Err(Refusal::NotNow) };
        if self.recipient(text, &carrier).is_none() {
            return Err(Refusal::UnknownUnit);
        }
        self.at_door(terminal, Step::Done)?;
        self.take_recipient(terminal, text)
    }

    /// A step at the door the courier is at.
    pub(crate) fn at_door(&mut self, terminal: &TerminalId, step: Step) -> Result<(), Refusal> {
        let state = self.t.sessions.get(terminal).map(|session| session.state.clone());
        let Some(State::AtDoor { compartment, .. }) = state else { return Err(Refusal::NotNow) };
        self.deposit_step(&compartment, step)
    }

    /// The courier is done with all parcels, or gives up before a door.
    pub(crate) fn courier_leaves(&mut self, terminal: &TerminalId) -> Result<(), Refusal> {
        let own: alloc::vec::Vec<(CompartmentId, bool)> = self
            .t
            .deposits
            .iter()
            .filter(|(_, deposit)| deposit.terminal == *terminal)
            .map(|(id, deposit)| (id.clone(), deposit.holds_session()))
            .collect();
        if own.iter().any(|(_, open)| *open) {
            return Err(Refusal::ShutFirst);
        }
        for (compartment, _) in own {
            // Those left for another reason refuse it, and need nothing.
            let _done = self.deposit_step(&compartment, Step::Done);
        }
        self.end_session(terminal);
        Ok(())
    }

    /// The courier's screen follows this door from now on.
    pub(crate) fn focus_courier(&mut self, terminal: &TerminalId, c: &CompartmentId) {
        if let Some(carrier) = self.carrier_at(terminal) {
            self.set_session(terminal, State::AtDoor { carrier, compartment: c.clone() });
        }
    }

    pub(crate) fn courier_looks_at(&self, terminal: &TerminalId, c: &CompartmentId) -> bool {
        self.t.sessions.get(terminal).is_some_and(
            |session| matches!(&session.state, State::AtDoor { compartment, .. } if compartment == c),
        )
    }

    /// A door needs the courier no more: the next parcel is asked for.
    pub(crate) fn courier_goes_on(&mut self, terminal: &TerminalId, c: &CompartmentId) {
        if self.courier_asks_again(terminal, c) {
            self.show(terminal, Screen::AskRecipient);
        }
    }

    /// The same without a screen of its own; whether the courier was at that door.
    pub(crate) fn courier_asks_again(&mut self, terminal: &TerminalId, c: &CompartmentId) -> bool {
        let was_there = self.courier_looks_at(terminal, c);
        if let (true, Some(carrier)) = (was_there, self.carrier_at(terminal)) {
            self.t.sessions.edit(terminal, |session| session.state = State::AskRecipient { carrier });
        }
        was_there
    }

    /// Nobody is at that door any more.
    pub(crate) fn end_session_at(&mut self, terminal: &TerminalId, c: &CompartmentId) {
        if self.courier_looks_at(terminal, c) {
            self.end_session(terminal);
        }
    }

    pub(crate) fn screen_at_door(&self, c: &CompartmentId) -> Screen {
        let label = self.label(c);
        match self.t.deposits.get(c).map(|deposit| deposit.phase) {
            Some(Phase::Opening) => Screen::Opening { label },
            Some(Phase::Open) => Screen::PutIn { label },
            Some(Phase::Shut(_) | Phase::Rested(_)) => Screen::Delivered { label },
            Some(Phase::Leaving(_)) => Screen::PleaseShut { label },
            Some(Phase::Left(_) | Phase::Abandoned) | None => Screen::AskRecipient,
        }
    }
}
