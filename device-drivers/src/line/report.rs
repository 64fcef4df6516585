//! What an answered or failed poll tells upward.

use crate::device::plan::{Meaning, Provides};
use crate::line::agreement::Belief;
use crate::line::exchange::{Ending, Exchange};
use crate::line::health::Event;
use crate::line::master::Line;
use crate::line::slave::Slave;
use crate::signal::{InputStates, ProbeFault, Reading, Sign, Signal};
use crate::time::Monotonic;

impl Line {
    /// Tells what `ending` says of the poll of that number.
    pub(super) fn report(
        &mut self,
        place: usize,
        poll: usize,
        exchange: &Exchange,
        ending: &Ending,
        now: Monotonic,
    ) {
        let Some(slave) = self.slaves.get_mut(place) else { return };
        let Provides { inputs, outputs, .. } = slave.plan().provides;
        let Some(meaning) = slave.plan().polls.get(poll).map(|poll| poll.meaning.clone()) else { return };
        match (meaning, ending) {
            (Meaning::Inputs | Meaning::Input(_), Ending::Data(data)) => {
                let states = exchange.request.inputs(data, inputs);
                match slave.believe(poll, states, self.agreeing_reads) {
                    Belief::Told => {
                        let device = slave.id.clone();
                        self.out.push_back(Signal::Inputs { device, at: now, states });
                    }
                    Belief::AskAgain => slave.ask_again(poll, now),
                }
            }
            (Meaning::Outputs, Ending::Data(data)) => {
                let states = exchange.request.inputs(data, outputs);
                self.check_outputs(place, states, exchange, now)
            }
            (Meaning::Inputs | Meaning::Input(_) | Meaning::Outputs, _) => {}
            (Meaning::Probes(fields), ending) => {
                let first = probes_before(slave, poll);
                for (field, last) in fields.iter().zip(slave.last_good.iter_mut().skip(first)) {
                    let reading = match ending {
                        Ending::Data(data) => field.reading(data, now, last),
                        Ending::Exception(code) => Reading::Fault(ProbeFault::Exception(*code)),
                        Ending::Echo | Ending::Word | Ending::Quiet | Ending::Silent | Ending::Damaged => {
                            Reading::Fault(ProbeFault::NoReply)
                        }
                    };
                    let (device, channel) = (slave.id.clone(), field.channel);
                    self.out.push_back(Signal::Probe { device, at: now, channel, reading });
                }
            }
        }
    }

    /// Outputs that are on without a pulse are switched off by a new set-up. While a pulse may be under way this waits for
    /// the next look: all off would cut it short.
    fn check_outputs(&mut self, place: usize, outputs: InputStates, exchange: &Exchange, now: Monotonic) {
        let Some(slave) = self.slaves.get_mut(place) else { return };
        if outputs.none_on() || slave.any_pulse_on(exchange.begun) {
            return;
        }
        slave.restart_set_up(now);
        let sign = Sign::OutputsOn { outputs };
        self.out.push_back(Signal::Sign { device: slave.id.clone(), at: now, sign });
        self.slave_event(place, Event::OutputsOn, now);
    }
}

/// Place of a poll's first probe among the slave's.
fn probes_before(slave: &Slave, poll: usize) -> usize {
    let before = slave.plan().polls.iter().take(poll);
    before
        .map(|poll| match &poll.meaning {
            Meaning::Probes(fields) => fields.len(),
            Meaning::Inputs | Meaning::Input(_) | Meaning::Outputs => 0,
        })
        .sum()
}
