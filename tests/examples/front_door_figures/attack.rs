//! Attacks: each a thread or some that do one bad thing until told to stop, with a bounded load.

use std::io::{Read as _, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
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

type Tls = StreamOwned<ClientConnection, TcpStream>;

/// Where, and with which certificate: lee is staff as good as anybody, and a thief has the phone.
#[derive(Clone)]
pub struct Target {
    port: u16,
    tls: Arc<ClientConfig>,
}

/// One kind of attack.
pub struct Attack {
    /// What it does.
    pub name: &'static str,
    act: fn(&Target, &Receiver<()>),
}

/// An attack that goes on until it is dropped.
pub struct Running {
    stop: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// All of them.
pub const ATTACKS: [Attack; 8] = [
    Attack { name: "1,000 idle sockets", act: idle },
    Attack { name: "32 TLS handshakes, a byte each 20 ms", act: slow_tls },
    Attack { name: "32 CONNECTs, a byte each 20 ms", act: slow_connect },
    Attack { name: "garbage instead of TLS, and after it", act: garbage },
    Attack { name: "packets too large and malformed", act: malformed },
    Attack { name: "another's client id, wills on his topics", act: stolen },
    Attack { name: "flood of messages and topics", act: flood },
    Attack { name: "readers that stop reading", act: stopped_readers },
];

impl Target {
    /// The building's broker, and a certificate for lee.
    pub fn of(house: &House) -> Self {
        let out = house.certificates().to_string_lossy().into_owned();
        let authority = house.spec.folder.join("authority").to_string_lossy().into_owned();
        let issue =
            ["enroll", "--building-ca", &authority, "--role", "staff", "--name", "lee", "--out", &out];
        house.command(&issue).expect("a certificate");
        Self { port: house.broker_port, tls: Arc::new(client(Path::new(&out))) }
    }

    fn socket(&self) -> Option<TcpStream> {
        let socket = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        socket.set_read_timeout(Some(SOCKET_PATIENCE)).ok()?;
        socket.set_write_timeout(Some(SOCKET_PATIENCE)).ok()?;
        Some(socket)
    }

    fn secured(&self) -> Option<Tls> {
        let name = ServerName::try_from("localhost").ok()?;
        let connection = ClientConnection::new(Arc::clone(&self.tls), name).ok()?;
        Some(StreamOwned::new(connection, self.socket()?))
    }

    /// A connection past CONNACK, under that client id.
    fn connected(&self, id: &str) -> Option<Tls> {
        let mut tls = self.secured()?;
        tls.write_all(&connect(id, None)).ok()?;
        tls.flush().ok()?;
        let mut connack = [0; 64];
        (tls.read(&mut connack).ok()? > 3 && connack[3] == 0).then_some(tls)
    }
}

fn client(certificates: &Path) -> ClientConfig {
    drop(rustls::crypto::ring::default_provider().install_default());
    let file = |name: &str| -> PathBuf { certificates.join(name) };
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(file("ca.pem")).expect("the authority")).expect("the authority");
    let chain = CertificateDer::pem_file_iter(file("staff-lee.pem")).expect("a certificate");
    let chain = chain.collect::<Result<Vec<_>, _>>().expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(file("staff-lee.key")).expect("a key");
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

fn flood(target: &Target, stopped: &Receiver<()>) {
    let own = publish(&topic("command/resync/lee"), &[b'x'; 512]);
    let mut number = 0_u32;
    let mut tls = target.connected("lee");
    while goes_on(stopped, Duration::from_millis(1)) {
        number += 1;
        let elsewhere = publish(&topic(&format!("command/resync/lee-{number}")), b"x");
        let burst = [own.repeat(50), elsewhere].concat();
        let sent = tls.as_mut().map(|tls| tls.write_all(&burst).and_then(|()| tls.flush()));
        if !matches!(sent, Some(Ok(()))) {
            tls = target.connected("lee");
        }
    }
}

fn stopped_readers(target: &Target, stopped: &Receiver<()>) {
    let deaf = ["lee.a", "lee.b", "lee.c"].map(|id| {
        let mut tls = target.connected(id)?;
        let all = subscribe([("state/#", QoS::AtMostOnce), ("event/#", QoS::AtLeastOnce)]);
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
