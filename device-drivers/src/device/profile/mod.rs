//! Register maps as TOML: a model that needs no code, built in or an installer's own.
//!
//! The text is checked once, all flaws at once and each with its place, into a plan and its points; after that nothing of it
//! can fail but the device itself.

mod flag;
mod flaw;
mod merge;
mod probe;
mod read;
mod table;

use std::fmt;
use std::time::Duration;

pub use flag::{FlagField, FlagName, FlagRole};
pub use flaw::{Flaw, Guess};
pub use merge::{PointRead, split};
pub use probe::{LastGood, ProbeField, Role};

use crate::device::Model;
use crate::device::plan::{Expect, Lane, Meaning, Plan, Poll, Provides, SetUpStep};
use crate::frame::modbus_rtu::{Request, Setting, Table};
use flaw::Flaws;

/// Longest text of a profile in bytes: the largest built-in one has a tenth of it.
pub const PROFILE_BYTES_MAX: usize = 32 * 1024;
/// Most settings that a profile keeps: each costs two transactions on every connect.
pub const SETTINGS_MAX: usize = 8;
/// Most flags of a profile.
pub const FLAGS_MAX: usize = 32;
/// Most reads that a profile's points may need: with 16 of them at 9600 baud a slow instrument takes a second of the line.
pub const READS_MAX: usize = 16;

/// What a person reads when a setting cannot be verified; the profile lists them in this order.
const SETTING_NAMES: [&str; SETTINGS_MAX] = [
    "1st setting of the profile",
    "2nd setting of the profile",
    "3rd setting of the profile",
    "4th setting of the profile",
    "5th setting of the profile",
    "6th setting of the profile",
    "7th setting of the profile",
    "8th setting of the profile",
];

/// Where a point stands in the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// In which table.
    pub table: Table,
    /// First register or bit, in the protocol's count from 0.
    pub first: u16,
    /// How many, 1 or 2.
    pub count: u16,
}

impl Span {
    /// The address after the last; beyond 16 bits for one at the very end.
    #[must_use]
    pub const fn end(self) -> u32 {
        self.first as u32 + self.count as u32
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = match self.table {
            Table::Coils => "coil",
            Table::DiscreteInputs => "discrete input",
            Table::HoldingRegisters => "holding register",
            Table::InputRegisters => "input register",
        };
        match self.count {
            1 => write!(f, "{table} {}", self.first),
            _ => write!(f, "{table}s {} to {}", self.first, self.end() - 1),
        }
    }
}

/// One thing that a profile reads.
#[derive(Debug, Clone)]
pub enum Point {
    /// A measured value.
    Probe(ProbeField),
    /// Something that is so or is not.
    Flag(FlagField),
}

impl Point {
    /// Where it stands.
    #[must_use]
    pub const fn span(&self) -> Span {
        match self {
            Self::Probe(probe) => probe.span(),
            Self::Flag(flag) => flag.span(),
        }
    }
}

/// A profile's text, read and found good, before its reads are planned.
struct Definition {
    name: String,
    about: String,
    notes: String,
    period: Duration,
    guard: Duration,
    largest_read: u16,
    largest_hole: u16,
    fence: Request,
    settings: Vec<Setting>,
    points: Vec<Point>,
}

/// Reads a profile.
///
/// # Errors
/// Every [`Flaw`] of the text, in the order of their places.
pub fn parse(text: &str) -> Result<Model, Vec<Flaw>> {
    let flaws = Flaws::default();
    let definition = read::definition(text, &flaws).filter(|_| flaws.is_empty());
    let model = definition.and_then(|definition| model(&definition, text.len(), &flaws));
    match (model, flaws.into_sorted()) {
        (Some(model), flaws) if flaws.is_empty() => Ok(model),
        (_, flaws) => Err(flaws),
    }
}

fn model(definition: &Definition, bytes: usize, flaws: &Flaws) -> Option<Model> {
    let whole = 0..bytes.min(1);
    let reads = merge::merged(&definition.points, definition.largest_read, definition.largest_hole);
    if reads.is_empty() || reads.len() > READS_MAX {
        let message = format!("the profile needs {} reads; 1 to {READS_MAX} are allowed", reads.len());
        flaws.add(Flaw::new(whole.clone(), message).help("raise largest_hole, or leave points out"));
        return None;
    }
    if reads.iter().any(|read| read.request.answers_alike(&definition.fence)) {
        let message = "the fence cannot be told apart from a read of the profile";
        let help = "another table, or holding registers where all else is input registers";
        flaws.add(Flaw::new(whole, message).help(help));
        return None;
    }
    let poll = |read: PointRead| Poll {
        lane: Lane::Temperature,
        period: definition.period,
        request: read.request.into(),
        meaning: Meaning::Points(read.points),
    };
    let last = definition.points.iter().filter_map(|point| match point {
        Point::Probe(probe) => Some(probe.channel.number()),
        Point::Flag(_) => None,
    });
    let plan = Plan {
        provides: Provides { outputs: 0, inputs: 0, probes: last.max().unwrap_or(0) },
        set_up: set_up(&definition.settings)?,
        polls: reads.into_iter().map(poll).collect(),
        fences: vec![definition.fence.into()],
        guard: definition.guard,
        pulse: None,
    };
    Some(Model::new(&definition.name, plan).about(&definition.about).notes(&definition.notes))
}

/// Each setting is read, written where it differs, and read again; nothing else is ever written.
fn set_up(settings: &[Setting]) -> Option<Vec<SetUpStep>> {
    let step = |(name, setting): (&'static str, &Setting)| {
        let request = Request::read(Table::HoldingRegisters, setting.register(), 1).ok()?;
        Some(SetUpStep { name, request: request.into(), expect: Expect::Registers(setting.value()) })
    };
    SETTING_NAMES.into_iter().zip(settings).map(step).collect()
}

#[cfg(test)]
mod tests;
