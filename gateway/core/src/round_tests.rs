//! Rounds of doors by one command: in turn, a few ordered at a time, and cancelled.

use alloc::format;
use alloc::vec::Vec;

use crate::command::{Command, Outcome, Status};
use crate::compartment::{InspectionCause, Level, Use};
use crate::id::{CommandId, CompartmentId, UnlockId};
use crate::input::{NotSent, PulseReport};
use crate::refusal::Refusal;
use crate::row::Row;
use crate::scene::{Hand, Scene, compartment};
use crate::time::Millis;

fn doors(numbers: &[u16]) -> Vec<CompartmentId> {
    numbers.iter().map(|number| compartment(&format!("a-{number}"))).collect()
}

fn open(scene: &mut Scene, numbers: &[u16]) {
    open_as(scene, "round", numbers);
}

fn open_as(scene: &mut Scene, id: &str, numbers: &[u16]) {
    scene.order(id, Command::UnlockMany { compartments: doors(numbers) });
}

fn cancel(scene: &mut Scene) {
    scene.order("stop", Command::UnlockCancel { id: CommandId::new("round").unwrap() });
}

fn ordered(scene: &Scene) -> Vec<CompartmentId> {
    scene.unlocks.iter().map(|unlock| unlock.compartment.clone()).collect()
}

/// The last word about the round.
fn word(scene: &Scene) -> (Status, &str, &str) {
    let of_round = |outcome: &&Outcome| outcome.status != Status::Received && outcome.detail != "done";
    let outcome = scene.replies.iter().rev().find(of_round).unwrap();
    (outcome.status, outcome.detail.as_str(), outcome.sentence.as_str())
}

#[test]
fn every_door_of_a_round_is_opened_once_in_order() {
    let mut scene = Scene::new();
    open(&mut scene, &[3, 1, 2, 8, 5]);
    assert_eq!(ordered(&scene), doors(&[3, 1, 2, 8, 5]));
    assert_eq!(word(&scene), (Status::Done, "opened", "5 of 5 doors opened."));
    assert!(scene.building.rows().iter().all(|(_, row)| !matches!(row, Row::Unlock(_))));
}

#[test]
fn only_a_few_are_ordered_before_the_line_has_said_what_became_of_them() {
    let mut scene = Scene::new();
    scene.all_hands(Hand::Silent);
    open(&mut scene, &[1, 2, 3, 4]);
    assert_eq!(ordered(&scene), doors(&[1, 2]));
    let first = scene.unlocks[0].id;
    scene.report(first, PulseReport::Acknowledged { sent: scene.now.mono });
    assert_eq!(ordered(&scene), doors(&[1, 2, 3]), "the next waits at the line before the first has opened");
    let second = scene.unlocks[1].id;
    scene.report(second, PulseReport::NotSent(NotSent::Unreachable));
    assert_eq!(ordered(&scene), doors(&[1, 2, 3, 4]));
}

#[test]
fn each_door_has_a_deadline_of_its_own_and_the_round_has_the_callers() {
    let mut scene = Scene::new();
    scene.all_hands(Hand::Silent);
    open(&mut scene, &[1, 2, 3, 4]);
    let (began, not_after) = (scene.now.mono, scene.unlocks[0].not_after);
    let more = scene.building.site().longest_hold.0 * 2;
    assert_eq!(not_after.since(began), Millis(2_000 + more), "two openings more than a single one");
    // Nothing is ever reported: each ends unknown after its deadline and its watch, until the caller's minute is over.
    scene.pass(Millis::seconds(130));
    let (status, detail, sentence) = word(&scene);
    assert_eq!((status, detail), (Status::Unknown, "some_unknown"));
    assert!(sentence.starts_with("0 of 4 doors opened."), "{sentence}");
}

#[test]
fn round_tells_each_door_that_did_not_open_by_its_label() {
    let mut scene = Scene::new();
    scene.hands.insert(compartment("a-2"), Hand::Jams);
    scene.hands.insert(compartment("a-4"), Hand::Dead);
    open(&mut scene, &[1, 2, 3, 4]);
    scene.pass(Millis::seconds(4));
    let sentence = "2 of 4 doors opened. Please look at what nobody knows of: 4. Not opened: 2.";
    assert_eq!(word(&scene), (Status::Unknown, "some_unknown", sentence));
}

#[test]
fn door_that_somebody_uses_is_passed_by() {
    let mut scene = Scene::new();
    let used = scene.deposit_for("4b", "1");
    let others: Vec<u16> =
        (1..=8).filter(|number| compartment(&format!("a-{number}")) != used).take(2).collect();
    let number = used.as_str().trim_start_matches("a-").parse().unwrap();
    open(&mut scene, &[others[0], number, others[1]]);
    let sentence = format!("2 of 3 doors opened. In use or out of reach: {number}.");
    assert_eq!(word(&scene), (Status::Failed, "some_not_opened", sentence.as_str()));
}

#[test]
fn what_is_cancelled_is_never_ordered_and_what_waits_is_called_back() {
    let mut scene = Scene::new();
    scene.all_hands(Hand::Silent);
    open(&mut scene, &[1, 2, 3, 4, 5]);
    let orders: Vec<UnlockId> = scene.unlocks.iter().map(|unlock| unlock.id).collect();
    scene.report(orders[0], PulseReport::Acknowledged { sent: scene.now.mono });
    let waiting: Vec<UnlockId> = scene.unlocks[1..].iter().map(|unlock| unlock.id).collect();
    cancel(&mut scene);
    assert_eq!(scene.withdrawn, waiting, "the first has left");
    assert_eq!(scene.replies.last().unwrap().status, Status::Done, "cancelled");
    waiting.iter().for_each(|id| scene.report(*id, PulseReport::NotSent(NotSent::Cancelled)));
    scene.swing(&compartment("a-1"), Level::Open);
    assert_eq!(ordered(&scene), doors(&[1, 2, 3]), "nothing more is ordered");
    let sentence = "1 of 5 doors opened. Not opened: 2, 3. 2 were cancelled before their turn and stay shut.";
    assert_eq!(word(&scene), (Status::Failed, "cancelled", sentence));
}

#[test]
fn single_order_that_waits_is_called_back_and_one_that_left_is_not() {
    let mut scene = Scene::new();
    scene.all_hands(Hand::Silent);
    scene.order("round", Command::Unlock { compartment: compartment("a-1") });
    cancel(&mut scene);
    let order = scene.unlocks[0].id;
    assert_eq!(scene.withdrawn, [order]);
    scene.report(order, PulseReport::NotSent(NotSent::Cancelled));
    assert_eq!(word(&scene).1, "cancelled");
    scene.order("again", Command::UnlockCancel { id: CommandId::new("round").unwrap() });
    assert_eq!(scene.last, Some(Err(Refusal::NotFound)), "it is over");
}

#[test]
fn round_is_refused_as_a_whole_where_it_is_not_one() {
    let mut scene = Scene::new();
    for (id, numbers, refusal) in [
        ("none", &[][..], Refusal::Malformed),
        ("twice", &[1, 1][..], Refusal::Malformed),
        ("stranger", &[1, 99][..], Refusal::NotFound),
    ] {
        open_as(&mut scene, id, numbers);
        assert_eq!(scene.last, Some(Err(refusal)), "{id}");
    }
    assert!(scene.unlocks.is_empty());
    scene.all_hands(Hand::Silent);
    open(&mut scene, &[1, 2, 3]);
    open_as(&mut scene, "another", &[5]);
    assert_eq!(scene.last, Some(Err(Refusal::Busy)));
    assert_eq!(ordered(&scene), doors(&[1, 2]));
}

#[test]
fn restart_in_the_middle_of_a_round_orders_nothing_and_says_so() {
    let mut scene = Scene::new();
    scene.all_hands(Hand::Silent);
    open(&mut scene, &[1, 2, 3, 4]);
    let before = scene.unlocks.len();
    scene.restart();
    scene.pass(Millis::seconds(20));
    assert_eq!(scene.unlocks.len(), before, "a start opens nothing");
    let sentence = "The gateway restarted in the middle. Before its last orders: 0 of 4 doors opened. Ordered then, shut, and \
                    may have been open: 1, 2. Any other had no turn, or ended in between; the journal has each.";
    assert_eq!(word(&scene), (Status::Unknown, "unknown", sentence));
    let ended = scene.replies.iter().filter(|outcome| outcome.status == Status::Unknown).count();
    assert_eq!(ended, 1, "one final word, however many doors were cut off");
    open(&mut scene, &[1, 2, 3, 4]);
    assert_eq!(scene.unlocks.len(), before, "the same id again gives the same outcome");
}

#[test]
fn round_that_a_start_cut_off_tells_of_every_door_that_had_its_turn() {
    let mut scene = Scene::new();
    scene.hands.insert(compartment("a-2"), Hand::Jams);
    for number in [4, 5, 6] {
        scene.hands.insert(compartment(&format!("a-{number}")), Hand::Silent);
    }
    open(&mut scene, &[1, 2, 3, 4, 5, 6]);
    scene.pass(Millis::seconds(4));
    let fourth = scene.unlocks[3].id;
    scene.report(fourth, PulseReport::Acknowledged { sent: scene.now.mono });
    assert_eq!(ordered(&scene), doors(&[1, 2, 3, 4, 5, 6]));
    scene.power_cut();
    scene.begin();
    for number in 1..=8 {
        let level = if number == 4 { Level::Open } else { Level::Shut };
        scene.contact(&compartment(&format!("a-{number}")), level);
    }
    let sentence = "The gateway restarted in the middle. Before its last orders: 2 of 6 doors opened. Not opened: 2. Ordered \
                    then, and standing open: 4. Ordered then, shut, and may have been open: 5, 6. Any other had no turn, or \
                    ended in between; the journal has each.";
    assert_eq!(word(&scene), (Status::Unknown, "unknown", sentence));
}

#[test]
fn door_that_stood_open_counts_as_open_for_one_command_and_for_a_round_and_its_lock_as_unknown() {
    let mut scene = Scene::new();
    scene.swing(&compartment("a-1"), Level::Open);
    scene.hands.insert(compartment("a-1"), Hand::Jams);
    scene.order("one", Command::Unlock { compartment: compartment("a-1") });
    scene.pass(Millis::seconds(4));
    let sentence =
        "The door stood open already. Nothing is known of its lock: shut it and order it again to try it.";
    assert_eq!(word(&scene), (Status::Done, "stood_open", sentence));
    open(&mut scene, &[1, 2]);
    scene.pass(Millis::seconds(4));
    let sentence = "2 of 2 doors opened. Stood open before, so that nothing is known of the lock: 1.";
    assert_eq!(word(&scene), (Status::Done, "opened", sentence));
    let unlocks =
        scene.facts().into_iter().filter(|name| name.starts_with("unlock.") && !name.ends_with("intended"));
    assert_eq!(unlocks.collect::<Vec<_>>(), ["unlock.unknown", "unlock.confirmed", "unlock.unknown"]);
}

#[test]
fn restart_between_two_doors_of_a_round_ends_its_command() {
    let mut scene = Scene::new();
    scene.hands.insert(compartment("a-2"), Hand::Silent);
    open(&mut scene, &[1, 2]);
    // The last intent's row is gone, as if the power had failed after its end and before the command's.
    scene.rows.retain(|_, row| !matches!(row, Row::Unlock(_)));
    scene.restart();
    assert_eq!(word(&scene).0, Status::Unknown);
}

#[test]
fn occupied_doors_of_a_round_are_looked_into() {
    let mut scene = Scene::new();
    let (door, _) = scene.stored_for("4b");
    let number = door.as_str().trim_start_matches("a-").parse().unwrap();
    open(&mut scene, &[number]);
    assert_eq!(scene.usage(&door), Use::NeedsInspection(InspectionCause::OpenedByStaff));
}
