//! `vestibule device walk`: every door once, from the lock's pulse to the contacts, by a person who opens and shuts.

use device_drivers::channel::Channel;
use device_drivers::commission::ask::Ask;
use device_drivers::commission::learn::{Contact, Expected, Verdict};
use device_drivers::order::PulseLength;
use vestibule_core::id::CompartmentId;

use super::super::arguments::{Arguments, Walk as Given};
use super::super::{Exit, Failure, Out, ask};
use super::boards::{Board, Boards, Input};
use super::doors::{Contacts, Target, contacts, lines, targets};
use super::events::Event;
use super::lesson::{Doors, Pulse, Taught, teach, why};
use super::outcome::finish;
use super::permit::{self, Permit};
use super::person::Person;
use crate::commission::{ContactRecord, DoorRecord, Ending, Notes, WalkHead};
use crate::config::Configuration;

/// Lessons of one output: each costs a pulse, and a person's patience.
const LESSONS: u32 = 3;
/// Other pulse lengths, in milliseconds, for boards that cannot time the policy's.
const PULSES_MS: [u32; 4] = [500, 1_000, 400, 300];

/// A walk under way.
pub(super) struct Walk<'a> {
    pub(super) configuration: &'a Configuration,
    pub(super) boards: Boards,
    pub(super) notes: Notes,
    person: Person,
    labels: Vec<String>,
}

enum Next {
    GoOn,
    Stop,
}

/// Runs the command.
///
/// # Errors
/// The walk may not begin, a line is gone, or nothing can be recorded.
pub fn walk(arguments: &Arguments, given: &Given, out: &mut Out) -> Result<Exit, Failure> {
    let configuration = permit::configuration(arguments)?;
    let targets = targets(&configuration, &given.bank)?;
    let permit = Permit::ask(arguments, Some(&configuration), &given.permit)?;
    let state_dir = &configuration.local.state_dir;
    let head = WalkHead {
        building: configuration.site.building.as_str().to_owned(),
        who: permit.who.clone(),
        second: permit.second.clone(),
        at: permit::now(),
        banks: given.bank.clone(),
    };
    let notes = if given.resume {
        Notes::resume(state_dir, permit.second.as_deref())
    } else {
        Notes::begin(state_dir, head, given.anew)
    };
    let notes = notes.map_err(|error| Failure::new(error.to_string()))?;
    permit.record()?;
    let lines = lines(&configuration, &targets);
    let boards =
        Boards::take(&configuration, &lines, &ask::socket(arguments), &permit.borrow(), permit.leave())?;
    let labels = configuration.site.compartments.values().map(|site| site.label.clone()).collect();
    let person = Person::at_the_keyboard();
    let mut walk = Walk { configuration: &configuration, boards, notes, person, labels };
    if given.resume {
        Event::Resumed { known: walk.known() }.tell(out)?;
    }
    for (place, target) in targets.iter().enumerate() {
        if let Next::Stop = walk.door(target, (place + 1, targets.len()), &permit, out)? {
            Event::Interrupted { known: walk.known() }.tell(out)?;
            return Ok(Exit::Failed);
        }
    }
    let ids: Vec<&CompartmentId> = targets.iter().map(|target| target.id).collect();
    finish(walk, arguments, &ids, &permit, out)
}

/// A pulse that the board can time: as the daemon would pulse, where it can.
pub(super) fn pulse_length(board: &Board, output: u8, usual: Option<u32>) -> Option<u32> {
    let channel = Channel::new(output).ok()?;
    let pulse = board.model.plan().pulse?;
    let can =
        |millis: &u32| PulseLength::from_millis(*millis).is_ok_and(|length| pulse(channel, length).is_some());
    usual.into_iter().chain(PULSES_MS).find(can)
}

impl Walk<'_> {
    fn known(&self) -> usize {
        self.notes.doors.iter().filter(|door| door.ending == Ending::Learned).count()
    }

    fn door(
        &mut self,
        target: &Target<'_>,
        (door, of): (usize, usize),
        permit: &Permit,
        out: &mut Out,
    ) -> Result<Next, Failure> {
        let lock = format!("{}/{}", target.site.lock.device, target.site.lock.output);
        if self.notes.knows(&lock) {
            return Ok(Next::GoOn);
        }
        if let Some(why) = permit.forbids(target.id) {
            Event::Skipped { label: &target.site.label, why: &why }.tell(out)?;
            self.keep(target, &lock, 0, Ending::Skipped, Some(why))?;
            return Ok(Next::GoOn);
        }
        let Some(pulse) = self.pulse(target, &lock) else {
            self.keep(target, &lock, 0, Ending::Failed, Some("its board is not on these lines".to_owned()))?;
            return Ok(Next::GoOn);
        };
        for lesson in 1..=LESSONS {
            let told = Event::Pulsing {
                label: &target.site.label,
                compartment: target.id.as_str(),
                lock: &lock,
                pulse: lesson,
                door,
                of,
            };
            let taught = self.lesson(target, &pulse, &told, out)?;
            match self.judge(target, &lock, lesson, taught, out)? {
                Some(next) => return Ok(next),
                None => continue,
            }
        }
        Ok(Next::GoOn)
    }

    fn pulse(&self, target: &Target<'_>, lock: &str) -> Option<Pulse> {
        let board = self.boards.place(&target.site.lock.device)?;
        let model = self.boards.all.get(board)?.model.name().to_owned();
        let output = u8::try_from(target.site.lock.output).ok()?;
        let usual = u32::try_from(self.configuration.site.policy.pulse.0).ok();
        let millis = pulse_length(self.boards.all.get(board)?, output, usual)?;
        Some(Pulse { board, ask: Ask::Pulse { model, output, millis }, lock: lock.to_owned() })
    }

    fn lesson(
        &mut self,
        target: &Target<'_>,
        pulse: &Pulse,
        told: &Event<'_>,
        out: &mut Out,
    ) -> Result<Taught, Failure> {
        let site = &self.configuration.site;
        let expected = |label: &str| match contacts(site, label)? {
            Contacts::Door => Some(Expected::Door),
            Contacts::DoorAndLatch => Some(Expected::DoorAndLatch),
        };
        let doors = Doors { label: &target.site.label, labels: &self.labels, expected: &expected };
        let notes = &mut self.notes;
        let record = |out: &mut Out| {
            notes.pulsing(&pulse.lock, permit::now()).map_err(|error| Failure::new(error.to_string()))?;
            told.tell(out)
        };
        teach(&mut self.boards, &self.person, &doors, pulse, record, out)
    }

    /// What comes of a lesson; none when it is given again.
    fn judge(
        &mut self,
        target: &Target<'_>,
        lock: &str,
        lesson: u32,
        taught: Taught,
        out: &mut Out,
    ) -> Result<Option<Next>, Failure> {
        let why = match taught {
            Taught::Quit => return Ok(Some(Next::Stop)),
            Taught::Skip => {
                self.keep(target, lock, lesson, Ending::Skipped, Some("left out by the person".to_owned()))?;
                return Ok(Some(Next::GoOn));
            }
            Taught::Door { label, verdict, opened } => {
                match self.learned(&label, lock, lesson, verdict, opened) {
                    Ok(record) => {
                        Event::Learned(&record).tell(out)?;
                        self.notes.door(record).map_err(|error| Failure::new(error.to_string()))?;
                        return Ok(Some(Next::GoOn));
                    }
                    Err(why) => why,
                }
            }
            Taught::Restless => {
                "inputs change all the time; is a door swinging, or a contact loose?".to_owned()
            }
            Taught::NoDoor => "no door opened: is the lock wired to this output?".to_owned(),
            Taught::Forgotten => "nobody answered".to_owned(),
        };
        let again = lesson < LESSONS;
        Event::Unclear { label: &target.site.label, why: &why, again }.tell(out)?;
        if again {
            return Ok(None);
        }
        self.keep(target, lock, lesson, Ending::Failed, Some(why))?;
        Ok(Some(Next::GoOn))
    }

    /// The record of a door that taught something.
    fn learned(
        &self,
        label: &str,
        lock: &str,
        pulses: u32,
        verdict: Option<Verdict<Input>>,
        opened: Option<std::time::Duration>,
    ) -> Result<DoorRecord, String> {
        let mut doors = self.configuration.site.compartments.iter();
        let found = doors.find(|(_, site)| site.label == label);
        let (id, _) = found.ok_or_else(|| format!("there is no door {label}"))?;
        let same = |door: &&DoorRecord| {
            door.compartment == id.as_str() && door.lock != lock && door.ending == Ending::Learned
        };
        if let Some(other) = self.notes.doors.iter().find(same) {
            return Err(format!("door {label} was opened by {} before; which is it?", other.lock));
        }
        let (door, latch) = match verdict {
            None => (None, None),
            Some(Verdict::Learned { door, latch }) => {
                (Some(self.contact(door)), latch.map(|latch| self.contact(latch)))
            }
            Some(Verdict::Unclear(unclear)) => return Err(why(&unclear, &self.boards)),
        };
        let taken = |contact: &ContactRecord| {
            let uses = |other: &&DoorRecord| {
                other.lock != lock
                    && other.ending == Ending::Learned
                    && [&other.door, &other.latch].into_iter().flatten().any(|one| one.input == contact.input)
            };
            let other = self.notes.doors.iter().find(uses)?;
            Some(format!("{} moved with door {} before", contact.input, other.label))
        };
        if let Some(why) = [&door, &latch].into_iter().flatten().find_map(taken) {
            return Err(why);
        }
        Ok(DoorRecord {
            compartment: id.as_str().to_owned(),
            label: label.to_owned(),
            lock: lock.to_owned(),
            door,
            latch,
            opened_ms: opened.and_then(|span| u64::try_from(span.as_millis()).ok()),
            pulses,
            ending: Ending::Learned,
            why: None,
            at: permit::now(),
        })
    }

    fn contact(&self, contact: Contact<Input>) -> ContactRecord {
        let shut_when = if contact.shut_is_on { "on" } else { "off" };
        ContactRecord { input: self.boards.name(contact.input), shut_when: shut_when.to_owned() }
    }

    fn keep(
        &mut self,
        target: &Target<'_>,
        lock: &str,
        pulses: u32,
        ending: Ending,
        why: Option<String>,
    ) -> Result<(), Failure> {
        let record = DoorRecord {
            compartment: target.id.as_str().to_owned(),
            label: target.site.label.clone(),
            lock: lock.to_owned(),
            door: None,
            latch: None,
            opened_ms: None,
            pulses,
            ending,
            why,
            at: permit::now(),
        };
        self.notes.door(record).map_err(|error| Failure::new(error.to_string()))
    }
}
