//! What must hold of a profile whatever its text: it is refused with flaws that lie within it, or it is a model that reads
//! without panicking and moves nothing.

use device_drivers::device::Model;
use device_drivers::device::plan::{Meaning, Poll};
use device_drivers::device::profile::{self, Point};
use device_drivers::frame::Protocol;
use device_drivers::spec::Address;
use device_drivers::time::Monotonic;

/// Splits of one read at most: a read of 125 registers is halved 7 times.
const DEPTH: usize = 16;

/// Checks one input.
///
/// # Panics
/// When a rule is broken.
pub fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    match profile::parse(text) {
        Err(flaws) => {
            assert!(!flaws.is_empty(), "refused without a word");
            for flaw in flaws {
                // Where nothing is written the place is the text's beginning.
                assert!(flaw.at.start <= text.len() && flaw.at.start <= flaw.at.end, "{flaw:?}");
            }
        }
        Ok(model) => lawful(&model, input),
    }
}

fn lawful(model: &Model, bytes: &[u8]) {
    let plan = model.plan();
    assert!(plan.pulse.is_none() && plan.provides.outputs == 0, "a profile moves no lock");
    assert_eq!(model.protocol(), Some(Protocol::ModbusRtu));
    let address = Address::new(1).expect("an address");
    for step in &plan.set_up {
        assert!(!step.request.is_write(), "a setting is read first");
        if let Ok(Some(mend)) = step.expect.mend(&step.request, &bytes[..bytes.len().min(2)]) {
            let frame = mend.encode(address);
            assert!(frame[1] == 6 && !(frame[2] == 0 && frame[3] <= 32 && frame[4] > 0), "{frame:?}");
        }
    }
    plan.polls.iter().for_each(|poll| read(poll, bytes, DEPTH));
}

fn read(poll: &Poll, bytes: &[u8], depth: usize) {
    assert!(depth > 0, "a read is split for ever");
    let Meaning::Points(points) = &poll.meaning else { panic!("a profile has points only") };
    let first = poll.request.first_register().expect("a Modbus read");
    let data = bytes.get(..poll.request.answer_bytes().saturating_sub(5)).unwrap_or(bytes);
    for point in points {
        match point {
            Point::Probe(probe) => drop(probe.reading(data, first, Monotonic::ZERO, &mut None)),
            Point::Flag(flag) => drop(flag.raised(data, first)),
        }
    }
    let parts = poll.parts();
    let held = |poll: &Poll| if let Meaning::Points(points) = &poll.meaning { points.len() } else { 0 };
    assert!(parts.is_empty() || parts.iter().map(held).sum::<usize>() == points.len(), "a point was lost");
    parts.iter().for_each(|part| read(part, bytes, depth - 1));
}
