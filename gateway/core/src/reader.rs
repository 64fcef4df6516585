//! Readers of fobs and keys: what is worth a journal row. Their channel and their keys are the shell's.

use serde::Serialize;

use crate::command::Actor;
use crate::draft::{Draft, Origin};
use crate::event::Fact;
use crate::id::TerminalId;

/// What is told of a reader; only changes are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReaderReport {
    /// Its channel is up under its own key.
    Online,
    /// Its channel is lost.
    Offline,
    /// It should have a key of this gateway and cannot prove it.
    Insecure(ReaderFault),
    /// Its housing.
    Tampered(Housing),
    /// It sent cards or keys in clear text, which were ignored.
    ClearText {
        /// How many since the last such report.
        reads: u32,
    },
    /// Its key: what was done, and by whom.
    Install {
        /// What.
        step: InstallStep,
        /// By whom; the gateway where nobody did.
        by: Actor,
    },
}

/// Why a reader cannot prove its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReaderFault {
    /// It has none: it was reset, or another was put in its place.
    Keyless,
    /// It has another.
    WrongKey,
    /// It refuses a channel.
    NoChannel,
}

/// A reader's tamper switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Housing {
    Opened,
    Closed,
}

/// What was done about a reader's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum InstallStep {
    /// A window of five minutes was opened: the default key is lawful for this reader alone.
    WindowOpened,
    /// The reader has its key; the window is shut.
    Done,
    /// Five minutes have passed without it.
    Expired,
    /// The reader did not take it; the window is shut.
    Refused,
    /// The window was shut by somebody, or by an unplugged port.
    WindowClosed,
    /// Its key was thrown away here.
    Forgotten,
}

impl Draft<'_> {
    /// Records what is told of a reader. It changes no state: who is let in depends on what passes its channel.
    pub(crate) fn reader_reported(&mut self, terminal: &TerminalId, report: ReaderReport) {
        if !self.site.terminals.contains_key(terminal) {
            return;
        }
        let terminal = terminal.clone();
        let fact = match report {
            ReaderReport::Online => Fact::ReaderOnline { terminal },
            ReaderReport::Offline => Fact::ReaderOffline { terminal },
            ReaderReport::Insecure(fault) => Fact::ReaderInsecure { terminal, fault },
            ReaderReport::Tampered(housing) => Fact::ReaderTampered { terminal, housing },
            ReaderReport::ClearText { reads } => Fact::ReaderClearText { terminal, reads },
            ReaderReport::Install { step, by } => {
                let fact = Fact::ReaderInstall { terminal, step };
                return self.on_behalf(Origin::of(by), |draft| draft.record(fact));
            }
        };
        self.record(fact);
    }
}
