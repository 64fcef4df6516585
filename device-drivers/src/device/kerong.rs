//! Kerong lock boards: KR-CU16 (16 locks) and KR-CU48 (48 locks).
//!
//! Document: the makers' protocol sheets, and drivers that run with them: <https://github.com/jin0949/KR-CU16_locker>,
//! <https://github.com/Open-Locker/Open-Locker>.
//!
//! Signals: inputs 1 to 16 (CU48: 1 to 48) are the lock hooks, on while locked; the numbers after them, 17 to 32 (49 to 96), are
//! the infrared eyes, on while something is in the way. A bank on a CU16 is
//! `locks = ["board/1..16"]`, `latches = { inputs = ["board/1..16"], latched_when = "on" }`, with its door contacts from
//! where they are wired; where the hook is all there is, it stands for the door: `doors = { inputs = ["board/1..16"],
//! shut_when = "on" }`.
//!
//! Traps: command 33 of a CU16 and lock 48 of a CU48 are *all*, one bit away from a status; no constructor makes them. An unlock
//! has no dependable answer: some boards send a status, some an echo, some nothing, and none of it proves that a lock moved. The
//! board times its pulse itself (CU16: command 37, in 10 ms; the form of that write differs between sources [D], and a wrong
//! length burns a coil, so it is never written here): `[policy] pulse` does not reach it. A CU48's status has 18 bytes with eyes
//! or 12 without [D]: take the model that answers. No harmless read but the status is on record: after a lost answer a board is
//! left alone for the horizon. Standing current is 60 mA, a driven lock takes 3 A.

use crate::channel::Channel;
use crate::device::Model;
use crate::device::plan::{Plan, Poll, Provides};
use crate::frame::kerong_cu48::Form;
use crate::frame::{Request, kerong_cu16, kerong_cu48};
use crate::order::PulseLength;

/// The models of this file.
#[must_use]
pub fn models() -> Vec<Model> {
    vec![
        Model::new("kerong-cu16", cu16()).about("Kerong KR-CU16, 16 locks, hooks and eyes"),
        Model::new("kerong-cu48", cu48(Form::HooksAndEyes)).about("Kerong KR-CU48, 48 locks, hooks and eyes"),
        Model::new("kerong-cu48-hooks", cu48(Form::Hooks)).about("Kerong KR-CU48, 48 locks, hooks only"),
    ]
}

fn cu16() -> Plan {
    let status = Poll::inputs(kerong_cu16::Request::Status);
    let provides = Provides { outputs: kerong_cu16::Lock::COUNT, inputs: kerong_cu16::INPUTS, probes: 0 };
    Plan::lock_board(provides, vec![status], unlock_cu16)
}

fn cu48(form: Form) -> Plan {
    let status = Poll::inputs(kerong_cu48::Request::Status(form));
    let provides = Provides { outputs: kerong_cu48::Lock::COUNT, inputs: form.inputs(), probes: 0 };
    Plan::lock_board(provides, vec![status], unlock_cu48)
}

fn unlock_cu16(lock: Channel, _: PulseLength) -> Option<Request> {
    kerong_cu16::Lock::new(lock).map(|lock| kerong_cu16::Request::Unlock(lock).into())
}

fn unlock_cu48(lock: Channel, _: PulseLength) -> Option<Request> {
    kerong_cu48::Lock::new(lock).map(|lock| kerong_cu48::Request::Unlock(lock).into())
}

#[cfg(test)]
pub(super) mod golden {
    use super::*;
    use crate::frame::{FrameBytes, Protocol};
    use crate::spec::Address;

    fn pulse(plan: &Plan, protocol: Protocol, board: u8, lock: u8) -> Option<FrameBytes> {
        let (lock, length) = (Channel::new(lock).unwrap(), PulseLength::from_millis(700).unwrap());
        let request = plan.pulse.and_then(|pulse| pulse(lock, length))?;
        Some(request.encode(Address::on(protocol, board).unwrap()))
    }

    #[test]
    fn cu16_frames() {
        let (plan, protocol) = (cu16(), Protocol::KerongCu16);
        assert_eq!(pulse(&plan, protocol, 0, 1), Some([0x02, 0x00, 0x31, 0x03, 0x36].into()));
        assert_eq!(pulse(&plan, protocol, 1, 16), Some([0x02, 0x1F, 0x31, 0x03, 0x55].into()));
        assert_eq!(pulse(&plan, protocol, 1, 17), None);
        let board = Address::on(protocol, 0).unwrap();
        assert_eq!(plan.polls[0].request.encode(board), [0x02, 0x00, 0x30, 0x03, 0x35]);
    }

    #[test]
    fn cu48_frames() {
        let (plan, protocol) = (cu48(Form::HooksAndEyes), Protocol::KerongCu48);
        assert_eq!(pulse(&plan, protocol, 0, 1), Some([0x02, 0x00, 0x00, 0x61, 0x03, 0x66].into()));
        assert_eq!(pulse(&plan, protocol, 0, 48), Some([0x02, 0x00, 0x2F, 0x61, 0x03, 0x95].into()));
        assert_eq!(pulse(&plan, protocol, 0, 49), None, "lock 48 on the wire is all of them");
        let board = Address::on(protocol, 0).unwrap();
        assert_eq!(plan.polls[0].request.encode(board), [0x02, 0x00, 0x00, 0x60, 0x03, 0x65]);
    }

    /// Read by `device::golden`.
    pub(in crate::device) const FRAMES: &[(&str, &str)] = &[
        (
            "kerong-cu16",
            "> 02 10 30 03 45
             < 02 10 35 01 80 02 00 03 CD
             = on 1 16 18, off 2-15 17 19-32
             > 02 10 31 03 46
             <
             = lock 1: no answer is owed
             > 02 1F 31 03 55
             <
             = lock 16: no answer is owed",
        ),
        (
            "kerong-cu48",
            "> 02 01 00 60 03 66
             < 02 01 00 75 01 01 00 00 00 80 02 00 00 00 00 40 03 3F
             = on 1 9 48 50 95, off 2-8 10-47 49 51-94 96
             > 02 01 00 61 03 67
             < 02 01 00 75 00 78
             = lock 1: word
             > 02 01 2F 61 03 96
             < 02 01 2F 75 00 A7
             = lock 48: word",
        ),
        (
            "kerong-cu48-hooks",
            "> 02 01 00 60 03 66
             < 02 01 00 75 06 01 01 00 00 00 80 00
             = on 1 9 48, off 2-8 10-47
             > 02 01 00 61 03 67
             < 02 01 00 75 00 78
             = lock 1: word
             > 02 01 2F 61 03 96
             < 02 01 2F 75 00 A7
             = lock 48: word",
        ),
    ];
}
