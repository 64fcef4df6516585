//! Whether somebody may move locks and set addresses: who they are, the seal, and the doors that hold something.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use vestibule_contract::words::CompartmentUse;
use vestibule_core::command::REASON_MAX;
use vestibule_core::compartment::Use;
use vestibule_core::id::CompartmentId;
use vestibule_core::row::{Row, RowKey};
use vestibule_store::{Folder, Reader};

use super::super::arguments::{Arguments, Permission};
use super::super::{Failure, ask, stopped};
use super::place::usage;
use super::wire::Leave;
use crate::clock;
use crate::commission::{Break, Seal, SealError, known};
use crate::config::{self, Configuration, Layers, Origin};
use crate::console::protocol::BorrowRequest;
use crate::console::{Client, account_names, no_second, user_name_of};
use crate::run::StateFolder;

/// What somebody may do.
pub struct Permit {
    /// Who, as `os:{user}`.
    pub who: String,
    /// The second person.
    pub second: Option<String>,
    break_seal: Option<String>,
    leave: Leave,
    /// Doors behind which something lies, or may lie.
    occupied: BTreeSet<CompartmentId>,
    /// The break of the seal that the stopped daemon is to hear of, and the state folder that it is kept in.
    pending: Option<(PathBuf, Break)>,
    /// Held while the daemon is stopped, so that it does not start in the middle.
    _ours: Option<StateFolder>,
}

/// The configuration as it is: no door is moved by an old one.
///
/// # Errors
/// It is bad.
pub fn configuration(arguments: &Arguments) -> Result<Configuration, Failure> {
    let loaded = config::load_for_start(&Layers::from_options(&arguments.config));
    match loaded.configuration {
        Some(configuration) if configuration.origin == Origin::Current => Ok(configuration),
        _ => Err(Failure::new("the configuration has errors; see `vestibule check`")),
    }
}

/// Now, as reports say it.
#[must_use]
pub fn now() -> String {
    jiff::Timestamp::now().round(jiff::Unit::Second).unwrap_or_else(|_| jiff::Timestamp::now()).to_string()
}

impl Permit {
    /// Asks for leave. Nothing may be moved before [`Self::record`].
    ///
    /// # Errors
    /// The seal is not to be broken without a reason, or who is inside cannot be told.
    pub fn ask(
        arguments: &Arguments,
        configuration: Option<&Configuration>,
        given: &Permission,
    ) -> Result<Self, Failure> {
        let who = user_name_of(rustix::process::getuid().as_raw());
        // Under sudo the person is the one who typed it.
        let who = match std::env::var("SUDO_USER") {
            Ok(person) if who == "os:root" && !person.is_empty() => format!("os:{person}"),
            _ => who,
        };
        let second = given.second_person.as_deref().map(|name| second(name, &who)).transpose()?;
        let break_seal = given.break_seal.as_deref().map(reason).transpose()?;
        if let Ok(mut client) = Client::connect(&ask::socket(arguments)) {
            let snapshot = ask::snapshot(&mut client)?;
            let occupied = snapshot.compartments.iter().filter(|one| one.usage != CompartmentUse::Free);
            let occupied = occupied.filter_map(|one| CompartmentId::new(&one.id).ok()).collect();
            let leave = Leave::Daemon;
            return Ok(Self { who, second, break_seal, leave, occupied, pending: None, _ours: None });
        }
        // Before there is a configuration there may be a seal: somebody has taken the files away.
        let layers = Layers::from_options(&arguments.config);
        let state_dir = config::peek_state_dir(&layers);
        let ours = configuration.map(|_| stopped(&state_dir)).transpose()?;
        let occupied = configuration.map(occupied).transpose()?.unwrap_or_default();
        put_back(&state_dir, configuration)?;
        let pending = match sealed_folder(state_dir)? {
            None => None,
            Some(folder) => {
                let reason = break_seal.clone().ok_or_else(sealed)?;
                Some((folder, Break::new(who.clone(), second.clone(), clock::wall().0, reason)))
            }
        };
        Ok(Self { who, second, break_seal, leave: Leave::Own, occupied, pending, _ours: ours })
    }

    /// Notes the break of the seal down; on the disk when this returns. A running daemon does so itself when it lends a line.
    ///
    /// # Errors
    /// It cannot be written: nothing may be moved.
    pub fn record(&self) -> Result<(), Failure> {
        let Some((state_dir, one)) = &self.pending else { return Ok(()) };
        Seal::record(state_dir, one.clone()).map_err(|error| Failure::new(error.to_string()))
    }

    /// Why a door is left alone; none where it may be moved.
    #[must_use]
    pub fn forbids(&self, compartment: &CompartmentId) -> Option<String> {
        let alone = self.occupied.contains(compartment) && self.second.is_none();
        alone.then(|| {
            "something lies or may lie in it; with a second person: --second-person ACCOUNT".to_owned()
        })
    }

    /// On whose word lines are taken.
    #[must_use]
    pub const fn leave(&self) -> Leave {
        self.leave
    }

    /// What the daemon is asked.
    #[must_use]
    pub fn borrow(&self) -> BorrowRequest {
        BorrowRequest {
            line: String::new(),
            writes: true,
            break_seal: self.break_seal.clone(),
            second_person: self.second.clone(),
        }
    }
}

/// The folder that has a seal: the configured one, or the usual one, which another configuration does not make go away.
fn sealed_folder(state_dir: PathBuf) -> Result<Option<PathBuf>, Failure> {
    for folder in [state_dir, PathBuf::from(config::STATE_DIR)] {
        if Seal::of(&folder).map_err(|error| Failure::new(error.to_string()))?.is_some() {
            return Ok(Some(folder));
        }
    }
    Ok(None)
}

/// A seal that mark or journal know of and both of whose copies are gone is put back, and says so at the daemon's next start.
fn put_back(state_dir: &Path, configuration: Option<&Configuration>) -> Result<(), Failure> {
    let failed = |error: SealError| Failure::new(error.to_string());
    if Seal::of(state_dir).map_err(failed)?.is_some() {
        return Ok(());
    }
    let open = |site: &Configuration| Reader::open(&Folder::new(state_dir), &site.site.building).ok();
    let Some(known) = known(state_dir, configuration.and_then(open).as_ref()) else { return Ok(()) };
    Seal::restore(state_dir, known, clock::wall().0).map_err(failed)?;
    Ok(())
}

fn sealed() -> Failure {
    Failure::new(
        "this site is commissioned, and its daemon is stopped: nobody would know what you move. Start it, or say why with \
         --break-seal REASON; that is recorded and journalled at the next start",
    )
}

fn reason(text: &str) -> Result<String, Failure> {
    match text.trim() {
        fits if !fits.is_empty() && fits.len() <= REASON_MAX => Ok(fits.to_owned()),
        _ => {
            Err(usage(format!("--break-seal must have 1 to {REASON_MAX} bytes: it is what the journal says")))
        }
    }
}

/// The second person has an account here and is somebody else.
fn second(name: &str, who: &str) -> Result<String, Failure> {
    let person = format!("os:{}", name.trim());
    no_second(&person, who, &account_names())
        .map_or(Ok(person), |why| Err(usage(format!("--second-person: {why}"))))
}

/// Doors that are not known to be empty, as the database of the stopped daemon tells.
fn occupied(configuration: &Configuration) -> Result<BTreeSet<CompartmentId>, Failure> {
    let folder = Folder::new(&configuration.local.state_dir);
    if !configuration.local.state_dir.join(vestibule_store::DATABASE).exists() {
        return Ok(BTreeSet::new());
    }
    let rows = Reader::open(&folder, &configuration.site.building)
        .map_err(|error| error.to_string())
        .and_then(|reader| reader.snapshot().map_err(|error| error.to_string()))
        .and_then(|snapshot| snapshot.rows().map_err(|error| error.to_string()))
        .map_err(|why| Failure::new(format!("nobody can tell what lies in the compartments: {why}")))?;
    // A pickup that jammed takes its door out of service and leaves the parcel inside: only a free one is empty.
    let holds = |row: &Row| matches!(row, Row::Compartment(one) if one.usage != Use::Free);
    let occupied = rows.iter().filter(|(_, row)| holds(row)).filter_map(|(key, _)| match key {
        RowKey::Compartment(id) => Some(id.clone()),
        _ => None,
    });
    Ok(occupied.collect())
}
