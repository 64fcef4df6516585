//! What a model is to the line master: plain data, without a slave's address.

use std::time::Duration;

use crate::channel::Channel;
use crate::device::profile::{Point, PointRead, split};
use crate::frame::modbus_rtu::{OUTPUTS_MAX, RelayOutput, Setting};
use crate::frame::{Protocol, Request, modbus_rtu};
use crate::limits::{DOOR_PERIOD, LOCK_PERIOD, OUTPUTS_PERIOD};
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
    /// Rest that the device needs between the end of one transaction with it and the next: some lose what comes sooner.
    pub guard: Duration,
    /// Builds the pulse of an output; none for a model without outputs, for an output that it has not, and for a length that
    /// the board cannot time. No board is switched on and off by us: one whose master dies would stay on.
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

impl Plan {
    /// A dedicated lock board that says of each output one input or more. There is nothing to set up (a board that restarts lets
    /// its locks rest), and it needs no rest between two transactions.
    #[must_use]
    pub fn lock_board(provides: Provides, polls: Vec<Poll>, pulse: PulseOf) -> Self {
        // Where locks are asked one by one the answer about one is none about another: two reads fence all others.
        let one_by_one = polls.len() > 1;
        let fences = polls.iter().take(2).filter(|_| one_by_one).map(|poll| poll.request).collect();
        Self { provides, set_up: Vec::new(), polls, fences, guard: Duration::ZERO, pulse: Some(pulse) }
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

impl SetUpStep {
    /// A step; `name` is what a person reads when it fails.
    #[must_use]
    pub fn new(name: &'static str, request: impl Into<Request>, expect: Expect) -> Self {
        Self { name, request: request.into(), expect }
    }
}

/// What a set-up step must see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// The exact echo of a write.
    Echo,
    /// Data whose every byte is 0.
    AllZero,
    /// Registers that all have this value; those that have not are set one by one, and all are read again.
    Registers(u16),
    /// Bits of outputs that are all 0; those that are not are cleared one by one, and all are read again.
    Cleared(OutputBits),
}

/// What the bits of a set-up's read are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputBits {
    /// The outputs now.
    Now,
    /// The outputs when power comes (Ebyte).
    AtPowerOn,
}

impl Expect {
    /// The write that mends the first thing in `data`, read by `request`, that is not as it must be; none when all is.
    ///
    /// # Errors
    /// [`CannotMend`] where no write does.
    pub fn mend(self, request: &Request, data: &[u8]) -> Result<Option<Request>, CannotMend> {
        match self {
            Self::Echo => Err(CannotMend),
            Self::AllZero => data.iter().all(|byte| *byte == 0).then_some(None).ok_or(CannotMend),
            Self::Registers(value) => {
                let Some(place) = data.chunks_exact(2).position(|word| word != value.to_be_bytes()) else {
                    return Ok(None);
                };
                let place = u16::try_from(place).map_err(|_| CannotMend)?;
                let first = request.first_register().ok_or(CannotMend)?;
                let setting = first.checked_add(place).and_then(|register| Setting::new(register, value));
                setting.map(|setting| Some(modbus_rtu::Request::set(setting).into())).ok_or(CannotMend)
            }
            Self::Cleared(bits) => {
                let Some(output) = first_on(data) else { return Ok(None) };
                let output = RelayOutput::new(output, OUTPUTS_MAX).ok_or(CannotMend)?;
                Ok(Some(match bits {
                    OutputBits::Now => modbus_rtu::Request::output_off(output).into(),
                    OutputBits::AtPowerOn => modbus_rtu::Request::off_at_power_on(output).into(),
                }))
            }
        }
    }
}

/// What a set-up read is not as it must be, and no write changes that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CannotMend;

fn first_on(data: &[u8]) -> Option<Channel> {
    let place = data.iter().position(|byte| *byte != 0)?;
    let bit = data.get(place)?.trailing_zeros();
    let number = u32::try_from(place).ok()?.checked_mul(8)?.checked_add(bit + 1)?;
    Channel::new(u8::try_from(number).ok()?).ok()
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
            Self::Outputs | Self::OutputRegisters | Self::Points(_) => false,
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
    /// State of all outputs, one register each, 0 for off, channel 1 first.
    OutputRegisters,
    /// Probes and flags of a profile.
    Points(Vec<Point>),
}

impl Poll {
    /// A read of all inputs of a board.
    #[must_use]
    pub fn inputs(request: impl Into<Request>) -> Self {
        Self { lane: Lane::Door, period: DOOR_PERIOD, request: request.into(), meaning: Meaning::Inputs }
    }

    /// A read of what one lock tells of itself, on boards that are asked for each alone.
    #[must_use]
    pub fn lock(lock: Channel, request: impl Into<Request>) -> Self {
        let meaning = Meaning::Input(lock);
        Self { lane: Lane::Door, period: LOCK_PERIOD, request: request.into(), meaning }
    }

    /// A read of all outputs, which finds what nobody ordered.
    #[must_use]
    pub fn outputs(request: impl Into<Request>, meaning: Meaning) -> Self {
        Self { lane: Lane::Background, period: OUTPUTS_PERIOD, request: request.into(), meaning }
    }

    /// Smaller reads of the same points, for a device that has not all of what one read asks for; none where it is one point.
    #[must_use]
    pub fn parts(&self) -> Vec<Self> {
        let Meaning::Points(points) = &self.meaning else { return Vec::new() };
        let part = |read: PointRead| Self {
            lane: self.lane,
            period: self.period,
            request: read.request.into(),
            meaning: Meaning::Points(read.points),
        };
        split(points).into_iter().map(part).collect()
    }
}
