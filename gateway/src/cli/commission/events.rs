//! What a walk tells: a line of words for a person, a JSON value for another front end.

use serde::Serialize;

use super::super::{Failure, Out};
use crate::commission::DoorRecord;

/// One thing that happens.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event<'a> {
    /// A walk goes on.
    Resumed {
        /// Doors that are known already.
        known: usize,
    },
    /// A lock is about to be pulsed. Answer with an empty line if this door opened, with the label of the door that did, or with
    /// `none`, `skip` or `quit`.
    Pulsing {
        /// The door that should open.
        label: &'a str,
        /// Its compartment.
        compartment: &'a str,
        /// The output that is pulsed.
        lock: &'a str,
        /// Which pulse of this output it is, from 1.
        pulse: u32,
        /// Door number so and so ...
        door: usize,
        /// ... of so many.
        of: usize,
    },
    /// The board did not acknowledge the pulse; its lock may have moved.
    Unacknowledged {
        /// The output.
        lock: &'a str,
    },
    /// The door that opened is known; it is to be shut.
    Shut {
        /// Which.
        label: &'a str,
    },
    /// No door has that label.
    NoSuchDoor {
        /// What was typed.
        typed: &'a str,
        /// What is near it.
        near: Option<String>,
    },
    /// The lesson is over and taught nothing; it is given again, or given up.
    Unclear {
        /// Which door.
        label: &'a str,
        /// Why.
        why: &'a str,
        /// Whether it is tried again.
        again: bool,
    },
    /// A door is not tried.
    Skipped {
        /// Which.
        label: &'a str,
        /// Why.
        why: &'a str,
    },
    /// A door is known.
    Learned(&'a DoorRecord),
    /// The walk stopped; what was learned is kept.
    Interrupted {
        /// Doors that are known.
        known: usize,
    },
    /// The walk is over.
    Done {
        /// Whether every door is known and all of it can be true.
        good: bool,
        /// The layer that was written.
        learned: Option<String>,
        /// The reports.
        reports: Vec<String>,
        /// What is wrong.
        faults: Vec<String>,
    },
}

impl Event<'_> {
    /// Tells it.
    ///
    /// # Errors
    /// The output is gone.
    pub fn tell(&self, out: &mut Out) -> Result<(), Failure> {
        Ok(out.either(self, || self.words())?)
    }

    fn words(&self) -> String {
        match self {
            Self::Resumed { known } => format!("Going on: {known} doors are known already."),
            Self::Pulsing { label, lock, pulse, door, of, .. } => {
                let again = if *pulse > 1 { format!(", pulse {pulse}") } else { String::new() };
                format!(
                    "[{door}/{of}] Door {label} should open now ({lock}{again}). Open it wide.\n      \
                     Enter: it did. Or type the label of the door that opened, or none, skip, quit:"
                )
            }
            Self::Unacknowledged { lock } => {
                format!("      The board did not acknowledge the pulse of {lock}; look whether a door moved.")
            }
            Self::Shut { label } => format!("      Shut door {label}."),
            Self::NoSuchDoor { typed, near } => {
                let near = near.as_ref().map(|near| format!("; did you mean {near}?")).unwrap_or_default();
                format!("      There is no door {typed:?}{near}")
            }
            Self::Unclear { label, why, again } => {
                let next = if *again { "once more" } else { "given up" };
                format!("      Door {label}: {why}; {next}.")
            }
            Self::Skipped { label, why } => format!("      Door {label} is left out: {why}."),
            Self::Learned(door) => learned(door),
            Self::Interrupted { known } => {
                format!(
                    "Stopped; {known} doors are known and kept. Go on with: vestibule device walk --resume"
                )
            }
            Self::Done { good, learned, reports, faults } => done(*good, learned.as_deref(), reports, faults),
        }
    }
}

fn learned(door: &DoorRecord) -> String {
    let contact = |name: &str, contact: &Option<crate::commission::ContactRecord>| {
        contact.as_ref().map(|contact| format!(", {name} {} shut when {}", contact.input, contact.shut_when))
    };
    format!(
        "      Door {} is {}{}{}.",
        door.label,
        door.lock,
        contact("contact", &door.door).unwrap_or_default(),
        contact("latch", &door.latch).unwrap_or_default()
    )
}

fn done(good: bool, learned: Option<&str>, reports: &[String], faults: &[String]) -> String {
    let mut lines: Vec<String> = faults.iter().map(|fault| format!("PROBLEM: {fault}")).collect();
    match learned {
        Some(path) => lines.push(format!(
            "What was learned is in {path}; it is in force after: systemctl restart vestibule"
        )),
        None => lines.push("Nothing of the configuration was changed.".to_owned()),
    }
    lines.extend(reports.iter().map(|path| format!("Report: {path}")));
    lines.push(if good { "Every door is commissioned.".to_owned() } else { "NOT COMPLETE.".to_owned() });
    lines.join("\n")
}
