//! Attacks: each a thread or some that do one bad thing until told to stop, with a bounded load.

use std::io::{Read as _, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use bytes::BytesMut;
use rumqttc::v5::mqttbytes::v5::{Connect, Filter, LastWill, Publish, Subscribe};
use rumqttc::v5::mqttbytes::{Error as CodecError, QoS};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use vestibule_demo::cloud::topic;
use vestibule_demo::house::House;

/// Sockets that only sit there.
const IDLE: usize = 1_000;
/// Sockets of the slow ones.
const SLOW: usize = 32;
/// Pause of a slow one between two bytes, and of a busy one between two tries.
const BREATH: Duration = Duration::from_millis(20);
/// A socket that is closed on the attacker or takes nothing must not hold the attack up.
const SOCKET_PATIENCE: Duration = Duration::from_millis(200);
/// Who floods is not read for a while, and waits as long as that: a new connection would be no flood.
const FLOOD_PATIENCE: Duration = Duration::from_secs(5);
/// Connections that flood at once, and names they have: four connections each.
const FLOODERS: usize = 40;
const FLOODERS_OF_NAME: usize = 4;
/// Receive buffer of a reader that takes no bytes.
const DEAF_BYTES: usize = 4 * 1_024;

type Tls = StreamOwned<ClientConnection, TcpStream>;

/// Where, and with which certificate: lee is staff as good as anybody, and a thief has the phone.
#[derive(Clone)]
pub struct Target {
    port: u16,
    tls: Arc<ClientConfig>,
    /// Staff with stolen certificates.
    thieves: Vec<Arc<ClientConfig>>,
}

/// One kind of attack.
pub struct Attack {
    /// What it does.
    pub name: &'static str,
    /// Counters of the broker that grow when it arrives, and by how much at least.
    pub traces: &'static [(&'static str, u64)],
    act: fn(&Target, &Receiver<()>),
}

/// An attack that goes on until it is dropped.
pub struct Running {
    stop: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// All of them.
pub const ATTACKS: [Attack; 9] = [
    Attack { name: "1,000 idle sockets", traces: &[("pending_dropped", 900)], act: idle },
    Attack { name: "32 TLS handshakes, a byte each 20 ms", traces: &[("pending_dropped", 1)], act: slow_tls },
    Attack { name: "32 CONNECTs, a byte each 20 ms", traces: &[("taken_over", 1)], act: slow_connect },
    Attack {
        name: "garbage instead of TLS, and after it",
        traces: &[("tls_refused", 1), ("not_mqtt", 1)],
        act: garbage,
    },
    Attack { name: "packets too large and malformed", traces: &[("protocol_ended", 1)], act: malformed },
    Attack {
        name: "another's client id, wills on his topics",
        traces: &[("connect_refused", 1)],
        act: stolen,
    },
    Attack {
        name: "flood of messages and topics",
        traces: &[("throttled", 1), ("publish_refused", 1)],
        act: flood,
    },
    Attack {
        name: "flood of 40 connections of 10 names",
        traces: &[("total_throttled", 1), ("out_of_credit", 1)],
        act: crowd,
    },
    // Each of the three: two for what they do not acknowledge, one for the bytes that it does not take.
    Attack { name: "readers that stop reading", traces: &[("slow_reader_ended", 3)], act: stopped_readers },
];

impl Target {
    /// The building's broker, and certificates for lee and the thieves.
    pub fn of(house: &House) -> Self {
        let thief = |number| certificate(house, &format!("thief-{number}"));
        let thieves = (0..FLOODERS / FLOODERS_OF_NAME).map(thief).collect();
        Self { port: house.broker_port, tls: certificate(house, "lee"), thieves }
    }

    fn socket(&self) -> Option<TcpStream> {
        let socket = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        socket.set_read_timeout(Some(SOCKET_PATIENCE)).ok()?;
        socket.set_write_timeout(Some(SOCKET_PATIENCE)).ok()?;
        Some(socket)
    }

    fn secured(&self) -> Option<Tls> {
        self.secured_as(&self.tls)
    }

    fn secured_as(&self, tls: &Arc<ClientConfig>) -> Option<Tls> {
        let name = ServerName::try_from("localhost").ok()?;
        let connection = ClientConnection::new(Arc::clone(tls), name).ok()?;
        Some(StreamOwned::new(connection, self.socket()?))
    }

    /// A connection past CONNACK, under that client id.
    fn connected(&self, id: &str) -> Option<Tls> {
        self.connected_as(&self.tls, id)
    }

    fn connected_as(&self, tls: &Arc<ClientConfig>, id: &str) -> Option<Tls> {
        let mut tls = self.secured_as(tls)?;
        tls.write_all(&connect(id, None)).ok()?;
        tls.flush().ok()?;
        let mut connack = [0; 64];
        (tls.read(&mut connack).ok()? > 3 && connack[3] == 0).then_some(tls)
    }
}

/// A staff certificate of that name.
fn certificate(house: &House, name: &str) -> Arc<ClientConfig> {
    let out = house.certificates().to_string_lossy().into_owned();
    let authority = house.spec.folder.join("authority").to_string_lossy().into_owned();
    let issue = ["enroll", "--building-ca", &authority, "--role", "staff", "--name", name, "--out", &out];
    house.command(&issue).expect("a certificate");
    Arc::new(client(Path::new(&out), name))
}

fn client(certificates: &Path, name: &str) -> ClientConfig {
    drop(rustls::crypto::ring::default_provider().install_default());
    let file = |name: &str| -> PathBuf { certificates.join(name) };
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(file("ca.pem")).expect("the authority")).expect("the authority");
    let chain = CertificateDer::pem_file_iter(file(&format!("staff-{name}.pem"))).expect("a certificate");
    let chain = chain.collect::<Result<Vec<_>, _>>().expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(file(&format!("staff-{name}.key"))).expect("a key");
    ClientConfig::builder().with_root_certificates(roots).with_client_auth_cert(chain, key).expect("a client")
}

impl Attack {
    /// Begins; returns when it is under way.
    pub fn start(&self, target: &Target) -> Running {
        let (stop, stopped) = sync_channel(0);
        let (target, act) = (target.clone(), self.act);
        let thread = thread::spawn(move || act(&target, &stopped));
        Running { stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// Whether the attack goes on after so long.
fn goes_on(stopped: &Receiver<()>, after: Duration) -> bool {
    matches!(stopped.recv_timeout(after), Err(RecvTimeoutError::Timeout))
}

fn idle(target: &Target, stopped: &Receiver<()>) {
    let sockets: Vec<_> = (0..IDLE).filter_map(|_| target.socket()).collect();
    while goes_on(stopped, BREATH) {}
    drop(sockets);
}

/// Feeds these bytes one by one to many sockets, which are replaced when they are closed.
fn drip<S: Write>(stopped: &Receiver<()>, bytes: &[u8], open: impl Fn() -> Option<S>) {
    let mut sockets: Vec<(S, usize)> = Vec::new();
    while goes_on(stopped, BREATH) {
        while sockets.len() < SLOW {
            let Some(socket) = open() else { break };
            sockets.push((socket, 0));
        }
        sockets.retain_mut(|(socket, at)| {
            *at += 1;
            bytes
                .get(*at - 1)
                .is_some_and(|byte| socket.write_all(&[*byte]).and_then(|()| socket.flush()).is_ok())
        });
    }
}

fn slow_tls(target: &Target, stopped: &Receiver<()>) {
    // A record header that promises a long ClientHello, then its beginning.
    let hello: Vec<u8> = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC].into_iter().chain([3; 500]).collect();
    drip(stopped, &hello, || target.socket());
}

fn slow_connect(target: &Target, stopped: &Receiver<()>) {
    drip(stopped, &connect("lee", None), || target.secured());
}

fn garbage(target: &Target, stopped: &Receiver<()>) {
    let noise: Vec<u8> = (0..4_096_u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    while goes_on(stopped, BREATH) {
        drop(target.socket().map(|mut socket| socket.write_all(&noise)));
        drop(target.secured().map(|mut tls| tls.write_all(&noise)));
    }
}

fn malformed(target: &Target, stopped: &Receiver<()>) {
    let large = publish(&topic("command/resync/lee"), &vec![b'x'; 200 * 1_024]);
    let bad: [&[u8]; 4] = [&large, &[0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], &[0xF0, 0], &[0x82, 3, 0, 0, 0]];
    let mut at = 0;
    while goes_on(stopped, BREATH) {
        at += 1;
        drop(target.connected("lee").map(|mut tls| tls.write_all(bad[at % bad.len()])));
    }
}

fn stolen(target: &Target, stopped: &Receiver<()>) {
    let mut turn = 0_u32;
    while goes_on(stopped, BREATH) {
        turn += 1;
        // The good client's id, then a will on its command topic, then our own again and again: each takes the last one over.
        let hello = match turn % 3 {
            0 => connect("kim", None),
            1 => connect("lee", Some(&topic("command/unlock/kim"))),
            _ => connect("lee", Some(&topic("command/resync/lee"))),
        };
        let said = target.secured().map(|mut tls| tls.write_all(&hello).and_then(|()| tls.flush()));
        drop(said);
    }
}

/// One connection that stays, with its own topic at QoS 0 and others' at QoS 1, which are refused by their reason code.
fn flood(target: &Target, stopped: &Receiver<()>) {
    let own = publish(&topic("command/resync/lee"), &[b'x'; 512]);
    let mut number = 0_u32;
    let mut tls = patient(target.connected("lee"));
    while goes_on(stopped, Duration::from_millis(1)) {
        number += 1;
        let mut elsewhere =
            Publish::new(topic(&format!("command/resync/lee-{number}")), QoS::AtLeastOnce, "x", None);
        elsewhere.pkid = 1;
        let burst = [own.repeat(50), encoded(|out| elsewhere.write(out))].concat();
        let sent = tls.as_mut().map(|tls| tls.write_all(&burst).and_then(|()| tls.flush()));
        if !matches!(sent, Some(Ok(()))) {
            tls = patient(target.connected("lee"));
        }
    }
}

/// As many as the broker nearly has room for, each as fast as it can.
fn crowd(target: &Target, stopped: &Receiver<()>) {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for number in 0..FLOODERS {
            let stop = &stop;
            scope.spawn(move || {
                let at = number / FLOODERS_OF_NAME;
                let enter = || target.connected_as(&target.thieves[at], &format!("thief-{at}.{number}"));
                let own = publish(&topic(&format!("command/resync/thief-{at}")), &[b'x'; 512]).repeat(50);
                let mut tls = patient(enter());
                while !stop.load(Ordering::Relaxed) {
                    let sent = tls.as_mut().map(|tls| tls.write_all(&own).and_then(|()| tls.flush()));
                    if !matches!(sent, Some(Ok(()))) {
                        tls = patient(enter());
                    }
                }
            });
        }
        while goes_on(stopped, BREATH) {}
        stop.store(true, Ordering::Relaxed);
    });
}

fn patient(tls: Option<Tls>) -> Option<Tls> {
    tls.filter(|tls| tls.sock.set_write_timeout(Some(FLOOD_PATIENCE)).is_ok())
}

fn stopped_readers(target: &Target, stopped: &Receiver<()>) {
    let deaf = [("lee.a", QoS::AtLeastOnce), ("lee.b", QoS::AtLeastOnce), ("lee.c", QoS::AtMostOnce)];
    let deaf = deaf.map(|(id, quality)| {
        let mut tls = target.connected(id)?;
        rustix::net::sockopt::set_socket_recv_buffer_size(&tls.sock, DEAF_BYTES).ok()?;
        let all = subscribe([("state/#", QoS::AtMostOnce), ("event/#", quality)]);
        tls.write_all(&all).and_then(|()| tls.flush()).ok()?;
        Some(tls)
    });
    while goes_on(stopped, BREATH) {}
    drop(deaf);
}

/// Bytes of a packet that a codec writes.
fn encoded(write: impl FnOnce(&mut BytesMut) -> Result<usize, CodecError>) -> Vec<u8> {
    let mut bytes = BytesMut::new();
    write(&mut bytes).expect("a packet that can be written");
    bytes.to_vec()
}

/// CONNECT, with a will on that topic.
fn connect(id: &str, will: Option<&str>) -> Vec<u8> {
    let hello = Connect { keep_alive: 60, client_id: id.to_owned(), clean_start: true, properties: None };
    let will = will.map(|topic| LastWill::new(topic, "gone", QoS::AtMostOnce, false, None));
    encoded(|out| hello.write(&will, &None, out))
}

fn publish(topic: &str, payload: &[u8]) -> Vec<u8> {
    encoded(|out| Publish::new(topic, QoS::AtMostOnce, payload.to_vec(), None).write(out))
}

fn subscribe(filters: [(&str, QoS); 2]) -> Vec<u8> {
    let filters = filters.map(|(tail, qos)| Filter::new(topic(tail), qos));
    let mut packet = Subscribe::new_many(filters, None);
    packet.pkid = 1;
    encoded(|out| packet.write(out))
}
