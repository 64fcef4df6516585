//! The history's journal: every event sealed as the store seals it, so that its newest hash stands for every byte.

use vestibule_contract::event::{Envelope, genesis, seal};
use vestibule_contract::identity::{BootId, Epoch};
use vestibule_core::event::Event;
use vestibule_core::unit::Digest;

use super::world::BUILDING;

/// The chain so far.
pub struct Journal {
    envelope: Envelope,
    sequence: u64,
    head: Digest,
}

impl Journal {
    pub fn new() -> Self {
        let (building, epoch) = (BUILDING.parse().unwrap(), Epoch([0x5e; 8]));
        let head = genesis(&building, epoch);
        let envelope = Envelope { building, epoch, boot: 0, boot_id: BootId([0; 16]) };
        Self { envelope, sequence: 0, head }
    }

    /// The rows that follow belong to this start.
    pub fn begin_boot(&mut self, boot: u32) {
        self.envelope.boot = boot;
        self.envelope.boot_id.0[..4].copy_from_slice(&boot.to_be_bytes());
    }

    pub fn append(&mut self, event: &Event) {
        self.sequence += 1;
        self.head = seal(&self.envelope, self.sequence, &self.head, event).hash;
    }

    /// The newest row's sequence, and its hash, which chains all bytes before it.
    pub const fn head(&self) -> (u64, Digest) {
        (self.sequence, self.head)
    }
}
