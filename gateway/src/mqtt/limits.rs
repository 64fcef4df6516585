//! Every limit of the MQTT clients, with its reason.

use std::time::Duration;

use vestibule_contract::MESSAGE_MAX;

/// Requests between us and rumqttc: with one, each row of a backlog cost two changes of task. What the connection loses of
/// them is known, since each request that goes out is told, in order.
pub const REQUESTS_MAX: usize = 16;
/// Events from the driving task that wait: one burst of rumqttc's reads (10 packets), several times over.
pub const EVENTS_MAX: usize = 64;
/// Publications without PUBACK: a few round trips to a distant cloud at hundreds of rows a second. The broker's
/// Receive Maximum lowers it further.
pub const WINDOW: usize = 64;
/// Packet ids in use: far above [`WINDOW`], so that none comes round again while its first user is unacknowledged;
/// rumqttc keeps one slot for each.
pub const PACKET_IDS: u16 = 1_024;
/// Largest packet taken in or given out, in bytes.
pub const PACKET_MAX: u32 = 128_000;
/// Time without traffic before a ping. A ping without answer within the same time ends the connection.
pub const KEEP_ALIVE: Duration = Duration::from_secs(20);
/// Time for TCP, TLS and CONNACK together, in whole seconds as rumqttc wants it.
pub const CONNECT_PATIENCE_SECONDS: u64 = 15;
/// Time without any PUBACK while some are owed, before the connection is given up: a broker that answers pings only.
pub const ACKNOWLEDGE_PATIENCE: Duration = Duration::from_secs(60);
/// A connection that held so long was a good one: the next attempt comes soon.
pub const GOOD_CONNECTION: Duration = Duration::from_secs(30);
/// Time that the last messages and DISCONNECT may take when the daemon stops.
pub const STOP_PATIENCE: Duration = Duration::from_secs(2);
/// Time between samples. Temperatures move slowly, and a month of them must fit a mobile plan.
pub const SAMPLE_PERIOD: Duration = Duration::from_secs(60);
/// Samples that wait for a connection; the oldest are dropped first and counted.
pub const SAMPLES_MAX: usize = 512;
/// Replies that wait: as many as commands may wait in the engine.
pub const REPLIES_MAX: usize = 256;
/// Retained topics that wait to be cleared: twice the things of the largest building. What is beyond is heard, and
/// cleared, with the next connection.
pub const CLEARED_MAX: usize = 2_048;
/// Commands whose response topic and correlation data are remembered until their final reply.
pub const ROUTES_MAX: usize = 512;
/// Longest correlation data kept, in bytes: a UUID as text, twice.
pub const CORRELATION_MAX: usize = 72;

const _: () = assert!(WINDOW < PACKET_IDS as usize, "a packet id must not come round while it is in use");
const _: () = assert!(PACKET_MAX as usize <= MESSAGE_MAX, "the contract bounds every packet");
