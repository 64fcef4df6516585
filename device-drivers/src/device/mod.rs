//! The models: one file a device, all in the same section order (document, traps, plan, golden frames).
//! A model that is only a register map is a profile in `profiles/` and needs no code.

use std::fmt;
use std::sync::Arc;

pub mod discrete_inputs;
pub mod plan;
pub mod profile;
pub mod waveshare_relay_8;

/// Compiled with the tests, so that what is copied from it still fits.
#[cfg(test)]
#[path = "_template.rs"]
mod template;

use plan::{Plan, Provides};

/// The built-in register maps.
const PROFILES: [(&str, &str); 1] = [("xy-md02", include_str!("../../profiles/xy-md02.toml"))];

/// A model of device: its name in the configuration and what the line master does with it.
#[derive(Clone)]
pub struct Model(Arc<Inner>);

struct Inner {
    name: Box<str>,
    plan: Plan,
}

impl Model {
    pub(crate) fn new(name: &str, plan: Plan) -> Self {
        Self(Arc::new(Inner { name: name.into(), plan }))
    }

    /// The built-in model of that name; none when there is none.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::all().into_iter().find(|model| model.name() == name)
    }

    /// All built-in models, in alphabetical order.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let mut all = discrete_inputs::models();
        all.extend(PROFILES.iter().filter_map(|(name, text)| profile::model(name, text).ok()));
        all.extend(waveshare_relay_8::models());
        all.sort_by(|a, b| a.name().cmp(b.name()));
        all
    }

    /// Its name in the configuration.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// What it offers: outputs, inputs, probes.
    #[must_use]
    pub fn provides(&self) -> Provides {
        self.0.plan.provides
    }

    /// What the line master does with it.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.0.plan
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Model({})", self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_is_listed_once_and_found_by_its_name() {
        let names: Vec<String> = Model::all().iter().map(|model| model.name().to_owned()).collect();
        let expected = [
            "discrete-inputs-16",
            "discrete-inputs-32",
            "discrete-inputs-8",
            "waveshare-relay-8",
            "waveshare-relay-8-d",
            "xy-md02",
        ];
        assert_eq!(names, expected);
        assert_eq!(Model::by_name("xy-md02").map(|model| model.provides().probes), Some(2));
        assert!(Model::by_name("xy-md03").is_none());
    }

    #[test]
    fn every_model_can_be_polled_and_fenced() {
        for model in Model::all() {
            let plan = model.plan();
            assert!(!plan.polls.is_empty(), "{model:?} is never heard");
            for poll in &plan.polls {
                let fenced = plan.fences.iter().any(|fence| !fence.answers_alike(&poll.request));
                assert!(fenced, "{model:?}: no fence after a lost answer to {:?}", poll.request);
            }
            assert_eq!(plan.pulse.is_some(), plan.provides.outputs > 0, "{model:?}");
        }
    }
}
