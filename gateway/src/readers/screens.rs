//! What the engine shows at a terminal goes to its reader.

use tokio::sync::watch::Receiver as Flag;
use vestibule_core::id::TerminalId;
use vestibule_core::screen::Screen;

use super::Readers;
use crate::engine::AttachError;
use crate::wiring::reader::show;

impl Readers {
    /// The terminals that are readers.
    pub fn terminals(&self) -> impl Iterator<Item = &TerminalId> {
        self.0.places.keys()
    }

    /// Shows every screen of a terminal at its reader until `stopped` turns true.
    ///
    /// # Errors
    /// [`AttachError`]: somebody else sits at it.
    pub async fn follow(self, terminal: TerminalId, mut stopped: Flag<bool>) -> Result<(), AttachError> {
        let mut attachment = self.0.engine.attach_terminal(&terminal)?;
        loop {
            tokio::select! {
                screen = attachment.screen() => match screen {
                    Some(screen) => self.show(&terminal, screen),
                    None => return Ok(()),
                },
                _ = stopped.wait_for(|stopped| *stopped) => return Ok(()),
            }
        }
    }

    fn show(&self, terminal: &TerminalId, screen: Screen) {
        let tasks = match self.0.pads().get_mut(terminal) {
            Some(pad) => show(&mut pad.keypad, screen),
            None => return,
        };
        self.0.order_all(terminal, tasks);
    }
}
