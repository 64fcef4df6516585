//! What a relay board hears first after every opening of the port, by its maker's document: the reads and commands that a
//! pulse needs before it, all off at once where the board has such a command, and no pulse before all of them.

use device_drivers::signal::{PortState, Signal};
use sim_devices::{LineSpec, Model, RelayModel, sealed};

use super::bench::Seen;

/// Function and register of *all off* of a Waveshare board (hardware.md, golden frames), without address and check bytes.
const ALL_OFF: [u8; 5] = [5, 0x00, 0xFF, 0x00, 0x00];
/// The same of an Eletechsup board: register 0, command 8.
const REGISTERS_ALL_OFF: [u8; 5] = [6, 0x00, 0x00, 0x08, 0x00];

/// The frame of `body` to `board`, as it stands on the wire.
fn frame(board: u8, body: [u8; 5]) -> Vec<u8> {
    sealed([&[board][..], &body].concat())
}

/// Whether `sent` is a Waveshare board's *all off* to `board`.
#[must_use]
pub fn is_all_off(sent: &[u8], board: u8) -> bool {
    sent == frame(board, ALL_OFF)
}

/// What a board must have heard before its first pulse, in this order; whatever else it hears in between.
fn steps(model: Model) -> Option<Vec<[u8; 5]>> {
    let count = |relays: usize| u8::try_from(relays).expect("few relays");
    Some(match model {
        Model::Relay(board) => {
            let relays = count(board.relays());
            let modes = (board == RelayModel::EightD).then_some([3, 0x10, 0x00, 0x00, relays]);
            [ALL_OFF, [1, 0x00, 0x00, 0x00, relays]].into_iter().chain(modes).collect()
        }
        Model::Eletechsup(relays) => vec![REGISTERS_ALL_OFF, [3, 0x00, 0x01, 0x00, relays]],
        // Outputs, power-on states, pulse widths, working modes, and outputs once more.
        Model::Ebyte { relays, .. } => [(1, 0x0000), (1, 0x0064), (3, 0x05DC), (3, 0x0578), (1, 0x0000)]
            .map(|(function, first): (u8, u16)| {
                let [high, low] = first.to_be_bytes();
                [function, high, low, 0x00, relays]
            })
            .into(),
        Model::Inputs(_) | Model::Map(_) | Model::XyMd02 | Model::Locks(_) => return None,
    })
}

/// Whether the board takes `sent` for the order to close a relay.
fn closes(model: Model, sent: &[u8]) -> bool {
    match (model, sent) {
        (Model::Relay(_), [_, 5, register, ..]) => *register == 0x02,
        (Model::Eletechsup(_), [_, 6, 0, output, command, ..]) => *output > 0 && *command != 2,
        (Model::Ebyte { .. }, [_, 5, 0, coil, 0xFF, 0, ..]) => *coil < 0x64,
        _ => false,
    }
}

#[derive(Debug)]
struct Board {
    number: u8,
    model: Model,
    steps: Vec<Vec<u8>>,
    /// How many of the steps it has heard since the port opened.
    done: usize,
}

/// Watches the frames to some relay boards.
#[derive(Debug)]
pub struct Onset {
    boards: Vec<Board>,
    openings: u64,
}

impl Onset {
    /// For the relay boards of `line`.
    #[must_use]
    pub fn of(line: &LineSpec) -> Self {
        let board = |(number, model): (u8, Model)| {
            let steps: Vec<Vec<u8>> = steps(model)?.into_iter().map(|body| frame(number, body)).collect();
            Some(Board { number, model, done: steps.len(), steps })
        };
        let devices = line.devices.iter().map(|spec| (spec.address.get(), spec.model));
        Self { boards: devices.filter_map(board).collect(), openings: 0 }
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
                self.boards.iter_mut().for_each(|board| board.done = 0);
                Ok(())
            }
            Seen::Sent { at, frame } => {
                let board = self.boards.iter_mut().find(|board| board.number == frame[0]);
                let heard = board.map_or(Ok(()), |board| board.hears(frame));
                heard.map_err(|why| format!("{why} at {at:?}: {frame:02X?}"))
            }
            Seen::Told(_) | Seen::Heard { .. } | Seen::Happened(_) => Ok(()),
        }
    }
}

impl Board {
    fn hears(&mut self, sent: &[u8]) -> Result<(), &'static str> {
        let all_off = matches!(self.model, Model::Relay(_) | Model::Eletechsup(_));
        match self.steps.get(self.done) {
            Some(step) if sent == *step => self.done += 1,
            Some(_) if self.done == 0 && all_off => return Err("not all off first"),
            Some(_) if closes(self.model, sent) => return Err("a pulse before the set-up"),
            Some(_) | None => {}
        }
        Ok(())
    }
}
