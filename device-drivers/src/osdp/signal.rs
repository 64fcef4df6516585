//! What a line of readers tells, and what it is asked to do: closed lists.

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::key::ReaderKey;
use crate::id::DeviceId;
use crate::signal::PortState;
use crate::time::Monotonic;

/// One thing that an OSDP line tells.
pub struct ReaderSignal {
    /// When it was heard.
    pub at: Monotonic,
    /// What.
    pub what: What,
}

/// What is told.
pub enum What {
    /// The port came or went.
    Port(PortState),
    /// A reader's standing; told when it changes, and each time a channel is made.
    State {
        /// Which.
        reader: DeviceId,
        /// How it is now.
        state: ReaderState,
    },
    /// What a reader says that it is. Nobody has proven it.
    Identity {
        /// Which.
        reader: DeviceId,
        /// What it says.
        identity: Identity,
    },
    /// The reader's tamper switch, when it changes. From a reader with a key only inside its channel.
    Tamper {
        /// Which.
        reader: DeviceId,
        /// Whether the housing is open.
        tamper: Tamper,
    },
    /// Keys were pressed. Only inside the channel.
    Pressed {
        /// Where.
        reader: DeviceId,
        /// Which.
        keys: Pressed,
    },
    /// A card was read. Only inside the channel.
    Card {
        /// Where.
        reader: DeviceId,
        /// Which.
        card: Card,
    },
    /// A card or keys in clear text were ignored.
    ClearRead {
        /// Where.
        reader: DeviceId,
    },
    /// An install window has ended.
    Install {
        /// Which reader's.
        reader: DeviceId,
        /// How.
        outcome: InstallOutcome,
    },
    /// A reader's totals.
    Counters {
        /// Which.
        reader: DeviceId,
        /// Since the line was started.
        counters: ReaderCounters,
    },
}

/// A reader's standing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReaderState {
    /// Nothing has been heard yet.
    Unknown,
    /// It does not answer (a reader with a key: not authentically).
    Silent,
    /// It answers and has no key of this gateway; it may be installed, and nothing that it says is believed.
    Uninstalled,
    /// Its channel is up under its own key.
    Secure,
    /// It should have a key of this gateway and has none: it was reset or exchanged.
    Keyless,
    /// It has another key.
    WrongKey,
    /// It should have a key of this gateway and refuses a channel.
    NoChannel,
}

/// A tamper switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Tamper {
    Open,
    Closed,
}

/// What a reader says that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// IEEE number of the maker.
    pub vendor: u32,
    /// The maker's model number.
    pub model: u8,
    /// Its version.
    pub version: u8,
    /// Its serial number.
    pub serial: u32,
    /// Firmware: major, minor, build.
    pub firmware: [u8; 3],
}

/// How an install window ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstallOutcome {
    /// The reader has its own key, and its channel is up under it.
    Done,
    /// Time is up.
    Expired,
    /// The reader does not take the default key: it has another one and must be reset first.
    DefaultKeyRefused,
    /// The reader did not take the new key.
    KeyRefused,
    /// Somebody closed the window, or the port is gone.
    Closed,
}

/// Keys as they were pressed: part of a code, so it has no Debug, and its memory is wiped.
#[derive(ZeroizeOnDrop)]
pub struct Pressed(Vec<u8>);

impl Pressed {
    pub(super) fn take(keys: &mut [u8]) -> Self {
        let pressed = Self(keys.to_vec());
        keys.zeroize();
        pressed
    }

    /// ASCII digits; 0x0D is the `#` key, 0x7F the `*` key.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

/// A card's whole number as it was read, most significant bit first. Whoever knows it can copy many cards, so it has no Debug.
#[derive(Clone, PartialEq, Eq, ZeroizeOnDrop)]
pub struct Card {
    /// How many bits.
    pub bits: u16,
    /// The bits, in as many bytes as they need.
    pub number: Vec<u8>,
}

/// Totals of one reader.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReaderCounters {
    /// Commands answered.
    pub answered: u64,
    /// Commands without an answer in time.
    pub unanswered: u64,
    /// Channels made.
    pub channels: u64,
    /// Cards and keys in clear text, ignored.
    pub clear_reads: u64,
    /// Other frames that were not believed: in clear text, out of sequence, with a wrong MAC.
    pub distrusted: u64,
}

/// What a reader is asked to do. Of outputs only the newest of each kind is kept.
pub struct ReaderOrder {
    /// Which reader.
    pub reader: DeviceId,
    /// What.
    pub task: ReaderTask,
}

/// One order.
pub enum ReaderTask {
    /// Show a light.
    Light(Light),
    /// Make a sound.
    Buzz(Buzz),
    /// Show a text; readers without a display leave it out.
    Text(String),
    /// Give the reader this key: the only thing that makes the default key and clear text lawful, until it has ended.
    Install {
        /// A new key; it must be durable before this order is given.
        key: ReaderKey,
        /// When the window closes by itself; cut at [`WINDOW_MAX`](super::limits::WINDOW_MAX).
        until: Monotonic,
    },
    /// Close the install window.
    CloseWindow,
    /// From now on the reader has this key, or none.
    Key(Option<ReaderKey>),
}

/// A light.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Light {
    /// Until told otherwise.
    Steady(Colour),
    /// Blinking for a while, then the lasting light again.
    Blink {
        /// In this colour.
        on: Colour,
        /// For this long, in milliseconds; at most 25.5 s.
        ms: u32,
    },
}

/// Colours that readers have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Colour {
    Off,
    Red,
    Green,
    Amber,
    Blue,
}

/// A sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buzz {
    /// Length of each sound in milliseconds, at most 25.5 s.
    pub on_ms: u32,
    /// Pause after each, in milliseconds.
    pub off_ms: u32,
    /// How often.
    pub times: u8,
}
