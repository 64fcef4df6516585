//! Every limit and period of an OSDP line, with its reason.

use std::time::Duration;

/// Readers on one line: with eight, each is still polled every 340 ms at 9600 baud.
pub const READERS_MAX: usize = 8;
/// Longest reply taken, in bytes: what every reader must be able to send in one piece is 128, what they do send is below 256.
pub const FRAME_MAX: usize = 256;
/// Longest text for a reader's display: two rows of 16.
pub const TEXT_MAX: usize = 32;
/// Keys in one reply; readers collect a few between two polls.
pub const KEYS_MAX: usize = 16;
/// Bytes of a card's number: the longest formats of the field have 256 bits.
pub const CARD_BYTES_MAX: usize = 32;
/// Orders between submitter and line: each reader keeps only the newest of each kind.
pub const INBOX_ORDERS: usize = 64;

/// From one poll of a reader to the next: what a keypad needs to feel alive.
pub const POLL_PERIOD: Duration = Duration::from_millis(50);
/// From one poll of a reader that has no key to the next: only its tamper switch matters.
pub const KEYLESS_PERIOD: Duration = Duration::from_millis(200);
/// A reader is asked for its tamper switch this often even if it reports changes by itself.
pub const STATUS_PERIOD: Duration = Duration::from_secs(10);
/// A reader must begin its reply within 200 ms; a long one takes as much again at 9600 baud.
pub const REPLY_TIMEOUT: Duration = Duration::from_millis(300);
/// The same command is sent so often before the channel counts as broken.
pub const ATTEMPTS: u8 = 3;
/// A busy reader is asked again after this ...
pub const BUSY_PAUSE: Duration = Duration::from_millis(100);
/// ... and so often.
pub const BUSY_MAX: u8 = 20;
/// The line rests for two characters at 9600 baud between a reply and the next command.
pub const GAP: Duration = Duration::from_millis(3);
/// A reader that said nothing (authentic, where it has a key) for so long is offline.
pub const OFFLINE_AFTER: Duration = Duration::from_secs(8);
/// A channel that broke is made again after this.
pub const RETRY: Duration = Duration::from_millis(500);
/// A silent or insecure reader is tried again after this: with one lost reply of 300 ms it takes 6 % of the line.
pub const SILENT_RETRY: Duration = Duration::from_secs(5);
/// Time between two tellings of the counters.
pub const COUNTERS_PERIOD: Duration = Duration::from_secs(10);
/// An install window is never open longer than this.
pub const WINDOW_MAX: Duration = Duration::from_secs(300);

const _: () = assert!(REPLY_TIMEOUT.as_millis() * 3 + RETRY.as_millis() < OFFLINE_AFTER.as_millis());
