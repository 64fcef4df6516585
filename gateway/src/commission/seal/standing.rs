//! How the seal stands, in a few facts and in words: for `status`, `doctor` and metrics.

use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Break, Seal, SealError, UNKNOWN};

/// What can be said of a seal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SealState {
    /// Nobody has looked yet.
    #[default]
    Unknown,
    /// Nobody has walked the doors yet.
    None,
    /// Nothing was moved past the record since the doors were walked.
    Whole,
    /// Something was, by people who said why.
    Broken,
    /// The seal itself was taken, nobody knows by whom.
    Tampered,
    /// It is there and cannot be read: nothing may be moved past the daemon.
    Unreadable,
}

/// The word of each state but [`SealState::Unknown`].
pub const STATES: &[&str] = &["none", "whole", "broken", "tampered", "unreadable"];

/// How the seal stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealStanding {
    /// In one word.
    pub state: SealState,
    /// Who commissioned the site last, as `os:{user}`.
    pub by: Option<String>,
    /// When, in milliseconds since 1970.
    pub at: Option<i64>,
    /// Breaks since then, as far as they are kept.
    pub breaks: usize,
    /// When the first of them was, likewise.
    pub broken_since: Option<i64>,
    /// The last of them.
    pub last: Option<LastBreak>,
    /// The last of them that nobody owned up to: a copy of the seal was taken, or both.
    pub tampered: Option<LastBreak>,
    /// Breaks that the journal does not have yet.
    pub unjournalled: usize,
    /// Why it cannot be read.
    pub problem: Option<String>,
}

/// A break for others to see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastBreak {
    /// Who, as `os:{user}`; `unknown` where the seal itself was taken.
    pub by: String,
    /// The second person.
    pub second: Option<String>,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// Why, in their words.
    pub reason: String,
}

impl SealState {
    /// As metrics say it; none before anybody has looked.
    #[must_use]
    pub const fn word(self) -> Option<&'static str> {
        match self {
            Self::Unknown => None,
            Self::None => Some("none"),
            Self::Whole => Some("whole"),
            Self::Broken => Some("broken"),
            Self::Tampered => Some("tampered"),
            Self::Unreadable => Some("unreadable"),
        }
    }
}

impl From<&Break> for LastBreak {
    fn from(one: &Break) -> Self {
        let Break { by, second, at, reason, .. } = one.clone();
        Self { by, second, at, reason }
    }
}

impl From<Result<Option<Seal>, SealError>> for SealStanding {
    fn from(seal: Result<Option<Seal>, SealError>) -> Self {
        let seal = match seal {
            Ok(Some(seal)) => seal,
            Ok(None) => return Self { state: SealState::None, ..Self::default() },
            Err(why) => {
                let problem = Some(why.to_string());
                return Self { state: SealState::Unreadable, problem, ..Self::default() };
            }
        };
        let open: Vec<&Break> = seal.breaks.iter().filter(|one| !one.mended).collect();
        let tampered = open.iter().rev().find(|one| one.by == UNKNOWN);
        Self {
            state: match (open.is_empty(), tampered) {
                (true, _) => SealState::Whole,
                (false, None) => SealState::Broken,
                (false, Some(_)) => SealState::Tampered,
            },
            by: Some(seal.by.clone()),
            at: Some(seal.at),
            breaks: open.len(),
            broken_since: open.first().map(|one| one.at),
            last: open.last().map(|one| LastBreak::from(*one)),
            tampered: tampered.map(|one| LastBreak::from(*one)),
            unjournalled: seal.untold().count(),
            problem: None,
        }
    }
}

impl SealStanding {
    /// As the copies of a state folder tell.
    #[must_use]
    pub fn of(state_dir: &Path) -> Self {
        Self::from(Seal::of(state_dir))
    }

    /// In a line; none before anybody has looked.
    #[must_use]
    pub fn words(&self) -> Option<String> {
        let set = || {
            let by = self.by.as_deref().unwrap_or(UNKNOWN);
            format!("commissioned by {by} on {}", self.at.map(day).unwrap_or_default())
        };
        Some(match (self.state, &self.last) {
            (SealState::Unknown, _) => return None,
            (SealState::None, _) => "never commissioned".to_owned(),
            (SealState::Unreadable, _) => "UNREADABLE".to_owned(),
            (SealState::Broken | SealState::Tampered, Some(last)) => {
                let often = match self.breaks {
                    ..=1 => String::new(),
                    breaks => {
                        format!(", {breaks} times since {}", self.broken_since.map(day).unwrap_or_default())
                    }
                };
                let second = last.second.as_deref().map(|name| format!(" with {name}")).unwrap_or_default();
                let LastBreak { by, at, reason, .. } = last;
                format!("BROKEN{often}, last by {by}{second} on {}: {reason} ({})", day(*at), set())
            }
            (SealState::Whole | SealState::Broken | SealState::Tampered, _) => set(),
        })
    }

    /// Why somebody should look, and what to do; nothing for a seal that is whole, was never set, or was broken by a person
    /// who said why.
    #[must_use]
    pub fn attention(&self) -> Option<(String, &'static str)> {
        if let Some(problem) = self.problem.as_deref().filter(|_| self.state == SealState::Unreadable) {
            let next = "nothing is moved past the daemon meanwhile; look at the disk, then put the good copy of seal.json \
                        over the bad one (/var/lib/vestibule, /var/lib/vestibule-mark)";
            return Some((format!("the seal of commissioning cannot be read: {problem}"), next));
        }
        if let Some(LastBreak { at, reason, .. }) = &self.tampered {
            let what = format!("somebody tampered with the seal, found on {}: {reason}", day(*at));
            let next = "find out who was at this computer, then walk every door: sudo vestibule device walk";
            return Some((what, next));
        }
        (self.unjournalled > 0).then(|| {
            let what = format!("{} breaks of the seal are not in the journal yet", self.unjournalled);
            (what, "the daemon tells them once its disk takes rows; start it, or look at that disk")
        })
    }
}

fn day(millis: i64) -> String {
    let at = Timestamp::from_millisecond(millis).map(|at| at.strftime("%Y-%m-%d %H:%M UTC").to_string());
    at.unwrap_or_else(|_| "an unknown day".to_owned())
}
