//! What the installer built: banks, compartments with labels and physical locks, terminals, probes. Validated before it gets here.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::id::{BankId, BuildingId, CompartmentId, DeviceId, LineId, ProbeId, TerminalId};
use crate::policy::Policy;
use crate::time::Millis;
use crate::unit::Millimetres;

/// Size class of a compartment and of a parcel; a parcel fits its class and every larger one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it; the millimetres are in the configuration's [sizes]")]
pub enum Size {
    Small,
    Medium,
    Large,
    ExtraLarge,
}

/// Climate a compartment keeps or a parcel needs; always matched exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Climate {
    /// Room temperature.
    Ambient,
    /// 0 to 5 degC.
    Chilled,
    /// -18 degC or colder.
    Frozen,
}

/// One output of one lock board. A parcel is bound to this, not to the label on the door.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PhysicalLock {
    /// The board.
    pub device: DeviceId,
    /// The output as printed on the board, from 1.
    pub output: u16,
}

/// Whether a contact is wired. A compartment without a door contact is left to staff.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sensing {
    /// A contact reports it.
    Wired,
    /// Nothing reports it.
    Absent,
}

/// One compartment as built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompartmentSite {
    /// Its bank.
    pub bank: BankId,
    /// What the sticker says.
    pub label: String,
    /// Column in the bank, from the left, from 0.
    pub column: u16,
    /// Row in the column, from the top, from 0.
    pub row: u16,
    /// Size class.
    pub size: Size,
    /// Climate it keeps.
    pub climate: Climate,
    /// Height of the handle; accessible reach is 380 to 1220 mm.
    pub handle: Millimetres,
    /// Height of the lower edge of the opening.
    pub sill: Millimetres,
    /// The lock output.
    pub lock: PhysicalLock,
    /// The door contact.
    pub door: Sensing,
    /// The latch contact.
    pub latch: Sensing,
    /// The eye that sees whether something lies inside.
    pub occupancy: Sensing,
    /// The probe that watches its climate, if any. Cold compartments without one are never allocated.
    pub probe: Option<ProbeId>,
}

/// A terminal as built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TerminalSite {
    /// Banks whose doors are within sight of it.
    pub serves: BTreeSet<BankId>,
}

/// A probe as built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeSite {
    /// What it should read.
    pub climate: Climate,
}

/// The building as built and configured. Immutable during one start of the daemon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The building's id.
    pub building: BuildingId,
    /// Whom to call, shown on every refusal that a person cannot solve.
    pub support: String,
    /// Every compartment.
    pub compartments: BTreeMap<CompartmentId, CompartmentSite>,
    /// Every terminal.
    pub terminals: BTreeMap<TerminalId, TerminalSite>,
    /// Every probe.
    pub probes: BTreeMap<ProbeId, ProbeSite>,
    /// Every board, with its line.
    pub devices: BTreeMap<DeviceId, LineId>,
    /// The numbers of the house.
    pub policy: Policy,
    /// Longest that one pulse draws from a supply: what is asked, or what some board of the house holds by its own clock.
    pub longest_hold: Millis,
}
