//! A record that is older than its building: what may have happened since is told, and for a person to find out.

use alloc::vec::Vec;

use crate::compartment::{InspectionCause, Use};
use crate::draft::Draft;
use crate::event::Fact;
use crate::id::CompartmentId;
use crate::input::{Changed, Rewound};
use crate::parcel::{ExceptionKind, ParcelState};
use crate::row::NoticeKind;

impl Draft<'_> {
    /// The first thing that anybody hears of a new epoch after a restore.
    pub(crate) fn report_rewound(&mut self, rewound: &Rewound) {
        let doubted = self.site.compartments.keys().filter(|id| rewound.changed.holds(id)).count();
        self.record(Fact::GatewayRewound {
            cause: rewound.cause,
            epoch: rewound.epoch.clone(),
            restored: rewound.restored,
            known: rewound.known,
            compartments: u64::try_from(doubted).unwrap_or(u64::MAX),
        });
    }

    /// A parcel on record may have been fetched since and another one lie in its place, so that no code opens its door:
    /// staff look, and the recipient is told whom to ask. What seems free may not be.
    pub(crate) fn doubt_what_changed(&mut self, changed: &Changed) {
        for (id, place) in self.placed(|state| !state.is_closed()) {
            let known = matches!(
                self.t.parcels.get(&id).map(|parcel| &parcel.state),
                Some(ParcelState::Exception { .. })
            );
            if changed.holds(&place.compartment) && !known {
                self.drop_notices(id);
                self.except(id, Some(place), ExceptionKind::Rewound);
                self.notify(id, NoticeKind::Interrupted);
            }
        }
        let doubted: Vec<CompartmentId> =
            self.site.compartments.keys().filter(|id| changed.holds(id)).cloned().collect();
        for id in doubted {
            if !matches!(self.compartment(&id).usage, Use::NeedsInspection(_)) {
                self.inspect(&id, InspectionCause::Rewound);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::input::{KeyState, RewindCause};
    use crate::refusal::Refusal;
    use crate::scene::{Scene, compartment};

    #[test]
    fn what_may_have_changed_is_for_staff_and_the_rest_gets_new_codes_when_the_record_is_rewound() {
        for changed in [Changed::These([compartment("a-1")].into()), Changed::All] {
            let mut scene = Scene::new();
            let (door, code) = scene.stored_for("4b");
            let (other, _) = scene.stored_for("5c");
            assert_eq!(door, compartment("a-1"));
            scene.power_cut();
            scene.names();
            let rewound = Rewound {
                cause: RewindCause::Restored,
                epoch: "5e5e5e5e5e5e5e5e".into(),
                restored: 9,
                known: None,
                changed: changed.clone(),
            };
            scene.begin_as(KeyState::Renewed, Some(rewound));
            let names = scene.names();
            assert_eq!(
                names[..2],
                ["gateway.started", "gateway.rewound"],
                "the first thing that anybody hears"
            );
            assert_eq!(scene.usage(&door), Use::NeedsInspection(InspectionCause::Rewound));
            let all = changed == Changed::All;
            let inspected = scene.usage(&other) == Use::NeedsInspection(InspectionCause::Rewound);
            assert_eq!(inspected, all, "{other}: {:?}", scene.usage(&other));
            let told: Vec<_> =
                scene.building.waiting_notices().iter().map(|id| scene.notice(*id).0.kind).collect();
            // The notice of the other one may have left with its old code: it is told anew.
            assert_eq!(
                told,
                if all {
                    vec![NoticeKind::Interrupted; 2]
                } else {
                    vec![NoticeKind::Interrupted, NoticeKind::Arrived]
                }
            );
            scene.typed(&code);
            assert_eq!(scene.last, Some(Err(Refusal::StaffOnly)), "whoever has the old code fetches nothing");
        }
    }
}
