//! One RS-485 line and the slaves on it: bytes in with their times, bytes out with theirs.

mod locks;

use std::collections::VecDeque;

use crate::device::{Device, Ebyte, Eletechsup, Heard, InputBoard, RegisterMap, RelayBoard, To, XyMd02};
use crate::event::Happening;
use crate::fault::{Fault, Injector, Rule, Verdict};
use crate::lock_board::{LockBoard, LockFamily};
use crate::modbus::{self, Exception, Malformed, Reply, Request};
use crate::number::Address;
use crate::plant::Plant;
use crate::spec::{DeviceSpec, LineSpec, Model};
use crate::time::{SimTime, earliest};
use crate::wire::{Baud, Frame, Framer, Outgoing, WireByte, checked, sealed};

/// Late replies kept for the next request. A rule adds one a request and each request sends them all.
const MAX_HELD: usize = 32;
/// Requests on their way to servers outside. One is in flight at a time; more are a master that does not wait.
const MAX_OUTCALLS: usize = 16;

/// The slaves, the wire between them and the master, and the faults.
#[derive(Debug)]
pub struct Line {
    baud: Baud,
    /// The lock boards that are on it; none on a Modbus line.
    locks: Option<LockFamily>,
    framer: Framer,
    outgoing: Outgoing,
    slaves: Vec<Slave>,
    injector: Injector,
    held: Vec<Vec<u8>>,
    outcalls: VecDeque<Outcall>,
    plugged: bool,
    replug_at: Option<SimTime>,
}

#[derive(Debug)]
struct Slave {
    device: Device,
    spec: DeviceSpec,
    powered: bool,
    outside: bool,
}

/// A request that somebody outside answers for one of the slaves.
#[derive(Debug)]
pub(crate) struct Outcall {
    /// The slave, by the address it was wired with.
    pub wired_as: Address,
    /// The whole, valid frame.
    pub frame: Vec<u8>,
    ready_at: SimTime,
    verdict: Verdict,
}

impl Line {
    pub(crate) fn new(spec: &LineSpec, seed: u64) -> Self {
        let slaves = spec.devices.iter().map(|device| Slave {
            device: build(device, spec.baud),
            spec: device.clone(),
            powered: true,
            outside: false,
        });
        Self {
            baud: spec.baud,
            locks: spec.lock_family(),
            framer: Framer::new(spec.baud),
            outgoing: Outgoing::new(spec.baud),
            slaves: slaves.collect(),
            injector: Injector::new(seed, spec.faults.clone(), spec.lock_family()),
            held: Vec::new(),
            outcalls: VecDeque::new(),
            plugged: true,
            replug_at: None,
        }
    }

    /// The rate of the line.
    #[must_use]
    pub fn baud(&self) -> Baud {
        self.baud
    }

    /// Whether the adapter is there.
    #[must_use]
    pub fn is_plugged(&self) -> bool {
        self.plugged
    }

    /// A device by the address it was wired with.
    pub fn device_mut(&mut self, wired_as: Address) -> Option<&mut Device> {
        self.slaves.iter_mut().find(|slave| slave.spec.address == wired_as).map(|slave| &mut slave.device)
    }

    /// Replaces the fault rules; the generator goes on.
    pub fn set_faults(&mut self, rules: Vec<Rule>) {
        self.injector.set(rules);
    }

    /// The master's character had arrived whole at `heard.at`.
    pub(crate) fn hear(&mut self, heard: WireByte) {
        if self.plugged {
            let byte = self.outgoing.mixed_with(heard.at, heard.byte);
            self.framer.hear(WireByte { byte, ..heard });
        }
    }

    /// When a slave or the wire does something next; characters under way not included.
    pub(crate) fn next_deadline(&self) -> Option<SimTime> {
        let timers = self.slaves.iter().filter(|slave| slave.powered);
        let timers = timers.filter_map(|slave| slave.device.next_deadline()).min();
        earliest(timers, earliest(self.framer.next_deadline(), self.replug_at))
    }

    /// Nothing is half heard, being answered or on its way.
    pub(crate) fn is_silent(&self) -> bool {
        let due = earliest(self.framer.next_deadline(), self.outgoing.next_deadline());
        due.is_none() && self.outcalls.is_empty()
    }

    pub(crate) fn outgoing(&self) -> &Outgoing {
        &self.outgoing
    }

    pub(crate) fn take_byte(&mut self, now: SimTime) -> Option<WireByte> {
        self.outgoing.take(now)
    }

    /// Does everything due at `now`. Call it at each deadline in turn.
    pub(crate) fn advance(&mut self, now: SimTime, plant: &mut Plant) {
        if self.replug_at.is_some_and(|at| at <= now) {
            self.plug(now, plant);
        }
        for slave in self.slaves.iter_mut().filter(|slave| slave.powered) {
            slave.device.advance(now, plant);
        }
        self.speak_unasked(now);
        while let Some(frame) = self.framer.take(now) {
            self.frame(&frame, plant);
        }
    }

    /// The adapter is pulled; what is under way is lost.
    pub(crate) fn unplug(&mut self, now: SimTime, plant: &mut Plant) {
        if std::mem::replace(&mut self.plugged, false) {
            self.framer.clear();
            self.outgoing.clear();
            self.held.clear();
            plant.record(now, Happening::Unplugged);
        }
        self.replug_at = None;
    }

    /// The adapter is put back.
    pub(crate) fn plug(&mut self, now: SimTime, plant: &mut Plant) {
        self.replug_at = None;
        if !std::mem::replace(&mut self.plugged, true) {
            plant.record(now, Happening::Plugged);
        }
    }

    /// Switches a board's supply.
    pub(crate) fn power(&mut self, now: SimTime, wired_as: Address, on: bool, plant: &mut Plant) {
        for slave in self.slaves.iter_mut().filter(|slave| slave.spec.address == wired_as) {
            match (std::mem::replace(&mut slave.powered, on), on) {
                (true, false) => slave.device.power_off(now, plant),
                (false, true) => slave.device.power_on(now, plant),
                _ => continue,
            }
            plant.record(now, Happening::Powered { board: wired_as, on });
        }
    }

    /// Characters nobody asked for go on the wire from `now` on, after what is under way.
    pub(crate) fn babble(&mut self, now: SimTime, bytes: &[u8]) {
        if self.plugged {
            self.outgoing.queue(now, bytes);
        }
    }

    /// Requests for this slave are answered by somebody outside from now on.
    pub(crate) fn serve_outside(&mut self, wired_as: Address) {
        for slave in self.slaves.iter_mut().filter(|slave| slave.spec.address == wired_as) {
            slave.outside = true;
        }
    }

    /// A request that somebody outside understood, to the device itself.
    pub(crate) fn ask(
        &mut self,
        now: SimTime,
        wired_as: Address,
        request: &Request,
        plant: &mut Plant,
    ) -> Option<Result<Reply, Exception>> {
        let slave = self.slaves.iter_mut().find(|slave| slave.spec.address == wired_as && slave.powered)?;
        slave.device.serve(Heard { request, to: To::Me, heard: now, now }, plant)
    }

    pub(crate) fn take_outcall(&mut self) -> Option<Outcall> {
        self.outcalls.pop_front()
    }

    /// The answer from outside; it goes on the wire when the slave has thought for its time, or at once when
    /// that is over.
    pub(crate) fn answer(&mut self, now: SimTime, outcall: &Outcall, reply: Vec<u8>) {
        if self.plugged {
            self.send(now, &outcall.verdict, vec![(outcall.ready_at, reply)]);
        }
    }

    fn frame(&mut self, frame: &Frame, plant: &mut Plant) {
        let addressed = match self.locks {
            Some(family) => family.addressed(&frame.bytes),
            None => addressed(&frame.bytes),
        };
        let Some((slave, function)) = addressed else {
            plant.record(frame.complete_at, Happening::Garbled { characters: frame.bytes.len() });
            return;
        };
        for late in std::mem::take(&mut self.held) {
            self.outgoing.queue(frame.complete_at, &late);
        }
        let verdict = self.injector.judge(frame.complete_at, slave, function);
        for injected in &verdict.faults {
            plant.record(frame.complete_at, Happening::Fault(injected.clone()));
        }
        if !verdict.has(Fault::Deaf) {
            let bytes = self.injector.distort_request(&verdict, &frame.bytes);
            self.obey(&Frame { bytes, ..*frame }, &verdict, plant);
        }
        if let Some(out_for) = verdict.unplug() {
            self.unplug(frame.complete_at, plant);
            self.replug_at = Some(frame.complete_at + out_for);
        }
    }

    /// What reached the slaves, after the faults on the way.
    fn obey(&mut self, frame: &Frame, verdict: &Verdict, plant: &mut Plant) {
        if let Some(family) = self.locks {
            return self.obey_locks(family, frame, verdict, plant);
        }
        let Some((to, pdu)) = checked(&frame.bytes).and_then(<[u8]>::split_first) else {
            plant.record(frame.complete_at, Happening::Garbled { characters: frame.bytes.len() });
            return;
        };
        let to = Address::new(*to);
        self.call_outside(frame, to, pdu, verdict, plant);
        if Request::parse(pdu) == Err(Malformed::Length) {
            plant.record(frame.complete_at, Happening::Garbled { characters: frame.bytes.len() });
            return;
        }
        let answers = self.serve_all(frame, to, pdu, plant);
        self.send(frame.complete_at, verdict, answers);
    }

    /// Only whole requests for one slave: what a server behind a wire may be handed.
    fn call_outside(
        &mut self,
        frame: &Frame,
        to: Option<Address>,
        pdu: &[u8],
        verdict: &Verdict,
        plant: &mut Plant,
    ) {
        let (Some(to), Ok(request)) = (to, Request::parse(pdu)) else {
            return;
        };
        let line = self.baud;
        let asked = |slave: &&Slave| {
            slave.is_outside_for(&request) && slave.listens(line) && slave.device.address() == to
        };
        for slave in self.slaves.iter().filter(asked) {
            if self.outcalls.len() == MAX_OUTCALLS {
                self.outcalls.pop_front();
            }
            self.outcalls.push_back(Outcall {
                wired_as: slave.spec.address,
                frame: frame.bytes.clone(),
                ready_at: frame.complete_at + slave.spec.thinking,
                verdict: verdict.clone(),
            });
            let function = pdu.first().copied().unwrap_or_default();
            plant.record(frame.complete_at, Happening::Served { address: to, function });
        }
    }

    /// The answers of every slave that feels addressed, with the moments at which they start.
    fn serve_all(
        &mut self,
        frame: &Frame,
        to: Option<Address>,
        pdu: &[u8],
        plant: &mut Plant,
    ) -> Vec<(SimTime, Vec<u8>)> {
        let parsed = Request::parse(pdu);
        let mut answers = Vec::new();
        let line = self.baud;
        let listening = self.slaves.iter_mut().filter(|slave| slave.listens(line));
        for slave in listening.filter(|slave| to.is_none_or(|to| slave.device.address() == to)) {
            // The address that answers is the one that was asked: a new one is for the next request.
            let address = slave.device.address();
            if parsed.as_ref().is_ok_and(|request| slave.is_outside_for(request)) {
                continue;
            }
            let Some(outcome) = serve(&mut slave.device, &parsed, frame, to, plant) else {
                continue;
            };
            let mut body = vec![to.map_or(0, Address::get)];
            body.extend(modbus::answer(pdu, &outcome));
            if to.is_none() && matches!(outcome, Ok(Reply::Registers(_))) {
                body[0] = address.get();
            }
            answers.push((frame.complete_at + slave.spec.thinking, sealed(body)));
            let function = pdu.first().copied().unwrap_or_default();
            plant.record(frame.complete_at, Happening::Served { address, function });
        }
        answers
    }

    fn send(&mut self, now: SimTime, verdict: &Verdict, answers: Vec<(SimTime, Vec<u8>)>) {
        let several = answers.len() > 1;
        for (start, reply) in answers {
            let at_once = self.outgoing.next_deadline().is_none() && !verdict.is_held_back();
            let bursts = self.injector.distort(verdict, &reply, at_once);
            if verdict.has(Fault::Silence) {
                continue;
            }
            if verdict.has(Fault::LateReply) {
                let room = MAX_HELD.saturating_sub(self.held.len());
                self.held.extend(bursts.into_iter().take(room));
                continue;
            }
            let start = start.max(now) + verdict.delay();
            for burst in bursts {
                if several {
                    self.outgoing.collide(start, &burst);
                } else {
                    self.outgoing.queue(start, &burst);
                }
            }
        }
    }
}

impl Slave {
    /// Whether somebody outside answers: not what a maker put beside the standard, which a stock server takes for an error.
    fn is_outside_for(&self, request: &Request) -> bool {
        let beside = matches!(request, Request::WriteCoil { value, .. } if !matches!(value, 0 | 0xFF00));
        self.outside && !beside
    }

    fn listens(&self, line: Baud) -> bool {
        self.powered && self.device.baud() == line
    }
}

/// Slave (`None`: everybody) and function code of a frame with a good checksum.
fn addressed(frame: &[u8]) -> Option<(Option<Address>, u8)> {
    let (slave, pdu) = checked(frame)?.split_first()?;
    Some((Address::new(*slave), pdu.first().copied().unwrap_or_default()))
}

fn build(spec: &DeviceSpec, baud: Baud) -> Device {
    match spec.model {
        Model::Relay(model) => Device::Relay(RelayBoard::new(spec.address, baud, model)),
        Model::Eletechsup(relays) => Device::Eletechsup(Eletechsup::new(spec.address, baud, relays.into())),
        Model::Ebyte { relays, inputs } => {
            Device::Ebyte(Ebyte::new(spec.address, baud, relays.into(), inputs.into()))
        }
        Model::Inputs(inputs) => Device::Inputs(InputBoard::new(spec.address, baud, inputs)),
        Model::Map(model) => Device::Map(RegisterMap::new(spec.address, baud, model)),
        Model::XyMd02 => Device::Probe(XyMd02::new(spec.address, baud)),
        Model::Locks(family) => Device::Locks(LockBoard::new(spec.address, baud, family)),
    }
}

fn serve(
    device: &mut Device,
    parsed: &Result<Request, Malformed>,
    frame: &Frame,
    to: Option<Address>,
    plant: &mut Plant,
) -> Option<Result<Reply, Exception>> {
    let to = if to.is_none() { To::Everybody } else { To::Me };
    match parsed {
        Ok(request) => device.serve(Heard { request, to, heard: frame.end, now: frame.complete_at }, plant),
        Err(Malformed::Refused(exception)) => (to == To::Me).then_some(Err(*exception)),
        Err(Malformed::Length) => None,
    }
}
