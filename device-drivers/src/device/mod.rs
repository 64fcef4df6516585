//! The models: one file a device, all in the same section order (document, traps, plan, golden frames).
//! A model that is only a register map is a profile in `profiles/` and needs no code.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

mod catalogue;
pub mod discrete_inputs;
pub mod ebyte_ma01;
pub mod eletechsup_relay;
pub mod kerong;
pub mod lock_8a;
pub mod plan;
pub mod profile;
pub mod waveshare_relay;
pub mod winnsen;
pub mod wkly;

/// Compiled with the tests, so that what is copied from it still fits.
#[cfg(test)]
#[path = "_template.rs"]
mod template;

use crate::channel::Channel;
use crate::frame::Protocol;
use crate::order::{MAX_PULSE_UNITS, PulseLength};
pub use catalogue::{Catalogue, NOT_OFFERED, Shadowed};
use plan::{Meaning, Plan, Provides};
use profile::{FlagField, Point, ProbeField};

/// A model of device: its name in the configuration and what the line master does with it.
#[derive(Clone)]
pub struct Model(Arc<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    name: Box<str>,
    about: Box<str>,
    notes: Box<str>,
    plan: Plan,
}

/// What a model is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// It has outputs that pulse locks.
    Locks,
    /// It has inputs for contacts.
    Inputs,
    /// It regulates the cold, and tells of it.
    Refrigeration,
    /// It measures.
    Probe,
}

impl Model {
    pub(crate) fn new(name: &str, plan: Plan) -> Self {
        Self(Arc::new(Inner { name: name.into(), about: "".into(), notes: "".into(), plan }))
    }

    /// Says what it is, in a few words: maker, model, kind.
    pub(crate) fn about(mut self, about: &str) -> Self {
        Arc::make_mut(&mut self.0).about = about.into();
        self
    }

    /// Says what an installer should know of it.
    pub(crate) fn notes(mut self, notes: &str) -> Self {
        Arc::make_mut(&mut self.0).notes = notes.into();
        self
    }

    /// The built-in model of that name; none when there is none.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Catalogue::default().model(name).cloned()
    }

    /// All built-in models, in alphabetical order.
    #[must_use]
    pub fn all() -> Vec<Self> {
        Catalogue::default().models().to_vec()
    }

    /// Its name in the configuration.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// What it is, in a few words.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.0.about
    }

    /// What an installer should know of it; may be empty.
    #[must_use]
    pub fn hints(&self) -> &str {
        &self.0.notes
    }

    /// What it offers: outputs, inputs, probes.
    #[must_use]
    pub fn provides(&self) -> Provides {
        self.0.plan.provides
    }

    /// How long its locks are held by the board's own measure, whatever an order says; none where it does what the order says.
    #[must_use]
    pub fn own_pulse(&self) -> Option<Duration> {
        self.plan().pulse?;
        self.protocol()?.opening().map(|opening| opening.held)
    }

    /// What the line master does with it.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.0.plan
    }

    /// What it is for.
    #[must_use]
    pub fn kind(&self) -> Kind {
        let Provides { outputs, inputs, .. } = self.provides();
        match (outputs, inputs) {
            (1.., _) => Kind::Locks,
            (0, 1..) => Kind::Inputs,
            (0, 0) if self.flags().next().is_some() => Kind::Refrigeration,
            (0, 0) => Kind::Probe,
        }
    }

    fn points(&self) -> impl Iterator<Item = &Point> {
        let points = self.plan().polls.iter().filter_map(|poll| match &poll.meaning {
            Meaning::Points(points) => Some(points),
            Meaning::Inputs | Meaning::Input(_) | Meaning::Outputs | Meaning::OutputRegisters => None,
        });
        points.flatten()
    }

    /// Its probes, in the order of their addresses.
    pub fn probes(&self) -> impl Iterator<Item = &ProbeField> {
        self.points().filter_map(|point| match point {
            Point::Probe(probe) => Some(probe),
            Point::Flag(_) => None,
        })
    }

    /// Its flags, in the order of their addresses.
    pub fn flags(&self) -> impl Iterator<Item = &FlagField> {
        self.points().filter_map(|point| match point {
            Point::Flag(flag) => Some(flag),
            Point::Probe(_) => None,
        })
    }

    /// What it speaks.
    #[must_use]
    pub fn protocol(&self) -> Option<Protocol> {
        Protocol::ALL.into_iter().find(|protocol| self.plan().is_for(*protocol))
    }

    /// Every pulse length that its board can time, shortest first; none for a model without outputs.
    #[must_use]
    pub fn pulse_lengths(&self) -> Vec<PulseLength> {
        let (Some(pulse), Ok(first)) = (self.plan().pulse, Channel::new(1)) else { return Vec::new() };
        let lengths =
            (1..=u32::from(MAX_PULSE_UNITS)).filter_map(|units| PulseLength::from_millis(units * 100).ok());
        lengths.filter(|length| pulse(first, *length).is_some()).collect()
    }
}

impl PartialEq for Model {
    /// Whether they do the same under the same name.
    fn eq(&self, other: &Self) -> bool {
        let words = |model: &Self| format!("{:?}", model.0);
        Arc::ptr_eq(&self.0, &other.0) || words(self) == words(other)
    }
}

impl Eq for Model {}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Model({})", self.name())
    }
}

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;
