//! The module itself: settings in 256 zones of a byte, commands that read and write them, and set-up barcodes that do the
//! same for whoever holds one before the window.

use super::ScanFault;

/// Zones of the manual's table; higher ones do not exist.
const ZONES: usize = 256;
/// Zone 3: set-up barcodes. Bit 1 closes them, bit 0 gives their text out.
const SET_UP: usize = 3;
const CLOSED: u8 = 0b10;
const SHOWN: u8 = 0b01;
/// Zone 0, bits 0 and 1: reading mode; 1 waits for the trigger command.
const MODE: usize = 0;
const COMMANDED: u8 = 0b01;
/// Zone 2, bit 0: the trigger.
const TRIGGER: usize = 2;
/// Zone 0x60, bits 5 and 6: what is sent behind a text; bit 0 whether anything is.
const END: usize = 0x60;

/// A set-up barcode: what it sets, to what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetUpCode {
    /// The zone.
    pub zone: u8,
    /// The value.
    pub value: u8,
}

/// A module with power.
#[derive(Clone, Debug)]
pub struct Gm65 {
    zones: [u8; ZONES],
    flash: [u8; ZONES],
    heard: Vec<u8>,
    triggered: bool,
    commands: u64,
}

impl Default for Gm65 {
    fn default() -> Self {
        Self::new()
    }
}

impl Gm65 {
    /// As it leaves its factory, but reading all the time: set-up barcodes on, CR behind each text.
    #[must_use]
    pub fn new() -> Self {
        let mut zones = [0; ZONES];
        (zones[MODE], zones[END]) = (0xD6, 0x01);
        Self { zones, flash: zones, heard: Vec::new(), triggered: false, commands: 0 }
    }

    /// A zone as it is now.
    #[must_use]
    pub fn zone(&self, zone: u8) -> u8 {
        self.zones.get(usize::from(zone)).copied().unwrap_or(0)
    }

    /// Commands heard so far.
    #[must_use]
    pub const fn commands(&self) -> u64 {
        self.commands
    }

    /// Its supply goes and comes back: what was not saved is gone.
    pub fn restart(&mut self) {
        self.zones = self.flash;
        self.heard.clear();
        self.triggered = false;
    }

    /// Somebody holds a label before the window; what it sends, in pieces.
    pub fn scan(&mut self, label: &str, fault: Option<&ScanFault>) -> Vec<Vec<u8>> {
        if self.zones[MODE] & 0b11 == COMMANDED && !std::mem::take(&mut self.triggered) {
            return Vec::new();
        }
        let mut text = label.as_bytes().to_vec();
        if self.zones[END] & 1 == 1 && fault != Some(&ScanFault::NoEnd) {
            text.push(b'\r');
        }
        match fault {
            None | Some(ScanFault::NoEnd) => vec![text],
            Some(ScanFault::Split(_)) => {
                let rest = text.split_off(text.len() / 2);
                vec![text, rest]
            }
            Some(ScanFault::Doubled) => vec![text.repeat(2)],
            Some(ScanFault::Noise(noise)) => vec![[noise.as_slice(), &text].concat()],
        }
    }

    /// Somebody holds a set-up barcode before the window: it acts or not, and its text is sent or not.
    pub fn scan_set_up(&mut self, code: SetUpCode) -> Vec<Vec<u8>> {
        let (closed, shown) = (self.zones[SET_UP] & CLOSED != 0, self.zones[SET_UP] & SHOWN != 0);
        if !closed && let Some(zone) = self.zones.get_mut(usize::from(code.zone)) {
            *zone = code.value;
        }
        if shown { self.scan(&format!("^3^{:04X}{:02X}.", code.zone, code.value), None) } else { Vec::new() }
    }

    /// Bytes of its host; what it replies.
    pub fn hear(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.heard.extend_from_slice(bytes);
        let mut replies = Vec::new();
        while let Some(start) = self.heard.windows(2).position(|pair| pair == [0x7E, 0x00]) {
            self.heard.drain(..start);
            let Some(length) = self.heard.get(3).map(|length| usize::from(*length)) else { break };
            let whole = 6 + length + 2;
            if self.heard.len() < whole {
                break;
            }
            let command: Vec<u8> = self.heard.drain(..whole).collect();
            replies.extend(self.obey(&command));
        }
        replies
    }

    fn obey(&mut self, command: &[u8]) -> Vec<u8> {
        let (body, check) = command.split_at(command.len() - 2);
        let body = body.get(2..).unwrap_or_default();
        let unchecked = check == [0xAB, 0xCD];
        if !unchecked && check != xmodem(body).to_be_bytes() {
            return Vec::new();
        }
        self.commands += 1;
        let [kind, _, high, low, data @ ..] = body else { return Vec::new() };
        let first = usize::from(*high) << 8 | usize::from(*low);
        match kind {
            0x07 => {
                let count = usize::from(data.first().copied().unwrap_or(0));
                replied(self.zones.get(first..first + count).unwrap_or_default())
            }
            0x08 => {
                if first == TRIGGER {
                    self.triggered = data.first().is_some_and(|value| value & 1 == 1);
                } else {
                    self.zones.iter_mut().skip(first).zip(data).for_each(|(zone, value)| *zone = *value);
                }
                replied(&[0])
            }
            0x09 => {
                self.flash = self.zones;
                replied(&[0])
            }
            _ => Vec::new(),
        }
    }
}

fn replied(data: &[u8]) -> Vec<u8> {
    let length = u8::try_from(data.len()).unwrap_or(u8::MAX);
    let body = [&[0x00, length], data].concat();
    let check = xmodem(&body).to_be_bytes();
    [&[0x02, 0x00], body.as_slice(), &check].concat()
}

/// CRC-16/XMODEM, bit by bit from the left.
fn xmodem(bytes: &[u8]) -> u16 {
    let mut crc = 0_u16;
    for bit in bytes.iter().flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1)) {
        let out = crc >> 15 ^ u16::from(bit);
        crc <<= 1;
        if out == 1 {
            crc ^= 0x1021;
        }
    }
    crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_those_of_the_manual() {
        let mut module = Gm65::new();
        let trigger = [0x7E, 0x00, 0x08, 0x01, 0x00, 0x02, 0x01, 0xAB, 0xCD];
        assert_eq!(module.hear(&trigger), [0x02, 0x00, 0x00, 0x01, 0x00, 0x33, 0x31]);
        let save = [0x7E, 0x00, 0x09, 0x01, 0x00, 0x00, 0x00, 0xDE, 0xC8];
        assert_eq!(module.hear(&save), [0x02, 0x00, 0x00, 0x01, 0x00, 0x33, 0x31]);
        module.zones[0x2A..0x2C].copy_from_slice(&[0x39, 0x01]);
        let rate = [0x7E, 0x00, 0x07, 0x01, 0x00, 0x2A, 0x02, 0xD8, 0x0F];
        assert_eq!(module.hear(&rate), [0x02, 0x00, 0x00, 0x02, 0x39, 0x01, 0xC1, 0x4C]);
    }

    #[test]
    fn set_up_barcode_acts_unless_they_are_closed() {
        let mut module = Gm65::new();
        let code = SetUpCode { zone: 0x60, value: 0 };
        assert!(module.scan_set_up(code).is_empty());
        assert_eq!((module.zone(0x60), module.scan("x", None)), (0, vec![b"x".to_vec()]));
        module.hear(&[0x7E, 0x00, 0x08, 0x01, 0x00, 0x03, 0x03, 0xAB, 0xCD]);
        let shown = module.scan_set_up(SetUpCode { zone: 0, value: 0 });
        assert_eq!((module.zone(0), shown), (0xD6, vec![b"^3^000000.".to_vec()]));
    }
}
