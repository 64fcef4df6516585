//! One socket from accept to its end: TLS, CONNECT, the client id's turn, the pump, the farewell.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use rumqttc::v5::mqttbytes::v5;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;

use super::acl::Acl;
use super::answer::{self, Manner, Welcome};
use super::backend::{Backend, BackendError, Link};
use super::clocks::Clocks;
use super::ending::Ending;
use super::hello::{self, ClientId, Hello, NoHello, Refusal};
use super::limits::{
    BACKEND_TIME_MAX, CONNECT_BYTES_MAX, Limits, READ_BYTES, SHUTDOWN_TIME_MAX, TAKE_OVER_TIME_MAX,
};
use super::metrics::Metrics;
use super::pace::Total;
use super::pending::{Pending, Place, Room};
use super::post::{Desk, Post, price};
use super::pump::Pump;
use super::quota::Quota;
use super::registry::{Claim, Registry};
use super::roles::RoleTable;
use super::session::{Outputs, Session, SessionFacts};
use super::slots::Slots;
use super::tls::identity_of;
use super::trust::Trust;
use super::wire::{Farewell, Version, next_frame};
use crate::enroll::Identity;

/// What all connections share.
pub(super) struct Shared {
    pub(super) building: String,
    pub(super) roles: RoleTable,
    pub(super) limits: Limits,
    pub(super) trust: watch::Receiver<Arc<Trust>>,
    pub(super) backend: Backend,
    pub(super) registry: Arc<Registry>,
    pub(super) pending: Arc<Pending>,
    pub(super) quota: Arc<Quota>,
    pub(super) post: Arc<Post>,
    pub(super) total: Arc<Total>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) slots: Slots,
    pub(super) shutdown: watch::Receiver<bool>,
}

type Client = TlsStream<TcpStream>;

/// A client that showed who it is and asked for what it may have.
struct Admitted {
    client: Client,
    unread: BytesMut,
    hello: Hello,
    who: Identity,
    acl: Acl,
    id: ClientId,
}

/// Serves one socket to its end.
pub(super) async fn serve(shared: Arc<Shared>, stream: TcpStream, peer: SocketAddr) {
    shared.metrics.accepted.add();
    let Some((place, dropped, room)) = shared.pending.enter(peer.ip(), Instant::now()) else {
        shared.metrics.pending_dropped.add();
        return;
    };
    if room == Room::Made {
        shared.metrics.pending_dropped.add();
    }
    let admitted = tokio::select! {
        _ = dropped => return,
        admitted = timeout(shared.limits.admission_time, admit(&shared, stream, peer, &place)) => admitted,
    };
    drop(place);
    match admitted {
        Ok(Some(admitted)) => connect(&shared, admitted, peer).await,
        Ok(None) => {}
        Err(_elapsed) => {
            shared.metrics.admission_timed_out.add();
            tracing::debug!(%peer, "a socket did not become a client in time");
        }
    }
}

async fn admit(shared: &Shared, stream: TcpStream, peer: SocketAddr, place: &Place) -> Option<Admitted> {
    // Slower without it, not wrong.
    stream.set_nodelay(true).ok();
    // Not `readable`: tokio takes each accepted socket for readable. One that fails is found out by the handshake.
    stream.peek(&mut [0]).await.ok();
    place.spoke();
    let acceptor = shared.trust.borrow().acceptor.clone();
    let mut client = match acceptor.accept(stream).await {
        Ok(client) => client,
        Err(error) => {
            shared.metrics.tls_refused.add();
            tracing::info!(%peer, %error, "a TLS handshake failed");
            return None;
        }
    };
    let mut unread = BytesMut::new();
    let hello = match read_hello(&mut client, &mut unread).await {
        Ok(hello) => hello,
        Err(no_hello) => {
            shared.metrics.not_mqtt.add();
            tracing::info!(%peer, error = %no_hello, "no CONNECT");
            if let NoHello::Protocol(level) = no_hello {
                let mut out = BytesMut::new();
                answer::connack_wrong_protocol(level, &mut out);
                last_words(&mut client, &out).await;
            }
            return None;
        }
    };
    match check(shared, &client, &hello) {
        Ok((who, acl, id)) => Some(Admitted { client, unread, hello, who, acl, id }),
        Err(refusal) => {
            refuse(shared, &mut client, hello.version, &refusal, peer).await;
            None
        }
    }
}

async fn read_hello(client: &mut Client, unread: &mut BytesMut) -> Result<Hello, NoHello> {
    loop {
        if let Some(frame) = next_frame(unread, CONNECT_BYTES_MAX)? {
            return hello::read_connect(&frame);
        }
        unread.reserve(READ_BYTES);
        match client.read_buf(unread).await {
            Ok(0) | Err(_) => return Err(NoHello::Wire(super::wire::WireError::Short)),
            Ok(_) => {}
        }
    }
}

fn check(shared: &Shared, client: &Client, hello: &Hello) -> Result<(Identity, Acl, ClientId), Refusal> {
    let (_, tls) = client.get_ref();
    let who = identity_of(tls.peer_certificates(), &shared.building)
        .map_err(|error| Refusal::Certificate(error.to_string()))?;
    let acl = Acl::of(&shared.roles, &who).ok_or_else(|| Refusal::Role(who.role().to_owned()))?;
    let id = hello::check(hello, &who, &acl)?;
    Ok((who, acl, id))
}

async fn refuse(shared: &Shared, client: &mut Client, version: Version, refusal: &Refusal, peer: SocketAddr) {
    shared.metrics.connect_refused.add();
    tracing::info!(%peer, reason = %refusal, "a client is refused");
    let mut out = BytesMut::new();
    if answer::connack_refused(version, refusal, &mut out).is_ok() {
        last_words(client, &out).await;
    }
}

/// Sends what is left to say; a client that does not listen misses it.
async fn last_words(client: &mut Client, words: &[u8]) {
    let say = async {
        client.write_all(words).await?;
        client.flush().await?;
        client.shutdown().await
    };
    if !matches!(timeout(SHUTDOWN_TIME_MAX, say).await, Ok(Ok(()))) {
        tracing::debug!("a client did not take the last words");
    }
}

async fn connect(shared: &Shared, mut admitted: Admitted, peer: SocketAddr) {
    let version = admitted.hello.version;
    let entered = enter(shared, &admitted.who, admitted.id.clone()).await;
    let (claim, slot, link) = match entered {
        Ok(entered) => entered,
        Err(refusal) => return refuse(shared, &mut admitted.client, version, &refusal, peer).await,
    };
    shared.metrics.connected.add();
    let who = admitted.who.to_string();
    tracing::info!(client = claim.client_id(), %who, %peer, ?version, "a client is connected");
    let ended = Connection { shared, slot, claim, link }.run(admitted).await;
    tracing::info!(%who, %peer, reason = %ended, "a client is gone");
}

/// Waits for the client id's turn and opens the link to rumqttd.
async fn enter(shared: &Shared, who: &Identity, id: ClientId) -> Result<(Claim, usize, Link), Refusal> {
    let mut claim = shared.registry.claim(who, id)?;
    if claim.is_take_over() {
        shared.metrics.taken_over.add();
    }
    claim.wait(TAKE_OVER_TIME_MAX).await?;
    let slot = shared.slots.take().ok_or(Refusal::Full)?;
    match shared.backend.link(&Slots::id(slot)).await {
        Ok(link) => Ok((claim, slot, link)),
        Err(error) => {
            shared.slots.lose();
            shared.metrics.backend_stuck.add();
            tracing::error!(%error, "no link to the inner broker");
            Err(Refusal::Unavailable)
        }
    }
}

/// A connection past CONNACK.
struct Connection<'a> {
    shared: &'a Shared,
    slot: usize,
    /// Held until the link is gone, so that the next connection of this id comes after it.
    claim: Claim,
    link: Link,
}

impl Connection<'_> {
    async fn run(mut self, admitted: Admitted) -> Ending {
        let Admitted { mut client, unread, hello, who, acl, id } = admitted;
        let manner = Manner { version: hello.version, problem_information: hello.problem_information };
        let total = (!acl.reads_commands()).then(|| Arc::clone(&self.shared.total));
        let facts = SessionFacts {
            manner,
            acl,
            name: who.to_string(),
            receive_maximum: hello.receive_maximum,
            packet_maximum: hello.packet_maximum,
        };
        let quota = Arc::clone(&self.shared.quota);
        let (subscriber, mut desk) = self.shared.post.open(&who.to_string());
        let mut session = Session::new(facts, subscriber, quota, Arc::clone(&self.shared.metrics));
        let (keep_alive, given) = hello::keep_alive_of(&hello);
        let assigned_id = (id == ClientId::Choose).then(|| self.claim.client_id().to_owned());
        let chain = client.get_ref().1.peer_certificates().unwrap_or_default().to_vec();
        let mut out = Outputs::default();
        let welcome = Welcome { assigned_id, keep_alive: given };
        let ending = match answer::connack(manner, welcome, &mut out.to_client) {
            Err(error) => Ending::Malformed(error),
            Ok(()) => {
                let pump = Pump {
                    client: &mut client,
                    unread,
                    link: &mut self.link,
                    session: &mut session,
                    out: &mut out,
                    desk: &mut desk,
                    claim: &mut self.claim,
                    shutdown: self.shared.shutdown.clone(),
                    chain: &chain,
                    trust: self.shared.trust.clone(),
                    metrics: &self.shared.metrics,
                };
                let keep_alive = Duration::from_secs(u64::from(keep_alive));
                let limits = &self.shared.limits;
                pump.run(Clocks::new(keep_alive, limits, total, Instant::now()), limits).await
            }
        };
        self.count(&ending);
        let will = hello.will.filter(|_| ending.farewell() == Farewell::WithWill);
        self.farewell(client, &session, will, out, desk, &ending).await;
        ending
    }

    fn count(&self, ending: &Ending) {
        let metrics = &self.shared.metrics;
        match ending {
            Ending::Refused(..) | Ending::Malformed(_) => metrics.protocol_ended.add(),
            Ending::KeepAlive => metrics.keep_alive_ended.add(),
            Ending::SlowReader | Ending::Unacknowledged => metrics.slow_reader_ended.add(),
            Ending::Distrusted(_) => metrics.distrusted_ended.add(),
            Ending::BackendLost(_) => metrics.backend_lost.add(),
            Ending::Left(_) | Ending::Gone(_) | Ending::TakenOver | Ending::Shutdown => {}
        }
    }

    /// Ends both sides at once: a client that does not listen must not keep its will and its id.
    async fn farewell(
        self,
        mut client: Client,
        session: &Session,
        will: Option<v5::Publish>,
        mut out: Outputs,
        desk: Desk,
        ending: &Ending,
    ) {
        let Self { shared, slot, claim, link } = self;
        let farewell = ending.farewell();
        let (command, will) = match will {
            Some(will) if session.is_command(&will) => (Some(will), None),
            will => (None, will),
        };
        if let Some((code, text)) = ending.told() {
            // A reason that cannot be written is not told.
            answer::disconnect(session.manner(), code, &text, &mut out.to_client).ok();
        }
        let to_client = last_words(&mut client, &out.to_client);
        let to_broker = async {
            if let Some(command) = &command {
                shared.metrics.will_ended(post_will(&desk, command).await);
            }
            let ended = match ending {
                // The old link is dead; the will takes a new one.
                Ending::BackendLost(_) => end_afresh(shared, link, slot, will.as_ref()).await,
                _ => link.end(out.to_broker, will.as_ref(), farewell).await,
            };
            // The next connection of this id need not wait for an old client that does not listen.
            drop(claim);
            ended
        };
        let ((), ended) = tokio::join!(to_client, to_broker);
        if will.is_some() {
            shared.metrics.will_ended(ended.is_ok());
        }
        match ended {
            Ok(()) => shared.slots.give_back(slot),
            Err(error) => {
                shared.slots.lose();
                shared.metrics.backend_stuck.add();
                tracing::error!(%error, "a link to the inner broker did not end");
            }
        }
    }
}

/// Gives a will that is a command to its readers. Whether it found credit in time, and room.
async fn post_will(desk: &Desk, will: &v5::Publish) -> bool {
    match timeout(BACKEND_TIME_MAX, desk.counter.credit(price(will))).await {
        Ok(credit) => desk.counter.send(will, credit).is_ok(),
        Err(_elapsed) => false,
    }
}

/// Ends a session whose link broke by a fresh link under the same slot, which carries the will.
async fn end_afresh(
    shared: &Shared,
    broken: Link,
    slot: usize,
    will: Option<&v5::Publish>,
) -> Result<(), BackendError> {
    // One that rumqttd still holds must not be followed under its id.
    broken.end(BytesMut::new(), None, Farewell::Clean).await?;
    let link = shared.backend.link(&Slots::id(slot)).await?;
    link.end(BytesMut::new(), will, Farewell::WithWill).await
}
