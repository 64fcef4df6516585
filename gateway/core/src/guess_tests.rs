//! Guesses: they cost the guesser, and nobody else is locked out.

use alloc::format;
use alloc::string::String;

use crate::compartment::Level;
use crate::id::CompartmentId;
use crate::input::Key;
use crate::policy::Policy;
use crate::refusal::Refusal;
use crate::scene::{CARRIER_CODE, Scene, site};
use crate::screen::Screen;
use crate::time::{ClockTrust, Millis, Timestamp};

/// Check-valid ten-digit codes: nine digits counted up, and Damm's digit found by trying.
fn guess(scene: &mut Scene, number: u32) -> Refusal {
    for check in 0..10 {
        scene.typed(&format!("{:09}{check}", number * 7_919));
        match scene.last {
            Some(Err(Refusal::Typo)) => {}
            Some(Err(refusal)) => return refusal,
            _ => return Refusal::UnitRequired,
        }
    }
    Refusal::Typo
}

#[test]
fn terminals_ask_for_the_unit_when_ten_codes_were_guessed() {
    let mut scene = Scene::new();
    let (_, code) = scene.stored_for("4b");
    // The start charged one.
    for number in 1..=9 {
        assert_eq!(guess(&mut scene, number), Refusal::UnknownCode);
    }
    assert!(scene.facts().contains(&"access.stepped_up"));
    scene.typed(&code);
    assert_eq!(*scene.screen(), Screen::AskUnit);
    scene.typed("5c");
    for _ in 0..10 {
        scene.typed(&code);
        assert_eq!(scene.last, Some(Err(Refusal::UnknownCode)));
    }
    scene.typed(&code);
    assert_eq!(scene.last, Some(Err(Refusal::TooManyMisses)));
    // Another unit is not touched by that.
    scene.typed(&code);
    scene.typed("4b");
    scene.typed(&code);
    assert!(matches!(scene.screen(), Screen::TakeOut { .. }));
}

#[test]
fn budget_survives_when_the_daemon_restarts() {
    let mut scene = Scene::new();
    for number in 1..=8 {
        guess(&mut scene, number);
    }
    scene.restart();
    assert_eq!(guess(&mut scene, 100), Refusal::UnitRequired);
}

#[test]
fn terminal_pauses_and_no_recipient_waits_when_carrier_codes_are_guessed() {
    let mut scene = Scene::new();
    let (door, code) = scene.stored_for("4b");
    for _ in 0..5 {
        scene.typed("111111");
        assert_eq!(scene.last, Some(Err(Refusal::UnknownCode)));
    }
    for _ in 0..100 {
        scene.typed(CARRIER_CODE);
        assert_eq!(scene.last, Some(Err(Refusal::TryLater)));
    }
    scene.typed_at("garage", CARRIER_CODE);
    assert_eq!(scene.last, Some(Ok(())));
    // What is typed in the pause prolongs nothing.
    scene.pass(Millis::seconds(2));
    scene.typed(CARRIER_CODE);
    assert_eq!(*scene.screen(), Screen::AskRecipient);
    scene.key(Key::Cancel);
    scene.typed("111111");
    scene.typed(&code);
    assert_eq!(*scene.screen(), Screen::TakeOut { label: scene.label(&door), more: 0 });
}

#[test]
fn typing_errors_cost_nothing_when_the_check_digit_shows_them() {
    let mut scene = Scene::new();
    let (door, code) = scene.stored_for("4b");
    for at in 0..10 {
        let mut wrong = code.clone().into_bytes();
        wrong[at] = b'0' + (wrong[at] - b'0' + 1) % 10;
        scene.typed(core::str::from_utf8(&wrong).unwrap());
        assert_eq!(scene.last, Some(Err(Refusal::Typo)));
    }
    scene.typed(&code);
    assert_eq!(*scene.screen(), Screen::TakeOut { label: scene.label(&door), more: 0 });
    scene.swing(&door, Level::Shut);
}

/// A building that asks for unit and code, and a parcel of 4b in it.
fn stepped_up(policy: Policy) -> (Scene, CompartmentId, String) {
    let mut scene = Scene::on(crate::site::Site { policy, ..site() });
    let (door, code) = scene.stored_for("4b");
    for number in 1..=9 {
        assert_eq!(guess(&mut scene, number), Refusal::UnknownCode);
    }
    (scene, door, code)
}

/// Unit and code at a terminal that serves nobody.
fn unit_and_code(scene: &mut Scene, at: &str, unit: &str, code: &str) -> Option<Result<(), Refusal>> {
    scene.give(crate::input::Input::Entry {
        terminal: crate::scene::terminal(at),
        entry: crate::input::Entry::Key(Key::Cancel),
    });
    scene.typed_at(at, code);
    scene.typed_at(at, unit);
    if scene.last == Some(Ok(())) {
        scene.typed_at(at, code);
    }
    scene.last
}

#[test]
fn only_the_terminal_that_is_guessed_at_pauses_when_the_buildings_misses_are_spent() {
    let (mut scene, door, code) =
        stepped_up(Policy { building_misses_a_day: 3, unscanned_share: 100, ..Policy::default() });
    for _ in 0..4 {
        assert_eq!(unit_and_code(&mut scene, "lobby", "5c", &code), Some(Err(Refusal::UnknownCode)));
    }
    for _ in 0..20 {
        assert_eq!(unit_and_code(&mut scene, "lobby", "4b", &code), Some(Err(Refusal::TryLater)));
    }
    scene.pass(Millis::seconds(30));
    assert_eq!(unit_and_code(&mut scene, "lobby", "5c", &code), Some(Err(Refusal::UnknownCode)));
    assert_eq!(unit_and_code(&mut scene, "garage", "4b", &code), Some(Ok(())));
    scene.shut(&door);
    scene.pass(Millis::seconds(60));
    assert_eq!(unit_and_code(&mut scene, "lobby", "4b", &code), Some(Ok(())));
}

#[test]
fn new_day_begins_after_24_hours_when_the_clock_is_not_trusted() {
    let (mut scene, door, code) = stepped_up(Policy { unscanned_share: 100, ..Policy::default() });
    for _ in 0..10 {
        assert_eq!(unit_and_code(&mut scene, "lobby", "5c", &code), Some(Err(Refusal::UnknownCode)));
    }
    scene.now.trust = ClockTrust::Untrusted;
    scene.pass(Millis::hours(23));
    assert_eq!(unit_and_code(&mut scene, "lobby", "5c", &code), Some(Err(Refusal::TooManyMisses)));
    scene.key(Key::Cancel);
    scene.pass(Millis::hours(2));
    scene.typed(&code);
    assert_eq!(*scene.screen(), Screen::TakeOut { label: scene.label(&door), more: 0 });
    scene.shut(&door);
    scene.pass(Millis::seconds(3));
    assert_eq!(guess(&mut scene, 100), Refusal::UnknownCode);
    for number in 101..=109 {
        guess(&mut scene, number);
    }
    // The next one takes as long again.
    assert_eq!(guess(&mut scene, 110), Refusal::UnitRequired);
    scene.pass(Millis::hours(20));
    assert_eq!(guess(&mut scene, 111), Refusal::UnitRequired);
}

#[test]
fn misses_are_not_forgiven_when_the_clock_is_set_back() {
    let (mut scene, _, code) = stepped_up(Policy { unscanned_share: 100, ..Policy::default() });
    for _ in 0..10 {
        assert_eq!(unit_and_code(&mut scene, "lobby", "5c", &code), Some(Err(Refusal::UnknownCode)));
    }
    // It had been two days ahead.
    scene.now.wall = Timestamp(scene.now.wall.0 - 2 * 86_400_000);
    assert_eq!(unit_and_code(&mut scene, "lobby", "5c", &code), Some(Err(Refusal::TooManyMisses)));
}

#[test]
fn ten_misses_of_a_unit_cost_two_commits_and_a_restart_gives_none_back() {
    let (mut scene, _, code) = stepped_up(Policy { unscanned_share: 100, ..Policy::default() });
    scene.forced = 0;
    for _ in 0..10 {
        assert_eq!(unit_and_code(&mut scene, "lobby", "5c", &code), Some(Err(Refusal::UnknownCode)));
    }
    assert_eq!(scene.forced, 2);
    assert_eq!(unit_and_code(&mut scene, "lobby", "4a", &code), Some(Err(Refusal::UnknownCode)));
    scene.restart();
    assert_eq!(unit_and_code(&mut scene, "lobby", "5c", &code), Some(Err(Refusal::TooManyMisses)));
    for _ in 0..5 {
        assert_eq!(unit_and_code(&mut scene, "lobby", "4a", &code), Some(Err(Refusal::UnknownCode)));
    }
    assert_eq!(unit_and_code(&mut scene, "lobby", "4a", &code), Some(Err(Refusal::TooManyMisses)));
}

/// What an attacker must not achieve, sentence 2: lock-out as a weapon.
#[test]
fn thousand_wrong_entries_at_one_terminal_delay_no_right_code_of_another_unit_elsewhere() {
    let (mut scene, first, code) =
        stepped_up(Policy { building_misses_a_day: 8, unscanned_share: 100, ..Policy::default() });
    scene.key(Key::Cancel);
    let (second, other) = scene.stored_for("5c");
    let (_, guessed_at) = scene.stored_for("4a");
    for _ in 0..1_000 {
        assert!(unit_and_code(&mut scene, "lobby", "4a", &code).is_some_and(|answer| answer.is_err()));
        scene.pass(Millis::seconds(1));
    }
    let before = scene.now.mono;
    for (unit, code, door) in [("4b", &code, first), ("5c", &other, second)] {
        assert_eq!(unit_and_code(&mut scene, "garage", unit, code), Some(Ok(())));
        let taken = Screen::TakeOut { label: scene.label(&door), more: 0 };
        assert_eq!(scene.screens[&crate::scene::terminal("garage")], taken);
        assert!(scene.now.mono <= before.after(Millis::seconds(2)), "it waited");
        scene.shut(&door);
    }
    // What remains: the unit that was guessed at has spent its own tries of the day, wherever its code is typed.
    assert_eq!(unit_and_code(&mut scene, "garage", "4a", &guessed_at), Some(Err(Refusal::TooManyMisses)));
}
