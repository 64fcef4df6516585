//! Who draws on which power supply: never more locks at once than it can drive. What is too much waits, in order.

use crate::channel::Channel;
use crate::spec::LineSpec;
use crate::supply::LocksAtOnce;
use crate::time::Monotonic;

/// The supplies of a line, and which slave is on which.
#[derive(Debug)]
pub struct Supplies {
    /// Place of each slave's supply in `all`.
    of: Vec<usize>,
    all: Vec<Supply>,
}

/// One supply.
#[derive(Debug)]
struct Supply {
    most: usize,
    /// At most one entry an output, and those of the past go when another comes.
    drawing: Vec<Draw>,
}

/// A lock that may be drawing.
#[derive(Debug, Clone, Copy)]
struct Draw {
    slave: usize,
    output: Channel,
    until: Monotonic,
}

impl Supplies {
    /// The supplies of `spec`: those that it lists, and one of its own for each device that names none.
    #[must_use]
    pub fn new(spec: &LineSpec) -> Self {
        let mut all: Vec<Supply> = spec.supplies.iter().copied().map(Supply::new).collect();
        let of = spec.devices.iter().map(|device| {
            device.supply.unwrap_or_else(|| {
                all.push(Supply::new(LocksAtOnce::default()));
                all.len() - 1
            })
        });
        let of = of.collect();
        Self { of, all }
    }

    /// When the supply of `slave` can drive one more lock; long ago where it can at `now`.
    #[must_use]
    pub fn free_at(&self, slave: usize, now: Monotonic) -> Monotonic {
        self.supply(slave).map_or(Monotonic::NEVER, |supply| supply.free_at(now))
    }

    /// The lock at an output of `slave` may draw until `until`.
    pub fn draws(&mut self, slave: usize, output: Channel, until: Monotonic, now: Monotonic) {
        let Some(supply) = self.of.get(slave).and_then(|place| self.all.get_mut(*place)) else { return };
        supply.drawing.retain(|draw| draw.until > now && (draw.slave, draw.output) != (slave, output));
        supply.drawing.push(Draw { slave, output, until });
    }

    fn supply(&self, slave: usize) -> Option<&Supply> {
        self.all.get(*self.of.get(slave)?)
    }
}

impl Supply {
    fn new(most: LocksAtOnce) -> Self {
        Self { most: most.get().into(), drawing: Vec::new() }
    }

    fn free_at(&self, now: Monotonic) -> Monotonic {
        let mut ends: Vec<Monotonic> =
            self.drawing.iter().map(|draw| draw.until).filter(|until| *until > now).collect();
        ends.sort_unstable();
        let over = ends.len().checked_sub(self.most);
        over.and_then(|place| ends.get(place).copied()).unwrap_or(Monotonic::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::device::Model;
    use crate::id::{DeviceId, LineId};
    use crate::spec::{Address, DeviceSpec};

    fn at(seconds: u64) -> Monotonic {
        Monotonic::from_micros(seconds * 1_000_000)
    }

    fn output(number: u8) -> Channel {
        Channel::new(number).unwrap()
    }

    /// Two boards on one supply for two locks, a third by itself.
    fn supplies() -> Supplies {
        let mut spec = LineSpec::new(LineId::new("line").unwrap(), PathBuf::new());
        spec.supplies = vec![LocksAtOnce::new(2).unwrap()];
        for (number, supply) in [(1, Some(0)), (2, Some(0)), (3, None)] {
            let id = DeviceId::new(&format!("d-{number}")).unwrap();
            let model = Model::by_name("waveshare-relay-8").unwrap();
            spec.devices
                .push(DeviceSpec { supply, ..DeviceSpec::new(id, Address::new(number).unwrap(), model) });
        }
        Supplies::new(&spec)
    }

    #[test]
    fn supply_that_drives_all_it_can_is_free_when_the_first_of_them_ends() {
        let mut supplies = supplies();
        supplies.draws(0, output(1), at(9), at(1));
        assert_eq!(supplies.free_at(1, at(1)), Monotonic::ZERO);
        supplies.draws(1, output(1), at(5), at(1));
        assert_eq!([0, 1].map(|slave| supplies.free_at(slave, at(1))), [at(5); 2]);
        assert_eq!(supplies.free_at(2, at(1)), Monotonic::ZERO, "a supply of its own");
        assert_eq!(supplies.free_at(0, at(5)), Monotonic::ZERO, "one has ended");
        assert_eq!(supplies.free_at(3, at(5)), Monotonic::NEVER, "nobody");
    }

    #[test]
    fn what_is_known_better_replaces_what_was_thought() {
        let mut supplies = supplies();
        supplies.draws(0, output(1), at(9), at(1));
        supplies.draws(0, output(1), at(2), at(1));
        supplies.draws(0, output(2), at(3), at(1));
        assert_eq!(supplies.free_at(0, at(1)), at(2));
        supplies.draws(0, output(3), at(8), at(4));
        assert_eq!(supplies.all[0].drawing.len(), 1, "those of the past are gone");
    }
}
