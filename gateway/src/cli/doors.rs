//! `vestibule doors`: one row a door.

use std::fmt;
use std::path::Path;

use vestibule_contract::words::Quality;

use super::advice::attention;
use super::arguments::Doors;
use super::table::{aligned, span};
use super::{Exit, Failure, Out, ask};
use crate::console::snapshot::{Compartment, Read};

/// Runs the command.
///
/// # Errors
/// The daemon cannot be reached.
pub fn doors(socket: &Path, arguments: &Doors, out: &mut Out) -> Result<Exit, Failure> {
    let snapshot = ask::snapshot(&mut ask::connect(socket)?)?;
    let wanted = |c: &&Compartment| !arguments.attention || attention(c).is_some();
    let doors: Vec<_> = snapshot.compartments.iter().filter(wanted).collect();
    out.either(&doors, || words(&doors, snapshot.gateway.now))?;
    Ok(Exit::Done)
}

/// The table for a person.
#[must_use]
pub fn words(doors: &[&Compartment], now: i64) -> String {
    if doors.is_empty() {
        return "No door needs attention.".to_owned();
    }
    let head =
        ["LABEL", "ID", "USE", "SINCE", "DOOR", "LATCH", "INSIDE", "LOOK AT"].map(str::to_owned).to_vec();
    let rows = doors.iter().map(|c| {
        vec![
            c.label.clone(),
            c.id.clone(),
            c.usage.word().replace('_', " "),
            span(now - c.since),
            contact(c.door.as_ref(), now),
            contact(c.latch.as_ref(), now).replace("shut", "latched").replace("open", "released"),
            contact(c.occupancy.as_ref(), now),
            attention(c).map(|(what, _)| what).unwrap_or_default(),
        ]
    });
    aligned(&std::iter::once(head).chain(rows).collect::<Vec<_>>())
}

fn contact<T: fmt::Display>(read: Option<&Read<T>>, now: i64) -> String {
    let Some(read) = read else { return "-".to_owned() };
    let value = read.value.as_ref().map_or_else(|| "?".to_owned(), T::to_string);
    match (read.quality, read.observed_at) {
        (Quality::Good, _) => value,
        (quality, Some(at)) => format!("{value} ({quality} {})", span(now - at)),
        (quality, None) => format!("{value} ({quality})"),
    }
}
