//! What the gateway learns of itself: how its disk and its clock are, and how far the cloud has its journal.

use crate::draft::Draft;
use crate::event::Fact;
use crate::input::StorageHealth;
use crate::unit::Digest;

impl Draft<'_> {
    pub(crate) fn storage_is(&mut self, health: StorageHealth) {
        let mut running = self.running();
        if running.storage == health {
            return;
        }
        let waited = running.waiting;
        running.storage = health;
        running.waiting = 0;
        self.t.running.put((), running);
        self.record(match health {
            StorageHealth::Degraded => Fact::StorageDegraded {},
            StorageHealth::Recovered => Fact::StorageRecovered { waited },
        });
    }

    /// Follows the clock's trust.
    pub(crate) fn follow_clock(&mut self) {
        let mut running = self.running();
        if running.trust != self.now.trust {
            running.trust = self.now.trust;
            running.guesses = self.day_mark();
            self.t.running.put((), running);
            self.record(Fact::ClockTrustChanged { trust: self.now.trust });
        }
    }

    /// The cloud has the journal up to here; what it already had is not taken back.
    pub(crate) fn journal_acknowledged(&mut self, sequence: u64, hash: Digest) {
        let mut gateway = self.gateway();
        if gateway.acknowledged.is_none_or(|(known, _)| sequence > known) {
            gateway.acknowledged = Some((sequence, hash));
            self.t.gateway.put((), gateway);
        }
    }
}
