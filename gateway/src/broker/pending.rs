//! Sockets that are not known yet: few, short-lived, and a newcomer is never kept out by idle ones.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

/// The sockets between accept and CONNECT.
#[derive(Debug)]
pub(super) struct Pending {
    waiting: Mutex<Waiting>,
    largest: usize,
}

#[derive(Debug, Default)]
struct Waiting {
    next: u64,
    /// In order of arrival.
    sockets: Vec<Socket>,
}

#[derive(Debug)]
struct Socket {
    number: u64,
    address: IpAddr,
    drop: oneshot::Sender<()>,
}

/// One socket's place. Dropping it frees it.
#[derive(Debug)]
pub(super) struct Place {
    pending: Arc<Pending>,
    number: u64,
}

/// Whether another socket had to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    Free,
    Made,
}

impl Pending {
    /// Room for `largest` sockets.
    pub(super) fn new(largest: usize) -> Arc<Self> {
        Arc::new(Self { waiting: Mutex::new(Waiting::default()), largest: largest.max(1) })
    }

    /// Takes a place. When all are taken, the oldest socket of the address that holds most of them goes: a real client
    /// is known within milliseconds, a flood from one address makes room for itself only.
    pub(super) fn enter(self: &Arc<Self>, address: IpAddr) -> (Place, oneshot::Receiver<()>, Room) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut room = Room::Free;
        if waiting.sockets.len() >= self.largest {
            let count = |of: IpAddr| waiting.sockets.iter().filter(|socket| socket.address == of).count();
            let most = waiting.sockets.iter().map(|socket| count(socket.address)).max().unwrap_or(0);
            let oldest = waiting.sockets.iter().position(|socket| count(socket.address) == most);
            if let Some(at) = oldest {
                // It may have just become known; then nobody listens.
                waiting.sockets.remove(at).drop.send(()).ok();
                room = Room::Made;
            }
        }
        let (drop, dropped) = oneshot::channel();
        let number = waiting.next;
        waiting.next += 1;
        waiting.sockets.push(Socket { number, address, drop });
        (Place { pending: Arc::clone(self), number }, dropped, room)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut waiting = self.pending.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.sockets.retain(|socket| socket.number != self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn the_oldest_of_the_busiest_address_makes_room() {
        let pending = Pending::new(3);
        let (flood, real) = (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2)));
        let (_real, mut real_dropped, _) = pending.enter(real);
        let (_first, mut first_dropped, _) = pending.enter(flood);
        let (second, mut second_dropped, room) = pending.enter(flood);
        assert_eq!(room, Room::Free);
        let (_third, _, room) = pending.enter(flood);
        assert_eq!(room, Room::Made);
        assert_eq!(first_dropped.try_recv(), Ok(()));
        assert!(real_dropped.try_recv().is_err() && second_dropped.try_recv().is_err());
        drop(second);
        let (_fourth, _, room) = pending.enter(flood);
        assert_eq!(room, Room::Free);
    }
}
