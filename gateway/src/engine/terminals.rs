//! Terminals that somebody sits at: who is attached, and the screen each shows.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;
use vestibule_core::id::TerminalId;
use vestibule_core::screen::Screen;

/// Screens one attached terminal may be behind: a session shows about ten. A slower one loses the middle ones and
/// gets the newest when it reads again.
const SCREENS_MAX: usize = 32;

/// Why a terminal cannot be attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AttachError {
    /// The site has no such terminal.
    #[error("the site has no such terminal")]
    NoSuchTerminal,
    /// Somebody else is attached to it.
    #[error("somebody is attached to this terminal already")]
    Taken,
}

/// What a terminal shows, and to whom.
struct Slot {
    current: Screen,
    sender: Option<mpsc::Sender<Screen>>,
    pace: Pace,
}

/// Whether the newest screen is on its way to whoever is attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pace {
    /// It is the last one in the queue, or has been taken from it.
    Abreast,
    /// It found the queue full, and is to be fetched once the queue is empty.
    Behind,
}

/// Every terminal of the site.
pub(crate) struct Terminals {
    slots: Mutex<BTreeMap<TerminalId, Slot>>,
}

/// A terminal held by one user; dropping it frees the terminal, and the core's idle time ends the session.
pub struct Attachment {
    terminal: TerminalId,
    terminals: Arc<Terminals>,
    screens: mpsc::Receiver<Screen>,
}

impl Terminals {
    pub(crate) fn new(ids: impl IntoIterator<Item = TerminalId>) -> Self {
        let slots = ids
            .into_iter()
            .map(|id| (id, Slot { current: Screen::Welcome, sender: None, pace: Pace::Abreast }))
            .collect();
        Self { slots: Mutex::new(slots) }
    }

    /// Shows a screen; it is kept for whoever attaches later.
    pub(crate) fn show(&self, terminal: &TerminalId, screen: Screen) {
        let mut slots = self.lock();
        let Some(slot) = slots.get_mut(terminal) else { return };
        slot.current = screen.clone();
        if let Some(sender) = &slot.sender {
            match sender.try_send(screen) {
                Ok(()) => slot.pace = Pace::Abreast,
                Err(mpsc::error::TrySendError::Full(_)) => slot.pace = Pace::Behind,
                Err(mpsc::error::TrySendError::Closed(_)) => slot.sender = None,
            }
        }
    }

    pub(crate) fn attach(self: &Arc<Self>, terminal: &TerminalId) -> Result<Attachment, AttachError> {
        let mut slots = self.lock();
        let slot = slots.get_mut(terminal).ok_or(AttachError::NoSuchTerminal)?;
        if slot.sender.as_ref().is_some_and(|sender| !sender.is_closed()) {
            return Err(AttachError::Taken);
        }
        let (sender, screens) = mpsc::channel(SCREENS_MAX);
        // The queue is new and holds at least one.
        sender.try_send(slot.current.clone()).map_err(|_| AttachError::Taken)?;
        slot.sender = Some(sender);
        slot.pace = Pace::Abreast;
        drop(slots);
        Ok(Attachment { terminal: terminal.clone(), terminals: Arc::clone(self), screens })
    }

    /// The newest screen, if it did not fit in the queue and nothing newer did since.
    fn missed(&self, terminal: &TerminalId) -> Option<Screen> {
        let mut slots = self.lock();
        let slot = slots.get_mut(terminal)?;
        match std::mem::replace(&mut slot.pace, Pace::Abreast) {
            Pace::Behind => Some(slot.current.clone()),
            Pace::Abreast => None,
        }
    }

    fn detach(&self, terminal: &TerminalId) {
        if let Some(slot) = self.lock().get_mut(terminal) {
            slot.sender = None;
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<TerminalId, Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attachment {
    /// Which terminal.
    #[must_use]
    pub fn terminal(&self) -> &TerminalId {
        &self.terminal
    }

    /// The next screen, the current one first. `None` once the daemon has let go of the terminal. Cancel-safe.
    pub async fn screen(&mut self) -> Option<Screen> {
        match self.screens.try_recv() {
            Ok(screen) => Some(screen),
            // What found the queue full did so before this; what comes now finds room and wakes the line below.
            Err(mpsc::error::TryRecvError::Empty) => match self.terminals.missed(&self.terminal) {
                Some(screen) => Some(screen),
                None => self.screens.recv().await,
            },
            Err(mpsc::error::TryRecvError::Disconnected) => None,
        }
    }
}

impl Drop for Attachment {
    fn drop(&mut self) {
        self.screens.close();
        self.terminals.detach(&self.terminal);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    fn lobby() -> TerminalId {
        TerminalId::new("lobby").expect("id")
    }

    #[test]
    fn current_screen_is_shown_first_when_a_terminal_attaches() {
        let terminals = Arc::new(Terminals::new([lobby()]));
        terminals.show(&lobby(), Screen::AskRecipient);
        let mut attached = terminals.attach(&lobby()).expect("free");
        assert_eq!(attached.screens.try_recv(), Ok(Screen::AskRecipient));
        terminals.show(&lobby(), Screen::Welcome);
        assert_eq!(attached.screens.try_recv(), Ok(Screen::Welcome));
    }

    #[test]
    fn second_user_is_refused_when_a_terminal_is_taken() {
        let terminals = Arc::new(Terminals::new([lobby()]));
        let first = terminals.attach(&lobby()).expect("free");
        assert_eq!(terminals.attach(&lobby()).err(), Some(AttachError::Taken));
        drop(first);
        assert!(terminals.attach(&lobby()).is_ok());
    }

    /// Every screen that comes within a second of a paused clock.
    async fn seen(attached: &mut Attachment) -> Vec<Screen> {
        let mut seen = Vec::new();
        while let Ok(Some(screen)) = timeout(Duration::from_secs(1), attached.screen()).await {
            seen.push(screen);
        }
        seen
    }

    #[tokio::test(start_paused = true)]
    async fn newest_screen_is_shown_last_and_once_when_a_terminal_was_slow() {
        let terminals = Arc::new(Terminals::new([lobby()]));
        let mut attached = terminals.attach(&lobby()).expect("free");
        for _ in 0..SCREENS_MAX {
            terminals.show(&lobby(), Screen::AskRecipient);
        }
        terminals.show(&lobby(), Screen::StillThere);
        let screens = seen(&mut attached).await;
        assert_eq!(screens.len(), SCREENS_MAX + 1);
        assert_eq!(screens.last(), Some(&Screen::StillThere));
        // One that fits after those that did not is the newest itself.
        for _ in 0..=SCREENS_MAX {
            terminals.show(&lobby(), Screen::AskRecipient);
        }
        assert_eq!(attached.screen().await, Some(Screen::AskRecipient));
        terminals.show(&lobby(), Screen::Welcome);
        let screens = seen(&mut attached).await;
        assert_eq!(screens.iter().filter(|screen| **screen == Screen::Welcome).count(), 1);
        assert_eq!(screens.last(), Some(&Screen::Welcome));
    }
}
