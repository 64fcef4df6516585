//! Eyes inside compartments: what nobody recorded lies there all the same.

use crate::compartment::{Contact, Level, Use};
use crate::effect::Thing;
use crate::id::CompartmentId;
use crate::input::Input;
use crate::scene::{Scene, compartment, site};
use crate::site::Sensing;
use crate::time::Millis;

fn eyed() -> Scene {
    let mut site = site();
    for one in site.compartments.values_mut() {
        one.occupancy = Sensing::Wired;
    }
    Scene::on(site)
}

/// An eye sees that, for long enough to be believed.
fn seen(scene: &mut Scene, id: &CompartmentId, level: Level) {
    let (compartment, contact, at) = (id.clone(), Contact::Occupancy, scene.now.mono);
    scene.give(Input::Contact { compartment, contact, level, at });
    scene.pass(Millis(200));
}

#[test]
fn compartment_is_not_given_when_its_eye_sees_something() {
    let mut scene = eyed();
    let given = Scene::new().deposit_for("4b", "1");
    seen(&mut scene, &given, Level::Shut);
    let other = scene.deposit_for("4b", "1");
    assert_ne!(other, given);
    assert_eq!(scene.usage(&given), Use::Free, "the record is not changed by an eye");
}

#[test]
fn compartment_is_given_when_its_eye_is_clear_stale_or_not_heard() {
    let given = Scene::new().deposit_for("4b", "1");
    assert_eq!(eyed().deposit_for("4b", "1"), given, "an eye that was never heard says nothing");
    let mut clear = eyed();
    seen(&mut clear, &given, Level::Shut);
    seen(&mut clear, &given, Level::Open);
    assert_eq!(clear.deposit_for("4b", "1"), given);
    let mut stale = eyed();
    seen(&mut stale, &given, Level::Shut);
    stale.pass(stale.building.site().policy.stale);
    assert_eq!(stale.deposit_for("4b", "1"), given);
}

#[test]
fn eye_says_nothing_of_a_door() {
    let mut scene = eyed();
    let id = compartment("a-1");
    seen(&mut scene, &id, Level::Open);
    let view = &scene.building.view().compartments[&id];
    let value = |seen: &Option<crate::view::Seen<Level>>| seen.as_ref().and_then(|seen| seen.value);
    assert_eq!((value(&view.door), value(&view.occupancy)), (Some(Level::Shut), Some(Level::Open)));
    assert!(!scene.facts().contains(&"compartment.forced"));
}

#[test]
fn eye_that_is_not_wired_is_not_listened_to() {
    let mut scene = Scene::new();
    let given = Scene::new().deposit_for("4b", "1");
    seen(&mut scene, &given, Level::Shut);
    assert_eq!(scene.deposit_for("4b", "1"), given);
}

#[test]
fn what_an_eye_sees_changes_its_compartment_and_not_its_door() {
    let mut scene = eyed();
    let id = compartment("a-1");
    for level in [Level::Shut, Level::Open] {
        scene.changed.clear();
        seen(&mut scene, &id, level);
        assert!(scene.changed.contains(&Thing::Compartment(id.clone())), "{level:?}: {:?}", scene.changed);
        assert!(!scene.changed.contains(&Thing::Door(id.clone())), "{level:?}: {:?}", scene.changed);
    }
}
