//! rumqttd, on a loopback port that only this process has passwords for, and the guard's links to it.
//!
//! One MQTT 5 port serves both versions: rumqttd's 3.1.1 writer panics on a message with properties, and a 3.1.1
//! subscriber cannot be kept from meeting one on a reply topic. The guard translates 3.1.1 instead.
//!
//! rumqttd files events by a connection number that it forgets when the connection ends and gives to the next one at once.
//! An event of a forgotten number ends its router, or another's connection. So a link never says DISCONNECT, which its
//! router takes at once while the link's own task goes on for a while: it closes its half of the socket, whereupon that
//! task tells the router so as its last event by that number, and then waits until rumqttd has closed the other half.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdTcpListener};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use bytes::BytesMut;
use rumqttc::v5::mqttbytes::v5;
use rumqttd::{Broker, Config, ConnectionSettings, RouterConfig, ServerSettings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use super::limits::{
    BACKEND_CONNECTIONS_MAX, BACKEND_IN_FLIGHT_MAX, BACKEND_READ_MAX, BACKEND_TIME_MAX, PACKET_BYTES_MAX,
    READ_BYTES, SEGMENT_BYTES, SEGMENTS,
};
use super::passes::Passes;
use super::wire::{Farewell, Frame, WireError, kind, next_frame};

const USER: &str = "guard";
/// The id of the link that proves at the start that it is rumqttd who listens.
const FIRST_ID: &str = "first";
/// Loopback ports tried before giving up: another process may take one between choosing and binding it.
const PORTS_TRIED: usize = 5;
/// rumqttd tells nobody when it listens.
const START_POLL: Duration = Duration::from_millis(5);
/// rumqttd's own keep-alive; the guard holds the client's.
const KEEP_ALIVE_SECONDS: u16 = u16::MAX;
/// Room for what translating to MQTT 5 adds to a packet.
const TRANSLATION_BYTES: usize = 1024;
/// The id of the will's packet. rumqttd keeps no record of ids it acknowledges, so it may repeat a client's.
const WILL_PACKET_ID: u16 = u16::MAX;

/// What can go wrong with rumqttd.
#[derive(Debug, thiserror::Error)]
pub enum BackendError {
    /// No random bytes for the password.
    #[error("cannot make a password for the inner broker: {0}")]
    Secret(getrandom::Error),
    /// No loopback port could be bound.
    #[error("cannot choose a loopback port for the inner broker")]
    Port(#[source] io::Error),
    /// The thread could not be started.
    #[error("cannot start the inner broker's thread")]
    Thread(#[source] io::Error),
    /// It ended while starting, or did not listen in time.
    #[error("the inner broker did not start listening on {0}")]
    Start(SocketAddr),
    /// A link broke.
    #[error("the link to the inner broker")]
    Link(#[source] io::Error),
    /// It took too long.
    #[error("the inner broker does not answer")]
    Silent,
    /// Who answers never asked whether the password is right: it is no rumqttd of this process.
    #[error("another program answers on {0} in the inner broker's place")]
    Impostor(SocketAddr),
    /// It said something else than expected.
    #[error("the inner broker refuses the guard: {0}")]
    Refused(String),
}

/// A running rumqttd. It has no shutdown; it ends with the process.
pub(super) struct Backend {
    address: SocketAddr,
    passes: Arc<Passes>,
}

impl Backend {
    /// Starts rumqttd and waits until it answers.
    pub(super) async fn start() -> Result<Self, BackendError> {
        let passes = Arc::new(Passes::default());
        let mut last = BackendError::Silent;
        for _ in 0..PORTS_TRIED {
            let address = free_port().map_err(BackendError::Port)?;
            let mut ended = spawn(config(address, &passes))?;
            let backend = Self { address, passes: Arc::clone(&passes) };
            let proven = async {
                listening(address, &mut ended).await?;
                let first = backend.link(FIRST_ID).await?;
                first.end(BytesMut::new(), None, Farewell::Clean).await
            };
            match proven.await {
                Ok(()) => return Ok(backend),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// A backend somebody else runs, for tests of what happens when it fails.
    #[cfg(test)]
    pub(super) fn at(address: SocketAddr) -> Self {
        Self { address, passes: Arc::default() }
    }

    /// What rumqttd asks when somebody connects.
    #[cfg(test)]
    pub(super) fn admit(&self, password: &str) -> bool {
        self.passes.admit(password)
    }

    /// Opens a link under an id that no other link has.
    pub(super) async fn link(&self, id: &str) -> Result<Link, BackendError> {
        timeout(BACKEND_TIME_MAX, self.open(id)).await.unwrap_or(Err(BackendError::Silent))
    }

    async fn open(&self, id: &str) -> Result<Link, BackendError> {
        let stream = TcpStream::connect(self.address).await.map_err(BackendError::Link)?;
        stream.set_nodelay(true).map_err(BackendError::Link)?;
        let mut link = Link { stream, unread: BytesMut::new() };
        let connect = v5::Connect {
            keep_alive: KEEP_ALIVE_SECONDS,
            client_id: id.to_owned(),
            clean_start: true,
            properties: None,
        };
        let pass = self.passes.issue().map_err(BackendError::Secret)?;
        let login = v5::Login::new(USER, pass.password());
        let mut packet = BytesMut::new();
        connect.write(&None, &Some(login), &mut packet).map_err(refused)?;
        link.stream.write_all(&packet).await.map_err(BackendError::Link)?;
        let answer = link.next().await?;
        match (answer.kind(), answer.body()) {
            (kind::CONNACK, [_, 0, ..]) if pass.was_used() => Ok(link),
            (kind::CONNACK, _) if !pass.was_used() => Err(BackendError::Impostor(self.address)),
            (kind, _) => Err(BackendError::Refused(format!("packet type {kind} for CONNACK"))),
        }
    }
}

fn refused(error: rumqttc::v5::mqttbytes::Error) -> BackendError {
    BackendError::Refused(error.to_string())
}

/// A connection to rumqttd, past CONNACK.
pub(super) struct Link {
    pub(super) stream: TcpStream,
    pub(super) unread: BytesMut,
}

impl Link {
    /// Reads one packet.
    pub(super) async fn next(&mut self) -> Result<Frame, BackendError> {
        loop {
            match next_frame(&mut self.unread, frame_bytes_max()) {
                Ok(Some(frame)) => return Ok(frame),
                Ok(None) => {}
                Err(error) => return Err(BackendError::Refused(error.to_string())),
            }
            self.unread.reserve(READ_BYTES);
            if self.stream.read_buf(&mut self.unread).await.map_err(BackendError::Link)? == 0 {
                return Err(BackendError::Link(io::ErrorKind::UnexpectedEof.into()));
            }
        }
    }

    /// Writes what is left and the will if it is due, closes, and waits until rumqttd has taken it all and closes as well.
    ///
    /// All that stands in the router's queue when this returns, before anything of a later link. rumqttd's own will is
    /// not used: it is published some time after the link closed, under the client's id, and a newer connection of that
    /// id would have its own will published in its place.
    pub(super) async fn end(
        mut self,
        mut left: BytesMut,
        will: Option<&v5::Publish>,
        farewell: Farewell,
    ) -> Result<(), BackendError> {
        if let (Some(will), Farewell::WithWill) = (will, farewell) {
            write_will(will, &mut left).map_err(|error| BackendError::Refused(error.to_string()))?;
        }
        let (mut reader, mut writer) = self.stream.split();
        // rumqttd does not read while it cannot write, so both go on at once.
        let write = async {
            writer.write_all(&left).await.map_err(BackendError::Link)?;
            writer.shutdown().await.map_err(BackendError::Link)
        };
        let read = drain(&mut reader);
        let both = async { tokio::try_join!(write, read) };
        timeout(BACKEND_TIME_MAX, both).await.unwrap_or(Err(BackendError::Silent))?;
        Ok(())
    }
}

async fn drain(reader: &mut tokio::net::tcp::ReadHalf<'_>) -> Result<(), BackendError> {
    let mut unwanted = vec![0; READ_BYTES];
    loop {
        match reader.read(&mut unwanted).await {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            // rumqttd closes with bytes unread when it took a packet for a wrong one.
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(()),
            Err(error) => return Err(BackendError::Link(error)),
        }
    }
}

fn write_will(will: &v5::Publish, out: &mut BytesMut) -> Result<(), WireError> {
    let pkid = if will.qos == rumqttc::v5::mqttbytes::QoS::AtMostOnce { 0 } else { WILL_PACKET_ID };
    v5::Publish { pkid, ..will.clone() }.write(out)?;
    Ok(())
}

fn frame_bytes_max() -> u32 {
    PACKET_BYTES_MAX.saturating_mul(2)
}

fn free_port() -> io::Result<SocketAddr> {
    StdTcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

fn config(address: SocketAddr, passes: &Arc<Passes>) -> Config {
    let mut settings = ServerSettings {
        name: "inner-v5".to_owned(),
        listen: address,
        tls: None,
        // It sleeps this long after each connection before it accepts the next.
        next_connection_delay_ms: 0,
        connections: ConnectionSettings {
            connection_timeout_ms: u16::try_from(BACKEND_TIME_MAX.as_millis()).unwrap_or(u16::MAX),
            max_payload_size: usize::try_from(PACKET_BYTES_MAX).unwrap_or(usize::MAX) + TRANSLATION_BYTES,
            max_inflight_count: BACKEND_IN_FLIGHT_MAX,
            auth: None,
            // Below.
            external_auth: None,
            dynamic_filters: false,
        },
    };
    let passes = Arc::clone(passes);
    settings.set_auth_handler(move |_id, _user, password| std::future::ready(passes.admit(&password)));
    Config {
        router: RouterConfig {
            max_connections: BACKEND_CONNECTIONS_MAX,
            max_outgoing_packet_count: u64::try_from(BACKEND_READ_MAX).unwrap_or(u64::MAX),
            max_segment_size: SEGMENT_BYTES,
            max_segment_count: SEGMENTS,
            ..RouterConfig::default()
        },
        v5: Some(HashMap::from([("inner".to_owned(), settings)])),
        ..Config::default()
    }
}

fn spawn(config: Config) -> Result<oneshot::Receiver<()>, BackendError> {
    let (ended, watch) = oneshot::channel();
    let run = move || {
        let mut broker = Broker::new(config);
        if let Err(error) = broker.start() {
            tracing::error!(%error, "the inner broker cannot start");
        }
        // The receiver is gone once the broker was seen listening; nobody waits then.
        ended.send(()).ok();
    };
    thread::Builder::new().name("inner-broker".to_owned()).spawn(run).map_err(BackendError::Thread)?;
    Ok(watch)
}

async fn listening(address: SocketAddr, ended: &mut oneshot::Receiver<()>) -> Result<(), BackendError> {
    let tries = async {
        while TcpStream::connect(address).await.is_err() {
            sleep(START_POLL).await;
        }
    };
    tokio::select! {
        _ = ended => Err(BackendError::Start(address)),
        seen = timeout(BACKEND_TIME_MAX, tries) => seen.map_err(|_elapsed| BackendError::Start(address)),
    }
}

#[cfg(test)]
mod tests {
    use std::iter;

    use rumqttc::v5::mqttbytes::QoS;
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn whoever_answers_in_the_inner_brokers_place_is_found_out() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let backend = Backend::at(address);
        let impostor = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(&[0x20, 3, 0, 0, 0]).await.unwrap();
            std::future::pending::<()>().await;
        };
        tokio::select! {
            link = backend.link("client-0") => {
                let error = link.err().expect("refused");
                assert!(matches!(error, BackendError::Impostor(at) if at == address), "{error}");
            }
            () = impostor => unreachable!(),
        }
    }

    /// Opens a link that hears everything.
    async fn listener(backend: &Backend, id: &str) -> Link {
        let mut reader = backend.link(id).await.unwrap();
        let mut subscribe = v5::Subscribe::new(v5::Filter::new("#", QoS::AtMostOnce), None);
        subscribe.pkid = 1;
        let mut packet = BytesMut::new();
        subscribe.write(&mut packet).unwrap();
        reader.stream.write_all(&packet).await.unwrap();
        assert_eq!(reader.next().await.unwrap().kind(), kind::SUBACK);
        reader
    }

    /// rumqttd tells a link that was held up to call once it has written; a call from a link it has forgotten ends it.
    #[tokio::test]
    async fn links_that_end_while_much_is_on_its_way_to_them_do_not_end_rumqttd() {
        let backend = Backend::start().await.unwrap();
        for round in 0..20 {
            let slow = listener(&backend, "slow").await;
            let writer = backend.link("writer").await.unwrap();
            let mut packets = BytesMut::new();
            // What fills the sockets' buffers, then more messages than rumqttd keeps for a link.
            for size in iter::repeat_n(64 * 1024, 200).chain(iter::repeat_n(16, 1_000)) {
                v5::Publish::new("state/door/a", QoS::AtMostOnce, vec![b'x'; size], None)
                    .write(&mut packets)
                    .unwrap();
            }
            writer.end(packets, None, Farewell::Clean).await.unwrap();
            slow.end(BytesMut::new(), None, Farewell::Clean).await.unwrap();
            let next = backend.link("slow").await;
            next.unwrap_or_else(|error| panic!("round {round}: {error}"))
                .end(BytesMut::new(), None, Farewell::Clean)
                .await
                .unwrap();
        }
    }

    /// Whoever finds the port: without a login, with a guess, and with a password that was used already.
    #[tokio::test]
    async fn a_stranger_on_the_inner_port_is_closed_without_a_word_and_publishes_nothing() {
        let backend = Backend::start().await.unwrap();
        let mut reader = listener(&backend, "reader").await;
        let used = backend.passes.issue().unwrap();
        assert!(backend.admit(used.password()));
        let logins = [None, Some(""), Some("guess"), Some(used.password())];
        for password in logins {
            let mut stranger = TcpStream::connect(backend.address).await.unwrap();
            let login = password.map(|password| v5::Login::new(USER, password));
            let hello = v5::Connect {
                keep_alive: 60,
                client_id: "x".to_owned(),
                clean_start: true,
                properties: None,
            };
            let mut packets = BytesMut::new();
            hello.write(&None, &login, &mut packets).unwrap();
            v5::Publish::new("state/door/a", QoS::AtMostOnce, "forged", None).write(&mut packets).unwrap();
            stranger.write_all(&packets).await.unwrap();
            let mut heard = Vec::new();
            // A reset, where it leaves the message unread.
            stranger.read_to_end(&mut heard).await.ok();
            assert_eq!(heard, [0u8; 0], "{password:?}");
        }
        // What the guard itself says is the first that is heard.
        let mut guard = backend.link("writer").await.unwrap();
        let mut packet = BytesMut::new();
        v5::Publish::new("state/door/a", QoS::AtMostOnce, "true", None).write(&mut packet).unwrap();
        guard.stream.write_all(&packet).await.unwrap();
        assert!(reader.next().await.unwrap().body().ends_with(b"true"));
    }
}
