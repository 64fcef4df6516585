//! Somebody with a certificate who listens at a broker and, as staff do, sends commands: an ordinary MQTT 5 client.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::Packet;
use rumqttc::v5::{Client, Connection, Event, MqttOptions};
use rumqttc::{TlsConfiguration, Transport};

use crate::house::HouseError;

/// Messages kept until they are read; beyond that they are dropped and counted.
const KEPT: usize = 65_536;
/// Requests that may wait for the connection.
const REQUESTS: usize = 64;
/// A building's events and notices are far below this.
const PACKET_MAX: u32 = 256 * 1024;
/// A broker that stalls for a while keeps its listeners: what is sent meanwhile is heard afterwards.
const KEEP_ALIVE: Duration = Duration::from_secs(60);
/// How often the thread looks whether it should end.
const LOOK: Duration = Duration::from_millis(200);
/// To look up gives up a connection that is being made: a busy broker gets this long, beyond rumqttc's own 5 s.
const CONNECTING: Duration = Duration::from_secs(6);

/// One message.
#[derive(Clone, Debug)]
pub struct Heard {
    /// When it came.
    pub at: Instant,
    /// Its topic.
    pub topic: String,
    /// Its payload.
    pub payload: Vec<u8>,
}

/// The listener. Dropping it disconnects.
pub struct Ear {
    client: Client,
    heard: Receiver<Heard>,
    subscribed: Receiver<()>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// Who listens, where.
#[derive(Clone, Debug)]
pub struct Seat {
    /// Port on loopback.
    pub port: u16,
    /// Folder of the certificates.
    pub certificates: PathBuf,
    /// The certificate's role.
    pub role: String,
    /// The certificate's name; also the client id.
    pub name: String,
}

impl Ear {
    /// Connects (again and again, if need be) and keeps these subscriptions at QoS 1.
    ///
    /// # Errors
    /// [`HouseError::File`] when a certificate cannot be read.
    pub fn open(seat: &Seat, filters: &[&str]) -> Result<Self, HouseError> {
        // A second call finds the provider in place, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut options = MqttOptions::new(&seat.name, "localhost", seat.port);
        options.set_transport(Transport::Tls(tls(seat)?));
        options.set_keep_alive(KEEP_ALIVE);
        options.set_max_packet_size(Some(PACKET_MAX));
        let (client, connection) = Client::new(options, REQUESTS);
        let (sender, heard) = sync_channel(KEPT);
        let stop = Arc::new(AtomicBool::new(false));
        let filters = filters.iter().map(|filter| (*filter).to_owned()).collect();
        let (told, subscribed) = sync_channel(1);
        let work = Listening { client: client.clone(), filters, sender, told, stop: Arc::clone(&stop) };
        let thread = thread::spawn(move || work.run(connection));
        Ok(Self { client, heard, subscribed, stop, thread: Some(thread) })
    }

    /// Waits until the broker has granted every subscription: what is published from then on is heard.
    #[must_use]
    pub fn wait_subscribed(&self, patience: Duration) -> bool {
        self.subscribed.recv_timeout(patience).is_ok()
    }

    /// The next message, waiting at most `patience`.
    #[must_use]
    pub fn next(&self, patience: Duration) -> Option<Heard> {
        self.heard.recv_timeout(patience).ok()
    }

    /// Waits for a message that `wanted` makes something of.
    #[must_use]
    pub fn wait_for<T>(&self, patience: Duration, mut wanted: impl FnMut(&Heard) -> Option<T>) -> Option<T> {
        let until = Instant::now() + patience;
        loop {
            let heard = self.next(until.saturating_duration_since(Instant::now()))?;
            if let Some(found) = wanted(&heard) {
                return Some(found);
            }
        }
    }

    /// Publishes at QoS 1; `false` when too many requests wait already.
    #[must_use]
    pub fn publish(&self, topic: &str, payload: Vec<u8>) -> bool {
        self.client.try_publish(topic, QoS::AtLeastOnce, false, payload).is_ok()
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Without a connection there is nothing to disconnect.
        drop(self.client.try_disconnect());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// The thread's part.
struct Listening {
    client: Client,
    filters: Vec<String>,
    sender: SyncSender<Heard>,
    told: SyncSender<()>,
    stop: Arc<AtomicBool>,
}

impl Listening {
    fn run(self, mut connection: Connection) {
        let mut owed = 0;
        let mut patience = CONNECTING;
        while !self.stop.load(Ordering::Relaxed) {
            match connection.recv_timeout(patience) {
                Ok(Ok(Event::Incoming(Packet::ConnAck(_)))) => {
                    patience = LOOK;
                    owed = self.filters.len();
                    for filter in &self.filters {
                        // A full queue means that the connection is lost again; the next CONNACK subscribes anew.
                        drop(self.client.try_subscribe(filter.clone(), QoS::AtLeastOnce));
                    }
                }
                Ok(Ok(Event::Incoming(Packet::SubAck(_)))) => {
                    owed = owed.saturating_sub(1);
                    if owed == 0 {
                        match self.told.try_send(()) {
                            // A full queue says the same already; without its reader nobody waits.
                            Ok(()) | Err(_) => {}
                        }
                    }
                }
                Ok(Ok(Event::Incoming(Packet::Publish(publish)))) => {
                    let topic = String::from_utf8_lossy(&publish.topic).into_owned();
                    let heard = Heard { at: Instant::now(), topic, payload: publish.payload.to_vec() };
                    if let Err(TrySendError::Disconnected(_)) = self.sender.try_send(heard) {
                        return;
                    }
                }
                // An error ends this connection; the next call makes a new one, after a breath.
                Ok(Err(_)) => {
                    patience = CONNECTING;
                    thread::park_timeout(LOOK);
                }
                Ok(Ok(_)) | Err(_) => {}
            }
        }
    }
}

fn tls(seat: &Seat) -> Result<TlsConfiguration, HouseError> {
    let who = format!("{}-{}", seat.role, seat.name);
    let read = |name: String| -> Result<Vec<u8>, HouseError> {
        let path: &Path = &seat.certificates.join(name);
        let failed =
            |source: io::Error| HouseError::File { operation: "read", path: path.to_owned(), source };
        fs::read(path).map_err(failed)
    };
    let ca = read("ca.pem".to_owned())?;
    let client_auth = Some((read(format!("{who}.pem"))?, read(format!("{who}.key"))?));
    Ok(TlsConfiguration::Simple { ca, alpn: None, client_auth })
}
