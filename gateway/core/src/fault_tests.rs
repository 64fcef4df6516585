//! What breaks: locks, boards, sensors, power, disk.

use crate::command::Command;
use crate::compartment::{Contact, InspectionCause, Level, ServiceCause, Use};
use crate::effect::Purpose;
use crate::event::{Evidence, Fact, UnlockFailure};
use crate::input::{Input, Key, NotSent, PulseReport, StorageHealth};
use crate::limits::START_EVIDENCE;
use crate::refusal::Refusal;
use crate::row::{NoticeKind, Row};
use crate::scene::{CARRIER_CODE, Hand, Scene, compartment, site, terminal};
use crate::screen::{AfterFailure, Screen};
use crate::time::Millis;

#[test]
fn lost_reply_is_not_pulsed_again_and_is_confirmed_when_the_door_opens() {
    let mut scene = Scene::new();
    scene.all_hands(Hand::OpensUnanswered);
    scene.deposit_for("4b", "1");
    scene.pass(Millis::seconds(4));
    assert_eq!(scene.unlocks.len(), 1);
    assert!(scene.facts().contains(&"unlock.confirmed"));
}

#[test]
fn unlock_is_unknown_when_nothing_answers_and_the_door_stays_shut() {
    let mut scene = Scene::new();
    let (_, code) = scene.stored_for("4b");
    scene.all_hands(Hand::Dead);
    scene.typed(&code);
    scene.pass(Millis::seconds(4));
    assert!(scene.facts().contains(&"unlock.unknown"));
    assert!(matches!(scene.screen(), Screen::DoorFailed { next: AfterFailure::CallOffice, .. }));
    scene.hands.clear();
    scene.typed(&code);
    assert!(matches!(scene.screen(), Screen::TakeOut { .. }));
}

#[test]
fn door_stays_in_service_when_it_stood_open_already_and_is_shut_after_the_pulse() {
    let mut scene = Scene::new();
    let (door, code) = scene.stored_for("4b");
    scene.order("u", Command::Unlock { compartment: door.clone() });
    scene.pass(Millis::seconds(10));
    scene.all_hands(Hand::Jams);
    scene.typed(&code);
    scene.pass(Millis(300));
    scene.shut(&door);
    scene.pass(Millis::seconds(3));
    let facts = scene.facts();
    assert!(facts.contains(&"unlock.unknown") && !facts.contains(&"compartment.jammed"), "{facts:?}");
    assert_eq!(scene.usage(&door), Use::NeedsInspection(InspectionCause::OpenedByStaff));
    assert!(
        matches!(scene.screen(), Screen::Collected { .. }),
        "it was theirs to take: {:?}",
        scene.screen()
    );
}

#[test]
fn jammed_door_serves_again_when_staff_opened_it_and_it_rests_shut() {
    let mut scene = Scene::new();
    scene.all_hands(Hand::Jams);
    let door = scene.deposit_for("4b", "1");
    scene.pass(Millis::seconds(60));
    assert_eq!(scene.usage(&door), Use::OutOfService(ServiceCause::Jammed));
    scene.order("1", Command::Unlock { compartment: door.clone() });
    scene.pass(Millis::seconds(10));
    assert_eq!(scene.usage(&door), Use::OutOfService(ServiceCause::Jammed), "it still jams");
    scene.restart();
    scene.hands.clear();
    scene.order("2", Command::Unlock { compartment: door.clone() });
    scene.pass(Millis::seconds(10));
    assert_eq!(scene.usage(&door), Use::OutOfService(ServiceCause::Jammed), "it is not shut yet");
    scene.names();
    scene.shut(&door);
    scene.pass(Millis::seconds(3));
    assert_eq!(scene.names(), ["compartment.closed", "compartment.in_service"]);
    assert_eq!(scene.usage(&door), Use::Free);
}

#[test]
fn repaired_door_is_looked_into_when_a_parcel_lay_behind_it() {
    let mut scene = Scene::new();
    let (door, code) = scene.stored_for("4b");
    scene.all_hands(Hand::Jams);
    scene.typed(&code);
    scene.pass(Millis::seconds(4));
    scene.hands.clear();
    scene.order("u", Command::Unlock { compartment: door.clone() });
    scene.shut(&door);
    scene.pass(Millis::seconds(3));
    assert!(scene.facts().contains(&"compartment.in_service"));
    assert_eq!(scene.usage(&door), Use::NeedsInspection(InspectionCause::OpenedByStaff));
}

#[test]
fn nothing_is_forced_when_a_door_is_pulled_late() {
    let mut scene = Scene::new();
    let (door, code) = scene.stored_for("4b");
    scene.all_hands(Hand::Dead);
    scene.typed(&code);
    scene.pass(Millis::seconds(5));
    scene.names();
    scene.swing(&door, Level::Open);
    assert_eq!(scene.names(), ["compartment.opened"]);
}

#[test]
fn order_that_never_left_frees_the_compartment_and_shuns_its_board() {
    let mut scene = Scene::new();
    scene.all_hands(Hand::Silent);
    let door = scene.deposit_for("4b", "1");
    let unlock = scene.unlocks.last().unwrap().id;
    scene.report(unlock, PulseReport::NotSent(NotSent::Unreachable));
    assert_eq!(scene.usage(&door), Use::Free);
    assert!(matches!(scene.screen(), Screen::Refused { refusal: Refusal::NothingFits, .. }));
    let failed = |fact: &Fact| {
        matches!(fact, Fact::UnlockFailed { why: UnlockFailure::NotSent(NotSent::Unreachable), .. })
    };
    assert!(scene.news().iter().any(failed));
    assert_eq!(scene.unlocks.len(), 1);
}

#[test]
fn nothing_opens_and_the_deposit_is_interrupted_when_power_is_cut_with_the_door_open() {
    let mut scene = Scene::new();
    let door = scene.deposit_for("4b", "1");
    let before = scene.unlocks.len();
    scene.names();
    scene.restart();
    assert_eq!(scene.unlocks.len(), before);
    assert_eq!(scene.usage(&door), Use::NeedsInspection(InspectionCause::InterruptedDeposit));
    assert_eq!(scene.names(), ["gateway.started", "compartment.needs_inspection", "parcel.exception"]);
}

#[test]
fn old_codes_stay_dead_when_the_database_was_lost() {
    let mut scene = Scene::new();
    let (_, old) = scene.stored_for("4b");
    scene.rows.clear();
    scene.restart();
    scene.introduce();
    let (_, new) = scene.stored_for("4b");
    assert_ne!(old, new);
    let next = scene.rows.iter().find_map(|(_, row)| match row {
        Row::Codes(codes) => Some(codes.next),
        _ => None,
    });
    assert!(next.is_some_and(|next| next > 1 && next <= 1 << 31), "{next:?}");
}

#[test]
fn same_code_stays_good_when_power_is_cut_in_the_middle_of_a_pickup() {
    let mut scene = Scene::new();
    let (door, code) = scene.stored_for("4b");
    scene.all_hands(Hand::Silent);
    scene.typed(&code);
    scene.names();
    scene.restart();
    assert!(scene.facts().contains(&"unlock.unknown"));
    scene.hands.clear();
    scene.typed(&code);
    assert_eq!(*scene.screen(), Screen::TakeOut { label: scene.label(&door), more: 0 });
    scene.restart();
    scene.pass(Millis::hours(25));
    assert_eq!(scene.usage(&door), Use::NeedsInspection(InspectionCause::PickupNotClosed));
    scene.typed(&code);
    assert_eq!(scene.last, Some(Err(Refusal::ExpiredCode)));
}

#[test]
fn interrupted_unlock_ends_with_what_the_door_reads_first_after_a_start() {
    for level in [Level::Open, Level::Shut] {
        let mut scene = Scene::new();
        let (door, code) = scene.stored_for("4b");
        scene.all_hands(Hand::Silent);
        scene.typed(&code);
        let before = scene.unlocks.len();
        scene.power_cut();
        scene.names();
        scene.begin();
        assert!(!scene.names().contains(&"unlock.unknown"), "it waits for its evidence");
        scene.contact(&door, level);
        let news = scene.news();
        let evidence = news.iter().find_map(|fact| match fact {
            Fact::UnlockUnknown { evidence, .. } => Some(*evidence),
            _ => None,
        });
        assert_eq!(evidence, Some(Evidence { acknowledged: false, door: Some(level), latch: None }));
        assert!(!news.iter().any(|fact| matches!(fact, Fact::CompartmentForced { .. })), "{news:?}");
        assert_eq!(scene.unlocks.len(), before);
    }
}

#[test]
fn interrupted_unlock_ends_without_evidence_when_nothing_is_heard() {
    let mut scene = Scene::new();
    let (_, code) = scene.stored_for("4b");
    scene.all_hands(Hand::Silent);
    scene.typed(&code);
    scene.power_cut();
    scene.begin();
    scene.power_cut();
    scene.begin();
    scene.names();
    scene.pass(START_EVIDENCE);
    let unheard =
        |fact: &Fact| matches!(fact, Fact::UnlockUnknown { evidence, .. } if evidence.door.is_none());
    assert_eq!(scene.news().iter().filter(|fact| unheard(fact)).count(), 1, "once, over two power cuts");
}

#[test]
fn nothing_is_forced_when_a_door_is_pulled_just_after_a_start_in_the_middle_of_its_unlock() {
    let mut scene = Scene::new();
    let (door, code) = scene.stored_for("4b");
    scene.all_hands(Hand::Silent);
    scene.typed(&code);
    scene.restart();
    scene.names();
    scene.pass(Millis::seconds(5));
    scene.swing(&door, Level::Open);
    assert_eq!(scene.names(), ["compartment.opened"]);
    assert!(matches!(scene.usage(&door), Use::Occupied(_)));
}

#[test]
fn opening_is_forced_when_it_comes_long_after_a_start_in_the_middle_of_its_unlock() {
    let mut scene = Scene::new();
    let (door, code) = scene.stored_for("4b");
    scene.all_hands(Hand::Silent);
    scene.typed(&code);
    scene.restart();
    scene.pass(Millis::seconds(10));
    scene.swing(&door, Level::Open);
    assert!(scene.names().contains(&"compartment.forced"));
}

#[test]
fn compartment_is_looked_into_when_power_is_cut_while_it_opens_once_more() {
    let mut scene = Scene::new();
    let (door, code) = scene.stored_for("4b");
    scene.typed(&code);
    scene.shut(&door);
    scene.pass(Millis::seconds(10));
    assert_eq!(scene.usage(&door), Use::Free);
    scene.all_hands(Hand::Silent);
    scene.typed(&code);
    scene.restart();
    assert_eq!(scene.usage(&door), Use::NeedsInspection(InspectionCause::PickupNotClosed));
}

#[test]
fn recipient_is_told_when_a_start_finds_their_door_open() {
    let mut scene = Scene::new();
    let (door, code) = scene.stored_for("4b");
    scene.power_cut();
    scene.begin();
    scene.names();
    scene.contact(&door, Level::Open);
    assert_eq!(scene.names(), ["compartment.opened", "compartment.needs_inspection"]);
    assert_eq!(scene.usage(&door), Use::NeedsInspection(InspectionCause::FoundOpen));
    let newest = *scene.building.waiting_notices().last().unwrap();
    assert_eq!(scene.notice(newest).0.kind, NoticeKind::OpenedByOther);
    scene.shut(&door);
    scene.pass(Millis::seconds(3));
    scene.typed(&code);
    assert!(matches!(scene.screen(), Screen::TakeOut { .. }), "what is left is still theirs");
}

#[test]
fn nobody_is_told_when_a_start_finds_a_door_open_that_its_recipient_had_opened_or_that_holds_nothing() {
    let mut scene = Scene::new();
    let (door, code) = scene.stored_for("4b");
    scene.typed(&code);
    let notices = scene.building.waiting_notices();
    scene.power_cut();
    scene.begin();
    scene.names();
    scene.contact(&door, Level::Open);
    scene.contact(&compartment("a-8"), Level::Open);
    assert!(scene.names().is_empty());
    assert_eq!(scene.building.waiting_notices(), notices);
}

#[test]
fn parcel_is_served_to_staff_only_when_its_lock_was_remapped() {
    let mut scene = Scene::new();
    let (door, code) = scene.stored_for("4b");
    let mut site = site();
    let other = compartment("a-8");
    let lock = site.compartments[&door].lock.clone();
    let swapped = core::mem::replace(&mut site.compartments.get_mut(&other).unwrap().lock, lock);
    site.compartments.get_mut(&door).unwrap().lock = swapped;
    scene.restart_on(site);
    for id in [&door, &other] {
        assert_eq!(scene.usage(id), Use::NeedsInspection(InspectionCause::MappingChanged));
    }
    scene.typed(&code);
    assert_eq!(scene.last, Some(Err(Refusal::StaffOnly)));
}

#[test]
fn pickups_go_on_and_deposits_do_not_when_the_disk_is_away() {
    let mut scene = Scene::new();
    let (door, code) = scene.stored_for("4b");
    scene.storage(StorageHealth::Degraded);
    scene.typed(CARRIER_CODE);
    assert_eq!(scene.last, Some(Err(Refusal::StorageDegraded)));
    scene.typed(&code);
    assert_eq!(scene.unlocks.last().unwrap().purpose, Purpose::Pickup);
    scene.shut(&door);
    scene.pass(Millis::seconds(3));
    assert_eq!(scene.usage(&door), Use::Free);
    scene.names();
    scene.storage(StorageHealth::Recovered);
    assert!(matches!(scene.news()[..], [Fact::StorageRecovered { waited }] if waited > 5));
}

#[test]
fn capacity_is_not_called_exhausted_while_a_start_has_not_heard_its_doors() {
    let mut scene = Scene::new();
    scene.power_cut();
    scene.begin();
    let ask = |scene: &mut Scene| {
        scene.typed(CARRIER_CODE);
        scene.typed("4b");
        scene.key(Key::Confirm);
    };
    ask(&mut scene);
    assert_eq!(scene.last, Some(Err(Refusal::Starting)));
    assert!(!scene.facts().contains(&"capacity.exhausted"));
    scene.pass(START_EVIDENCE);
    scene.typed("4b");
    scene.key(Key::Confirm);
    assert_eq!(scene.last, Some(Err(Refusal::NothingFits)));
    assert!(scene.facts().contains(&"capacity.exhausted"));
}

#[test]
fn door_is_not_given_when_its_contact_was_not_heard_lately() {
    let mut scene = Scene::new();
    scene.now.mono = scene.now.mono.after(Millis::seconds(16));
    scene.give(Input::Tick);
    scene.typed(CARRIER_CODE);
    scene.typed("4b");
    scene.forced = 0;
    scene.key(Key::Confirm);
    assert_eq!(scene.last, Some(Err(Refusal::NothingFits)));
    assert!(scene.facts().contains(&"capacity.exhausted"));
    assert_eq!(scene.forced, 0, "a refusal costs no commit of its own");
    let (id, at) = (compartment("a-2"), scene.now.mono);
    scene.give(Input::Contact { compartment: id.clone(), contact: Contact::Door, level: Level::Shut, at });
    scene.typed("4b");
    scene.key(Key::Confirm);
    scene.typed("1");
    assert_eq!(scene.unlocks.last().unwrap().compartment, id);
    assert!(scene.screens.contains_key(&terminal("garage")));
}
