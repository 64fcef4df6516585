//! From a configured line to what drivers start.

use std::time::Duration;

use device_drivers::device::Catalogue;
use device_drivers::id::{DeviceId, IdError, LineId};
use device_drivers::spec::{Address, Baud, DeviceSpec, LineSpec, Parity, SpecError};

use crate::config::{Device, Line, Parity as Configured, Port, Protocol};

/// Why a configured line is none for drivers.
#[derive(Debug, thiserror::Error)]
pub enum LineSpecError {
    /// A name.
    #[error(transparent)]
    Id(#[from] IdError),
    /// A number, or two devices that contradict each other.
    #[error(transparent)]
    Spec(#[from] SpecError),
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
    let Port::Path(path) = &line.port;
    let mut spec = LineSpec::new(LineId::new(line.id.as_str())?, path.clone());
    spec.baud = Baud::new(line.baud)?;
    spec.parity = match line.parity {
        Configured::None => Parity::None,
        Configured::Even => Parity::Even,
        Configured::Odd => Parity::Odd,
    };
    spec.protocol = line.protocol;
    spec.response_timeout = Duration::from_millis(line.response_timeout.0);
    spec.devices = line
        .devices
        .iter()
        .map(|device| device_spec(device, line.protocol, models))
        .collect::<Result<_, _>>()?;
    spec.check()?;
    Ok(spec)
}

fn device_spec(device: &Device, protocol: Protocol, models: &Catalogue) -> Result<DeviceSpec, LineSpecError> {
    let id = DeviceId::new(device.id.as_str())?;
    let Some(model) = models.model(&device.model).cloned() else {
        return Err(LineSpecError::Model { device: id, model: device.model.clone() });
    };
    Ok(DeviceSpec { id, address: Address::on(protocol, device.address)?, model })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use vestibule_core::time::Millis;

    use super::*;

    fn line(model: &str, baud: u32) -> Line {
        Line {
            id: "one".parse().expect("id"),
            port: Port::Path(PathBuf::from("/dev/none")),
            baud,
            parity: Configured::Even,
            protocol: Protocol::ModbusRtu,
            response_timeout: Millis(80),
            devices: vec![Device { id: "locks".parse().expect("id"), address: 1, model: model.into() }],
        }
    }

    #[test]
    fn configured_line_is_what_drivers_start() {
        let spec = line_spec(&line("waveshare-relay-8", 19_200), &Catalogue::default()).expect("good");
        assert_eq!(spec.baud.bits_per_second(), 19_200);
        assert_eq!((spec.parity, spec.response_timeout), (Parity::Even, Duration::from_millis(80)));
        assert_eq!(spec.devices[0].model.name(), "waveshare-relay-8");
    }

    #[test]
    fn line_is_refused_when_drivers_do_not_know_model_or_speed() {
        let refused = |model, baud| line_spec(&line(model, baud), &Catalogue::default());
        assert!(matches!(refused("waveshare-relay-9", 9_600), Err(LineSpecError::Model { .. })));
        assert!(matches!(refused("waveshare-relay-8", 9_601), Err(LineSpecError::Spec(_))));
    }
}
