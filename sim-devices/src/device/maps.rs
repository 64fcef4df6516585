//! What stands where in the instruments, from the makers' lists. Numbers are the protocol's, from 0.

use std::collections::BTreeMap;
use std::time::Duration;

/// The evaporator's probe reads so much colder than the room's, in tenths.
const EVAPORATOR: i16 = 60;

/// One of the four tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// FC01.
    Coil,
    /// FC02.
    Discrete,
    /// FC03.
    Holding,
    /// FC04.
    Input,
}

/// What a cell holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    /// This, always.
    Fixed(u16),
    /// This until it is written.
    Setting { value: u16 },
    /// The slave's address.
    Address,
    /// The air's temperature in tenths, or so much colder.
    Tenths { colder: i16 },
    /// The same in hundredths.
    Hundredths { colder: i16 },
    /// The air's humidity in hundredths.
    HumidityHundredths,
}

/// Which instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MapModel {
    /// Carel ir33.
    CarelIr33,
    /// ComWinTop 8PT100 and 8PT1000 (MB8ART).
    Comwintop8Pt,
    /// Danfoss EKC 202D.
    DanfossEkc202D,
    /// Danfoss ERC 211.
    DanfossErc211,
    /// Dixell XR.
    DixellXr,
    /// Eliwell IDPlus 9xx.
    EliwellIdPlus,
    /// MD02 with an SHTC3.
    Md02Shtc3,
    /// PTA8D08 and its kind.
    Pt100x8,
    /// R4DCB08.
    R4Dcb08,
}

impl MapModel {
    /// Every one.
    pub const ALL: [Self; 9] = [
        Self::CarelIr33,
        Self::Comwintop8Pt,
        Self::DanfossEkc202D,
        Self::DanfossErc211,
        Self::DixellXr,
        Self::EliwellIdPlus,
        Self::Md02Shtc3,
        Self::Pt100x8,
        Self::R4Dcb08,
    ];

    /// How long it does not listen after a request.
    pub(super) const fn rest(self) -> Duration {
        match self {
            Self::R4Dcb08 => Duration::from_millis(50),
            Self::DanfossErc211 => Duration::from_millis(5),
            _ => Duration::ZERO,
        }
    }

    /// The map as the instrument leaves the works, all in order.
    pub(super) fn cells(self) -> BTreeMap<(Place, u16), Cell> {
        let room = Cell::Tenths { colder: 0 };
        let evaporator = Cell::Tenths { colder: EVAPORATOR };
        let cells: Vec<(Place, u16, Cell)> = match self {
            Self::CarelIr33 => carel(room, evaporator),
            Self::Comwintop8Pt => {
                let settings = [(70, 1), (71, 3), (72, 0), (75, 0), (76, 0)];
                let settings = settings.map(|(at, value)| (Place::Holding, at, Cell::Setting { value }));
                let connected = (0..8).map(|at| (Place::Discrete, at, Cell::Fixed(1)));
                let probes = (0..8).map(|at| (Place::Input, at, room));
                probes.chain(connected).chain(settings).collect()
            }
            Self::DanfossEkc202D => danfoss(room, evaporator, 10, &[(2006, 3), (2540, 0)]),
            Self::DanfossErc211 => {
                let warm = Cell::Hundredths { colder: 0 };
                let cold = Cell::Hundredths { colder: EVAPORATOR };
                let mut cells = vec![
                    (Place::Holding, 99, Cell::Setting { value: 200 }),
                    (Place::Holding, 104, Cell::Setting { value: 0 }),
                    (Place::Holding, 1010, cold),
                    (Place::Holding, 2529, warm),
                ];
                let states = [2001, 2002, 2006, 2500, 2509, 2532];
                cells.extend(states.map(|at| (Place::Holding, at, Cell::Fixed(0))));
                cells
            }
            Self::DixellXr => vec![
                (Place::Holding, 256, room),
                (Place::Holding, 257, evaporator),
                (Place::Holding, 258, room),
                (Place::Holding, 768, Cell::Setting { value: 20 }),
                (Place::Holding, 769, Cell::Setting { value: 2 }),
            ],
            Self::EliwellIdPlus => eliwell(room, evaporator),
            Self::Md02Shtc3 => vec![
                (Place::Input, 1, Cell::Hundredths { colder: 0 }),
                (Place::Input, 2, Cell::HumidityHundredths),
                (Place::Holding, 0x0100, Cell::Address),
                (Place::Holding, 0x0101, Cell::Setting { value: 9_600 }),
            ],
            Self::Pt100x8 => eight_in_holding(room, &[]),
            // The factory's automatic report is off; the third is the rate, by its code.
            Self::R4Dcb08 => eight_in_holding(room, &[(0x00FD, 0)]),
        };
        cells.into_iter().map(|(place, at, cell)| ((place, at), cell)).collect()
    }
}

fn eight_in_holding(room: Cell, settings: &[(u16, u16)]) -> Vec<(Place, u16, Cell)> {
    let probes = (0..8).map(|at| (Place::Holding, at, room));
    let corrections = (8..16).map(|at| (Place::Holding, at, Cell::Setting { value: 0 }));
    let settings = settings.iter().map(|(at, value)| (Place::Holding, *at, Cell::Setting { value: *value }));
    let address =
        [(Place::Holding, 0x00FE, Cell::Address), (Place::Holding, 0x00FF, Cell::Setting { value: 3 })];
    probes.chain(corrections).chain(settings).chain(address).collect()
}

/// ir33: probes in input registers, set point in holding 404, states in discrete inputs, temperature alarms in coils. It
/// answers for whole blocks; registers in between hold values of its own.
fn carel(room: Cell, evaporator: Cell) -> Vec<(Place, u16, Cell)> {
    let block = (400..=415).map(|at| match at {
        403 | 406 => (Place::Input, at, room),
        412 => (Place::Input, at, evaporator),
        _ => (Place::Input, at, Cell::Fixed(0)),
    });
    let states = (0..48).map(|at| (Place::Discrete, at, Cell::Fixed(0)));
    let coils = (0..64).map(|at| (Place::Coil, at, Cell::Fixed(0)));
    let set_points = (400..=430).map(|at| (Place::Holding, at, Cell::Setting { value: 20 }));
    block.chain(states).chain(coils).chain(set_points).collect()
}

/// EKC 202D: only what its list names is there.
fn danfoss(room: Cell, evaporator: Cell, alarms: u16, more: &[(u16, u16)]) -> Vec<(Place, u16, Cell)> {
    let mut cells = vec![
        (Place::Holding, 99, Cell::Setting { value: 20 }),
        (Place::Holding, 104, Cell::Setting { value: 0 }),
        (Place::Holding, 1010, evaporator),
        (Place::Holding, 1035, Cell::Fixed(0)),
        (Place::Holding, 2529, room),
        (Place::Holding, 2530, room),
        (Place::Holding, 2531, room),
    ];
    cells.extend((20_001..=20_000 + alarms).map(|at| (Place::Holding, at, Cell::Fixed(0))));
    cells.extend(more.iter().map(|(at, value)| (Place::Holding, *at, Cell::Fixed(*value))));
    cells
}

/// IDPlus: probes at every second register from 295, states in single bits from 32876; what lies between is there.
fn eliwell(room: Cell, evaporator: Cell) -> Vec<(Place, u16, Cell)> {
    let probes = (295..=300).map(|at| match at {
        295 | 299 => (Place::Holding, at, room),
        297 => (Place::Holding, at, evaporator),
        _ => (Place::Holding, at, Cell::Fixed(0)),
    });
    let states = (32_860..=32_900).map(|at| (Place::Holding, at, Cell::Fixed(0)));
    let set_point = (Place::Holding, 16_416, Cell::Setting { value: 20 });
    probes.chain(states).chain([set_point]).collect()
}
