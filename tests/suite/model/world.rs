//! The world outside: chance, doors that move, and the building's site.

use std::collections::BTreeMap;

use vestibule_core::building::CodeKey;
use vestibule_core::compartment::Level;
use vestibule_core::id::{CompartmentId, TerminalId};
use vestibule_core::policy::Policy;
use vestibule_core::site::{Climate, CompartmentSite, PhysicalLock, Sensing, Site, Size, TerminalSite};
use vestibule_core::time::Millis;
use vestibule_core::unit::Millimetres;

/// Splitmix64: one number a step, the same everywhere.
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.draw() % bound.max(1)
    }

    /// True once in `n`.
    pub fn once_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub fn pick<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        let at = self.below(u64::try_from(all.len()).unwrap());
        all.get(usize::try_from(at).unwrap())
    }

    pub fn entropy(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes.chunks_mut(8).for_each(|chunk| chunk.copy_from_slice(&self.draw().to_be_bytes()));
        bytes
    }
}

pub const UNITS: [&str; 5] = ["1a", "1b", "2a", "2b", "3c"];
pub const CARRIERS: [(&str, &str); 2] = [("ups", "246810"), ("dhl", "13579135")];
pub const BUILDING: &str = "maple-court";

/// Nine digits and the one that makes them a code, by Damm's table written down a second time.
pub fn with_check_digit(number: u64) -> String {
    const ROWS: [&str; 10] = [
        "0317598642",
        "7092154863",
        "4206871359",
        "1750983426",
        "6123045978",
        "3674209581",
        "5869720134",
        "8945362017",
        "9438617205",
        "2581436790",
    ];
    let digits = format!("{number:09}");
    let check = digits.bytes().fold(0_usize, |interim, digit| {
        usize::from(ROWS[interim].as_bytes()[usize::from(digit - b'0')] - b'0')
    });
    format!("{digits}{check}")
}

pub fn key() -> CodeKey {
    CodeKey([0x5a; 32])
}

/// Two banks of six doors each; one terminal sees both, one only the first, one only the second.
pub fn site() -> Site {
    let mut compartments = BTreeMap::new();
    for (bank, device) in [("a", "a-locks"), ("b", "b-locks")] {
        for number in 0..6_u16 {
            let id = CompartmentId::new(&format!("{bank}-{}", number + 1)).unwrap();
            compartments.insert(id, compartment(bank, device, number));
        }
    }
    let terminal = |id: &str, banks: &[&str]| {
        let serves = banks.iter().map(|bank| bank.parse().unwrap()).collect();
        (TerminalId::new(id).unwrap(), TerminalSite { serves })
    };
    Site {
        building: BUILDING.parse().unwrap(),
        support: "+1 312 555 0134".into(),
        compartments,
        terminals: [terminal("lobby", &["a", "b"]), terminal("garage", &["a"]), terminal("yard", &["b"])]
            .into(),
        probes: BTreeMap::new(),
        devices: ["a-locks", "b-locks"].map(|id| (id.parse().unwrap(), "rs485-1".parse().unwrap())).into(),
        policy: Policy { unscanned_share: 60, ..Policy::default() },
        longest_hold: Millis(1_200),
    }
}

fn compartment(bank: &str, device: &str, number: u16) -> CompartmentSite {
    let sizes = [Size::Small, Size::Medium, Size::Large];
    CompartmentSite {
        bank: bank.parse().unwrap(),
        label: format!("{bank}{}", number + 1),
        column: number / 3,
        row: number % 3,
        size: sizes[usize::from(number % 3)],
        climate: Climate::Ambient,
        handle: Millimetres(1500 - 400 * (number % 3)),
        sill: Millimetres(1400 - 400 * (number % 3)),
        lock: PhysicalLock { device: device.parse().unwrap(), output: number + 1 },
        door: Sensing::Wired,
        latch: if bank == "b" { Sensing::Wired } else { Sensing::Absent },
        occupancy: Sensing::Absent,
        probe: None,
    }
}

/// Doors as they really stand.
pub struct Doors(pub BTreeMap<CompartmentId, Level>);

impl Doors {
    pub fn all_shut(site: &Site) -> Self {
        Self(site.compartments.keys().map(|id| (id.clone(), Level::Shut)).collect())
    }

    pub fn at(&self, level: Level) -> Vec<CompartmentId> {
        self.0.iter().filter(|(_, at)| **at == level).map(|(id, _)| id.clone()).collect()
    }
}
