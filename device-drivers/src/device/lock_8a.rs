//! The 8A/80 family: the commonest generic lock boards, here with 12, 16 and 24 locks.
//!
//! Document: sold under many names without one; the frames are those of running drivers, which agree on them.
//!
//! Signals: input n is the feedback of lock n, on for `11` and off for `00`. What that means turns with the lock's wiring, so
//! polarity is per door: `doors = { inputs = ["board/1..24"], shut_when = "on" }` where `11` is shut.
//!
//! Traps: lock 0 is *all*; 9A/9B keep the current on and cook a solenoid; 90 opens several: no constructor makes any of them. The
//! answer to an opening comes when the board's own 300 ms are over, and is `11` or `00` with opposite meanings by maker [D]: it
//! proves nothing, and until it came or could have come nothing is sent that it would meet. `[policy] pulse` does not reach the
//! board. It speaks unasked when a door is moved by hand (81, by other sources 82 [D]): such a frame makes the board be read at
//! once and is never evidence; such boards need a line of their own. A board with 8 locks answers "all open" with exactly what
//! it was asked, which is an echo to any master: it is not offered; use a 16 lock board. Eight bits of check byte: see
//! `frame::lock_8a` for what they cannot find.

use crate::channel::Channel;
use crate::device::Model;
use crate::device::plan::{Plan, Poll, Provides, PulseOf};
use crate::frame;
use crate::frame::lock_8a::{Groups, Lock, Request};
use crate::order::PulseLength;

/// The models of this file.
#[must_use]
pub fn models() -> Vec<Model> {
    [12, 16, 24]
        .into_iter()
        .filter_map(|locks| {
            let model = Model::new(&format!("lock-8a-{locks}"), plan(locks)?);
            Some(model.about(&format!("Generic lock board of the 8A/80 family, {locks} locks")))
        })
        .collect()
}

fn plan(locks: u8) -> Option<Plan> {
    let pulse: PulseOf = match locks {
        12 => open::<12>,
        16 => open::<16>,
        _ => open::<24>,
    };
    // A read of one lock would fence, but its answer has the form of our own request: see `frame::lock_8a`.
    let polls = vec![Poll::inputs(Request::Status(Groups::of(locks)?))];
    let provides = Provides { outputs: locks, inputs: locks, probes: 0 };
    Some(Plan::lock_board(provides, polls, pulse))
}

fn open<const LOCKS: u8>(lock: Channel, _: PulseLength) -> Option<frame::Request> {
    Lock::new(lock).filter(|_| lock.number() <= LOCKS).map(|lock| Request::Open(lock).into())
}

#[cfg(test)]
pub(super) mod golden {
    use super::*;
    use crate::frame::{FrameBytes, Protocol};
    use crate::spec::Address;

    fn sent(request: frame::Request) -> FrameBytes {
        request.encode(Address::on(Protocol::Lock8a, 1).unwrap())
    }

    fn pulse(locks: u8, lock: u8) -> Option<FrameBytes> {
        let (lock, length) = (Channel::new(lock).unwrap(), PulseLength::from_millis(300).unwrap());
        plan(locks).unwrap().pulse.and_then(|pulse| pulse(lock, length)).map(sent)
    }

    #[test]
    fn frames() {
        assert_eq!(pulse(24, 1), Some([0x8A, 0x01, 0x01, 0x11, 0x9B].into()));
        assert_eq!(pulse(24, 24), Some([0x8A, 0x01, 0x18, 0x11, 0x82].into()));
        assert_eq!(pulse(12, 13), None, "not beyond the board");
        assert_eq!(pulse(24, 25), None);
        let plan = plan(24).unwrap();
        assert_eq!(sent(plan.polls[0].request), [0x80, 0x01, 0x00, 0x33, 0xB2]);
    }

    /// Read by `device::golden`.
    pub(in crate::device) const FRAMES: &[(&str, &str)] = &[
        (
            "lock-8a-12",
            "> 80 01 00 33 B2
             < 80 01 F8 01 33 4B
             = on 1 12, off 2-11
             > 8A 01 01 11 9B
             < 8A 01 01 00 8A
             = lock 1: word
             > 8A 01 0C 11 96
             < 8A 01 0C 11 96
             = lock 12: word",
        ),
        (
            "lock-8a-16",
            "> 80 01 00 33 B2
             < 80 01 82 01 33 31
             = on 1 10 16, off 2-9 11-15
             > 8A 01 01 11 9B
             < 8A 01 01 00 8A
             = lock 1: word
             > 8A 01 10 11 8A
             < 8A 01 10 11 8A
             = lock 16: word",
        ),
        (
            "lock-8a-24",
            "> 80 01 00 33 B2
             < 80 01 80 02 01 33 31
             = on 1 10 24, off 2-9 11-23
             > 8A 01 01 11 9B
             < 8A 01 01 00 8A
             = lock 1: word
             > 8A 01 18 11 82
             < 8A 01 18 11 82
             = lock 24: word",
        ),
    ];
}
