//! Starts and stops: what was in flight is interrupted, what is uncertain is kept for a person, and nothing opens.

use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;

use crate::command::{Actor, CommandKey, Status};
use crate::compartment::{InspectionCause, Use};
use crate::deposit::{Phase, Step};
use crate::draft::{Draft, Origin};
use crate::effect::Purpose;
use crate::event::Fact;
use crate::id::{CompartmentId, ParcelId, UnlockId};
use crate::input::{Changed, KeyState, SealBreak, Started};
use crate::limits::SWEEP_EVERY;
use crate::parcel::{ExceptionKind, ParcelState, Place};
use crate::row::{NoticeKind, NoticeRow, UnlockRow};
use crate::screen::Screen;
use crate::state::Running;
use crate::time::{Mono, Timestamp};

impl Draft<'_> {
    pub(crate) fn started(&mut self, started: Started) {
        let mut gateway = self.gateway();
        let boot = started.boot.max(gateway.boot.saturating_add(1));
        let running = Running {
            version: started.version.clone(),
            started: self.now.wall,
            trust: self.now.trust,
            sweep: self.now.mono.after(SWEEP_EVERY),
            guesses: self.day_mark(),
            ..Running::before_start(boot)
        };
        self.t.running.put((), running);
        let previous = gateway.configuration;
        gateway.boot = boot;
        gateway.configuration = Some(started.configuration);
        self.t.gateway.put((), gateway);
        let configuration = started.configuration;
        let rewound = started.rewound;
        let void = match started.key {
            KeyState::Kept => Vec::new(),
            KeyState::Renewed => self.coded_parcels(rewound.as_ref().map(|rewound| &rewound.changed)),
        };
        let reason = (!void.is_empty()).then(|| {
            let count = void.len();
            format!("the key of all pickup codes is a new one; the codes of {count} parcels are void, and new ones are sent")
        });
        self.on_behalf(Origin { reason, ..Origin::GATEWAY }, |d| {
            d.record(Fact::GatewayStarted { boot, version: started.version, configuration });
        });
        if let Some(rewound) = &rewound {
            self.report_rewound(rewound);
        }
        if previous != Some(configuration) {
            self.record(Fact::ConfigurationChanged { previous, configuration });
        }
        self.charge_start();
        self.make_missing_compartments();
        if let Some(rewound) = &rewound {
            self.doubt_what_changed(&rewound.changed);
        }
        self.take_up_unlocks_in_flight();
        self.end_commands_without_intent();
        self.interrupt_deposits();
        self.find_changed_mappings();
        self.find_orphans();
        void.into_iter().for_each(|parcel| self.tell_new_code(parcel));
        for terminal in self.site.terminals.keys() {
            self.show(terminal, Screen::Welcome);
        }
    }

    /// A break is recorded as it was noted down; what it moved is found out by contacts and people.
    pub(crate) fn seal_broken(&mut self, broken: SealBreak) {
        let SealBreak { by, second, at, reason } = broken;
        let origin = Origin { reason: Some(reason), ..Origin::of(Actor::Staff(by)) };
        self.on_behalf(origin, |d| d.record(Fact::SealBroken { broken_at: at, second }));
    }

    /// A commissioning is recorded as it was noted down.
    pub(crate) fn seal_set(&mut self, by: Box<str>, at: Timestamp) {
        self.on_behalf(Origin::of(Actor::Staff(by)), |d| d.record(Fact::SealSet { sealed_at: at }));
    }

    /// Parcels that wait behind a door for whoever has their code; behind a door of which nothing is sure, none does.
    fn coded_parcels(&self, doubted: Option<&Changed>) -> Vec<ParcelId> {
        let sure = |place: &Place| doubted.is_none_or(|doubted| !doubted.holds(&place.compartment));
        let waits = |state: &ParcelState| match state {
            ParcelState::Stored { place, .. } | ParcelState::Collecting { place, .. } => sure(place),
            _ => false,
        };
        let parcels = self.t.parcels.iter().filter(|(_, parcel)| waits(&parcel.state));
        parcels.map(|(id, _)| *id).collect()
    }

    /// A notice that still waits would be sealed with the new code, but it may have left with the old one: that it was
    /// acknowledged lingers, and a receiver looks at no id twice. So it is told under a new id.
    fn tell_new_code(&mut self, parcel: ParcelId) {
        let arrived = |row: &NoticeRow| row.parcel == parcel && row.kind == NoticeKind::Arrived;
        let waits = self.t.notices.iter().any(|(_, row)| arrived(row));
        self.drop_notices(parcel);
        self.notify(parcel, if waits { NoticeKind::Arrived } else { NoticeKind::Reminder });
    }

    fn make_missing_compartments(&mut self) {
        for id in self.site.compartments.keys() {
            if !self.t.compartments.contains(id) {
                self.use_for(id, Use::Free);
            }
        }
    }

    /// An intent without outcome will end as unknown: its pulse may have been given. It waits for the first readings,
    /// which are its evidence, and nothing is pulsed.
    fn take_up_unlocks_in_flight(&mut self) {
        let open: Vec<(UnlockId, UnlockRow)> =
            self.t.unlocks.iter().map(|(id, row)| (*id, row.clone())).collect();
        for (unlock, row) in open {
            match row.purpose {
                // The parcel is found as depositing, below.
                Purpose::Deposit => {}
                Purpose::Pickup => self.pickup_was_in_flight(&row.compartment),
                Purpose::StaffOnSite | Purpose::StaffRemote => self.opened_by_staff(&row.compartment),
            }
            self.await_evidence(unlock, row);
        }
    }

    /// A round that ended between two of its doors has no intent left that would end its command.
    fn end_commands_without_intent(&mut self) {
        let begun = self.t.outcomes.iter().filter(|(_, outcome)| outcome.status == Status::Received);
        let begun: Vec<CommandKey> = begun.map(|(key, _)| key.clone()).collect();
        let has_intent =
            |key: &CommandKey| self.t.unlocks.iter().any(|(_, row)| row.command.as_ref() == Some(key));
        let ended: Vec<CommandKey> = begun.into_iter().filter(|key| !has_intent(key)).collect();
        for key in ended {
            self.cut_between(&key);
        }
    }

    /// The recipient may have it or not: the same code stays good for the interrupted grace. What was opened once more
    /// within the grace may hold what was left in it.
    fn pickup_was_in_flight(&mut self, c: &CompartmentId) {
        if self.compartment(c).usage == Use::Free {
            self.inspect(c, InspectionCause::PickupNotClosed);
        }
        let stored = self.parcel_in(c).map(|(id, parcel)| (id, parcel.state.clone()));
        if let Some((id, ParcelState::Stored { place, code })) = stored {
            let since = self.now.wall;
            self.set_parcel(id, ParcelState::Collecting { place, code, since });
        }
    }

    /// A reservation and its unlock are one decision, so that each deposit in flight may have had its door open.
    fn interrupt_deposits(&mut self) {
        for (id, place) in self.placed(|state| matches!(state, ParcelState::Depositing(_))) {
            self.inspect(&place.compartment, InspectionCause::InterruptedDeposit);
            self.except(id, Some(place), ExceptionKind::InterruptedDelivery);
            self.notify(id, NoticeKind::Interrupted);
        }
    }

    /// A parcel is bound to its physical lock: under another lock it is served to staff only.
    fn find_changed_mappings(&mut self) {
        for (id, place) in self.placed(|state| !state.is_closed()) {
            let mapped =
                self.compartment_site(&place.compartment).is_some_and(|site| site.lock == place.lock);
            if mapped {
                continue;
            }
            let known = matches!(
                self.t.parcels.get(&id).map(|parcel| &parcel.state),
                Some(ParcelState::Exception { kind: ExceptionKind::MappingChanged, .. })
            );
            if !known {
                self.except(id, Some(place.clone()), ExceptionKind::MappingChanged);
            }
            let behind = self.site.compartments.iter().filter(|(_, site)| site.lock == place.lock);
            let doors: Vec<CompartmentId> =
                behind.map(|(id, _)| id.clone()).chain([place.compartment]).collect();
            for door in doors {
                if !matches!(self.compartment(&door).usage, Use::NeedsInspection(_)) {
                    self.inspect(&door, InspectionCause::MappingChanged);
                }
            }
        }
    }

    /// A use that names a parcel which is not there is uncertain.
    fn find_orphans(&mut self) {
        let uses = self.t.compartments.iter().map(|(id, row)| (id.clone(), row.usage.clone()));
        let uses: Vec<(CompartmentId, Use)> = uses.collect();
        for (id, usage) in uses {
            let holds = self.parcel_in(&id).map(|(parcel, _)| parcel);
            match usage {
                Use::Reserved(_) => self.inspect(&id, InspectionCause::InterruptedDeposit),
                Use::Occupied(parcel) if holds != Some(parcel) => {
                    self.inspect(&id, InspectionCause::InterruptedDeposit);
                }
                Use::Free if holds.is_some() => self.inspect(&id, InspectionCause::InterruptedDeposit),
                _ => {}
            }
        }
    }

    /// Parcels in these states that have a place.
    pub(crate) fn placed(&self, of: impl Fn(&ParcelState) -> bool) -> Vec<(ParcelId, Place)> {
        let parcels = self.t.parcels.iter().filter(|(_, parcel)| of(&parcel.state));
        parcels.filter_map(|(id, parcel)| Some((*id, parcel.state.place()?.clone()))).collect()
    }

    /// An orderly stop settles what is shut and at rest, so that the next start does not call it interrupted.
    pub(crate) fn stopping(&mut self) {
        let rested = self.t.deposits.iter().filter(|(_, deposit)| matches!(deposit.phase, Phase::Rested(_)));
        let rested: Vec<_> = rested.map(|(id, _)| id.clone()).collect();
        for compartment in rested {
            let _settled = self.deposit_step(&compartment, Step::TimeUp);
        }
        self.write_denials(Mono(u64::MAX));
        self.record(Fact::GatewayStopping {});
    }
}
