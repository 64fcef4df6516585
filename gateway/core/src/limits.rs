//! Every limit of the core under one name, with its reason. What grows with the site (doors, terminals) is bounded by the site.

use crate::time::Millis;

/// Remembered outcomes an actor may hold: one command a minute for sixteen hours.
pub const OUTCOMES_PER_ACTOR: usize = 1_000;
/// Remembered outcomes of all actors; about 2 MB in memory.
pub const OUTCOMES_TOTAL: usize = 5_000;
/// An outcome outlives its command's `not_after` by this, so that a late repetition still meets it.
pub const OUTCOME_KEPT: Millis = Millis::hours(24);
/// Longest `not_after` ahead for an unlock: a person is waiting at the door.
pub const UNLOCK_AHEAD: Millis = Millis::seconds(120);
/// Longest `not_after` ahead for every other command.
pub const COMMAND_AHEAD: Millis = Millis::hours(24);
/// Doors that one command opens: the largest bank. With the usual pulse of 500 ms a supply for one lock opens them within
/// [`UNLOCK_AHEAD`]; what longer pulses leave over is told and stays shut.
pub const ROUND_DOORS: usize = 96;
/// Orders of a round that the line has said nothing of yet: one that may be leaving, and the next in its lane. Each is given
/// as many of the house's longest pulses more until its deadline, for a supply that drives one lock.
pub const ROUND_AHEAD: u8 = 2;
/// Latch and contact may contradict each other for so long: a hand between them, a latch that catches late.
pub const CONTRADICTION: Millis = Millis::seconds(5);
/// Rounds under way: two at once would open doors in nobody's order.
pub const ROUNDS_TOTAL: usize = 1;
/// A nonce is good for this long on the monotonic clock.
pub const NONCE_GOOD: Millis = Millis::seconds(120);
/// Open nonces an actor may hold; a person uses one.
pub const NONCES_PER_ACTOR: usize = 16;
/// Open nonces of all actors; the oldest gives way.
pub const NONCES_TOTAL: usize = 256;
/// A client may ask for all state once in this span: it costs a message per door.
pub const RESYNC_EVERY: Millis = Millis::seconds(60);
/// Clients whose last resync is remembered; the oldest is forgotten.
pub const RESYNCS_TOTAL: usize = 64;

/// Parcels on record: 300 a day for a week in the closed state, with room for the holidays.
pub const PARCELS_MAX: usize = 10_000;
/// A collected or withdrawn parcel stays on record for this long, so that its code still answers "expired".
pub const CLOSED_KEPT: Millis = Millis::hours(7 * 24);
/// A parcel that was logged or announced is expected for this long; what has not come in two weeks was lost or went
/// elsewhere, and 300 a day leave room for those that did come.
pub const EXPECTED_KEPT: Millis = Millis::hours(14 * 24);
/// Notices that wait for the notifier: 300 a day for a 30-day outage.
pub const NOTICES_MAX: usize = 9_000;
/// Days of never-issued codes that count: a leap year.
pub const BUDGET_DAYS: usize = 366;
/// Days that are summed for the yearly budget.
pub const BUDGET_YEAR: u32 = 365;
/// Never-issued codes a start charges. A miss forces a commit and is answered only after it, so that at most the
/// one whose commit the power cut interrupted is lost.
pub const CHARGED_AT_START: u32 = 1;

/// Wrong carrier codes at a terminal without a pause: a courier misreads a note, and tries a second and a third one.
pub const CARRIER_FREE_MISSES: u32 = 4;
/// First pause after a wrong carrier code; each further one doubles it.
pub const CARRIER_PAUSE: Millis = Millis::seconds(2);
/// Longest pause after a wrong carrier code: a courier still waits for it, and a terminal
/// takes some 1,500 of a million codes a day.
pub const CARRIER_PAUSE_MOST: Millis = Millis::seconds(60);
/// First pause after a miss in unit + code mode once the building's misses of the day are spent; each further one at that
/// terminal doubles it.
pub const UNIT_PAUSE: Millis = Millis::seconds(30);
/// Longest pause in unit + code mode. Four terminals that are guessed at day and night take some 1,700 codes a day, each of
/// one unit's own tries: with one code waiting a unit, 6e-4 a year for the building.
pub const UNIT_PAUSE_MOST: Millis = Millis::seconds(300);
/// Misses at a terminal are forgotten after this long without one.
pub const PAUSES_FORGOTTEN: Millis = Millis::seconds(600);

/// Misses that are written ahead for a unit, half of its day's: one commit for five guesses, and a start after a single
/// miss still leaves the unit as many tries.
pub const MISSES_AHEAD: u32 = 5;

/// Doors one parcel is offered before the courier is sent away: three jams in a row are a dead bank.
pub const DOORS_A_PARCEL: u8 = 3;
/// A door pulled open this long after its unlock ended is late, not forced: sprung locks stay released.
pub const LATE_OPENING: Millis = Millis::seconds(10);
/// What a start found in the middle of its pulse ends without evidence when its contacts are not heard for this long: a
/// working line reads every door in its first second.
pub const START_EVIDENCE: Millis = Millis::seconds(5);
/// Denials at a terminal are written together at most this often: 12 commits a day, 0.6 MB of flash.
pub const DENIALS_EVERY: Millis = Millis::hours(2);
/// A fresh reminder to a unit at most this often, whoever types old codes.
pub const REMINDER_EVERY: Millis = Millis::hours(1);
/// What expires by the calendar is looked at this often.
pub const SWEEP_EVERY: Millis = Millis::seconds(600);
/// Rows of a line's foreign frames that may follow each other at once, and when one more may: each forces a commit of 55 kB, so
/// whoever holds a line's wires writes 1 MB by these and 8 MB a day beyond them.
pub const FOREIGN_AT_ONCE: u32 = 20;
/// See [`FOREIGN_AT_ONCE`].
pub const FOREIGN_EVERY: Millis = Millis::seconds(600);
/// Fewest and most digits of a carrier's code. Never ten, so that it is not taken for a pickup code.
pub const CARRIER_CODE_DIGITS: core::ops::RangeInclusive<usize> = 6..=8;
/// Digits of a pickup code, the check digit included.
pub const PICKUP_CODE_DIGITS: usize = 10;
/// Accessible reach for handle and sill, in millimetres above the floor.
pub const ACCESSIBLE_MM: core::ops::RangeInclusive<u16> = 380..=1220;

const _: () = assert!(*CARRIER_CODE_DIGITS.end() < PICKUP_CODE_DIGITS);
const _: () = assert!(BUDGET_DAYS > 365 && NONCES_PER_ACTOR <= NONCES_TOTAL);
const _: () = assert!(OUTCOMES_PER_ACTOR <= OUTCOMES_TOTAL);
// Waiting for the misses to be forgotten is slower than waiting for the longest pauses.
const _: () = assert!(CARRIER_PAUSE_MOST.0 <= PAUSES_FORGOTTEN.0 && UNIT_PAUSE_MOST.0 <= PAUSES_FORGOTTEN.0);
const _: () = assert!(UNLOCK_AHEAD.0 <= NONCE_GOOD.0);
