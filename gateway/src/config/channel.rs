//! Channels of boards as people write them (`board/3`, `board/1..8`, `board/1..`), and who uses which.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;

use vestibule_core::id::DeviceId;

use super::field::Field;
use super::model::{Provides, Role};
use super::problem::{Problem, Problems};
use super::reader::Spot;
use super::source::Place;
use super::value::DeviceChannel;

/// What a channel is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A lock output.
    Output,
    /// A digital input.
    Input,
    /// A temperature channel.
    Probe,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Output => "output",
            Self::Input => "input",
            Self::Probe => "probe channel",
        })
    }
}

/// Channels as written, not yet checked against the board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    device: String,
    first: u16,
    last: Last,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    At(u16),
    EndOfBoard,
}

/// Reads `board/3`, `board/1..8` or `board/1..`.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn written(text: &str) -> Result<Written, String> {
    let Some((device, channels)) = text.split_once('/') else {
        return Err("a channel is written board/number, for example bank-a-locks/1".to_owned());
    };
    let (first, last) = match channels.split_once("..") {
        None => {
            let only = number(channels)?;
            (only, Last::At(only))
        }
        Some((first, "")) => (number(first)?, Last::EndOfBoard),
        Some((first, last)) => (number(first)?, Last::At(number(last)?)),
    };
    if matches!(last, Last::At(last) if last < first) {
        return Err("the range runs backwards".to_owned());
    }
    Ok(Written { device: device.to_owned(), first, last })
}

fn number(text: &str) -> Result<u16, String> {
    match text.parse() {
        Ok(0) => {
            Err("channels are numbered from 1, as printed on the board; there is no channel 0".to_owned())
        }
        Ok(number) => Ok(number),
        Err(_) => Err(format!("{text:?} is not a channel number")),
    }
}

/// The channels of what was written, in order, checked against the board.
pub fn resolve(
    text: &Spot<&str>,
    kind: Kind,
    field: &Field,
    problems: &Problems,
) -> Vec<Spot<DeviceChannel>> {
    let fail = |problem: Problem| {
        problems.add(problem);
        Vec::new()
    };
    let at = Some(text.place);
    let written = match written(text.value) {
        Ok(written) => written,
        Err(why) => return fail(Problem::error(at, format!("\"{}\": {why}", text.value))),
    };
    let Some((id, known)) = field.devices.iter().find(|(id, _)| id.as_str() == written.device) else {
        let message = format!("there is no device \"{}\"", written.device);
        let ids = field.devices.keys().map(DeviceId::as_str);
        return fail(Problem::error(at, message).did_you_mean(&written.device, ids));
    };
    let Some(provides) = &known.provides else { return Vec::new() };
    let count = match kind {
        Kind::Output => provides.outputs,
        Kind::Input => provides.inputs,
        Kind::Probe => provides.probes,
    };
    let last = match written.last {
        Last::At(last) => last,
        Last::EndOfBoard => count.max(written.first),
    };
    if last > count {
        let message = format!("device \"{id}\" has no {kind} {last}: it has {count} {kind}s");
        return fail(Problem::error(at, message).other(known.place, "defined here"));
    }
    if kind == Kind::Probe
        && let Some(problem) = wrong_role(text, id, written.first..=last, provides)
    {
        return fail(problem.other(known.place, "defined here"));
    }
    let channel = |channel| Spot { value: DeviceChannel { device: id.clone(), channel }, place: text.place };
    (written.first..=last).map(channel).collect()
}

/// What watches the cold must measure a temperature; a channel that measures something else would never be heard.
fn wrong_role(
    text: &Spot<&str>,
    device: &DeviceId,
    mut channels: RangeInclusive<u16>,
    provides: &Provides,
) -> Option<Problem> {
    let role = |channel: &u16| provides.roles.get(channel);
    let wrong = channels.find(|channel| role(channel) != Some(&Role::Temperature))?;
    let measures = match role(&wrong) {
        Some(Role::Humidity) => "humidity",
        Some(Role::Temperature) | None => "nothing that is known",
    };
    let message =
        format!("probe channel {device}/{wrong} measures {measures}; a probe must measure temperature");
    let problem = Problem::error(Some(text.place), message);
    let right = provides.roles.iter().find(|(_, role)| **role == Role::Temperature);
    Some(match right {
        Some((channel, _)) => problem.help(format!("did you mean \"{device}/{channel}\"?")),
        None => problem,
    })
}

/// Who uses which channel.
#[derive(Default)]
pub struct Uses(BTreeMap<(Kind, DeviceChannel), (Place, String)>);

impl Uses {
    /// Takes a channel for one use; a second use is a problem that names both.
    pub fn take(&mut self, kind: Kind, channel: &Spot<DeviceChannel>, by: &str, problems: &Problems) {
        let key = (kind, channel.value.clone());
        if let Some((place, other)) = self.0.get(&key) {
            let DeviceChannel { device, channel: number } = &channel.value;
            let message = format!("{kind} {device}/{number} is used twice: by {other} and by {by}");
            problems.add(
                Problem::error(Some(channel.place), message).other(*place, format!("used by {other} here")),
            );
            return;
        }
        self.0.insert(key, (channel.place, by.to_owned()));
    }

    /// Whether any channel of this kind on this board is used.
    #[must_use]
    pub fn any(&self, kind: Kind, device: &DeviceId) -> bool {
        self.0.keys().any(|(k, channel)| *k == kind && channel.device == *device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_read_as_printed_on_the_board() {
        let range = |first, last| Ok(Written { device: "b".into(), first, last });
        assert_eq!(written("b/3"), range(3, Last::At(3)));
        assert_eq!(written("b/1..8"), range(1, Last::At(8)));
        assert_eq!(written("b/2.."), range(2, Last::EndOfBoard));
    }

    #[test]
    fn channel_is_refused_when_zero_backwards_or_odd() {
        assert!(written("b/0").unwrap_err().contains("from 1"));
        assert!(written("b/0..").unwrap_err().contains("from 1"));
        assert!(written("b/4..2").unwrap_err().contains("backwards"));
        assert!(written("b").unwrap_err().contains("board/number"));
        assert!(written("b/x").unwrap_err().contains("not a channel number"));
        assert!(written("b/70000").unwrap_err().contains("not a channel number"));
        assert!(written("b/-1").is_err());
    }
}
