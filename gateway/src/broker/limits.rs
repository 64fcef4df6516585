//! Every limit of the broker, with its reason, in one place.

use std::time::Duration;

/// Connections that got past CONNECT. A building has one gateway and some dozen staff devices.
pub const CONNECTIONS_MAX: usize = 64;
/// Live client ids of one certificate name: two devices and a reconnect of each.
pub const CONNECTIONS_PER_NAME_MAX: usize = 4;
/// Sockets that have not finished TLS and CONNECT. When full, an old one of the busiest address makes room, so that a
/// flood of idle sockets cannot keep a real client out.
pub const PENDING_MAX: usize = 32;
/// For so long a socket that has sent something is not pushed out by others of its kind: five times what `front_door_figures`
/// prints for a connection while it is attacked.
pub const PENDING_GRACE: Duration = Duration::from_millis(250);
/// TLS handshake and CONNECT together. A slow phone on a bad radio link needs 1-2 s.
pub const ADMISSION_TIME_MAX: Duration = Duration::from_secs(5);
/// Largest packet in bytes. The contract stays below 128 kB, as the large cloud brokers demand.
pub const PACKET_BYTES_MAX: u32 = 128 * 1024;
/// Bytes a socket may send before it is known: a CONNECT with a will fits.
pub const CONNECT_BYTES_MAX: u32 = 8 * 1024;
/// Filters one connection holds: a technician's role names twenty.
pub const FILTERS_PER_CONNECTION_MAX: usize = 24;
/// Filters one SUBSCRIBE or UNSUBSCRIBE names.
pub const FILTERS_PER_PACKET_MAX: usize = 24;
/// Different filters one certificate name uses in the life of the process: rumqttd keeps 5.7 kB for each, for ever.
pub const FILTERS_PER_NAME_MAX: usize = 32;
/// Different filters altogether in the life of the process; 3 MB of rumqttd's memory.
pub const FILTERS_MAX: usize = 512;
/// Different topics altogether in the life of the process; rumqttd keeps each, for ever. 96 compartments with a door each,
/// probes and devices are some 500.
pub const TOPICS_MAX: usize = 4096;
/// SUBSCRIBE and UNSUBSCRIBE packets awaiting their answer on one connection.
pub const UNANSWERED_MAX: usize = 32;
/// Longest keep-alive a client may ask for; a dead peer is noticed after one and a half of it.
pub const KEEP_ALIVE_MAX: Duration = Duration::from_secs(300);
/// Keep-alive given to an MQTT 5 client that asked for none or too long.
pub const KEEP_ALIVE_GIVEN: Duration = Duration::from_secs(60);
/// Bytes waiting to be written to one client or to rumqttd; above it nothing more is read for it.
pub const BUFFER_BYTES_MAX: usize = 64 * 1024;
/// Bytes read at once.
pub const READ_BYTES: usize = 8 * 1024;
/// A client that takes no byte, or leaves a message unacknowledged, for this long is cut off.
pub const WRITE_STALL_MAX: Duration = Duration::from_secs(10);
/// An old connection must be gone from rumqttd within this, or the new one is told to come back.
pub const TAKE_OVER_TIME_MAX: Duration = Duration::from_secs(5);
/// Bound on each exchange with rumqttd that has nothing to wait for but a busy processor.
pub const BACKEND_TIME_MAX: Duration = Duration::from_secs(5);
/// Time for the last packets on shutdown.
pub const SHUTDOWN_TIME_MAX: Duration = Duration::from_secs(2);
/// Packets a second one client may send in the long run; more waits in its socket. A resync of a large building is 500.
pub const PACKETS_PER_SECOND: u32 = 500;
/// Packets one client may send at once.
pub const PACKETS_BURST: u32 = 2_000;
/// Bytes a second one client may send in the long run.
pub const BYTES_PER_SECOND: u32 = 512 * 1024;
/// Bytes one client may send at once.
pub const BYTES_BURST: u32 = 2 * 1024 * 1024;
/// Packets a second one client may always send, whatever the others do. What is above it is paid from the total of all.
pub const SHARE_PACKETS_PER_SECOND: u32 = 50;
/// Packets of its share one client may send at once: connecting, subscribing and an unlock are some ten.
pub const SHARE_PACKETS_BURST: u32 = 100;
/// Bytes a second of its share: a command a second that is as long as commands get.
pub const SHARE_BYTES_PER_SECOND: u32 = 16 * 1024;
/// Bytes of its share one client may send at once.
pub const SHARE_BYTES_BURST: u32 = 2 * PACKET_BYTES_MAX;
/// Packets a second of all clients together above their shares. Who reads commands (the gateway) is not counted: a
/// building has one, and its resync must not wait for a flood.
pub const TOTAL_PACKETS_PER_SECOND: u32 = 1_000;
/// Packets above their shares all clients together may send at once.
pub const TOTAL_PACKETS_BURST: u32 = 2_000;
/// Bytes a second of all clients together above their shares.
pub const TOTAL_BYTES_PER_SECOND: u32 = 1024 * 1024;
/// Bytes above their shares all clients together may send at once.
pub const TOTAL_BYTES_BURST: u32 = 2 * 1024 * 1024;
/// Bytes of commands that all connections of one name have on their way to readers that have not acknowledged them.
pub const POSTED_BYTES_MAX: u32 = PACKET_BYTES_MAX;
/// A command counts as so many bytes at least, so that eight of one name are on their way: a person sends one or two.
pub const POSTED_BYTES_LEAST: u32 = POSTED_BYTES_MAX >> POSTED_MESSAGES_LOG2;
/// Commands of one name on their way, as a power of two: eight.
const POSTED_MESSAGES_LOG2: u32 = 3;
/// Commands waiting for one reader: all that as many names as there are connections may have on their way, and as many
/// again of connections that have just ended. At most 16 MB, from 128 thieves at once.
pub const MAILBOX_MESSAGES: usize = (2 * CONNECTIONS_MAX) << POSTED_MESSAGES_LOG2;
/// Commands one client has not acknowledged; the rest waits in its mailbox.
pub const MAIL_IN_FLIGHT_MAX: usize = 32;
/// rumqttd's own connection limit, which must never be met: it answers nothing then, and poisons a lock.
pub const BACKEND_CONNECTIONS_MAX: usize = 4 * CONNECTIONS_MAX;
/// QoS 1 messages rumqttd has in flight to one client.
pub const BACKEND_IN_FLIGHT_MAX: usize = 100;
/// Bytes of one log segment of one filter. A slow reader loses what falls out of the segments.
pub const SEGMENT_BYTES: usize = 32 * 1024;
/// Segments of one filter.
pub const SEGMENTS: usize = 4;
/// Messages rumqttd reads at once for a QoS 0 subscription; retained ones beyond it are lost to the subscriber.
pub const BACKEND_READ_MAX: usize = TOPICS_MAX;
/// A message through rumqttd and back proves that its router lives.
pub const HEARTBEAT_EVERY: Duration = Duration::from_secs(1);
/// After so many without an echo the process ends, for its supervisor to start afresh.
pub const HEARTBEATS_LOST: u32 = 5;

const _: () = assert!(BACKEND_CONNECTIONS_MAX >= CONNECTIONS_MAX * 2 + PENDING_MAX);
const _: () = assert!(BACKEND_READ_MAX >= TOPICS_MAX);
const _: () = assert!(FILTERS_PER_NAME_MAX >= FILTERS_PER_CONNECTION_MAX);
const _: () = assert!(BYTES_BURST > PACKET_BYTES_MAX);
const _: () = assert!(SHARE_BYTES_BURST > PACKET_BYTES_MAX && TOTAL_BYTES_BURST > PACKET_BYTES_MAX);
const _: () = assert!(POSTED_BYTES_MAX >= PACKET_BYTES_MAX, "the largest command must find credit");
const _: () = assert!(POSTED_BYTES_LEAST << POSTED_MESSAGES_LOG2 == POSTED_BYTES_MAX, "it divides evenly");
const _: () = assert!(SEGMENT_BYTES >= 1024, "rumqttd panics below");

/// How often replaced certificates are looked for.
pub const TRUST_EVERY: Duration = Duration::from_secs(10);
/// How often a connection's own certificate is judged again; it may expire while the connection lasts.
pub const JUDGED_EVERY: Duration = Duration::from_secs(60);

/// The limits a test or a large site changes; the rest are constants.
#[derive(Clone, Debug)]
pub struct Limits {
    /// See [`CONNECTIONS_MAX`]; not above it.
    pub connections: usize,
    /// See [`PENDING_MAX`].
    pub pending: usize,
    /// See [`ADMISSION_TIME_MAX`].
    pub admission_time: Duration,
    /// See [`WRITE_STALL_MAX`].
    pub write_stall: Duration,
    /// See [`HEARTBEAT_EVERY`].
    pub heartbeat_every: Duration,
    /// See [`HEARTBEATS_LOST`].
    pub heartbeats_lost: u32,
    /// See [`TRUST_EVERY`].
    pub trust_every: Duration,
    /// See [`JUDGED_EVERY`].
    pub judged_every: Duration,
    /// See [`PACKETS_PER_SECOND`].
    pub packets_per_second: u32,
    /// See [`PACKETS_BURST`].
    pub packets_burst: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: CONNECTIONS_MAX,
            pending: PENDING_MAX,
            admission_time: ADMISSION_TIME_MAX,
            write_stall: WRITE_STALL_MAX,
            heartbeat_every: HEARTBEAT_EVERY,
            heartbeats_lost: HEARTBEATS_LOST,
            trust_every: TRUST_EVERY,
            judged_every: JUDGED_EVERY,
            packets_per_second: PACKETS_PER_SECOND,
            packets_burst: PACKETS_BURST,
        }
    }
}
