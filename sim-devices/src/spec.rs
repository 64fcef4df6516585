//! What a simulated line is built from, and its checks.

use std::collections::HashSet;
use std::time::Duration;

use crate::device::{InputCount, MapModel, RelayModel};
use crate::fault::Rule;
use crate::lock_board::LockFamily;
use crate::number::{Address, Channel, DoorNumber, Terminal};
use crate::plant::{DoorSpec, ShutWhen};
use crate::wire::Baud;

/// Between hearing a request out and starting to answer (hardware.md, "Time on the wire").
pub const DEFAULT_THINKING: Duration = Duration::from_millis(5);
/// Most devices on one line: RS-485 drives 32 unit loads.
pub const MAX_DEVICES: usize = 32;

/// A device's model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// Waveshare relay board.
    Relay(RelayModel),
    /// Eletechsup R421A with this many relays.
    Eletechsup(u8),
    /// Ebyte MA01 with this many relays and inputs.
    Ebyte {
        /// Relays.
        relays: u8,
        /// Inputs.
        inputs: u8,
    },
    /// Discrete-input board.
    Inputs(InputCount),
    /// Instrument that is a register map.
    Map(MapModel),
    /// XY-MD02 probe.
    XyMd02,
    /// Dedicated lock board; all boards of its line are of its family.
    Locks(LockFamily),
}

/// One device on the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceSpec {
    /// Its address at the start; names its terminals for good.
    pub address: Address,
    /// What it is.
    pub model: Model,
    /// From hearing a request out to starting to answer.
    pub thinking: Duration,
}

impl DeviceSpec {
    /// A device that thinks for 5 ms.
    #[must_use]
    pub const fn new(address: Address, model: Model) -> Self {
        Self { address, model, thinking: DEFAULT_THINKING }
    }
}

/// A line, what hangs on it and what is wired to that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineSpec {
    /// The rate of the line and of every device on it.
    pub baud: Baud,
    /// The devices. Two may share an address: that is a fault to simulate.
    pub devices: Vec<DeviceSpec>,
    /// The doors, numbered from 1 in this order.
    pub doors: Vec<DoorSpec>,
    /// Faults in force from the start.
    pub faults: Vec<Rule>,
}

/// Why a specification cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// A line without devices, or with more than [`MAX_DEVICES`].
    #[error("a line takes 1 to {MAX_DEVICES} devices, not {0}")]
    Devices(usize),
    /// More doors than numbers for them.
    #[error("a line takes at most 255 doors, not {0}")]
    Doors(usize),
    /// A bank of no compartments, or of more than its boards can carry.
    #[error("a bank takes 1 to {most} compartments, not {asked}")]
    Compartments {
        /// What was asked for.
        asked: usize,
        /// What the largest boards carry.
        most: usize,
    },
    /// A lock wired to something that is no relay.
    #[error("door {door}: lock at {terminal}: no such relay on the line")]
    Lock {
        /// The door.
        door: DoorNumber,
        /// Where its lock is wired.
        terminal: Terminal,
    },
    /// A contact wired to something that is no input.
    #[error("door {door}: contact at {terminal}: no such input on the line")]
    Contact {
        /// The door.
        door: DoorNumber,
        /// Where its contact is wired.
        terminal: Terminal,
    },
    /// Two doors on one terminal.
    #[error("{0} is wired twice")]
    WiredTwice(Terminal),
}

impl LineSpec {
    /// One bank: relay board at address 1, input board at address 2, XY-MD02 at address 3, 9600 baud. Door n
    /// hangs on relay n and input n; with latch contacts, its latch on input `compartments` + n.
    ///
    /// # Errors
    /// [`SpecError::Compartments`] for 0, or for more than 32 contacts (16 doors with latches).
    pub fn bank(compartments: usize, latches: Latches) -> Result<Self, SpecError> {
        let inputs = compartments * if latches == Latches::Wired { 2 } else { 1 };
        let most = if latches == Latches::Wired { 16 } else { 32 };
        let refused = SpecError::Compartments { asked: compartments, most };
        let (Some(relays), Some(board)) = (RelayModel::fitting(compartments), InputCount::fitting(inputs))
        else {
            return Err(refused);
        };
        let [Some(one), Some(two), Some(three)] = [1, 2, 3].map(Address::new) else {
            return Err(refused);
        };
        if compartments == 0 {
            return Err(refused);
        }
        let terminal = |board, index| Channel::from_index(index).map(|channel| Terminal { board, channel });
        let doors = (0..compartments).filter_map(|index| {
            let mut door = DoorSpec::new(terminal(one, index)?, terminal(two, index));
            if latches == Latches::Wired {
                door.latch = terminal(two, compartments + index);
            }
            Some(door)
        });
        Ok(Self {
            baud: Baud::B9600,
            doors: doors.collect(),
            devices: vec![
                DeviceSpec::new(one, Model::Relay(relays)),
                DeviceSpec::new(two, Model::Inputs(board)),
                DeviceSpec::new(three, Model::XyMd02),
            ],
            faults: Vec::new(),
        })
    }

    /// The same line at another rate.
    #[must_use]
    pub fn at(mut self, baud: Baud) -> Self {
        self.baud = baud;
        self
    }

    /// The family of the lock boards on the line; none on a Modbus line.
    #[must_use]
    pub fn lock_family(&self) -> Option<LockFamily> {
        self.devices.iter().find_map(|device| match device.model {
            Model::Locks(family) => Some(family),
            _ => None,
        })
    }

    /// Every contact with this polarity.
    #[must_use]
    pub fn shut_when(mut self, level: ShutWhen) -> Self {
        self.doors.iter_mut().for_each(|door| door.shut_when = level);
        self
    }

    /// One more device.
    #[must_use]
    pub fn with(mut self, device: DeviceSpec) -> Self {
        self.devices.push(device);
        self
    }

    /// Every device thinks for so long.
    #[must_use]
    pub fn thinking(mut self, thinking: Duration) -> Self {
        self.devices.iter_mut().for_each(|device| device.thinking = thinking);
        self
    }

    /// These faults from the start.
    #[must_use]
    pub fn faults(mut self, faults: Vec<Rule>) -> Self {
        self.faults = faults;
        self
    }

    /// # Errors
    /// The first thing that cannot be built.
    pub fn check(&self) -> Result<(), SpecError> {
        if self.devices.is_empty() || self.devices.len() > MAX_DEVICES {
            return Err(SpecError::Devices(self.devices.len()));
        }
        let mut wired = HashSet::new();
        for (index, door) in self.doors.iter().enumerate() {
            let number = DoorNumber::from_index(index).ok_or(SpecError::Doors(self.doors.len()))?;
            if !self.has(door.lock, relays_of) {
                return Err(SpecError::Lock { door: number, terminal: door.lock });
            }
            for contact in [door.contact, door.latch, door.eye].into_iter().flatten() {
                if !self.has(contact, inputs_of) {
                    return Err(SpecError::Contact { door: number, terminal: contact });
                }
                if !wired.insert((false, contact)) {
                    return Err(SpecError::WiredTwice(contact));
                }
            }
            if !wired.insert((true, door.lock)) {
                return Err(SpecError::WiredTwice(door.lock));
            }
        }
        Ok(())
    }

    fn has(&self, terminal: Terminal, size: fn(Model) -> usize) -> bool {
        let mut boards = self.devices.iter().filter(|device| device.address == terminal.board);
        boards.any(|board| terminal.channel.index() < size(board.model))
    }
}

/// Whether a bank's locks report their latches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Latches {
    /// Door contacts only.
    None,
    /// A latch contact beside every door contact.
    Wired,
}

fn relays_of(model: Model) -> usize {
    match model {
        Model::Relay(model) => model.relays(),
        Model::Locks(family) => family.locks(),
        Model::Eletechsup(relays) | Model::Ebyte { relays, .. } => relays.into(),
        Model::Inputs(_) | Model::Map(_) | Model::XyMd02 => 0,
    }
}

fn inputs_of(model: Model) -> usize {
    match model {
        Model::Inputs(inputs) => inputs.get(),
        Model::Relay(RelayModel::EightD) => 8,
        Model::Locks(family) => family.inputs(),
        Model::Ebyte { inputs, .. } => inputs.into(),
        Model::Relay(_) | Model::Eletechsup(_) | Model::Map(_) | Model::XyMd02 => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::{DeviceSpec, Latches, LineSpec, Model, SpecError};
    use crate::device::InputCount;
    use crate::number::{Address, Channel, DoorNumber, Terminal};
    use crate::plant::DoorSpec;

    fn terminal(board: u8, channel: u8) -> Terminal {
        let board = Address::new(board).expect("not broadcast");
        Terminal { board, channel: Channel::new(channel).expect("counted from 1") }
    }

    #[test]
    fn every_bank_that_fits_its_boards_can_be_built() {
        for (latches, most) in [(Latches::None, 32), (Latches::Wired, 16)] {
            for compartments in 1..=most {
                let spec = LineSpec::bank(compartments, latches).expect("fits");
                assert_eq!((spec.check(), spec.doors.len()), (Ok(()), compartments));
            }
            for asked in [0, most + 1] {
                assert_eq!(LineSpec::bank(asked, latches), Err(SpecError::Compartments { asked, most }));
            }
        }
    }

    #[test]
    fn what_contradicts_itself_is_refused_by_name() {
        let bank = LineSpec::bank(2, Latches::None).expect("two doors");
        let door = DoorNumber::new(2).expect("counted from 1");
        let with = |lock, contact| {
            let mut spec = bank.clone();
            spec.doors[1] = DoorSpec::new(lock, contact);
            spec.check()
        };
        let (lock, contact) = (terminal(1, 2), Some(terminal(2, 2)));
        assert_eq!(with(lock, contact), Ok(()));
        let nowhere = terminal(1, 9);
        assert_eq!(with(nowhere, contact), Err(SpecError::Lock { door, terminal: nowhere }));
        let probe = terminal(3, 1);
        assert_eq!(with(lock, Some(probe)), Err(SpecError::Contact { door, terminal: probe }));
        assert_eq!(with(terminal(1, 1), contact), Err(SpecError::WiredTwice(terminal(1, 1))));
        assert_eq!(with(lock, Some(terminal(2, 1))), Err(SpecError::WiredTwice(terminal(2, 1))));
    }

    #[test]
    fn a_line_drives_no_more_than_32_devices() {
        let mut spec = LineSpec::bank(1, Latches::None).expect("one door");
        let board = Address::new(9).expect("not broadcast");
        while spec.devices.len() <= super::MAX_DEVICES {
            assert_eq!(spec.check(), Ok(()));
            spec = spec.with(DeviceSpec::new(board, Model::Inputs(InputCount::Eight)));
        }
        assert_eq!(spec.check(), Err(SpecError::Devices(33)));
    }
}
