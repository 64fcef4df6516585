//! Whose turn it is. Pulses are taken before this is asked.

use crate::device::plan::Lane;
use crate::frame::Request;
use crate::limits::LANE_PATIENCE;
use crate::line::dead::DeadProbes;
use crate::line::exchange::Job;
use crate::line::health::State;
use crate::line::slave::{Due, Slave};
use crate::time::Monotonic;

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// Send `request` to the slave at place `slave`.
    Run {
        /// Place of the slave on the line.
        slave: usize,
        /// What it is for.
        job: Job,
        /// What to send.
        request: Request,
    },
    /// Nothing is due before this.
    Wait(Monotonic),
}

/// Who goes first. Jobs of a lane go in the order in which they fell due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    SetUp,
    /// A lower lane's job that has waited too long: goes before doors, every second time at most.
    Promoted,
    Lane(Lane),
}

/// Keeps lower lanes from starving where doors take all of the wire, and doors from waiting for a long row of set-ups.
#[derive(Debug, Default)]
pub struct Schedule {
    /// The last job went before doors; the next does not, where a door is due.
    before_doors_last: bool,
}

impl Schedule {
    /// The next job at `now`.
    pub fn choose(&mut self, slaves: &[Slave], dead: &DeadProbes, now: Monotonic) -> Choice {
        let jobs =
            slaves.iter().enumerate().flat_map(|(slave, it)| it.jobs(now).map(move |due| (slave, due)));
        let mut earliest = Monotonic::NEVER;
        let mut best: Option<(Rank, Monotonic, usize, Due)> = None;
        for (slave, due) in jobs.chain(dead_probe(slaves, dead)) {
            if due.due > now {
                earliest = earliest.min(due.due);
                continue;
            }
            let key = (self.rank(&due, now), due.due, slave);
            if best.as_ref().is_none_or(|(rank, at, place, _)| key < (*rank, *at, *place)) {
                best = Some((key.0, key.1, key.2, due));
            }
        }
        match best {
            None => Choice::Wait(earliest),
            Some((rank, _, slave, Due { job, request, .. })) => {
                self.before_doors_last = rank <= Rank::Promoted;
                Choice::Run { slave, job, request }
            }
        }
    }

    fn rank(&self, due: &Due, now: Monotonic) -> Rank {
        match due.lane {
            Lane::Door => Rank::Lane(Lane::Door),
            Lane::Unlock if self.before_doors_last => Rank::Lane(Lane::Access),
            Lane::Unlock => Rank::SetUp,
            _ if !self.before_doors_last && now.since(due.due) >= LANE_PATIENCE => Rank::Promoted,
            lane => Rank::Lane(lane),
        }
    }
}

fn dead_probe(slaves: &[Slave], dead: &DeadProbes) -> Option<(usize, Due)> {
    let down =
        slaves.iter().enumerate().filter(|(_, slave)| slave.state == State::Down).map(|(place, _)| place);
    let place = dead.pick(down)?;
    let request = slaves.get(place)?.first_contact()?;
    Some((place, Due { lane: Lane::Background, due: dead.due(), job: Job::Probe, request }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::Model;
    use crate::id::DeviceId;
    use crate::spec::{Address, DeviceSpec};

    const NOW: Monotonic = Monotonic::from_micros(60_000_000);

    fn ago(ms: u64) -> Monotonic {
        Monotonic::from_micros(60_000_000 - ms * 1_000)
    }

    fn slaves(models: &[&str]) -> Vec<Slave> {
        let spec = |(place, model): (usize, &&str)| {
            let id = DeviceId::new(&format!("d-{place}")).unwrap();
            let address = Address::new(u8::try_from(place + 1).unwrap()).unwrap();
            DeviceSpec::new(id, address, Model::by_name(model).unwrap())
        };
        let mut slaves: Vec<Slave> =
            models.iter().enumerate().map(spec).map(|spec| Slave::new(&spec)).collect();
        for slave in &mut slaves {
            slave.state = State::Ready;
            slave.polls.iter_mut().for_each(|state| state.due = ago(10));
        }
        slaves
    }

    fn turn(schedule: &mut Schedule, slaves: &[Slave]) -> Option<usize> {
        match schedule.choose(slaves, &DeadProbes::default(), NOW) {
            Choice::Run { slave, .. } => Some(slave),
            Choice::Wait(_) => None,
        }
    }

    #[test]
    fn doors_go_before_probes_and_probes_before_outputs() {
        let mut all = slaves(&["waveshare-relay-8", "xy-md02", "discrete-inputs-8"]);
        let mut schedule = Schedule::default();
        let turns: Vec<usize> = (0..3)
            .filter_map(|_| {
                let place = turn(&mut schedule, &all)?;
                all[place].polls[0].due = Monotonic::NEVER;
                Some(place)
            })
            .collect();
        assert_eq!(turns, [2, 1, 0]);
        assert_eq!(turn(&mut schedule, &all), None);
    }

    #[test]
    fn lower_lane_gets_every_second_turn_when_doors_are_always_due() {
        let mut all = slaves(&["waveshare-relay-8", "discrete-inputs-8"]);
        all[0].polls[0].due = ago(5_000);
        let mut schedule = Schedule::default();
        let turns: Vec<usize> = (0..4).filter_map(|_| turn(&mut schedule, &all)).collect();
        assert_eq!(turns, [0, 1, 0, 1]);
    }

    #[test]
    fn fresh_set_up_goes_first_and_a_failing_one_waits_behind_doors() {
        let mut all = slaves(&["discrete-inputs-8", "waveshare-relay-8"]);
        all[1].state = State::SettingUp;
        all[1].set_up_due = ago(1);
        let mut schedule = Schedule::default();
        assert_eq!(turn(&mut schedule, &all), Some(1));
        all[1].failures.add(NOW, std::time::Duration::ZERO);
        assert_eq!(turn(&mut schedule, &all), Some(0));
    }

    #[test]
    fn doors_are_read_between_set_ups() {
        let mut all = slaves(&["discrete-inputs-8", "waveshare-relay-8", "waveshare-relay-8"]);
        for board in &mut all[1..] {
            board.state = State::SettingUp;
        }
        let mut schedule = Schedule::default();
        let turns: Vec<usize> = (0..4).filter_map(|_| turn(&mut schedule, &all)).collect();
        assert_eq!(turns, [1, 0, 1, 0]);
    }

    #[test]
    fn line_sleeps_until_the_earliest_job() {
        let mut all = slaves(&["discrete-inputs-8", "xy-md02"]);
        all[0].polls[0].due = NOW + std::time::Duration::from_millis(40);
        all[1].polls[0].due = NOW + std::time::Duration::from_millis(30);
        let choice = Schedule::default().choose(&all, &DeadProbes::default(), NOW);
        assert_eq!(choice, Choice::Wait(NOW + std::time::Duration::from_millis(30)));
    }
}
