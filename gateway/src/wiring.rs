//! The one file where core and drivers meet: signals become inputs, unlocks become orders.
//!
//! Drivers report every read in electrical terms; the core hears changes in the building's terms, and "still alive" at
//! half of its stale age. Mapping and polarity are applied here and nowhere else.

pub mod reader;
pub mod scanner;

use std::collections::BTreeMap;
use std::time::Duration;

use device_drivers::channel::Channel;
use device_drivers::id::{DeviceId as BoardId, OrderId};
use device_drivers::order::{Order, PulseLength, Refused, Task};
use device_drivers::signal::{
    DeviceState, InputStates, Level as Electrical, LineTrouble, NotSent as Unsent, Outcome, PortState,
    ProbeFault as BoardFault, Reading, Signal,
};
use device_drivers::time::Monotonic;
use vestibule_core::compartment::{Contact, Level};
use vestibule_core::effect::{Unlock, Withdrawal};
use vestibule_core::id::{CompartmentId, DeviceId, LineId, ProbeId, Serial, UnlockId};
use vestibule_core::input::{Health, Input, NotSent, ProbeFault, ProbeReading, PulseReport};
use vestibule_core::time::{Millis, Mono};
use vestibule_core::unit::MilliCelsius;

use crate::config::{Configuration, ContactWire, DeviceChannel};

/// Order numbers of watches have this bit; a pulse's number is its unlock's, so each is known by its number alone.
const WATCH: u64 = 1 << 63;

/// A line that babbled is believed again after this long: three periods of the slowest probe.
const BABBLE_REST: Duration = Duration::from_secs(30);

/// Bytes without a frame between two totals of a line that still babbles: a tenth of a line at 9600 baud. A healthy line
/// has a few at most.
const BABBLE_BYTES: u64 = 960;

/// Whether the engine took an input. What it did not take is told again with the next read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Taken {
    Yes,
    No,
}

/// What one line's signals mean.
pub struct Ear {
    line: LineId,
    contacts: BTreeMap<BoardId, Vec<HeardContact>>,
    probes: BTreeMap<(BoardId, Channel), ProbeId>,
    /// Half of the age after which the core no longer believes a contact.
    alive: Duration,
    /// When the line was last known to babble, until it is believed again.
    babbled: Option<Monotonic>,
    /// Bytes without a frame at the newest totals.
    noise: u64,
}

struct HeardContact {
    channel: Channel,
    wire: ContactWire,
    told: Option<(Level, Monotonic)>,
}

/// Where each unlock goes.
pub struct Hands {
    /// The door (or, where only a latch is wired, the latch) input of each compartment.
    watched: BTreeMap<CompartmentId, (DeviceId, Channel)>,
}

/// An unlock as orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnlockOrders {
    /// The pulse, for the line of the lock's board.
    pub pulse: Order,
    /// The watch, for the line of the contact's board, which may be another.
    pub watch: Option<(DeviceId, Order)>,
}

impl Ear {
    /// The ear of one line. Channels that no board can have are left out: the configuration's check refuses them.
    #[must_use]
    pub fn new(line: &LineId, configuration: &Configuration) -> Self {
        let on_line = |at: &DeviceChannel| configuration.site.devices.get(&at.device) == Some(line);
        let mut contacts: BTreeMap<BoardId, Vec<HeardContact>> = BTreeMap::new();
        for (at, wire) in configuration.wiring.contacts.iter().filter(|(at, _)| on_line(at)) {
            if let Some((board, channel)) = electrical(at) {
                let contact = HeardContact { channel, wire: wire.clone(), told: None };
                contacts.entry(board).or_default().push(contact);
            }
        }
        let probes = configuration.wiring.probes.iter().filter(|(at, _)| on_line(at));
        let probes = probes.filter_map(|(at, probe)| Some((electrical(at)?, probe.clone()))).collect();
        let alive = Duration::from_millis(configuration.site.policy.stale.0 / 2);
        Self { line: line.clone(), contacts, probes, alive, babbled: None, noise: 0 }
    }

    /// Hears one signal and passes on what the core must know of it.
    pub fn hear(&mut self, signal: &Signal, mut pass: impl FnMut(Input) -> Taken) {
        match signal {
            Signal::Inputs { device, at, states } => {
                self.inputs(device, *at, states, &mut pass);
                self.rested(*at, &mut pass);
            }
            Signal::Probe { device, channel, at, reading } => {
                let probe = self.probes.get(&(device.clone(), *channel));
                if let (Some(probe), Some(reading)) = (probe, probe_reading(*reading)) {
                    pass(Input::Probe { probe: probe.clone(), reading });
                }
                self.rested(*at, &mut pass);
            }
            Signal::Ended { order, at, outcome } => {
                if let (Some(unlock), Some(report)) = (unlock_of(*order), pulse_report(*outcome)) {
                    pass(Input::Pulse { unlock, report });
                }
                self.rested(*at, &mut pass);
            }
            Signal::Device { device, state, .. } => {
                if let (Ok(device), health) = (DeviceId::new(device.as_str()), device_health(state)) {
                    pass(Input::Device { device, health });
                }
            }
            Signal::Port { state, .. } => {
                if let Some(health) = port_health(state) {
                    // The port's own word replaces what was said of the line.
                    self.babbled = None;
                    pass(Input::Line { line: self.line.clone(), health });
                }
            }
            Signal::Line { at, trouble } => self.trouble(*at, *trouble, &mut pass),
            Signal::LineCounters { at, counters } => {
                self.totals(*at, counters.noise_bytes);
                self.rested(*at, &mut pass);
            }
            // Signs, flags and a board's totals are for people and telemetry; they decide nothing.
            Signal::Sign { .. } | Signal::Flag { .. } | Signal::DeviceCounters { .. } => {}
        }
    }

    fn inputs(
        &mut self,
        board: &BoardId,
        at: Monotonic,
        states: &InputStates,
        pass: &mut impl FnMut(Input) -> Taken,
    ) {
        for contact in self.contacts.get_mut(board).into_iter().flatten() {
            let Some(state) = states.get(contact.channel) else { continue };
            let level = contact.wire.shut_when.level(state == Electrical::On);
            let known = contact.told.is_some_and(|(told, when)| told == level && at.since(when) < self.alive);
            if known {
                continue;
            }
            let input = Input::Contact {
                compartment: contact.wire.compartment.clone(),
                contact: contact.wire.contact,
                level,
                at: Mono(at.as_micros()),
            };
            contact.told = match pass(input) {
                Taken::Yes => Some((level, at)),
                Taken::No => None,
            };
        }
    }

    fn trouble(&mut self, at: Monotonic, trouble: LineTrouble, pass: &mut impl FnMut(Input) -> Taken) {
        match trouble {
            LineTrouble::ForeignFrames { count, .. } => {
                pass(Input::ForeignFrame { line: self.line.clone(), frames: count });
            }
            LineTrouble::Babbling => {
                if self.babbled.replace(at).is_none() {
                    pass(Input::Line { line: self.line.clone(), health: Health::Degraded });
                }
            }
            LineTrouble::LocalEcho => {}
        }
    }

    /// Babbling is told when it begins; whether it goes on is seen in the totals, which come from a silent line, too.
    fn totals(&mut self, at: Monotonic, noise: u64) {
        let fresh = noise.saturating_sub(std::mem::replace(&mut self.noise, noise));
        if fresh >= BABBLE_BYTES
            && let Some(babbled) = &mut self.babbled
        {
            *babbled = at;
        }
    }

    fn rested(&mut self, at: Monotonic, pass: &mut impl FnMut(Input) -> Taken) {
        if self.babbled.is_some_and(|babbled| at.since(babbled) >= BABBLE_REST) {
            let input = Input::Line { line: self.line.clone(), health: Health::Online };
            if pass(input) == Taken::Yes {
                self.babbled = None;
            }
        }
    }
}

impl Hands {
    /// Knows which contact tells of each compartment's door.
    #[must_use]
    pub fn new(configuration: &Configuration) -> Self {
        let mut watched = BTreeMap::new();
        for (at, wire) in &configuration.wiring.contacts {
            let Some((_, channel)) = electrical(at) else { continue };
            let place = (at.device.clone(), channel);
            match wire.contact {
                Contact::Door => {
                    watched.insert(wire.compartment.clone(), place);
                }
                Contact::Latch => {
                    watched.entry(wire.compartment.clone()).or_insert(place);
                }
                // What lies inside tells nothing of a door.
                Contact::Occupancy => {}
            }
        }
        Self { watched }
    }

    /// Splits an unlock into a pulse and a watch.
    ///
    /// # Errors
    /// [`NotSent::Unreachable`] if no board can have that output or time that pulse.
    pub fn orders(&self, unlock: &Unlock) -> Result<UnlockOrders, NotSent> {
        let number = order_number(unlock.id);
        let output = channel(unlock.lock.output).ok_or(NotSent::Unreachable)?;
        let device = board(&unlock.lock.device).ok_or(NotSent::Unreachable)?;
        let length = u32::try_from(unlock.pulse.0).ok().and_then(|ms| PulseLength::from_millis(ms).ok());
        let length = length.ok_or(NotSent::Unreachable)?;
        let deadline = Monotonic::from_micros(unlock.not_after.0);
        let pulse = Order { id: OrderId(number), task: Task::Pulse { device, output, length, deadline } };
        let watch = self.watched.get(&unlock.compartment).and_then(|(at, input)| {
            let task = Task::Watch { device: board(at)?, input: *input };
            Some((at.clone(), Order { id: OrderId(number | WATCH), task }))
        });
        Ok(UnlockOrders { pulse, watch })
    }
}

/// What takes an unlock's pulse back, for the line of the lock's board.
#[must_use]
pub fn withdrawal(of: &Withdrawal) -> Option<Order> {
    let task = Task::Withdraw { device: board(&of.device)? };
    Some(Order { id: OrderId(order_number(of.id)), task })
}

/// What a refused pulse order means to the core. It is never tried again.
#[must_use]
pub const fn refused(why: &Refused) -> NotSent {
    match why {
        Refused::InboxFull { .. } => NotSent::QueueFull,
        Refused::Stopped | Refused::UnknownDevice(_) | Refused::NoSuchChannel { .. } => NotSent::Unreachable,
    }
}

fn order_number(unlock: UnlockId) -> u64 {
    u64::from(unlock.0.boot) << 32 | u64::from(unlock.0.number)
}

fn unlock_of(order: OrderId) -> Option<UnlockId> {
    if order.0 & WATCH != 0 {
        return None;
    }
    let boot = u32::try_from(order.0 >> 32).ok()?;
    let number = u32::try_from(order.0 & u64::from(u32::MAX)).ok()?;
    Some(UnlockId(Serial { boot, number }))
}

fn pulse_report(outcome: Outcome) -> Option<PulseReport> {
    let mono = |at: Monotonic| Mono(at.as_micros());
    Some(match outcome {
        Outcome::Acknowledged { sent } => PulseReport::Acknowledged { sent: mono(sent) },
        Outcome::Unanswered { sent } => PulseReport::Unanswered { sent: mono(sent) },
        Outcome::Exception { sent, code } => PulseReport::Rejected { sent: mono(sent), exception: code.0 },
        Outcome::NotSent(why) => PulseReport::NotSent(match why {
            Unsent::Expired => NotSent::Expired,
            Unsent::LaneFull => NotSent::QueueFull,
            Unsent::Cancelled => NotSent::Cancelled,
            Unsent::CoolingDown { again } => NotSent::CoolingDown { again: millis(again) },
            Unsent::DeviceDown | Unsent::PortClosed | Unsent::Stopped | Unsent::NoSuchTarget => {
                NotSent::Unreachable
            }
        }),
        Outcome::Watched { .. } => return None,
    })
}

/// A span for the core; the last millisecond begun counts.
fn millis(span: Duration) -> Millis {
    Millis(u64::try_from(span.as_micros().div_ceil(1_000)).unwrap_or(u64::MAX))
}

/// None for a humidity: it decides nothing.
const fn probe_reading(reading: Reading) -> Option<ProbeReading> {
    Some(match reading {
        Reading::Temperature(value) => ProbeReading::Temperature(MilliCelsius(value.0)),
        Reading::Humidity(_) => return None,
        Reading::Fault(fault) => ProbeReading::Fault(match fault {
            // An exception is the instrument's own word that it has no value.
            BoardFault::Sentinel { .. } | BoardFault::Exception(_) => ProbeFault::Sentinel,
            BoardFault::OutOfRange { .. } => ProbeFault::Implausible,
            BoardFault::RateOfChange { .. } => ProbeFault::TooFast,
            BoardFault::NoReply => ProbeFault::Silent,
        }),
    })
}

const fn device_health(state: &DeviceState) -> Health {
    match state {
        DeviceState::Online => Health::Online,
        DeviceState::SetUpFailed { .. } => Health::Degraded,
        DeviceState::Down => Health::Offline,
    }
}

/// None for what leaves the port as it was.
const fn port_health(state: &PortState) -> Option<Health> {
    match state {
        PortState::Open => Some(Health::Online),
        PortState::Unplugged | PortState::Lent | PortState::OpenFailed { .. } => Some(Health::Offline),
        PortState::SlowAdapter { .. } => None,
    }
}

fn electrical(at: &DeviceChannel) -> Option<(BoardId, Channel)> {
    Some((board(&at.device)?, channel(at.channel)?))
}

fn board(device: &DeviceId) -> Option<BoardId> {
    BoardId::new(device.as_str()).ok()
}

fn channel(number: u16) -> Option<Channel> {
    Channel::new(u8::try_from(number).ok()?).ok()
}

#[cfg(test)]
mod tests;
