//! Readers: how each stands, and what it counts since the start of the daemon.

use device_drivers::osdp::{ReaderState, Tamper};
use device_drivers::port::monotonic_now;
use device_drivers::time::Monotonic;
use serde::{Deserialize, Serialize};

use crate::config::Configuration;
use crate::telemetry::{Reader as Known, Totals};

/// One reader.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reader {
    /// Its terminal.
    pub id: String,
    /// Its line.
    pub line: String,
    /// Its address there.
    pub address: u8,
    /// `unknown`, `silent`, `uninstalled`, `secure`, `keyless`, `wrong_key` or `no_channel`.
    pub state: String,
    /// Since when, in milliseconds since 1970; none before it was heard or missed.
    #[serde(default)]
    pub since: Option<i64>,
    /// Whether it was given a key of this gateway.
    pub installed: bool,
    /// Whether its housing is open; none before it was heard.
    pub tampered: Option<bool>,
    /// Seconds until its install window shuts by itself; none while it is shut.
    pub window_s: Option<u64>,
    /// What it says that it is: maker's number, model, version, serial number, firmware. Nobody has proven it.
    pub identity: Option<String>,
    /// Commands answered.
    pub answered: u64,
    /// Commands without an answer in time.
    pub unanswered: u64,
    /// Channels made.
    pub channels: u64,
    /// Cards and keys in clear text, ignored.
    pub clear_reads: u64,
    /// Other frames that were not believed.
    pub distrusted: u64,
}

/// Every word of [`Reader::state`].
pub const STATES: &[&str] =
    &["unknown", "silent", "uninstalled", "secure", "keyless", "wrong_key", "no_channel"];

pub(super) fn make(configuration: &Configuration, totals: &Totals) -> Vec<Reader> {
    let (readers, now) = (configuration.readers.iter(), monotonic_now());
    readers
        .map(|(id, place)| {
            let known = totals.readers.get(id).copied().unwrap_or_default();
            reader(id.as_str(), place.line.as_str(), place.address, &known, now)
        })
        .collect()
}

fn reader(id: &str, line: &str, address: u8, known: &Known, now: Monotonic) -> Reader {
    let identity = known.identity.map(|it| {
        let [major, minor, build] = it.firmware;
        format!(
            "maker {:06x}, model {}, version {}, serial {:08x}, firmware {major}.{minor}.{build}",
            it.vendor, it.model, it.version, it.serial
        )
    });
    Reader {
        id: id.to_owned(),
        line: line.to_owned(),
        address,
        state: word(known.state).to_owned(),
        since: known.since.map(|at| at.0),
        installed: known.keyed,
        tampered: known.tamper.map(|tamper| tamper == Tamper::Open),
        window_s: known.window.map(|until| until.since(now).as_secs()).filter(|left| *left > 0),
        identity,
        answered: known.counters.answered,
        unanswered: known.counters.unanswered,
        channels: known.counters.channels,
        clear_reads: known.counters.clear_reads,
        distrusted: known.counters.distrusted,
    }
}

const fn word(state: ReaderState) -> &'static str {
    match state {
        ReaderState::Unknown => "unknown",
        ReaderState::Silent => "silent",
        ReaderState::Uninstalled => "uninstalled",
        ReaderState::Secure => "secure",
        ReaderState::Keyless => "keyless",
        ReaderState::WrongKey => "wrong_key",
        ReaderState::NoChannel => "no_channel",
    }
}

impl Reader {
    /// What is wrong with it and what to do; nothing while all is well.
    #[must_use]
    pub fn attention(&self) -> Option<(String, String)> {
        let id = &self.id;
        let (what, next) = match self.state.as_str() {
            "silent" => {
                ("does not answer".to_owned(), "check its power, its address and its plug".to_owned())
            }
            "uninstalled" => (
                "has no key of this gateway; nothing it says is believed".to_owned(),
                format!("open its housing, then: vestibule reader install {id}"),
            ),
            "keyless" => (
                "comes WITHOUT ITS KEY: it was reset, or another is in its place".to_owned(),
                format!("go and look; then: vestibule reader forget {id}, and install it again"),
            ),
            "wrong_key" => (
                "has ANOTHER KEY than it was given".to_owned(),
                format!("go and look; then reset it, vestibule reader forget {id}, and install it again"),
            ),
            "no_channel" => (
                "refuses a secure channel".to_owned(),
                "go and look; a reader without OSDP Secure Channel cannot serve here".to_owned(),
            ),
            _ if self.tampered == Some(true) && self.installed => {
                ("has its housing OPEN".to_owned(), "go and look, then close it".to_owned())
            }
            _ => return None,
        };
        Some((format!("reader {id} {what}"), next))
    }
}
