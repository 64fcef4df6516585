//! What a relay board hears first after every opening of the port: all off, and no pulse before that was verified.

use device_drivers::signal::{PortState, Signal};
use sim_devices::sealed;

use super::bench::Seen;

/// Function and register of *all off* (hardware.md, golden frames), without address and check bytes.
const ALL_OFF: [u8; 5] = [5, 0x00, 0xFF, 0x00, 0x00];
/// Function and register of *read 8 coils*.
const READ_OUTPUTS: [u8; 5] = [1, 0x00, 0x00, 0x00, 0x08];
/// The first register of a timed pulse.
const PULSE: u8 = 0x02;

/// The frame of `body` to `board`, as it stands on the wire.
fn frame(board: u8, body: [u8; 5]) -> Vec<u8> {
    sealed([&[board][..], &body].concat())
}

/// Whether `sent` is *all off* to `board`.
#[must_use]
pub fn is_all_off(sent: &[u8], board: u8) -> bool {
    sent == frame(board, ALL_OFF)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing sent since the port opened.
    Fresh,
    /// All off is sent; nothing proves it yet.
    Off,
    /// Outputs were read back after it.
    Verified,
}

/// Watches the frames to some relay boards.
#[derive(Debug)]
pub struct Onset {
    boards: Vec<(u8, Stage)>,
    openings: u64,
}

impl Onset {
    /// For the relay boards at these addresses.
    #[must_use]
    pub fn new(boards: &[u8]) -> Self {
        Self { boards: boards.iter().map(|board| (*board, Stage::Verified)).collect(), openings: 0 }
    }

    /// Times the port was opened so far.
    #[must_use]
    pub const fn openings(&self) -> u64 {
        self.openings
    }

    /// Takes what was seen.
    ///
    /// # Errors
    /// The frame that came too early.
    pub fn note(&mut self, seen: &Seen) -> Result<(), String> {
        match seen {
            Seen::Told(Signal::Port { state: PortState::Open, .. }) => {
                self.openings += 1;
                self.boards.iter_mut().for_each(|(_, stage)| *stage = Stage::Fresh);
                Ok(())
            }
            Seen::Sent { at, frame } => {
                self.sent(frame).map_err(|why| format!("{why} at {at:?}: {frame:02X?}"))
            }
            Seen::Told(_) | Seen::Heard { .. } | Seen::Happened(_) => Ok(()),
        }
    }

    fn sent(&mut self, sent: &[u8]) -> Result<(), &'static str> {
        let Some((board, stage)) = self.boards.iter_mut().find(|(board, _)| *board == sent[0]) else {
            return Ok(());
        };
        let pulse = sent[1] == 5 && sent[2] == PULSE;
        match *stage {
            Stage::Fresh if is_all_off(sent, *board) => *stage = Stage::Off,
            Stage::Fresh => return Err("not all off first"),
            Stage::Off if pulse => return Err("a pulse before the outputs were read back"),
            Stage::Off if sent == frame(*board, READ_OUTPUTS) => *stage = Stage::Verified,
            Stage::Off | Stage::Verified => {}
        }
        Ok(())
    }
}
