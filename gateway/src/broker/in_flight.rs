//! QoS 1 messages on their way to one client: never more at once than it takes, acknowledged to rumqttd in its order.
//!
//! rumqttd has up to 100 in flight whatever the client's receive maximum says, and drops a link whose acknowledgements
//! come out of order or unasked. Commands (`post.rs`) are on their way under ids of their own, in any order.

use std::collections::VecDeque;
use std::ops::RangeInclusive;

use bytes::{Bytes, BytesMut};

use super::limits::{BACKEND_IN_FLIGHT_MAX, MAIL_IN_FLIGHT_MAX};
use super::post::Credit;
use super::wire::write_puback;

#[derive(Debug)]
enum State {
    /// Kept back, whole, until the client takes more.
    Waiting(Bytes),
    /// With the client.
    Sent,
    /// Acknowledged, but not yet the oldest.
    Done,
}

/// The window of one client.
#[derive(Debug)]
pub(super) struct InFlight {
    window: usize,
    with_client: usize,
    order: VecDeque<Event>,
    commands: VecDeque<Command>,
    /// How many were begun; the oldest waiting one is known by it.
    begun: u64,
}

/// A message that came from rumqttd.
#[derive(Debug)]
struct Event {
    number: u64,
    pkid: u16,
    state: State,
}

#[derive(Debug)]
struct Command {
    number: u64,
    pkid: u16,
    state: State,
    /// Given back to the writer when this is dropped.
    _credit: Credit,
}

/// rumqttd numbers its own from 1 to [`BACKEND_IN_FLIGHT_MAX`].
const COMMAND_IDS: RangeInclusive<u16> = 1_001..=1_032;
const _: () = assert!(BACKEND_IN_FLIGHT_MAX <= 1_000 && MAIL_IN_FLIGHT_MAX <= 32);

/// rumqttd sent more than it may have in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Overrun;

impl InFlight {
    /// An empty window for a client that takes `receive_maximum` messages at once.
    pub(super) fn new(receive_maximum: u16) -> Self {
        Self {
            window: usize::from(receive_maximum),
            with_client: 0,
            order: VecDeque::new(),
            commands: VecDeque::new(),
            begun: 0,
        }
    }

    /// A packet id for a command, if one more may be on its way.
    pub(super) fn command_id(&self) -> Option<u16> {
        if self.commands.len() >= MAIL_IN_FLIGHT_MAX {
            return None;
        }
        COMMAND_IDS.into_iter().find(|id| self.commands.iter().all(|command| command.pkid != *id))
    }

    /// Sends a command under an id of [`Self::command_id`], now or as soon as the client has room.
    pub(super) fn command(&mut self, pkid: u16, packet: Bytes, credit: Credit, to_client: &mut BytesMut) {
        self.begun += 1;
        let state = State::Waiting(packet);
        self.commands.push_back(Command { number: self.begun, pkid, state, _credit: credit });
        self.send_waiting(to_client);
    }

    /// The number of the oldest command that is not acknowledged.
    pub(super) fn oldest_command(&self) -> Option<u64> {
        self.commands.front().map(|command| command.number)
    }

    /// The number of the oldest message of rumqttd's that is not acknowledged.
    pub(super) fn oldest_event(&self) -> Option<u64> {
        self.order.front().map(|event| event.number)
    }

    /// Sends the packet now or as soon as the client has room.
    pub(super) fn offer(
        &mut self,
        pkid: u16,
        packet: Bytes,
        to_client: &mut BytesMut,
    ) -> Result<(), Overrun> {
        if self.order.len() >= BACKEND_IN_FLIGHT_MAX {
            return Err(Overrun);
        }
        self.push(pkid, State::Waiting(packet));
        self.send_waiting(to_client);
        Ok(())
    }

    /// Acknowledges in the client's place what it cannot be sent.
    pub(super) fn skip(&mut self, pkid: u16, to_broker: &mut BytesMut) -> Result<(), Overrun> {
        if self.order.len() >= BACKEND_IN_FLIGHT_MAX {
            return Err(Overrun);
        }
        self.push(pkid, State::Done);
        self.release(to_broker);
        Ok(())
    }

    fn push(&mut self, pkid: u16, state: State) {
        self.begun += 1;
        self.order.push_back(Event { number: self.begun, pkid, state });
    }

    /// Takes the client's acknowledgement; one of nothing sent is ignored, as MQTT allows.
    pub(super) fn acknowledged(&mut self, pkid: u16, to_client: &mut BytesMut, to_broker: &mut BytesMut) {
        let sent = |id: u16, state: &State| id == pkid && matches!(state, State::Sent);
        if let Some(at) = self.commands.iter().position(|command| sent(command.pkid, &command.state)) {
            self.commands.remove(at);
        } else if let Some(event) = self.order.iter_mut().find(|event| sent(event.pkid, &event.state)) {
            event.state = State::Done;
        } else {
            return;
        }
        self.with_client -= 1;
        self.release(to_broker);
        self.send_waiting(to_client);
    }

    fn send_waiting(&mut self, to_client: &mut BytesMut) {
        let commands = self.commands.iter_mut().map(|command| &mut command.state);
        for state in commands.chain(self.order.iter_mut().map(|event| &mut event.state)) {
            if self.with_client >= self.window {
                return;
            }
            if let State::Waiting(packet) = state {
                to_client.extend_from_slice(packet);
                *state = State::Sent;
                self.with_client += 1;
            }
        }
    }

    fn release(&mut self, to_broker: &mut BytesMut) {
        while let Some(Event { pkid, state: State::Done, .. }) = self.order.front() {
            write_puback(*pkid, to_broker);
            self.order.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acknowledgements_reach_rumqttd_in_its_order_whatever_the_clients() {
        let (mut client, mut broker) = (BytesMut::new(), BytesMut::new());
        let mut window = InFlight::new(2);
        for pkid in 1..=3u16 {
            window.offer(pkid, Bytes::from(vec![u8::try_from(pkid).unwrap()]), &mut client).unwrap();
        }
        assert_eq!(&client[..], [1, 2], "the third waits");
        window.acknowledged(2, &mut client, &mut broker);
        assert_eq!(&client[..], [1, 2, 3]);
        assert!(broker.is_empty(), "the first is still out");
        window.acknowledged(9, &mut client, &mut broker);
        window.acknowledged(1, &mut client, &mut broker);
        assert_eq!(&broker[..], [0x40, 2, 0, 1, 0x40, 2, 0, 2]);
        window.skip(4, &mut broker).unwrap();
        window.acknowledged(3, &mut client, &mut broker);
        assert_eq!(&broker[8..], [0x40, 2, 0, 3, 0x40, 2, 0, 4]);
    }

    #[test]
    fn a_command_shares_the_window_and_gives_its_credit_back() {
        let writer = std::sync::Arc::new(tokio::sync::Semaphore::new(2));
        let credit = || std::sync::Arc::new(std::sync::Arc::clone(&writer).try_acquire_owned().unwrap());
        let (mut client, mut broker) = (BytesMut::new(), BytesMut::new());
        let mut window = InFlight::new(2);
        window.offer(1, Bytes::from_static(b"a"), &mut client).unwrap();
        for packet in [b"b", b"c"] {
            let id = window.command_id().unwrap();
            window.command(id, Bytes::from_static(packet), credit(), &mut client);
        }
        assert_eq!(
            (&client[..], window.oldest_event(), window.oldest_command()),
            (&b"ab"[..], Some(1), Some(2))
        );
        window.acknowledged(1_002, &mut client, &mut broker);
        assert_eq!(writer.available_permits(), 0, "what was not sent cannot be acknowledged");
        window.acknowledged(1_001, &mut client, &mut broker);
        assert_eq!((&client[..], window.oldest_command()), (&b"abc"[..], Some(3)));
        assert_eq!((writer.available_permits(), broker.len()), (1, 0));
        window.acknowledged(1, &mut client, &mut broker);
        assert_eq!((&broker[..], window.oldest_event()), (&[0x40, 2, 0, 1][..], None));
    }

    #[test]
    fn an_overrun_is_an_error_and_not_memory() {
        let mut client = BytesMut::new();
        let mut window = InFlight::new(1);
        for pkid in 1..=100u16 {
            window.offer(pkid, Bytes::from_static(b"x"), &mut client).unwrap();
        }
        assert_eq!(window.offer(101, Bytes::from_static(b"x"), &mut client), Err(Overrun));
    }
}
