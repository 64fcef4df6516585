//! A decision in the making: reads see what was already decided, and nothing touches the building.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

use crate::code::{Code, Keyring};
use crate::command::{Actor, CommandKey};
use crate::effect::{Effect, Thing};
use crate::event::{Event, Fact};
use crate::id::{CompartmentId, TerminalId};
use crate::input::StorageHealth;
use crate::refusal::Refusal;
use crate::row::GatewayRow;
use crate::screen::Screen;
use crate::site::{CompartmentSite, Site};
use crate::state::{Entry, Running, Sheets, State};
use crate::time::{ClockTrust, Now, Timestamp};

/// The decision in the making.
pub(crate) struct Draft<'a> {
    pub(crate) site: &'a Site,
    pub(crate) keys: &'a Keyring,
    /// The instant; `wall` is never earlier than the newest row.
    pub(crate) now: Now,
    /// The wall clock as it is read, for what expires: a row from a wrong future must not age anything.
    pub(crate) wall: Timestamp,
    pub(crate) entropy: [u8; 32],
    pub(crate) t: Sheets<'a>,
    /// Codes given out in this decision; unknown to the keyring until it is applied.
    pub(crate) fresh: Vec<Code>,
    origin: Origin,
    events: Vec<Event>,
    effects: Vec<Effect>,
}

/// Who is behind what is recorded now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) actor: Actor,
    pub(crate) cause: Option<CommandKey>,
    pub(crate) reason: Option<String>,
}

impl Origin {
    pub(crate) const GATEWAY: Self = Self { actor: Actor::Gateway, cause: None, reason: None };

    pub(crate) const fn of(actor: Actor) -> Self {
        Self { actor, cause: None, reason: None }
    }
}

impl<'a> Draft<'a> {
    pub(crate) fn new(
        site: &'a Site,
        keys: &'a Keyring,
        state: &'a State,
        now: Now,
        entropy: [u8; 32],
    ) -> Self {
        let newest = state.gateway.get(&()).and_then(|row| row.newest);
        let wall = now.wall;
        let now = Now { wall: newest.map_or(wall, |newest| newest.max(wall)), ..now };
        Self {
            site,
            keys,
            now,
            wall,
            entropy,
            t: state.sheets(),
            fresh: Vec::new(),
            origin: Origin::GATEWAY,
            events: Vec::new(),
            effects: Vec::new(),
        }
    }

    /// Does something in another's name.
    pub(crate) fn on_behalf<T>(&mut self, origin: Origin, what: impl FnOnce(&mut Self) -> T) -> T {
        let before = core::mem::replace(&mut self.origin, origin);
        let result = what(self);
        self.origin = before;
        result
    }

    pub(crate) const fn origin(&self) -> &Origin {
        &self.origin
    }

    pub(crate) fn record(&mut self, fact: Fact) {
        let Origin { actor, cause, reason } = self.origin.clone();
        self.events.push(Event { at: self.now.wall, trust: self.now.trust, actor, cause, reason, fact });
    }

    pub(crate) fn effect(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    pub(crate) fn show(&mut self, terminal: &TerminalId, screen: Screen) {
        self.effects.push(Effect::Show { terminal: terminal.clone(), screen });
    }

    /// Shows a refusal and hands it back for the reply.
    pub(crate) fn refuse(&mut self, terminal: &TerminalId, refusal: Refusal) -> Result<(), Refusal> {
        let support = self.site.support.clone();
        self.show(terminal, Screen::Refused { refusal, support });
        Err(refusal)
    }

    pub(crate) fn compartment_site(&self, id: &CompartmentId) -> Option<&'a CompartmentSite> {
        self.site.compartments.get(id)
    }

    pub(crate) fn label(&self, id: &CompartmentId) -> String {
        self.compartment_site(id).map_or_else(|| id.as_str().into(), |site| site.label.clone())
    }

    pub(crate) fn running(&self) -> Running {
        self.t.running.get(&()).cloned().unwrap_or_else(|| Running::before_start(0))
    }

    pub(crate) fn gateway(&self) -> GatewayRow {
        self.t.gateway.get(&()).cloned().unwrap_or_default()
    }

    pub(crate) fn serial(&mut self) -> crate::id::Serial {
        let mut running = self.running();
        let serial = running.next();
        self.t.running.put((), running);
        serial
    }

    /// Whether the calendar may expire things.
    pub(crate) const fn clock_is_trusted(&self) -> bool {
        !matches!(self.now.trust, ClockTrust::Untrusted)
    }

    pub(crate) fn storage_is_degraded(&self) -> bool {
        self.t.running.get(&()).is_some_and(|running| running.storage == StorageHealth::Degraded)
    }

    /// The changes and effects, with a `Changed` for each thing whose public state differs.
    pub(crate) fn finish(mut self) -> (Vec<Event>, Vec<Entry>, Vec<Effect>) {
        if !self.events.is_empty() {
            let mut gateway = self.gateway();
            gateway.newest = gateway.newest.max(Some(self.now.wall));
            self.t.gateway.put((), gateway);
            if self.storage_is_degraded() {
                let mut running = self.running();
                running.waiting =
                    running.waiting.saturating_add(u64::try_from(self.events.len()).unwrap_or(u64::MAX));
                self.t.running.put((), running);
            }
        }
        let changed = changed_things(&self.t);
        self.effects.extend(changed.into_iter().map(Effect::Changed));
        (self.events, self.t.into_entries(), self.effects)
    }
}

fn changed_things(t: &Sheets<'_>) -> BTreeSet<Thing> {
    let mut things = BTreeSet::new();
    things.extend(t.compartments.changed(|row| (row.usage.clone(), row.since)).map(Thing::Compartment));
    things.extend(t.doors.changed(crate::door_watch::Door::public).map(Thing::Door));
    // What an eye sees is a detail of its compartment's state.
    things.extend(t.doors.changed(crate::door_watch::Door::public_eye).map(Thing::Compartment));
    things.extend(t.probes.changed(crate::field::ProbeState::public).map(Thing::Probe));
    things.extend(t.devices.changed(|device| device.health).map(Thing::Device));
    things.extend(t.lines.changed(|line| line.health).map(Thing::Line));
    things.extend(t.sessions.changed(crate::session::Session::public).map(Thing::Terminal));
    things.extend(t.readers.changed(crate::reader::ReaderState::public).map(Thing::Terminal));
    let gateway = t.running.changed(|r| (r.boot, r.version.clone(), r.started, r.trust, r.storage));
    things.extend(gateway.map(|()| Thing::Gateway));
    things
}
