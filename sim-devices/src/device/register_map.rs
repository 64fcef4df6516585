//! Instruments that are a register map and nothing else: probes' collectors and refrigeration controllers.
//!
//! What stands where is in `maps`; here is how they answer. Each map is written from the maker's list, never from a profile
//! of ours. Faults: any cell can be given a value or taken away (firmware that has less), and an instrument that needs a rest
//! does not hear what comes too soon.

use std::collections::BTreeMap;
use std::time::Duration;

use super::maps::{Cell, MapModel, Place};
use super::settings::Settings;
use super::{Heard, To};
use crate::modbus::{Exception, Reply, Request, Span};
use crate::number::Address;
use crate::plant::{Plant, Sensed};
use crate::time::SimTime;
use crate::wire::Baud;

/// The instrument.
#[derive(Debug)]
pub struct RegisterMap {
    settings: Settings,
    model: MapModel,
    cells: BTreeMap<(Place, u16), Cell>,
    rest: Duration,
    rests_until: Option<SimTime>,
}

impl RegisterMap {
    pub(crate) fn new(address: Address, baud: Baud, model: MapModel) -> Self {
        Self {
            settings: Settings::new(address, baud),
            model,
            cells: model.cells(),
            rest: model.rest(),
            rests_until: None,
        }
    }

    /// The address it listens to.
    #[must_use]
    pub fn address(&self) -> Address {
        self.settings.address
    }

    /// Which instrument it is.
    #[must_use]
    pub fn model(&self) -> MapModel {
        self.model
    }

    pub(crate) fn baud(&self) -> Baud {
        self.settings.baud
    }

    /// Gives a cell a value whatever it measures: a sentinel, an alarm, a forgotten setting.
    pub fn set(&mut self, place: Place, address: u16, value: u16) {
        let cell = match self.cells.get(&(place, address)) {
            Some(Cell::Setting { .. }) => Cell::Setting { value },
            _ => Cell::Fixed(value),
        };
        self.cells.insert((place, address), cell);
    }

    /// Takes a cell away, as in a firmware that has it not.
    pub fn remove(&mut self, place: Place, address: u16) {
        self.cells.remove(&(place, address));
    }

    /// What a setting holds; none where there is none.
    #[must_use]
    pub fn setting(&self, address: u16) -> Option<u16> {
        match self.cells.get(&(Place::Holding, address)) {
            Some(Cell::Setting { value }) => Some(*value),
            _ => None,
        }
    }

    pub(crate) fn serve(&mut self, heard: Heard<'_>, plant: &Plant) -> Option<Result<Reply, Exception>> {
        let too_soon = self.rests_until.is_some_and(|until| heard.now < until);
        self.rests_until = Some(heard.now + self.rest);
        if too_soon {
            return None;
        }
        let outcome = match heard.request {
            Request::ReadCoils(span) => self.bits(Place::Coil, *span, plant),
            Request::ReadInputs(span) => self.bits(Place::Discrete, *span, plant),
            Request::ReadHolding(span) => self.words(Place::Holding, *span, plant).map(Reply::Registers),
            Request::ReadInputRegisters(span) => self.words(Place::Input, *span, plant).map(Reply::Registers),
            Request::WriteRegister { register, value } => self.write(*register, *value),
            Request::WriteRegisters { start, values } => (*start..=u16::MAX)
                .zip(values)
                .try_for_each(|(at, value)| self.write(at, *value).map(drop))
                .map(|()| Reply::Echo),
            Request::WriteCoil { .. } | Request::WriteCoils { .. } => Err(Exception::Function),
        };
        (heard.to == To::Me).then_some(outcome)
    }

    fn bits(&self, place: Place, span: Span, plant: &Plant) -> Result<Reply, Exception> {
        let words = self.words(place, span, plant)?;
        Ok(Reply::Bits(words.into_iter().map(|word| word != 0).collect()))
    }

    fn words(&self, place: Place, span: Span, plant: &Plant) -> Result<Vec<u16>, Exception> {
        if !self.cells.keys().any(|(has, _)| *has == place) {
            return Err(Exception::Function);
        }
        let end = span.start.checked_add(span.count).ok_or(Exception::Address)?;
        let word = |address| self.cells.get(&(place, address)).map(|cell| self.word(*cell, plant));
        let words: Option<Vec<u16>> = (span.start..end).map(word).collect();
        words.ok_or(Exception::Address)
    }

    fn word(&self, cell: Cell, plant: &Plant) -> u16 {
        match (cell, plant.sensed(self.settings.wired_as)) {
            (Cell::Fixed(value) | Cell::Setting { value }, _) => value,
            (Cell::Address, _) => self.settings.address.get().into(),
            (Cell::Tenths { colder }, Sensed::Air(air)) => (air.temperature - colder).cast_unsigned(),
            (Cell::Hundredths { colder }, Sensed::Air(air)) => {
                ((air.temperature - colder) * 10).cast_unsigned()
            }
            (Cell::HumidityHundredths, Sensed::Air(air)) => air.humidity * 10,
            (Cell::HumidityHundredths, Sensed::Raw([_, humidity])) => humidity,
            (Cell::Tenths { .. } | Cell::Hundredths { .. }, Sensed::Raw([temperature, _])) => temperature,
        }
    }

    fn write(&mut self, register: u16, value: u16) -> Result<Reply, Exception> {
        match self.cells.get_mut(&(Place::Holding, register)) {
            Some(Cell::Setting { value: held }) => *held = value,
            _ => return Err(Exception::Address),
        }
        Ok(Reply::Echo)
    }
}
