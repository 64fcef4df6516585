//! Who is connected: one live connection for each client id, the old one gone before the new one enters.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::timeout;

use super::hello::{ClientId, Refusal};
use super::limits::CONNECTIONS_PER_NAME_MAX;
use crate::enroll::Identity;

/// Connections of one client id at a time: the live one, and newer ones waiting for it to be gone.
const CLAIMS_PER_ID_MAX: usize = 3;

/// A client id belongs to a role and a name; another role's certificate with the same name is another client.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    role: String,
    name: String,
    client_id: String,
}

/// The turn of one client id.
#[derive(Debug)]
struct Turn {
    newest: watch::Sender<u64>,
    busy: Arc<Semaphore>,
    claims: usize,
}

/// Every client id in use.
#[derive(Debug)]
pub(super) struct Registry {
    turns: Mutex<HashMap<Key, Turn>>,
    largest: usize,
}

/// One connection's claim to its client id. Dropping it lets the next one in.
#[derive(Debug)]
pub(super) struct Claim {
    registry: Arc<Registry>,
    key: Key,
    number: u64,
    newest: watch::Receiver<u64>,
    busy: Arc<Semaphore>,
    turn: Option<OwnedSemaphorePermit>,
}

impl Registry {
    /// An empty registry for at most `largest` client ids at once.
    pub(super) fn new(largest: usize) -> Arc<Self> {
        Arc::new(Self { turns: Mutex::new(HashMap::new()), largest })
    }

    /// Claims a client id, and tells the connection that has it to go.
    pub(super) fn claim(self: &Arc<Self>, who: &Identity, id: ClientId) -> Result<Claim, Refusal> {
        let mut turns = self.lock();
        let key_of = |client_id| Key { role: who.role().to_owned(), name: who.name().to_owned(), client_id };
        let key = match id {
            ClientId::Own(client_id) => key_of(client_id),
            ClientId::Choose => (1..=CONNECTIONS_PER_NAME_MAX)
                .map(|number| key_of(format!("{}.{number}", who.name())))
                .find(|key| !turns.contains_key(key))
                .ok_or(Refusal::TooMany)?,
        };
        if !turns.contains_key(&key) {
            let of_name = |other: &&Key| other.role == key.role && other.name == key.name;
            if turns.keys().filter(of_name).count() >= CONNECTIONS_PER_NAME_MAX {
                return Err(Refusal::TooMany);
            }
            if turns.len() >= self.largest {
                return Err(Refusal::Full);
            }
        }
        let turn = turns.entry(key.clone()).or_insert_with(|| Turn {
            newest: watch::Sender::new(0),
            busy: Arc::new(Semaphore::new(1)),
            claims: 0,
        });
        if turn.claims >= CLAIMS_PER_ID_MAX {
            return Err(Refusal::Unavailable);
        }
        turn.claims += 1;
        let mut number = 0;
        turn.newest.send_modify(|newest| {
            *newest += 1;
            number = *newest;
        });
        let (newest, busy) = (turn.newest.subscribe(), Arc::clone(&turn.busy));
        drop(turns);
        Ok(Claim { registry: Arc::clone(self), key, number, newest, busy, turn: None })
    }

    /// Client ids in use.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Turn>> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Claim {
    /// The client id.
    pub(super) fn client_id(&self) -> &str {
        &self.key.client_id
    }

    /// Whether an older connection of this id may still be there.
    pub(super) fn is_take_over(&self) -> bool {
        self.number > 1
    }

    /// Waits until the older connection is gone.
    pub(super) async fn wait(&mut self, longest: Duration) -> Result<(), Refusal> {
        match timeout(longest, Arc::clone(&self.busy).acquire_owned()).await {
            Ok(Ok(turn)) => {
                self.turn = Some(turn);
                Ok(())
            }
            _ => Err(Refusal::Unavailable),
        }
    }

    /// Returns when a newer connection claims the id.
    pub(super) async fn superseded(&mut self) {
        let number = self.number;
        if self.newest.wait_for(|newest| *newest > number).await.is_err() {
            // The sender lives as long as this claim does; there is nobody to be superseded by.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.turn = None;
        let mut turns = self.registry.lock();
        if let Some(turn) = turns.get_mut(&self.key) {
            turn.claims = turn.claims.saturating_sub(1);
            if turn.claims == 0 {
                turns.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(5);

    fn desk() -> Identity {
        Identity::new("b", "staff", "desk").unwrap()
    }

    fn own(id: &str) -> ClientId {
        ClientId::Own(id.to_owned())
    }

    #[tokio::test]
    async fn the_newer_enters_when_the_older_is_gone() {
        let registry = Registry::new(10);
        let mut old = registry.claim(&desk(), own("desk")).unwrap();
        old.wait(LONG).await.unwrap();
        let mut new = registry.claim(&desk(), own("desk")).unwrap();
        assert!(new.is_take_over());
        old.superseded().await;
        assert_eq!(new.wait(Duration::ZERO).await, Err(Refusal::Unavailable), "the older is still there");
        drop(old);
        new.wait(LONG).await.unwrap();
        drop(new);
        assert_eq!(registry.len(), 0);
    }

    #[tokio::test]
    async fn a_name_has_a_bounded_number_of_ids_and_roles_do_not_mix() {
        let registry = Registry::new(10);
        let mut claims = Vec::new();
        for _ in 0..CONNECTIONS_PER_NAME_MAX {
            claims.push(registry.claim(&desk(), ClientId::Choose).unwrap());
        }
        assert_eq!(claims[3].client_id(), "desk.4");
        assert_eq!(registry.claim(&desk(), ClientId::Choose).unwrap_err(), Refusal::TooMany);
        assert_eq!(registry.claim(&desk(), own("desk")).unwrap_err(), Refusal::TooMany);
        assert!(registry.claim(&desk(), own("desk.1")).unwrap().is_take_over());
        let other = Identity::new("b", "gateway", "desk").unwrap();
        assert!(!registry.claim(&other, own("desk.1")).unwrap().is_take_over());
    }
}
