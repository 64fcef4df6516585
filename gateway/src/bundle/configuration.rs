//! Configuration layers as they may leave: keys that are known to be no secret, no comments, everything else left out.

use toml::{Table, Value};

use super::part::{LeftOut, Part};
use super::scrub::Scrubber;
use crate::config::SourceKind;
use crate::doctor::Facts;

/// Keys that are shown, wherever they stand. What is not listed is left out, whatever it is.
const SHOWN: &[&str] = &[
    "address",
    "bank",
    "banks",
    "baud",
    "ca",
    "certificate",
    "client_certificate",
    "client_key",
    "climate",
    "columns",
    "compartment",
    "connect",
    "debounce",
    "device",
    "directory",
    "door",
    "doors",
    "filter",
    "guesses_a_day",
    "guesses_a_year",
    "height_mm",
    "hold",
    "id",
    "input",
    "inputs",
    "interrupted_grace",
    "isolated_network",
    "keep",
    "key",
    "label",
    "labels",
    "large",
    "latch",
    "latched_when",
    "latches",
    "left_open_alert",
    "left_open_reminder",
    "line",
    "listen",
    "lock",
    "locks",
    "marker",
    "medium",
    "model",
    "occupancy",
    "occupied_when",
    "outdoor",
    "output",
    "parity",
    "pickup_grace",
    "port",
    "protocol",
    "pulse",
    "pulse_deadline",
    "response_timeout_ms",
    "rest",
    "revoked",
    "roles",
    "room",
    "rs485",
    "scanner",
    "settle",
    "shut_when",
    "size",
    "small",
    "socket",
    "source",
    "stale",
    "terminal",
    "terminal_idle",
    "terminals",
    "time_zone",
    "top_mm",
    "unit_misses_a_day",
    "unlock_confirm",
    "unscanned_share",
    "unsettled_doors",
    "url",
    "broker_listen",
    "extra-large",
];
/// Sections that are walked.
const SECTIONS: &[&str] = &[
    "building",
    "line",
    "device",
    "bank",
    "compartment",
    "probe",
    "room",
    "terminal",
    "broker",
    "cloud",
    "policy",
    "console",
    "storage",
    "journal",
    "clock",
    "log",
    "metrics",
    "sizes",
];
/// Longest text of a value: a path, a URL.
const TEXT_MAX: usize = 200;

/// Each layer as a part, and what was left out of it.
pub fn parts(facts: &Facts, scrubber: &Scrubber, left_out: &mut Vec<LeftOut>) -> Vec<Part> {
    let sources = facts.configuration.iter().flat_map(|configuration| configuration.sources.iter());
    let mut parts = Vec::new();
    for (number, source) in (1..).zip(sources) {
        if source.kind == SourceKind::Profile {
            // A device's registers are nobody's secret, and without them a fault cannot be seen from afar.
            let name = format!("configuration/profile-{number}.toml");
            let text = format!("# from {}\n{}", source.path.display(), source.text);
            parts.push(Part::text(&name, scrubber, &text));
            continue;
        }
        let name = format!("configuration/layer-{number}.toml");
        let Ok(table) = source.text.parse::<Table>() else {
            left_out.push(LeftOut::new(&name, "it is not TOML"));
            continue;
        };
        let mut hidden = 0;
        let shown = shown(&table, &mut hidden, true);
        let Ok(text) = toml::to_string(&shown) else {
            left_out.push(LeftOut::new(&name, "it cannot be written"));
            continue;
        };
        if hidden > 0 {
            let why = format!("{hidden} values are not known to be free of secrets and personal data");
            left_out.push(LeftOut::new(&format!("{name}, in part"), &why));
        }
        let path = source.path.display();
        parts.push(Part::text(&name, scrubber, &format!("# from {path}, without comments\n{text}")));
    }
    parts
}

fn shown(table: &Table, hidden: &mut usize, top: bool) -> Table {
    let listed = if top { SECTIONS } else { SHOWN };
    let mut shown = Table::new();
    for (key, value) in table {
        match listed.contains(&key.as_str()).then(|| harmless(value, hidden)).flatten() {
            Some(value) => drop(shown.insert(key.clone(), value)),
            None => *hidden += 1,
        }
    }
    shown
}

fn harmless(value: &Value, hidden: &mut usize) -> Option<Value> {
    match value {
        Value::Table(table) => Some(Value::Table(shown(table, hidden, false))),
        Value::Array(values) => {
            Some(Value::Array(values.iter().filter_map(|value| harmless(value, hidden)).collect()))
        }
        Value::String(text) => {
            let plain = text.len() <= TEXT_MAX && !text.contains(char::is_control);
            plain.then(|| value.clone())
        }
        _ => Some(value.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_keys_of_listed_sections_are_shown() {
        let text = "# hunter2\npassword = \"a\"\n[cloud]\nurl = \"mqtts://x:1\" # hunter2\npassword = \"hunter2\"\n\
                    key = \"\"\"-----BEGIN\nMHc\"\"\"\n[vpn]\nid = \"x\"\n[[line]]\nid = \"one\"\nbaud = 9600\n";
        let mut hidden = 0;
        let shown = shown(&text.parse().unwrap(), &mut hidden, true);
        let expected = "[cloud]\nurl = \"mqtts://x:1\"\n\n[[line]]\nbaud = 9600\nid = \"one\"\n";
        assert_eq!((toml::to_string(&shown).unwrap().as_str(), hidden), (expected, 4));
    }
}
