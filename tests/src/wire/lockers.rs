//! Lines of dedicated lock boards, of every model.

use sim_devices::{Baud, DeviceSpec, DoorSpec, LineSpec, LockFamily, Model, Terminal};

use super::lines::address;

/// Every model.
pub const FAMILIES: [LockFamily; 11] = [
    LockFamily::KerongCu16,
    LockFamily::KerongCu48,
    LockFamily::KerongCu48Hooks,
    LockFamily::Lock8a(12),
    LockFamily::Lock8a(16),
    LockFamily::Lock8a(24),
    LockFamily::Winnsen,
    LockFamily::Wkly(8),
    LockFamily::Wkly(12),
    LockFamily::Wkly(16),
    LockFamily::Wkly(24),
];
/// Boards of the line.
pub const BOARDS: [u8; 2] = [1, 2];
/// Doors of a board: enough to be told apart, and few enough to be looked at often.
pub const DOORS: usize = 16;

/// Two boards, a door on each of the first locks, its contact on the lock's feedback.
#[must_use]
pub fn line(family: LockFamily, baud: Baud) -> LineSpec {
    let terminal = |board, index| {
        let channel = sim_devices::Channel::from_index(index).expect("few locks");
        Terminal { board: address(board), channel }
    };
    let doors = BOARDS.into_iter().flat_map(|board| {
        (0..DOORS.min(family.locks())).map(move |index| {
            let terminal = terminal(board, index);
            DoorSpec::new(terminal, Some(terminal))
        })
    });
    let devices = BOARDS.map(|board| DeviceSpec::new(address(board), Model::Locks(family)));
    LineSpec { baud, doors: doors.collect(), devices: devices.into(), faults: Vec::new() }
}
