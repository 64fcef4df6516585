//! What each device model provides, as the drivers say it.

use std::collections::BTreeMap;

use device_drivers::device::Model;
use device_drivers::device::plan::Meaning;
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

/// What a model provides; `None` for a model nobody knows.
#[must_use]
pub fn provides(model: &str) -> Option<Provides> {
    let model = Model::by_name(model)?;
    let provides = model.provides();
    let fields = model.plan().polls.iter().filter_map(|poll| match &poll.meaning {
        Meaning::Probes(fields) => Some(fields),
        Meaning::Inputs | Meaning::Input(_) | Meaning::Outputs => None,
    });
    let roles = fields.flatten().map(|field| (field.channel.number().into(), field.role())).collect();
    Some(Provides {
        outputs: provides.outputs.into(),
        inputs: provides.inputs.into(),
        probes: provides.probes.into(),
        roles,
    })
}

/// Whether a model speaks `protocol`; also for a model nobody knows, which is a problem of its own.
#[must_use]
pub fn speaks(model: &str, protocol: Protocol) -> bool {
    Model::by_name(model).is_none_or(|model| model.plan().is_for(protocol))
}

/// Whether a board of this model holds its locks for a time of its own, whatever an order says.
#[must_use]
pub fn times_its_pulse(model: &str) -> bool {
    Model::by_name(model).is_some_and(|model| model.own_pulse().is_some())
}

/// Names of all models, for "did you mean".
#[must_use]
pub fn names() -> Vec<String> {
    Model::all().iter().map(|model| model.name().to_owned()).collect()
}
