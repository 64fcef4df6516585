//! A line of lock boards: whose frame it is, and what the boards say to it.

use super::{Frame, Line, Verdict};
use crate::device::Device;
use crate::event::Happening;
use crate::lock_board::LockFamily;
use crate::plant::Plant;
use crate::time::SimTime;

impl Line {
    /// What reached the lock boards, after the faults on the way.
    pub(super) fn obey_locks(
        &mut self,
        family: LockFamily,
        frame: &Frame,
        verdict: &Verdict,
        plant: &mut Plant,
    ) {
        let Some((number, ask)) = family.parse(&frame.bytes) else {
            plant.record(frame.complete_at, Happening::Garbled { characters: frame.bytes.len() });
            return;
        };
        let line = self.baud;
        let mut answers = Vec::new();
        for slave in self.slaves.iter_mut().filter(|slave| slave.listens(line)) {
            let Device::Locks(board) = &mut slave.device else { continue };
            if board.address().get() == number {
                let address = board.address();
                let said = board.obey(ask, frame, plant);
                let start = frame.complete_at + slave.spec.thinking;
                answers.extend(said.into_iter().map(|(after, bytes)| (start + after, bytes)));
                plant.record(frame.complete_at, Happening::Served { address, function: 0 });
            }
        }
        self.send(frame.complete_at, verdict, answers);
    }

    /// What lock boards say unasked goes on the wire after what is on it.
    pub(super) fn speak_unasked(&mut self, now: SimTime) {
        let said: Vec<Vec<u8>> = self
            .slaves
            .iter_mut()
            .filter(|slave| slave.powered)
            .flat_map(|slave| match &mut slave.device {
                Device::Locks(board) => board.take_unasked(),
                _ => Vec::new(),
            })
            .collect();
        if self.plugged {
            said.iter().for_each(|bytes| self.outgoing.queue(now, bytes));
        }
    }
}
