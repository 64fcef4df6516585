//! `vestibule device`: what can hang on a line, and what does.

use device_drivers::device::{Kind, Model, NOT_OFFERED};
use device_drivers::frame::Protocol;
use device_drivers::order::in_words;
use serde::Serialize;

use super::arguments::{Arguments, Device, DeviceAction};
use super::table::aligned;
use super::{Exit, Failure, Out, commission};
use crate::config::{self, Layers, Own, Severity, render};

#[derive(Serialize)]
struct Listed<'a> {
    name: &'a str,
    kind: &'static str,
    protocol: &'static str,
    outputs: u8,
    inputs: u8,
    probes: u8,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    flags: Vec<Flag<'a>>,
    /// Every pulse length that it can time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pulses_ms: Vec<u32>,
    /// How long it holds a lock by its own measure, whatever is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    own_pulse_ms: Option<u128>,
    what: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    notes: &'a str,
    /// The file of a profile of the installer's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
}

#[derive(Serialize)]
struct Flag<'a> {
    name: &'a str,
    role: &'static str,
}

/// Runs the command.
///
/// # Errors
/// A profile that is bad, told after the list; or the output is gone.
pub fn device(arguments: &Arguments, device: &Device, out: &mut Out) -> Result<Exit, Failure> {
    match &device.action {
        DeviceAction::Models => models(arguments, out),
        DeviceAction::Scan(scan) => commission::scan(arguments, scan, out),
        DeviceAction::Identify(identify) => commission::identify(arguments, identify, out),
        DeviceAction::Address(address) => commission::address(arguments, address, out),
        DeviceAction::Test(test) => commission::test(arguments, test, out),
        DeviceAction::Walk(walk) => commission::walk(arguments, walk, out),
    }
}

fn models(arguments: &Arguments, out: &mut Out) -> Result<Exit, Failure> {
    let (catalogue, own, problems, sources) = config::load_models(&Layers::from_options(&arguments.config));
    let all: Vec<_> = catalogue.models().iter().map(|model| listed(model, &own)).collect();
    out.either(&all, || words(&all, catalogue.models()))?;
    if problems.iter().any(|problem| problem.severity == Severity::Error) {
        let shown: Vec<_> = problems.iter().map(|problem| render(problem, &sources)).collect();
        return Err(Failure::new(format!(
            "not listed, because their profiles are bad:\n{}",
            shown.join("\n")
        )));
    }
    Ok(Exit::Done)
}

fn listed<'a>(model: &'a Model, own: &[Own]) -> Listed<'a> {
    let provides = model.provides();
    let profile = own.iter().find(|own| own.model == model.name());
    Listed {
        name: model.name(),
        kind: kind(model.kind()),
        protocol: model.protocol().map_or("-", Protocol::name),
        outputs: provides.outputs,
        inputs: provides.inputs,
        probes: provides.probes,
        flags: model.flags().map(|flag| Flag { name: flag.name.as_str(), role: flag.role.word() }).collect(),
        pulses_ms: match model.own_pulse() {
            Some(_) => Vec::new(),
            None => model.pulse_lengths().iter().map(|length| u32::from(length.units()) * 100).collect(),
        },
        own_pulse_ms: model.own_pulse().map(|own| own.as_millis()),
        what: model.what(),
        notes: model.hints(),
        profile: profile.map(|own| own.file.display().to_string()),
    }
}

const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Locks => "locks",
        Kind::Inputs => "inputs",
        Kind::Refrigeration => "refrigeration",
        Kind::Probe => "probe",
    }
}

fn words(all: &[Listed<'_>], models: &[Model]) -> String {
    let head = ["MODEL", "KIND", "PROTOCOL", "OUT", "IN", "PROBES", "PULSES", "WHAT IT IS"]
        .map(str::to_owned)
        .to_vec();
    let number = |count: u8| if count == 0 { "-".to_owned() } else { count.to_string() };
    let rows = all.iter().zip(models).map(|(one, model)| {
        let lengths = model.pulse_lengths();
        let pulses = match model.own_pulse() {
            _ if lengths.is_empty() => "-".to_owned(),
            Some(own) => format!("about {} ms, its own", own.as_millis()),
            None => in_words(&lengths),
        };
        vec![
            one.name.to_owned(),
            one.kind.to_owned(),
            one.protocol.to_owned(),
            number(one.outputs),
            number(one.inputs),
            number(one.probes),
            pulses,
            one.what.to_owned(),
        ]
    });
    let mut text = aligned(&std::iter::once(head).chain(rows).collect::<Vec<_>>());
    let said = all.iter().flat_map(|one| {
        let note = (!one.notes.is_empty()).then(|| format!("  {}: {}\n", one.name, one.notes));
        let own = one.profile.as_ref().map(|file| format!("  {}: your own, from {file}\n", one.name));
        note.into_iter().chain(own)
    });
    text.push_str("\nGood to know:\n");
    text.extend(said);
    text.push_str("\nNot offered:\n");
    text.extend(NOT_OFFERED.iter().map(|(name, why)| format!("  {name}: {why}\n")));
    text
}

#[cfg(test)]
mod tests {
    use device_drivers::device::Catalogue;

    use super::*;

    #[test]
    fn every_model_is_a_line_with_what_an_installer_asks_for() {
        let catalogue = Catalogue::default();
        let own = [Own { model: "xy-md02".into(), file: "/etc/vestibule/profiles/mine.toml".into() }];
        let all: Vec<_> = catalogue.models().iter().map(|model| listed(model, &own)).collect();
        let text = words(&all, catalogue.models());
        let line = |name: &str| {
            text.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name}: {text}"))
        };
        assert!(
            line("r421a08 ").contains("locks") && line("r421a08 ").contains("1 s to 10 s in steps of 1 s")
        );
        assert!(line("ebyte-ma01-4040 ").contains("500 ms only"));
        assert!(line("kerong-cu16 ").contains("its own"));
        assert!(line("carel-ir33 ").contains("refrigeration"));
        assert!(
            text.contains("lc-tech-relay: ")
                && text.contains("xy-md02: your own, from /etc/vestibule/profiles/mine.toml")
        );
        assert_eq!(text.lines().filter(|line| line.contains("modbus-rtu")).count(), 24);
    }

    #[test]
    fn program_reads_the_same_as_json() {
        let catalogue = Catalogue::default();
        let all: Vec<_> = catalogue.models().iter().map(|model| listed(model, &[])).collect();
        let json = serde_json::to_value(&all).unwrap();
        let named =
            |name: &str| json.as_array().unwrap().iter().find(|one| one["name"] == name).unwrap().clone();
        assert_eq!(named("ebyte-ma01-4040")["pulses_ms"], serde_json::json!([500]));
        assert_eq!(named("carel-ir33")["flags"][0]["role"], "alarm");
        assert_eq!(named("xy-md02")["probes"], 2);
    }
}
