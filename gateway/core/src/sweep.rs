//! What expires by the calendar, and what is forgotten so that nothing grows.

use alloc::vec::Vec;

use crate::compartment::InspectionCause;
use crate::draft::Draft;
use crate::limits::{CLOSED_KEPT, REMINDER_EVERY, SWEEP_EVERY};
use crate::parcel::{CollectionProof, ParcelState};
use crate::time::Timestamp;

impl Draft<'_> {
    /// What expires by the calendar.
    pub(crate) fn sweep(&mut self) {
        let mut running = self.running();
        if running.sweep > self.now.mono {
            return;
        }
        running.sweep = self.now.mono.after(SWEEP_EVERY);
        self.t.running.put((), running);
        self.forget_nonces();
        self.forget_reminders();
        if self.clock_is_trusted() {
            self.forget_outcomes();
            self.forget_parcels();
            self.expire_expected();
            self.end_interrupted_pickups();
        }
    }

    fn forget_reminders(&mut self) {
        let now = self.now.mono;
        let old = self.t.reminded.iter().filter(|(_, at)| now >= at.after(REMINDER_EVERY));
        let old: Vec<_> = old.map(|(unit, _)| unit.clone()).collect();
        for unit in old {
            self.t.reminded.remove(&unit);
        }
    }

    /// A pickup that was cut is taken for done when its grace is over; a person looks into the compartment.
    fn end_interrupted_pickups(&mut self) {
        let (wall, grace) = (self.wall, self.site.policy.interrupted_grace);
        let over = |since: Timestamp| wall.since(since) > grace;
        let old = self.placed(|state| matches!(state, ParcelState::Collecting { since, .. } if over(*since)));
        for (id, place) in old {
            let visited = self.t.sessions.iter().any(|(_, s)| s.visited_door() == Some(&place.compartment));
            if visited || self.live_unlock(&place.compartment).is_some() {
                continue;
            }
            self.inspect(&place.compartment, InspectionCause::PickupNotClosed);
            self.collected(id, CollectionProof::Assumed);
        }
    }

    /// Drops parcels that were closed long ago.
    pub(crate) fn forget_parcels(&mut self) {
        let wall = self.wall;
        let old = self.t.parcels.iter().filter(|(_, parcel)| {
            let since = match &parcel.state {
                ParcelState::Collected { at, .. } => *at,
                _ => parcel.arrived,
            };
            parcel.state.is_closed() && wall.since(since) > CLOSED_KEPT
        });
        let old: Vec<_> = old.map(|(id, _)| *id).collect();
        for id in old {
            self.t.parcels.remove(&id);
        }
    }
}
