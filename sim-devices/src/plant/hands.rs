//! People at the doors: small scripts, played on the simulation's time.

use std::collections::VecDeque;
use std::time::Duration;

use super::contact::Bounce;
use crate::number::DoorNumber;
use crate::time::SimTime;

/// People waiting at one door. Far above what a test scripts; beyond it a script that feeds itself is refused.
const MAX_WAITING: usize = 1_024;

/// One thing a hand does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Pull the door wide open. A latched door holds.
    OpenWide,
    /// Put a parcel in (only through an open door).
    PutIn,
    /// Take a parcel out (only through an open door, only when there is one).
    TakeOut,
    /// Take everything out.
    TakeAll,
    /// Push the door shut.
    Shut,
    /// Push the door shut so that its contact bounces.
    ShutBouncing(Bounce),
    /// Break the door open, latched or not.
    Force,
}

/// A person: what they do, each act so long after the one before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    acts: Vec<(Duration, Act)>,
}

impl Person {
    /// Somebody who does nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Then, `after` the act before, does `act`.
    #[must_use]
    pub fn then(mut self, after: Duration, act: Act) -> Self {
        self.acts.push((after, act));
        self
    }

    /// Opens, puts one parcel in within a second, and shuts the door `shut_after` that.
    #[must_use]
    pub fn depositing(shut_after: Duration) -> Self {
        Self::walking_away().then(shut_after, Act::Shut)
    }

    /// Opens, takes everything within a second, and shuts the door `shut_after` that.
    #[must_use]
    pub fn collecting(shut_after: Duration) -> Self {
        Self::opening().then(Duration::from_millis(500), Act::TakeAll).then(shut_after, Act::Shut)
    }

    /// Opens, puts one parcel in and leaves the door open.
    #[must_use]
    pub fn walking_away() -> Self {
        Self::opening().then(Duration::from_millis(500), Act::PutIn)
    }

    /// Opens 300 ms after the door sprang, and nothing else.
    #[must_use]
    pub fn opening() -> Self {
        Self::new().then(Duration::from_millis(300), Act::OpenWide)
    }

    /// Somebody else, who comes by `after` a while and shuts the door.
    #[must_use]
    pub fn shutting(after: Duration) -> Self {
        Self::new().then(after, Act::Shut)
    }

    /// Breaks the door open at once.
    #[must_use]
    pub fn forcing() -> Self {
        Self::new().then(Duration::ZERO, Act::Force)
    }
}

/// Why nothing was done at a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlantError {
    /// The line has fewer doors.
    #[error("there is no door {0}")]
    NoSuchDoor(DoorNumber),
    /// Too many people wait there already: a script that feeds itself.
    #[error("{MAX_WAITING} people wait at door {0} already")]
    Crowded(DoorNumber),
}

/// Who stands where, and what is about to be done.
#[derive(Debug, Default)]
pub(crate) struct Hands {
    waiting: Vec<VecDeque<Person>>,
    standing: Vec<Option<Person>>,
    /// Sorted by time; acts of equal time keep the order in which they were planned.
    planned: VecDeque<(SimTime, DoorNumber, Act)>,
}

impl Hands {
    pub fn new(doors: usize) -> Self {
        Self { waiting: vec![VecDeque::new(); doors], standing: vec![None; doors], planned: VecDeque::new() }
    }

    /// `person` acts the next time `door` springs open and nobody came before them.
    pub fn wait_at(&mut self, door: DoorNumber, person: Person) -> Result<(), PlantError> {
        let queue = self.waiting.get_mut(door.index()).ok_or(PlantError::NoSuchDoor(door))?;
        if queue.len() == MAX_WAITING {
            return Err(PlantError::Crowded(door));
        }
        queue.push_back(person);
        Ok(())
    }

    /// `person` acts whenever `door` springs open and nobody waits for it.
    pub fn stand_at(&mut self, door: DoorNumber, person: Option<Person>) -> Result<(), PlantError> {
        *self.standing.get_mut(door.index()).ok_or(PlantError::NoSuchDoor(door))? = person;
        Ok(())
    }

    pub fn stand_at_every_door(&mut self, person: &Person) {
        self.standing.fill(Some(person.clone()));
    }

    pub fn sprang_open(&mut self, now: SimTime, door: DoorNumber) {
        let waiting = self.waiting.get_mut(door.index()).and_then(VecDeque::pop_front);
        let person = waiting.or_else(|| self.standing.get(door.index()).cloned().flatten());
        if let Some(person) = person {
            self.play(now, door, &person);
        }
    }

    pub fn play(&mut self, now: SimTime, door: DoorNumber, person: &Person) {
        let mut at = now;
        for (after, act) in &person.acts {
            at = at + *after;
            let place = self.planned.partition_point(|(other, ..)| *other <= at);
            self.planned.insert(place, (at, door, *act));
        }
    }

    pub fn next_deadline(&self) -> Option<SimTime> {
        self.planned.front().map(|(at, ..)| *at)
    }

    pub fn take_due(&mut self, now: SimTime) -> Option<(DoorNumber, Act)> {
        if self.next_deadline()? > now {
            return None;
        }
        self.planned.pop_front().map(|(_, door, act)| (door, act))
    }
}
