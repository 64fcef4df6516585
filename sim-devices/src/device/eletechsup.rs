//! Eletechsup R421A04 and R421A08: relays by holding registers 1 to 4 or 8.
//!
//! FC06 takes commands in the high byte: 1 on, 2 off, 3 toggle, 4 latch (this one on, all others off), 5 momentary (1 s),
//! 6 delay (the low byte in seconds); register 0 with 7 all on, 8 all off. FC03 reads 1 for a closed relay. The address is
//! set by switches. A command that comes too soon after another is obeyed, and its reply is lost. Written from the seller's
//! command sheet as Erriez/R421A08-rs485-8ch-relay-board has it, and hardware.md.

use std::time::Duration;

use super::relay_board::OutputsAfterRestart;
use super::relays::Relays;
use super::settings::Settings;
use super::{Heard, To};
use crate::modbus::{Exception, Reply, Request, Span};
use crate::number::Address;
use crate::plant::{Cause, Plant};
use crate::time::SimTime;
use crate::wire::Baud;

/// The board needs so long after a command until its transmitter is of use again.
const REST: Duration = Duration::from_millis(40);
const MOMENTARY: Duration = Duration::from_secs(1);

/// The board.
#[derive(Debug)]
pub struct Eletechsup {
    settings: Settings,
    relays: Relays,
    commanded: Option<SimTime>,
    after_restart: OutputsAfterRestart,
}

impl Eletechsup {
    pub(crate) fn new(address: Address, baud: Baud, relays: usize) -> Self {
        Self {
            settings: Settings::new(address, baud),
            relays: Relays::new(address, relays),
            commanded: None,
            after_restart: OutputsAfterRestart::Off,
        }
    }

    /// The address on its switches.
    #[must_use]
    pub fn address(&self) -> Address {
        self.settings.address
    }

    pub(crate) fn baud(&self) -> Baud {
        self.settings.baud
    }

    /// Which relays are closed, channel 1 first.
    #[must_use]
    pub fn outputs(&self) -> Vec<bool> {
        self.relays.closed()
    }

    /// Sets what the outputs do after the next restart.
    pub fn set_after_restart(&mut self, outputs: OutputsAfterRestart) {
        self.after_restart = outputs;
    }

    pub(crate) fn next_deadline(&self) -> Option<SimTime> {
        self.relays.next_deadline()
    }

    pub(crate) fn advance(&mut self, now: SimTime, plant: &mut Plant) {
        self.relays.advance(now, plant);
    }

    pub(crate) fn power_off(&mut self, now: SimTime, plant: &mut Plant) {
        self.relays.power_off(now, plant);
    }

    pub(crate) fn power_on(&mut self, now: SimTime, plant: &mut Plant) {
        self.relays.power_on(now, std::mem::take(&mut self.after_restart), plant);
    }

    pub(crate) fn serve(&mut self, heard: Heard<'_>, plant: &mut Plant) -> Option<Result<Reply, Exception>> {
        let outcome = match heard.request {
            Request::ReadHolding(span) => self.states(*span),
            Request::WriteRegister { register, value } => {
                let outcome = self.command(*register, *value, heard, plant);
                let last = self.commanded.replace(heard.now);
                if last.is_some_and(|last| heard.now < last + REST) {
                    return None;
                }
                outcome
            }
            _ => Err(Exception::Function),
        };
        (heard.to == To::Me).then_some(outcome)
    }

    fn states(&self, span: Span) -> Result<Reply, Exception> {
        let closed = self.relays.closed();
        let state =
            |register: u16| closed.get(usize::from(register.checked_sub(1)?)).map(|on| u16::from(*on));
        let end = span.start.checked_add(span.count).ok_or(Exception::Address)?;
        let states: Option<Vec<u16>> = (span.start..end).map(state).collect();
        states.map(Reply::Registers).ok_or(Exception::Address)
    }

    fn command(
        &mut self,
        register: u16,
        value: u16,
        heard: Heard<'_>,
        plant: &mut Plant,
    ) -> Result<Reply, Exception> {
        let [command, seconds] = value.to_be_bytes();
        let (now, cause, all) = (heard.now, Cause::Request { heard: heard.heard }, 0..self.relays.count());
        if register == 0 {
            let closed = match command {
                7 => true,
                8 => false,
                _ => return Err(Exception::Value),
            };
            all.for_each(|index| self.relays.put(now, index, closed, None, cause, plant));
            return Ok(Reply::Echo);
        }
        let index = usize::from(register - 1);
        let Some(closed) = self.relays.closed().get(index).copied() else { return Err(Exception::Address) };
        match command {
            1 => self.relays.put(now, index, true, None, cause, plant),
            2 => self.relays.put(now, index, false, None, cause, plant),
            3 => self.relays.put(now, index, !closed, None, cause, plant),
            4 => all.for_each(|each| self.relays.put(now, each, each == index, None, cause, plant)),
            5 => self.relays.put(now, index, true, Some(now + MOMENTARY), cause, plant),
            6 => {
                let opens_at = now + Duration::from_secs(seconds.into());
                self.relays.put(now, index, true, Some(opens_at), cause, plant);
            }
            _ => return Err(Exception::Value),
        }
        Ok(Reply::Echo)
    }
}
