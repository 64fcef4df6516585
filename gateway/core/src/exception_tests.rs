//! What goes wrong in a lobby: jams, walking away, second thoughts.

use crate::command::Command;
use crate::compartment::{InspectionCause, Level, ServiceCause, Use};
use crate::event::Fact;
use crate::input::Key;
use crate::parcel::{CollectionProof, ExceptionKind};
use crate::refusal::Refusal;
use crate::row::NoticeKind;
use crate::scene::{CARRIER_CODE, Hand, Scene, compartment};
use crate::screen::{AfterFailure, Screen};
use crate::time::Millis;

#[test]
fn bounce_is_not_closing_when_the_door_springs_open_again() {
    let mut scene = Scene::new();
    let door = scene.deposit_for("4b", "1");
    scene.shut(&door);
    scene.pass(Millis(500));
    scene.swing(&door, Level::Open);
    assert_eq!(*scene.screen(), Screen::PutIn { label: scene.label(&door) });
    scene.pass(Millis::seconds(30));
    assert!(matches!(scene.usage(&door), Use::Reserved(_)));
    assert!(!scene.facts().contains(&"compartment.forced"));
    scene.shut(&door);
    scene.pass(Millis::seconds(16));
    assert!(matches!(scene.usage(&door), Use::Occupied(_)));
    assert_eq!(scene.facts().iter().filter(|name| **name == "parcel.deposited").count(), 1);
}

#[test]
fn chatter_is_not_believed_when_it_is_shorter_than_the_debounce_time() {
    let mut scene = Scene::new();
    scene.names();
    let door = compartment("a-1");
    scene.contact(&door, Level::Open);
    scene.now.mono = scene.now.mono.after(Millis(60));
    scene.contact(&door, Level::Shut);
    scene.pass(Millis::seconds(1));
    assert!(scene.names().is_empty());
}

#[test]
fn opening_is_forced_when_there_was_no_intent() {
    let mut scene = Scene::new();
    let (door, code) = scene.stored_for("4b");
    scene.pass(Millis::seconds(60));
    scene.names();
    scene.swing(&door, Level::Open);
    assert_eq!(scene.names(), ["compartment.forced", "parcel.exception", "compartment.needs_inspection"]);
    assert_eq!(scene.usage(&door), Use::NeedsInspection(InspectionCause::Forced));
    let notice = *scene.building.waiting_notices().last().unwrap();
    assert_eq!(scene.notice(notice).0.kind, NoticeKind::OpenedByOther);
    scene.typed(&code);
    assert_eq!(scene.last, Some(Err(Refusal::StaffOnly)));
}

#[test]
fn deposit_is_an_exception_when_the_courier_walks_away_and_somebody_shuts_the_door() {
    let mut scene = Scene::new();
    let door = scene.deposit_for("4b", "1");
    scene.pass(Millis::seconds(60));
    assert_eq!(*scene.screen(), Screen::PleaseShut { label: scene.label(&door) });
    scene.pass(Millis::seconds(241));
    assert_eq!(*scene.screen(), Screen::Welcome);
    scene.names();
    scene.shut(&door);
    scene.pass(Millis::seconds(3));
    assert_eq!(scene.names(), ["compartment.closed", "compartment.needs_inspection", "parcel.exception"]);
    let notice = *scene.building.waiting_notices().last().unwrap();
    assert_eq!(scene.notice(notice).0.kind, NoticeKind::Interrupted);
    assert_eq!(scene.usage(&door), Use::NeedsInspection(InspectionCause::InterruptedDeposit));
}

#[test]
fn session_goes_on_when_its_door_stands_open() {
    let mut scene = Scene::new();
    let door = scene.deposit_for("4b", "1");
    scene.pass(Millis::seconds(55));
    assert_eq!(*scene.screen(), Screen::PutIn { label: scene.label(&door) });
    scene.key(Key::Cancel);
    assert_eq!(scene.last, Some(Err(Refusal::ShutFirst)));
    scene.shut(&door);
    assert_eq!(*scene.screen(), Screen::Delivered { label: scene.label(&door) });
}

#[test]
fn terminal_warns_and_gives_up_when_nobody_types() {
    let mut scene = Scene::new();
    scene.typed(CARRIER_CODE);
    scene.pass(Millis::seconds(20));
    assert_eq!(*scene.screen(), Screen::StillThere);
    scene.key(Key::Confirm);
    assert_eq!(*scene.screen(), Screen::AskRecipient);
    scene.pass(Millis::seconds(30));
    assert_eq!(*scene.screen(), Screen::Welcome);
}

#[test]
fn compartment_is_free_again_when_the_courier_did_not_deliver() {
    let mut scene = Scene::new();
    let door = scene.deposit_for("4b", "1");
    scene.key(Key::NotDelivered);
    assert_eq!(scene.usage(&door), Use::NeedsInspection(InspectionCause::UnconfirmedReturn));
    assert_eq!(*scene.screen(), Screen::PleaseShut { label: scene.label(&door) });
    scene.shut(&door);
    assert_eq!(*scene.screen(), Screen::AskRecipient);
    scene.pass(Millis::seconds(3));
    assert_eq!(scene.usage(&door), Use::Free);
    assert!(scene.building.waiting_notices().is_empty());
}

#[test]
fn compartment_is_not_free_when_staff_opens_what_a_courier_left_a_moment_ago() {
    let mut scene = Scene::new();
    let door = scene.deposit_for("4b", "1");
    scene.shut(&door);
    scene.key(Key::NotDelivered);
    scene.order("u", Command::Unlock { compartment: door.clone() });
    scene.pass(Millis::seconds(1));
    scene.shut(&door);
    scene.pass(Millis::seconds(3));
    assert_eq!(scene.usage(&door), Use::NeedsInspection(InspectionCause::OpenedByStaff));
}

#[test]
fn same_door_opens_again_when_the_courier_asks_before_settling() {
    let mut scene = Scene::new();
    let door = scene.deposit_for("4b", "1");
    scene.shut(&door);
    scene.pass(Millis::seconds(3));
    scene.key(Key::Reopen);
    assert_eq!(scene.unlocks.len(), 2);
    assert_eq!(*scene.screen(), Screen::PutIn { label: scene.label(&door) });
    scene.shut(&door);
    scene.pass(Millis::seconds(16));
    assert!(matches!(scene.usage(&door), Use::Occupied(_)));
    scene.key(Key::Reopen);
    assert_eq!(scene.last, Some(Err(Refusal::NotNow)));
}

#[test]
fn parcel_is_an_exception_when_its_door_jams_at_the_reopening() {
    let mut scene = Scene::new();
    let door = scene.deposit_for("4b", "1");
    scene.shut(&door);
    scene.pass(Millis::seconds(3));
    scene.all_hands(Hand::Jams);
    scene.key(Key::Reopen);
    scene.pass(Millis::seconds(3));
    assert_eq!(scene.usage(&door), Use::OutOfService(ServiceCause::Jammed));
    assert_eq!(scene.unlocks.len(), 2);
    assert!(scene.facts().contains(&"parcel.exception"));
}

#[test]
fn larger_door_opens_when_the_first_reads_shut_and_not_before() {
    let mut scene = Scene::new();
    let small = scene.deposit_for("4b", "1");
    scene.key(Key::NeedLarger);
    assert_eq!(
        (scene.unlocks.len(), scene.screen()),
        (1, &Screen::PleaseShut { label: scene.label(&small) })
    );
    scene.shut(&small);
    let larger = scene.unlocks.last().unwrap().compartment.clone();
    assert_eq!(*scene.screen(), Screen::PutIn { label: "3".into() });
    scene.pass(Millis::seconds(3));
    assert_eq!(scene.usage(&small), Use::Free);
    scene.shut(&larger);
    scene.pass(Millis::seconds(16));
    assert!(matches!(scene.usage(&larger), Use::Occupied(_)));
}

#[test]
fn courier_is_sent_away_when_nothing_larger_is_there() {
    let mut scene = Scene::new();
    let door = scene.deposit_for("4b", "3");
    scene.shut(&door);
    scene.key(Key::NeedLarger);
    assert!(matches!(scene.screen(), Screen::Refused { refusal: Refusal::NothingFits, .. }));
    assert!(scene.facts().contains(&"capacity.exhausted"));
    scene.pass(Millis::seconds(3));
    assert_eq!(scene.usage(&door), Use::Free);
}

#[test]
fn compartment_is_kept_for_inspection_when_something_lies_in_it() {
    let mut scene = Scene::new();
    let door = scene.deposit_for("4b", "1");
    scene.shut(&door);
    scene.key(Key::NotEmpty);
    let other = scene.unlocks.last().unwrap().compartment.clone();
    assert_ne!(door, other);
    scene.shut(&other);
    scene.pass(Millis::seconds(16));
    assert_eq!(scene.usage(&door), Use::NeedsInspection(InspectionCause::NotEmpty));
    assert!(matches!(scene.usage(&other), Use::Occupied(_)));
}

#[test]
fn former_parcel_settles_when_the_next_unit_is_keyed() {
    let mut scene = Scene::new();
    let first = scene.deposit_for("4b", "1");
    scene.shut(&first);
    scene.pass(Millis::seconds(3));
    let second = scene.deposit_for("5c", "1");
    assert_ne!(first, second);
    assert!(matches!(scene.usage(&first), Use::Occupied(_)));
    assert_eq!(scene.building.waiting_notices().len(), 1);
}

#[test]
fn fourth_door_stays_shut_when_three_are_unsettled() {
    let mut scene = Scene::new();
    for unit in ["4a", "4b", "5c"] {
        scene.deposit_for(unit, "1");
    }
    scene.typed("4a");
    scene.key(Key::Confirm);
    scene.typed("1");
    assert_eq!((scene.last, scene.unlocks.len()), (Some(Err(Refusal::TooManyOpenDoors)), 3));
}

#[test]
fn neighbour_stays_shut_when_another_sessions_door_is_open() {
    let mut scene = Scene::new();
    let first = scene.deposit_for("4b", "1");
    scene.typed_at("garage", CARRIER_CODE);
    scene.typed_at("garage", "5c");
    let confirm = crate::input::Entry::Key(Key::Confirm);
    scene.give(crate::input::Input::Entry { terminal: crate::scene::terminal("garage"), entry: confirm });
    scene.typed_at("garage", "1");
    let second = scene.unlocks.last().unwrap().compartment.clone();
    // Of the smalls 1, 2 (column 0) and 5, 6 (column 1) only 6 does not touch 1.
    assert_eq!((scene.label(&first), scene.label(&second)), ("1".into(), "6".into()));
}

#[test]
fn code_says_being_delivered_when_the_only_parcel_is_not_settled() {
    let mut scene = Scene::new();
    let (door, code) = scene.stored_for("4b");
    scene.typed(&code);
    scene.shut(&door);
    scene.pass(Millis::seconds(3));
    let next = scene.deposit_for("4b", "1");
    scene.shut(&next);
    scene.typed_at("garage", &code);
    assert_eq!(scene.last, Some(Err(Refusal::BeingDelivered)));
}

#[test]
fn all_parcels_open_in_turn_when_one_code_is_typed() {
    let mut scene = Scene::new();
    let (first, code) = scene.stored_for("4b");
    let (second, _) = scene.stored_for("4b");
    scene.typed(&code);
    assert_eq!(*scene.screen(), Screen::TakeOut { label: scene.label(&first), more: 1 });
    scene.shut(&first);
    scene.pass(Millis::seconds(3));
    assert_eq!(*scene.screen(), Screen::TakeOut { label: scene.label(&second), more: 0 });
    scene.shut(&second);
    scene.pass(Millis::seconds(3));
    assert!(matches!(scene.screen(), Screen::Collected { labels, .. } if labels.len() == 2));
}

#[test]
fn next_moves_on_when_the_sensor_does_not_say_shut() {
    let mut scene = Scene::new();
    let (first, code) = scene.stored_for("4b");
    let (second, _) = scene.stored_for("4b");
    scene.typed(&code);
    scene.names();
    scene.key(Key::Next);
    assert_eq!(scene.usage(&first), Use::NeedsInspection(InspectionCause::PickupNotClosed));
    let assumed = |fact: &Fact| matches!(fact, Fact::ParcelCollected { proof: CollectionProof::Assumed, .. });
    assert!(scene.news().iter().any(assumed));
    assert_eq!(*scene.screen(), Screen::TakeOut { label: scene.label(&second), more: 0 });
}

#[test]
fn same_code_reopens_when_it_is_typed_within_the_grace_and_not_after() {
    let mut scene = Scene::new();
    let (door, code) = scene.stored_for("4b");
    scene.typed(&code);
    scene.shut(&door);
    scene.pass(Millis::seconds(10));
    scene.typed(&code);
    assert_eq!(*scene.screen(), Screen::TakeOut { label: scene.label(&door), more: 0 });
    scene.shut(&door);
    scene.pass(Millis::seconds(121));
    scene.typed(&code);
    assert_eq!((scene.last, scene.unlocks.len()), (Some(Err(Refusal::ExpiredCode)), 3));
}

#[test]
fn session_ends_when_its_door_stood_open_already_and_is_left_so() {
    let mut scene = Scene::new();
    let (door, code) = scene.stored_for("4b");
    scene.order("u", Command::Unlock { compartment: door.clone() });
    scene.pass(Millis::seconds(400));
    scene.names();
    scene.typed(&code);
    scene.pass(Millis::seconds(4));
    assert_eq!(*scene.screen(), Screen::TakeOut { label: scene.label(&door), more: 0 });
    scene.pass(Millis::seconds(60));
    assert_eq!(*scene.screen(), Screen::PleaseShut { label: scene.label(&door) });
    scene.pass(Millis::seconds(240));
    assert_eq!(*scene.screen(), Screen::Welcome);
    assert!(scene.names().contains(&"compartment.left_open"));
}

#[test]
fn fresh_notice_is_sent_when_an_old_code_is_typed_and_something_waits() {
    let mut scene = Scene::new();
    let (door, code) = scene.stored_for("4b");
    scene.typed(&code);
    scene.shut(&door);
    scene.pass(Millis::seconds(200));
    scene.stored_for("4b");
    for _ in 0..3 {
        scene.typed(&code);
        assert_eq!(scene.last, Some(Err(Refusal::ExpiredCode)));
    }
    let kinds = scene.building.waiting_notices().into_iter().map(|id| scene.notice(id).0.kind);
    assert_eq!(kinds.filter(|kind| *kind == NoticeKind::Reminder).count(), 1);
}

#[test]
fn parcel_is_an_exception_when_its_door_jams_at_the_pickup() {
    let mut scene = Scene::new();
    let (door, code) = scene.stored_for("4b");
    scene.all_hands(Hand::Jams);
    scene.typed(&code);
    scene.pass(Millis::seconds(3));
    let label = scene.label(&door);
    assert_eq!(*scene.screen(), Screen::DoorFailed { label, next: AfterFailure::CallOffice });
    assert_eq!(scene.usage(&door), Use::OutOfService(ServiceCause::Jammed));
    let jammed = |fact: &Fact| matches!(fact, Fact::ParcelException { kind: ExceptionKind::Jammed, .. });
    assert!(scene.news().iter().any(jammed));
}

#[test]
fn key_that_means_nothing_is_answered_on_the_screen_in_every_state() {
    let refused = |scene: &Scene, why: Refusal| {
        assert_eq!(scene.last, Some(Err(why)));
        assert!(
            matches!(scene.screen(), Screen::Refused { refusal, .. } if *refusal == why),
            "{:?}",
            scene.screen()
        );
    };
    let mut scene = Scene::new();
    scene.key(Key::NeedLarger);
    refused(&scene, Refusal::NotNow);
    scene.pass(Millis::seconds(30));
    assert_eq!(*scene.screen(), Screen::Welcome, "nobody is served: it goes by itself");
    scene.typed(CARRIER_CODE);
    scene.key(Key::Reopen);
    refused(&scene, Refusal::NotNow);
    scene.typed("4b");
    scene.key(Key::Confirm);
    scene.typed("9");
    refused(&scene, Refusal::NoSuchSize);
    scene.typed("1");
    let door = scene.unlocks.last().unwrap().compartment.clone();
    assert_eq!(*scene.screen(), Screen::PutIn { label: scene.label(&door) });
}

#[test]
fn reopen_key_says_to_type_the_code_again_when_all_is_taken() {
    let mut scene = Scene::new();
    let (door, code) = scene.stored_for("4b");
    scene.typed(&code);
    scene.key(Key::Confirm);
    assert_eq!(*scene.screen(), Screen::TakeOut { label: scene.label(&door), more: 0 });
    scene.shut(&door);
    scene.pass(Millis::seconds(3));
    scene.key(Key::Reopen);
    assert_eq!(scene.last, Some(Err(Refusal::TypeAgain)));
    assert!(matches!(scene.screen(), Screen::Refused { refusal: Refusal::TypeAgain, .. }));
    scene.typed(&code);
    assert_eq!(*scene.screen(), Screen::TakeOut { label: scene.label(&door), more: 0 });
}
