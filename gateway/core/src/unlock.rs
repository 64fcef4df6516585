//! One intent to pulse one lock: from intended to confirmed, failed or unknown, by evidence. Never pulsed again.

use crate::command::CommandKey;
use crate::compartment::{Contact, Level};
use crate::draft::{Draft, Origin};
use crate::effect::{Effect, Purpose, Unlock};
use crate::event::{Evidence, Fact, UnlockFailure};
use crate::id::{CompartmentId, TerminalId, UnlockId};
use crate::input::{NotSent, PulseReport};
use crate::limits::{ROUND_AHEAD, START_EVIDENCE};
use crate::row::UnlockRow;
use crate::site::Sensing;
use crate::time::{Millis, Mono};

/// An intent without outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Live {
    pub(crate) compartment: CompartmentId,
    pub(crate) purpose: Purpose,
    pub(crate) errand: Errand,
    pub(crate) stage: Stage,
    /// What the door read when it was ordered, where wired and heard.
    before: Option<Level>,
    /// When its pulse's last byte left, once that is known.
    sent: Option<Mono>,
    /// When the intent ends for want of evidence.
    pub(crate) until: Mono,
    origin: Origin,
}

/// Whom the outcome is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Errand {
    /// The deposit in that compartment.
    Deposit,
    /// The pickup at that terminal.
    Pickup(TerminalId),
    /// The command that waits for it.
    Command(CommandKey),
    /// The round that it is one door of.
    Round(CommandKey),
    /// The command that a start found waiting, if one does. What the door was for is dealt with by the start.
    Interrupted(Option<CommandKey>),
}

/// Where an intent stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// The line master has the order, or will have it.
    Intended,
    /// The door opened before the line master's report came: the contacts are on another line.
    IntendedOpened,
    /// The board echoed the order; the door is awaited.
    Acknowledged,
    /// The order left without an echo; the door is awaited.
    Unanswered,
    /// The daemon restarted in the middle of it: what the contacts read first is all that will be known.
    Interrupted,
}

impl Stage {
    /// Whether nothing was reported of its pulse yet.
    pub(crate) const fn is_intended(&self) -> bool {
        matches!(self, Self::Intended | Self::IntendedOpened)
    }
}

/// What can happen to an intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Acknowledged,
    Unanswered,
    Rejected,
    NotSent(NotSent),
    DoorOpened,
    /// Time is up, and this is what the door reads.
    TimeUp(Option<Level>),
    /// Time is up, and the door stood open before the order: shut now, it says nothing of the lock.
    TimeUpOpenBefore,
}

/// How an intent ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Confirmed,
    Failed(UnlockFailure),
    Unknown,
    /// Nobody knows what the lock did; the door stood open before, so that whoever asked was let in.
    StoodOpen,
}

/// What a step leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// A report came twice, or a door moved again.
    Ignored,
    Stage(Stage),
    End(Verdict),
}

/// The table.
pub(crate) const fn next(stage: Stage, step: Step) -> Next {
    use Stage::{Acknowledged, Intended, IntendedOpened, Interrupted, Unanswered};
    match (stage, step) {
        (Intended, Step::Acknowledged) => Next::Stage(Acknowledged),
        (Intended, Step::Unanswered) => Next::Stage(Unanswered),
        (Intended, Step::DoorOpened) => Next::Stage(IntendedOpened),
        (IntendedOpened, Step::Acknowledged | Step::Unanswered) => Next::End(Verdict::Confirmed),
        (Intended | IntendedOpened, Step::Rejected) => Next::End(Verdict::Failed(UnlockFailure::Rejected)),
        (Intended | IntendedOpened, Step::NotSent(why)) => {
            Next::End(Verdict::Failed(UnlockFailure::NotSent(why)))
        }
        (Acknowledged | Unanswered, Step::DoorOpened) => Next::End(Verdict::Confirmed),
        // No report ever came, but a door does not open by itself.
        (IntendedOpened, Step::TimeUp(_) | Step::TimeUpOpenBefore) => Next::End(Verdict::Confirmed),
        (Acknowledged, Step::TimeUp(Some(Level::Shut))) => {
            Next::End(Verdict::Failed(UnlockFailure::DidNotOpen))
        }
        (Acknowledged | Unanswered, Step::TimeUpOpenBefore) => Next::End(Verdict::StoodOpen),
        (Intended | Acknowledged | Unanswered | Interrupted, Step::TimeUp(_))
        | (Intended | Interrupted, Step::TimeUpOpenBefore) => Next::End(Verdict::Unknown),
        (IntendedOpened | Interrupted, Step::DoorOpened)
        | (
            Acknowledged | Unanswered | Interrupted,
            Step::Acknowledged | Step::Unanswered | Step::Rejected | Step::NotSent(_),
        ) => Next::Ignored,
    }
}

/// An order to open, as decided.
pub(crate) struct Order {
    pub(crate) compartment: CompartmentId,
    pub(crate) purpose: Purpose,
    pub(crate) errand: Errand,
    /// The pulse must not start later than this, whatever the policy allows.
    pub(crate) not_after: Option<Mono>,
}

impl Draft<'_> {
    /// The intent under way for a compartment, if any.
    pub(crate) fn live_unlock(&self, compartment: &CompartmentId) -> Option<UnlockId> {
        self.t.live.iter().find(|(_, live)| live.compartment == *compartment).map(|(id, _)| *id)
    }

    /// Records an intent and orders its one pulse. The caller has checked that none is under way.
    pub(crate) fn intend(&mut self, order: Order) -> Option<UnlockId> {
        let Order { compartment, purpose, errand, not_after } = order;
        let lock = self.compartment_site(&compartment)?.lock.clone();
        let policy = &self.site.policy;
        let allowed = self.now.mono.after(policy.pulse_deadline).after(match errand {
            // Its turn at the supply comes after the doors that were ordered before it.
            Errand::Round(_) => Millis(self.site.longest_hold.0.saturating_mul(ROUND_AHEAD.into())),
            _ => Millis(0),
        });
        let not_after = not_after.map_or(allowed, |asked| asked.min(allowed));
        let until = not_after.after(policy.unlock_confirm);
        let pulse = policy.pulse;
        let id = UnlockId(self.serial());
        let command = match &errand {
            Errand::Command(key) | Errand::Round(key) => Some(key.clone()),
            Errand::Deposit | Errand::Pickup(_) | Errand::Interrupted(_) => None,
        };
        self.t.unlocks.put(id, UnlockRow { compartment: compartment.clone(), purpose, command });
        let origin = self.origin().clone();
        let before = self.sensed(&compartment, Contact::Door);
        let stage = Stage::Intended;
        let (compartment_of, sent) = (compartment.clone(), None);
        let live = Live { compartment: compartment_of, purpose, errand, stage, before, sent, until, origin };
        self.t.live.put(id, live);
        self.record(Fact::UnlockIntended {
            unlock: id,
            compartment: compartment.clone(),
            lock: lock.clone(),
            purpose,
        });
        self.effect(Effect::Unlock(Unlock { id, compartment, lock, pulse, not_after, purpose }));
        Some(id)
    }

    /// The line master's report.
    pub(crate) fn pulse_reported(&mut self, id: UnlockId, report: PulseReport) {
        let confirm = self.site.policy.unlock_confirm;
        let (step, sent) = match report {
            PulseReport::Acknowledged { sent } => (Step::Acknowledged, Some(sent)),
            PulseReport::Unanswered { sent } => (Step::Unanswered, Some(sent)),
            PulseReport::Rejected { .. } => (Step::Rejected, None),
            PulseReport::NotSent(why) => (Step::NotSent(why), None),
        };
        if let Some(sent) = sent {
            self.pulse_left(id, sent);
        }
        self.unlock_step(id, step, sent.map(|sent| sent.after(confirm)));
    }

    /// What a door did before the pulse left is not the pulse's doing: somebody broke it open, or a read was false.
    fn pulse_left(&mut self, id: UnlockId, sent: Mono) {
        let Some(live) = self.t.live.get(&id) else { return };
        let early = live.stage == Stage::IntendedOpened && self.opened_before(&live.compartment, sent);
        self.t.live.edit(&id, |live| {
            live.sent = Some(sent);
            if early {
                live.stage = Stage::Intended;
            }
        });
    }

    /// The door of an intent opened, which is its evidence unless the pulse left later.
    pub(crate) fn opened_under(&mut self, id: UnlockId, compartment: &CompartmentId) {
        let sent = self.t.live.get(&id).and_then(|live| live.sent);
        if !sent.is_some_and(|sent| self.opened_before(compartment, sent)) {
            self.unlock_step(id, Step::DoorOpened, None);
        }
    }

    fn opened_before(&self, compartment: &CompartmentId, sent: Mono) -> bool {
        let door = self.t.doors.get(compartment).and_then(|door| door.door.as_ref());
        door.is_some_and(|door| door.level == Level::Open && door.since < sent)
    }

    pub(crate) fn unlock_step(&mut self, id: UnlockId, step: Step, until: Option<Mono>) {
        let Some(live) = self.t.live.get(&id).cloned() else { return };
        match next(live.stage, step) {
            Next::Ignored => {}
            Next::Stage(stage) => self.t.live.edit(&id, |live| {
                live.stage = stage;
                live.until = until.unwrap_or(live.until);
            }),
            Next::End(verdict) => self.end_unlock(id, live.clone(), step, verdict),
        }
        if let Errand::Round(key) = &live.errand {
            self.round_goes_on(key);
        }
    }

    fn end_unlock(&mut self, id: UnlockId, live: Live, step: Step, verdict: Verdict) {
        self.t.live.remove(&id);
        self.t.unlocks.remove(&id);
        let compartment = live.compartment.clone();
        let acknowledged = step == Step::Acknowledged || live.stage == Stage::Acknowledged;
        let evidence = Evidence {
            acknowledged,
            door: self.sensed(&compartment, Contact::Door),
            latch: self.sensed(&compartment, Contact::Latch),
        };
        let pulsed = !matches!(verdict, Verdict::Failed(UnlockFailure::NotSent(_) | UnlockFailure::Rejected));
        if pulsed {
            self.allow_late_opening(&compartment, id);
        }
        self.on_behalf(live.origin, |d| {
            d.record(match verdict {
                Verdict::Confirmed => {
                    Fact::UnlockConfirmed { unlock: id, compartment: compartment.clone(), evidence }
                }
                Verdict::Failed(why) => {
                    Fact::UnlockFailed { unlock: id, compartment: compartment.clone(), why, evidence }
                }
                Verdict::Unknown | Verdict::StoodOpen => {
                    Fact::UnlockUnknown { unlock: id, compartment: compartment.clone(), evidence }
                }
            });
            match live.errand {
                Errand::Deposit => d.deposit_unlock_ended(&compartment, id, verdict),
                Errand::Pickup(terminal) => d.pickup_unlock_ended(&terminal, &compartment, id, verdict),
                Errand::Command(key) => d.command_unlock_ended(&key, &compartment, id, verdict),
                Errand::Round(key) => d.round_unlock_ended(&key, &compartment, verdict),
                Errand::Interrupted(Some(key)) => d.cut_unlock_ended(&key, &compartment, evidence.door),
                Errand::Interrupted(None) => {}
            }
        });
        if live.stage == Stage::IntendedOpened && !pulsed {
            // The door opened while its pulse was never given.
            self.on_behalf(Origin::GATEWAY, |d| d.forced(&compartment));
        }
    }

    /// Waits for what the contacts of an interrupted intent read first. Nothing is pulsed.
    pub(crate) fn await_evidence(&mut self, id: UnlockId, row: UnlockRow) {
        let UnlockRow { compartment, purpose, command } = row;
        let origin = Origin { cause: command.clone(), ..Origin::GATEWAY };
        let (stage, errand) = (Stage::Interrupted, Errand::Interrupted(command));
        let (before, sent, until) = (None, None, self.now.mono.after(START_EVIDENCE));
        self.t.live.put(
            id,
            Live { compartment: compartment.clone(), purpose, errand, stage, before, sent, until, origin },
        );
        self.evidence_came(&compartment);
    }

    /// Ends an interrupted intent once each contact that is wired was heard.
    pub(crate) fn evidence_came(&mut self, compartment: &CompartmentId) {
        let Some(id) = self.live_unlock(compartment) else { return };
        if self.t.live.get(&id).is_none_or(|live| live.stage != Stage::Interrupted) {
            return;
        }
        let Some(site) = self.compartment_site(compartment) else {
            return self.unlock_step(id, Step::TimeUp(None), None);
        };
        let awaited =
            |sensing, contact| sensing == Sensing::Wired && self.sensed(compartment, contact).is_none();
        if !awaited(site.door, Contact::Door) && !awaited(site.latch, Contact::Latch) {
            let door = self.sensed(compartment, Contact::Door);
            self.unlock_step(id, Step::TimeUp(door), None);
        }
    }

    /// Ends every intent whose time is up.
    pub(crate) fn unlocks_due(&mut self) {
        let now = self.now.mono;
        let due = self.t.live.iter().filter(|(_, live)| live.until <= now);
        let due: alloc::vec::Vec<_> =
            due.map(|(id, live)| (*id, live.compartment.clone(), live.before)).collect();
        for (id, compartment, before) in due {
            let step = match before {
                Some(Level::Open) => Step::TimeUpOpenBefore,
                Some(Level::Shut) | None => Step::TimeUp(self.sensed(&compartment, Contact::Door)),
            };
            self.unlock_step(id, step, None);
        }
    }
}
