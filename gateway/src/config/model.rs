//! What each device model provides, as the drivers say it.

/// Channels of a model by kind, each numbered from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Provides {
    /// Lock outputs.
    pub outputs: u16,
    /// Digital inputs.
    pub inputs: u16,
    /// Temperature channels.
    pub probes: u16,
}

/// Known models and what they provide.
const MODELS: [(&str, Provides); 3] = [
    ("waveshare-relay-8", Provides { outputs: 8, inputs: 0, probes: 0 }),
    ("discrete-inputs-16", Provides { outputs: 0, inputs: 16, probes: 0 }),
    ("xy-md02", Provides { outputs: 0, inputs: 0, probes: 1 }),
];

/// What a model provides; `None` for a model nobody knows.
#[must_use]
pub fn provides(model: &str) -> Option<Provides> {
    MODELS.iter().find(|(name, _)| *name == model).map(|(_, provides)| *provides)
}

/// Names of all models, for "did you mean".
#[must_use]
pub fn names() -> Vec<&'static str> {
    MODELS.iter().map(|(name, _)| *name).collect()
}
