//! The other side of the wire: boards, doors, hands and probes on an RS-485 line, written from the devices'
//! documents and never from our drivers. In memory on virtual time ([`Simulation`]), or on a pseudo-terminal
//! with true wire timing.
//!
//! ```
//! use sim_devices::{DoorNumber, Latches, LineSpec, Person, SimTime, Simulation, sealed};
//! use std::time::Duration;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Relay board at address 1, input board at 2, probe at 3, eight doors; a courier waits at door 4.
//! let mut sim = Simulation::new(&LineSpec::bank(8, Latches::None)?, 42)?;
//! let door = DoorNumber::new(4).ok_or("doors count from 1")?;
//! sim.plant_mut().wait_at(door, Person::depositing(Duration::from_secs(3)))?;
//!
//! // The master asks for a pulse of 300 ms on relay 4, and time passes.
//! sim.send(SimTime::ZERO, &sealed(vec![1, 5, 2, 3, 0, 3]));
//! sim.advance(SimTime::from_millis(10_000));
//! let echo: Vec<u8> = std::iter::from_fn(|| sim.receive()).map(|heard| heard.byte).collect();
//! assert_eq!(echo, sealed(vec![1, 5, 2, 3, 0, 3]));
//!
//! // One relay closed once; the parcel lies behind a door that is shut again.
//! assert_eq!(sim.plant().energisings().count(), 1);
//! let door = sim.plant().door(door).ok_or("no such door")?;
//! assert_eq!((door.contents, door.state.is_latched()), (1, true));
//! # Ok(())
//! # }
//! ```

mod device;
mod event;
mod fault;
mod line;
mod lock_board;
mod modbus;
mod number;
mod plant;
mod pty;
#[cfg(feature = "readers")]
mod reader;
mod scanner;
mod server;
mod simulation;
mod spec;
mod time;
mod wire;
mod witness;

pub use device::{ControlMode, Device, Ebyte, Eletechsup, InputBoard, InputCount, MapModel};
pub use device::{OutputsAfterRestart, Place, RegisterMap, RelayBoard, RelayModel, XyMd02};
pub use event::{Happening, SimEvent};
pub use fault::{Fault, Injected, Rule};
pub use line::Line;
pub use lock_board::{LockBoard, LockFamily};
pub use number::{Address, Channel, DoorNumber, Terminal};
pub use plant::{
    Act, Bounce, Cause, Climate, DoorSpec, DoorState, DoorView, Energising, Jam, Person, Plant, Sensed,
};
pub use plant::{PlantError, ShutWhen, Wire};
pub use pty::{Events, PtyLine, PtySpec, ServedBy, StartError, WaitError};
#[cfg(feature = "readers")]
pub use reader::{PtyReaders, ReaderKeying, ReaderOutput, SimReader};
pub use scanner::{Gm65, ScanFault, ScannerPort, SetUpCode};
pub use server::{Conduct, SerialServer};
pub use simulation::Simulation;
pub use spec::{DEFAULT_THINKING, DeviceSpec, Latches, LineSpec, MAX_DEVICES, Model, SpecError};
pub use time::SimTime;
pub use wire::{Baud, WireByte, checked, crc16, sealed};
