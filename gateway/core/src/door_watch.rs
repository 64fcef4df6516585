//! What a door does: debouncing, ageing, resting shut, left open, opened by force.

use crate::compartment::{Contact, Level};
use crate::contradiction::Contradiction;
use crate::draft::Draft;
use crate::event::Fact;
use crate::id::{CompartmentId, UnlockId};
use crate::limits::LATE_OPENING;
use crate::policy::Policy;
use crate::site::Sensing;
use crate::time::{Mono, Timestamp};
use crate::view::Quality;

/// A compartment's contacts and what its door is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Door {
    pub(crate) door: Option<Sensed>,
    pub(crate) latch: Option<Sensed>,
    pub(crate) occupancy: Option<Sensed>,
    pub(crate) watch: Watch,
    /// The unlock that ended last, and when: a door pulled late is not forced.
    pub(crate) late: Option<(UnlockId, Mono)>,
    pub(crate) trial: Trial,
    pub(crate) contradiction: Contradiction,
}

/// Whether staff is trying a lock that had jammed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Trial {
    #[default]
    None,
    /// It gave way to their pulse; at rest shut it works.
    Opened,
}

/// A contact as believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sensed {
    pub(crate) level: Level,
    pub(crate) since: Mono,
    pub(crate) heard: Mono,
    pub(crate) observed: Timestamp,
    pub(crate) quality: Quality,
    /// Another level that has not held long enough yet, and since when it holds.
    pub(crate) candidate: Option<(Level, Mono)>,
}

/// What a door is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Watch {
    /// Not heard since the start.
    #[default]
    Unheard,
    /// At rest, shut.
    Shut,
    /// Open, by the unlock that allowed it.
    Open { since: Mono, by: Option<UnlockId>, warned: Warned },
    /// Shut, and not yet long enough: bounce is not closing.
    Closing { opened: Mono, by: Option<UnlockId>, warned: Warned },
}

/// What was said about a door left open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Warned {
    No,
    Reminded,
    Alerted,
}

/// What can happen to a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WatchStep {
    /// It reads open; with the unlock that allows it, if one does.
    ReadsOpen(Option<UnlockId>),
    /// It reads shut.
    ReadsShut,
    /// It is shut and latched for long enough.
    Rested,
    /// It stands open for as long as a reminder, or an alert, waits.
    StillOpen(Warned),
    /// Nothing is heard, and a pulse was given: it has to be taken for open.
    TakenForOpen(UnlockId),
}

/// What is told about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Nothing,
    /// Open at the first reading of this start.
    FoundOpen,
    Opened(Option<UnlockId>),
    Forced,
    OpenAgain,
    Shut,
    Rested,
    Reminder,
    Alert,
}

/// The table.
pub(crate) fn next(watch: Watch, step: WatchStep, now: Mono) -> (Watch, Told) {
    let open = |by| Watch::Open { since: now, by, warned: Warned::No };
    match (watch, step) {
        (Watch::Unheard | Watch::Shut, WatchStep::ReadsOpen(Some(by))) => {
            (open(Some(by)), Told::Opened(Some(by)))
        }
        // Nobody knows how long it has been open: it is watched, and what lies in it says more.
        (Watch::Unheard, WatchStep::ReadsOpen(None)) => (open(None), Told::FoundOpen),
        (Watch::Unheard, WatchStep::ReadsShut) => (Watch::Shut, Told::Nothing),
        (Watch::Shut, WatchStep::ReadsOpen(None)) => (open(None), Told::Forced),
        (Watch::Unheard | Watch::Shut | Watch::Closing { .. }, WatchStep::TakenForOpen(by)) => {
            (open(Some(by)), Told::Nothing)
        }
        (Watch::Open { since, by, warned }, WatchStep::ReadsShut) => {
            (Watch::Closing { opened: since, by, warned }, Told::Shut)
        }
        (Watch::Closing { by, .. }, WatchStep::ReadsOpen(Some(new))) if by != Some(new) => {
            (open(Some(new)), Told::Opened(Some(new)))
        }
        (Watch::Closing { opened, by, warned }, WatchStep::ReadsOpen(_)) => {
            (Watch::Open { since: opened, by, warned }, Told::OpenAgain)
        }
        (Watch::Closing { .. }, WatchStep::Rested) => (Watch::Shut, Told::Rested),
        // It stands open already, and somebody is let to it anew: what was said so far was not said to them.
        (Watch::Open { by, .. }, WatchStep::ReadsOpen(Some(new)) | WatchStep::TakenForOpen(new))
            if by != Some(new) =>
        {
            (open(Some(new)), Told::Nothing)
        }
        (Watch::Open { since, by, warned }, WatchStep::StillOpen(due)) if due > warned => {
            let told = if due == Warned::Alerted { Told::Alert } else { Told::Reminder };
            (Watch::Open { since, by, warned: due }, told)
        }
        _ => (watch, Told::Nothing),
    }
}

impl Sensed {
    const fn first(level: Level, at: Mono, observed: Timestamp) -> Self {
        Self { level, since: at, heard: at, observed, quality: Quality::Good, candidate: None }
    }

    /// Takes a reading; a new level counts once it has held for `debounce`.
    fn hear(&mut self, level: Level, at: Mono, observed: Timestamp, policy: &Policy) {
        self.heard = self.heard.max(at);
        self.observed = observed;
        self.quality = Quality::Good;
        self.candidate = match self.candidate {
            _ if level == self.level => None,
            Some((_, since)) => Some((level, since)),
            None => Some((level, at)),
        };
        self.believe(at, policy);
    }

    /// What others may see of it.
    const fn public(&self) -> (Level, Quality) {
        (self.level, self.quality)
    }

    /// Believes the candidate once it has held long enough.
    fn believe(&mut self, now: Mono, policy: &Policy) {
        if let Some((level, since)) = self.candidate
            && now >= since.after(policy.debounce)
        {
            self.level = level;
            self.since = since;
            self.candidate = None;
        }
    }
}

impl Door {
    /// What others may see of the door itself: its contact and its latch.
    pub(crate) fn public(&self) -> [Option<(Level, Quality)>; 2] {
        [&self.door, &self.latch].map(|contact| contact.as_ref().map(Sensed::public))
    }

    /// What others may see of the compartment behind it: its eye.
    pub(crate) fn public_eye(&self) -> Option<(Level, Quality)> {
        self.occupancy.as_ref().map(Sensed::public)
    }

    pub(crate) const fn contact(&self, contact: Contact) -> Option<&Sensed> {
        match contact {
            Contact::Door => self.door.as_ref(),
            Contact::Latch => self.latch.as_ref(),
            Contact::Occupancy => self.occupancy.as_ref(),
        }
    }

    const fn contact_mut(&mut self, contact: Contact) -> &mut Option<Sensed> {
        match contact {
            Contact::Door => &mut self.door,
            Contact::Latch => &mut self.latch,
            Contact::Occupancy => &mut self.occupancy,
        }
    }

    /// When it will have rested shut, if it goes on as it is.
    pub(crate) fn rests_at(&self, latch: Sensing, policy: &Policy) -> Option<Mono> {
        let Watch::Closing { .. } = self.watch else { return None };
        let door = self.door.as_ref().filter(|door| door.level == Level::Shut)?;
        // A latch contact that is not to be believed must not keep anybody waiting.
        let latch =
            self.latch.as_ref().filter(|seen| latch == Sensing::Wired && seen.quality == Quality::Good);
        let since = match latch {
            Some(latch) if latch.level == Level::Open => return None,
            Some(latch) => door.since.max(latch.since),
            None => door.since,
        };
        Some(since.after(policy.rest))
    }

    /// When something must be said about it being open.
    pub(crate) fn warns_at(&self, policy: &Policy) -> Option<(Mono, Warned)> {
        match self.watch {
            Watch::Open { since, warned: Warned::No, .. } => {
                Some((since.after(policy.left_open_reminder), Warned::Reminded))
            }
            Watch::Open { since, warned: Warned::Reminded, .. } => {
                Some((since.after(policy.left_open_alert), Warned::Alerted))
            }
            _ => None,
        }
    }

    /// Known to be shut and at rest, now.
    pub(crate) fn is_shut(&self) -> bool {
        self.watch == Watch::Shut && self.reads(Level::Shut)
    }

    /// Heard lately, and at this level.
    pub(crate) fn reads(&self, level: Level) -> bool {
        self.door.as_ref().is_some_and(|door| door.quality == Quality::Good && door.level == level)
    }
}

impl Draft<'_> {
    /// The level of a contact, where it is wired and heard lately.
    pub(crate) fn sensed(&self, compartment: &CompartmentId, contact: Contact) -> Option<Level> {
        let seen = self.t.doors.get(compartment)?.contact(contact)?;
        (seen.quality == Quality::Good).then_some(seen.level)
    }

    /// Whether a door is known to be shut and at rest.
    pub(crate) fn door_is_shut(&self, compartment: &CompartmentId) -> bool {
        self.t.doors.get(compartment).is_some_and(Door::is_shut)
    }

    /// Whether no contact of a door was read since the start.
    pub(crate) fn door_is_unheard(&self, compartment: &CompartmentId) -> bool {
        self.t.doors.get(compartment).is_none_or(|door| door.watch == Watch::Unheard)
    }

    /// A contact was read. Contacts that are not wired are not listened to.
    pub(crate) fn contact_read(
        &mut self,
        compartment: &CompartmentId,
        contact: Contact,
        level: Level,
        at: Mono,
    ) {
        let Some(site) = self.compartment_site(compartment) else { return };
        let sensing = match contact {
            Contact::Door => site.door,
            Contact::Latch => site.latch,
            Contact::Occupancy => site.occupancy,
        };
        if sensing == Sensing::Absent {
            return;
        }
        let mut door = self.t.doors.get(compartment).cloned().unwrap_or_default();
        let at = at.min(self.now.mono);
        match door.contact_mut(contact) {
            Some(seen) => seen.hear(level, at, self.now.wall, &self.site.policy),
            none => *none = Some(Sensed::first(level, at, self.now.wall)),
        }
        self.t.doors.put(compartment.clone(), door);
        self.follow_door(compartment);
        self.evidence_came(compartment);
        self.compare_contacts(compartment);
    }

    /// Brings the watch in step with what the door contact is believed to read.
    fn follow_door(&mut self, compartment: &CompartmentId) {
        let Some(level) = self.sensed(compartment, Contact::Door) else { return };
        let step = match level {
            Level::Shut => WatchStep::ReadsShut,
            Level::Open => WatchStep::ReadsOpen(self.allowed_by(compartment)),
        };
        self.watch_step(compartment, step);
    }

    /// The unlock that makes an opening lawful: one under way, or one that ended a moment ago.
    fn allowed_by(&self, compartment: &CompartmentId) -> Option<UnlockId> {
        let now = self.now.mono;
        let late = self.t.doors.get(compartment).and_then(|door| door.late);
        let late = late.filter(|(_, ended)| now < ended.after(LATE_OPENING)).map(|(id, _)| id);
        self.live_unlock(compartment).or(late)
    }

    /// From now on, for a while, the door may be pulled open by an unlock that has ended.
    pub(crate) fn allow_late_opening(&mut self, compartment: &CompartmentId, by: UnlockId) {
        let mut door = self.t.doors.get(compartment).cloned().unwrap_or_default();
        door.late = Some((by, self.now.mono));
        self.t.doors.put(compartment.clone(), door);
    }

    pub(crate) fn watch_step(&mut self, compartment: &CompartmentId, step: WatchStep) {
        let now = self.now.mono;
        let Some(door) = self.t.doors.get(compartment) else { return };
        let (watch, told) = next(door.watch, step, now);
        self.t.doors.edit(compartment, |door| door.watch = watch);
        match told {
            Told::Nothing => {}
            Told::FoundOpen => self.found_open(compartment),
            Told::Opened(by) => self.opened(compartment, by),
            Told::Forced => self.forced(compartment),
            Told::OpenAgain => self.opened_again(compartment),
            Told::Shut => self.errand_door_shut(compartment),
            Told::Rested => {
                self.record(Fact::CompartmentClosed { compartment: compartment.clone() });
                self.errand_door_rested(compartment);
                self.trial_ends(compartment);
            }
            Told::Reminder => self.errand_left_open(compartment),
            Told::Alert => {
                let seconds = self.site.policy.left_open_alert.0 / 1_000;
                self.record(Fact::CompartmentLeftOpen { compartment: compartment.clone(), seconds });
                self.errand_abandoned(compartment);
            }
        }
    }

    /// Takes a door for open that nobody hears, after a pulse.
    pub(crate) fn take_for_open(&mut self, compartment: &CompartmentId, by: UnlockId) {
        if !self.t.doors.contains(compartment) {
            self.t.doors.put(compartment.clone(), Door::default());
        }
        self.watch_step(compartment, WatchStep::TakenForOpen(by));
    }

    /// What time alone does to doors: debouncing, ageing, resting, warning.
    pub(crate) fn doors_due(&mut self) {
        let all: alloc::vec::Vec<CompartmentId> = self.t.doors.iter().map(|(id, _)| id.clone()).collect();
        for compartment in &all {
            self.age(compartment);
            self.follow_door(compartment);
            self.door_timers(compartment);
            self.compare_contacts(compartment);
        }
    }

    fn age(&mut self, compartment: &CompartmentId) {
        let (now, policy) = (self.now.mono, &self.site.policy);
        let Some(door) = self.t.doors.get(compartment) else { return };
        let mut aged = door.clone();
        for seen in [&mut aged.door, &mut aged.latch, &mut aged.occupancy].into_iter().flatten() {
            seen.believe(now, policy);
            if seen.quality == Quality::Good && now >= seen.heard.after(policy.stale) {
                seen.quality = Quality::Stale;
            }
        }
        if aged != *door {
            self.t.doors.put(compartment.clone(), aged);
        }
    }

    fn door_timers(&mut self, compartment: &CompartmentId) {
        let (now, policy) = (self.now.mono, &self.site.policy);
        let Some(site) = self.compartment_site(compartment) else { return };
        let Some(door) = self.t.doors.get(compartment) else { return };
        let rested = door.rests_at(site.latch, policy).is_some_and(|at| at <= now);
        let warned = door.warns_at(policy).filter(|(at, _)| *at <= now);
        if rested {
            self.watch_step(compartment, WatchStep::Rested);
        } else if let Some((_, due)) = warned {
            self.watch_step(compartment, WatchStep::StillOpen(due));
        }
    }
}
