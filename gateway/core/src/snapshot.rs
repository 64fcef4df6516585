//! The public truth, rendered from the state.

use crate::compartment::{Contact, Use};
use crate::door_watch::{Door, Sensed};
use crate::input::{Health, StorageHealth};
use crate::row::CompartmentRow;
use crate::session::Session;
use crate::site::{Sensing, Site};
use crate::state::{Running, State};
use crate::time::Timestamp;
use crate::view::{CompartmentView, GatewayView, Presence, Quality, Seen, StorageView, TerminalUse, View};

/// Renders the whole building.
pub(crate) fn view(state: &State, site: &Site) -> View {
    let compartments = site.compartments.iter().map(|(id, built)| {
        let row = state.compartments.get(id).cloned();
        let row = row.unwrap_or(CompartmentRow { usage: Use::Free, since: Timestamp(0), wear: 0 });
        let door = state.doors.get(id);
        let view = CompartmentView {
            label: built.label.clone(),
            usage: row.usage,
            since: row.since,
            door: contact(built.door, door, Contact::Door),
            latch: contact(built.latch, door, Contact::Latch),
            occupancy: contact(built.occupancy, door, Contact::Occupancy),
            contradicts: door.is_some_and(Door::contradicts),
        };
        (id.clone(), view)
    });
    let probes = site.probes.keys().map(|id| {
        let seen = state.probes.get(id).map_or(unknown(), |probe| Seen {
            value: probe.temperature,
            quality: probe.quality,
            observed_at: Some(probe.observed),
        });
        (id.clone(), seen)
    });
    let devices = site.devices.keys().map(|id| {
        let seen = state.devices.get(id).map_or(unknown(), |device| presence(device.health, device.observed));
        (id.clone(), seen)
    });
    let lines = site.devices.values().map(|id| {
        let seen = state.lines.get(id).map_or(unknown(), |line| presence(line.health, line.observed));
        (id.clone(), seen)
    });
    let terminals = site
        .terminals
        .keys()
        .map(|id| (id.clone(), state.sessions.get(id).map_or(TerminalUse::Idle, Session::public)));
    let readers = state.readers.iter().map(|(id, reader)| (id.clone(), reader.public()));
    View {
        gateway: gateway(state),
        compartments: compartments.collect(),
        probes: probes.collect(),
        devices: devices.collect(),
        lines: lines.collect(),
        terminals: terminals.collect(),
        readers: readers.collect(),
    }
}

fn gateway(state: &State) -> GatewayView {
    let boot = state.gateway.get(&()).map_or(0, |row| row.boot);
    let running = state.running.get(&()).cloned().unwrap_or_else(|| Running::before_start(boot));
    GatewayView {
        boot: running.boot,
        version: running.version,
        started: running.started,
        clock: running.trust,
        storage: match running.storage {
            StorageHealth::Degraded => StorageView::Degraded,
            StorageHealth::Recovered => StorageView::Good,
        },
    }
}

fn contact(wired: Sensing, door: Option<&Door>, which: Contact) -> Option<Seen<crate::compartment::Level>> {
    match wired {
        Sensing::Absent => None,
        Sensing::Wired => Some(door.and_then(|door| door.contact(which)).map_or(unknown(), level)),
    }
}

const fn level(seen: &Sensed) -> Seen<crate::compartment::Level> {
    Seen { value: Some(seen.level), quality: seen.quality, observed_at: Some(seen.observed) }
}

const fn presence(health: Health, observed: Timestamp) -> Seen<Presence> {
    let value = match health {
        Health::Online => Presence::Online,
        Health::Degraded => Presence::Degraded,
        Health::Offline => Presence::Offline,
    };
    Seen { value: Some(value), quality: Quality::Good, observed_at: Some(observed) }
}

const fn unknown<T>() -> Seen<T> {
    Seen { value: None, quality: Quality::Unknown, observed_at: None }
}
