//! A measured value in a poll's answer, and the checks that it must pass before it is believed.

use super::Span;
use crate::channel::Channel;
use crate::signal::{MilliDegC, MilliPercent, ProbeFault, Reading};
use crate::time::Monotonic;

/// What a register measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Temperature.
    Temperature,
    /// Relative humidity.
    Humidity,
}

/// How the register or registers hold a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    U16,
    S16,
    U32,
    S32,
}

impl Kind {
    /// How many registers it takes.
    pub(super) const fn registers(self) -> u16 {
        match self {
            Self::U16 | Self::S16 => 1,
            Self::U32 | Self::S32 => 2,
        }
    }
}

/// Which of two registers has the high word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WordOrder {
    HighFirst,
    LowFirst,
}

/// One probe in a poll's answer.
#[derive(Debug, Clone)]
pub struct ProbeField {
    /// Its number on the device.
    pub channel: Channel,
    pub(super) role: Role,
    pub(super) span: Span,
    pub(super) kind: Kind,
    pub(super) word_order: WordOrder,
    pub(super) scale_milli: i32,
    pub(super) offset_milli: i32,
    /// Raw words that mean "no reading".
    pub(super) sentinels: Vec<u32>,
    /// Scaled values that mean it, in thousandths: a DS18B20's 85.0 after power-on.
    pub(super) sentinels_milli: Vec<i32>,
    pub(super) plausible_milli: [i32; 2],
    pub(super) greatest_rate_milli_per_min: Option<u32>,
}

/// The last good value of a probe and its time, for the rate of change.
pub type LastGood = Option<(Monotonic, i32)>;

impl ProbeField {
    /// What it measures.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// Where it stands.
    #[must_use]
    pub const fn span(&self) -> Span {
        self.span
    }

    /// What `data`, a read from `first` at `now`, say of this probe. `last` is its last good value, and is kept up to date.
    #[must_use]
    pub fn reading(&self, data: &[u8], first: u16, now: Monotonic, last: &mut LastGood) -> Reading {
        let Some((raw, counts)) = self.raw(data, first) else {
            return Reading::Fault(ProbeFault::NoReply);
        };
        if self.sentinels.contains(&raw) {
            return Reading::Fault(ProbeFault::Sentinel { raw });
        }
        let scaled = counts.saturating_mul(self.scale_milli.into()).saturating_add(self.offset_milli.into());
        let milli = i32::try_from(scaled).unwrap_or(if scaled < 0 { i32::MIN } else { i32::MAX });
        if self.sentinels_milli.contains(&milli) {
            return Reading::Fault(ProbeFault::Sentinel { raw });
        }
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
    fn raw(&self, data: &[u8], first: u16) -> Option<(u32, i64)> {
        let place = usize::from(self.span.first.checked_sub(first)?) * 2;
        let word = |place: usize| match data.get(place..place + 2) {
            Some([high, low]) => Some(u16::from_be_bytes([*high, *low])),
            _ => None,
        };
        let one = word(place)?;
        match self.kind {
            Kind::U16 => Some((one.into(), one.into())),
            Kind::S16 => Some((one.into(), one.cast_signed().into())),
            Kind::U32 | Kind::S32 => {
                let two = word(place + 2)?;
                let (high, low) = match self.word_order {
                    WordOrder::HighFirst => (one, two),
                    WordOrder::LowFirst => (two, one),
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
