//! Ebyte MA01: relays by coils, with a working mode and a pulse width for each, and inputs on some.
//!
//! FC01, FC05, FC0F coils 0..n are the outputs, 0x64..0x64+n what they do when power comes. Holding 0x0578+n: 0 level mode,
//! 1 pulse mode, 2 follows its input. 0x05DC+n: width in ms, 50 to 65535. FC02 reads the inputs. In level mode a coil stays
//! as it was written; in pulse mode the board opens it after its width. Written from Ebyte's "MA01-AXCX4040 User Manual",
//! chapter 7.

use std::time::Duration;

use super::input_board::input;
use super::relay_board::OutputsAfterRestart;
use super::relays::Relays;
use super::settings::Settings;
use super::{Heard, To};
use crate::modbus::{Exception, Reply, Request, Span};
use crate::number::{Address, Channel};
use crate::plant::{Cause, Plant};
use crate::time::SimTime;
use crate::wire::Baud;

const POWER_ON: u16 = 0x0064;
const MODE: u16 = 0x0578;
const WIDTH: u16 = 0x05DC;
const MODULE: u16 = 0x07D0;
/// "MA01" as the first two registers of the module's name.
const MODULE_NAME: [u16; 2] = [0x4D41, 0x3031];
const LEVEL: u16 = 0;
const PULSE: u16 = 1;
const MODES: std::ops::RangeInclusive<u16> = 0..=2;
/// As it leaves the works.
const FACTORY_WIDTH: u16 = 50;

/// The board.
#[derive(Debug)]
pub struct Ebyte {
    settings: Settings,
    relays: Relays,
    inputs: usize,
    power_on: Vec<bool>,
    modes: Vec<u16>,
    widths: Vec<u16>,
}

impl Ebyte {
    pub(crate) fn new(address: Address, baud: Baud, relays: usize, inputs: usize) -> Self {
        Self {
            settings: Settings::new(address, baud),
            relays: Relays::new(address, relays),
            inputs,
            power_on: vec![false; relays],
            modes: vec![LEVEL; relays],
            widths: vec![FACTORY_WIDTH; relays],
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

    /// Working mode and pulse width of each output, channel 1 first.
    #[must_use]
    pub fn pulses(&self) -> Vec<(u16, u16)> {
        self.modes.iter().copied().zip(self.widths.iter().copied()).collect()
    }

    /// Sets what an output does when power comes, as a forgotten set-up on a bench would.
    pub fn set_power_on(&mut self, channel: Channel, on: bool) {
        if let Some(state) = self.power_on.get_mut(channel.index()) {
            *state = on;
        }
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
        let on = self.power_on.iter().enumerate().filter(|(_, on)| **on);
        let channels = on.filter_map(|(index, _)| Channel::from_index(index)).collect();
        self.relays.power_on(now, OutputsAfterRestart::On(channels), plant);
    }

    pub(crate) fn serve(&mut self, heard: Heard<'_>, plant: &mut Plant) -> Option<Result<Reply, Exception>> {
        let outcome = match heard.request {
            Request::ReadCoils(span) => self.coils(*span),
            Request::ReadInputs(span) => self.read_inputs(*span, heard, plant),
            Request::ReadHolding(span) => self.registers(*span),
            Request::WriteCoil { coil, value: 0xFF00 } => self.set_coils(*coil, &[true], heard, plant),
            Request::WriteCoil { coil, value: 0 } => self.set_coils(*coil, &[false], heard, plant),
            Request::WriteCoil { .. } => Err(Exception::Value),
            Request::WriteCoils { start, values } => self.set_coils(*start, values, heard, plant),
            Request::WriteRegister { register, value } => self.set_registers(*register, &[*value]),
            Request::WriteRegisters { start, values } => self.set_registers(*start, values),
            Request::ReadInputRegisters(_) => Err(Exception::Function),
        };
        (heard.to == To::Me).then_some(outcome)
    }

    fn coils(&self, span: Span) -> Result<Reply, Exception> {
        let (bits, start) = match span.start.checked_sub(POWER_ON) {
            Some(start) => (self.power_on.clone(), start),
            None => (self.relays.closed(), span.start),
        };
        let range = Span { start, ..span }.within(bits.len()).ok_or(Exception::Address)?;
        Ok(Reply::Bits(bits[range].to_vec()))
    }

    fn read_inputs(&self, span: Span, heard: Heard<'_>, plant: &Plant) -> Result<Reply, Exception> {
        let range = span.within(self.inputs).ok_or(Exception::Address)?;
        Ok(Reply::Bits(range.map(|index| input(plant, heard, self.settings.wired_as, index)).collect()))
    }

    fn registers(&self, span: Span) -> Result<Reply, Exception> {
        let end = span.start.checked_add(span.count).ok_or(Exception::Address)?;
        let block = |register: u16, first: u16, block: &[u16]| {
            block.get(usize::from(register.checked_sub(first)?)).copied()
        };
        let value = |register| {
            block(register, MODULE, &MODULE_NAME)
                .or_else(|| block(register, WIDTH, &self.widths))
                .or_else(|| block(register, MODE, &self.modes))
        };
        let values: Option<Vec<u16>> = (span.start..end).map(value).collect();
        values.map(Reply::Registers).ok_or(Exception::Address)
    }

    fn set_coils(
        &mut self,
        start: u16,
        values: &[bool],
        heard: Heard<'_>,
        plant: &mut Plant,
    ) -> Result<Reply, Exception> {
        let count = self.relays.count();
        if let Some(first) = start.checked_sub(POWER_ON).map(usize::from) {
            let states = self.power_on.get_mut(first..first + values.len()).ok_or(Exception::Address)?;
            states.copy_from_slice(values);
            return Ok(Reply::Echo);
        }
        let first = usize::from(start);
        if first + values.len() > count {
            return Err(Exception::Address);
        }
        for (index, closed) in (first..).zip(values) {
            let pulses = *closed && self.modes[index] == PULSE;
            let opens_at = pulses.then(|| heard.now + Duration::from_millis(self.widths[index].into()));
            let cause = Cause::Request { heard: heard.heard };
            self.relays.put(heard.now, index, *closed, opens_at, cause, plant);
        }
        Ok(Reply::Echo)
    }

    fn set_registers(&mut self, start: u16, values: &[u16]) -> Result<Reply, Exception> {
        let (block, first, good): (&mut Vec<u16>, u16, fn(u16) -> bool) = match start {
            WIDTH.. => (&mut self.widths, WIDTH, |value| value >= 50),
            MODE.. => (&mut self.modes, MODE, |value| MODES.contains(&value)),
            _ => return Err(Exception::Address),
        };
        let first = usize::from(start - first);
        let cells = block.get_mut(first..first + values.len()).ok_or(Exception::Address)?;
        if !values.iter().all(|value| good(*value)) {
            return Err(Exception::Value);
        }
        cells.copy_from_slice(values);
        Ok(Reply::Echo)
    }
}
