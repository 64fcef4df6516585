//! A day in the building: deposits and pickups as people do them.

use alloc::vec;

use crate::compartment::{Level, ServiceCause, Use};
use crate::input::Key;
use crate::row::NoticeKind;
use crate::scene::{Hand, Scene, site};
use crate::screen::Screen;
use crate::time::Millis;

#[test]
fn parcel_is_delivered_when_the_door_is_shut_and_collected_when_its_code_is_typed() {
    let mut scene = Scene::new();
    scene.names();
    let door = scene.deposit_for("4B", "1");
    assert_eq!(*scene.screen(), Screen::PutIn { label: scene.label(&door) });
    scene.shut(&door);
    assert_eq!(*scene.screen(), Screen::Delivered { label: scene.label(&door) });
    assert!(scene.building.waiting_notices().is_empty());
    scene.pass(Millis::seconds(15));
    assert_eq!(*scene.screen(), Screen::AskRecipient);
    insta::assert_debug_snapshot!(scene.names(), @r#"
    [
        "access.granted",
        "compartment.reserved",
        "unlock.intended",
        "compartment.opened",
        "unlock.confirmed",
        "parcel.deposited",
        "compartment.closed",
        "parcel.stored",
    ]
    "#);
    let code = scene.newest_code();
    scene.key(Key::Cancel);
    assert_eq!(*scene.screen(), Screen::Welcome);

    scene.typed(&code);
    assert_eq!(*scene.screen(), Screen::TakeOut { label: scene.label(&door), more: 0 });
    scene.shut(&door);
    scene.pass(Millis::seconds(2));
    assert_eq!(*scene.screen(), Screen::Collected { labels: vec![scene.label(&door)], elsewhere: 0 });
    assert_eq!(scene.usage(&door), Use::Free);
    insta::assert_debug_snapshot!(scene.names(), @r#"
    [
        "access.granted",
        "unlock.intended",
        "compartment.opened",
        "unlock.confirmed",
        "compartment.closed",
        "parcel.collected",
        "compartment.released",
    ]
    "#);
    assert_eq!(scene.unlocks.len(), 2);
}

#[test]
fn notice_names_the_end_of_the_hold_when_it_brings_a_code() {
    let mut built = site();
    built.policy.hold = Millis::hours(5 * 24);
    let mut scene = Scene::on(built);
    let arrived = scene.now.wall;
    let (door, _) = scene.stored_for("4b");
    let newest = |scene: &Scene| scene.building.notice(*scene.building.waiting_notices().last().unwrap());
    let held = newest(&scene).unwrap().deadline.unwrap();
    assert!((0..60_000).contains(&(held.0 - arrived.after(Millis::hours(5 * 24)).0)), "{held:?}");
    scene.pass(Millis::seconds(3_600));
    assert_eq!(newest(&scene).unwrap().deadline, Some(held), "the deadline does not move with the clock");
    scene.swing(&door, Level::Open);
    let opened = newest(&scene).unwrap();
    assert_eq!((opened.row.kind, opened.deadline), (NoticeKind::OpenedByOther, None));
}

#[test]
fn another_door_is_given_when_the_first_jams() {
    let mut scene = Scene::new();
    scene.all_hands(Hand::Jams);
    let jammed = scene.deposit_for("4b", "1");
    scene.hands.clear();
    scene.pass(Millis::seconds(3));
    let other = scene.unlocks.last().unwrap().compartment.clone();
    assert_ne!(jammed, other);
    assert_eq!(scene.usage(&jammed), Use::OutOfService(ServiceCause::Jammed));
    assert_eq!(*scene.screen(), Screen::PutIn { label: scene.label(&other) });
    assert!(scene.facts().contains(&"compartment.jammed"));
    scene.shut(&other);
    scene.pass(Millis::seconds(15));
    assert!(matches!(scene.usage(&other), Use::Occupied(_)));
}
