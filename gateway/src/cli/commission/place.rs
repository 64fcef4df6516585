//! Which line is meant: one of the configuration, or a port by its path.

use std::path::{Path, PathBuf};

use device_drivers::commission::manner::IN_TURN;
use device_drivers::commission::setting::Setting;
use device_drivers::spec::{Baud, Direction, Parity};

use super::super::arguments::{Arguments, OnLine, ParityName, Spoken};
use super::super::{Exit, Failure};
use crate::config::{self, Configuration, Layers, Line, Parity as Configured, Port, Protocol, nearest};
use crate::field::direction;

/// A line that somebody means.
pub struct Place {
    /// Its id, where the configuration has it.
    pub line: Option<String>,
    /// Its port.
    pub path: PathBuf,
    /// Who switches its RS-485 driver.
    pub direction: Direction,
    /// Speed and parity as configured.
    pub setting: Option<Setting>,
    /// What is spoken there as configured.
    pub protocol: Option<Protocol>,
}

impl Place {
    /// The protocols in which boards are looked for here, in that order: the line's own, else what was typed.
    ///
    /// # Errors
    /// Something else is spoken there: its boards might take what they hear for an order.
    pub fn protocols(&self, typed: &[Spoken]) -> Result<Vec<Protocol>, Failure> {
        let mut wanted: Vec<Protocol> = Vec::new();
        for spoken in typed {
            let more = match spoken {
                Spoken::All => IN_TURN.to_vec(),
                Spoken::One(protocol) => vec![*protocol],
            };
            for protocol in more {
                if !wanted.contains(&protocol) {
                    wanted.push(protocol);
                }
            }
        }
        match self.protocol {
            Some(own) if wanted.is_empty() || wanted.contains(&own) => Ok(vec![own]),
            Some(own) => Err(Failure::new(format!(
                "{} is spoken on line {}: nothing foreign is said there",
                own.name(),
                self.line.as_deref().unwrap_or_default()
            ))),
            None if wanted.is_empty() => Ok(vec![Protocol::default()]),
            None => Ok(wanted),
        }
    }
}

/// Finds it.
///
/// # Errors
/// There is no such line, or none that could be meant.
pub fn place(arguments: &Arguments, on: &OnLine) -> Result<Place, Failure> {
    let loaded = config::load_for_start(&Layers::from_options(&arguments.config));
    if let Some(path) = &on.port {
        let same = loaded.configuration.as_ref().and_then(|configuration| by_port(configuration, path));
        let unknown = || {
            let direction = Direction::default();
            Ok(Place { line: None, path: path.clone(), direction, setting: None, protocol: None })
        };
        return same.map_or_else(unknown, boards);
    }
    let configuration = loaded.configuration.ok_or_else(|| {
        usage(
            "the configuration has errors (see `vestibule check`); name a port: --port /dev/serial/by-path/…",
        )
    })?;
    let lines = &configuration.lines;
    let ids = || lines.keys().map(|id| id.as_str().to_owned()).collect::<Vec<_>>().join(", ");
    match &on.line {
        Some(wanted) => {
            let found = lines.values().find(|line| line.id.as_str() == wanted);
            let found = found.ok_or_else(|| {
                let near = nearest(wanted, lines.keys().map(|id| id.as_str()));
                let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
                Failure::new(format!("there is no line \"{wanted}\"{near}"))
            })?;
            boards(found)
        }
        None if lines.len() == 1 => {
            lines.values().next().map_or_else(|| Err(usage("there is no line")), boards)
        }
        None if lines.is_empty() => {
            Err(usage("no line is configured; name a port: --port /dev/serial/by-path/…"))
        }
        None => Err(usage(format!("which line? --line ID, one of {}", ids()))),
    }
}

/// A line that may be scanned: one with boards.
fn boards(line: &Line) -> Result<Place, Failure> {
    if line.protocol.boards().is_some() {
        return Ok(of_line(line));
    }
    Err(Failure::new(format!(
        "osdp is spoken on line {}: boards are looked for, and nothing foreign is said to readers",
        line.id
    )))
}

/// A usage error.
pub fn usage(words: impl Into<String>) -> Failure {
    Failure { exit: Exit::Usage, words: words.into() }
}

/// A configured line.
pub fn of_line(line: &Line) -> Place {
    let path = match &line.port {
        Port::Path(path) => path.clone(),
        // Nothing opens it as a file; the daemon says what to do instead.
        Port::Tcp(_) | Port::ModbusTcp(_) => PathBuf::from(line.port.to_string()),
    };
    let parity = match line.parity {
        Configured::None => Parity::None,
        Configured::Even => Parity::Even,
        Configured::Odd => Parity::Odd,
    };
    let setting = Baud::new(line.baud).ok().map(|baud| Setting { baud, parity });
    let direction = direction(line.direction);
    Place {
        line: Some(line.id.as_str().to_owned()),
        path,
        direction,
        setting,
        protocol: line.protocol.boards(),
    }
}

fn by_port<'a>(configuration: &'a Configuration, wanted: &Path) -> Option<&'a Line> {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let wanted = real(wanted);
    configuration.lines.values().find(|line| matches!(&line.port, Port::Path(path) if real(path) == wanted))
}

/// A parity as typed.
pub const fn parity(name: ParityName) -> Parity {
    match name {
        ParityName::None => Parity::None,
        ParityName::Even => Parity::Even,
        ParityName::Odd => Parity::Odd,
    }
}

/// A speed as typed.
///
/// # Errors
/// No board has it.
pub fn baud(typed: u32) -> Result<Baud, Failure> {
    Baud::new(typed).map_err(|error| usage(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(configured: Option<Protocol>, typed: &[Spoken]) -> Option<Vec<Protocol>> {
        let line = configured.map(|_| "one".to_owned());
        let (path, direction) = (PathBuf::new(), Direction::default());
        let place = Place { line, path, direction, setting: None, protocol: configured };
        place.protocols(typed).ok()
    }

    #[test]
    fn nothing_but_its_own_protocol_is_spoken_on_a_configured_line() {
        let own = Protocol::Winnsen;
        for typed in [&[][..], &[Spoken::All], &[Spoken::One(own)]] {
            assert_eq!(wanted(Some(own), typed), Some(vec![own]));
        }
        assert_eq!(wanted(Some(own), &[Spoken::One(Protocol::ModbusRtu)]), None);
    }

    #[test]
    fn protocols_are_tried_once_each_where_nothing_is_known() {
        assert_eq!(wanted(None, &[]), Some(vec![Protocol::ModbusRtu]));
        assert_eq!(wanted(None, &[Spoken::All, Spoken::One(Protocol::Wkly)]), Some(IN_TURN.to_vec()));
        let two = [Spoken::One(Protocol::Wkly), Spoken::One(Protocol::Lock8a)];
        assert_eq!(wanted(None, &two), Some(vec![Protocol::Wkly, Protocol::Lock8a]));
    }
}
