//! The inner broker as the guard meets it: answers what must be answered, and gives a client its own messages back.

use super::mqtt::{Packet, filters, texts};

/// The answers to one packet of the guard, which was checked already.
pub fn answer(packet: &Packet<'_>, echo: &mut Echo) -> Vec<u8> {
    let Some((pkid, rest)) = packet.numbered(true) else { return Vec::new() };
    let [high, low] = pkid.to_be_bytes();
    match packet.kind {
        8 => {
            let granted = filters(rest).unwrap_or_default().into_iter().map(|(_, options)| options & 3);
            [vec![high, low, 0], granted.collect()].concat().framed(0x90)
        }
        10 => {
            // rumqttd answers each filter of an UNSUBSCRIBE.
            let each = texts(rest).unwrap_or_default().len();
            vec![high, low, 0, 0].framed(0xB0).repeat(each)
        }
        _ => echo.of(packet),
    }
}

/// Messages given back, numbered as rumqttd numbers them.
#[derive(Default)]
pub struct Echo {
    last: u16,
    in_flight: usize,
}

/// What rumqttd has in flight to one client.
const IN_FLIGHT: usize = 100;

impl Echo {
    fn of(&mut self, packet: &Packet<'_>) -> Vec<u8> {
        match packet.kind {
            3 => self.message(packet),
            4 => {
                self.in_flight = self.in_flight.checked_sub(1).expect("acknowledged more than was sent");
                Vec::new()
            }
            12 => vec![0xD0, 0],
            _ => Vec::new(),
        }
    }

    fn message(&mut self, packet: &Packet<'_>) -> Vec<u8> {
        let Some(publish) = packet.publish(true) else { return Vec::new() };
        if publish.qos == 0 {
            return packet.body.to_vec().framed(0x30 | packet.flags & 1);
        }
        let [high, low] = publish.pkid.to_be_bytes();
        let mut answer = vec![high, low].framed(0x40);
        if self.in_flight < IN_FLIGHT {
            self.in_flight += 1;
            self.last = self.last % 100 + 1;
            let mut body = packet.body.to_vec();
            let at = 2 + publish.topic.len();
            body[at..at + 2].copy_from_slice(&self.last.to_be_bytes());
            answer.extend(body.framed(0x32));
        }
        answer
    }
}

/// A body with its fixed header.
trait Framed {
    fn framed(self, first: u8) -> Vec<u8>;
}

impl Framed for Vec<u8> {
    fn framed(self, first: u8) -> Vec<u8> {
        let mut bytes = vec![first];
        let mut rest = self.len();
        loop {
            let low = u8::try_from(rest % 128).expect("below 128");
            rest /= 128;
            bytes.push(if rest > 0 { low | 0x80 } else { low });
            if rest == 0 {
                break;
            }
        }
        bytes.extend(self);
        bytes
    }
}
