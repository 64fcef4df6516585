//! Latch against contact for 5 s (reliability.md, sentence 10).

use crate::compartment::{Contact, Level};
use crate::input::Input;
use crate::scene::{Scene, compartment, site};
use crate::site::Sensing;
use crate::time::Millis;

const TOLD: &str = "compartment.contradicted";

/// Every door has a latch contact, and all of them hold.
fn latched() -> Scene {
    let mut site = site();
    for one in site.compartments.values_mut() {
        one.latch = Sensing::Wired;
    }
    let mut scene = Scene::on(site);
    latch(&mut scene, Level::Shut);
    scene.names();
    scene
}

fn latch(scene: &mut Scene, level: Level) {
    let (contact, at) = (Contact::Latch, scene.now.mono);
    scene.give(Input::Contact { compartment: compartment("a-1"), contact, level, at });
    scene.pass(Millis(200));
}

fn told(scene: &mut Scene) -> usize {
    scene.names().into_iter().filter(|name| *name == TOLD).count()
}

#[test]
fn shut_door_before_a_released_latch_is_told_once_after_five_seconds() {
    let mut scene = latched();
    latch(&mut scene, Level::Open);
    scene.pass(Millis(4_600));
    assert_eq!(told(&mut scene), 0);
    scene.pass(Millis(600));
    assert_eq!(told(&mut scene), 1);
    scene.pass(Millis::seconds(600));
    assert_eq!(told(&mut scene), 0, "once is enough");
    latch(&mut scene, Level::Shut);
    latch(&mut scene, Level::Open);
    scene.pass(Millis::seconds(6));
    assert_eq!(told(&mut scene), 1, "they agreed in between");
}

#[test]
fn open_door_behind_a_latch_that_holds_is_told() {
    let mut scene = latched();
    scene.swing(&compartment("a-1"), Level::Open);
    scene.pass(Millis::seconds(6));
    assert_eq!(told(&mut scene), 1);
}

#[test]
fn nothing_is_told_when_they_agree_in_time_or_one_is_not_heard() {
    let mut scene = latched();
    latch(&mut scene, Level::Open);
    scene.pass(Millis::seconds(4));
    scene.swing(&compartment("a-1"), Level::Open);
    scene.pass(Millis::seconds(20));
    assert_eq!(told(&mut scene), 0, "the door followed its latch");
    let mut unwired = Scene::new();
    unwired.swing(&compartment("a-1"), Level::Open);
    unwired.pass(Millis::seconds(20));
    assert_eq!(told(&mut unwired), 0);
}
