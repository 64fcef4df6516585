//! `vestibule restore`: an earlier record takes the place of the present one, with the daemon stopped.

use serde::Serialize;
use vestibule_core::input::{Changed, Entropy};
use vestibule_core::time::Timestamp;

use super::arguments::{Arguments, Restore};
use super::backup::identity;
use super::{Exit, Failure, Out, stopped};
use crate::backup::{Checked, Doubt, Outcome, Restore as Order, check};
use crate::config::{self, Layers};
use crate::engine::EntropySource;

#[derive(Serialize)]
struct Done {
    building: String,
    epoch: String,
    restored: u64,
    known: Option<u64>,
    doors: Option<Vec<String>>,
    set_aside: Option<String>,
    written: Vec<String>,
    kept: Vec<String>,
    journal_broken_at: Option<u64>,
}

/// Runs the command.
///
/// # Errors
/// The daemon runs, the backup is not whole or another building's, or the disk refuses; the present record is then as it was.
pub fn restore(arguments: &Arguments, restore: &Restore, out: &mut Out) -> Result<Exit, Failure> {
    let loaded = config::load_for_elsewhere(&Layers::from_options(&arguments.config));
    let configuration = loaded.configuration.ok_or_else(|| {
        Failure::new(
            "there is no good configuration: install the building's package first; see `vestibule check`",
        )
    })?;
    let state_dir = &configuration.local.state_dir;
    let checked = check(&restore.file).map_err(|error| Failure::chain(&error))?;
    let _ours = stopped(state_dir)?;
    let mut source = EntropySource::from_system().map_err(|error| Failure::new(error.to_string()))?;
    let entropy: Entropy = source.entropy();
    let order = Order {
        state_dir,
        building: &configuration.site.building,
        identity: &identity(&configuration)?,
        doubt: if restore.unchanged { Doubt::None } else { Doubt::AsFound },
        entropy: &entropy,
        now: Timestamp(jiff::Timestamp::now().as_millisecond()),
    };
    let outcome = checked.restore(&order).map_err(|error| Failure::chain(&error))?;
    let done = done(&checked, &outcome);
    out.either(&done, || words(&done, &checked))?;
    Ok(Exit::Done)
}

fn done(checked: &Checked, outcome: &Outcome) -> Done {
    let names = |paths: &[std::path::PathBuf]| paths.iter().map(|path| path.display().to_string()).collect();
    Done {
        building: checked.manifest.building.clone(),
        epoch: outcome.rewound.epoch.clone(),
        restored: outcome.rewound.restored,
        known: outcome.rewound.known,
        doors: match &outcome.rewound.changed {
            Changed::All => None,
            Changed::These(doors) => Some(doors.iter().map(ToString::to_string).collect()),
        },
        set_aside: outcome.set_aside.clone(),
        written: names(&outcome.written),
        kept: names(&outcome.kept),
        journal_broken_at: checked.broken_at,
    }
}

fn words(done: &Done, checked: &Checked) -> String {
    let mut words = vec![format!(
        "{} is back as of row {} ({}). A new epoch begins with the next start, and the cloud is told `gateway.rewound`.",
        done.building, done.restored, checked.manifest.made_at
    )];
    words.push(match &done.doors {
        None => "Nothing tells what happened since: every door is to be looked into, and only staff open what is occupied.".into(),
        Some(doors) if doors.is_empty() => "No door has changed since.".into(),
        Some(doors) => format!("To be looked into, because something happened there since: {}.", doors.join(", ")),
    });
    words.push("Every code told so far is void; recipients of parcels that wait are told new ones.".into());
    words.extend(done.set_aside.iter().map(|name| format!("The record that was here is kept as {name}.")));
    words.extend(done.written.iter().map(|name| format!("written  {name}")));
    words.extend(done.kept.iter().map(|name| format!("kept     {name}, which differs from the backup's")));
    if let Some(row) = done.journal_broken_at {
        words.push(format!(
            "The journal in the backup does not hold together from row {row} on; the state is whole."
        ));
    }
    words.push("Next: systemctl start vestibule".into());
    words.join("\n")
}
