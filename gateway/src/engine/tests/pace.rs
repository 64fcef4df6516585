//! What a parcel costs the flash: commits of a deposit and a pickup at the pace of people. A lone commit writes 55 kB
//! whatever is in it, and a parcel may write 350 kB.

use super::*;

/// Commits of one parcel at any pace below: 350 kB are six of 55 kB, and one is left for what a parcel shares with others.
const COMMITS_A_DEPOSIT: u64 = 3;
const COMMITS_A_PICKUP: u64 = 2;
/// What may linger behind a visit that no other follows.
const COMMITS_AFTER: u64 = 1;

/// How people move.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// Between two entries at the terminal: the courier makes four, the resident one.
    entry: Millis,
    /// From the lock giving way to the door being shut.
    door: Millis,
    /// From the shut door until whoever stood there does something else, or is gone.
    after: Millis,
}

const FAST: Pace = Pace { entry: Millis(0), door: Millis(100), after: Millis::seconds(20) };
const BRISK: Pace = Pace { entry: Millis(1_700), door: Millis::seconds(10), after: Millis::seconds(20) };
const SLOW: Pace = Pace { entry: Millis(3_300), door: Millis::seconds(20), after: Millis::seconds(20) };

/// What a parcel cost, step by step.
#[derive(Debug, PartialEq, Eq)]
struct Cost {
    deposit: u64,
    pickup: u64,
    after: u64,
}

/// A building whose cloud has everything a moment after it is durable.
struct Street {
    bench: Bench,
    pace: Pace,
    heard: Mono,
}

impl Street {
    fn new(pace: Pace) -> Self {
        let mut street = Self { bench: Bench::new(), pace, heard: Mono(0) };
        street.wait(Millis::hours(3));
        street
    }

    fn commits(&self) -> u64 {
        self.bench.engine.published().counters.commits
    }

    /// Time passes, and the cloud says what it has got, a fifth of a second after it was sent.
    fn wait(&mut self, span: Millis) {
        let end = self.bench.now.mono.after(span);
        while self.bench.now.mono < end {
            let left = end.since(self.bench.now.mono);
            self.moment(left.min(Millis(200)));
            self.cloud_has_all();
        }
    }

    /// A short while, in which contacts are heard as wiring passes them on.
    fn moment(&mut self, span: Millis) {
        self.bench.pass(span);
        if self.bench.now.mono >= self.heard.after(ALIVE) {
            self.heard = self.bench.now.mono;
            let doors = self.bench.doors.clone();
            doors.iter().for_each(|(door, level)| self.bench.hear(door, *level));
        }
    }

    fn cloud_has_all(&mut self) {
        for notice in self.bench.engine.sealed_notices(None, usize::MAX) {
            self.bench.give(Input::NoticeAcknowledged(notice.id));
        }
        let newest = self.bench.rows.last().map(|row| row.sequence);
        if newest != self.bench.engine.published().acknowledged {
            newest.into_iter().for_each(|sequence| self.bench.acknowledge(sequence));
        }
    }

    /// Somebody stands at the newest door, shuts it and goes.
    fn at_door(&mut self) {
        let door = self.bench.unlocks.last().expect("a door opened").compartment.clone();
        self.wait(self.pace.door);
        self.bench.swing(&door, Level::Shut);
    }

    /// A courier brings one parcel; its code.
    fn deposit(&mut self) -> String {
        self.bench.typed(CARRIER_CODE);
        self.wait(self.pace.entry);
        self.bench.typed("4a");
        self.wait(self.pace.entry);
        self.bench.key(Key::Confirm);
        self.wait(self.pace.entry);
        self.bench.typed("1");
        self.at_door();
        let code = self.settled();
        self.bench.key(Key::Cancel);
        code
    }

    /// Waits until the notice is there; the cloud has it a moment later.
    fn settled(&mut self) -> String {
        let end = self.bench.now.mono.after(self.pace.after);
        while self.bench.engine.published().waiting_notices == 0 && self.bench.now.mono < end {
            self.moment(Millis(100));
            if self.bench.engine.published().waiting_notices == 0 {
                self.cloud_has_all();
            }
        }
        let code = self.bench.newest_code();
        self.wait(end.since(self.bench.now.mono));
        code
    }

    fn pickup(&mut self, code: &str) {
        self.wait(self.pace.entry);
        self.bench.typed(code);
        self.at_door();
        self.wait(self.pace.after);
    }
}

/// A parcel that is fetched after half an hour, and nobody comes for hours after it.
fn cost(pace: Pace) -> Cost {
    let mut street = Street::new(pace);
    let start = street.commits();
    let code = street.deposit();
    let brought = street.commits();
    street.wait(Millis::seconds(1_800));
    street.pickup(&code);
    let fetched = street.commits();
    assert!(street.bench.names().contains(&"parcel.collected"), "{:?}", street.bench.names());
    street.wait(Millis::hours(3));
    Cost { deposit: brought - start, pickup: fetched - brought, after: street.commits() - fetched }
}

#[test]
fn parcel_costs_a_bounded_number_of_commits_at_any_pace() {
    for pace in [FAST, BRISK, SLOW] {
        let cost = cost(pace);
        println!("{pace:?}: {cost:?}");
        assert!(cost.deposit <= COMMITS_A_DEPOSIT, "{pace:?}: {cost:?}");
        assert!(cost.pickup <= COMMITS_A_PICKUP, "{pace:?}: {cost:?}");
        assert!(cost.after <= COMMITS_AFTER, "{pace:?}: {cost:?}");
    }
}
