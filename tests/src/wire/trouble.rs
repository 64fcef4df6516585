//! Every kind of trouble of the wire, alone and together.

use std::time::Duration;

use sim_devices::{Fault, Rule};

/// Kinds of trouble, each with its chance in a thousand requests when it comes alone.
///
/// Bits: at most 3 are inverted in one frame, since any 3 change the check bytes; a frame with 4 right ones is one in
/// 65,536, and no master can tell it. Delays: a read's answer is late by less than a second and a pulse's by less than three
/// (the drivers' horizons), or beyond the response timeout by a little.
pub const KINDS: [(Fault, u16); 15] = [
    (Fault::Deaf, 100),
    (Fault::FlipRequestBits(2), 100),
    (Fault::FlipRequestBits(3), 100),
    (Fault::Silence, 100),
    (Fault::Delay(Duration::from_millis(96)), 100),
    (Fault::Delay(Duration::from_millis(150)), 100),
    (Fault::Delay(Duration::from_millis(600)), 60),
    (Fault::LateReply, 100),
    (Fault::Duplicate, 100),
    (Fault::Truncate, 100),
    (Fault::FlipBits(2), 100),
    (Fault::FlipBits(3), 100),
    (Fault::ForeignFrame, 100),
    (Fault::Babble(6), 100),
    (Fault::Unplug(Duration::from_millis(200)), 10),
];

/// The chance of each kind when all come together: about a third of the requests are struck.
const TOGETHER: u16 = 30;
/// The adapter's chance then; each time costs a new set-up of every board.
const UNPLUG_TOGETHER: u16 = 3;

/// Which trouble a run has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// None.
    Clean,
    /// One kind, by its place in [`KINDS`].
    Alone(usize),
    /// Every kind.
    Together,
}

impl Trouble {
    /// The trouble of a seed: every second run has all kinds, the others each kind in turn and none.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        let turn = usize::try_from(seed / 2).expect("few seeds") % (KINDS.len() + 1);
        match (seed.is_multiple_of(2), turn) {
            (true, _) => Self::Together,
            (false, kind) if kind < KINDS.len() => Self::Alone(kind),
            (false, _) => Self::Clean,
        }
    }

    /// Its rules for the simulators.
    #[must_use]
    pub fn rules(self) -> Vec<Rule> {
        match self {
            Self::Clean => Vec::new(),
            Self::Alone(kind) => {
                KINDS.iter().skip(kind).take(1).map(|(fault, chance)| rule(*fault, *chance)).collect()
            }
            Self::Together => KINDS.iter().map(|(fault, _)| rule(*fault, together(*fault))).collect(),
        }
    }
}

const fn together(fault: Fault) -> u16 {
    match fault {
        Fault::Unplug(_) => UNPLUG_TOGETHER,
        _ => TOGETHER,
    }
}

fn rule(fault: Fault, chance: u16) -> Rule {
    Rule::new(fault).chance(chance)
}
