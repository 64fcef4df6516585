//! What an answered or failed poll tells upward.

use crate::device::plan::{Meaning, Provides};
use crate::device::profile::{FlagField, Point, ProbeField};
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
        let Some(asked) = slave.polls.get(poll).map(|state| &state.poll) else { return };
        let (meaning, first) = (asked.meaning.clone(), asked.request.first_register().unwrap_or(0));
        match (meaning, ending) {
            (Meaning::Inputs | Meaning::Input(_), Ending::Data(data)) => {
                let read = exchange.request.inputs(data, inputs);
                let states = slave.believe(poll, read, self.agreeing_reads);
                if states != read {
                    slave.ask_again(poll, now);
                }
                if states != InputStates::default() {
                    let device = slave.id.clone();
                    self.out.push_back(Signal::Inputs { device, at: now, states });
                }
            }
            (Meaning::Outputs, Ending::Data(data)) => {
                let states = exchange.request.inputs(data, outputs);
                self.check_outputs(place, states, exchange, now)
            }
            (Meaning::OutputRegisters, Ending::Data(data)) => {
                self.check_outputs(place, registers(data, outputs), exchange, now)
            }
            (Meaning::Inputs | Meaning::Input(_) | Meaning::Outputs | Meaning::OutputRegisters, _) => {}
            (Meaning::Points(points), ending) => {
                for point in &points {
                    let told = match point {
                        Point::Probe(probe) => Some(probe_signal(slave, probe, first, ending, now)),
                        Point::Flag(flag) => flag_signal(slave, flag, first, ending, now),
                    };
                    self.out.extend(told);
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

/// One register an output, 0 for off.
fn registers(data: &[u8], count: u8) -> InputStates {
    let words = data.chunks_exact(2).take(32).rev();
    let bits = words.fold(0_u128, |bits, word| bits << 1 | u128::from(word != [0, 0]));
    InputStates::new(bits, count)
}

fn probe_signal(
    slave: &mut Slave,
    probe: &ProbeField,
    first: u16,
    ending: &Ending,
    now: Monotonic,
) -> Signal {
    let last = slave.last_good.get_mut(usize::from(probe.channel.index()));
    let reading = match (ending, last) {
        (Ending::Data(data), Some(last)) => probe.reading(data, first, now, last),
        (Ending::Exception(code), _) => Reading::Fault(ProbeFault::Exception(*code)),
        (_, _) => Reading::Fault(ProbeFault::NoReply),
    };
    Signal::Probe { device: slave.id.clone(), at: now, channel: probe.channel, reading }
}

/// None where the answer says nothing of it: what was said last grows old then.
fn flag_signal(
    slave: &Slave,
    flag: &FlagField,
    first: u16,
    ending: &Ending,
    now: Monotonic,
) -> Option<Signal> {
    let Ending::Data(data) = ending else { return None };
    let raised = flag.raised(data, first)?;
    Some(Signal::Flag { device: slave.id.clone(), at: now, flag: flag.name.clone(), role: flag.role, raised })
}
