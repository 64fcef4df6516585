//! XY-MD02: an SHT20 temperature and humidity probe.
//!
//! FC04 input 1 is the temperature (signed, 0.1 degC), input 2 the humidity (0.1 %). Holding registers
//! 0x0101 address, 0x0102 baud, 0x0103 and 0x0104 corrections in tenths, read by FC03, written by FC06 and
//! FC10. Written from hardware.md, "Temperature probes", and the maker's leaflet (305 is 30.5 degC).

use super::settings::Settings;
use super::{Heard, To};
use crate::modbus::{Exception, Reply, Request, Span};
use crate::number::Address;
use crate::plant::{Plant, Sensed};
use crate::wire::Baud;

const TEMPERATURE: u16 = 1;
const HUMIDITY: u16 = 2;
const ADDRESS: u16 = 0x0101;
const BAUD: u16 = 0x0102;
const TEMPERATURE_CORRECTION: u16 = 0x0103;
const HUMIDITY_CORRECTION: u16 = 0x0104;
/// The leaflet allows corrections of -10.0 to 10.0.
const MAX_CORRECTION: i16 = 100;
/// The standard's highest address; the leaflet says 1-247.
const MAX_ADDRESS: u16 = 247;

/// The probe.
#[derive(Debug)]
pub struct XyMd02 {
    settings: Settings,
    corrections: [i16; 2],
}

impl XyMd02 {
    pub(crate) fn new(address: Address, baud: Baud) -> Self {
        Self { settings: Settings::new(address, baud), corrections: [0, 0] }
    }

    /// The address it listens to.
    #[must_use]
    pub fn address(&self) -> Address {
        self.settings.address
    }

    pub(crate) fn baud(&self) -> Baud {
        self.settings.baud
    }

    pub(crate) fn serve(&mut self, heard: Heard<'_>, plant: &Plant) -> Option<Result<Reply, Exception>> {
        let outcome = match heard.request {
            Request::ReadInputRegisters(span) => read(*span, |register| self.measured(register, plant)),
            Request::ReadHolding(span) => read(*span, |register| self.setting(register)),
            Request::WriteRegister { register, value } => self.set(*register, *value),
            Request::WriteRegisters { start, values } => self.set_all(*start, values),
            _ => Err(Exception::Function),
        };
        (heard.to == To::Me).then_some(outcome)
    }

    fn measured(&self, register: u16, plant: &Plant) -> Option<u16> {
        let [temperature_off, humidity_off] = self.corrections;
        match (register, plant.sensed(self.settings.wired_as)) {
            (TEMPERATURE, Sensed::Air(air)) => {
                Some(air.temperature.saturating_add(temperature_off).cast_unsigned())
            }
            (HUMIDITY, Sensed::Air(air)) => Some(air.humidity.saturating_add_signed(humidity_off)),
            (TEMPERATURE, Sensed::Raw([temperature, _])) => Some(temperature),
            (HUMIDITY, Sensed::Raw([_, humidity])) => Some(humidity),
            _ => None,
        }
    }

    fn setting(&self, register: u16) -> Option<u16> {
        match register {
            ADDRESS => Some(u16::from(self.settings.address.get())),
            BAUD => u16::try_from(self.settings.baud.get()).ok(),
            TEMPERATURE_CORRECTION => Some(self.corrections[0].cast_unsigned()),
            HUMIDITY_CORRECTION => Some(self.corrections[1].cast_unsigned()),
            _ => None,
        }
    }

    fn set_all(&mut self, start: u16, values: &[u16]) -> Result<Reply, Exception> {
        for (register, value) in (start..=u16::MAX).zip(values) {
            self.set(register, *value)?;
        }
        Ok(Reply::Echo)
    }

    fn set(&mut self, register: u16, value: u16) -> Result<Reply, Exception> {
        match register {
            ADDRESS => {
                let address = u8::try_from(value.min(MAX_ADDRESS + 1)).ok().and_then(Address::new);
                let allowed = address.filter(|_| value <= MAX_ADDRESS);
                self.settings.address = allowed.ok_or(Exception::Value)?;
            }
            BAUD => match value {
                9_600 | 14_400 | 19_200 => {
                    self.settings.baud = Baud::new(u32::from(value)).ok_or(Exception::Value)?;
                }
                _ => return Err(Exception::Value),
            },
            TEMPERATURE_CORRECTION => self.corrections[0] = correction(value)?,
            HUMIDITY_CORRECTION => self.corrections[1] = correction(value)?,
            _ => return Err(Exception::Address),
        }
        Ok(Reply::Echo)
    }
}

fn correction(value: u16) -> Result<i16, Exception> {
    let tenths = value.cast_signed();
    if (-MAX_CORRECTION..=MAX_CORRECTION).contains(&tenths) { Ok(tenths) } else { Err(Exception::Value) }
}

fn read(span: Span, register: impl Fn(u16) -> Option<u16>) -> Result<Reply, Exception> {
    let end = span.start.checked_add(span.count).ok_or(Exception::Address)?;
    let values: Option<Vec<u16>> = (span.start..end).map(register).collect();
    values.map(Reply::Registers).ok_or(Exception::Address)
}
