//! Commands that a start cut off: what is still known of their doors, told once, when the last of them was looked at.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::command::{CommandKey, Status};
use crate::compartment::Level;
use crate::draft::Draft;
use crate::id::CompartmentId;
use crate::round::IN_TURN;

/// Doors of a command that were ordered as the daemon ended, by what their contacts read first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cut {
    open: Vec<CompartmentId>,
    shut: Vec<CompartmentId>,
    unheard: Vec<CompartmentId>,
}

impl Draft<'_> {
    /// Of one door all is known that will be: the last one ends the command.
    pub(crate) fn cut_unlock_ended(&mut self, key: &CommandKey, c: &CompartmentId, door: Option<Level>) {
        let mut cut = self.t.cut.get(key).cloned().unwrap_or_default();
        cut.of_level(door).push(c.clone());
        if self.t.unlocks.iter().any(|(_, row)| row.command.as_ref() == Some(key)) {
            return self.t.cut.put(key.clone(), cut);
        }
        self.t.cut.remove(key);
        let sentence = match self.round_so_far(key) {
            Some(so_far) => self.round_was_cut(&so_far, &cut),
            None => String::from(single_was_cut(door)),
        };
        self.conclude(key, Status::Unknown, "unknown", &sentence);
    }

    /// A round that ended between two of its doors has no intent left that would end its command.
    pub(crate) fn cut_between(&mut self, key: &CommandKey) {
        let sentence = match self.round_so_far(key) {
            Some(so_far) => self.round_was_cut(&so_far, &Cut::default()),
            None => {
                String::from("The gateway restarted in the middle; the journal has what was opened before.")
            }
        };
        self.conclude(key, Status::Unknown, "unknown", &sentence);
    }

    /// What a round had noted down with its last orders; none for another command.
    fn round_so_far(&self, key: &CommandKey) -> Option<String> {
        let outcome = self.t.outcomes.get(key).filter(|outcome| outcome.detail == IN_TURN)?;
        Some(outcome.sentence.clone())
    }

    fn round_was_cut(&self, so_far: &str, cut: &Cut) -> String {
        let mut sentence = format!("The gateway restarted in the middle. Before its last orders: {so_far}");
        for (words, doors) in [
            ("Ordered then, and standing open", &cut.open),
            ("Ordered then, shut, and may have been open", &cut.shut),
            ("Ordered then, and not heard", &cut.unheard),
        ] {
            if !doors.is_empty() {
                sentence.push_str(&format!(" {words}: {}.", self.labels(doors)));
            }
        }
        sentence.push_str(" Any other had no turn, or ended in between; the journal has each.");
        sentence
    }
}

impl Cut {
    const fn of_level(&mut self, door: Option<Level>) -> &mut Vec<CompartmentId> {
        match door {
            Some(Level::Open) => &mut self.open,
            Some(Level::Shut) => &mut self.shut,
            None => &mut self.unheard,
        }
    }
}

const fn single_was_cut(door: Option<Level>) -> &'static str {
    match door {
        Some(Level::Open) => {
            "The gateway restarted before the outcome was known; the door stands open: please look at it."
        }
        Some(Level::Shut) => {
            "The gateway restarted before the outcome was known; the door is shut and may have been open: please look at it."
        }
        None => {
            "The gateway restarted before the outcome was known, and the door is not heard: please look at it."
        }
    }
}
