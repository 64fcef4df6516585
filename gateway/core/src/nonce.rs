//! Single-use numbers that prove that an unlock is fresh, whatever the wall clock says.

use crate::command::{Actor, Channel, CommandKey, Nonce};
use crate::draft::Draft;
use crate::limits::{NONCE_GOOD, NONCES_PER_ACTOR, NONCES_TOTAL};
use crate::time::Mono;

/// A nonce that was given out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Issued {
    channel: Channel,
    actor: Actor,
    pub(crate) at: Mono,
}

impl Draft<'_> {
    /// Gives out a nonce; the actor's oldest one gives way, then the oldest of all.
    pub(crate) fn issue_nonce(&mut self, key: &CommandKey) -> Nonce {
        self.forget_nonces();
        let own = |issued: &Issued| issued.channel == key.channel && issued.actor == key.actor;
        if self.t.nonces.iter().filter(|(_, issued)| own(issued)).count() >= NONCES_PER_ACTOR {
            self.forget_oldest_nonce(own);
        }
        if self.t.nonces.len() >= NONCES_TOTAL {
            self.forget_oldest_nonce(|_| true);
        }
        let mut nonce = Nonce([0; 16]);
        nonce.0.copy_from_slice(&self.entropy[..16]);
        let issued = Issued { channel: key.channel, actor: key.actor.clone(), at: self.now.mono };
        self.t.nonces.put(nonce, issued);
        nonce
    }

    /// Uses a nonce up; whether it was the caller's and still good.
    pub(crate) fn use_nonce(&mut self, key: &CommandKey, nonce: Option<Nonce>) -> bool {
        let Some(issued) = nonce.and_then(|nonce| self.t.nonces.get(&nonce).cloned().map(|i| (nonce, i)))
        else {
            return false;
        };
        let (nonce, issued) = issued;
        let own = issued.channel == key.channel && issued.actor == key.actor;
        if own {
            self.t.nonces.remove(&nonce);
        }
        own && self.now.mono.since(issued.at) <= NONCE_GOOD
    }

    fn forget_oldest_nonce(&mut self, of: impl Fn(&Issued) -> bool) {
        let oldest =
            self.t.nonces.iter().filter(|(_, issued)| of(issued)).min_by_key(|(_, issued)| issued.at);
        if let Some(nonce) = oldest.map(|(nonce, _)| *nonce) {
            self.t.nonces.remove(&nonce);
        }
    }

    /// Drops the nonces that are no longer good.
    pub(crate) fn forget_nonces(&mut self) {
        let now = self.now.mono;
        let old = self.t.nonces.iter().filter(|(_, issued)| now.since(issued.at) > NONCE_GOOD);
        let old: alloc::vec::Vec<Nonce> = old.map(|(nonce, _)| *nonce).collect();
        for nonce in old {
            self.t.nonces.remove(&nonce);
        }
    }
}
