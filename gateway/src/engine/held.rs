//! Answers that wait for the disk: what they say is done is not true before it is durable.

use std::collections::BTreeSet;

use vestibule_core::command::{CommandKey, Outcome, Status};
use vestibule_core::effect::Effect;

/// Answers kept back while the disk is away: as many as one step takes commands, over a few steps. Beyond that the
/// caller asks again with the same id and gets the remembered outcome once it is on the disk.
const HELD_ANSWERS_MAX: usize = 256;

/// Answers whose rows became not durable in the step that made them.
#[derive(Default)]
pub(super) struct HeldAnswers {
    answers: Vec<(CommandKey, Outcome)>,
    /// Whose answers those are, and of those that found no room: asked again, they wait as well.
    owed: BTreeSet<CommandKey>,
}

impl HeldAnswers {
    /// Whether the command's answer waits already.
    pub(super) fn owes(&self, key: &CommandKey) -> bool {
        self.owed.contains(key)
    }

    /// Keeps an answer back until the disk has it; a repetition of its command adds nothing.
    pub(super) fn keep(&mut self, key: CommandKey, outcome: Outcome) {
        let is_new = self.owed.insert(key.clone());
        if is_new && self.answers.len() < HELD_ANSWERS_MAX {
            self.answers.push((key, outcome));
        }
    }

    /// The journal began anew: the sequences that the answers name are another journal's.
    pub(super) fn forget_sequences(&mut self) {
        for (_, outcome) in &mut self.answers {
            outcome.events.clear();
        }
    }

    /// The disk is back: all answers may go.
    pub(super) fn take(&mut self) -> Vec<Effect> {
        self.owed.clear();
        self.answers.drain(..).map(|(key, outcome)| Effect::Reply { key, outcome }).collect()
    }
}

/// Whether an answer says that something is done, which is not true before it is durable.
pub(super) const fn promises_a_record(outcome: &Outcome) -> bool {
    matches!(outcome.status, Status::Done | Status::Failed | Status::Unknown)
}
