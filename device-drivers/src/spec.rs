//! A line as the configuration describes it, checked before a port is touched.

mod port;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

pub use port::{Direction, Medium, PortSpec};

use crate::device::Model;
use crate::duty::Duty;
use crate::frame::Protocol;
use crate::id::{DeviceId, LineId};
use crate::limits::{DEFAULT_RESPONSE_TIMEOUT, MAX_DEVICES, MAX_RESPONSE_TIMEOUT, MIN_RESPONSE_TIMEOUT};
use crate::supply::LocksAtOnce;

/// A board's address on its line: one of [`Protocol::addresses`]. Broadcast addresses are none: no order uses them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(u8);

impl Address {
    /// The highest address of a slave.
    pub const MAX: u8 = 247;

    /// Address `number` of a Modbus slave.
    ///
    /// # Errors
    /// [`SpecError::Address`] for 0 and above 247.
    pub const fn new(number: u8) -> Result<Self, SpecError> {
        if number == 0 || number > Self::MAX {
            return Err(SpecError::Address(number));
        }
        Ok(Self(number))
    }

    /// Address `number` of a board that speaks `protocol`.
    ///
    /// # Errors
    /// [`SpecError::Address`] for one that no such board has.
    pub fn on(protocol: Protocol, number: u8) -> Result<Self, SpecError> {
        if protocol.addresses().contains(&number) {
            Ok(Self(number))
        } else {
            Err(SpecError::Address(number))
        }
    }

    /// The address as it stands in a frame.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}", self.0)
    }
}

/// Speed of a line in bits a second: one of [`Baud::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Baud(u32);

impl Baud {
    /// The speeds that boards of the field offer.
    pub const ALL: [u32; 9] = [1200, 2400, 4800, 9600, 19200, 38400, 57600, 115_200, 230_400];

    /// A speed of [`Baud::ALL`].
    ///
    /// # Errors
    /// [`SpecError::Baud`] for any other.
    pub fn new(bits_per_second: u32) -> Result<Self, SpecError> {
        if Self::ALL.contains(&bits_per_second) {
            Ok(Self(bits_per_second))
        } else {
            Err(SpecError::Baud(bits_per_second))
        }
    }

    /// Bits a second.
    #[must_use]
    pub const fn bits_per_second(self) -> u32 {
        self.0
    }
}

/// Parity bit of each character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Parity {
    /// 8N1, ten bits a character.
    #[default]
    None,
    /// 8E1, eleven bits a character (some batches of XY-MD02).
    Even,
    /// 8O1, eleven bits a character.
    Odd,
}

/// One device on a line.
#[derive(Debug, Clone)]
pub struct DeviceSpec {
    /// Its name.
    pub id: DeviceId,
    /// Its slave address.
    pub address: Address,
    /// What it is.
    pub model: Model,
    /// What the locks at its outputs bear.
    pub duty: Duty,
    /// Place of its locks' power supply in [`LineSpec::supplies`]; a supply of its own where none is said.
    pub supply: Option<usize>,
}

impl DeviceSpec {
    /// A device with usual locks and a usual supply of its own.
    #[must_use]
    pub fn new(id: DeviceId, address: Address, model: Model) -> Self {
        Self { id, address, model, duty: Duty::default(), supply: None }
    }
}

/// One line.
#[derive(Debug, Clone)]
pub struct LineSpec {
    /// Its name.
    pub id: LineId,
    /// Where it is.
    pub port: PortSpec,
    /// Speed; of a serial server's port where there is one.
    pub baud: Baud,
    /// Parity.
    pub parity: Parity,
    /// How long a slave may take until its first byte; lines with locks keep it at 100 ms or less.
    pub response_timeout: Duration,
    /// What is spoken on it.
    pub protocol: Protocol,
    /// What is on the line.
    pub devices: Vec<DeviceSpec>,
    /// Power supplies that devices name: how many locks each drives at once.
    pub supplies: Vec<LocksAtOnce>,
}

impl LineSpec {
    /// A Modbus RTU line on the serial port at `port`, at 9600 8N1 with the default response timeout and no devices yet.
    #[must_use]
    pub fn new(id: LineId, port: PathBuf) -> Self {
        Self {
            id,
            port: port.into(),
            baud: Baud(9600),
            parity: Parity::None,
            response_timeout: DEFAULT_RESPONSE_TIMEOUT,
            protocol: Protocol::default(),
            devices: Vec::new(),
            supplies: Vec::new(),
        }
    }

    /// Checks what no single field shows.
    ///
    /// # Errors
    /// The first [`SpecError`]: two devices with one name or one address, a device that speaks another protocol or names a
    /// supply that is not there, too many devices, a timeout out of bounds.
    pub fn check(&self) -> Result<(), SpecError> {
        let most = MAX_DEVICES;
        if self.devices.len() > most {
            return Err(SpecError::TooManyDevices { line: self.id.clone(), count: self.devices.len(), most });
        }
        if !(MIN_RESPONSE_TIMEOUT..=MAX_RESPONSE_TIMEOUT).contains(&self.response_timeout) {
            return Err(SpecError::ResponseTimeout { line: self.id.clone(), timeout: self.response_timeout });
        }
        for (at, device) in self.devices.iter().enumerate() {
            self.check_protocol(device)?;
            if device.supply.is_some_and(|supply| supply >= self.supplies.len()) {
                return Err(SpecError::NoSupply(device.id.clone()));
            }
            for other in self.devices.iter().skip(at + 1) {
                if other.id == device.id {
                    return Err(SpecError::DoubledName(device.id.clone()));
                }
                if other.address == device.address {
                    let (first, second) = (device.id.clone(), other.id.clone());
                    return Err(SpecError::DoubledAddress { address: device.address.0, first, second });
                }
            }
        }
        Ok(())
    }

    fn check_protocol(&self, device: &DeviceSpec) -> Result<(), SpecError> {
        let protocol = self.protocol;
        if !device.model.plan().is_for(protocol) {
            let model = device.model.name().into();
            return Err(SpecError::Protocol { device: device.id.clone(), model, protocol: protocol.name() });
        }
        if !protocol.addresses().contains(&device.address.0) {
            return Err(SpecError::Address(device.address.0));
        }
        Ok(())
    }
}

/// Why a line cannot be as described.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// No board of the line's protocol has that address.
    #[error("address {0} is no board's of this protocol (Modbus slaves have 1 to 247)")]
    Address(u8),
    /// No board has that speed.
    #[error("{0} baud is no speed of the field: one of {all:?} is needed", all = Baud::ALL)]
    Baud(u32),
    /// The device does not speak what is spoken on its line: one frame could mean something else to it.
    #[error("device {device} ({model}) does not speak {protocol}, which is spoken on its line")]
    Protocol {
        /// The device.
        device: DeviceId,
        /// Its model.
        model: Box<str>,
        /// What is spoken on the line.
        protocol: &'static str,
    },
    /// Two devices answer to one address: both would act on one order.
    #[error("devices {first} and {second} both have address {address}")]
    DoubledAddress {
        /// The address.
        address: u8,
        /// One of them.
        first: DeviceId,
        /// The other.
        second: DeviceId,
    },
    /// The device names a power supply that the line has not.
    #[error("device {0} names a power supply that is not there")]
    NoSupply(DeviceId),
    /// Two devices have one name.
    #[error("two devices are named {0}")]
    DoubledName(DeviceId),
    /// RS-485 drives 32 unit loads.
    #[error("line {line} has {count} devices, at most {most} are allowed")]
    TooManyDevices {
        /// The line.
        line: LineId,
        /// How many it has.
        count: usize,
        /// How many it may have.
        most: usize,
    },
    /// The response timeout is out of bounds.
    #[error(
        "line {line}: response timeout of {timeout:?} is outside {MIN_RESPONSE_TIMEOUT:?} to {MAX_RESPONSE_TIMEOUT:?}"
    )]
    ResponseTimeout {
        /// The line.
        line: LineId,
        /// The timeout.
        timeout: Duration,
    },
}
