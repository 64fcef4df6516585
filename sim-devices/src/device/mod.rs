//! The devices on the line, one file each. A device hears whole, valid requests and answers; the line owns
//! bytes, time on the wire and noise.

mod ebyte;
mod eletechsup;
mod input_board;
mod maps;
mod register_map;
mod relay_board;
mod relay_registers;
mod relays;
mod settings;
mod xy_md02;

pub use ebyte::Ebyte;
pub use eletechsup::Eletechsup;
pub use input_board::{InputBoard, InputCount};
pub use maps::{MapModel, Place};
pub use register_map::RegisterMap;
pub use relay_board::{OutputsAfterRestart, RelayBoard, RelayModel};
pub use relay_registers::ControlMode;
pub(crate) use settings::Settings;
pub use xy_md02::XyMd02;

use crate::lock_board::LockBoard;
use crate::modbus::{Exception, Reply, Request};
use crate::number::Address;
use crate::plant::Plant;
use crate::time::SimTime;
use crate::wire::Baud;

/// A request as a device hears it.
#[derive(Clone, Copy, Debug)]
pub struct Heard<'a> {
    /// What is asked.
    pub request: &'a Request,
    /// To everybody (address 0) or to this device.
    pub to: To,
    /// When the request's last character had arrived.
    pub heard: SimTime,
    /// When the device acts: the silence after the request is over.
    pub now: SimTime,
}

/// Whom a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// Address 0.
    Everybody,
    /// One slave.
    Me,
}

/// A device of any model.
#[derive(Debug)]
pub enum Device {
    /// Waveshare relay board.
    Relay(RelayBoard),
    /// Eletechsup relay board.
    Eletechsup(Eletechsup),
    /// Ebyte relay board.
    Ebyte(Ebyte),
    /// Discrete-input board.
    Inputs(InputBoard),
    /// Instrument that is a register map.
    Map(RegisterMap),
    /// XY-MD02 temperature and humidity probe.
    Probe(XyMd02),
    /// Dedicated lock board.
    Locks(LockBoard),
}

impl Device {
    /// The address it listens to now.
    #[must_use]
    pub fn address(&self) -> Address {
        match self {
            Self::Relay(board) => board.address(),
            Self::Eletechsup(board) => board.address(),
            Self::Ebyte(board) => board.address(),
            Self::Inputs(board) => board.address(),
            Self::Map(instrument) => instrument.address(),
            Self::Probe(probe) => probe.address(),
            Self::Locks(board) => board.address(),
        }
    }

    /// The rate it listens at now.
    #[must_use]
    pub fn baud(&self) -> Baud {
        match self {
            Self::Relay(board) => board.baud(),
            Self::Eletechsup(board) => board.baud(),
            Self::Ebyte(board) => board.baud(),
            Self::Inputs(board) => board.baud(),
            Self::Map(instrument) => instrument.baud(),
            Self::Probe(probe) => probe.baud(),
            Self::Locks(board) => board.baud(),
        }
    }

    /// Obeys. `None`: obeyed in silence, as broadcasts are.
    pub(crate) fn serve(&mut self, heard: Heard<'_>, plant: &mut Plant) -> Option<Result<Reply, Exception>> {
        match self {
            Self::Relay(board) => board.serve(heard, plant),
            Self::Eletechsup(board) => board.serve(heard, plant),
            Self::Ebyte(board) => board.serve(heard, plant),
            Self::Inputs(board) => board.serve(heard, plant),
            Self::Map(instrument) => instrument.serve(heard, plant),
            Self::Probe(probe) => probe.serve(heard, plant),
            Self::Locks(_) => None,
        }
    }

    /// When the device does something by itself.
    #[must_use]
    pub fn next_deadline(&self) -> Option<SimTime> {
        match self {
            Self::Relay(board) => board.next_deadline(),
            Self::Locks(board) => board.next_deadline(),
            Self::Eletechsup(board) => board.next_deadline(),
            Self::Ebyte(board) => board.next_deadline(),
            Self::Inputs(_) | Self::Map(_) | Self::Probe(_) => None,
        }
    }

    /// Lets the device's own timers run until `now`.
    pub(crate) fn advance(&mut self, now: SimTime, plant: &mut Plant) {
        match self {
            Self::Relay(board) => board.advance(now, plant),
            Self::Locks(board) => board.advance(now, plant),
            Self::Eletechsup(board) => board.advance(now, plant),
            Self::Ebyte(board) => board.advance(now, plant),
            Self::Inputs(_) | Self::Map(_) | Self::Probe(_) => {}
        }
    }

    /// The supply goes.
    pub(crate) fn power_off(&mut self, now: SimTime, plant: &mut Plant) {
        match self {
            Self::Relay(board) => board.power_off(now, plant),
            Self::Locks(board) => board.power_off(now, plant),
            Self::Eletechsup(board) => board.power_off(now, plant),
            Self::Ebyte(board) => board.power_off(now, plant),
            Self::Inputs(_) | Self::Map(_) | Self::Probe(_) => {}
        }
    }

    /// The supply is back.
    pub(crate) fn power_on(&mut self, now: SimTime, plant: &mut Plant) {
        match self {
            Self::Relay(board) => board.power_on(now, plant),
            Self::Locks(board) => board.power_on(now),
            Self::Eletechsup(board) => board.power_on(now, plant),
            Self::Ebyte(board) => board.power_on(now, plant),
            Self::Inputs(_) | Self::Map(_) | Self::Probe(_) => {}
        }
    }
}
