//! Locks that must cool: who is told what, and that nobody is given a warm door twice. And whose doing an opening is.

use crate::command::{Command, Status};
use crate::compartment::{Level, Use};
use crate::event::{Fact, UnlockFailure};
use crate::id::UnlockId;
use crate::input::{NotSent, PulseReport};
use crate::scene::{Hand, LOBBY, Scene, compartment, terminal};
use crate::screen::Screen;
use crate::time::Millis;

const WARM: PulseReport = PulseReport::NotSent(NotSent::CoolingDown { again: Millis(39_100) });

fn newest(scene: &Scene) -> UnlockId {
    scene.unlocks.last().unwrap().id
}

fn is_warm(fact: &Fact) -> bool {
    matches!(fact, Fact::UnlockFailed { why: UnlockFailure::NotSent(NotSent::CoolingDown { .. }), .. })
}

#[test]
fn staff_are_told_when_a_lock_that_must_cool_opens_again() {
    let mut scene = Scene::new();
    scene.all_hands(Hand::Silent);
    scene.order("u", Command::Unlock { compartment: compartment("a-3") });
    let unlock = newest(&scene);
    scene.report(unlock, WARM);
    let outcome = scene.replies.last().unwrap();
    assert_eq!((outcome.status, outcome.detail.as_str()), (Status::Failed, "cooling_down"));
    assert!(outcome.sentence.contains("again in 40 s"), "{}", outcome.sentence);
    assert!(scene.news().iter().any(is_warm));
    assert_eq!(scene.usage(&compartment("a-3")), Use::Free, "nothing moved");
}

#[test]
fn resident_at_a_warm_lock_is_told_to_wait_and_keeps_code_and_parcel() {
    let mut scene = Scene::new();
    let (door, code) = scene.stored_for("4b");
    scene.all_hands(Hand::Silent);
    scene.typed(&code);
    let unlock = newest(&scene);
    scene.report(unlock, WARM);
    let label = scene.label(&door);
    assert_eq!(*scene.screen(), Screen::DoorCooling { label, seconds: 40 });
    assert!(matches!(scene.usage(&door), Use::Occupied(_)));
    scene.hands.clear();
    scene.pass(Millis::seconds(40));
    scene.typed(&code);
    assert!(matches!(scene.screen(), Screen::TakeOut { .. }), "{:?}", scene.screen());
}

#[test]
fn resident_with_another_parcel_gets_its_door_while_the_first_cools() {
    let mut scene = Scene::new();
    let (first, _) = scene.stored_for("4b");
    let (second, code) = scene.stored_for("4b");
    scene.hands.insert(first, Hand::Silent);
    scene.typed(&code);
    let unlock = newest(&scene);
    scene.report(unlock, WARM);
    let label = scene.label(&second);
    assert_eq!(*scene.screen(), Screen::TakeOut { label, more: 0 });
}

#[test]
fn courier_at_a_warm_lock_gets_another_door_of_the_same_board() {
    let mut scene = Scene::new();
    scene.all_hands(Hand::Silent);
    let warm = scene.deposit_for("4b", "1");
    let unlock = newest(&scene);
    scene.hands.clear();
    scene.report(unlock, WARM);
    assert_eq!(scene.usage(&warm), Use::Free);
    let other = scene.unlocks.last().unwrap().compartment.clone();
    assert_ne!(other, warm);
    assert!(matches!(scene.screens.get(&terminal(LOBBY)), Some(Screen::PutIn { .. })));
}

/// Staff have a door opened that reads open 50 ms before the pulse leaves; a moment later it is at rest again.
fn opened_too_early() -> (Scene, UnlockId) {
    let mut scene = Scene::new();
    scene.all_hands(Hand::Silent);
    scene.order("u", Command::Unlock { compartment: compartment("a-3") });
    scene.contact(&compartment("a-3"), Level::Open);
    scene.pass(Millis(50));
    let unlock = newest(&scene);
    (scene, unlock)
}

fn acknowledged(scene: &Scene) -> PulseReport {
    PulseReport::Acknowledged { sent: scene.now.mono }
}

#[test]
fn nothing_is_confirmed_when_the_door_read_open_before_the_pulse_left() {
    for believed_first in [true, false] {
        let (mut scene, unlock) = opened_too_early();
        let report = acknowledged(&scene);
        if believed_first {
            scene.pass(Millis(60));
        }
        scene.report(unlock, report);
        scene.pass(Millis(60));
        assert_eq!(scene.replies.last().unwrap().status, Status::Received, "{believed_first}");
        scene.pass(Millis::seconds(4));
        let outcome = scene.replies.last().unwrap();
        assert_eq!(
            (outcome.status, outcome.detail.as_str()),
            (Status::Unknown, "unknown"),
            "{believed_first}"
        );
    }
}

#[test]
fn opening_is_confirmed_when_the_door_read_open_too_early_and_opens_once_more() {
    let (mut scene, unlock) = opened_too_early();
    scene.pass(Millis(60));
    let report = acknowledged(&scene);
    scene.report(unlock, report);
    scene.shut(&compartment("a-3"));
    scene.swing(&compartment("a-3"), Level::Open);
    assert_eq!(scene.replies.last().unwrap().status, Status::Done);
}
