//! How the simulated building is wired: its banks on one serial line.

use sim_devices::{
    Address, Baud, Channel, DeviceSpec, DoorSpec, InputCount, Latches, LineSpec, Model, RelayModel, ShutWhen,
    SpecError, Terminal,
};

use crate::house::COMPARTMENTS;

/// Most banks on the line: it takes 32 devices, and one of them is the probe.
pub const BANKS_MAX: u8 = 15;
/// Addresses of the first bank's boards and of the probe; further banks follow.
const FIRST: [u8; 2] = [1, 2];

/// Addresses of a bank's lock board and input board.
#[must_use]
pub const fn boards(bank: u8) -> [u8; 2] {
    match bank {
        0 => FIRST,
        further => [2 + 2 * further, 3 + 2 * further],
    }
}

/// The bank's letter.
#[must_use]
pub fn letter(bank: u8) -> char {
    char::from(b'a' + bank.min(BANKS_MAX))
}

/// The line: the first bank and the probe, then lock board, input board and doors of each further bank.
///
/// # Errors
/// [`SpecError`] when there are more banks than [`BANKS_MAX`].
pub fn line(baud: Baud, banks: u8) -> Result<LineSpec, SpecError> {
    let mut line = LineSpec::bank(COMPARTMENTS, Latches::None)?;
    for bank in 1..banks {
        let [Some(locks), Some(inputs)] = boards(bank).map(Address::new) else { continue };
        line.devices.push(DeviceSpec::new(locks, Model::Relay(RelayModel::Eight)));
        line.devices.push(DeviceSpec::new(inputs, Model::Inputs(InputCount::Eight)));
        let terminal = |board, index| Channel::from_index(index).map(|channel| Terminal { board, channel });
        let doors = (0..COMPARTMENTS)
            .filter_map(|index| Some(DoorSpec::new(terminal(locks, index)?, terminal(inputs, index))));
        line.doors.extend(doors);
    }
    line.check()?;
    Ok(line.at(baud).shut_when(ShutWhen::On))
}
