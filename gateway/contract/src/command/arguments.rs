//! What each command needs besides id, deadline and reason.

use std::collections::BTreeSet;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vestibule_core::command::{
    CARRIERS_MAX, Carrier, Carriers, Command, Directory, Intake, Reach, UNITS_MAX, Unit,
};
use vestibule_core::id::{BadId, CommandId};
use vestibule_core::limits::ROUND_DOORS;
use vestibule_core::parcel::TRACKING_MAX;
use vestibule_core::site::Size;
use vestibule_core::time::Timestamp;
use vestibule_core::unit::Digest;

use super::Request;
use super::error::Wrong;
use crate::words::ClimateWord;
use crate::{hex, time};

/// Nothing: `{}` or absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoArguments {}

/// `unlock.many`: doors opened one after the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnlockManyArguments {
    /// Ids of 1 to 96 compartments, none twice, in the order in which they are to be opened.
    pub compartments: Vec<String>,
}

/// `parcel.intake`: a parcel logged by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IntakeArguments {
    /// For whom: a unit's id.
    pub unit: String,
    /// Brought by: a carrier's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
    /// The carrier's number, at most 48 visible ASCII characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking: Option<String>,
    /// Size class.
    pub size: SizeWord,
    /// Climate it needs; `ambient` if absent.
    #[serde(default)]
    pub climate: ClimateWord,
    /// RFC 3339: when it happened, if entered later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<String>,
}

/// Size class of a parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum SizeWord {
    Small,
    Medium,
    Large,
    ExtraLarge,
}

/// `directory.sync`: all units as one versioned batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DirectoryArguments {
    /// Grows with each change at the owner.
    pub version: u64,
    /// At most 2,000 units.
    pub units: Vec<UnitFields>,
}

/// One unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnitFields {
    /// Its id, as a courier keys it.
    pub id: String,
    /// What reach somebody there needs; `any` if absent.
    #[serde(default)]
    pub reach: ReachWord,
}

/// What reach a recipient needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReachWord {
    /// Any door.
    #[default]
    Any,
    /// Handle and sill between 380 and 1220 mm.
    Accessible,
}

/// `carriers.sync`: all carriers as one versioned batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CarriersArguments {
    /// Grows with each change at the owner.
    pub version: u64,
    /// At most 64 carriers.
    pub carriers: Vec<CarrierFields>,
}

/// One carrier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CarrierFields {
    /// Its id.
    pub id: String,
    /// SHA-256 of `vestibule-carrier-code/1:{building}:{carrier}:{code}` as 64 hexadecimal digits.
    pub code_digest: String,
}

/// `unlock`: the target is the compartment.
pub(super) fn unlock(request: &mut Request<NoArguments>) -> Result<Command, Wrong> {
    let target = request.target.take().ok_or(Wrong::Missing("target"))?;
    Ok(Command::Unlock { compartment: id("target", &target)? })
}

/// `unlock.cancel`: the target is the other command's id.
pub(super) fn unlock_cancel(request: &mut Request<NoArguments>) -> Result<Command, Wrong> {
    let target = request.target.take().ok_or(Wrong::Missing("target"))?;
    let id = CommandId::new(&target).map_err(|source| Wrong::Id { field: "target", source })?;
    Ok(Command::UnlockCancel { id })
}

impl UnlockManyArguments {
    pub(super) fn command(request: &mut Request<Self>) -> Result<Command, Wrong> {
        let all = given(request)?;
        let ids = all.compartments.iter().map(String::as_str);
        Ok(Command::UnlockMany { compartments: entries("compartments", ids, ROUND_DOORS)? })
    }
}

impl IntakeArguments {
    pub(super) fn command(request: &mut Request<Self>) -> Result<Command, Wrong> {
        let all = given(request)?;
        if let Some(tracking) = &all.tracking {
            text("arguments.tracking", tracking, TRACKING_MAX, |character| character.is_ascii_graphic())?;
        }
        Ok(Command::ParcelIntake(Intake {
            unit: id("arguments.unit", &all.unit)?,
            carrier: all.carrier.as_deref().map(|text| id("arguments.carrier", text)).transpose()?,
            tracking: all.tracking,
            size: all.size.into(),
            climate: all.climate.into(),
            occurred_at: all
                .occurred_at
                .as_deref()
                .map(|text| instant("arguments.occurred_at", text))
                .transpose()?,
        }))
    }
}

impl DirectoryArguments {
    pub(super) fn command(request: &mut Request<Self>) -> Result<Command, Wrong> {
        let all = given(request)?;
        let ids = all.units.iter().map(|unit| unit.id.as_str());
        let ids = entries("units", ids, UNITS_MAX)?;
        let reach = all.units.iter().map(|unit| unit.reach.into());
        let units = ids.into_iter().zip(reach).map(|(id, reach)| Unit { id, reach }).collect();
        Ok(Command::DirectorySync(Directory { version: all.version, units }))
    }
}

impl CarriersArguments {
    pub(super) fn command(request: &mut Request<Self>) -> Result<Command, Wrong> {
        let all = given(request)?;
        let ids = entries("carriers", all.carriers.iter().map(|carrier| carrier.id.as_str()), CARRIERS_MAX)?;
        let carriers = ids.into_iter().zip(&all.carriers).enumerate();
        let carriers = carriers.map(|(index, (id, fields))| {
            let code_digest = hex::decode(&fields.code_digest).map(Digest);
            Ok(Carrier { id, code_digest: code_digest.ok_or(Wrong::CodeDigest { index })? })
        });
        let carriers = carriers.collect::<Result<_, Wrong>>()?;
        Ok(Command::CarriersSync(Carriers { version: all.version, carriers }))
    }
}

fn given<A>(request: &mut Request<A>) -> Result<A, Wrong> {
    request.arguments.take().ok_or(Wrong::Missing("arguments"))
}

fn id<T: FromStr<Err = BadId>>(field: &'static str, text: &str) -> Result<T, Wrong> {
    text.parse().map_err(|source| Wrong::Id { field, source })
}

/// The ids of a batch: not too many, each well formed, none twice.
fn entries<'a, T: FromStr<Err = BadId>>(
    field: &'static str,
    ids: impl ExactSizeIterator<Item = &'a str>,
    most: usize,
) -> Result<Vec<T>, Wrong> {
    if ids.len() > most {
        return Err(Wrong::TooMany { field, entries: ids.len(), most });
    }
    let mut met = BTreeSet::new();
    let checked = ids.enumerate().map(|(index, id)| {
        if !met.insert(id) {
            return Err(Wrong::Twice { field, index, id: id.into() });
        }
        id.parse().map_err(|source| Wrong::EntryId { field, index, source })
    });
    checked.collect()
}

pub(super) fn instant(field: &'static str, text: &str) -> Result<Timestamp, Wrong> {
    time::parse(text).map_err(|source| Wrong::Time { field, source })
}

pub(super) fn text(
    field: &'static str,
    text: &str,
    most: usize,
    allowed: impl Fn(char) -> bool,
) -> Result<(), Wrong> {
    if text.len() > most {
        return Err(Wrong::TooLong { field, bytes: text.len(), most });
    }
    if !text.chars().all(allowed) {
        return Err(Wrong::Character { field });
    }
    Ok(())
}

impl From<SizeWord> for Size {
    fn from(word: SizeWord) -> Self {
        match word {
            SizeWord::Small => Self::Small,
            SizeWord::Medium => Self::Medium,
            SizeWord::Large => Self::Large,
            SizeWord::ExtraLarge => Self::ExtraLarge,
        }
    }
}

impl From<ReachWord> for Reach {
    fn from(word: ReachWord) -> Self {
        match word {
            ReachWord::Any => Self::Any,
            ReachWord::Accessible => Self::Accessible,
        }
    }
}
