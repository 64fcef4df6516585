//! A holding register that a set-up keeps at a value.

use super::Request;

/// Boards of the Eletechsup kind take commands in these registers ...
const COMMAND_REGISTERS: u16 = 32;
/// ... as values from here on: 0x0100 on, 0x0700 all on.
const COMMANDS_FROM: u16 = 0x0100;

/// A setting of a device: one holding register and the value that it must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Setting {
    register: u16,
    value: u16,
}

impl Setting {
    /// Register `register` at `value`; none where a relay board would take that for a command to its locks (registers 0 to
    /// 32, values from 0x0100).
    #[must_use]
    pub const fn new(register: u16, value: u16) -> Option<Self> {
        if register <= COMMAND_REGISTERS && value >= COMMANDS_FROM {
            None
        } else {
            Some(Self { register, value })
        }
    }

    /// The register, from 0.
    #[must_use]
    pub const fn register(self) -> u16 {
        self.register
    }

    /// The value that it must have.
    #[must_use]
    pub const fn value(self) -> u16 {
        self.value
    }
}

impl Request {
    /// Writes a setting that was read back and is not as it must be.
    #[must_use]
    pub const fn set(setting: Setting) -> Self {
        Self::write(6, setting.register, setting.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setting_is_none_when_a_relay_board_would_open_doors_by_it() {
        for command in [(0, 0x0700), (1, 0x0100), (8, 0x0605), (32, 0xFFFF)] {
            assert_eq!(Setting::new(command.0, command.1), None, "{command:04x?}");
        }
        assert!(Setting::new(0, 1).is_some());
        assert!(Setting::new(0x00FD, 0).is_some());
        assert!(Setting::new(0x05DC, 500).is_some());
    }
}
