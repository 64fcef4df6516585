//! Commands: each is answered once and remembered, so that a repetition meets its outcome and moves nothing.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::command::{
    Actor, Answer, Channel, Command, CommandKey, CommandRequest, Outcome, REASON_MAX, Retention, Status,
};
use crate::draft::{Draft, Origin};
use crate::effect::Effect;
use crate::event::Fact;
use crate::limits::{
    COMMAND_AHEAD, OUTCOME_KEPT, OUTCOMES_PER_ACTOR, OUTCOMES_TOTAL, RESYNC_EVERY, RESYNCS_TOTAL,
    UNLOCK_AHEAD,
};
use crate::refusal::Refusal;
use crate::time::Millis;

/// What a command's execution leads to.
pub(crate) enum Done {
    /// Done, with this answer.
    Now(Answer),
    /// Begun; a final outcome follows.
    Begun,
}

impl Draft<'_> {
    /// A command from console, bus or cloud.
    pub(crate) fn command(&mut self, request: Box<CommandRequest>) -> Result<(), Refusal> {
        let origin = Origin {
            actor: request.key.actor.clone(),
            cause: Some(request.key.clone()),
            reason: request.reason.clone().filter(|reason| reason.len() <= REASON_MAX),
        };
        self.on_behalf(origin, |d| d.answer(&request))
    }

    fn answer(&mut self, request: &CommandRequest) -> Result<(), Refusal> {
        let key = &request.key;
        if let Some(known) = self.t.outcomes.get(key).cloned() {
            self.answer_again(request, known);
            return Ok(());
        }
        if let Command::Challenge = request.command {
            return self.answer_challenge(request);
        }
        if !self.may_remember(&key.actor) {
            let outcome = self.outcome(request, Err(Refusal::TooManyCommands));
            self.effect(Effect::Reply { key: key.clone(), outcome });
            return Err(Refusal::TooManyCommands);
        }
        let result = self
            .check(request)
            .and_then(|()| self.check_storage(&request.command))
            .and_then(|()| self.execute(request));
        let outcome = self.outcome(request, result.as_ref().map_err(|refusal| *refusal));
        self.t.outcomes.put(key.clone(), outcome.clone());
        let reply = match (&request.command, &result) {
            (Command::Resync, Ok(_)) => Effect::Resync { key: key.clone(), outcome },
            _ => Effect::Reply { key: key.clone(), outcome },
        };
        self.effect(reply);
        if let Command::UnlockMany { .. } = request.command {
            // Its outcome is on record now, so that it can end, too.
            self.round_goes_on(key);
        }
        result.map(|_| ())
    }

    /// The same id again: the same outcome for the same payload, a conflict for another.
    fn answer_again(&mut self, request: &CommandRequest, known: Outcome) {
        let outcome = if known.digest == request.digest {
            known
        } else {
            self.record(Fact::CommandConflict { digest: request.digest });
            Outcome {
                digest: request.digest,
                status: Status::Conflict,
                detail: "conflict".into(),
                sentence: "This id was used with another payload; send a new command with a new id.".into(),
                events: Vec::new(),
                answer: Answer::None,
                keep_until: known.keep_until,
            }
        };
        self.effect(Effect::Reply { key: request.key.clone(), outcome });
    }

    /// A nonce is not worth remembering: asked again, another one is given.
    fn answer_challenge(&mut self, request: &CommandRequest) -> Result<(), Refusal> {
        let result = match request.retention {
            Retention::Retained => Err(Refusal::Retained),
            Retention::Live => Ok(Done::Now(Answer::Nonce(self.issue_nonce(&request.key)))),
        };
        let outcome = self.outcome(request, result.as_ref().map_err(|refusal| *refusal));
        self.effect(Effect::Reply { key: request.key.clone(), outcome });
        result.map(|_| ())
    }

    fn outcome(&self, request: &CommandRequest, result: Result<&Done, Refusal>) -> Outcome {
        let keep_from = request.not_after.map_or(self.now.wall, |at| at.max(self.now.wall));
        // A deadline far ahead is refused, and must not be remembered for as long.
        let keep_until = keep_from.min(self.now.wall.after(COMMAND_AHEAD)).after(OUTCOME_KEPT);
        let (status, detail, sentence, answer) = match result {
            Ok(Done::Now(answer)) => (Status::Done, "done", "Done.", answer.clone()),
            Ok(Done::Begun) => (Status::Received, "received", "Accepted; the outcome follows.", Answer::None),
            Err(refusal) => (Status::Refused, refusal.word(), refusal.sentence(), Answer::None),
        };
        let (detail, sentence) = (String::from(detail), String::from(sentence));
        Outcome { digest: request.digest, status, detail, sentence, events: Vec::new(), answer, keep_until }
    }

    /// Puts the final word on a command that was begun, and answers it.
    pub(crate) fn conclude(&mut self, key: &CommandKey, status: Status, detail: &str, sentence: &str) {
        let Some(mut outcome) = self.t.outcomes.get(key).cloned() else { return };
        (outcome.status, outcome.detail, outcome.sentence) = (status, detail.into(), sentence.into());
        self.t.outcomes.put(key.clone(), outcome.clone());
        self.effect(Effect::Reply { key: key.clone(), outcome });
    }

    fn may_remember(&mut self, actor: &Actor) -> bool {
        let full = |d: &Self| {
            let own = d.t.outcomes.iter().filter(|(key, _)| key.actor == *actor).count();
            own >= OUTCOMES_PER_ACTOR || d.t.outcomes.len() >= OUTCOMES_TOTAL
        };
        if full(self) {
            self.forget_outcomes();
        }
        !full(self)
    }

    /// Drops outcomes whose time is over; those still begun wait for their end.
    pub(crate) fn forget_outcomes(&mut self) {
        if !self.clock_is_trusted() {
            return;
        }
        let wall = self.wall;
        let old = self.t.outcomes.iter().filter(|(_, o)| o.keep_until < wall && o.status != Status::Received);
        let old: Vec<_> = old.map(|(key, _)| key.clone()).collect();
        for key in old {
            self.t.outcomes.remove(&key);
        }
    }

    /// What holds for every command. Cloud unlocks are refused before anything else is looked at.
    fn check(&self, request: &CommandRequest) -> Result<(), Refusal> {
        if request.retention == Retention::Retained {
            return Err(Refusal::Retained);
        }
        let unlocks = matches!(request.command, Command::Unlock { .. } | Command::UnlockMany { .. });
        match (&request.key.actor, request.key.channel) {
            (Actor::Staff(_), Channel::Console | Channel::Bus) => {}
            (Actor::Cloud(_), Channel::Cloud) if unlocks => return Err(Refusal::StaffKeyRequired),
            (Actor::Cloud(_), Channel::Cloud) => {}
            _ => return Err(Refusal::NotAllowed),
        }
        if request.reason.as_ref().is_some_and(|reason| reason.len() > REASON_MAX) {
            return Err(Refusal::Malformed);
        }
        self.check_deadline(request, if unlocks { UNLOCK_AHEAD } else { COMMAND_AHEAD })
    }

    /// What is answered as done must be durable, and now nothing is. Unlocks are judged by their purpose.
    fn check_storage(&self, command: &Command) -> Result<(), Refusal> {
        let kept = match command {
            Command::ParcelIntake(_) | Command::DirectorySync(_) | Command::CarriersSync(_) => true,
            Command::Challenge
            | Command::Unlock { .. }
            | Command::UnlockMany { .. }
            | Command::UnlockCancel { .. }
            | Command::Resync => false,
        };
        if kept && self.storage_is_degraded() { Err(Refusal::StorageDegraded) } else { Ok(()) }
    }

    /// With an untrusted clock a deadline cannot be judged; the nonce still keeps old unlocks out.
    fn check_deadline(&self, request: &CommandRequest, ahead: Millis) -> Result<(), Refusal> {
        let not_after = request.not_after.ok_or(Refusal::NoDeadline)?;
        match self.clock_is_trusted() {
            true if not_after < self.wall => Err(Refusal::Expired),
            true if not_after > self.wall.after(ahead) => Err(Refusal::DeadlineTooFar),
            _ => Ok(()),
        }
    }

    fn execute(&mut self, request: &CommandRequest) -> Result<Done, Refusal> {
        match &request.command {
            Command::Challenge => Ok(Done::Now(Answer::None)),
            Command::Unlock { compartment } => {
                self.unlock_by_command(request, compartment).map(|()| Done::Begun)
            }
            Command::UnlockMany { compartments } => {
                self.unlock_many(request, compartments).map(|()| Done::Begun)
            }
            Command::UnlockCancel { id } => self.cancel_unlocks(id).map(|()| Done::Now(Answer::None)),
            Command::ParcelIntake(intake) => self.take_in(intake).map(|id| Done::Now(Answer::Parcel(id))),
            Command::DirectorySync(directory) => {
                self.sync_directory(directory).map(|version| Done::Now(Answer::Version(version)))
            }
            Command::CarriersSync(carriers) => {
                self.sync_carriers(carriers).map(|version| Done::Now(Answer::Version(version)))
            }
            Command::Resync => self.resync(&request.key.actor).map(|()| Done::Now(Answer::None)),
        }
    }

    fn resync(&mut self, actor: &Actor) -> Result<(), Refusal> {
        let now = self.now.mono;
        if self.t.resyncs.get(actor).is_some_and(|at| now < at.after(RESYNC_EVERY)) {
            return Err(Refusal::TooManyCommands);
        }
        if self.t.resyncs.len() >= RESYNCS_TOTAL {
            let oldest = self.t.resyncs.iter().min_by_key(|(_, at)| **at).map(|(actor, _)| actor.clone());
            oldest.and_then(|actor| self.t.resyncs.remove(&actor));
        }
        self.t.resyncs.put(actor.clone(), now);
        Ok(())
    }
}
