//! WKLY lock boards (Voung and others), with 8, 12, 16 and 24 locks.
//!
//! Document: the makers' sheet as quoted by running drivers; its example `57 4B 4C 59 09 01 82 04 87` opens lock 4 of board 1.
//!
//! Signals: input n is the door of lock n, on while shut: `doors = { inputs = ["board/1..24"], shut_when = "on" }`.
//!
//! Traps: 80 and 87 open several locks, 86 all, 88 keeps the current on: no constructor makes them, nor 84, which sources explain
//! differently [D] (see `frame::wkly`), so that locks are asked one by one, each taking up to 100 ms. The answer to an opening
//! comes when the board's own 350 ms are over and proves nothing; until it came or could have come nothing is sent that it
//! would meet. `[policy] pulse` does not reach the board. It speaks unasked when a door moves (85): that makes the lock be read at
//! once and is never evidence; such boards need a line of their own.

use crate::channel::Channel;
use crate::device::Model;
use crate::device::plan::{Plan, Poll, Provides, PulseOf};
use crate::frame;
use crate::frame::wkly::{Lock, Request};
use crate::order::PulseLength;

/// The models of this file.
#[must_use]
pub fn models() -> Vec<Model> {
    let pulses: [(u8, PulseOf); 4] = [(8, open::<8>), (12, open::<12>), (16, open::<16>), (24, open::<24>)];
    let model = |(locks, pulse)| {
        let model = Model::new(&format!("wkly-{locks}"), plan(locks, pulse));
        model.about(&format!("WKLY lock board (Voung and others), {locks} locks"))
    };
    pulses.map(model).into()
}

fn plan(locks: u8, pulse: PulseOf) -> Plan {
    let read = |channel| Some(Poll::lock(channel, Request::Query(Lock::new(channel)?)));
    let provides = Provides { outputs: locks, inputs: locks, probes: 0 };
    Plan::lock_board(provides, Channel::first(locks).filter_map(read).collect(), pulse)
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
        request.encode(Address::on(Protocol::Wkly, 1).unwrap())
    }

    #[test]
    fn frames() {
        let length = PulseLength::from_millis(300).unwrap();
        let pulse = |lock| open::<12>(Channel::new(lock).unwrap(), length).map(sent);
        assert_eq!(pulse(4), Some([0x57, 0x4B, 0x4C, 0x59, 0x09, 0x01, 0x82, 0x04, 0x87].into()));
        assert_eq!(pulse(12), Some([0x57, 0x4B, 0x4C, 0x59, 0x09, 0x01, 0x82, 0x0C, 0x8F].into()));
        assert_eq!(pulse(13), None, "not beyond the board");
        let polls = plan(12, open::<12>).polls;
        assert_eq!(sent(polls[0].request), [0x57, 0x4B, 0x4C, 0x59, 0x09, 0x01, 0x83, 0x01, 0x83]);
        assert_eq!(polls.len(), 12);
    }

    /// Read by `device::golden`.
    pub(in crate::device) const FRAMES: &[(&str, &str)] = &[
        (
            "wkly-12",
            "> 57 4B 4C 59 09 01 83 01 83
             < 57 4B 4C 59 0B 01 83 00 01 01 80
             = on 1
             > 57 4B 4C 59 09 01 83 0C 8E
             < 57 4B 4C 59 0B 01 83 00 0C 00 8C
             = off 12
             > 57 4B 4C 59 09 01 82 01 82
             < 57 4B 4C 59 0B 01 82 00 01 00 80
             = lock 1: word
             > 57 4B 4C 59 09 01 82 0C 8F
             < 57 4B 4C 59 0B 01 82 00 0C 00 8D
             = lock 12: word",
        ),
        (
            "wkly-16",
            "> 57 4B 4C 59 09 01 83 01 83
             < 57 4B 4C 59 0B 01 83 00 01 01 80
             = on 1
             > 57 4B 4C 59 09 01 83 10 92
             < 57 4B 4C 59 0B 01 83 00 10 00 90
             = off 16
             > 57 4B 4C 59 09 01 82 01 82
             < 57 4B 4C 59 0B 01 82 00 01 00 80
             = lock 1: word
             > 57 4B 4C 59 09 01 82 10 93
             < 57 4B 4C 59 0B 01 82 00 10 00 91
             = lock 16: word",
        ),
        (
            "wkly-24",
            "> 57 4B 4C 59 09 01 83 01 83
             < 57 4B 4C 59 0B 01 83 00 01 01 80
             = on 1
             > 57 4B 4C 59 09 01 83 18 9A
             < 57 4B 4C 59 0B 01 83 00 18 00 98
             = off 24
             > 57 4B 4C 59 09 01 82 01 82
             < 57 4B 4C 59 0B 01 82 00 01 00 80
             = lock 1: word
             > 57 4B 4C 59 09 01 82 18 9B
             < 57 4B 4C 59 0B 01 82 00 18 00 99
             = lock 24: word",
        ),
        (
            "wkly-8",
            "> 57 4B 4C 59 09 01 83 01 83
             < 57 4B 4C 59 0B 01 83 00 01 01 80
             = on 1
             > 57 4B 4C 59 09 01 83 08 8A
             < 57 4B 4C 59 0B 01 83 00 08 00 88
             = off 8
             > 57 4B 4C 59 09 01 82 01 82
             < 57 4B 4C 59 0B 01 82 00 01 00 80
             = lock 1: word
             > 57 4B 4C 59 09 01 82 08 8B
             < 57 4B 4C 59 0B 01 82 00 08 00 89
             = lock 8: word",
        ),
    ];
}
