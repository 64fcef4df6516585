//! What each device model provides, as the drivers say it.

use device_drivers::device::Model;

/// Channels of a model by kind, each numbered from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Provides {
    /// Lock outputs.
    pub outputs: u16,
    /// Digital inputs.
    pub inputs: u16,
    /// Probe channels.
    pub probes: u16,
}

/// What a model provides; `None` for a model nobody knows.
#[must_use]
pub fn provides(model: &str) -> Option<Provides> {
    let provides = Model::by_name(model)?.provides();
    Some(Provides {
        outputs: provides.outputs.into(),
        inputs: provides.inputs.into(),
        probes: provides.probes.into(),
    })
}

/// Names of all models, for "did you mean".
#[must_use]
pub fn names() -> Vec<String> {
    Model::all().iter().map(|model| model.name().to_owned()).collect()
}
