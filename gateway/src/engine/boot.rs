//! From a database file, whatever its state, to an engine that serves doors.

use std::collections::BTreeSet;

use vestibule_contract::identity::BootId;
use vestibule_contract::notice::NotifierKey;
use vestibule_core::Building;
use vestibule_core::building::CodeKey;
use vestibule_core::compartment::{InspectionCause, Use};
use vestibule_core::id::{CompartmentId, ParcelId};
use vestibule_core::input::{Input, KeyState, Rewound, Started};
use vestibule_core::row::{CompartmentRow, Row, RowKey};
use vestibule_core::site::Site;
use vestibule_core::time::{Now, Timestamp};
use vestibule_core::unit::Digest;
use vestibule_store::{Loaded, OpenError, Opening, Origin, Place, Reader, Store};

use super::entropy::EntropySource;
use super::step::{Engine, Parts};
use super::upkeep::Keep;

/// What a start brings along.
pub struct Boot {
    /// The building as built.
    pub site: Site,
    /// The key of all pickup codes.
    pub key: CodeKey,
    /// Whether that is the key of the last start.
    pub key_state: KeyState,
    /// Randomness.
    pub entropy: EntropySource,
    /// Whose key notices are sealed to.
    pub notifier: Option<NotifierKey>,
    /// How long journal rows are kept.
    pub keep: Keep,
    /// Digest of the configuration in force.
    pub configuration: Digest,
    /// Version of the daemon.
    pub version: String,
    /// When.
    pub now: Now,
}

/// Opens the store, loads the building, and gives the first input, which the caller steps before any other.
///
/// # Errors
/// Only what a person must decide: the file is held, or another building's. A damaged file, one of a newer program, or a
/// dead disk stops nothing: what lies behind a door is then for staff to find out.
pub fn boot(place: Box<dyn Place>, mut boot: Boot) -> Result<(Engine, Input), OpenError> {
    let opened = Opened::open(place, &boot.site, &mut boot.entropy, boot.now)?;
    Ok(boot_on(opened, boot))
}

/// A record that was opened and that nobody has acted on yet.
pub struct Opened {
    store: Store,
    loaded: Loaded,
}

impl Opened {
    /// Opens or makes the database.
    ///
    /// # Errors
    /// As [`boot`].
    pub fn open(
        place: Box<dyn Place>,
        site: &Site,
        entropy: &mut EntropySource,
        now: Now,
    ) -> Result<Self, OpenError> {
        let opening = Opening { building: site.building.clone(), entropy: entropy.entropy(), now: now.wall };
        let (store, loaded) = Store::open(place, opening)?;
        Ok(Self { store, loaded })
    }

    /// What the mark beside the record tells of it, where the record is one that was here before and can be written.
    pub fn rewound(&self, judge: impl FnOnce(&str, u32, &Reader) -> Option<Rewound>) -> Option<Rewound> {
        match self.loaded.origin {
            Origin::Existing => {
                judge(&self.loaded.epoch.to_string(), boots(&self.loaded.rows), &self.store.reader())
            }
            _ => None,
        }
    }

    /// The state, and the file is let go of.
    #[must_use]
    pub fn into_rows(self) -> Vec<(RowKey, Row)> {
        self.loaded.rows
    }
}

/// Goes on from an opened record.
#[must_use]
pub fn boot_on(opened: Opened, boot: Boot) -> (Engine, Input) {
    let Opened { mut store, loaded } = opened;
    let Boot { site, key, key_state, mut entropy, notifier, keep, configuration, version, now } = boot;
    report(&loaded);
    if key_state == KeyState::Renewed && loaded.rows.iter().any(|(_, row)| matches!(row, Row::Codes(_))) {
        tracing::error!(
            "the key of all pickup codes is a new one: every code told before is void, recipients are told new ones by \
             notice, and staff can open for whoever has none"
        );
    }
    let count = boots(&loaded.rows).saturating_add(1);
    let mut boot_id = [0; 16];
    boot_id.copy_from_slice(&entropy.draw()[..16]);
    store.begin_boot(count, BootId(boot_id));

    let lost = lost_compartments(&site, &loaded);
    let rewound = match &loaded.origin {
        Origin::Rewound(rewound) => Some(rewound.clone()),
        _ => None,
    };
    let marked: Vec<(RowKey, Row)> =
        lost.into_iter().map(|id| record_lost(id, &loaded.rows, now.wall)).collect();
    let support = site.support.clone();
    let rows = loaded.rows.into_iter().chain(marked.iter().cloned());
    let building = Building::load(site, key, rows);
    let rows = marked.into_iter().map(|(key, row)| (key, Some(row))).collect();
    let engine =
        Engine::new(Parts { building, store, entropy, notifier, support, keep, rows, now: now.mono });
    (engine, Input::Started(Started { boot: count, configuration, version, key: key_state, rewound }))
}

/// How often the daemon has started on this file.
fn boots(rows: &[(RowKey, Row)]) -> u32 {
    let count = |(_, row): &(RowKey, Row)| match row {
        Row::Gateway(gateway) => Some(gateway.boot),
        _ => None,
    };
    rows.iter().find_map(count).unwrap_or(0)
}

/// Compartments of which nobody knows what lies in them, because a row that says so is gone.
fn lost_compartments(site: &Site, loaded: &Loaded) -> BTreeSet<CompartmentId> {
    let all = || site.compartments.keys().cloned();
    if matches!(loaded.origin, Origin::Renewed { .. } | Origin::Unreadable { .. }) {
        return all().collect();
    }
    let parcels: BTreeSet<ParcelId> = loaded.rows.iter().filter_map(|(key, _)| parcel(key)).collect();
    let orphaned = loaded.rows.iter().filter_map(|(key, row)| match (key, row) {
        (RowKey::Compartment(id), Row::Compartment(row)) => match &row.usage {
            Use::Reserved(parcel) | Use::Occupied(parcel) if !parcels.contains(parcel) => Some(id.clone()),
            _ => None,
        },
        _ => None,
    });
    let named = loaded.damaged.iter().filter_map(|damaged| match &damaged.key {
        Some(RowKey::Compartment(id)) => Some(id.clone()),
        _ => None,
    });
    let mut lost: BTreeSet<CompartmentId> = orphaned.chain(named).collect();
    // A row whose own key is unreadable may be any compartment's that has no row.
    if loaded.damaged.iter().any(|damaged| damaged.key.is_none()) {
        let known =
            |id: &CompartmentId| loaded.rows.iter().any(|(key, _)| *key == RowKey::Compartment(id.clone()));
        lost.extend(all().filter(|id| !known(id)));
    }
    lost
}

fn parcel(key: &RowKey) -> Option<ParcelId> {
    match key {
        RowKey::Parcel(id) => Some(*id),
        _ => None,
    }
}

fn record_lost(id: CompartmentId, rows: &[(RowKey, Row)], now: Timestamp) -> (RowKey, Row) {
    let key = RowKey::Compartment(id);
    let wear = rows.iter().find_map(|(known, row)| match row {
        Row::Compartment(row) if *known == key => Some(row.wear),
        _ => None,
    });
    let usage = Use::NeedsInspection(InspectionCause::RecordLost);
    (key, Row::Compartment(CompartmentRow { usage, since: now, wear: wear.unwrap_or(0) }))
}

fn report(loaded: &Loaded) {
    let rows = loaded.rows.len();
    match &loaded.origin {
        Origin::Created => tracing::info!(epoch = %loaded.epoch, "made a new database"),
        Origin::Existing => {
            tracing::info!(epoch = %loaded.epoch, head = loaded.head.sequence, rows, "loaded the database");
        }
        Origin::Renewed { set_aside, why } => tracing::error!(
            file = set_aside,
            why,
            "database was damaged and is kept aside; every compartment must be looked into"
        ),
        Origin::Rewound(rewound) => tracing::error!(
            ?rewound,
            "the record is older than the building: a new epoch begins, codes told before are void"
        ),
        Origin::ReadOnly { why } => {
            tracing::error!(
                why,
                rows,
                "database can be read and not written; pickups and staff on site go on"
            );
        }
        Origin::Unreadable { why } => {
            tracing::error!(
                why,
                "database cannot be used; staff on site open doors, and no code does, until it can"
            );
        }
    }
    for damaged in &loaded.damaged {
        tracing::error!(table = ?damaged.kind, key = ?damaged.key, why = %damaged.damage, "a row is damaged and left out");
    }
}
