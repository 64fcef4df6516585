//! What compartments are used for and where parcels are: the few moves that keep both in step.

use sha2::{Digest as _, Sha256};

use crate::compartment::{InspectionCause, ServiceCause, Use};
use crate::draft::Draft;
use crate::effect::Effect;
use crate::event::Fact;
use crate::id::{CompartmentId, NoticeId, ParcelId, UnitId};
use crate::limits::NOTICES_MAX;
use crate::parcel::{CollectionProof, ExceptionKind, Parcel, ParcelState, Place};
use crate::row::{CodesRow, CompartmentRow, NoticeKind, NoticeRow};

impl Draft<'_> {
    pub(crate) fn compartment(&self, id: &CompartmentId) -> CompartmentRow {
        self.t.compartments.get(id).cloned().unwrap_or(CompartmentRow {
            usage: Use::Free,
            since: self.now.wall,
            wear: 0,
        })
    }

    pub(crate) fn use_for(&mut self, id: &CompartmentId, usage: Use) {
        let mut row = self.compartment(id);
        row.usage = usage;
        row.since = self.now.wall;
        self.t.compartments.put(id.clone(), row);
    }

    /// Gives a compartment back to allocation.
    pub(crate) fn release(&mut self, id: &CompartmentId) {
        self.use_for(id, Use::Free);
        self.record(Fact::CompartmentReleased { compartment: id.clone() });
    }

    /// Keeps a compartment for a person to look into. One that is out of service stays so.
    pub(crate) fn inspect(&mut self, id: &CompartmentId, cause: InspectionCause) {
        if matches!(self.compartment(id).usage, Use::OutOfService(_)) {
            return;
        }
        self.use_for(id, Use::NeedsInspection(cause));
        self.record(Fact::CompartmentNeedsInspection { compartment: id.clone(), cause });
    }

    /// Takes a compartment out of service because its lock jams.
    pub(crate) fn jam(&mut self, id: &CompartmentId) {
        self.record(Fact::CompartmentJammed { compartment: id.clone() });
        let cause = ServiceCause::Jammed;
        self.use_for(id, Use::OutOfService(cause));
        self.record(Fact::CompartmentOutOfService { compartment: id.clone(), cause });
    }

    pub(crate) fn place(&self, id: &CompartmentId) -> Option<Place> {
        let lock = self.compartment_site(id)?.lock.clone();
        Some(Place { compartment: id.clone(), lock })
    }

    pub(crate) fn set_parcel(&mut self, id: ParcelId, state: ParcelState) {
        self.t.parcels.edit(&id, |parcel| parcel.state = state);
    }

    /// A parcel that rests in a compartment, settled and waiting or being taken.
    pub(crate) fn parcel_in(&self, id: &CompartmentId) -> Option<(ParcelId, &Parcel)> {
        self.t.parcels.iter().map(|(parcel, row)| (*parcel, row)).find(|(_, row)| {
            matches!(&row.state, ParcelState::Stored { place, .. } | ParcelState::Collecting { place, .. }
                if place.compartment == *id)
        })
    }

    /// Makes a parcel an exception for staff, where it is believed to be.
    pub(crate) fn except(&mut self, id: ParcelId, place: Option<Place>, kind: ExceptionKind) {
        let code = self.t.parcels.get(&id).and_then(|parcel| parcel.state.code());
        let compartment = place.as_ref().map(|place| place.compartment.clone());
        self.set_parcel(id, ParcelState::Exception { place, kind, code });
        self.record(Fact::ParcelException { parcel: id, compartment, kind });
    }

    /// The next counter of a unit whose code nobody holds.
    pub(crate) fn issue_code(&mut self, unit: &UnitId) -> u32 {
        let mut counter = self.t.codes.get(unit).map_or_else(|| self.first_counter(unit), |row| row.next);
        loop {
            let code = self.keys.derive(&self.site.building, unit, counter);
            let taken = self.keys.knows(&code) || self.fresh.iter().any(|other| other.is(&code));
            if !taken {
                self.fresh.push(code);
                self.t.codes.put(unit.clone(), CodesRow { next: counter.saturating_add(1) });
                return counter;
            }
            counter = counter.saturating_add(1);
        }
    }

    /// Where a unit's counter begins. Drawn, because the counters of a lost database must not come again: its codes are
    /// in people's hands and messages. Below 2^31, so that as many counters lie ahead; a unit that gets ten parcels a
    /// day for twenty years uses 2^17 of them, which come to lie among those of an earlier database once in 2^13.
    fn first_counter(&self, unit: &UnitId) -> u32 {
        // Several units may begin in one decision.
        let mixed = Sha256::new().chain_update(self.entropy).chain_update(unit.as_str()).finalize();
        let mut head = [0; 4];
        head.copy_from_slice(&mixed[..4]);
        u32::from_be_bytes(head) >> 1
    }

    /// A parcel was taken out; its compartment is free if its door is known to be shut.
    pub(crate) fn collected(&mut self, id: ParcelId, proof: CollectionProof) {
        let Some(parcel) = self.t.parcels.get(&id).cloned() else { return };
        let (place, code) = match parcel.state {
            ParcelState::Stored { place, code } | ParcelState::Collecting { place, code, .. } => {
                (place, code)
            }
            _ => return,
        };
        let compartment = place.compartment.clone();
        self.set_parcel(id, ParcelState::Collected { place, code, at: self.now.wall, proof });
        let unit = parcel.unit;
        self.record(Fact::ParcelCollected { parcel: id, unit, compartment: compartment.clone(), proof });
        if self.compartment(&compartment).usage == Use::Occupied(id) {
            if self.door_is_known_shut(&compartment) {
                self.release(&compartment);
            } else {
                self.inspect(&compartment, InspectionCause::PickupNotClosed);
            }
        }
        self.drop_notices(id);
    }

    fn door_is_known_shut(&self, id: &CompartmentId) -> bool {
        self.sensed(id, crate::compartment::Contact::Door) == Some(crate::compartment::Level::Shut)
    }

    /// Queues a notice to a parcel's recipient.
    pub(crate) fn notify(&mut self, parcel: ParcelId, kind: NoticeKind) {
        let Some(row) = self.t.parcels.get(&parcel) else { return };
        let (unit, code) = (row.unit.clone(), row.state.code());
        let code = code.filter(|_| matches!(kind, NoticeKind::Arrived | NoticeKind::Reminder));
        if self.t.notices.len() >= NOTICES_MAX {
            // The oldest gives way, and the journal says that one is missing.
            let oldest = self.t.notices.iter().map(|(id, _)| *id).min();
            oldest.map(|id| self.t.notices.remove(&id));
            self.record(Fact::GatewayGap { dropped: 1 });
        }
        let id = NoticeId(self.serial());
        self.t.notices.put(id, NoticeRow { unit, parcel, kind, code, at: self.now.wall });
        self.effect(Effect::Notice(id));
    }

    /// Notices that tell a recipient to come are pointless once the parcel is gone.
    pub(crate) fn drop_notices(&mut self, parcel: ParcelId) {
        let gone: alloc::vec::Vec<_> = self
            .t
            .notices
            .iter()
            .filter(|(_, row)| row.parcel == parcel)
            .filter(|(_, row)| matches!(row.kind, NoticeKind::Arrived | NoticeKind::Reminder))
            .map(|(id, _)| *id)
            .collect();
        for id in gone {
            self.t.notices.remove(&id);
            self.effect(Effect::NoticeErased(id));
        }
    }

    /// The notifier has it.
    pub(crate) fn notice_acknowledged(&mut self, id: NoticeId) {
        if self.t.notices.remove(&id).is_some() {
            self.effect(Effect::NoticeErased(id));
        }
    }
}
