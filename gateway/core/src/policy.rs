//! The house's numbers: every default of workflow.md under one name, each overridable in `[policy]`.

use crate::time::Millis;

/// Named policies with their defaults from the operators' guides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Door and latch must rest this long before a deposit or a pickup counts as done (2 s).
    pub rest: Millis,
    /// A deposit settles at the latest this long after the door rests shut (15 s).
    pub settle: Millis,
    /// The same code reopens for this long after the door closed (120 s).
    pub pickup_grace: Millis,
    /// A pickup cut by a power failure may be repeated with the same code for this long (24 h).
    pub interrupted_grace: Millis,
    /// First reminder about a door left open (60 s).
    pub left_open_reminder: Millis,
    /// Alert about a door left open (300 s).
    pub left_open_alert: Millis,
    /// A terminal without input falls back to its first screen (30 s).
    pub terminal_idle: Millis,
    /// The door must open within this long of the pulse (3 s).
    pub unlock_confirm: Millis,
    /// The pulse must leave within this long of the decision (2 s), else it is not sent.
    pub pulse_deadline: Millis,
    /// Pulse length (500 ms; boards step in 100 ms).
    pub pulse: Millis,
    /// A contact must hold its level this long to count (100 ms).
    pub debounce: Millis,
    /// A reading older than this is stale (15 s).
    pub stale: Millis,
    /// Longest hold before a parcel is unclaimed (7 days).
    pub hold: Millis,
    /// Never-issued, check-valid codes a day and building before terminals ask unit and code (10).
    pub guesses_a_day: u32,
    /// The same a year (500).
    pub guesses_a_year: u32,
    /// Misses a unit and day in unit + code mode (10).
    pub unit_misses_a_day: u32,
    /// Misses a building and day in unit + code mode before a terminal pauses after each further one (100).
    pub building_misses_a_day: u32,
    /// Unsettled doors one deposit session may hold (3).
    pub unsettled_doors: u8,
    /// Share of a bank one session may take in 10 min without scanned labels, in per cent (20).
    pub unscanned_share: u8,
    /// Occupancy in per cent above which `capacity.low` is said (80).
    pub capacity_low: u8,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            rest: Millis::seconds(2),
            settle: Millis::seconds(15),
            pickup_grace: Millis::seconds(120),
            interrupted_grace: Millis::hours(24),
            left_open_reminder: Millis::seconds(60),
            left_open_alert: Millis::seconds(300),
            terminal_idle: Millis::seconds(30),
            unlock_confirm: Millis::seconds(3),
            pulse_deadline: Millis::seconds(2),
            pulse: Millis(500),
            debounce: Millis(100),
            stale: Millis::seconds(15),
            hold: Millis::hours(7 * 24),
            guesses_a_day: 10,
            guesses_a_year: 500,
            unit_misses_a_day: 10,
            building_misses_a_day: 100,
            unsettled_doors: 3,
            unscanned_share: 20,
            capacity_low: 80,
        }
    }
}
