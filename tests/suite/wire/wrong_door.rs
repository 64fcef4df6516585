//! Seeds over every kind of trouble and every model on virtual time, at least ten million exchanges a run; how to ask for
//! more of them, see `work`.

use std::collections::BTreeSet;
use std::ops::AddAssign;
use std::time::Duration;

use device_drivers::device::Model;
use vestibule_tests::wire::case::Boards;
use vestibule_tests::wire::lines::described;
use vestibule_tests::wire::run::{Report, play};
use vestibule_tests::wire::tally::{Tallies, Tally};
use vestibule_tests::wire::trouble::{KINDS, Trouble};

use super::work::Work;

/// Virtual time of one seed.
const SPAN: Duration = Duration::from_secs(60);

/// What all seeds of a run came to.
#[derive(Default)]
struct Total {
    models: Tallies,
    openings: u64,
    struck: BTreeSet<String>,
    clean: Tally,
    clean_runs: u64,
}

impl AddAssign<(Trouble, Report)> for Total {
    fn add_assign(&mut self, (trouble, report): (Trouble, Report)) {
        self.models += &report.models;
        self.openings += report.openings;
        self.struck.extend(report.faults.iter().map(|fault| format!("{fault:?}")));
        if trouble == Trouble::Clean {
            self.clean += report.models.total();
            self.clean_runs += 1;
        }
    }
}

/// `percent` of the exchanges that are asked for.
fn total(boards: Boards, percent: u64) -> Total {
    let work = Work::new(&format!("{boards:?}"), percent, boards.every_case());
    let total: Total = work.run(|seed| {
        let case = boards.case(seed);
        let report = play(&case, SPAN).map_err(|why| format!("{case}: {why}"))?;
        Ok((report.exchanges, (case.trouble(), report)))
    });
    println!("{} openings, {:?}\n{}", total.openings, total.models.total(), total.models);
    every_part_was_tried(&total);
    every_model_was_pulsed(boards, &total.models);
    every_model_was_watched_and_echoed_what_it_proves(boards, &total.models);
    total
}

/// A run in which nothing was sent, or nothing struck, proves nothing.
fn every_part_was_tried(total: &Total) {
    assert_eq!(total.struck.len(), KINDS.len(), "struck only: {:?}", total.struck);
    let Tally { unanswered, not_sent, watched, energised, .. } = total.models.total();
    assert!(unanswered > 100 && not_sent > 100 && watched > 100 && energised > 1_000, "{}", total.models);
}

/// A run in which some model was never there, or none of its locks was ever pulsed, says nothing of it.
pub fn every_model_was_pulsed(boards: Boards, models: &Tallies) {
    for name in boards.offered() {
        let outputs = Model::by_name(&name).unwrap().provides().outputs;
        assert!(models.times(&name) > 0, "{name} was never drawn\n{models}");
        assert!(outputs == 0 || models.of(&name).energised > 0, "{name} was never pulsed\n{models}");
    }
}

fn every_model_was_watched_and_echoed_what_it_proves(boards: Boards, models: &Tallies) {
    for name in boards.offered() {
        let Tally { acknowledged, watched, .. } = models.of(&name);
        let provides = Model::by_name(&name).unwrap().provides();
        assert!(provides.inputs == 0 || watched > 0, "{name} was never watched\n{models}");
        let proves = boards == Boards::Relays && provides.outputs > 0;
        assert_eq!(proves, acknowledged > 0, "{name}: what it echoes\n{models}");
    }
}

#[test]
fn no_wrong_door_opens_when_the_wire_has_every_trouble() {
    let total = total(Boards::Relays, 75);
    let (Tally { acknowledged, misled, .. }, clean) = (total.models.total(), total.clean);
    assert!(acknowledged > 1_000 && misled == 0, "{}", total.models);
    // Each run ends by stopping the line, perhaps with a pulse in flight.
    assert!(clean.acknowledged > 100 && clean.unanswered <= total.clean_runs, "without trouble: {clean:?}");
    assert_eq!(clean.acknowledged + clean.unanswered, clean.energised);
}

#[test]
fn no_lock_board_is_sent_another_door_and_no_door_is_told_falsely_when_the_wire_has_every_trouble() {
    let total = total(Boards::Locks, 25);
    let (Tally { acknowledged, unanswered, energised, misled, .. }, clean) =
        (total.models.total(), total.clean);
    assert!(acknowledged == 0 && unanswered > 10_000, "{}", total.models);
    assert!(energised > unanswered / 2 && misled > 0, "{}", total.models);
    assert!(clean.misled == 0 && clean.energised > 100, "without trouble: {clean:?}");
    assert!(clean.unanswered <= clean.energised + total.clean_runs, "without trouble: {clean:?}");
}

#[test]
fn same_seed_gives_the_same_run_when_played_again() {
    for boards in [Boards::Relays, Boards::Locks] {
        let play = |seed| play(&boards.case(seed), SPAN / 5).unwrap();
        let (one, again, other) = (play(4), play(4), play(6));
        assert_eq!(format!("{one:?}"), format!("{again:?}"));
        assert_ne!(format!("{one:?}"), format!("{other:?}"));
    }
}

#[test]
fn every_model_meets_every_trouble_at_both_rates_when_enough_seeds_are_played() {
    for boards in [Boards::Relays, Boards::Locks] {
        let (mut models, mut met) = (BTreeSet::new(), BTreeSet::new());
        for case in (0..boards.every_case()).map(|seed| boards.case(seed)) {
            let first = described(&case.line().devices[0]).model.name().to_owned();
            met.insert(format!("{first}, {:?}, {} baud", case.trouble(), case.line().baud.get()));
            models.insert(first);
        }
        // Each kind alone, none, and all together.
        assert_eq!(met.len(), models.len() * (KINDS.len() + 2) * 2, "{boards:?}");
        let offered: BTreeSet<String> = boards.offered().into_iter().collect();
        assert!(models.is_subset(&offered), "{models:?}");
    }
}
