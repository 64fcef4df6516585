//! Parcels that are on record and in no compartment: logged by hand or announced, until a courier brings them.

use alloc::vec::Vec;

use crate::allocation::Need;
use crate::draft::Draft;
use crate::event::Fact;
use crate::id::{CarrierId, ParcelId, UnitId};
use crate::limits::{EXPECTED_KEPT, PARCELS_MAX};
use crate::parcel::{Parcel, ParcelState};
use crate::refusal::Refusal;

/// Characters of a tracking number that are enough to be found at a label's end.
const TAIL_LEAST: usize = 12;

/// Whether a label carries that tracking number: alone, or behind what machines need (USPS: 420 and a postcode).
fn reads(label: &str, tracking: &str) -> bool {
    let head = label.len().saturating_sub(tracking.len());
    let tail = label.get(head..).is_some_and(|tail| tail.eq_ignore_ascii_case(tracking));
    tail && (head == 0 || tracking.len() >= TAIL_LEAST)
}

impl Draft<'_> {
    /// The parcel a courier brings now: the oldest one that is expected for that unit from that carrier or from whomever,
    /// else a new one. The size is the courier's word, who has it in hand.
    pub(crate) fn parcel_brought(&mut self, need: &Need<'_>) -> Result<ParcelId, Refusal> {
        let matches = |parcel: &Parcel| {
            parcel.state == ParcelState::Expected
                && parcel.unit == *need.unit
                && parcel.climate == need.climate
                && parcel.carrier.as_ref().is_none_or(|named| named == need.carrier)
        };
        let known = self.t.parcels.iter().filter(|(_, parcel)| matches(parcel));
        let oldest = known.min_by_key(|(id, parcel)| (parcel.arrived, **id));
        let (id, tracking) = match oldest.map(|(id, parcel)| (*id, parcel.tracking.clone())) {
            Some(known) => known,
            None if self.make_room_for_parcel(PARCELS_MAX) => (ParcelId(self.serial()), None),
            None => return Err(Refusal::Full),
        };
        let parcel = Parcel {
            unit: need.unit.clone(),
            carrier: Some(need.carrier.clone()),
            tracking,
            size: need.size,
            climate: need.climate,
            arrived: self.now.wall,
            state: ParcelState::Expected,
        };
        self.t.parcels.put(id, parcel);
        Ok(id)
    }

    /// The unit of the parcel that is expected with this label, from that carrier or from whomever.
    pub(crate) fn unit_of_label(&self, label: &str, carrier: &CarrierId) -> Option<UnitId> {
        let is_it = |parcel: &Parcel| {
            parcel.state == ParcelState::Expected
                && parcel.carrier.as_ref().is_none_or(|named| named == carrier)
                && parcel.tracking.as_deref().is_some_and(|tracking| reads(label, tracking))
        };
        self.t.parcels.iter().find(|(_, parcel)| is_it(parcel)).map(|(_, parcel)| parcel.unit.clone())
    }

    /// Whether another parcel can be kept on record; the oldest closed one gives way, or else the oldest expected one.
    pub(crate) fn make_room_for_parcel(&mut self, most: usize) -> bool {
        if self.t.parcels.len() >= most {
            let oldest = |of: &dyn Fn(&ParcelState) -> bool| {
                let parcels = self.t.parcels.iter().filter(|(_, parcel)| of(&parcel.state));
                parcels.min_by_key(|(id, parcel)| (parcel.arrived, **id)).map(|(id, _)| *id)
            };
            if let Some(closed) = oldest(&ParcelState::is_closed) {
                self.t.parcels.remove(&closed);
            } else if let Some(expected) = oldest(&|state| *state == ParcelState::Expected) {
                self.expire(expected);
            }
        }
        self.t.parcels.len() < most
    }

    /// Drops parcels that were expected for too long.
    pub(crate) fn expire_expected(&mut self) {
        let wall = self.wall;
        let old = self.t.parcels.iter().filter(|(_, parcel)| {
            parcel.state == ParcelState::Expected && wall.since(parcel.arrived) > EXPECTED_KEPT
        });
        let old: Vec<_> = old.map(|(id, _)| *id).collect();
        old.into_iter().for_each(|id| self.expire(id));
    }

    fn expire(&mut self, id: ParcelId) {
        let Some(unit) = self.t.parcels.get(&id).map(|parcel| parcel.unit.clone()) else { return };
        self.t.parcels.remove(&id);
        self.record(Fact::ParcelExpired { parcel: id, unit });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{Answer, Command, Intake};
    use crate::compartment::Use;
    use crate::input::{Input, Key};
    use crate::row::{Row, RowKey};
    use crate::scene::{CARRIER_CODE, Scene, unit};
    use crate::screen::Screen;
    use crate::site::{Climate, Size};
    use crate::time::{ClockTrust, Millis};

    fn intake(carrier: Option<&str>, tracking: &str) -> Command {
        Command::ParcelIntake(Intake {
            unit: unit("4b"),
            carrier: carrier.map(|id| id.parse().unwrap()),
            tracking: Some(tracking.into()),
            size: Size::Large,
            climate: Climate::Ambient,
            occurred_at: None,
        })
    }

    fn logged(scene: &mut Scene, id: &str, carrier: Option<&str>) -> ParcelId {
        scene.order(id, intake(carrier, id));
        match scene.replies.last().unwrap().answer {
            Answer::Parcel(parcel) => parcel,
            _ => unreachable!("an intake is answered with its parcel"),
        }
    }

    fn row(scene: &Scene, id: ParcelId) -> Option<Parcel> {
        match scene.rows.get(&RowKey::Parcel(id)) {
            Some(Row::Parcel(parcel)) => Some(parcel.clone()),
            _ => None,
        }
    }

    #[test]
    fn deposit_takes_up_the_oldest_parcel_that_is_expected_for_the_unit() {
        let mut scene = Scene::new();
        let first = logged(&mut scene, "t1", Some("ups"));
        scene.pass(Millis::seconds(60));
        let second = logged(&mut scene, "t2", None);
        let other = scene.deposit_for("4a", "1");
        assert!(!matches!(scene.usage(&other), Use::Reserved(id) if id == first || id == second));
        scene.shut(&other);
        for expected in [first, second] {
            let door = scene.deposit_for("4b", "1");
            assert_eq!(scene.usage(&door), Use::Reserved(expected));
            scene.shut(&door);
            scene.pass(Millis::seconds(20));
            scene.key(Key::Cancel);
        }
        let stored = row(&scene, first).unwrap();
        assert_eq!((stored.tracking.as_deref(), stored.size), (Some("t1"), Size::Small));
        assert!(stored.state.place().is_some() && row(&scene, second).unwrap().state.place().is_some());
        let news = scene.news();
        let about = |fact: &&Fact| matches!(fact, Fact::ParcelDeposited { parcel, .. } if *parcel == first);
        assert_eq!(news.iter().filter(about).count(), 1);
    }

    #[test]
    fn scanned_label_names_the_unit_of_an_expected_parcel() {
        let label = "9261290100123456789012";
        for (scanned, known) in [
            (label, true),
            ("420606019261290100123456789012", true),
            ("9261290100123456789013", false),
            ("3456789012", false),
        ] {
            let mut scene = Scene::new();
            logged(&mut scene, label, None);
            scene.typed(CARRIER_CODE);
            scene.typed(scanned);
            let asked =
                matches!(scene.screen(), Screen::ConfirmRecipient { unit: asked } if *asked == unit("4b"));
            assert_eq!(asked, known, "{scanned}");
        }
        assert!(
            !reads("12", "") && !reads("x12", "12") && reads("AbC", "aBc"),
            "short numbers are no label's tail"
        );
    }

    #[test]
    fn expected_parcel_goes_on_waiting_when_nothing_can_be_opened_for_it() {
        let mut scene = Scene::new();
        let expected = logged(&mut scene, "t1", None);
        scene.typed(CARRIER_CODE);
        scene.typed("4b");
        scene.key(Key::Confirm);
        scene.now.mono = scene.now.mono.after(Millis::seconds(16));
        scene.give(Input::Tick);
        scene.typed("1");
        assert_eq!(scene.last, Some(Err(Refusal::NothingFits)));
        assert_eq!(row(&scene, expected).unwrap().state, ParcelState::Expected);
    }

    #[test]
    fn expected_parcel_expires_when_it_does_not_come_for_two_weeks_of_a_trusted_clock() {
        let mut scene = Scene::new();
        let expected = logged(&mut scene, "t1", None);
        let day = |scene: &mut Scene| {
            scene.now.mono = scene.now.mono.after(Millis::hours(24));
            scene.now.wall = scene.now.wall.after(Millis::hours(24));
            scene.give(Input::Tick);
        };
        scene.now.trust = ClockTrust::Untrusted;
        (0..15).for_each(|_| day(&mut scene));
        assert!(row(&scene, expected).is_some());
        scene.names();
        scene.now.trust = ClockTrust::Synchronised;
        day(&mut scene);
        assert!(row(&scene, expected).is_none() && scene.names().contains(&"parcel.expired"));
    }

    #[test]
    fn deposit_is_not_refused_when_the_record_is_full_of_expected_parcels() {
        let mut scene = Scene::new();
        let oldest = logged(&mut scene, "t1", None);
        let template = row(&scene, oldest).unwrap();
        for number in 0..u32::try_from(PARCELS_MAX).unwrap() - 1 {
            let id = ParcelId(crate::id::Serial { boot: 1, number: 100_000 + number });
            let arrived = template.arrived.after(Millis::seconds(1));
            scene.rows.insert(RowKey::Parcel(id), Row::Parcel(Parcel { arrived, ..template.clone() }));
        }
        scene.restart();
        let door = scene.deposit_for("4a", "1");
        assert!(matches!(scene.usage(&door), Use::Reserved(_)), "{:?}", scene.last);
        assert!(row(&scene, oldest).is_none());
        let expired = |fact: &Fact| matches!(fact, Fact::ParcelExpired { parcel, .. } if *parcel == oldest);
        assert!(scene.news().iter().any(expired));
    }
}
