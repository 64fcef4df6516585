//! The models: one file a device, all in the same section order (document, traps, plan, golden frames).
//! A model that is only a register map is a profile in `profiles/` and needs no code.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::channel::Channel;
use crate::order::PulseLength;

pub mod discrete_inputs;
pub mod kerong;
pub mod lock_8a;
pub mod plan;
pub mod profile;
pub mod waveshare_relay_8;
pub mod winnsen;
pub mod wkly;

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
        all.extend(kerong::models());
        all.extend(lock_8a::models());
        all.extend(waveshare_relay_8::models());
        all.extend(winnsen::models());
        all.extend(wkly::models());
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

    /// How long its locks are held by the board's own measure, whatever an order says; none where it does what the order says.
    #[must_use]
    pub fn own_pulse(&self) -> Option<Duration> {
        let (lock, length) = (Channel::new(1).ok()?, PulseLength::from_millis(100).ok()?);
        self.0.plan.pulse.and_then(|pulse| pulse(lock, length))?.own_pulse()
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
    use crate::device::plan::Poll;
    use crate::frame::Protocol;

    /// Models of which no second harmless read is known.
    const UNFENCED: [&str; 2] = ["kerong-", "lock-8a-"];

    #[test]
    fn every_model_speaks_one_protocol() {
        for model in Model::all() {
            let spoken = Protocol::ALL.into_iter().filter(|protocol| model.plan().is_for(*protocol));
            assert_eq!(spoken.count(), 1, "{model:?}");
        }
    }

    #[test]
    fn every_model_is_listed_once_and_found_by_its_name() {
        let names: Vec<String> = Model::all().iter().map(|model| model.name().to_owned()).collect();
        let expected = [
            "discrete-inputs-16",
            "discrete-inputs-32",
            "discrete-inputs-8",
            "kerong-cu16",
            "kerong-cu48",
            "kerong-cu48-hooks",
            "lock-8a-12",
            "lock-8a-16",
            "lock-8a-24",
            "waveshare-relay-8",
            "waveshare-relay-8-d",
            "winnsen-16",
            "wkly-12",
            "wkly-16",
            "wkly-24",
            "wkly-8",
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
            let fence = |poll: &Poll| plan.fences.iter().any(|fence| !fence.answers_alike(&poll.request));
            // Boards with one read only are left alone for the horizon instead.
            let fenced = plan.polls.iter().all(fence) || plan.fences.is_empty();
            assert!(fenced, "{model:?}: no fence after a lost answer");
            assert_eq!(plan.fences.is_empty(), UNFENCED.iter().any(|name| model.name().starts_with(name)));
            assert_eq!(plan.pulse.is_some(), plan.provides.outputs > 0, "{model:?}");
        }
    }
}
