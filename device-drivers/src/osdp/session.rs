//! The Secure Channel's arithmetic (SIA OSDP Annex D): AES-128 keys of a session, cryptograms, rolling MACs, encryption.
//!
//! Each MAC starts from the other side's last one, so that no frame can be left out, repeated or moved. A reply changes the
//! session only when its MAC is right: what somebody else puts on the wire cannot break the chain.

use aes::Aes128;
use aes::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use zeroize::Zeroize;

use super::frame::{Block, ReaderAddress, Reply, checked, scs, unsealed};

type Bytes16 = [u8; 16];
const END: u8 = 0x80;
const BLOCK: usize = 16;

/// Why a reply is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    /// It came in the clear.
    #[error("came outside the channel")]
    Clear,
    /// Its MAC is wrong.
    #[error("has a wrong MAC")]
    Mac,
    /// Its MAC is right and its padding is not: the reader's own fault.
    #[error("has wrong padding")]
    Padding,
}

/// Keys derived from a reader's key and our random number, before the reader has proven that it has the key.
#[derive(Clone)]
pub struct Derived {
    encryption: Aes128,
    mac_1: Aes128,
    mac_2: Aes128,
    ours: [u8; 8],
}

/// A channel that both sides have proven to each other.
pub struct Session {
    keys: Derived,
    /// MAC of our newest command.
    command_mac: Bytes16,
    /// MAC of the newest reply that was believed.
    reply_mac: Bytes16,
}

fn encrypt(cipher: &Aes128, block: Bytes16) -> Bytes16 {
    let mut block = Array::from(block);
    cipher.encrypt_block(&mut block);
    block.into()
}

fn decrypt(cipher: &Aes128, block: Bytes16) -> Bytes16 {
    let mut block = Array::from(block);
    cipher.decrypt_block(&mut block);
    block.into()
}

fn both(first: [u8; 8], second: [u8; 8]) -> Bytes16 {
    let mut block = [0; BLOCK];
    block[..8].copy_from_slice(&first);
    block[8..].copy_from_slice(&second);
    block
}

fn xor(one: Bytes16, other: &[u8]) -> Bytes16 {
    let mut sum = one;
    sum.iter_mut().zip(other).for_each(|(byte, other)| *byte ^= other);
    sum
}

/// Whether both are the same, in a time that tells nothing of where they differ.
fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

impl Derived {
    /// Derives the session's keys.
    #[must_use]
    pub fn new(key: &Bytes16, ours: [u8; 8]) -> Self {
        let reader = Aes128::new(&Array::from(*key));
        let derive = |first, second| {
            let mut seed = [0; BLOCK];
            seed[..2].copy_from_slice(&[first, second]);
            seed[2..8].copy_from_slice(&ours[..6]);
            let mut derived = encrypt(&reader, seed);
            let cipher = Aes128::new(&Array::from(derived));
            derived.zeroize();
            cipher
        };
        Self { encryption: derive(0x01, 0x82), mac_1: derive(0x01, 0x01), mac_2: derive(0x01, 0x02), ours }
    }

    /// The random number that we challenged with.
    #[must_use]
    pub const fn ours(&self) -> [u8; 8] {
        self.ours
    }

    /// Whether the reader's cryptogram shows that it has the key.
    #[must_use]
    pub fn is_proven(&self, theirs: [u8; 8], cryptogram: &[u8]) -> bool {
        same(&encrypt(&self.encryption, both(self.ours, theirs)), cryptogram)
    }

    /// Our cryptogram, which shows the reader that we have the key.
    #[must_use]
    pub fn cryptogram(&self, theirs: [u8; 8]) -> Bytes16 {
        encrypt(&self.encryption, both(theirs, self.ours))
    }

    /// The channel, if the reader's first MAC is right.
    #[must_use]
    pub fn open(&self, theirs: [u8; 8], first_mac: &[u8]) -> Option<Session> {
        let reply_mac = encrypt(&self.mac_2, encrypt(&self.mac_1, self.cryptogram(theirs)));
        let session = Session { keys: self.clone(), command_mac: [0; BLOCK], reply_mac };
        same(&reply_mac, first_mac).then_some(session)
    }
}

impl Session {
    fn mac(&self, bytes: &[u8], start: Bytes16) -> Bytes16 {
        let mut padded = bytes.to_vec();
        if !padded.len().is_multiple_of(BLOCK) || padded.is_empty() {
            padded.push(END);
            padded.resize(padded.len().next_multiple_of(BLOCK), 0);
        }
        let blocks = padded.len() / BLOCK;
        padded.chunks(BLOCK).enumerate().fold(start, |state, (at, block)| {
            let key = if at + 1 == blocks { &self.keys.mac_2 } else { &self.keys.mac_1 };
            encrypt(key, xor(state, block))
        })
    }

    /// A command inside the channel, ready to be sent.
    #[must_use]
    pub fn seal(&mut self, address: ReaderAddress, sequence: u8, code: u8, data: &[u8]) -> Vec<u8> {
        let kind = if data.is_empty() { scs::COMMAND } else { scs::COMMAND_WITH_DATA };
        let hidden = if data.is_empty() { Vec::new() } else { self.encrypted(data) };
        let mut frame = unsealed(address, sequence, Block::Channel { kind }, code, &hidden);
        self.command_mac = self.mac(&frame, self.reply_mac);
        frame.extend_from_slice(&self.command_mac[..4]);
        checked(frame)
    }

    fn encrypted(&self, data: &[u8]) -> Vec<u8> {
        let mut padded = data.to_vec();
        padded.push(END);
        padded.resize(padded.len().next_multiple_of(BLOCK), 0);
        let mut last = self.reply_mac.map(|byte| !byte);
        let mut hidden = Vec::with_capacity(padded.len());
        for block in padded.chunks(BLOCK) {
            last = encrypt(&self.keys.encryption, xor(last, block));
            hidden.extend_from_slice(&last);
        }
        padded.zeroize();
        hidden
    }

    /// The data of a reply, if it is the reader's own answer to our newest command.
    ///
    /// # Errors
    /// [`Distrust`]: nothing of it may be believed, and the channel is as before.
    pub fn open(&mut self, reply: &Reply<'_>) -> Result<Vec<u8>, Distrust> {
        let kind = match reply.block {
            Block::Channel { kind } => kind,
            Block::None | Block::Handshake { .. } => return Err(Distrust::Clear),
        };
        let mac = self.mac(reply.covered, self.command_mac);
        if !same(&mac[..4], &reply.mac) {
            return Err(Distrust::Mac);
        }
        let data = match (kind, reply.data) {
            (scs::REPLY | scs::REPLY_WITH_DATA, []) => Vec::new(),
            // Data that is authentic and not encrypted: the standard has it, and it hides nothing.
            (scs::REPLY, data) => data.to_vec(),
            (scs::REPLY_WITH_DATA, data) => self.decrypted(data)?,
            _ => return Err(Distrust::Mac),
        };
        self.reply_mac = mac;
        Ok(data)
    }

    fn decrypted(&self, hidden: &[u8]) -> Result<Vec<u8>, Distrust> {
        let mut last = self.command_mac.map(|byte| !byte);
        let mut data = Vec::with_capacity(hidden.len());
        for block in hidden.chunks(BLOCK) {
            let block = Bytes16::try_from(block).map_err(|_| Distrust::Padding)?;
            data.extend_from_slice(&xor(last, &decrypt(&self.keys.encryption, block)));
            last = block;
        }
        let end = data.iter().rposition(|byte| *byte != 0).filter(|end| data.get(*end) == Some(&END));
        data.truncate(end.ok_or(Distrust::Padding)?);
        Ok(data)
    }
}

#[cfg(test)]
mod tests {
    use super::super::key::DEFAULT;
    use super::*;

    const OURS: [u8; 8] = [0xB0, 0xB1, 0xB2, 0xB3, 0xB4, 0xB5, 0xB6, 0xB7];
    const THEIRS: [u8; 8] = [0xA0, 0xA1, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7];
    const READERS: Bytes16 =
        [0xFD, 0xE5, 0xD2, 0xF4, 0x28, 0xEC, 0x16, 0x31, 0x24, 0x71, 0xEA, 0x3C, 0x02, 0xBD, 0x77, 0x96];
    const PANELS: Bytes16 =
        [0x26, 0xD3, 0x35, 0x6E, 0x07, 0x76, 0x2D, 0x26, 0x28, 0x01, 0xFC, 0x8E, 0x66, 0x65, 0xA8, 0x91];
    const FIRST_MAC: Bytes16 =
        [0xB2, 0xA3, 0x00, 0x57, 0xEB, 0x98, 0xBA, 0x22, 0x29, 0xEC, 0x1F, 0x87, 0x56, 0x62, 0xB5, 0x24];

    /// SIA OSDP, Annex E: a handshake with the default key.
    #[test]
    fn handshake_gives_the_published_bytes() {
        let derived = Derived::new(&DEFAULT, OURS);
        assert!(derived.is_proven(THEIRS, &READERS));
        assert_eq!(derived.cryptogram(THEIRS), PANELS);
        assert!(derived.open(THEIRS, &FIRST_MAC).is_some());
    }

    #[test]
    fn channel_does_not_open_when_any_proof_is_wrong() {
        for at in 0..16 {
            let derived = Derived::new(&DEFAULT, OURS);
            let mut wrong = READERS;
            wrong[at] ^= 1;
            assert!(!derived.is_proven(THEIRS, &wrong));
            let mut wrong = FIRST_MAC;
            wrong[at] ^= 1;
            assert!(derived.open(THEIRS, &wrong).is_none());
        }
        let derived = Derived::new(&DEFAULT, OURS);
        assert!(!derived.is_proven(THEIRS, &READERS[..15]));
    }
}
