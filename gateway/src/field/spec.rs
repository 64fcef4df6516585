//! From a configured line to what drivers start.

use std::path::PathBuf;
use std::time::Duration;

use device_drivers::device::Catalogue;
use device_drivers::id::{DeviceId, IdError, LineId};
use device_drivers::spec::{self, Address, Baud, DeviceSpec, LineSpec, Parity, PortSpec, SpecError};

use crate::config::{Device, Direction, Line, Locks, Parity as Configured, Port, Protocol};

/// Why a configured line is none for drivers.
#[derive(Debug, thiserror::Error)]
pub enum LineSpecError {
    /// A name.
    #[error(transparent)]
    Id(#[from] IdError),
    /// A number, or two devices that contradict each other.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// Readers have no line master.
    #[error("a line of readers has no boards")]
    Readers,
    /// A model nobody knows.
    #[error("device {device} is of model {model}, which is not known")]
    Model {
        /// Which device.
        device: DeviceId,
        /// Its model as configured.
        model: String,
    },
}

/// Turns a configured line into what drivers start.
///
/// # Errors
/// [`LineSpecError`] names the first thing that does not fit.
pub fn line_spec(line: &Line, models: &Catalogue) -> Result<LineSpec, LineSpecError> {
    let mut spec = LineSpec::new(LineId::new(line.id.as_str())?, PathBuf::new());
    spec.port = port_spec(&line.port, line.direction);
    spec.baud = Baud::new(line.baud)?;
    spec.parity = parity(line.parity);
    let protocol = line.protocol.boards().ok_or(LineSpecError::Readers)?;
    spec.protocol = protocol;
    spec.response_timeout = Duration::from_millis(line.response_timeout.0);
    spec.supplies = line.supplies.iter().map(|supply| supply.locks_at_once).collect();
    spec.devices =
        line.devices.iter().map(|device| device_spec(device, protocol, models)).collect::<Result<_, _>>()?;
    spec.check()?;
    Ok(spec)
}

/// A configured parity as drivers take it.
pub(super) const fn parity(parity: Configured) -> Parity {
    match parity {
        Configured::None => Parity::None,
        Configured::Even => Parity::Even,
        Configured::Odd => Parity::Odd,
    }
}

/// Who switches a port's RS-485 driver, as drivers take it.
pub(crate) const fn direction(configured: Direction) -> spec::Direction {
    match configured {
        Direction::Adapter => spec::Direction::Adapter,
        Direction::Kernel => spec::Direction::Kernel,
    }
}

/// A configured port as drivers take it.
pub(super) fn port_spec(port: &Port, switched_by: Direction) -> PortSpec {
    match port {
        Port::Path(path) => PortSpec::Serial { path: path.clone(), direction: direction(switched_by) },
        Port::Tcp(server) => PortSpec::Tcp { server: *server },
        Port::ModbusTcp(server) => PortSpec::ModbusTcp { server: *server },
    }
}

fn device_spec(device: &Device, protocol: Protocol, models: &Catalogue) -> Result<DeviceSpec, LineSpecError> {
    let id = DeviceId::new(device.id.as_str())?;
    let Some(model) = models.model(&device.model).cloned() else {
        return Err(LineSpecError::Model { device: id, model: device.model.clone() });
    };
    let (address, Locks { duty, supply }) = (Address::on(protocol, device.address)?, device.locks);
    Ok(DeviceSpec { id, address, model, duty, supply })
}

#[cfg(test)]
mod tests {
    use device_drivers::duty::Duty;
    use device_drivers::supply::LocksAtOnce;
    use vestibule_core::time::Millis;

    use super::*;
    use crate::config::{Spoken, Supply};

    fn line(model: &str, baud: u32) -> Line {
        Line {
            id: "one".parse().expect("id"),
            port: Port::Path(PathBuf::from("/dev/none")),
            baud,
            parity: Configured::Even,
            direction: Direction::Kernel,
            protocol: Spoken::Boards(Protocol::ModbusRtu),
            response_timeout: Millis(80),
            devices: vec![Device {
                id: "locks".parse().expect("id"),
                address: 1,
                model: model.into(),
                locks: Locks { supply: Some(0), duty: Duty::CONTINUOUS },
            }],
            supplies: vec![Supply { id: "one".to_owned(), locks_at_once: LocksAtOnce::UNLIMITED }],
        }
    }

    #[test]
    fn configured_line_is_what_drivers_start() {
        let spec = line_spec(&line("waveshare-relay-8", 19_200), &Catalogue::default()).expect("good");
        assert_eq!(spec.baud.bits_per_second(), 19_200);
        assert_eq!((spec.parity, spec.response_timeout), (Parity::Even, Duration::from_millis(80)));
        assert_eq!(spec.devices[0].model.name(), "waveshare-relay-8");
        assert_eq!((spec.devices[0].duty, spec.devices[0].supply), (Duty::CONTINUOUS, Some(0)));
        assert_eq!(spec.supplies, [LocksAtOnce::UNLIMITED]);
        let serial = PortSpec::Serial { path: "/dev/none".into(), direction: spec::Direction::Kernel };
        assert_eq!(spec.port, serial);
        let server = "127.0.0.1:4001".parse().expect("address");
        let networked = Line { port: Port::Tcp(server), ..line("waveshare-relay-8", 9_600) };
        let spec = line_spec(&networked, &Catalogue::default()).expect("good");
        assert_eq!(spec.port, PortSpec::Tcp { server });
    }

    #[test]
    fn line_is_refused_when_drivers_do_not_know_model_or_speed() {
        let refused = |model, baud| line_spec(&line(model, baud), &Catalogue::default());
        assert!(matches!(refused("waveshare-relay-9", 9_600), Err(LineSpecError::Model { .. })));
        assert!(matches!(refused("waveshare-relay-8", 9_601), Err(LineSpecError::Spec(_))));
    }
}
