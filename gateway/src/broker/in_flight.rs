//! QoS 1 messages on their way to one client: never more at once than it takes, acknowledged to rumqttd in its order.
//!
//! rumqttd has up to 100 in flight whatever the client's receive maximum says, and drops a link whose acknowledgements
//! come out of order or unasked.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use super::limits::BACKEND_IN_FLIGHT_MAX;
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
    order: VecDeque<(u16, State)>,
}

/// rumqttd sent more than it may have in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Overrun;

impl InFlight {
    /// An empty window for a client that takes `receive_maximum` messages at once.
    pub(super) fn new(receive_maximum: u16) -> Self {
        Self { window: usize::from(receive_maximum), with_client: 0, order: VecDeque::new() }
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
        self.order.push_back((pkid, State::Waiting(packet)));
        self.send_waiting(to_client);
        Ok(())
    }

    /// Acknowledges in the client's place what it cannot be sent.
    pub(super) fn skip(&mut self, pkid: u16, to_broker: &mut BytesMut) -> Result<(), Overrun> {
        if self.order.len() >= BACKEND_IN_FLIGHT_MAX {
            return Err(Overrun);
        }
        self.order.push_back((pkid, State::Done));
        self.release(to_broker);
        Ok(())
    }

    /// Takes the client's acknowledgement; one of nothing sent is ignored, as MQTT allows.
    pub(super) fn acknowledged(&mut self, pkid: u16, to_client: &mut BytesMut, to_broker: &mut BytesMut) {
        let sent = self.order.iter_mut().find(|(id, state)| *id == pkid && matches!(state, State::Sent));
        let Some((_, state)) = sent else { return };
        *state = State::Done;
        self.with_client -= 1;
        self.release(to_broker);
        self.send_waiting(to_client);
    }

    fn send_waiting(&mut self, to_client: &mut BytesMut) {
        for (_, state) in &mut self.order {
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
        while let Some((pkid, State::Done)) = self.order.front() {
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
    fn an_overrun_is_an_error_and_not_memory() {
        let mut client = BytesMut::new();
        let mut window = InFlight::new(1);
        for pkid in 1..=100u16 {
            window.offer(pkid, Bytes::from_static(b"x"), &mut client).unwrap();
        }
        assert_eq!(window.offer(101, Bytes::from_static(b"x"), &mut client), Err(Overrun));
    }
}
