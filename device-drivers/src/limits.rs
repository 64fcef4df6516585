//! Every limit and period of this crate, with its reason.

use std::time::Duration;

/// Devices on one line: RS-485 drives 32 unit loads.
pub const MAX_DEVICES: usize = 32;

/// Response timeout where the configuration names none: slow boards think 30 ms; a lock line must not wait longer.
pub const DEFAULT_RESPONSE_TIMEOUT: Duration = Duration::from_millis(100);
/// Shortest response timeout: a USB adapter's latency timer alone is 16 ms.
pub const MIN_RESPONSE_TIMEOUT: Duration = Duration::from_millis(20);
/// Longest response timeout: the slowest refrigeration controllers.
pub const MAX_RESPONSE_TIMEOUT: Duration = Duration::from_secs(1);

/// Orders that wait between submitter and line thread: a bulk open of the largest line, twice.
pub const INBOX_ORDERS: usize = 64;
/// Pulses that wait in the unlock lane: with 30 ms each, 32 of them are past any person's patience.
pub const UNLOCK_LANE: usize = 32;
/// Watches under way at once on a line; a pulse has one watch.
pub const WATCH_LANE: usize = 32;

/// Time between two reads of a watched device.
pub const WATCH_PERIOD: Duration = Duration::from_millis(50);
/// Length of a watch: a lock that has not let go after 3 s will not.
pub const WATCH_SPAN: Duration = Duration::from_secs(3);

/// Time between two reads of a board with door inputs, where the wire allows it.
pub const DOOR_PERIOD: Duration = Duration::from_millis(100);
/// Time between two reads of each lock of a board that is asked for one lock at a time: a round of 24 of them takes two to
/// three seconds of the wire at 9600 baud. A lock that was ordered to open, or tells of itself, is read at once.
pub const LOCK_PERIOD: Duration = Duration::from_secs(2);
/// Time between two reads of a relay board's outputs: its sign of life.
pub const OUTPUTS_PERIOD: Duration = Duration::from_secs(1);
/// A lower lane's job this much overdue goes before a door read, at most every second time.
pub const LANE_PATIENCE: Duration = Duration::from_millis(500);

/// After a timeout, an answer may still be on its way for this long; nothing that could be mistaken for it is believed
/// until then. Serial-to-Ethernet gateways have been seen to hold bytes for most of a second.
pub const LATE_HORIZON: Duration = Duration::from_secs(1);

/// The same for the echo of a pulse that went unanswered: its output is not pulsed again before. As long as a watch, since
/// nobody decides on a second pulse before the evidence of the first is in.
pub const PULSE_LATE_HORIZON: Duration = WATCH_SPAN;

/// A slave is down after this long without a good answer ...
pub const DOWN_AFTER: Duration = Duration::from_secs(3);
/// ... and this many failed transactions in a row.
pub const DOWN_CYCLES: u32 = 2;
/// Time between transactions to a slave that failed at least [`DOWN_CYCLES`] times and is not down yet.
pub const SUSPECT_PERIOD: Duration = Duration::from_millis(500);
/// Longest pause of a read that keeps failing on a slave that answers others.
pub const POLL_RETRY_MOST: Duration = Duration::from_secs(5);
/// Pause of a read that the device refuses because it has no such register: firmware does not change by the minute.
pub const REFUSED_RETRY: Duration = Duration::from_secs(60);
/// Least time between two probes of the same dead slave.
pub const DEAD_RETRY: Duration = Duration::from_secs(10);
/// Dead slaves together take at most one in this many parts of the line's time (5 %).
pub const DEAD_SHARE: u32 = 20;
/// Time until a set-up that a slave answered wrongly is tried again.
pub const SET_UP_RETRY: Duration = Duration::from_secs(1);
/// Writes of one set-up step before the step counts as failed.
pub const SET_UP_FIXES: u8 = 16;

/// Half characters that the line is listened to beyond the gap before a pulse, while the echo of another may still come, late
/// or doubled. Answers that queue up begin one gap after the other, just when our frame would: the two meet bit by bit, and
/// of two pulses that meet the wire can make a third, with good check bytes, that opens another door. In this time the first
/// character of such an echo is heard. At 9600 baud it is 1.6 ms, and only unlocks soon after others pay it.
pub const LISTEN_HALF_CHARACTERS: u32 = 3;

/// A line that is never silent for this long is written on all the same: an answer may still get through.
pub const SILENCE_PATIENCE: Duration = Duration::from_millis(250);
/// An unfinished frame is forgotten after this silence: USB adapters hold bytes back for up to 16 ms in its middle.
pub const RESYNC: Duration = Duration::from_millis(20);
/// Bytes kept while a frame grows; the longest RTU frame has 256.
pub const MAX_FRAME: usize = 256;
/// The same behind a network, where a server packs bytes as it likes and a lost segment costs 200 ms; the answer's deadline
/// is shorter in nearly every case, and ends the frame as well.
pub const NETWORK_RESYNC: Duration = Duration::from_millis(500);
/// A serial server may send an answer's last piece so much later than its first.
pub const NETWORK_PIECES: Duration = Duration::from_millis(50);
/// Reads of one flush of a socket: more than a receive window's worth of what a babbling server sent must not hold the thread.
pub const FLUSH_READS: usize = 64;
/// Signals about foreign frames come at most this often.
pub const FOREIGN_PERIOD: Duration = Duration::from_secs(1);
/// Time between two tellings of the counters.
pub const COUNTERS_PERIOD: Duration = Duration::from_secs(10);
/// Frames of a line that are kept for whoever looks later: some seconds of a busy line, minutes of a quiet one ...
pub const TRACE_RECORDS: usize = 1_000;
/// ... and their bytes.
pub const TRACE_BYTES: usize = 64 * 1024;
/// An output is expected on for this much longer than its pulse: boards count in coarse ticks.
pub const PULSE_MARGIN: Duration = Duration::from_millis(500);
/// A lock may draw for this much longer than its pulse from the moment the board answered, or was given up: its tick.
pub const DRAW_MARGIN: Duration = Duration::from_millis(100);
/// Damaged answers among the last 16 of a slave that are named as the sign of a doubled address.
pub const DAMAGE_SIGN: u32 = 4;

/// Longest scan in bytes: GS1 labels have up to 48 characters, a QR token 64; nothing that opens or names anything is longer.
pub const SCAN_MOST: usize = 128;
/// A silence that ends a text of a scanner which sends no line end: USB adapters hold bytes back for up to 16 ms.
pub const SCAN_GAP: Duration = Duration::from_millis(100);
/// A silence after which a text of a scanner which sends line ends is cut.
pub const SCAN_SPLIT: Duration = Duration::from_millis(500);
/// What comes after a cut text is its rest until this much silence: nobody holds the next label there that soon.
pub const SCAN_QUIET: Duration = Duration::from_secs(2);
/// Cut texts in a row after which a scanner is taken for one that sends no line ends any more.
pub const SCAN_CUTS: u8 = 3;
/// The same text again within this time is one scan.
pub const SCAN_REPEAT: Duration = Duration::from_secs(2);
/// A scanner's settings are looked at this often: somebody's set-up barcode is undone within 10 s, two tries included.
pub const SCAN_LOOK_EVERY: Duration = Duration::from_secs(3);
/// A scanner's reply comes within 30 ms; one that is reading a label at that moment takes longer.
pub const SCAN_REPLY: Duration = Duration::from_millis(500);
/// Commands without a reply after which a scanner is silent.
pub const SCAN_UNANSWERED: u8 = 3;
/// A scanner that reads on command is asked again after this long without a label, its longest reading time.
pub const SCAN_TRIGGER_EVERY: Duration = Duration::from_secs(5);
/// First wait before a lost port is opened again ...
pub const REOPEN_FIRST: Duration = Duration::from_millis(100);
/// ... doubled up to this: somebody replugs and looks at the screen.
pub const REOPEN_MOST: Duration = Duration::from_secs(2);

/// A line that is to be lent waits this long for its locks to rest: the longest pulse, and its margin.
pub const LEND_PATIENCE: Duration = Duration::from_secs(15);
/// Longest loan of a line: walking the largest bank takes less, and a forgotten terminal must not shut a building for a night.
pub const LOAN_MOST: Duration = Duration::from_secs(3600);

const _: () = assert!(
    LATE_HORIZON.as_millis() < DOWN_AFTER.as_millis(),
    "a dead slave's probe must find no late answer"
);
const _: () =
    assert!(MAX_RESPONSE_TIMEOUT.as_millis() < DOWN_AFTER.as_millis(), "two cycles must fit before down");
const _: () = assert!(UNLOCK_LANE <= INBOX_ORDERS, "what the inbox takes, the lane can refuse one by one");
