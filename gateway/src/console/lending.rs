//! What the building says of a line that somebody wants: who uses it, and behind which of its doors something lies.

pub use vestibule_core::command::REASON_MAX;
use vestibule_core::compartment::Use;
use vestibule_core::id::{DeviceId, LineId};
use vestibule_core::site::CompartmentSite;
use vestibule_core::view::TerminalUse;

use super::server::Shared;

/// Who is in the middle of something for which the line is needed.
#[must_use]
pub fn in_use(shared: &Shared, line: &LineId) -> Option<String> {
    let site = &shared.configuration.site;
    let published = shared.engine.view();
    let on_line =
        |id| site.compartments.get(id).is_some_and(|one| site.devices.get(&one.lock.device) == Some(line));
    let reserved = |usage: &Use| matches!(usage, Use::Reserved(_));
    let mut compartments = published.view.compartments.iter();
    if let Some((id, _)) = compartments.find(|(id, one)| on_line(*id) && reserved(&one.usage)) {
        return Some(format!("Somebody uses compartment {id}"));
    }
    let serves = |terminal| {
        let site_terminal = site.terminals.get(terminal);
        let mut doors = site.compartments.iter().filter(|(id, _)| on_line(id));
        site_terminal.is_some_and(|one| doors.any(|(_, door)| one.serves.contains(&door.bank)))
    };
    let mut terminals = published.view.terminals.iter();
    let busy = terminals.find(|(id, usage)| **usage != TerminalUse::Idle && serves(*id));
    busy.map(|(id, _)| format!("Somebody is at terminal {id}, which opens doors"))
}

/// The label of a door of this board, of this output of it where one is named, that is not known to be empty. A door out of
/// service is none of these: a pickup that jammed leaves its parcel inside.
#[must_use]
pub fn occupied(shared: &Shared, board: &DeviceId, output: Option<u8>) -> Option<String> {
    let published = shared.engine.view();
    let mut doors = shared.configuration.site.compartments.iter();
    let mine = |site: &CompartmentSite| {
        let this = output.is_none_or(|output| site.lock.output == u16::from(output));
        site.lock.device == *board && this
    };
    let empty = |id| matches!(published.view.compartments.get(id).map(|one| &one.usage), Some(Use::Free));
    doors.find(|(id, site)| mine(site) && !empty(*id)).map(|(_, site)| site.label.clone())
}
