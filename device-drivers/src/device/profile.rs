//! Register maps as TOML: a model that needs no code.
//!
//! The text is checked once, into a plan and its fields; after that nothing of it can fail but the probe itself.

use std::time::Duration;

use serde::Deserialize;

use crate::channel::{Channel, ChannelError};
use crate::device::Model;
use crate::device::plan::{Lane, Meaning, Plan, Poll, Provides};
use crate::frame::modbus_rtu::{Request, SpanError, Table};
use crate::signal::{MilliDegC, MilliPercent, ProbeFault, Reading};
use crate::time::Monotonic;

/// Longest and shortest time between two reads of a profile's registers, in seconds.
const PERIOD_S: std::ops::RangeInclusive<u64> = 1..=3600;

/// Why a profile is refused.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// Not the TOML of a profile; the message has line and column.
    #[error("profile {name} cannot be read")]
    Text {
        /// The profile.
        name: String,
        /// What is wrong and where.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// The name inside is not the name it is known by.
    #[error("profile {name} calls itself {inside:?}")]
    Name {
        /// The name it is known by.
        name: String,
        /// The name inside.
        inside: String,
    },
    /// A number is out of bounds.
    #[error("profile {name}: {field} is {value}, {allowed} is needed")]
    Number {
        /// The profile.
        name: String,
        /// The field.
        field: &'static str,
        /// Its value.
        value: i64,
        /// What it may be.
        allowed: &'static str,
    },
    /// A channel number is wrong.
    #[error("profile {name} has a wrong channel")]
    Channel {
        /// The profile.
        name: String,
        /// The number and its bounds.
        #[source]
        source: ChannelError,
    },
    /// Its registers do not fit in one read.
    #[error("profile {name}: its registers do not fit in one read")]
    Span {
        /// The profile.
        name: String,
        /// The read that cannot be.
        #[source]
        source: SpanError,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    model: ModelText,
    probe: Vec<ProbeText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelText {
    name: String,
    function: u8,
    period_s: u64,
    fence: FenceText,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FenceText {
    function: u8,
    register: u16,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProbeText {
    channel: u8,
    role: Role,
    register: u16,
    #[serde(rename = "type")]
    kind: Kind,
    #[serde(default)]
    word_order: WordOrder,
    scale_milli: i32,
    #[serde(default)]
    offset_milli: i32,
    #[serde(default)]
    sentinels: Vec<u32>,
    plausible_milli: [i32; 2],
    greatest_rate_milli_per_min: Option<u32>,
}

/// What a register measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Temperature.
    Temperature,
    /// Relative humidity.
    Humidity,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    U16,
    S16,
    U32,
    S32,
}

impl Kind {
    const fn registers(self) -> u16 {
        match self {
            Self::U16 | Self::S16 => 1,
            Self::U32 | Self::S32 => 2,
        }
    }
}

/// Which of two registers has the high word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum WordOrder {
    #[default]
    HighFirst,
    LowFirst,
}

/// One probe in a poll's registers.
#[derive(Debug, Clone)]
pub struct ProbeField {
    /// Its number on the device.
    pub channel: Channel,
    role: Role,
    /// Place of its first byte in the answer's data.
    place: usize,
    kind: Kind,
    word_order: WordOrder,
    scale_milli: i32,
    offset_milli: i32,
    sentinels: Vec<u32>,
    plausible_milli: [i32; 2],
    greatest_rate_milli_per_min: Option<u32>,
}

/// The last good value of a probe and its time, for the rate of change.
pub type LastGood = Option<(Monotonic, i32)>;

/// Reads the profile known as `name`.
///
/// # Errors
/// [`ProfileError`] says what is wrong with the text.
pub fn model(name: &str, text: &str) -> Result<Model, ProfileError> {
    let text: Text = toml::from_str(text)
        .map_err(|source| ProfileError::Text { name: name.to_owned(), source: Box::new(source) })?;
    if text.model.name != name {
        return Err(ProfileError::Name { name: name.to_owned(), inside: text.model.name });
    }
    let period = text.model.period_s;
    if !PERIOD_S.contains(&period) {
        let value = i64::try_from(period).unwrap_or(i64::MAX);
        return Err(ProfileError::Number {
            name: name.to_owned(),
            field: "period_s",
            value,
            allowed: "1 to 3600",
        });
    }
    plan(&text, Duration::from_secs(period)).map(|plan| Model::new(name, plan))
}

fn table(name: &str, field: &'static str, function: u8) -> Result<Table, ProfileError> {
    match function {
        3 => Ok(Table::HoldingRegisters),
        4 => Ok(Table::InputRegisters),
        other => {
            Err(ProfileError::Number { name: name.to_owned(), field, value: other.into(), allowed: "3 or 4" })
        }
    }
}

fn plan(text: &Text, period: Duration) -> Result<Plan, ProfileError> {
    let name = &text.model.name;
    let span = |source| ProfileError::Span { name: name.clone(), source };
    let number =
        |field, value: i64, allowed| ProfileError::Number { name: name.clone(), field, value, allowed };
    let ends = text.probe.iter().map(|probe| u32::from(probe.register) + u32::from(probe.kind.registers()));
    let (Some(first), Some(end)) = (text.probe.iter().map(|probe| probe.register).min(), ends.max()) else {
        return Err(number("probes", 0, "at least 1"));
    };
    let count = u16::try_from(end - u32::from(first)).unwrap_or(u16::MAX);
    let registers = table(name, "model.function", text.model.function)?;
    let request = Request::read(registers, first, count).map_err(span)?;
    // A fence must differ in form from the poll: the same function would need another count.
    let fence_table = table(name, "model.fence.function", text.model.fence.function)?;
    let fence = Request::read(fence_table, text.model.fence.register, 1).map_err(span)?;
    if fence.answers_alike(&request) {
        return Err(number(
            "model.fence.function",
            text.model.fence.function.into(),
            "a read of another form",
        ));
    }
    let fields = text.probe.iter().map(|probe| probe.field(name, first)).collect::<Result<Vec<_>, _>>()?;
    let last = fields.iter().map(|field| field.channel.number()).max().unwrap_or(0);
    let poll =
        Poll { lane: Lane::Temperature, period, request: request.into(), meaning: Meaning::Probes(fields) };
    Ok(Plan {
        provides: Provides { outputs: 0, inputs: 0, probes: last },
        set_up: Vec::new(),
        polls: vec![poll],
        fences: vec![fence.into()],
        pulse: None,
    })
}

impl ProbeText {
    fn field(&self, name: &str, first: u16) -> Result<ProbeField, ProfileError> {
        let number = |field, value: i32, allowed| {
            Err(ProfileError::Number { name: name.to_owned(), field, value: value.into(), allowed })
        };
        let [low, high] = self.plausible_milli;
        if low >= high {
            return number("plausible_milli", low, "a lower bound below the upper one");
        }
        if self.scale_milli == 0 {
            return number("scale_milli", 0, "anything but 0");
        }
        Ok(ProbeField {
            channel: Channel::new(self.channel)
                .map_err(|source| ProfileError::Channel { name: name.to_owned(), source })?,
            role: self.role,
            place: usize::from(self.register - first) * 2,
            kind: self.kind,
            word_order: self.word_order,
            scale_milli: self.scale_milli,
            offset_milli: self.offset_milli,
            sentinels: self.sentinels.clone(),
            plausible_milli: self.plausible_milli,
            greatest_rate_milli_per_min: self.greatest_rate_milli_per_min,
        })
    }
}

impl ProbeField {
    /// What it measures.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// What `data`, read at `now`, say of this probe. `last` is its last good value, and is kept up to date.
    #[must_use]
    pub fn reading(&self, data: &[u8], now: Monotonic, last: &mut LastGood) -> Reading {
        let Some((raw, counts)) = self.raw(data) else {
            return Reading::Fault(ProbeFault::NoReply);
        };
        if self.sentinels.contains(&raw) {
            return Reading::Fault(ProbeFault::Sentinel { raw });
        }
        let scaled = counts * i64::from(self.scale_milli) + i64::from(self.offset_milli);
        let milli = i32::try_from(scaled).unwrap_or(if scaled < 0 { i32::MIN } else { i32::MAX });
        let [low, high] = self.plausible_milli;
        if !(low..=high).contains(&milli) {
            return Reading::Fault(ProbeFault::OutOfRange { milli });
        }
        if self.too_fast(milli, now, *last) {
            return Reading::Fault(ProbeFault::RateOfChange { milli });
        }
        *last = Some((now, milli));
        match self.role {
            Role::Temperature => Reading::Temperature(MilliDegC(milli)),
            Role::Humidity => Reading::Humidity(MilliPercent(milli)),
        }
    }

    /// The raw word or words, and the number that they stand for.
    fn raw(&self, data: &[u8]) -> Option<(u32, i64)> {
        let word = |place: usize| match data.get(place..place + 2) {
            Some([high, low]) => Some(u16::from_be_bytes([*high, *low])),
            _ => None,
        };
        let first = word(self.place)?;
        match self.kind {
            Kind::U16 => Some((first.into(), first.into())),
            Kind::S16 => Some((first.into(), first.cast_signed().into())),
            Kind::U32 | Kind::S32 => {
                let second = word(self.place + 2)?;
                let (high, low) = match self.word_order {
                    WordOrder::HighFirst => (first, second),
                    WordOrder::LowFirst => (second, first),
                };
                let raw = u32::from(high) << 16 | u32::from(low);
                Some((raw, if self.kind == Kind::S32 { raw.cast_signed().into() } else { raw.into() }))
            }
        }
    }

    /// The allowed change grows with the time since the last good value, so a true step is believed after a while.
    fn too_fast(&self, milli: i32, now: Monotonic, last: LastGood) -> bool {
        let (Some(rate), Some((then, before))) = (self.greatest_rate_milli_per_min, last) else {
            return false;
        };
        let seconds = now.since(then).as_secs().max(1);
        let allowed =
            u64::from(rate).saturating_mul(seconds) / 60 + u64::from(self.scale_milli.unsigned_abs());
        u64::from(milli.abs_diff(before)) > allowed
    }
}

#[cfg(test)]
#[path = "profile_tests.rs"]
mod tests;
