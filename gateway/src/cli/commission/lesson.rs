//! One door: pulse its lock once, and watch every input until the person has opened and shut it.

use std::time::Duration;

use device_drivers::commission::ask::{Answer, Ask};
use device_drivers::commission::learn::{Expected, Lesson, Unclear, Verdict};
use device_drivers::port::monotonic_now;
use device_drivers::time::Monotonic;

use super::super::{Failure, Out};
use super::boards::{Boards, Input};
use super::events::Event;
use super::person::{Person, Said};
use crate::config::nearest;

/// Reads until the inputs are the same twice, at most.
const REST_READS: u32 = 40;
/// Doors are at rest once nothing has moved for so long: a contact bounces for some tens of milliseconds.
const REST: Duration = Duration::from_millis(300);
/// A person may take so long at a door.
const DOOR_PATIENCE: Duration = Duration::from_secs(600);

/// Where the lesson's door is, and what the person may call it.
pub struct Doors<'a> {
    /// The label that is expected.
    pub label: &'a str,
    /// Every label.
    pub labels: &'a [String],
    /// Which contacts a door of this label should have.
    pub expected: &'a dyn Fn(&str) -> Option<Expected>,
}

/// How a lesson ended.
pub enum Taught {
    /// This door opened, and its contacts are these.
    Door {
        /// Its label.
        label: String,
        /// What its inputs say; none for a door without contacts.
        verdict: Option<Verdict<Input>>,
        /// From the board's acknowledgement to the first input that moved.
        opened: Option<Duration>,
    },
    /// The inputs never came to rest before the pulse; nothing was pulsed.
    Restless,
    /// The person says that no door opened.
    NoDoor,
    /// The person leaves the door out.
    Skip,
    /// The person stops, or is gone.
    Quit,
    /// The person did not come back.
    Forgotten,
}

/// One pulse.
pub struct Pulse {
    /// The board.
    pub board: usize,
    /// What to ask of it.
    pub ask: Ask,
    /// The output's name.
    pub lock: String,
}

/// Gives the lesson. `record` is called before the pulse: what it refuses is not pulsed.
///
/// # Errors
/// A line is gone, or nothing can be recorded.
pub fn teach(
    boards: &mut Boards,
    person: &Person,
    doors: &Doors<'_>,
    pulse: &Pulse,
    record: impl FnOnce(&mut Out) -> Result<(), Failure>,
    out: &mut Out,
) -> Result<Taught, Failure> {
    let Some(mut lesson) = at_rest(boards)? else { return Ok(Taught::Restless) };
    record(out)?;
    let answer = boards.ask(pulse.board, pulse.ask.clone())?;
    let acknowledged = monotonic_now();
    if !matches!(answer, Answer::Echo | Answer::Unproven) {
        Event::Unacknowledged { lock: &pulse.lock }.tell(out)?;
    }
    let mut watch = Watch { opened: None, changed: acknowledged, end: acknowledged + DOOR_PATIENCE };
    loop {
        for (input, level) in boards.read_inputs()? {
            if lesson.read(input, level, monotonic_now()) {
                watch.changed = monotonic_now();
            }
        }
        // Where no board is asked, the person's keyboard is what is waited for.
        let said = if boards.all.iter().any(|board| board.model.provides().inputs > 0) {
            person.said()
        } else {
            person.says_within(REST)
        };
        if let Some(taught) = watch.hears(said, doors, out)? {
            return Ok(taught);
        }
        if let Some(taught) = watch.looks(&lesson, doors, acknowledged) {
            return Ok(taught);
        }
    }
}

/// Every input, once the same was read twice.
fn at_rest(boards: &mut Boards) -> Result<Option<Lesson<Input>>, Failure> {
    let mut before = boards.read_inputs()?;
    for _ in 0..REST_READS {
        let now = boards.read_inputs()?;
        if now == before {
            return Ok(Some(Lesson::new(now)));
        }
        before = now;
    }
    Ok(None)
}

struct Watch {
    /// The door that the person says has opened, and whether they say that all is done.
    opened: Option<(String, bool)>,
    changed: Monotonic,
    end: Monotonic,
}

impl Watch {
    /// What the person's word means.
    fn hears(&mut self, said: Said, doors: &Doors<'_>, out: &mut Out) -> Result<Option<Taught>, Failure> {
        let typed = match said {
            Said::Nothing => return Ok(None),
            Said::Gone if self.opened.is_some() => return Ok(None),
            Said::Gone => return Ok(Some(Taught::Quit)),
            Said::Line(typed) => typed,
        };
        let label = match typed.to_ascii_lowercase().as_str() {
            "quit" => return Ok(Some(Taught::Quit)),
            "skip" => return Ok(Some(Taught::Skip)),
            "none" => return Ok(Some(Taught::NoDoor)),
            "" if self.opened.is_some() => {
                self.opened = self.opened.take().map(|(label, _)| (label, true));
                return Ok(None);
            }
            "" => doors.label.to_owned(),
            typed => match doors.labels.iter().find(|label| label.eq_ignore_ascii_case(typed)) {
                Some(label) => label.clone(),
                None => {
                    let near = nearest(typed, doors.labels.iter().map(String::as_str)).map(str::to_owned);
                    Event::NoSuchDoor { typed, near }.tell(out)?;
                    return Ok(None);
                }
            },
        };
        Event::Shut { label: &label }.tell(out)?;
        self.opened = Some((label, false));
        Ok(None)
    }

    /// Whether the lesson is over.
    fn looks(&self, lesson: &Lesson<Input>, doors: &Doors<'_>, acknowledged: Monotonic) -> Option<Taught> {
        let now = monotonic_now();
        let Some((label, insists)) = &self.opened else {
            return (now >= self.end).then_some(Taught::Forgotten);
        };
        let Some(expected) = (doors.expected)(label) else {
            return Some(Taught::Door { label: label.clone(), verdict: None, opened: None });
        };
        let rests = now.since(self.changed) >= REST;
        if !(rests && (lesson.is_over() || *insists)) {
            return (now >= self.end).then_some(Taught::Forgotten);
        }
        let opened = lesson.first_move().map(|moved| moved.since(acknowledged));
        Some(Taught::Door { label: label.clone(), verdict: Some(lesson.verdict(expected)), opened })
    }
}

/// Why a lesson taught nothing, in words.
#[must_use]
pub fn why(unclear: &Unclear<Input>, boards: &Boards) -> String {
    let list =
        |inputs: &[Input]| inputs.iter().map(|input| boards.name(*input)).collect::<Vec<_>>().join(", ");
    match unclear {
        Unclear::NothingMoved => {
            "no input moved: the contact is not wired, its magnet is off, or the door did not open".to_owned()
        }
        Unclear::NotBack(inputs) => {
            format!("{} did not come back: was the door shut before, and is it now?", list(inputs))
        }
        Unclear::Together(one, two) => {
            format!(
                "{} moved together; open and shut more slowly, so that latch and door differ",
                list(&[*one, *two])
            )
        }
        Unclear::Contradiction(one, two) => {
            format!("{} moved in orders that contradict each other", list(&[*one, *two]))
        }
        Unclear::Many(inputs) => format!("{} moved: only one door at a time", list(inputs)),
        Unclear::NoLatch(input) => format!("only {} moved, and the latch's contact did not", list(&[*input])),
    }
}
