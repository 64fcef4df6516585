//! What the rest of the daemon holds of the engine.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot, watch};
use vestibule_core::command::Channel;
use vestibule_core::id::{NoticeId, TerminalId};
use vestibule_core::input::Input;

use super::lanes::{EngineFull, Lanes, NoticeRequest};
use super::outgoing::{Clients, Outgoing};
use super::published::Published;
use super::terminals::{AttachError, Attachment, Terminals};

/// A notice sealed to the notifier's key: only the notifier reads what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedNotice {
    /// Which; acknowledged by `Input::NoticeAcknowledged`.
    pub id: NoticeId,
    /// The message as published.
    pub bytes: Vec<u8>,
}

/// The seam to the engine. Cheap to clone, usable from any thread, never blocks longer than a short lock.
#[derive(Clone)]
pub struct EngineHandle {
    pub(crate) lanes: Arc<Lanes>,
    pub(crate) clients: Arc<Clients>,
    pub(crate) terminals: Arc<Terminals>,
    pub(crate) published: watch::Receiver<Arc<Published>>,
}

impl EngineHandle {
    /// Hands in one input. `Input::Stopping` asks the engine to end after everything that waits.
    ///
    /// # Errors
    /// [`EngineFull`] if the input's lane is full; nothing was taken.
    pub fn submit(&self, input: Input) -> Result<(), EngineFull> {
        self.lanes.submit(input)
    }

    /// The newest snapshot.
    #[must_use]
    pub fn view(&self) -> Arc<Published> {
        Arc::clone(&self.published.borrow())
    }

    /// Waits for the first decision; `false` if the engine ends before it. What is waited for stays in here: whoever kept
    /// the borrowed snapshot and asked for another one would hold up the engine, which publishes between the two, for good.
    pub async fn decided(&self) -> bool {
        let mut published = self.published.clone();
        let first = published.wait_for(|published| published.counters.inputs > 0).await;
        first.is_ok()
    }

    /// Tells of each newer snapshot; read it by [`Self::view`].
    #[must_use]
    pub fn changed(&self) -> watch::Receiver<Arc<Published>> {
        self.published.clone()
    }

    /// Everything the engine tells clients of this channel from now on. The console gets answers only.
    #[must_use]
    pub fn subscribe(&self, channel: Channel) -> mpsc::Receiver<Outgoing> {
        self.clients.subscribe(channel)
    }

    /// Takes a terminal's screen for one user; its current screen comes first.
    ///
    /// # Errors
    /// [`AttachError`] if there is no such terminal or somebody has it.
    pub fn attach_terminal(&self, terminal: &TerminalId) -> Result<Attachment, AttachError> {
        self.terminals.attach(terminal)
    }

    /// Waiting notices later than `after`, oldest first, at most `max`, sealed to the notifier's key. The answer is
    /// dropped unsent if the engine ends; it is empty if no notifier's key is configured.
    ///
    /// # Errors
    /// [`EngineFull`] if too many such questions wait.
    pub fn sealed_notices(
        &self,
        after: Option<NoticeId>,
        max: usize,
    ) -> Result<oneshot::Receiver<Vec<SealedNotice>>, EngineFull> {
        let (answer, receiver) = oneshot::channel();
        self.lanes.request(NoticeRequest { after, max, answer })?;
        Ok(receiver)
    }
}
