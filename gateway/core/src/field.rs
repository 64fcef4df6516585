//! Boards, lines and probes: who answers, what they read, and when that is too old.

use crate::draft::Draft;
use crate::event::Fact;
use crate::id::{DeviceId, LineId, ProbeId};
use crate::input::{Health, ProbeFault, ProbeReading};
use crate::limits::{FOREIGN_AT_ONCE, FOREIGN_EVERY};
use crate::site::Climate;
use crate::time::{Millis, Mono, Timestamp};
use crate::unit::MilliCelsius;
use crate::view::Quality;

/// A probe as last read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProbeState {
    pub(crate) temperature: Option<MilliCelsius>,
    pub(crate) quality: Quality,
    pub(crate) heard: Mono,
    pub(crate) observed: Timestamp,
}

/// A board as last reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeviceState {
    pub(crate) health: Health,
    pub(crate) observed: Timestamp,
}

/// A line as last reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LineState {
    pub(crate) health: Health,
    pub(crate) observed: Timestamp,
    /// Foreign frames that are not written yet.
    pub(crate) foreign: u32,
    /// When as many rows of them may be written at once as ever; each row moves it on.
    pub(crate) foreign_rested: Mono,
}

/// 0 to 5 degC.
const CHILLED: core::ops::RangeInclusive<i32> = 0..=5_000;
/// -18 degC or colder.
const FROZEN: core::ops::RangeInclusive<i32> = i32::MIN..=-18_000;

impl ProbeState {
    /// What others may see of it.
    pub(crate) const fn public(&self) -> (Option<MilliCelsius>, Quality) {
        (self.temperature, self.quality)
    }

    /// Heard lately and within the climate. Sensor fault, stuck or unknown means not safe.
    pub(crate) fn keeps(&self, climate: Climate) -> bool {
        let range = match climate {
            Climate::Ambient => return true,
            Climate::Chilled => CHILLED,
            Climate::Frozen => FROZEN,
        };
        self.quality == Quality::Good && self.temperature.is_some_and(|at| range.contains(&at.0))
    }
}

impl Draft<'_> {
    pub(crate) fn probe_read(&mut self, id: &ProbeId, reading: ProbeReading) {
        if !self.site.probes.contains_key(id) {
            return;
        }
        let before = self.t.probes.get(id).cloned();
        let was_faulty = before.as_ref().is_some_and(|probe| probe.quality == Quality::Fault);
        let last = before.and_then(|probe| probe.temperature);
        let (temperature, quality) = match reading {
            ProbeReading::Temperature(at) => (Some(at), Quality::Good),
            ProbeReading::Fault(_) => (last, Quality::Fault),
        };
        let (heard, observed) = (self.now.mono, self.now.wall);
        self.t.probes.put(id.clone(), ProbeState { temperature, quality, heard, observed });
        match reading {
            ProbeReading::Fault(fault) if !was_faulty => self.probe_faulted(id, fault),
            ProbeReading::Temperature(_) if was_faulty => {
                self.record(Fact::ProbeRecovered { probe: id.clone() });
            }
            ProbeReading::Fault(_) | ProbeReading::Temperature(_) => {}
        }
    }

    fn probe_faulted(&mut self, id: &ProbeId, fault: ProbeFault) {
        self.record(Fact::ProbeFaulted { probe: id.clone(), fault });
    }

    /// Marks probes that were not heard for too long.
    pub(crate) fn probes_due(&mut self) {
        let (now, stale) = (self.now.mono, self.site.policy.stale);
        let old = self.t.probes.iter().filter(|(_, probe)| probe.quality == Quality::Good);
        let old = old.filter(|(_, probe)| now >= probe.heard.after(stale));
        let old: alloc::vec::Vec<_> = old.map(|(id, _)| id.clone()).collect();
        for id in old {
            self.t.probes.edit(&id, |probe| probe.quality = Quality::Stale);
        }
    }

    pub(crate) fn device_reported(&mut self, device: &DeviceId, health: Health) {
        if !self.site.devices.contains_key(device) {
            return;
        }
        let before = self.t.devices.get(device).map(|state| state.health);
        let observed = self.now.wall;
        self.t.devices.put(device.clone(), DeviceState { health, observed });
        if before == Some(health) {
            return;
        }
        let device = device.clone();
        self.record(match health {
            Health::Online => Fact::DeviceOnline { device },
            Health::Degraded => Fact::DeviceDegraded { device },
            Health::Offline => Fact::DeviceOffline { device },
        });
    }

    pub(crate) fn line_reported(&mut self, line: &LineId, health: Health) {
        if !self.knows_line(line) {
            return;
        }
        let before = self.t.lines.get(line).cloned();
        let was = before.as_ref().map(|state| state.health);
        let mut state = before.unwrap_or_else(|| self.silent_line());
        (state.health, state.observed) = (health, self.now.wall);
        self.t.lines.put(line.clone(), state);
        let line = line.clone();
        match (was, health) {
            (was, health) if was == Some(health) => {}
            // A line that works from the start has not recovered from anything.
            (None, Health::Online) => {}
            (_, Health::Online) => self.record(Fact::LineRecovered { line }),
            (_, Health::Degraded | Health::Offline) => self.record(Fact::LineDegraded { line }),
        }
    }

    /// Frames that no device of ours should send: written at once, and together once they have become a habit.
    pub(crate) fn foreign_frames(&mut self, line: &LineId, frames: u32) {
        if !self.knows_line(line) {
            return;
        }
        let mut state = self.t.lines.get(line).cloned().unwrap_or_else(|| self.silent_line());
        state.foreign = state.foreign.saturating_add(frames);
        self.t.lines.put(line.clone(), state);
        self.write_foreign(line);
    }

    fn write_foreign(&mut self, line: &LineId) {
        let now = self.now.mono;
        let Some(state) = self.t.lines.get(line).cloned() else { return };
        if state.foreign_due().is_none_or(|due| due > now) {
            return;
        }
        let rested = state.foreign_rested.max(now).after(FOREIGN_EVERY);
        self.t.lines.edit(line, |state| (state.foreign, state.foreign_rested) = (0, rested));
        self.record(Fact::LineForeignFrame { line: line.clone(), frames: state.foreign });
    }

    pub(crate) fn foreign_due(&mut self) {
        let lines: alloc::vec::Vec<_> = self.t.lines.iter().map(|(line, _)| line.clone()).collect();
        for line in lines {
            self.write_foreign(&line);
        }
    }

    fn knows_line(&self, line: &LineId) -> bool {
        self.site.devices.values().any(|known| known == line)
    }

    const fn silent_line(&self) -> LineState {
        LineState { health: Health::Online, observed: self.now.wall, foreign: 0, foreign_rested: Mono(0) }
    }
}

impl LineState {
    /// When the foreign frames that wait are written.
    pub(crate) fn foreign_due(&self) -> Option<Mono> {
        let at_once = Millis(FOREIGN_EVERY.0.saturating_mul(u64::from(FOREIGN_AT_ONCE - 1)));
        (self.foreign > 0).then(|| self.foreign_rested.before(at_once))
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::input::Input;
    use crate::scene::Scene;

    fn hear(scene: &mut Scene, frames: u32) {
        scene.give(Input::ForeignFrame { line: "rs485-1".parse().unwrap(), frames });
    }

    fn told(scene: &mut Scene) -> Vec<u32> {
        let frames = scene.news().into_iter().filter_map(|fact| match fact {
            Fact::LineForeignFrame { frames, .. } => Some(frames),
            _ => None,
        });
        frames.collect()
    }

    #[test]
    fn each_burst_of_foreign_frames_is_told_and_forced_at_once() {
        let mut scene = Scene::new();
        for frames in 1..=FOREIGN_AT_ONCE {
            scene.forced = 0;
            hear(&mut scene, frames);
            assert_eq!((told(&mut scene), scene.forced), (Vec::from([frames]), 1));
            scene.pass(Millis::seconds(1));
        }
    }

    #[test]
    fn foreign_frames_that_never_end_are_told_together_and_told_at_once_again_after_a_rest() {
        let mut scene = Scene::new();
        for _ in 0..FOREIGN_AT_ONCE + 9 {
            hear(&mut scene, 1);
        }
        assert_eq!(told(&mut scene).len(), 20);
        scene.pass(Millis(FOREIGN_EVERY.0 - 1));
        assert!(told(&mut scene).is_empty());
        scene.pass(Millis(1));
        assert_eq!(told(&mut scene), [9]);
        scene.pass(FOREIGN_EVERY);
        hear(&mut scene, 2);
        hear(&mut scene, 3);
        assert_eq!(told(&mut scene), [2], "one more each ten minutes");
        scene.pass(Millis(FOREIGN_EVERY.0 * u64::from(FOREIGN_AT_ONCE)));
        told(&mut scene);
        hear(&mut scene, 1);
        hear(&mut scene, 1);
        assert_eq!(told(&mut scene), [1, 1]);
    }
}
