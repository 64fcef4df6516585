//! Waveshare Modbus RTU relay board, 8, 16 or 32 channels, and the 8-channel (D) model with inputs.
//!
//! FC01 reads, FC05 and FC0F write coils 0..n; FC05 value 0x5500 toggles, coil 0x00FF means all; FC05 to
//! 0x0200+ch closes and to 0x0400+ch opens a relay for value x 100 ms, timed by the board. Registers in
//! `relay_registers`. Written from hardware.md, "Relay and input boards", and the maker's wiki.

use std::time::Duration;

use super::input_board::input;
use super::relay_registers::{
    ADDRESS, CONTROL_MODE, ControlMode, UART, VERSION, VERSION_VALUE, address_of, baud_of,
};
use super::settings::Settings;
use super::{Heard, To};
use crate::modbus::{Exception, Reply, Request, Span};
use crate::number::{Address, Channel, Terminal};
use crate::plant::{Cause, Plant};
use crate::time::SimTime;
use crate::wire::Baud;

/// Coil address that means every relay of the board.
const ALL: u16 = 0x00FF;
const FLASH_ON: u16 = 0x0200;
const FLASH_OFF: u16 = 0x0400;
/// Longest flash the document allows, in units of 100 ms.
const MAX_FLASH: u16 = 0x7FFF;
/// The board's unit of a flash.
const FLASH_UNIT: Duration = Duration::from_millis(100);
/// How often a (D) board looks at its inputs when a control mode links them to relays.
const INPUT_SCAN: Duration = Duration::from_millis(10);

/// Which board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelayModel {
    /// 8 relays.
    Eight,
    /// 8 relays, 8 inputs, control modes: "Modbus RTU Relay (D)".
    EightD,
    /// 16 relays.
    Sixteen,
    /// 32 relays.
    ThirtyTwo,
}

impl RelayModel {
    /// How many relays.
    #[must_use]
    pub const fn relays(self) -> usize {
        match self {
            Self::Eight | Self::EightD => 8,
            Self::Sixteen => 16,
            Self::ThirtyTwo => 32,
        }
    }

    /// The smallest plain board with at least `relays`; `None` above 32.
    #[must_use]
    pub const fn fitting(relays: usize) -> Option<Self> {
        match relays {
            0..=8 => Some(Self::Eight),
            9..=16 => Some(Self::Sixteen),
            17..=32 => Some(Self::ThirtyTwo),
            _ => None,
        }
    }
}

/// What the outputs do when the board comes back from a restart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum OutputsAfterRestart {
    /// All open: a board in order.
    #[default]
    Off,
    /// These close, and stay closed: the fault.
    On(Vec<Channel>),
}

/// One relay. `flips_at`: when the board's timer changes it next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Relay {
    closed: bool,
    flips_at: Option<SimTime>,
}

/// The board.
#[derive(Debug)]
pub struct RelayBoard {
    settings: Settings,
    model: RelayModel,
    relays: Vec<Relay>,
    modes: Vec<ControlMode>,
    inputs_seen: Vec<bool>,
    next_scan: Option<SimTime>,
    uart: u16,
    after_restart: OutputsAfterRestart,
}

impl RelayBoard {
    pub(crate) fn new(address: Address, baud: Baud, model: RelayModel) -> Self {
        let uart = (0..=7).find(|code| baud_of(*code) == Some(baud)).unwrap_or(1);
        Self {
            settings: Settings::new(address, baud),
            model,
            relays: vec![Relay::default(); model.relays()],
            modes: vec![ControlMode::Normal; model.relays()],
            inputs_seen: vec![false; model.relays()],
            next_scan: None,
            uart,
            after_restart: OutputsAfterRestart::Off,
        }
    }

    /// The address it listens to.
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
        self.relays.iter().map(|relay| relay.closed).collect()
    }

    /// Sets what the outputs do after the next restart.
    pub fn set_after_restart(&mut self, outputs: OutputsAfterRestart) {
        self.after_restart = outputs;
    }

    /// Sets a channel's control mode, as a forgotten set-up on a bench would.
    pub fn set_control_mode(&mut self, channel: Channel, mode: ControlMode, now: SimTime) {
        if self.model == RelayModel::EightD && channel.index() < self.modes.len() {
            self.set_mode(channel.index(), mode, now);
        }
    }

    pub(crate) fn next_deadline(&self) -> Option<SimTime> {
        self.relays.iter().filter_map(|relay| relay.flips_at).chain(self.next_scan).min()
    }

    pub(crate) fn advance(&mut self, now: SimTime, plant: &mut Plant) {
        while let Some(at) = self.next_deadline().filter(|at| *at <= now) {
            for index in 0..self.relays.len() {
                if self.relays[index].flips_at.is_some_and(|due| due <= at) {
                    self.put(at, index, !self.relays[index].closed, None, Cause::Timer, plant);
                }
            }
            if self.next_scan.is_some_and(|due| due <= at) {
                self.scan(at, plant);
            }
        }
    }

    pub(crate) fn power_off(&mut self, now: SimTime, plant: &mut Plant) {
        for index in 0..self.relays.len() {
            self.relays[index].flips_at = None;
            if self.relays[index].closed {
                self.put(now, index, false, None, Cause::Restart, plant);
            }
        }
        self.next_scan = None;
    }

    pub(crate) fn power_on(&mut self, now: SimTime, plant: &mut Plant) {
        if let OutputsAfterRestart::On(channels) = std::mem::take(&mut self.after_restart) {
            let within = channels.iter().map(|channel| channel.index());
            for index in within.filter(|index| *index < self.model.relays()).collect::<Vec<_>>() {
                self.put(now, index, true, None, Cause::Restart, plant);
            }
        }
        self.plan_scan(now);
    }

    pub(crate) fn serve(&mut self, heard: Heard<'_>, plant: &mut Plant) -> Option<Result<Reply, Exception>> {
        let outcome = match heard.request {
            Request::ReadCoils(span) => self.read_coils(*span),
            Request::ReadInputs(span) if self.model == RelayModel::EightD => {
                self.read_inputs(*span, heard, plant)
            }
            Request::ReadHolding(span) => self.read_registers(*span),
            Request::WriteCoil { coil, value } => self.write_coil(*coil, *value, heard, plant),
            Request::WriteCoils { start, values } => self.write_coils(*start, values, heard, plant),
            Request::WriteRegister { register, value } => self.write_register(*register, *value, heard.now),
            Request::WriteRegisters { start, values } => self.write_registers(*start, values, heard.now),
            Request::ReadInputs(_) | Request::ReadInputRegisters(_) => Err(Exception::Function),
        };
        let set_up = matches!(heard.request, Request::ReadHolding(_) | Request::WriteRegister { .. });
        // With one board on the wire its set-up works through address 0, and the board answers it.
        (heard.to == To::Me || (set_up && outcome.is_ok())).then_some(outcome)
    }

    fn read_coils(&self, span: Span) -> Result<Reply, Exception> {
        let range = span.within(self.relays.len()).ok_or(Exception::Address)?;
        Ok(Reply::Bits(self.relays[range].iter().map(|relay| relay.closed).collect()))
    }

    fn read_inputs(&self, span: Span, heard: Heard<'_>, plant: &Plant) -> Result<Reply, Exception> {
        let range = span.within(self.relays.len()).ok_or(Exception::Address)?;
        Ok(Reply::Bits(range.map(|index| input(plant, heard, self.settings.wired_as, index)).collect()))
    }

    fn write_coil(
        &mut self,
        coil: u16,
        value: u16,
        heard: Heard<'_>,
        plant: &mut Plant,
    ) -> Result<Reply, Exception> {
        let flash = match coil {
            FLASH_ON..FLASH_OFF => Some((coil - FLASH_ON, true)),
            FLASH_OFF..0x0600 => Some((coil - FLASH_OFF, false)),
            _ => None,
        };
        if let Some((channel, closed)) = flash {
            return self.flash(channel, closed, value, heard, plant);
        }
        let indices = match usize::from(coil) {
            _ if coil == ALL => 0..self.relays.len(),
            index if index < self.relays.len() => index..index + 1,
            _ => return Err(Exception::Address),
        };
        for index in indices {
            let closed = match value {
                0xFF00 => true,
                0x0000 => false,
                0x5500 => !self.relays[index].closed,
                _ => return Err(Exception::Value),
            };
            self.put(heard.now, index, closed, None, Cause::Request { heard: heard.heard }, plant);
        }
        Ok(Reply::Echo)
    }

    fn flash(
        &mut self,
        channel: u16,
        closed: bool,
        units: u16,
        heard: Heard<'_>,
        plant: &mut Plant,
    ) -> Result<Reply, Exception> {
        let index = usize::from(channel);
        if index >= self.relays.len() {
            return Err(Exception::Address);
        }
        if units == 0 || units > MAX_FLASH {
            return Err(Exception::Value);
        }
        let until = heard.now + FLASH_UNIT * u32::from(units);
        self.put(heard.now, index, closed, Some(until), Cause::Request { heard: heard.heard }, plant);
        Ok(Reply::Echo)
    }

    fn write_coils(
        &mut self,
        start: u16,
        values: &[bool],
        heard: Heard<'_>,
        plant: &mut Plant,
    ) -> Result<Reply, Exception> {
        let first = usize::from(start);
        if first + values.len() > self.relays.len() {
            return Err(Exception::Address);
        }
        for (index, closed) in (first..).zip(values) {
            self.put(heard.now, index, *closed, None, Cause::Request { heard: heard.heard }, plant);
        }
        Ok(Reply::Echo)
    }

    fn read_registers(&self, span: Span) -> Result<Reply, Exception> {
        let end = span.start.checked_add(span.count).ok_or(Exception::Address)?;
        let values: Option<Vec<u16>> = (span.start..end).map(|register| self.register(register)).collect();
        values.map(Reply::Registers).ok_or(Exception::Address)
    }

    fn register(&self, register: u16) -> Option<u16> {
        match register {
            UART => Some(self.uart),
            ADDRESS => Some(u16::from(self.settings.address.get())),
            VERSION => Some(VERSION_VALUE),
            _ => self.mode_index(register).map(|index| self.modes[index].code()),
        }
    }

    fn write_registers(&mut self, start: u16, values: &[u16], now: SimTime) -> Result<Reply, Exception> {
        for (register, value) in (start..=u16::MAX).zip(values) {
            self.write_register(register, *value, now)?;
        }
        Ok(Reply::Echo)
    }

    fn write_register(&mut self, register: u16, value: u16, now: SimTime) -> Result<Reply, Exception> {
        match register {
            UART => {
                self.settings.baud = baud_of(value).ok_or(Exception::Value)?;
                self.uart = value;
            }
            ADDRESS => self.settings.address = address_of(value).ok_or(Exception::Value)?,
            _ => {
                let index = self.mode_index(register).ok_or(Exception::Address)?;
                let mode = ControlMode::from_code(value).ok_or(Exception::Value)?;
                self.set_mode(index, mode, now);
            }
        }
        Ok(Reply::Echo)
    }

    fn mode_index(&self, register: u16) -> Option<usize> {
        let index = usize::from(register.checked_sub(CONTROL_MODE)?);
        (self.model == RelayModel::EightD && index < self.modes.len()).then_some(index)
    }

    /// An input that is on already is no edge for the toggle mode.
    fn set_mode(&mut self, index: usize, mode: ControlMode, now: SimTime) {
        self.modes[index] = mode;
        self.inputs_seen[index] = true;
        self.plan_scan(now);
    }

    fn plan_scan(&mut self, now: SimTime) {
        let linked = self.modes.iter().any(|mode| *mode != ControlMode::Normal);
        self.next_scan = linked.then(|| now + INPUT_SCAN);
    }

    fn scan(&mut self, at: SimTime, plant: &mut Plant) {
        for index in 0..self.modes.len() {
            let level = Channel::from_index(index).is_some_and(|channel| {
                plant.input_level(at, Terminal { board: self.settings.wired_as, channel })
            });
            let seen = std::mem::replace(&mut self.inputs_seen[index], level);
            let rose = level && !seen;
            match self.modes[index] {
                ControlMode::Linkage if level != self.relays[index].closed => {
                    self.put(at, index, level, None, Cause::Input, plant);
                }
                ControlMode::Toggle if rose => {
                    self.put(at, index, !self.relays[index].closed, None, Cause::Input, plant);
                }
                ControlMode::Normal | ControlMode::Linkage | ControlMode::Toggle => {}
            }
        }
        self.plan_scan(at);
    }

    fn put(
        &mut self,
        at: SimTime,
        index: usize,
        closed: bool,
        flips_at: Option<SimTime>,
        cause: Cause,
        plant: &mut Plant,
    ) {
        let before = std::mem::replace(&mut self.relays[index], Relay { closed, flips_at });
        let Some(channel) = Channel::from_index(index) else {
            return;
        };
        let relay = Terminal { board: self.settings.wired_as, channel };
        match (before.closed, closed) {
            (true, true) => plant.relay_held(at, relay),
            (false, false) => {}
            _ => plant.relay(at, relay, closed, cause),
        }
    }
}
