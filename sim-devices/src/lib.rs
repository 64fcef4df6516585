//! The other side of the wire: boards, doors, hands and probes on an RS-485 line, written from the devices'
//! documents and never from our drivers. In memory on virtual time ([`Simulation`]), or on a pseudo-terminal
//! with true wire timing.

mod device;
mod event;
mod fault;
mod line;
mod modbus;
mod number;
mod plant;
mod pty;
mod simulation;
mod spec;
mod time;
mod wire;
mod witness;

pub use device::{ControlMode, Device, InputBoard, InputCount, OutputsAfterRestart, RelayBoard};
pub use device::{RelayModel, XyMd02};
pub use event::{Happening, SimEvent};
pub use fault::{Fault, Injected, Rule};
pub use line::Line;
pub use number::{Address, Channel, DoorNumber, Terminal};
pub use plant::ShutWhen;
pub use plant::{
    Act, Bounce, Cause, Climate, DoorSpec, DoorState, DoorView, Energising, Jam, Person, Plant, Sensed,
};
pub use pty::{Events, PtyLine, PtySpec, ServedBy, StartError, WaitError};
pub use simulation::Simulation;
pub use spec::{DEFAULT_THINKING, DeviceSpec, Latches, LineSpec, MAX_DEVICES, Model, SpecError};
pub use time::SimTime;
pub use wire::{Baud, WireByte, checked, crc16, sealed};
