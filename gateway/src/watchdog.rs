//! What systemd's watchdog is fed with: one look at what has moved since the look before. Being alive is no progress.

use std::time::Duration;

use vestibule_core::time::Mono;
use vestibule_core::view::{Presence, Quality, Seen, StorageView};

use crate::engine::Published;
use crate::health::{Health, Part};

/// How often progress is looked at where systemd asks for no watchdog.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// Shortest time between two looks, whatever systemd grants.
const LOOK_SHORTEST: Duration = Duration::from_millis(100);

/// What one look found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// Everything has moved: the watchdog is fed.
    Progress,
    /// These have not, in words: the watchdog goes hungry, and systemd ends the process.
    Stalled(Vec<String>),
}

/// How often to look: twice in the time that systemd grants, as sd_watchdog_enabled(3) advises.
#[must_use]
pub fn period(granted: Option<Duration>) -> Duration {
    granted.map_or(LOOK_EVERY, |granted| (granted / 2).max(LOOK_SHORTEST))
}

/// Looks at the daemon: every line's thread has stepped, and the engine has completed a step with its commit. A step
/// whose commit failed is progress, too: the building is then served degraded, and says so.
#[must_use]
pub fn daemon(health: &Health, now: Mono) -> Look {
    let stuck = health.stuck(now).into_iter().map(|part| match part {
        Part::Engine => "engine".to_owned(),
        Part::Line(line) => format!("line {line}"),
    });
    match stuck.collect::<Vec<_>>() {
        none if none.is_empty() => Look::Progress,
        stuck => Look::Stalled(stuck),
    }
}

/// Looks at the broker: a heartbeat came back through rumqttd since the look before.
#[derive(Clone, Copy, Debug, Default)]
pub struct Echoes {
    seen: u64,
}

impl Echoes {
    /// One look at the count of echoes since the start.
    pub fn look(&mut self, echoes: u64) -> Look {
        match echoes > std::mem::replace(&mut self.seen, echoes) {
            true => Look::Progress,
            false => Look::Stalled(vec!["heartbeat".to_owned()]),
        }
    }
}

/// The daemon in one line, for `systemctl status`.
#[must_use]
pub fn status(published: &Published, look: &Look) -> String {
    if let Look::Stalled(parts) = look {
        return format!("no progress: {}", parts.join(", "));
    }
    let view = &published.view;
    let doors = view.compartments.values().filter_map(|compartment| compartment.door.as_ref());
    let read = doors.filter(|door| door.quality == Quality::Good).count();
    let disk = match view.gateway.storage {
        StorageView::Good => String::new(),
        StorageView::Degraded => format!("; DISK FAILED, {} rows wait", published.waiting_rows),
    };
    format!(
        "serving {} compartments, {read} doors read, {} of {} lines online, journal at {}{disk}",
        view.compartments.len(),
        online(view.lines.values()),
        view.lines.len(),
        published.head.map_or(0, |head| head.sequence)
    )
}

fn online<'a>(all: impl Iterator<Item = &'a Seen<Presence>>) -> usize {
    all.filter(|seen| seen.value == Some(Presence::Online)).count()
}

#[cfg(test)]
mod tests {
    use vestibule_core::id::LineId;
    use vestibule_core::time::Millis;

    use super::*;
    use crate::health::{ENGINE_PATIENCE, LINE_PATIENCE};

    /// A building of two lines, looked at `late` after its start; `alive` tells who has beaten by then.
    fn look_at(late: Millis, alive: impl Fn(&Health, &[LineId; 2], Mono)) -> Look {
        let lines = ["one", "two"].map(|id| LineId::new(id).unwrap());
        let health = Health::new(lines.clone(), Mono(0));
        let now = Mono(0).after(late);
        alive(&health, &lines, now);
        daemon(&health, now)
    }

    #[test]
    fn daemon_is_fed_when_engine_and_every_line_moved() {
        let all = |health: &Health, lines: &[LineId; 2], now| {
            health.engine().beat(now);
            lines.iter().for_each(|line| health.line(line).beat(now));
        };
        assert_eq!(look_at(Millis::seconds(3_600), all), Look::Progress);
        assert_eq!(look_at(ENGINE_PATIENCE, |_, _, _| {}), Look::Progress, "a start has its patience");
    }

    #[test]
    fn daemon_is_not_fed_when_a_step_or_its_commit_hangs() {
        let lines_only = |health: &Health, lines: &[LineId; 2], now| {
            lines.iter().for_each(|line| health.line(line).beat(now));
        };
        let late = Millis(ENGINE_PATIENCE.0 + 1);
        assert_eq!(look_at(late, lines_only), Look::Stalled(vec!["engine".into()]));
    }

    #[test]
    fn daemon_is_not_fed_when_one_lines_thread_hangs() {
        let all_but_two = |health: &Health, lines: &[LineId; 2], now| {
            health.engine().beat(now);
            health.line(&lines[0]).beat(now);
        };
        let late = Millis(LINE_PATIENCE.0 + 1);
        assert_eq!(look_at(late, all_but_two), Look::Stalled(vec!["line two".into()]));
    }

    #[test]
    fn broker_is_not_fed_when_no_heartbeat_came_back() {
        let mut echoes = Echoes::default();
        let hungry = Look::Stalled(vec!["heartbeat".into()]);
        assert_eq!(echoes.look(0), hungry, "nothing has come back yet");
        assert_eq!(echoes.look(3), Look::Progress);
        assert_eq!(echoes.look(3), hungry);
        assert_eq!(echoes.look(4), Look::Progress);
    }

    #[test]
    fn looks_come_twice_in_the_granted_time() {
        assert_eq!(period(Some(Duration::from_secs(30))), Duration::from_secs(15));
        assert_eq!(period(Some(Duration::from_millis(1))), LOOK_SHORTEST);
        assert_eq!(period(None), LOOK_EVERY);
    }
}
