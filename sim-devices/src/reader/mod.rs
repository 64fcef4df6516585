//! A simulated OSDP reader: libosdp's peripheral side, which nobody here wrote, with hands that press, tap and open the housing.
//!
//! Traps: libosdp ends the process when it finds itself in a state it does not know (`BUG()`), so it stays on this side of the
//! wire; what it is given for callbacks and channels is never freed; its timeouts run on the real clock, so on virtual time
//! only what happens within 8 s of it may be asked of a session.

mod pty;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use libosdp::{
    Channel, ChannelError, OsdpCommand, OsdpError, OsdpEvent, OsdpEventCardRead, OsdpEventKeyPress, OsdpFlag,
    OsdpStatusReport, OsdpStatusReportType, PdCapEntity, PdCapability, PdId, PdInfoBuilder, PeripheralDevice,
};

pub use pty::PtyReaders;

/// Times that the device is looked at for one frame: libosdp takes a frame apart in a few steps.
const STEPS: usize = 4;

/// How a reader comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReaderKeying {
    /// From the factory, or reset: without a key of its own, open to the default key.
    Factory,
    /// With this key, and open to nothing else.
    Key([u8; 16]),
}

/// What a reader was told to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReaderOutput {
    /// A lasting colour, by its OSDP number.
    Light(u8),
    /// Blinking for a while.
    Blink(u8),
    /// A sound, so many times.
    Buzz(u8),
    /// Text on its display.
    Text(String),
}

/// One reader.
pub struct SimReader {
    device: PeripheralDevice,
    wire: Arc<Mutex<Wire>>,
    inside: Arc<Mutex<Inside>>,
}

#[derive(Default)]
struct Wire {
    to_reader: VecDeque<u8>,
    from_reader: Vec<u8>,
}

#[derive(Default)]
struct Inside {
    tamper: bool,
    key: Option<[u8; 16]>,
    outputs: Vec<ReaderOutput>,
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// libosdp's view of the wire.
struct Plug(Arc<Mutex<Wire>>);

impl Channel for Plug {
    fn get_id(&self) -> i32 {
        0
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ChannelError> {
        let mut wire = lock(&self.0);
        let count = buffer.len().min(wire.to_reader.len());
        for (place, byte) in buffer.iter_mut().zip(wire.to_reader.drain(..count)) {
            *place = byte;
        }
        if count == 0 { Err(ChannelError::WouldBlock) } else { Ok(count) }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<usize, ChannelError> {
        lock(&self.0).from_reader.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), ChannelError> {
        Ok(())
    }

    fn close(&mut self) -> Result<(), ChannelError> {
        Ok(())
    }
}

impl SimReader {
    /// A keypad with card reader, light, sounder and display at this address.
    ///
    /// # Errors
    /// What libosdp refuses.
    pub fn new(address: u8, keying: ReaderKeying) -> Result<Self, OsdpError> {
        let wire = Arc::new(Mutex::new(Wire::default()));
        let one = || PdCapEntity::new(1, 1);
        let info = PdInfoBuilder::new()
            .address(address.into())?
            .baud_rate(9_600)?
            .id(&PdId::from_number(address))
            .capability(PdCapability::CommunicationSecurity(one()))
            .capability(PdCapability::LedControl(PdCapEntity::new(4, 1)))
            .capability(PdCapability::AudibleOutput(one()))
            .capability(PdCapability::TextOutput(one()));
        let (info, key) = match keying {
            ReaderKeying::Key(key) => (info.secure_channel_key(key).flag(OsdpFlag::EnforceSecure), Some(key)),
            ReaderKeying::Factory => (info.flag(OsdpFlag::InstallMode), None),
        };
        let mut device = PeripheralDevice::new(info, Box::new(Plug(Arc::clone(&wire))))?;
        let inside = Arc::new(Mutex::new(Inside { key, ..Inside::default() }));
        let shared = Arc::clone(&inside);
        device.set_command_callback(move |command| obey(&mut lock(&shared), command));
        Ok(Self { device, wire, inside })
    }

    /// Puts bytes on the wire; what the reader answers.
    pub fn exchange(&mut self, bytes: &[u8]) -> Vec<u8> {
        lock(&self.wire).to_reader.extend(bytes);
        for _ in 0..STEPS {
            self.device.refresh();
        }
        std::mem::take(&mut lock(&self.wire).from_reader)
    }

    /// Somebody presses keys; `#` and `*` are the two beside the zero.
    ///
    /// # Errors
    /// The reader's queue is full.
    pub fn press(&mut self, keys: &str) -> Result<(), OsdpError> {
        let key = |key| match key {
            b'#' => 0x0D,
            b'*' => 0x7F,
            digit => digit,
        };
        let keys = keys.bytes().map(key).collect();
        self.device.notify_event(OsdpEvent::KeyPress(OsdpEventKeyPress::new(keys)))
    }

    /// Somebody holds a card to it.
    ///
    /// # Errors
    /// The reader's queue is full, or there are more bits than bytes.
    pub fn tap(&mut self, bits: usize, number: &[u8]) -> Result<(), OsdpError> {
        let card = OsdpEventCardRead::new_wiegand(bits, number.to_vec())?;
        self.device.notify_event(OsdpEvent::CardRead(card))
    }

    /// Opens the housing (`true`) or closes it; the reader reports it.
    ///
    /// # Errors
    /// The reader's queue is full.
    pub fn tamper(&mut self, open: bool) -> Result<(), OsdpError> {
        lock(&self.inside).tamper = open;
        self.device.notify_event(OsdpEvent::Status(local(open)))
    }

    /// Whether it has a channel.
    #[must_use]
    pub fn has_channel(&self) -> bool {
        self.device.is_sc_active()
    }

    /// The key that it was given, or came with.
    #[must_use]
    pub fn key(&self) -> Option<[u8; 16]> {
        lock(&self.inside).key
    }

    /// What it was told to show since this was last asked.
    #[must_use]
    pub fn outputs(&self) -> Vec<ReaderOutput> {
        std::mem::take(&mut lock(&self.inside).outputs)
    }
}

fn local(tamper: bool) -> OsdpStatusReport {
    let mut report = [0; 64];
    report[0] = u8::from(tamper);
    OsdpStatusReport { type_: OsdpStatusReportType::Local, nr_entries: 2, report }
}

/// 0: done; anything else is answered by NAK.
fn obey(inside: &mut Inside, command: &mut OsdpCommand) -> i32 {
    match command {
        OsdpCommand::Status(status) => *status = local(inside.tamper),
        OsdpCommand::KeySet(new) => match <[u8; 16]>::try_from(new.data.as_slice()) {
            Ok(key) => inside.key = Some(key),
            Err(_) => return -1,
        },
        OsdpCommand::Led(led) => {
            let (lasting, passing) = (u8::from(led.permanent.on_color), u8::from(led.temporary.on_color));
            let blinks = led.temporary.control_code == 2;
            let output = if blinks { ReaderOutput::Blink(passing) } else { ReaderOutput::Light(lasting) };
            inside.outputs.push(output);
        }
        OsdpCommand::Buzzer(buzzer) => inside.outputs.push(ReaderOutput::Buzz(buzzer.rep_count)),
        OsdpCommand::Text(text) => {
            let text = String::from_utf8_lossy(&text.data).into_owned();
            inside.outputs.push(ReaderOutput::Text(text));
        }
        _ => return -1,
    }
    0
}
