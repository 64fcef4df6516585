//! The desk: a reader's key is given in a window of five minutes with somebody at its tamper switch, or taken away.

use std::sync::PoisonError;

use device_drivers::osdp::limits::WINDOW_MAX;
use device_drivers::osdp::{ReaderState, ReaderTask, Tamper};
use device_drivers::port::monotonic_now;
use tracing::{error, info, warn};
use vestibule_core::id::TerminalId;

use super::Readers;
use super::keys::{KeyError, Standing};
use crate::supervise::Chain;
use crate::wiring::reader::{Step, install};

/// Why nothing is done at the desk.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// No terminal of that name is a reader.
    #[error("there is no reader {0}")]
    NoReader(TerminalId),
    /// It has a key.
    #[error(
        "reader {0} has a key; if it was reset or exchanged, forget its key first: vestibule reader forget {0}"
    )]
    HasKey(TerminalId),
    /// It does not answer.
    #[error("reader {0} does not answer; check its power, its address and its plug")]
    NotThere(TerminalId),
    /// Nobody is at it.
    #[error("reader {0} does not report its tamper switch; open its housing, then try again")]
    NotTampered(TerminalId),
    /// Another reader's window is open.
    #[error("reader {0} is being installed; one at a time")]
    WindowOpen(TerminalId),
    /// Keys can be neither read nor written.
    #[error("readers' keys cannot be opened; see the log")]
    NoKeys,
    /// The engine or the line is busy.
    #[error("the gateway is busy; try again")]
    Busy,
    /// The key cannot be written.
    #[error("the key cannot be kept")]
    Key(#[source] KeyError),
}

impl DeskError {
    /// The machine word.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::NoReader(_) => "not_found",
            Self::HasKey(_) => "has_key",
            Self::NotThere(_) => "unreachable",
            Self::NotTampered(_) => "not_tampered",
            Self::WindowOpen(_) | Self::Busy => "busy",
            Self::NoKeys | Self::Key(_) => "failed",
        }
    }
}

impl Readers {
    /// Opens the window of one reader; who asks is journalled. May wait for the disk.
    ///
    /// # Errors
    /// [`DeskError`]: no window is open that was not before.
    pub fn install(&self, terminal: &TerminalId, by: &str) -> Result<(), DeskError> {
        let inner = &self.0;
        let _one_at_a_time = inner.desk.lock().unwrap_or_else(PoisonError::into_inner);
        let now = monotonic_now();
        let all = inner.telemetry.totals().readers;
        let name = || terminal.clone();
        let reader = all.get(terminal).filter(|_| inner.places.contains_key(terminal));
        let reader = reader.ok_or_else(|| DeskError::NoReader(name()))?;
        if let Some((other, _)) = all.iter().find(|(_, other)| other.window.is_some_and(|until| until > now))
        {
            return Err(DeskError::WindowOpen(other.clone()));
        }
        if reader.keyed {
            return Err(DeskError::HasKey(name()));
        }
        if reader.state != ReaderState::Uninstalled {
            return Err(DeskError::NotThere(name()));
        }
        if reader.tamper != Some(Tamper::Open) {
            return Err(DeskError::NotTampered(name()));
        }
        let key = inner.keys.as_ref().ok_or(DeskError::NoKeys)?.draw(terminal).map_err(DeskError::Key)?;
        inner.stands(terminal, Some(Standing::Pending));
        let until = now + WINDOW_MAX;
        let recorded = inner.engine.submit(install(terminal, Step::WindowOpened, Some(by))).is_ok();
        if !recorded || !inner.order(terminal, ReaderTask::Install { key, until }) {
            inner.drop_key(terminal);
            return Err(DeskError::Busy);
        }
        inner.telemetry.reader(terminal, |totals| totals.window = Some(until));
        warn!(%terminal, by, "install window is open for five minutes: this reader is given its key over the default one");
        Ok(())
    }

    /// Throws a reader's key away; who asks is journalled. May wait for the disk.
    ///
    /// # Errors
    /// [`DeskError`]: the key stays.
    pub fn forget(&self, terminal: &TerminalId, by: &str) -> Result<(), DeskError> {
        let inner = &self.0;
        let _one_at_a_time = inner.desk.lock().unwrap_or_else(PoisonError::into_inner);
        if !inner.places.contains_key(terminal) {
            return Err(DeskError::NoReader(terminal.clone()));
        }
        inner.engine.submit(install(terminal, Step::Forgotten, Some(by))).map_err(|_| DeskError::Busy)?;
        inner.keys.as_ref().ok_or(DeskError::NoKeys)?.forget(terminal).map_err(DeskError::Key)?;
        inner.stands(terminal, None);
        if !inner.order(terminal, ReaderTask::Key(None)) {
            return Err(DeskError::Busy);
        }
        info!(%terminal, by, "reader's key is forgotten; nothing it says is believed until it is installed again");
        Ok(())
    }
}

impl super::Inner {
    /// Notes what is known of a reader's key.
    pub(super) fn stands(&self, terminal: &TerminalId, standing: Option<Standing>) {
        if let Some(pad) = self.pads().get_mut(terminal) {
            pad.standing = standing;
        }
        self.telemetry.reader(terminal, |totals| totals.keyed = standing == Some(Standing::Confirmed));
    }

    pub(super) fn standing(&self, terminal: &TerminalId) -> Option<Standing> {
        self.pads().get(terminal).and_then(|pad| pad.standing)
    }

    /// A reader that was to be given this key does not have it.
    pub(super) fn drop_key(&self, terminal: &TerminalId) {
        self.stands(terminal, None);
        self.order(terminal, ReaderTask::Key(None));
        if let Some(Err(why)) = self.keys.as_ref().map(|keys| keys.forget(terminal)) {
            error!(%terminal, error = %Chain(&why), "a key that no reader has cannot be removed");
        }
    }

    /// A reader has proven the key that it was to be given.
    pub(super) fn confirm_key(&self, terminal: &TerminalId) {
        self.stands(terminal, Some(Standing::Confirmed));
        if let Some(Err(why)) = self.keys.as_ref().map(|keys| keys.confirm(terminal)) {
            error!(%terminal, error = %Chain(&why), "reader's key is in use and cannot be marked so; the next start tries again");
        }
    }

    /// After a window that did not end well: perhaps the reader took the key all the same.
    pub(super) fn try_key(&self, terminal: &TerminalId) {
        let Some(loaded) = self.keys.as_ref().map(|keys| keys.load(terminal)) else { return };
        match loaded {
            Ok(Some((key, _))) => drop(self.order(terminal, ReaderTask::Key(Some(key)))),
            Ok(None) => {}
            Err(why) => error!(%terminal, error = %Chain(&why), "reader's key cannot be used"),
        }
    }
}
