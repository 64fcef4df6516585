//! The doors that are walked, as the configuration builds them.

use std::collections::BTreeSet;

use vestibule_core::id::{CompartmentId, LineId};
use vestibule_core::site::{CompartmentSite, Sensing, Site};

use super::super::Failure;
use super::place::usage;
use crate::config::Configuration;

/// A door that is walked.
pub struct Target<'a> {
    /// Its compartment.
    pub id: &'a CompartmentId,
    /// How it is built.
    pub site: &'a CompartmentSite,
}

/// Contacts that a door should have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contacts {
    /// The leaf's.
    Door,
    /// The leaf's and the latch's.
    DoorAndLatch,
}

/// The doors in the order in which a person walks past them; all where no bank is named.
///
/// # Errors
/// There are none.
pub fn targets<'a>(configuration: &'a Configuration, banks: &[String]) -> Result<Vec<Target<'a>>, Failure> {
    let wanted =
        |site: &CompartmentSite| banks.is_empty() || banks.iter().any(|bank| *bank == site.bank.as_str());
    let all = configuration.site.compartments.iter().filter(|(_, site)| wanted(site));
    let mut targets: Vec<Target<'a>> = all.map(|(id, site)| Target { id, site }).collect();
    targets.sort_by_key(|target| (target.site.bank.clone(), target.site.column, target.site.row));
    match targets.is_empty() {
        true => Err(usage("there is no such bank, or it has no doors")),
        false => Ok(targets),
    }
}

/// The lines that have their locks, and those that have any contact.
#[must_use]
pub fn lines(configuration: &Configuration, targets: &[Target<'_>]) -> BTreeSet<LineId> {
    let of = |device| configuration.site.devices.get(device).cloned();
    let locks = targets.iter().filter_map(|target| of(&target.site.lock.device));
    let inputs = configuration.wiring.contacts.keys().filter_map(|at| of(&at.device));
    locks.chain(inputs).collect()
}

/// Which contacts the door with this label should have; none for a door that is left to staff.
#[must_use]
pub fn contacts(site: &Site, label: &str) -> Option<Contacts> {
    let one = site.compartments.values().find(|one| one.label == label)?;
    match (one.door, one.latch) {
        (_, Sensing::Wired) => Some(Contacts::DoorAndLatch),
        (Sensing::Wired, Sensing::Absent) => Some(Contacts::Door),
        (Sensing::Absent, Sensing::Absent) => None,
    }
}
