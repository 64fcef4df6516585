//! What somebody typed at a terminal that serves nobody: whose code it is, and what it is good for now.

use crate::code::{CarrierCode, TypedCode};
use crate::draft::Draft;
use crate::guess::Asking;
use crate::id::{CarrierId, ParcelId, TerminalId, UnitId};
use crate::limits::REMINDER_EVERY;
use crate::pace::Asked;
use crate::parcel::ParcelState;
use crate::pickup::Aim;
use crate::refusal::Refusal;
use crate::row::NoticeKind;
use crate::screen::Screen;
use crate::session::State;
use crate::time::Timestamp;

impl Draft<'_> {
    /// A code at the first screen.
    pub(crate) fn identify(&mut self, terminal: &TerminalId, text: &str) -> Result<(), Refusal> {
        self.linger(terminal);
        match TypedCode::read(text) {
            TypedCode::Typo => Err(Refusal::Typo),
            TypedCode::Other => Err(Refusal::UnknownCode),
            TypedCode::Carrier(code) => self.carrier_is_known(terminal, &code),
            TypedCode::Pickup(_) if self.asking() == Asking::UnitAndCode => {
                self.set_session(terminal, State::AskUnit);
                self.show(terminal, Screen::AskUnit);
                // The screen asks; the reply says why.
                Ok(())
            }
            TypedCode::Pickup(code) => match self.keys.find(&code) {
                Some(parcel) => self.code_is_known(terminal, parcel),
                None => {
                    self.deny(terminal);
                    self.charge_guess(1);
                    Err(Refusal::UnknownCode)
                }
            },
        }
    }

    /// A carrier's code. Misses cost that terminal a pause before the next one, and no recipient anything.
    fn carrier_is_known(&mut self, terminal: &TerminalId, code: &CarrierCode) -> Result<(), Refusal> {
        self.is_not_paused(terminal, Asked::Carrier)?;
        match self.carrier_of(code) {
            Some(carrier) => self.courier_enters(terminal, carrier),
            None => {
                self.deny(terminal);
                self.count_miss(terminal, Asked::Carrier);
                Err(Refusal::UnknownCode)
            }
        }
    }

    pub(crate) fn take_unit(&mut self, terminal: &TerminalId, text: &str) -> Result<(), Refusal> {
        let unit = self.known_unit(text).ok_or(Refusal::UnknownUnit)?;
        self.may_try(terminal, &unit)?;
        self.set_session(terminal, State::AskCode { unit });
        self.show(terminal, Screen::AskCode);
        Ok(())
    }

    /// The code in unit + code mode. A miss costs the unit one of its own tries, and nobody else anything.
    pub(crate) fn take_code(&mut self, terminal: &TerminalId, text: &str) -> Result<(), Refusal> {
        let state = self.t.sessions.get(terminal).map(|session| session.state.clone());
        let Some(State::AskCode { unit }) = state else { return Err(Refusal::NotNow) };
        let code = match TypedCode::read(text) {
            TypedCode::Pickup(code) => code,
            TypedCode::Typo => return Err(Refusal::Typo),
            TypedCode::Carrier(_) | TypedCode::Other => return Err(Refusal::UnknownCode),
        };
        self.may_try(terminal, &unit).inspect_err(|refusal| {
            if *refusal == Refusal::TooManyMisses {
                self.linger(terminal);
            }
        })?;
        let parcel = self.keys.find(&code).filter(|id| self.unit_of(*id) == Some(&unit));
        match parcel {
            Some(parcel) => {
                self.linger(terminal);
                self.code_is_known(terminal, parcel)
            }
            None => {
                self.deny(terminal);
                self.charge_miss(terminal, &unit);
                Err(Refusal::UnknownCode)
            }
        }
    }

    /// The carrier whose code this is; asks every carrier, whether one matches or not.
    fn carrier_of(&self, code: &CarrierCode) -> Option<CarrierId> {
        let carriers = self.t.carriers.get(&())?;
        carriers.carriers.iter().fold(None, |found, carrier| {
            let matches = code.matches(&self.site.building, &carrier.id, &carrier.code_digest);
            if matches { Some(carrier.id.clone()) } else { found }
        })
    }

    fn unit_of(&self, parcel: ParcelId) -> Option<&UnitId> {
        self.t.parcels.get(&parcel).map(|parcel| &parcel.unit)
    }

    /// Whether a code whose parcel was taken then still reopens. With an untrusted clock nothing expires.
    pub(crate) fn in_grace(&self, taken: Timestamp) -> bool {
        !self.clock_is_trusted() || self.wall.since(taken) < self.site.policy.pickup_grace
    }

    /// A code of this building: what does it open?
    fn code_is_known(&mut self, terminal: &TerminalId, id: ParcelId) -> Result<(), Refusal> {
        let Some(parcel) = self.t.parcels.get(&id).cloned() else { return Err(Refusal::UnknownCode) };
        let unit = parcel.unit;
        let reopens = match &parcel.state {
            ParcelState::Exception { .. } => return Err(Refusal::StaffOnly),
            ParcelState::Collected { at, .. } => self.in_grace(*at),
            _ => true,
        };
        if !reopens {
            return Err(self.code_has_expired(&unit));
        }
        if !self.doors_for(terminal, &unit, Aim::Collect).is_empty() {
            self.resident_enters(terminal, unit, Aim::Collect);
            return Ok(());
        }
        if self.elsewhere(terminal, &unit) > 0 {
            return Err(Refusal::Elsewhere);
        }
        if matches!(parcel.state, ParcelState::Stored { .. } | ParcelState::Collecting { .. }) {
            return Err(Refusal::StaffOnly);
        }
        if self.is_being_delivered(&unit) {
            return Err(Refusal::BeingDelivered);
        }
        if !self.doors_for(terminal, &unit, Aim::Reopen).is_empty() {
            self.resident_enters(terminal, unit, Aim::Reopen);
            return Ok(());
        }
        Err(Refusal::ExpiredCode)
    }

    fn is_being_delivered(&self, unit: &UnitId) -> bool {
        let own = self.t.parcels.iter().filter(|(_, parcel)| parcel.unit == *unit);
        own.into_iter().any(|(_, parcel)| matches!(parcel.state, ParcelState::Depositing(_)))
    }

    /// An old code opens nothing; if something waits, its recipient is told again by the registered way.
    fn code_has_expired(&mut self, unit: &UnitId) -> Refusal {
        let waiting = self.t.parcels.iter().filter(|(_, parcel)| parcel.unit == *unit);
        let waiting = waiting.filter(|(_, parcel)| matches!(parcel.state, ParcelState::Stored { .. }));
        let Some(parcel) = waiting.map(|(id, _)| *id).min() else {
            return if self.is_being_delivered(unit) {
                Refusal::BeingDelivered
            } else {
                Refusal::ExpiredCode
            };
        };
        let now = self.now.mono;
        let recently = self.t.reminded.get(unit).is_some_and(|at| now < at.after(REMINDER_EVERY));
        if !recently {
            self.t.reminded.put(unit.clone(), now);
            self.notify(parcel, NoticeKind::Reminder);
        }
        Refusal::ExpiredCode
    }
}
