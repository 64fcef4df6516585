//! A discrete-input board: 8, 16 or 32 opto-isolated inputs, read by FC02.
//!
//! The plain kind sold under many names: no settings registers that its sellers agree on, so everything but
//! FC02 is refused as an illegal function. Written from hardware.md, "Relay and input boards".

use super::settings::Settings;
use super::{Heard, To};
use crate::modbus::{Exception, Reply, Request};
use crate::number::{Address, Channel, Terminal};
use crate::plant::Plant;
use crate::wire::Baud;

/// How many inputs a board has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputCount {
    /// 4 inputs.
    Four,
    /// 8 inputs.
    Eight,
    /// 16 inputs.
    Sixteen,
    /// 32 inputs.
    ThirtyTwo,
}

impl InputCount {
    /// The number.
    #[must_use]
    pub const fn get(self) -> usize {
        match self {
            Self::Four => 4,
            Self::Eight => 8,
            Self::Sixteen => 16,
            Self::ThirtyTwo => 32,
        }
    }

    /// The smallest board with at least `inputs`; `None` above 32.
    #[must_use]
    pub const fn fitting(inputs: usize) -> Option<Self> {
        match inputs {
            0..=8 => Some(Self::Eight),
            9..=16 => Some(Self::Sixteen),
            17..=32 => Some(Self::ThirtyTwo),
            _ => None,
        }
    }
}

/// The board.
#[derive(Debug)]
pub struct InputBoard {
    settings: Settings,
    inputs: InputCount,
}

impl InputBoard {
    pub(crate) fn new(address: Address, baud: Baud, inputs: InputCount) -> Self {
        Self { settings: Settings::new(address, baud), inputs }
    }

    /// The address it listens to.
    #[must_use]
    pub fn address(&self) -> Address {
        self.settings.address
    }

    pub(crate) fn baud(&self) -> Baud {
        self.settings.baud
    }

    /// How many inputs it has.
    #[must_use]
    pub fn inputs(&self) -> InputCount {
        self.inputs
    }

    pub(crate) fn serve(&self, heard: Heard<'_>, plant: &Plant) -> Option<Result<Reply, Exception>> {
        if heard.to == To::Everybody {
            return None;
        }
        Some(match heard.request {
            Request::ReadInputs(span) => match span.within(self.inputs.get()) {
                None => Err(Exception::Address),
                Some(range) => Ok(Reply::Bits(
                    range.map(|index| input(plant, heard, self.settings.wired_as, index)).collect(),
                )),
            },
            _ => Err(Exception::Function),
        })
    }
}

/// The level of the input with this index on the board wired as `board`.
pub(super) fn input(plant: &Plant, heard: Heard<'_>, board: Address, index: usize) -> bool {
    Channel::from_index(index)
        .is_some_and(|channel| plant.input_level(heard.now, Terminal { board, channel }))
}
