//! Many doors by one command: opened in turn, a few ordered at a time, until each was or somebody cancels the rest.
//!
//! Only what is ordered is an intent on record. So a start in the middle leaves the two doors to look at that were ordered, with
//! those before them that nobody has seen open yet (`unlock_confirm`), and no other was ever going to open.

use alloc::collections::{BTreeSet, VecDeque};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::command::{CommandKey, CommandRequest, Status};
use crate::draft::{Draft, Origin};
use crate::effect::{Effect, Purpose, Withdrawal};
use crate::id::{CommandId, CompartmentId, UnlockId};
use crate::limits::{ROUND_AHEAD, ROUND_DOORS, ROUNDS_TOTAL, UNLOCK_AHEAD};
use crate::refusal::Refusal;
use crate::time::Mono;
use crate::unlock::{Errand, Order, Stage, Verdict};

/// Doors that a sentence names one by one; whoever needs all of them reads the journal.
const NAMED: usize = 12;
/// The word of a round that is under way, once doors have been ordered.
pub(crate) const IN_TURN: &str = "in_turn";

/// A round that is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Round {
    purpose: Purpose,
    origin: Origin,
    /// Nothing is ordered at or after this.
    not_after: Mono,
    /// What has not had its turn, in order.
    waiting: VecDeque<CompartmentId>,
    /// Doors that were asked for.
    of: usize,
    opened: usize,
    /// Of these, the ones that stood open before: nobody knows what their locks did.
    stood_open: Vec<CompartmentId>,
    /// Known not to have opened.
    shut: Vec<CompartmentId>,
    /// Nobody knows.
    unsure: Vec<CompartmentId>,
    /// In use, or behind a board that does not answer.
    passed: Vec<CompartmentId>,
    /// Had no turn before the deadline, the end of the disk or somebody's cancelling.
    left_out: usize,
    end: RoundEnd,
}

/// What keeps the rest of a round from its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RoundEnd {
    /// Nothing: it goes through all doors.
    Through,
    Cancelled,
    /// Its deadline came.
    Late,
    /// The disk went away.
    NoDisk,
}

impl Draft<'_> {
    /// Begins a round.
    pub(crate) fn unlock_many(
        &mut self,
        request: &CommandRequest,
        compartments: &[CompartmentId],
    ) -> Result<(), Refusal> {
        let distinct: BTreeSet<_> = compartments.iter().collect();
        if compartments.is_empty() || compartments.len() > ROUND_DOORS || distinct.len() != compartments.len()
        {
            return Err(Refusal::Malformed);
        }
        if compartments.iter().any(|c| self.compartment_site(c).is_none()) {
            return Err(Refusal::NotFound);
        }
        let purpose = self.staff_purpose(request)?;
        if self.t.rounds.len() >= ROUNDS_TOTAL {
            return Err(Refusal::Busy);
        }
        let round = Round {
            purpose,
            origin: self.origin().clone(),
            not_after: self.wanted_until(request).unwrap_or_else(|| self.now.mono.after(UNLOCK_AHEAD)),
            waiting: compartments.iter().cloned().collect(),
            of: compartments.len(),
            opened: 0,
            stood_open: Vec::new(),
            shut: Vec::new(),
            unsure: Vec::new(),
            passed: Vec::new(),
            left_out: 0,
            end: RoundEnd::Through,
        };
        self.t.rounds.put(request.key.clone(), round);
        Ok(())
    }

    /// Orders the next doors of a round, or ends it.
    pub(crate) fn round_goes_on(&mut self, key: &CommandKey) {
        let Some(mut round) = self.t.rounds.get(key).cloned() else { return };
        if round.end == RoundEnd::Through && self.now.mono >= round.not_after {
            round.stop(RoundEnd::Late);
        }
        if round.end == RoundEnd::Through && !self.purpose_is_allowed(round.purpose) {
            round.stop(RoundEnd::NoDisk);
        }
        let mut orders = false;
        while self.ordered(key, Stage::is_intended) < usize::from(ROUND_AHEAD)
            && let Some(c) = round.waiting.pop_front()
        {
            if !self.can_open_now(&c) {
                round.passed.push(c);
                continue;
            }
            let (purpose, errand) = (round.purpose, Errand::Round(key.clone()));
            let order = Order { compartment: c, purpose, errand, not_after: Some(round.not_after) };
            self.on_behalf(round.origin.clone(), |d| d.intend(order));
            orders = true;
        }
        if round.waiting.is_empty() && self.ordered(key, |_| true) == 0 {
            self.t.rounds.remove(key);
            self.round_ends(key, &round);
        } else {
            if orders {
                self.note_progress(key, &round);
            }
            self.t.rounds.put(key.clone(), round);
        }
    }

    /// Intents of a round that stand where `stage` says.
    fn ordered(&self, key: &CommandKey, stage: impl Fn(&Stage) -> bool) -> usize {
        let own = |errand: &Errand| matches!(errand, Errand::Round(round) if round == key);
        self.t.live.iter().filter(|(_, live)| own(&live.errand) && stage(&live.stage)).count()
    }

    pub(crate) fn round_unlock_ended(&mut self, key: &CommandKey, c: &CompartmentId, verdict: Verdict) {
        self.unlocked_by_staff(c, verdict);
        let Some(mut round) = self.t.rounds.get(key).cloned() else { return };
        match verdict {
            Verdict::Confirmed => round.opened += 1,
            Verdict::StoodOpen => {
                round.opened += 1;
                round.stood_open.push(c.clone());
            }
            Verdict::Failed(_) => round.shut.push(c.clone()),
            Verdict::Unknown => round.unsure.push(c.clone()),
        }
        self.t.rounds.put(key.clone(), round);
    }

    /// What became of a round so far stays with its command, in the commit of its next orders: of a round that is cut off it is
    /// what a start still knows.
    fn note_progress(&mut self, key: &CommandKey, round: &Round) {
        let sentence = self.account(round);
        self.t.outcomes.edit(key, |outcome| {
            (outcome.detail, outcome.sentence) = (IN_TURN.into(), sentence);
        });
    }

    fn round_ends(&mut self, key: &CommandKey, round: &Round) {
        let (status, detail) = round.verdict();
        let sentence = self.account(round);
        self.conclude(key, status, detail, &sentence);
    }

    /// What became of each door that has had its turn, or will have none.
    fn account(&self, round: &Round) -> String {
        let mut sentence = format!("{} of {} doors opened.", round.opened, round.of);
        for (words, doors) in [
            ("Stood open before, so that nothing is known of the lock", &round.stood_open),
            ("Please look at what nobody knows of", &round.unsure),
            ("Not opened", &round.shut),
            ("In use or out of reach", &round.passed),
        ] {
            if !doors.is_empty() {
                sentence.push_str(&format!(" {words}: {}.", self.labels(doors)));
            }
        }
        if round.left_out > 0 {
            sentence.push_str(&format!(" {} {} and stay shut.", round.left_out, round.end.words()));
        }
        sentence
    }

    pub(crate) fn labels(&self, doors: &[CompartmentId]) -> String {
        let named: Vec<String> = doors.iter().take(NAMED).map(|c| self.label(c)).collect();
        match doors.len().saturating_sub(NAMED) {
            0 => named.join(", "),
            more => format!("{} and {more} more", named.join(", ")),
        }
    }

    /// Takes back what a command of that id has not opened yet. What has left cannot be called back; the line says which.
    pub(crate) fn cancel_unlocks(&mut self, id: &CommandId) -> Result<(), Refusal> {
        let rounds: Vec<CommandKey> =
            self.t.rounds.iter().filter(|(key, _)| key.id == *id).map(|(key, _)| key.clone()).collect();
        let withdrawn = self.withdraw_orders(id);
        if rounds.is_empty() && withdrawn == 0 {
            return Err(Refusal::NotFound);
        }
        for key in rounds {
            self.t.rounds.edit(&key, |round| round.stop(RoundEnd::Cancelled));
            self.round_goes_on(&key);
        }
        Ok(())
    }

    fn withdraw_orders(&mut self, id: &CommandId) -> usize {
        let by = |errand: &Errand| match errand {
            Errand::Command(key) | Errand::Round(key) => key.id == *id,
            Errand::Deposit | Errand::Pickup(_) | Errand::Interrupted(_) => false,
        };
        let orders = self.t.live.iter().filter(|(_, live)| by(&live.errand) && live.stage.is_intended());
        let orders: Vec<(UnlockId, CompartmentId)> =
            orders.map(|(id, live)| (*id, live.compartment.clone())).collect();
        for (id, c) in &orders {
            if let Some(site) = self.compartment_site(c) {
                let device = site.lock.device.clone();
                self.effect(Effect::Withdraw(Withdrawal { id: *id, device }));
            }
        }
        orders.len()
    }
}

impl Round {
    /// What has not had its turn has none any more.
    fn stop(&mut self, end: RoundEnd) {
        self.left_out += self.waiting.len();
        self.waiting.clear();
        self.end = end;
    }

    fn verdict(&self) -> (Status, &'static str) {
        match self.end {
            _ if !self.unsure.is_empty() => (Status::Unknown, "some_unknown"),
            _ if self.opened == self.of => (Status::Done, "opened"),
            RoundEnd::Cancelled => (Status::Failed, "cancelled"),
            RoundEnd::Late => (Status::Failed, "expired"),
            RoundEnd::NoDisk | RoundEnd::Through => (Status::Failed, "some_not_opened"),
        }
    }
}

impl RoundEnd {
    const fn words(self) -> &'static str {
        match self {
            Self::Through => "had no turn",
            Self::Cancelled => "were cancelled before their turn",
            Self::Late => "had no turn before the deadline",
            Self::NoDisk => "had no turn before the disk went away",
        }
    }
}
