//! Which compartment a parcel gets: every hard filter, then preferences. Never one that is uncertain, never one twice.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use crate::command::Reach;
use crate::compartment::{Contact, Level, Use};
use crate::draft::Draft;
use crate::effect::Purpose;
use crate::event::Fact;
use crate::id::{BankId, CarrierId, CompartmentId, DeviceId, TerminalId, UnitId};
use crate::input::Health;
use crate::limits::{ACCESSIBLE_MM, START_EVIDENCE};
use crate::parcel::ParcelState;
use crate::refusal::Refusal;
use crate::site::{Climate, CompartmentSite, Sensing, Size};

/// What a parcel needs.
#[derive(Clone, Debug)]
pub(crate) struct Need<'n> {
    pub(crate) size: Size,
    pub(crate) climate: Climate,
    pub(crate) unit: &'n UnitId,
    pub(crate) carrier: &'n CarrierId,
    pub(crate) terminal: &'n TerminalId,
    /// What did just not take an order.
    pub(crate) shunned: Shunned<'n>,
}

/// What is not asked again for the same parcel.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shunned<'n> {
    Nothing,
    /// A board that could not be reached.
    Board(&'n DeviceId),
    /// A door whose lock must cool.
    Door(&'n CompartmentId),
}

impl Shunned<'_> {
    fn holds(self, id: &CompartmentId, site: &CompartmentSite) -> bool {
        match self {
            Self::Nothing => false,
            Self::Board(board) => site.lock.device == *board,
            Self::Door(door) => id == door,
        }
    }
}

/// Every size class, smallest first.
pub(crate) const SIZES: [Size; 4] = [Size::Small, Size::Medium, Size::Large, Size::ExtraLarge];

fn is_accessible(site: &CompartmentSite) -> bool {
    ACCESSIBLE_MM.contains(&site.handle.0) && ACCESSIBLE_MM.contains(&site.sill.0)
}

/// Same column and the row above or below, or the same row and the column beside.
fn are_neighbours(a: &CompartmentSite, b: &CompartmentSite) -> bool {
    let apart = (a.column.abs_diff(b.column), a.row.abs_diff(b.row));
    a.bank == b.bank && matches!(apart, (0, 1) | (1, 0))
}

impl Draft<'_> {
    /// The compartment a parcel gets.
    pub(crate) fn allocate(&self, need: &Need<'_>) -> Result<CompartmentId, Refusal> {
        let full_banks = self.banks_at_share(need.carrier);
        let reach = self.reach(need.unit);
        let candidates: Vec<(&CompartmentId, &CompartmentSite)> = self
            .site
            .compartments
            .iter()
            .filter(|(_, site)| !full_banks.contains(&site.bank))
            .filter(|(_, site)| reach == Reach::Any || is_accessible(site))
            .filter(|(id, site)| self.can_take(id, site, need))
            .collect();
        let home = self.bank_of(need.unit);
        let best = candidates.iter().min_by_key(|(id, site)| {
            let of_size = candidates.iter().filter(|(_, other)| other.size == site.size).count();
            let last_large = site.size > need.size && site.size >= Size::Large && of_size == 1;
            let row = self.compartment(id);
            let in_grace = row.wear > 0 && self.now.wall.since(row.since) < self.site.policy.pickup_grace;
            let held_back = is_accessible(site) && reach == Reach::Any;
            let near = home.as_ref() == Some(&site.bank);
            (last_large, site.size, held_back, in_grace, !near, row.wear, *id)
        });
        best.map(|(id, _)| (*id).clone()).ok_or_else(|| self.nothing_fits(need))
    }

    /// Why nothing is given: just after a start, doors that nobody has heard yet say nothing of how full the building is.
    pub(crate) fn nothing_fits(&self, need: &Need<'_>) -> Refusal {
        let unheard = |id, site: &CompartmentSite| {
            self.serves(need.terminal, &site.bank)
                && self.compartment(id).usage == Use::Free
                && site.size >= need.size
                && site.climate == need.climate
                && self.door_is_unheard(id)
        };
        let looking = self.now.wall.since(self.running().started) < START_EVIDENCE;
        if looking && self.site.compartments.iter().any(|(id, site)| unheard(id, site)) {
            Refusal::Starting
        } else {
            Refusal::NothingFits
        }
    }

    /// Sizes that would be served at a terminal now.
    pub(crate) fn sizes_for(&self, need: &Need<'_>) -> Vec<Size> {
        let built: BTreeSet<Size> = self
            .site
            .compartments
            .values()
            .filter(|site| self.serves(need.terminal, &site.bank) && site.climate == need.climate)
            .map(|site| site.size)
            .collect();
        let fits = |size: &Size| self.allocate(&Need { size: *size, ..need.clone() }).is_ok();
        built.into_iter().filter(fits).collect()
    }

    pub(crate) fn serves(&self, terminal: &TerminalId, bank: &BankId) -> bool {
        self.site.terminals.get(terminal).is_some_and(|site| site.serves.contains(bank))
    }

    /// The hard filters.
    fn can_take(&self, id: &CompartmentId, site: &CompartmentSite, need: &Need<'_>) -> bool {
        self.serves(need.terminal, &site.bank)
            && self.compartment(id).usage == Use::Free
            && site.size >= need.size
            && site.climate == need.climate
            && site.door == Sensing::Wired
            && self.door_is_shut(id)
            // What nobody recorded lies there all the same. An eye that is not heard, or not there, says nothing.
            && self.sensed(id, Contact::Occupancy) != Some(Level::Shut)
            && self.live_unlock(id).is_none()
            && !self.t.deposits.contains(id)
            && !need.shunned.holds(id, site)
            && self.board_answers(&site.lock.device)
            && self.keeps_climate(site)
            && !self.is_beside_open_door_of_another(site, need.terminal)
    }

    pub(crate) fn board_answers(&self, device: &DeviceId) -> bool {
        self.t.devices.get(device).is_none_or(|state| state.health != Health::Offline)
    }

    fn keeps_climate(&self, site: &CompartmentSite) -> bool {
        match (&site.probe, site.climate) {
            (_, Climate::Ambient) => true,
            (None, Climate::Chilled | Climate::Frozen) => false,
            (Some(probe), climate) => self.t.probes.get(probe).is_some_and(|state| state.keeps(climate)),
        }
    }

    fn is_beside_open_door_of_another(&self, site: &CompartmentSite, terminal: &TerminalId) -> bool {
        let of_others = self.t.deposits.iter().filter(|(_, deposit)| deposit.terminal != *terminal);
        let deposits = of_others.map(|(id, _)| id.clone());
        let visits = self.t.sessions.iter().filter(|(other, _)| *other != terminal);
        let visits = visits.filter_map(|(_, session)| session.visited_door().cloned());
        deposits
            .chain(visits)
            .filter(|id| !self.door_is_shut(id) || self.live_unlock(id).is_some())
            .filter_map(|id| self.site.compartments.get(&id))
            .any(|open| are_neighbours(open, site))
    }

    fn reach(&self, unit: &UnitId) -> Reach {
        let units = self.t.directory.get(&()).map_or(&[][..], |directory| &directory.units);
        units.iter().find(|known| known.id == *unit).map_or(Reach::Any, |known| known.reach)
    }

    fn bank_of(&self, unit: &UnitId) -> Option<BankId> {
        self.t.parcels.iter().filter(|(_, parcel)| parcel.unit == *unit).find_map(|(_, parcel)| match &parcel
            .state
        {
            ParcelState::Stored { place, .. } => {
                self.compartment_site(&place.compartment).map(|site| site.bank.clone())
            }
            _ => None,
        })
    }

    /// Banks of which a carrier already holds the share it may take in ten minutes without scanned labels.
    fn banks_at_share(&self, carrier: &CarrierId) -> BTreeSet<BankId> {
        let policy = &self.site.policy;
        let mut held = alloc::collections::BTreeMap::<BankId, usize>::new();
        for (_, parcel) in self.t.parcels.iter() {
            let (ParcelState::Depositing(place) | ParcelState::Stored { place, .. }) = &parcel.state else {
                continue;
            };
            let recent = self.now.wall.since(parcel.arrived) < SHARE_WINDOW;
            if recent
                && parcel.carrier.as_ref() == Some(carrier)
                && let Some(site) = self.compartment_site(&place.compartment)
            {
                *held.entry(site.bank.clone()).or_default() += 1;
            }
        }
        held.retain(|bank, count| {
            let doors = self.site.compartments.values().filter(|site| site.bank == *bank).count();
            // A share of a small bank would be one door; three are never a hoard.
            *count >= (doors * usize::from(policy.unscanned_share)).div_ceil(100).max(SHARE_FLOOR)
        });
        held.into_keys().collect()
    }

    /// Says that a bank gets full, once each time it crosses the line.
    pub(crate) fn note_occupancy(&mut self, id: &CompartmentId) {
        let Some(bank) = self.compartment_site(id).map(|site| site.bank.clone()) else { return };
        let ids = self.site.compartments.iter().filter(|(_, site)| site.bank == bank).map(|(id, _)| id);
        let (mut free, mut all) = (0_u32, 0_u32);
        for id in ids {
            all += 1;
            free += u32::from(self.compartment(id).usage == Use::Free);
        }
        let line = u32::from(self.site.policy.capacity_low);
        let above = |free: u32| all.saturating_sub(free) * 100 > line * all;
        if above(free) && !above(free + 1) {
            self.record(Fact::CapacityLow { bank, free, of: all });
        }
    }

    /// Says that a parcel found nothing at any bank of a terminal, if that is why it was refused.
    pub(crate) fn note_exhausted(&mut self, why: Refusal, terminal: &TerminalId, size: Size) {
        if why != Refusal::NothingFits {
            return;
        }
        let served = self.site.terminals.get(terminal).map(|site| site.serves.clone()).unwrap_or_default();
        for bank in served {
            self.record(Fact::CapacityExhausted { bank, size });
        }
    }

    /// Whether an order of this purpose can be made now.
    pub(crate) fn purpose_is_allowed(&self, purpose: Purpose) -> bool {
        !self.storage_is_degraded() || matches!(purpose, Purpose::Pickup | Purpose::StaffOnSite)
    }
}

/// The span in which a carrier's share of a bank is counted.
const SHARE_WINDOW: crate::time::Millis = crate::time::Millis::seconds(600);
/// Doors a carrier may always hold in that span.
const SHARE_FLOOR: usize = 3;
