//! All timers in one small table: when each is due, why, and what is done then.

use crate::deposit::Phase;
use crate::draft::Draft;
use crate::guess::written_at;
use crate::session::{Session, State as SessionState, Warned};
use crate::site::{Sensing, Site};
use crate::state::State;
use crate::time::{Millis, Mono};
use crate::view::Quality;

/// Why `next_deadline` asks to be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TimerReason {
    /// An unlock's evidence did not come in time.
    Unlock,
    /// A contact has held its level for long enough to be believed.
    Debounce,
    /// A door has been shut for long enough.
    Rest,
    /// A deposit settles.
    Settle,
    /// A door stands open for too long.
    LeftOpen,
    /// Latch and contact contradict each other for too long.
    Contradiction,
    /// A terminal waits for its user.
    Idle,
    /// A contact or a probe was not heard for too long.
    Stale,
    /// Denials or foreign bytes that were counted are written.
    Counters,
    /// The calendar is looked at.
    Sweep,
}

/// The earliest timer.
pub(crate) fn next_deadline(state: &State, site: &Site) -> Option<(Mono, TimerReason)> {
    let policy = &site.policy;
    let unlocks = state.live.values().map(|live| (live.until, TimerReason::Unlock));
    let deposits = state.deposits.values().filter_map(|deposit| match deposit.phase {
        Phase::Rested(since) => Some((since.after(policy.settle), TimerReason::Settle)),
        _ => None,
    });
    let sessions = state
        .sessions
        .values()
        .map(|session| (session_due(session, policy.terminal_idle), TimerReason::Idle));
    let probes = state.probes.values().filter(|probe| probe.quality == Quality::Good);
    let probes = probes.map(|probe| (probe.heard.after(policy.stale), TimerReason::Stale));
    let denials = state.denials.values().map(|denials| (written_at(denials), TimerReason::Counters));
    let foreign = state.lines.values().filter_map(|line| line.foreign_due());
    let foreign = foreign.map(|at| (at, TimerReason::Counters));
    let sweep = state.running.values().map(|running| (running.sweep, TimerReason::Sweep));
    let doors = state.doors.iter().flat_map(|(id, door)| {
        let latch = site.compartments.get(id).map_or(Sensing::Absent, |site| site.latch);
        let contacts = [&door.door, &door.latch, &door.occupancy].into_iter().flatten();
        let candidates = contacts.clone().filter_map(|seen| seen.candidate);
        let debounce = candidates.map(|(_, since)| (since.after(policy.debounce), TimerReason::Debounce));
        let stale = contacts.filter(|seen| seen.quality == Quality::Good);
        let stale = stale.map(|seen| (seen.heard.after(policy.stale), TimerReason::Stale));
        let rest = door.rests_at(latch, policy).map(|at| (at, TimerReason::Rest));
        let open = door.warns_at(policy).map(|(at, _)| (at, TimerReason::LeftOpen));
        let contradiction = door.contradicts_at().map(|at| (at, TimerReason::Contradiction));
        debounce.chain(stale).chain(rest).chain(open).chain(contradiction)
    });
    unlocks
        .chain(deposits)
        .chain(sessions)
        .chain(probes)
        .chain(denials)
        .chain(foreign)
        .chain(sweep)
        .chain(doors)
        .filter(|(at, _)| *at < Mono(u64::MAX))
        .min()
}

/// When a session is warned, or ends, for want of input.
pub(crate) fn session_due(session: &Session, idle: Millis) -> Mono {
    match (&session.state, session.warned) {
        (SessionState::Lingering, _) | (_, Warned::Yes) => session.at.after(idle),
        (_, Warned::No) => session.at.after(Millis(idle.0 / 3 * 2)),
    }
}

impl Draft<'_> {
    /// Does all that is due. Doors come first: what they show decides the rest.
    pub(crate) fn tick(&mut self) {
        self.doors_due();
        self.unlocks_due();
        self.deposits_due();
        self.sessions_due();
        self.probes_due();
        self.foreign_due();
        self.denials_due();
        self.sweep();
    }

    fn denials_due(&mut self) {
        let now = self.now.mono;
        let counted = self.t.denials.iter().filter(|(_, denials)| written_at(denials) <= now);
        if let Some(since) = counted.map(|(_, denials)| denials.since).max() {
            self.write_denials(since);
        }
    }
}
