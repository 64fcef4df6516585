//! MQTT packets read by a reader of our own, from the standard's text: the guard's codec must not judge itself.

/// One packet, not yet looked into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Packet type, 1 to 15.
    pub kind: u8,
    /// The four flags beside it.
    pub flags: u8,
    /// Everything after the fixed header.
    pub body: &'a [u8],
    /// Bytes with the header.
    pub length: usize,
}

/// A PUBLISH.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publish<'a> {
    pub qos: u8,
    pub retain: bool,
    pub topic: &'a [u8],
    pub pkid: u16,
    /// Identifier and value of each, in MQTT 5.
    pub properties: Vec<(u32, &'a [u8])>,
    pub payload: &'a [u8],
}

/// The MQTT 5 properties this test asks for.
pub mod property {
    pub const RESPONSE_TOPIC: u32 = 0x08;
    pub const SUBSCRIPTION_IDENTIFIER: u32 = 0x0B;
    pub const TOPIC_ALIAS: u32 = 0x23;
}

/// The first packet and what follows it; none when it is not whole or its length is no length.
pub fn packet(bytes: &[u8]) -> Option<(Packet<'_>, &[u8])> {
    let (first, mut rest) = bytes.split_first()?;
    let length = variable(&mut rest)?;
    let (body, after) = rest.split_at_checked(length)?;
    let length = bytes.len() - after.len();
    Some((Packet { kind: first >> 4, flags: first & 15, body, length }, after))
}

/// All packets; panics when something is left over.
pub fn packets(mut bytes: &[u8]) -> Vec<Packet<'_>> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let (next, after) = packet(bytes).unwrap_or_else(|| panic!("no whole packets: {bytes:02x?}"));
        all.push(next);
        bytes = after;
    }
    all
}

impl<'a> Packet<'a> {
    /// Reads a PUBLISH of MQTT 5 or of 3.1.1; none when it is malformed.
    pub fn publish(&self, five: bool) -> Option<Publish<'a>> {
        let mut rest = self.body;
        let qos = self.flags >> 1 & 3;
        let topic = text(&mut rest)?;
        let pkid = if qos > 0 { number(&mut rest)? } else { 0 };
        let properties = if five { properties(&mut rest)? } else { Vec::new() };
        Some(Publish { qos, retain: self.flags & 1 == 1, topic, pkid, properties, payload: rest })
    }

    /// Packet id, then properties in MQTT 5, then the rest.
    pub fn numbered(&self, five: bool) -> Option<(u16, &'a [u8])> {
        let mut rest = self.body;
        let pkid = number(&mut rest)?;
        if five {
            properties(&mut rest)?;
        }
        Some((pkid, rest))
    }
}

/// Filters with their options byte, as SUBSCRIBE has them.
pub fn filters(mut rest: &[u8]) -> Option<Vec<(&[u8], u8)>> {
    let mut all = Vec::new();
    while !rest.is_empty() {
        let filter = text(&mut rest)?;
        let (options, after) = rest.split_first()?;
        all.push((filter, *options));
        rest = after;
    }
    Some(all)
}

/// Filters alone, as UNSUBSCRIBE has them.
pub fn texts(mut rest: &[u8]) -> Option<Vec<&[u8]>> {
    let mut all = Vec::new();
    while !rest.is_empty() {
        all.push(text(&mut rest)?);
    }
    Some(all)
}

/// Properties with their length before them.
fn properties<'a>(rest: &mut &'a [u8]) -> Option<Vec<(u32, &'a [u8])>> {
    let length = variable(rest)?;
    let (mut own, after) = rest.split_at_checked(length)?;
    *rest = after;
    let mut all = Vec::new();
    while !own.is_empty() {
        let id = u32::try_from(variable(&mut own)?).ok()?;
        let before = own;
        let size = match id {
            0x01 | 0x17 | 0x19 | 0x24 | 0x25 | 0x28 | 0x29 | 0x2A => 1,
            0x13 | 0x21 | 0x22 | 0x23 => 2,
            0x02 | 0x11 | 0x18 | 0x27 => 4,
            0x0B => {
                variable(&mut own)?;
                before.len() - own.len()
            }
            0x03 | 0x08 | 0x09 | 0x12 | 0x15 | 0x16 | 0x1A | 0x1C | 0x1F => 2 + text(&mut own)?.len(),
            0x26 => 4 + text(&mut own)?.len() + text(&mut own)?.len(),
            _ => return None,
        };
        let (value, next) = before.split_at_checked(size)?;
        all.push((id, value));
        own = next;
    }
    Some(all)
}

fn number(rest: &mut &[u8]) -> Option<u16> {
    let (bytes, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(u16::from_be_bytes(*bytes))
}

fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::from(number(rest)?);
    let (own, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(own)
}

/// A variable byte integer.
fn variable(rest: &mut &[u8]) -> Option<usize> {
    let mut value = 0;
    for shift in [0, 7, 14, 21] {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        value |= usize::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
