//! Seeded faults on the simulators' side of the wire: rules that compose, and what they did.

mod injector;

use std::time::Duration;

pub(crate) use injector::{Injector, Verdict};

use crate::number::Address;
use crate::time::SimTime;

/// One kind of trouble with a request or its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The request never reaches the slave: it neither acts nor answers.
    Deaf,
    /// So many random bits of the request are inverted on their way to the slaves.
    FlipRequestBits(u8),
    /// The slave acts; its answer is lost.
    Silence,
    /// The answer starts so much later. Beyond the master's timeout it is a late reply on an idle line.
    Delay(Duration),
    /// The answer is kept and sent when the next request, to whomever, has been heard, ahead of its answer.
    LateReply,
    /// The answer comes twice, one silence apart.
    Duplicate,
    /// The answer is cut at a random place, at least one character short and at least one long.
    Truncate,
    /// So many random bits of the answer are inverted.
    FlipBits(u8),
    /// A valid frame of another slave comes before the answer, unless the answer has to wait.
    ForeignFrame,
    /// Somebody answers first in the slave's name: its answer with these bits of the last data byte inverted, the check bytes made
    /// right. On Modbus lines; nobody does on those of lock boards.
    Forged(u8),
    /// So many random characters come before the answer.
    Babble(u8),
    /// The adapter is pulled when the request has been heard, and put back after this long.
    Unplug(Duration),
}

/// When a fault strikes: every condition that is set must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    fault: Fault,
    target: Option<Address>,
    function: Option<u8>,
    per_mille: Option<u16>,
    nth: Option<u64>,
    window: Option<(SimTime, SimTime)>,
    times: Option<u64>,
}

impl Rule {
    /// Strikes at every request.
    #[must_use]
    pub const fn new(fault: Fault) -> Self {
        Self { fault, target: None, function: None, per_mille: None, nth: None, window: None, times: None }
    }

    /// Only at requests to this slave.
    #[must_use]
    pub const fn on(mut self, slave: Address) -> Self {
        self.target = Some(slave);
        self
    }

    /// Only at this function code.
    #[must_use]
    pub const fn function(mut self, function: u8) -> Self {
        self.function = Some(function);
        self
    }

    /// With this chance, 0..=1000 in a thousand.
    #[must_use]
    pub const fn chance(mut self, per_mille: u16) -> Self {
        self.per_mille = Some(per_mille);
        self
    }

    /// At the n-th matching request since the rule was set, counted from 1.
    #[must_use]
    pub const fn nth(mut self, nth: u64) -> Self {
        self.nth = Some(nth);
        self
    }

    /// From one moment until (not including) another.
    #[must_use]
    pub const fn between(mut self, from: SimTime, until: SimTime) -> Self {
        self.window = Some((from, until));
        self
    }

    /// At most so many times.
    #[must_use]
    pub const fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }
}

/// A fault that was injected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Injected {
    /// Which.
    pub fault: Fault,
    /// The slave asked; `None` for a broadcast.
    pub slave: Option<Address>,
    /// The function code asked.
    pub function: u8,
    /// The request's number on this line, from 1.
    pub request: u64,
}
