//! The core's decisions and a faulty wire in one run: what a command asks for is decided by the core, ordered as the daemon
//! orders it, pulsed over a line with every trouble, and told back as the daemon hears it, while doors open and people shut them.
//!
//! No lock is pulsed that no command asked for, and none twice for one intent; nothing is confirmed whose door did not
//! open; every intent ends in one verdict. How to ask for more seeds, see `work`.

use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::time::Duration;

use vestibule_tests::wire::case::Boards;
use vestibule_tests::wire::lines::described;

use super::work::Work;
use history::play;
use ledger::Ends;

mod history;
mod ledger;
mod site;

/// Virtual time in which commands come.
const SPAN: Duration = Duration::from_secs(60);
/// Share of the exchanges that are asked for of relay boards and lock boards, of each half.
const PERCENT: u64 = 5;
/// Seeds of a model at least.
const SEEDS_A_MODEL: u64 = 16;

/// How intents ended, by the model of the locks' board.
#[derive(Default)]
struct Total(BTreeMap<String, Ends>);

impl AddAssign<(String, Ends)> for Total {
    fn add_assign(&mut self, (model, ends): (String, Ends)) {
        *self.0.entry(model).or_default() += ends;
    }
}

fn total(boards: Boards) -> Total {
    let models = boards.every_case() / boards.cases_a_model();
    let work = Work::new(&format!("{boards:?} under the core"), PERCENT, models * SEEDS_A_MODEL);
    let total: Total = work.run(|seed| {
        let case = boards.case(seed);
        let report = play(&case, SPAN).map_err(|why| format!("{case}: {why}"))?;
        let model = described(&case.line().devices[0]).model.name().to_owned();
        Ok((report.exchanges, (model, report.ends)))
    });
    total.0.iter().for_each(|(model, ends)| println!("{model:<20} {ends}"));
    for (model, Ends { intents, confirmed, not_sent, unknown, .. }) in &total.0 {
        assert!(*confirmed > intents / 10 && *not_sent > 0 && *unknown > 0, "{model} was hardly tried");
    }
    assert_eq!(total.0.len() as u64, models, "some model was never drawn");
    total
}

#[test]
fn nothing_opens_unasked_and_nothing_is_confirmed_that_stayed_shut_when_relay_boards_are_in_trouble() {
    let total = total(Boards::Relays);
    let did_not_open: u64 = total.0.values().map(|ends| ends.did_not_open).sum();
    let misled: u64 = total.0.values().map(|ends| ends.misled).sum();
    assert!(
        did_not_open > 0 && misled == 0,
        "a door that sticks is known to, and check bytes find what is bent"
    );
}

#[test]
fn nothing_opens_unasked_and_nothing_is_confirmed_that_stayed_shut_when_lock_boards_are_in_trouble() {
    let total = total(Boards::Locks);
    let did_not_open: u64 = total.0.values().map(|ends| ends.did_not_open).sum();
    assert_eq!(did_not_open, 0, "what such boards say of an opening proves nothing");
}

#[test]
fn same_seed_gives_the_same_history_when_played_again() {
    for boards in [Boards::Relays, Boards::Locks] {
        let play = |seed| play(&boards.case(seed), SPAN / 5).unwrap();
        assert_eq!(play(4), play(4));
        assert_ne!(play(4), play(6));
    }
}
