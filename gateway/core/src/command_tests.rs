//! Commands: once is once.

use alloc::boxed::Box;
use alloc::format;

use crate::command::{
    Actor, Answer, Carrier, Carriers, Channel, Command, CommandRequest, Directory, Intake, Nonce, Retention,
    Status,
};
use crate::compartment::{InspectionCause, Use};
use crate::effect::Purpose;
use crate::input::{Input, StorageHealth};
use crate::row::NoticeKind;
use crate::scene::{Hand, Scene, compartment, unit};
use crate::screen::Screen;
use crate::site::{Climate, Size};
use crate::time::{ClockTrust, Millis};
use crate::unit::Digest;

fn unlock(scene: &Scene, id: &str, door: &str) -> CommandRequest {
    scene.request(id, Command::Unlock { compartment: compartment(door) })
}

fn over_bus(scene: &Scene, id: &str, nonce: Option<Nonce>) -> CommandRequest {
    let mut request = unlock(scene, id, "a-1");
    request.key.channel = Channel::Bus;
    request.nonce = nonce;
    request
}

fn give(scene: &mut Scene, request: &CommandRequest) -> Status {
    scene.give(Input::Command(Box::new(request.clone())));
    scene.replies.last().unwrap().status
}

fn challenge(scene: &mut Scene, id: &str) -> Nonce {
    let mut request = scene.request(id, Command::Challenge);
    request.key.channel = Channel::Bus;
    give(scene, &request);
    match scene.replies.last().unwrap().answer {
        Answer::Nonce(nonce) => nonce,
        _ => unreachable!("a challenge is answered with a nonce"),
    }
}

#[test]
fn door_opens_once_when_the_same_unlock_comes_twice_and_after_a_restart() {
    let mut scene = Scene::new();
    let nonce = challenge(&mut scene, "n");
    let request = over_bus(&scene, "u", Some(nonce));
    scene.replies.clear();
    give(&mut scene, &request);
    let statuses =
        |scene: &Scene| scene.replies.iter().map(|reply| reply.status).collect::<alloc::vec::Vec<_>>();
    assert_eq!(statuses(&scene), [Status::Received, Status::Done]);
    assert_eq!(give(&mut scene, &request), Status::Done);
    scene.restart();
    assert_eq!(give(&mut scene, &request), Status::Done);
    assert_eq!(scene.unlocks.len(), 1);
    assert_eq!(scene.unlocks[0].purpose, Purpose::StaffRemote);
    let other = CommandRequest { digest: Digest([3; 32]), ..request };
    assert_eq!(give(&mut scene, &other), Status::Conflict);
    assert!(scene.facts().contains(&"command.conflict"));
    assert_eq!(scene.unlocks.len(), 1);
}

#[test]
fn unlock_ends_as_unknown_when_power_is_cut_before_its_outcome() {
    let mut scene = Scene::new();
    scene.hands.insert(compartment("a-1"), Hand::Silent);
    let request = unlock(&scene, "u", "a-1");
    assert_eq!(give(&mut scene, &request), Status::Received);
    scene.restart();
    assert_eq!(give(&mut scene, &request), Status::Unknown);
    assert_eq!(scene.unlocks.len(), 1);
}

#[test]
fn unlock_is_refused_when_its_nonce_is_missing_used_foreign_or_old() {
    let mut scene = Scene::new();
    let request = over_bus(&scene, "1", None);
    assert_eq!(give(&mut scene, &request), Status::Refused);
    let nonce = challenge(&mut scene, "n");
    let mut foreign = over_bus(&scene, "2", Some(nonce));
    foreign.key.actor = Actor::Staff("eve".into());
    assert_eq!(give(&mut scene, &foreign), Status::Refused);
    let first = over_bus(&scene, "3", Some(nonce));
    give(&mut scene, &first);
    scene.shut(&compartment("a-1"));
    let again = over_bus(&scene, "4", Some(nonce));
    assert_eq!(give(&mut scene, &again), Status::Refused);
    let old = challenge(&mut scene, "m");
    scene.now.trust = ClockTrust::Untrusted;
    scene.pass(Millis::seconds(121));
    let late = over_bus(&scene, "5", Some(old));
    assert_eq!(give(&mut scene, &late), Status::Refused);
    assert_eq!(scene.replies.last().unwrap().detail, "bad_nonce");
    assert_eq!(scene.unlocks.len(), 1);
}

#[test]
fn nothing_moves_when_a_command_is_retained_late_early_or_from_the_cloud() {
    let mut scene = Scene::new();
    let base = unlock(&scene, "x", "a-1");
    let named = |id: &str| crate::command::CommandKey { id: id.parse_id(), ..base.key.clone() };
    let cases = [
        (CommandRequest { key: named("1"), retention: Retention::Retained, ..base.clone() }, "retained"),
        (CommandRequest { key: named("2"), not_after: None, ..base.clone() }, "no_deadline"),
        (
            CommandRequest { key: named("3"), not_after: Some(crate::time::Timestamp(5)), ..base.clone() },
            "expired",
        ),
        (
            CommandRequest {
                key: named("4"),
                not_after: Some(scene.now.wall.after(Millis::seconds(121))),
                ..base.clone()
            },
            "deadline_too_far",
        ),
        (
            CommandRequest {
                key: crate::command::CommandKey {
                    channel: Channel::Cloud,
                    actor: Actor::Cloud("cloud".into()),
                    ..named("5")
                },
                ..base.clone()
            },
            "staff_key_required",
        ),
        (
            CommandRequest {
                key: crate::command::CommandKey { actor: Actor::Anonymous, ..named("6") },
                ..base.clone()
            },
            "not_allowed",
        ),
        (
            CommandRequest { command: Command::Unlock { compartment: compartment("b-1") }, ..base.clone() },
            "not_found",
        ),
    ];
    for (request, word) in cases {
        assert_eq!(give(&mut scene, &request), Status::Refused);
        assert_eq!(scene.replies.last().unwrap().detail, word);
    }
    assert!(scene.unlocks.is_empty());
}

trait ParseId {
    fn parse_id(&self) -> crate::id::CommandId;
}

impl ParseId for str {
    fn parse_id(&self) -> crate::id::CommandId {
        crate::id::CommandId::new(self).unwrap()
    }
}

#[test]
fn recipient_is_told_when_staff_opens_an_occupied_compartment() {
    let mut scene = Scene::new();
    let (door, code) = scene.stored_for("4b");
    let request = scene.request("u", Command::Unlock { compartment: door.clone() });
    assert_eq!(give(&mut scene, &request), Status::Done);
    assert_eq!(scene.usage(&door), Use::NeedsInspection(InspectionCause::OpenedByStaff));
    let notice = *scene.building.waiting_notices().last().unwrap();
    assert_eq!(scene.notice(notice).0.kind, NoticeKind::OpenedByOther);
    scene.shut(&door);
    scene.pass(Millis::seconds(3));
    scene.typed(&code);
    assert_eq!(*scene.screen(), Screen::TakeOut { label: scene.label(&door), more: 0 });
}

#[test]
fn remote_unlock_waits_and_staff_on_site_does_not_when_the_disk_is_away() {
    let mut scene = Scene::new();
    scene.storage(StorageHealth::Degraded);
    let nonce = challenge(&mut scene, "n");
    let remote = over_bus(&scene, "1", Some(nonce));
    give(&mut scene, &remote);
    assert_eq!(scene.replies.last().unwrap().detail, "storage_degraded");
    let on_site = unlock(&scene, "2", "a-1");
    assert_eq!(give(&mut scene, &on_site), Status::Done);
}

#[test]
fn nothing_that_must_be_kept_is_called_done_when_the_disk_is_away() {
    let mut scene = Scene::new();
    scene.storage(StorageHealth::Degraded);
    let intake = Intake {
        unit: unit("4b"),
        carrier: None,
        tracking: None,
        size: Size::Small,
        climate: Climate::Ambient,
        occurred_at: None,
    };
    let kept = || {
        [
            Command::DirectorySync(Directory { version: 2, units: [].into() }),
            Command::CarriersSync(Carriers { version: 2, carriers: [].into() }),
            Command::ParcelIntake(intake.clone()),
        ]
    };
    for (id, command) in ["1", "2", "3"].into_iter().zip(kept()) {
        scene.order(id, command);
        assert_eq!(scene.replies.last().unwrap().detail, "storage_degraded", "{id}");
    }
    scene.order("4", Command::Resync);
    assert_eq!(scene.replies.last().unwrap().status, Status::Done);
    scene.storage(StorageHealth::Recovered);
    for (id, command) in ["5", "6"].into_iter().zip(kept()) {
        scene.order(id, command);
        assert_eq!(scene.replies.last().unwrap().status, Status::Done, "{id}");
    }
}

#[test]
fn older_batch_is_refused_when_a_newer_one_is_in_force() {
    let mut scene = Scene::new();
    scene.order("again", Command::DirectorySync(Directory { version: 1, units: [].into() }));
    assert_eq!(scene.replies.last().unwrap().detail, "old_version");
}

#[test]
fn parcel_is_logged_by_hand_when_its_unit_is_known() {
    let mut scene = Scene::new();
    let intake = |unit_id: &str| Intake {
        unit: unit(unit_id),
        carrier: None,
        tracking: Some("1Z999".into()),
        size: Size::Small,
        climate: Climate::Ambient,
        occurred_at: None,
    };
    scene.order("1", Command::ParcelIntake(intake("4b")));
    assert!(matches!(scene.replies.last().unwrap().answer, Answer::Parcel(_)));
    scene.order("2", Command::ParcelIntake(intake("9z")));
    assert_eq!(scene.replies.last().unwrap().detail, "unknown_unit");
}

#[test]
fn nothing_expires_when_the_clock_is_not_trusted() {
    let mut scene = Scene::new();
    let request = unlock(&scene, "u", "a-1");
    give(&mut scene, &request);
    scene.shut(&compartment("a-1"));
    scene.now.trust = ClockTrust::Untrusted;
    scene.now.wall = crate::time::Timestamp(scene.now.wall.0 + 400 * 86_400_000);
    scene.pass(Millis::hours(1));
    assert_eq!(give(&mut scene, &request), Status::Done);
    assert_eq!(scene.unlocks.len(), 1);
}

#[test]
fn digest_of_a_code_is_not_shown_when_carriers_are() {
    let carrier = Carrier { id: "ups".parse().unwrap(), code_digest: Digest([0xa7; 32]) };
    let command = Command::CarriersSync(Carriers { version: 1, carriers: [carrier].into() });
    let shown = format!("{command:?}");
    assert!(shown.contains("ups") && !shown.contains("a7"), "{shown}");
}
