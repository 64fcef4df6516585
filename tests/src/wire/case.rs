//! What a seed plays: boards of every model, trouble and rate.
//!
//! Every model of a relay board, and every model of a lock board, meets every trouble at both rates; the same seed is the
//! same case in memory and on a port.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use device_drivers::device::Catalogue;
use device_drivers::frame::Protocol;
use device_drivers::id::DeviceId;
use device_drivers::time::Monotonic;
use sim_devices::{Baud, DeviceSpec, DoorSpec, InputCount, LineSpec, Model, Terminal};

use super::docket::Docket;
use super::judge::{Judge, LockJudge};
use super::lines::{BAUDS, address, described, device, every_modbus_model};
use super::lockers::{self, FAMILIES};
use super::script::Script;
use super::trouble::{KINDS, Trouble};

/// Relay boards of a line of relay boards.
const RELAYS: [u8; 2] = [1, 4];
/// Its input boards, around the relay boards and the probe at 3, so that answers of one slave come into another's turn at every
/// place of the round. The doors' contacts are on the first.
const INPUTS: [u8; 4] = [2, 5, 6, 7];
const PROBE: u8 = 3;
/// A line has one input board of each.
const INPUT_BOARDS: [InputCount; 4] =
    [InputCount::Four, InputCount::Eight, InputCount::Sixteen, InputCount::ThirtyTwo];

/// Cases in which each trouble came alone at both rates, and as many with all together.
const TROUBLES: usize = 4 * (KINDS.len() + 1);

/// What a seed plays.
#[derive(Debug, Clone)]
pub struct Case {
    seed: u64,
    line: LineSpec,
    trouble: Trouble,
}

/// Which half of the field a case is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Boards {
    /// Modbus relay boards of two models, input boards beside them.
    Relays,
    /// Two dedicated lock boards of one model.
    Locks,
}

impl Boards {
    /// The case of `seed`.
    ///
    /// # Panics
    /// Never: all counts are small.
    #[must_use]
    pub fn case(self, seed: u64) -> Case {
        let among = |count: usize| u64::try_from(count).expect("few");
        let place = |of: u64, count: usize| usize::try_from(of % among(count)).expect("a place among few");
        let models = self.count();
        let (one, turn) = (place(seed, models), seed / among(models));
        let (trouble, baud) = (Trouble::of(turn), baud_of(turn));
        let line = match self {
            Self::Relays => {
                let relays = relay_models();
                // Beside each model each other one in turn, and its like.
                relay_line([relays[one], relays[place(seed + turn, models)]], place(turn, INPUTS.len()), baud)
            }
            Self::Locks => lockers::line(FAMILIES[one], baud),
        };
        Case { seed, line: line.faults(trouble.rules()), trouble }
    }

    /// Seeds until every model has met every trouble at both rates.
    #[must_use]
    pub fn every_case(self) -> u64 {
        u64::try_from(self.count() * TROUBLES).unwrap_or(u64::MAX)
    }

    /// Of these, seeds of one model.
    #[must_use]
    pub fn cases_a_model(self) -> u64 {
        u64::try_from(TROUBLES).unwrap_or(u64::MAX)
    }

    /// Names of the models with locks or inputs that must come, of those that a building may name.
    #[must_use]
    pub fn offered(self) -> Vec<String> {
        let offers = |model: &&device_drivers::device::Model| {
            let (provides, modbus) = (model.provides(), model.protocol() == Some(Protocol::ModbusRtu));
            modbus == (self == Self::Relays) && (provides.outputs > 0 || provides.inputs > 0)
        };
        let built_in = Catalogue::default();
        built_in.models().iter().filter(offers).map(|model| model.name().to_owned()).collect()
    }

    fn count(self) -> usize {
        match self {
            Self::Relays => relay_models().len(),
            Self::Locks => FAMILIES.len(),
        }
    }
}

/// The rate of a turn: both rates have all kinds of trouble.
fn baud_of(turn: u64) -> Baud {
    let kinds = u64::try_from(KINDS.len()).expect("few kinds");
    BAUDS[usize::from(!(turn / 2 + turn / (2 * (kinds + 1))).is_multiple_of(2))]
}

impl Case {
    /// The line as the simulators build it, with its trouble.
    #[must_use]
    pub const fn line(&self) -> &LineSpec {
        &self.line
    }

    /// The seed.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// Its trouble.
    #[must_use]
    pub const fn trouble(&self) -> Trouble {
        self.trouble
    }

    /// The orders, from `start` on.
    #[must_use]
    pub fn script(&self, start: Monotonic) -> Script {
        Script::new(&self.line, self.seed, start)
    }

    /// Who judges it, where the building's clock and the master's agree within `tolerance`.
    #[must_use]
    pub fn judge(&self, tolerance: Duration) -> Box<dyn Judge> {
        match self.line.lock_family() {
            Some(family) => Box::new(LockJudge::new(family, self.line.baud, tolerance)),
            None => Box::new(docket(self.line.baud, tolerance)),
        }
    }

    /// The model of each device.
    #[must_use]
    pub fn models(&self) -> BTreeMap<DeviceId, String> {
        let devices = self.line.devices.iter();
        devices.map(|spec| (device(spec.address.get()), described(spec).model.name().to_owned())).collect()
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let models: Vec<String> = self.models().into_values().collect();
        write!(f, "{}, {:?}, {} baud", models.join(" "), self.trouble, self.line.baud.get())
    }
}

/// The docket of a line of relay boards at `baud`: every model is pulsed by a frame of eight characters.
fn docket(baud: Baud, tolerance: Duration) -> Docket {
    Docket::new(baud.characters(8), baud.silence(), tolerance)
}

/// Every Modbus model that pulses locks.
#[must_use]
pub fn relay_models() -> Vec<Model> {
    let pulses = |model: &Model| described(&DeviceSpec::new(address(1), *model)).model.provides().outputs > 0;
    every_modbus_model().into_iter().filter(pulses).collect()
}

/// Two relay boards, a probe and four input boards, which change places by `turned`; doors on the locks of the first board, as
/// many as the first input board has contacts for.
fn relay_line(relays: [Model; 2], turned: usize, baud: Baud) -> LineSpec {
    let mut inputs = INPUT_BOARDS;
    inputs.rotate_left(turned);
    let relays = RELAYS.into_iter().zip(relays);
    let inputs = INPUTS.into_iter().zip(inputs.map(Model::Inputs));
    let models: BTreeMap<u8, Model> = relays.chain(inputs).chain([(PROBE, Model::XyMd02)]).collect();
    let devices: Vec<DeviceSpec> =
        models.into_iter().map(|(number, model)| DeviceSpec::new(address(number), model)).collect();
    let provides = |number| {
        let spec = devices.iter().find(|spec| spec.address == address(number));
        spec.map(|spec| described(spec).model.provides()).unwrap_or_default()
    };
    let doors = provides(RELAYS[0]).outputs.min(provides(INPUTS[0]).inputs);
    let terminal = |board, number| {
        let channel = sim_devices::Channel::new(number).expect("from 1");
        Terminal { board: address(board), channel }
    };
    let door = |number| DoorSpec::new(terminal(RELAYS[0], number), Some(terminal(INPUTS[0], number)));
    LineSpec { baud, doors: (1..=doors).map(door).collect(), devices, faults: Vec::new() }
}
