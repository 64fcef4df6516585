//! What a model is to the line master: plain data, without a slave's address.

use std::time::Duration;

use crate::channel::Channel;
use crate::device::profile::ProbeField;
use crate::frame::{Protocol, Request};
use crate::order::PulseLength;

/// Lanes in the order in which they are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// Lock pulses.
    Unlock,
    /// Door inputs and watches.
    Door,
    /// Readers of people.
    Access,
    /// Probes.
    Temperature,
    /// Signs of life, set-up of slaves that failed once, probes of dead slaves.
    Background,
}

/// Builds the pulse of an output; none for an output or a length that the board does not have.
pub type PulseOf = fn(Channel, PulseLength) -> Option<Request>;

/// Everything that the line master needs to know about a model.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What it offers.
    pub provides: Provides,
    /// Done in order on every connect and reconnect, before anything else.
    pub set_up: Vec<SetUpStep>,
    /// Read again and again; the first of them is also how a dead device is probed.
    pub polls: Vec<Poll>,
    /// Harmless reads whose answers differ in form from each other: after a timeout, an answer to one that cannot be taken
    /// for the missing answer shows that the slave is done with the old request.
    pub fences: Vec<Request>,
    /// Builds the pulse of an output; none for a model without outputs.
    pub pulse: Option<PulseOf>,
}

impl Plan {
    /// Whether all that is asked of the model can be asked on a line of `protocol`.
    #[must_use]
    pub fn is_for(&self, protocol: Protocol) -> bool {
        let set_up = self.set_up.iter().map(|step| &step.request);
        let polls = self.polls.iter().map(|poll| &poll.request);
        set_up.chain(polls).chain(&self.fences).all(|request| protocol.carries(request))
    }
}

/// What a model offers to a building.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Provides {
    /// Relay outputs that can be pulsed.
    pub outputs: u8,
    /// Inputs.
    pub inputs: u8,
    /// Probe channels.
    pub probes: u8,
}

/// One step of a set-up.
#[derive(Debug, Clone, Copy)]
pub struct SetUpStep {
    /// What a person reads when it fails.
    pub name: &'static str,
    /// What is sent.
    pub request: Request,
    /// What must come back.
    pub expect: Expect,
}

/// What a set-up step must see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// The exact echo of a write.
    Echo,
    /// Data whose every byte is 0.
    AllZero,
    /// Registers that are 0; those that are not are cleared one by one, and all are read again.
    ClearedRegisters,
}

/// One periodic read.
#[derive(Debug, Clone)]
pub struct Poll {
    /// Where it queues.
    pub lane: Lane,
    /// Time between two of them, where the wire allows it.
    pub period: Duration,
    /// The read.
    pub request: Request,
    /// What the data mean.
    pub meaning: Meaning,
}

impl Meaning {
    /// Whether it tells of `input`.
    #[must_use]
    pub fn reads(&self, input: Channel) -> bool {
        match self {
            Self::Inputs => true,
            Self::Input(only) => *only == input,
            Self::Outputs | Self::Probes(_) => false,
        }
    }

    /// Whether it tells of inputs.
    #[must_use]
    pub const fn is_inputs(&self) -> bool {
        matches!(self, Self::Inputs | Self::Input(_))
    }
}

/// What a poll's data mean.
#[derive(Debug, Clone)]
pub enum Meaning {
    /// State of all inputs, as [`Request::inputs`] finds them in the answer.
    Inputs,
    /// State of one input: boards that are asked for each lock alone.
    Input(Channel),
    /// State of all outputs, one bit each, channel 1 first.
    Outputs,
    /// Registers with probes in them.
    Probes(Vec<ProbeField>),
}
