//! What a reader line's thread does with each signal: nothing that waits, but for a key's file when a reader has its key.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use device_drivers::id::DeviceId;
use device_drivers::osdp::{Identity, InstallOutcome, ReaderSignal, ReaderState, Tamper, What};
use device_drivers::time::Monotonic;
use tracing::{error, info, warn};
use vestibule_core::id::{LineId, TerminalId};

use super::Inner;
use super::keys::Standing;
use crate::clock::{monotonic, wall};
use crate::config::Line;
use crate::field::{Ends, port_log};
use crate::supervise::Part;
use crate::wiring::Taken;
use crate::wiring::reader::{Reporter, Step, entered, install, tapped};

/// Keeps the names of one line's readers and what was told of each.
struct Ear {
    line: LineId,
    port: String,
    readers: BTreeMap<DeviceId, (TerminalId, Reporter)>,
}

/// The sink of one line.
pub(super) fn sink<'a>(
    line: &Line,
    terminals: impl Iterator<Item = &'a TerminalId>,
    inner: &Arc<Inner>,
    ends: &Ends,
) -> impl FnMut(ReaderSignal) + Send + 'static {
    let named = |terminal: &TerminalId| {
        let id = DeviceId::new(terminal.as_str()).ok()?;
        Some((id, (terminal.clone(), Reporter::new(terminal.clone()))))
    };
    let (line, port) = (line.id.clone(), line.port.to_string());
    let beat = ends.health.line(&line);
    let guard = ends.alarm.guard(Part::Line(line.clone()));
    let mut ear = Ear { line, port, readers: terminals.filter_map(named).collect() };
    // The line must not keep alive what keeps the line alive.
    let inner: Weak<Inner> = Arc::downgrade(inner);
    move |signal| {
        // Named here so that the guard lives in the closure and falls with the thread.
        let _alive = &guard;
        beat.beat(monotonic());
        if let Some(inner) = inner.upgrade() {
            ear.hear(&inner, signal);
        }
    }
}

impl Ear {
    fn hear(&mut self, inner: &Inner, ReaderSignal { at, what }: ReaderSignal) {
        let Some(reader) = of(&what) else {
            if let What::Port(state) = &what {
                port_log(&inner.telemetry, &self.line, &self.port, state);
            }
            return;
        };
        let Some((terminal, reporter)) = self.readers.get_mut(reader) else { return };
        let terminal = &*terminal;
        match &what {
            What::Port(_) => {}
            What::State { state, .. } => stands(inner, terminal, *state, reporter),
            What::Identity { identity, .. } => identified(inner, terminal, *identity),
            What::Tamper { tamper, .. } => {
                inner.telemetry.reader(terminal, |totals| totals.tamper = Some(*tamper));
                if *tamper == Tamper::Open {
                    error!(%terminal, "reader's housing is open");
                }
                // Of a reader without a key anybody can say anything; it is worth a look, not a row.
                if inner.standing(terminal) == Some(Standing::Confirmed) {
                    reporter.switched(*tamper);
                }
            }
            What::Pressed { keys, .. } => pressed(inner, terminal, keys.expose(), at),
            What::Card { card, .. } => {
                if let Some(Err(_)) = tapped(terminal, card).map(|input| inner.engine.submit(input)) {
                    warn!(%terminal, "the gateway is busy; a card was not taken");
                }
            }
            What::ClearRead { .. } => {
                if reporter.clear_read() {
                    warn!(%terminal, "a card or keys came in clear text and were ignored");
                }
            }
            What::Install { outcome, .. } => installed(inner, terminal, *outcome),
            What::Counters { counters, .. } => {
                inner.telemetry.reader(terminal, |totals| totals.counters = *counters);
            }
        }
        reporter.tell(at, |input| match inner.engine.submit(input) {
            Ok(()) => Taken::Yes,
            Err(_) => Taken::No,
        });
    }
}

const fn of(what: &What) -> Option<&DeviceId> {
    match what {
        What::Port(_) => None,
        What::State { reader, .. }
        | What::Identity { reader, .. }
        | What::Tamper { reader, .. }
        | What::Pressed { reader, .. }
        | What::Card { reader, .. }
        | What::ClearRead { reader }
        | What::Install { reader, .. }
        | What::Counters { reader, .. } => Some(reader),
    }
}

fn stands(inner: &Inner, terminal: &TerminalId, state: ReaderState, reporter: &mut Reporter) {
    inner.telemetry.reader(terminal, |totals| (totals.state, totals.since) = (state, Some(wall())));
    let pending = inner.standing(terminal) == Some(Standing::Pending);
    match state {
        ReaderState::Unknown => {}
        ReaderState::Secure => {
            info!(%terminal, "reader's channel is up under its own key");
            if pending {
                inner.confirm_key(terminal);
            }
            // What the reader showed may be gone.
            let shown = inner.pads().get(terminal).map(|pad| pad.keypad.shown()).unwrap_or_default();
            inner.order_all(terminal, shown);
        }
        ReaderState::Silent => {
            warn!(%terminal, "reader does not answer; check its power, its address and its plug")
        }
        ReaderState::Uninstalled => {
            warn!(%terminal, "reader has no key of this gateway, and nothing it says is believed: vestibule reader install {terminal}");
        }
        ReaderState::Keyless | ReaderState::WrongKey | ReaderState::NoChannel if pending => {
            info!(%terminal, "reader was not given the key of the last window");
            inner.drop_key(terminal);
            return;
        }
        ReaderState::Keyless => {
            error!(%terminal, "reader comes without its key: it was reset, or another is in its place; nothing it says is believed");
        }
        ReaderState::WrongKey => {
            error!(%terminal, "reader has another key than it was given; nothing it says is believed");
        }
        ReaderState::NoChannel => {
            error!(%terminal, "reader refuses a secure channel; nothing it says is believed");
        }
    }
    reporter.stands(state);
}

fn identified(inner: &Inner, terminal: &TerminalId, identity: Identity) {
    inner.telemetry.reader(terminal, |totals| totals.identity = Some(identity));
}

fn pressed(inner: &Inner, terminal: &TerminalId, keys: &[u8], at: Monotonic) {
    let entries = inner.pads().get_mut(terminal).map(|pad| pad.keypad.press(keys, at)).unwrap_or_default();
    for entry in entries {
        if inner.engine.submit(entered(terminal, entry)).is_err() {
            warn!(%terminal, "the gateway is busy; an entry was not taken");
        }
    }
}

fn installed(inner: &Inner, terminal: &TerminalId, outcome: InstallOutcome) {
    inner.telemetry.reader(terminal, |totals| totals.window = None);
    let step = match outcome {
        InstallOutcome::Done => {
            inner.confirm_key(terminal);
            info!(%terminal, "reader has its own key; the install window is shut");
            Step::Done
        }
        InstallOutcome::Expired => Step::Expired,
        InstallOutcome::DefaultKeyRefused | InstallOutcome::KeyRefused => {
            warn!(%terminal, "reader does not take the default key or its new one; reset it as its maker says, then try again");
            Step::Refused
        }
        InstallOutcome::Closed => Step::WindowClosed,
    };
    if outcome != InstallOutcome::Done {
        inner.try_key(terminal);
    }
    if inner.engine.submit(install(terminal, step, None)).is_err() {
        warn!(%terminal, ?outcome, "the gateway is busy; the end of an install window is not journalled");
    }
}
