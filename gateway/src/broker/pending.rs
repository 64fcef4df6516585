//! Sockets that are not known yet: few, short-lived, and a newcomer is never kept out by idle ones.
//!
//! Nor does a crowd of newcomers keep itself out: who has begun to speak may go on for a while, so that some are always let
//! in. To drop the oldest whatever it does lets nobody in once more come at a time than there are places.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::oneshot;

use super::limits::PENDING_GRACE;

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
    came: Instant,
    spoke: bool,
    drop: oneshot::Sender<()>,
}

impl Socket {
    /// Until when it is not pushed out by its like; whose time ended first goes first. So one that speaks counts as younger
    /// than it is, but not as younger than all: those that spoke and stopped do not outlast whoever is about to speak.
    fn under_way_until(&self) -> Instant {
        if self.spoke { self.came + PENDING_GRACE } else { self.came }
    }
}

/// One socket's place. Dropping it frees it.
#[derive(Debug)]
pub(super) struct Place {
    pending: Arc<Pending>,
    number: u64,
}

/// A place, what tells that it is taken away again, and whether another had to go.
pub(super) type Entered = (Place, oneshot::Receiver<()>, Room);

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

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place. When all are taken, a socket of the address that holds most of them goes, an old one and rather one
    /// that is silent: a real client is known within milliseconds, a flood from one address makes room for itself only.
    /// A newcomer of such an address pushes out only who is silent or slow; where nobody is, there is no place for it.
    pub(super) fn enter(self: &Arc<Self>, address: IpAddr, now: Instant) -> Option<Entered> {
        let mut waiting = self.lock();
        let mut room = Room::Free;
        if waiting.sockets.len() >= self.largest {
            // It may have just become known; then nobody listens.
            waiting.remove_for(address, now)?.drop.send(()).ok();
            room = Room::Made;
        }
        let (drop, dropped) = oneshot::channel();
        let number = waiting.next;
        waiting.next += 1;
        waiting.sockets.push(Socket { number, address, came: now, spoke: false, drop });
        Some((Place { pending: Arc::clone(self), number }, dropped, room))
    }
}

impl Waiting {
    /// Takes out the socket that makes room for a newcomer from `address`.
    fn remove_for(&mut self, address: IpAddr, now: Instant) -> Option<Socket> {
        let count = |of: IpAddr| self.sockets.iter().filter(|socket| socket.address == of).count();
        let most = self.sockets.iter().map(|socket| count(socket.address)).max().unwrap_or(0);
        let like = count(address) + 1 >= most;
        let goes =
            |socket: &Socket| count(socket.address) == most && !(like && now < socket.under_way_until());
        let of = self.sockets.iter().enumerate().filter(|(_, socket)| goes(socket));
        let (at, _) = of.min_by_key(|(_, socket)| socket.under_way_until())?;
        Some(self.sockets.remove(at))
    }
}

impl Place {
    /// It has sent something.
    pub(super) fn spoke(&self) {
        let mut waiting = self.pending.lock();
        if let Some(own) = waiting.sockets.iter_mut().find(|socket| socket.number == self.number) {
            own.spoke = true;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.pending.lock().sockets.retain(|socket| socket.number != self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn host(number: u8) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(10, 0, 0, number))
    }

    #[test]
    fn the_oldest_of_the_busiest_address_makes_room() {
        let pending = Pending::new(3);
        let (flood, real, now) = (host(1), host(2), Instant::now());
        let (_real, mut real_dropped, _) = pending.enter(real, now).unwrap();
        let (_first, mut first_dropped, _) = pending.enter(flood, now).unwrap();
        let (second, mut second_dropped, room) = pending.enter(flood, now).unwrap();
        assert_eq!(room, Room::Free);
        let (_third, _, room) = pending.enter(flood, now).unwrap();
        assert_eq!(room, Room::Made);
        assert_eq!(first_dropped.try_recv(), Ok(()));
        assert!(real_dropped.try_recv().is_err() && second_dropped.try_recv().is_err());
        drop(second);
        let (_fourth, _, room) = pending.enter(flood, now).unwrap();
        assert_eq!(room, Room::Free);
    }

    #[test]
    fn crowd_does_not_push_out_who_is_under_way() {
        let pending = Pending::new(2);
        let (crowd, now) = (host(1), Instant::now());
        let (first, mut first_dropped, _) = pending.enter(crowd, now).unwrap();
        let (_second, mut second_dropped, _) = pending.enter(crowd, now).unwrap();
        first.spoke();
        let (third, mut third_dropped, room) = pending.enter(crowd, now).unwrap();
        assert_eq!(
            (room, second_dropped.try_recv()),
            (Room::Made, Ok(())),
            "who is silent goes, not who came first"
        );
        third.spoke();
        assert!(pending.enter(crowd, now).is_none(), "all are under way");
        assert!(first_dropped.try_recv().is_err() && third_dropped.try_recv().is_err());
        let late = now + PENDING_GRACE;
        let (_fourth, mut fourth_dropped, _) = pending.enter(crowd, late).unwrap();
        assert_eq!(first_dropped.try_recv(), Ok(()), "it took too long");
        let (_fifth, ..) = pending.enter(crowd, late).unwrap();
        assert_eq!(third_dropped.try_recv(), Ok(()), "it stopped, the newer one may be about to speak");
        assert!(fourth_dropped.try_recv().is_err());
    }

    #[test]
    fn crowd_of_one_address_does_not_keep_out_another() {
        let pending = Pending::new(3);
        let (crowd, real, now) = (host(1), host(2), Instant::now());
        let places: Vec<Entered> = (0..3).filter_map(|_| pending.enter(crowd, now)).collect();
        places.iter().for_each(|(place, ..)| place.spoke());
        assert!(pending.enter(crowd, now).is_none());
        let others: Vec<Entered> =
            [real, host(3)].into_iter().filter_map(|of| pending.enter(of, now)).collect();
        others.iter().for_each(|(place, ..)| place.spoke());
        assert_eq!(others.iter().filter(|(.., room)| *room == Room::Made).count(), 2);
        assert!(pending.enter(host(4), now).is_none(), "as many of each, all under way");
    }
}
