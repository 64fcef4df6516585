//! What a reader can show, and what it is still to be shown.

use super::super::command;
use super::super::signal::{Buzz, Light};

/// What the reader has; asked inside the channel.
#[derive(Clone, Copy, Default)]
pub(super) struct Abilities {
    pub(super) light: bool,
    pub(super) sound: bool,
    pub(super) text: bool,
}

/// The newest of each kind.
#[derive(Default)]
pub(super) struct Outputs {
    pub(super) light: Option<Light>,
    pub(super) buzz: Option<Buzz>,
    pub(super) text: Option<String>,
}

impl Abilities {
    /// As the reader lists them: three bytes each: what, how well, how many.
    pub(super) fn of(all: &[u8]) -> Self {
        let has = |what| all.chunks_exact(3).any(|one| one.first() == Some(&what) && one.get(1) != Some(&0));
        Self { light: has(4), sound: has(5), text: has(6) }
    }
}

impl Outputs {
    /// Whether anything is still to be shown.
    pub(super) const fn wait(&self) -> bool {
        self.light.is_some() || self.buzz.is_some() || self.text.is_some()
    }

    /// The next output's command, else a poll. What the reader has not is dropped.
    pub(super) fn take(&mut self, abilities: Abilities) -> (u8, Vec<u8>) {
        if let Some(light) = self.light.take().filter(|_| abilities.light) {
            return (command::LED, command::led(light).to_vec());
        }
        if let Some(buzz) = self.buzz.take().filter(|_| abilities.sound) {
            return (command::BUZZER, command::buzzer(buzz).to_vec());
        }
        if let Some(text) = self.text.take().filter(|_| abilities.text) {
            return (command::TEXT, command::text(&text));
        }
        (command::POLL, Vec::new())
    }
}
