//! What each device model provides, as the drivers say it.

use std::collections::BTreeMap;

use device_drivers::device::Model;
pub use device_drivers::device::profile::Role;
pub use device_drivers::frame::Protocol;

/// Channels of a model by kind, each numbered from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provides {
    /// Lock outputs.
    pub outputs: u16,
    /// Digital inputs.
    pub inputs: u16,
    /// Probe channels.
    pub probes: u16,
    /// What each probe channel measures.
    pub roles: BTreeMap<u16, Role>,
}

/// What a model provides.
#[must_use]
pub fn provides(model: &Model) -> Provides {
    let provides = model.provides();
    Provides {
        outputs: provides.outputs.into(),
        inputs: provides.inputs.into(),
        probes: provides.probes.into(),
        roles: model.probes().map(|probe| (probe.channel.number().into(), probe.role())).collect(),
    }
}
