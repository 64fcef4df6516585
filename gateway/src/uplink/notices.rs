//! Notices on their way to the notifier: sealed by the engine when there is room, erased there when acknowledged.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};
use vestibule_core::id::NoticeId;
use vestibule_core::input::Input;

use crate::engine::{EngineHandle, SealedNotice};

/// Notices sealed at once: sealing costs the engine's thread about 100 us each.
const SEAL_MAX: usize = 4;
/// Notices without PUBACK.
const IN_FLIGHT_MAX: usize = 8;
/// Pause after the engine was busy or the broker refused a notice.
const PAUSE: Duration = Duration::from_secs(2);

/// Notices between the engine and the notifier.
#[derive(Default)]
pub(super) struct Notices {
    /// Sealed, not sent.
    waiting: VecDeque<SealedNotice>,
    /// Sent.
    in_flight: BTreeSet<NoticeId>,
    /// Acknowledged, and the engine had no room to hear it.
    unheard: Vec<NoticeId>,
    /// The newest that was asked for.
    after: Option<NoticeId>,
    /// Whether notices can be sent; none is sealed while they cannot.
    connected: bool,
    /// Whether the engine may have notices that were not asked for.
    more: bool,
    asked: Option<oneshot::Receiver<Vec<SealedNotice>>>,
    paused_until: Option<Instant>,
}

impl Notices {
    /// The connection stands: ask for every notice that is not acknowledged.
    pub(super) fn connected(&mut self) {
        self.rewind();
        self.connected = true;
    }

    /// The connection is gone: what is not acknowledged will be sealed again.
    pub(super) fn lost(&mut self) {
        self.rewind();
        self.connected = false;
    }

    /// A notice waits in the engine.
    pub(super) const fn poke(&mut self) {
        self.more = true;
    }

    /// The broker refused one: it is sealed and sent again after a pause.
    pub(super) fn not_taken(&mut self, id: NoticeId) {
        self.in_flight.remove(&id);
        self.after = None;
        self.more = true;
        self.pause();
    }

    fn rewind(&mut self) {
        self.waiting.clear();
        self.in_flight.clear();
        self.after = None;
        self.asked = None;
        self.more = true;
    }

    fn pause(&mut self) {
        self.paused_until = Some(Instant::now() + PAUSE);
    }

    /// The next notice to send.
    pub(super) fn next(&mut self) -> Option<SealedNotice> {
        if self.in_flight.len() >= IN_FLIGHT_MAX {
            return None;
        }
        let notice = self.waiting.pop_front()?;
        self.in_flight.insert(notice.id);
        Some(notice)
    }

    /// The notifier's broker has it: the engine may erase it.
    pub(super) fn acknowledged(&mut self, id: NoticeId, engine: &EngineHandle) {
        self.in_flight.remove(&id);
        if engine.submit(Input::NoticeAcknowledged(id)).is_err() {
            self.unheard.push(id);
            self.pause();
        }
    }

    /// Waits until notices were sealed or a pause is over; for ever if none is to be asked for. Cancel-safe.
    pub(super) async fn refilled(&mut self, engine: &EngineHandle) {
        if let Some(until) = self.paused_until {
            sleep_until(until).await;
            self.paused_until = None;
            for id in std::mem::take(&mut self.unheard) {
                self.acknowledged(id, engine);
            }
            return;
        }
        if self.asked.is_none() {
            let enough = !self.waiting.is_empty() || self.in_flight.len() >= IN_FLIGHT_MAX;
            if !self.connected || !self.more || enough {
                return std::future::pending().await;
            }
            self.more = false;
            match engine.sealed_notices(self.after, SEAL_MAX) {
                Ok(asked) => self.asked = Some(asked),
                Err(_) => {
                    self.more = true;
                    return self.pause();
                }
            }
        }
        if let Some(asked) = &mut self.asked {
            let sealed = asked.await;
            self.asked = None;
            // The engine drops the question only when it ends.
            self.take(sealed.unwrap_or_default());
        }
    }

    fn take(&mut self, sealed: Vec<SealedNotice>) {
        let Some(newest) = sealed.last() else { return };
        self.after = Some(newest.id);
        self.more |= sealed.len() >= SEAL_MAX;
        let fresh = sealed.into_iter().filter(|notice| !self.in_flight.contains(&notice.id));
        self.waiting.extend(fresh);
    }
}
