//! Configuration: layers of TOML files become one validated value before the world is touched.

mod value;

pub use value::{
    Broker, Cloud, Configuration, ContactWire, Device, DeviceChannel, Line, Local, Origin, Parity, Port,
    Protocol, ShutWhen, Tls, Wiring,
};
