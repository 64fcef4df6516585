//! Winnsen lock boards with 16 locks.
//!
//! Document: the maker's sheet as quoted by running drivers of its boards.
//!
//! Signals: input n is the status of lock n, on while *open*: `doors = { inputs = ["board/1..16"], shut_when = "off" }`.
//! A broken feedback wire may read shut, so such a bank wants door contacts of its own where it can have them.
//!
//! Traps: frames carry no check byte. The exact form is all that is checked, a change is believed after three agreeing reads, and
//! the board's word about an opening is never proof. An order bent on its way may open another lock: no master can prevent it;
//! it is not told as opened, and the other door is seen open without an order. Locks are asked one by one: a round takes
//! half a second at 9600 baud. The board times its pulse itself; `[policy] pulse` does not reach it.

use crate::channel::Channel;
use crate::device::Model;
use crate::device::plan::{Plan, Poll, Provides};
use crate::frame;
use crate::frame::winnsen::{Lock, Request};
use crate::order::PulseLength;

/// The models of this file.
#[must_use]
pub fn models() -> Vec<Model> {
    vec![Model::new("winnsen-16", plan()).about("Winnsen lock board, 16 locks")]
}

fn plan() -> Plan {
    let read = |channel| Some(Poll::lock(channel, Request::Status(Lock::new(channel)?)));
    let polls = Channel::first(Lock::COUNT).filter_map(read).collect();
    let provides = Provides { outputs: Lock::COUNT, inputs: Lock::COUNT, probes: 0 };
    Plan::lock_board(provides, polls, open)
}

fn open(lock: Channel, _: PulseLength) -> Option<frame::Request> {
    Lock::new(lock).map(|lock| Request::Open(lock).into())
}

#[cfg(test)]
pub(super) mod golden {
    use super::*;
    use crate::frame::{FrameBytes, Protocol};
    use crate::spec::Address;

    fn sent(request: frame::Request) -> FrameBytes {
        request.encode(Address::on(Protocol::Winnsen, 1).unwrap())
    }

    #[test]
    fn frames() {
        let length = PulseLength::from_millis(700).unwrap();
        let pulse = |lock| open(Channel::new(lock).unwrap(), length).map(sent);
        assert_eq!(pulse(2), Some([0x90, 0x06, 0x05, 0x01, 0x02, 0x03].into()));
        assert_eq!(pulse(16), Some([0x90, 0x06, 0x05, 0x01, 0x10, 0x03].into()));
        assert_eq!(pulse(17), None);
        let polls = plan().polls;
        assert_eq!(sent(polls[0].request), [0x90, 0x06, 0x12, 0x01, 0x01, 0x03]);
        assert_eq!(sent(polls[15].request), [0x90, 0x06, 0x12, 0x01, 0x10, 0x03]);
    }

    /// Read by `device::golden`.
    pub(in crate::device) const FRAMES: &[(&str, &str)] = &[(
        "winnsen-16",
        "> 90 06 12 01 01 03
             < 90 07 92 01 01 00 03
             = off 1
             > 90 06 12 01 10 03
             < 90 07 92 01 10 01 03
             = on 16
             > 90 06 05 01 01 03
             < 90 07 85 01 01 01 03
             = lock 1: word
             > 90 06 05 01 10 03
             < 90 07 85 01 10 01 03
             = lock 16: word",
    )];
}
