//! Readers of fobs and keys: what is worth a journal row. Their channel and their keys are the shell's.

use serde::Serialize;

use crate::command::Actor;
use crate::draft::{Draft, Origin};
use crate::event::Fact;
use crate::id::TerminalId;
use crate::time::Timestamp;
use crate::view::{ReaderChannel, ReaderView};

/// What is told of a reader; only changes are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReaderReport {
    /// Its channel is up under its own key.
    Online,
    /// Its channel is lost.
    Offline,
    /// It has no key of this gateway: nothing it says is believed.
    Uninstalled,
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

/// What was told of a reader last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ReaderState {
    channel: Option<ReaderChannel>,
    housing: Option<Housing>,
    /// When either changed.
    since: Option<Timestamp>,
}

impl ReaderState {
    pub(crate) const fn public(&self) -> ReaderView {
        ReaderView { channel: self.channel, housing: self.housing, since: self.since }
    }

    /// The same after a report.
    fn told(self, report: &ReaderReport, now: Timestamp) -> Self {
        let (channel, housing) = match report {
            ReaderReport::Online => (Some(ReaderChannel::Secure), self.housing),
            ReaderReport::Offline => (Some(ReaderChannel::Silent), self.housing),
            ReaderReport::Uninstalled => (Some(ReaderChannel::Uninstalled), self.housing),
            ReaderReport::Insecure(ReaderFault::Keyless) => (Some(ReaderChannel::Keyless), self.housing),
            ReaderReport::Insecure(ReaderFault::WrongKey) => (Some(ReaderChannel::WrongKey), self.housing),
            ReaderReport::Insecure(ReaderFault::NoChannel) => (Some(ReaderChannel::NoChannel), self.housing),
            ReaderReport::Tampered(housing) => (self.channel, Some(*housing)),
            ReaderReport::ClearText { .. } | ReaderReport::Install { .. } => (self.channel, self.housing),
        };
        let same = (channel, housing) == (self.channel, self.housing);
        Self { channel, housing, since: if same { self.since } else { Some(now) } }
    }
}

impl Draft<'_> {
    /// Records what is told of a reader, and shows it. It decides nothing: who is let in depends on what passes its channel.
    pub(crate) fn reader_reported(&mut self, terminal: &TerminalId, report: ReaderReport) {
        if !self.site.terminals.contains_key(terminal) {
            return;
        }
        let before = self.t.readers.get(terminal).cloned().unwrap_or_default();
        let first = before.housing.is_none();
        self.t.readers.put(terminal.clone(), before.told(&report, self.now.wall));
        let terminal = terminal.clone();
        let fact = match report {
            ReaderReport::Online => Fact::ReaderOnline { terminal },
            ReaderReport::Offline => Fact::ReaderOffline { terminal },
            // Worth a look, no row: of a reader without a key anybody can say anything, and a housing that was found shut is
            // no news.
            ReaderReport::Uninstalled => return,
            ReaderReport::Tampered(Housing::Closed) if first => return,
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

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::input::Input;
    use crate::scene::{Scene, terminal};

    #[test]
    fn reader_is_shown_as_it_was_told_and_a_housing_found_shut_is_no_news() {
        let mut scene = Scene::new();
        scene.news();
        let lobby = || terminal("lobby");
        let mut tell = |report| {
            scene.give(Input::Reader { terminal: lobby(), report });
            let view = scene.building.view().readers.get(&lobby()).copied().expect("a reader");
            (scene.names(), view.channel, view.housing)
        };
        let (shut, open) = (Some(Housing::Closed), Some(Housing::Opened));
        let secure = Some(ReaderChannel::Secure);
        assert_eq!(tell(ReaderReport::Uninstalled), (vec![], Some(ReaderChannel::Uninstalled), None));
        assert_eq!(tell(ReaderReport::Online), (vec!["reader.online"], secure, None));
        assert_eq!(tell(ReaderReport::Tampered(Housing::Closed)), (vec![], secure, shut));
        assert_eq!(tell(ReaderReport::Tampered(Housing::Opened)), (vec!["reader.tampered"], secure, open));
        assert_eq!(tell(ReaderReport::Tampered(Housing::Closed)), (vec!["reader.tampered"], secure, shut));
        let keyless = tell(ReaderReport::Insecure(ReaderFault::Keyless));
        assert_eq!(keyless, (vec!["reader.insecure"], Some(ReaderChannel::Keyless), shut));
    }
}
