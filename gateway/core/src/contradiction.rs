//! Latch against contact: a door that reads open behind a latch that holds, or shut before one that does not.
//!
//! One of the two is broken, bridged, or held by a magnet (reliability.md, sentence 10). Which one, nobody here can know: it is
//! told, and decides nothing.

use crate::compartment::{Contact, Level};
use crate::door_watch::Door;
use crate::draft::Draft;
use crate::event::Fact;
use crate::id::CompartmentId;
use crate::limits::CONTRADICTION;
use crate::time::Mono;

/// Whether latch and contact contradict each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Contradiction {
    /// They agree, or one of them is not there or not heard.
    #[default]
    None,
    /// They do, since then.
    Since(Mono),
    /// They have for so long that it was told; once until they agree again.
    Told,
}

impl Door {
    /// Whether a contradiction was told and goes on.
    pub(crate) fn contradicts(&self) -> bool {
        self.contradiction == Contradiction::Told
    }

    /// When a contradiction is to be told, if it goes on.
    pub(crate) fn contradicts_at(&self) -> Option<Mono> {
        match self.contradiction {
            Contradiction::Since(at) => Some(at.after(CONTRADICTION)),
            Contradiction::None | Contradiction::Told => None,
        }
    }
}

impl Draft<'_> {
    /// Compares latch and contact, after one was read or time went on.
    pub(crate) fn compare_contacts(&mut self, compartment: &CompartmentId) {
        let levels = (self.sensed(compartment, Contact::Door), self.sensed(compartment, Contact::Latch));
        // While the door is being opened, the latch moves before it.
        let against = match levels {
            (Some(door), Some(latch)) if door != latch && self.live_unlock(compartment).is_none() => {
                Some((door, latch))
            }
            _ => None,
        };
        let Some(was) = self.t.doors.get(compartment).map(|door| door.contradiction) else { return };
        let is = match (was, against) {
            (_, None) => Contradiction::None,
            (Contradiction::None, Some(_)) => Contradiction::Since(self.now.mono),
            (Contradiction::Since(at), Some((door, latch))) if self.now.mono >= at.after(CONTRADICTION) => {
                self.contradicts(compartment, door, latch);
                Contradiction::Told
            }
            (same, Some(_)) => same,
        };
        if is != was {
            self.t.doors.edit(compartment, |door| door.contradiction = is);
        }
    }

    fn contradicts(&mut self, compartment: &CompartmentId, door: Level, latch: Level) {
        self.record(Fact::CompartmentContradicted { compartment: compartment.clone(), door, latch });
    }
}
