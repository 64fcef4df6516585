//! Moving bytes between one client and rumqttd: bounded buffers, keep-alive, pace, and a reader too slow.

use std::future::pending;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use rustls_pki_types::CertificateDer;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio::sync::watch;
use tokio::time::sleep_until;

use super::backend::Link;
use super::ending::Ending;
use super::limits::{BUFFER_BYTES_MAX, BYTES_BURST, BYTES_PER_SECOND, Limits, PACKET_BYTES_MAX, READ_BYTES};
use super::metrics::Metrics;
use super::pace::Pace;
use super::registry::Claim;
use super::session::{Outputs, Session};
use super::trust::Trust;
use super::wire::next_frame;

/// When things happened to one connection, and what follows from it.
struct Clocks {
    silence_max: Duration,
    write_stall: Duration,
    heard: Instant,
    stalled: Option<Instant>,
    /// When the client's certificate is judged again.
    judge_at: Instant,
    packets: Pace,
    bytes: Pace,
}

impl Clocks {
    fn new(keep_alive: Duration, limits: &Limits, now: Instant) -> Self {
        Self {
            // One and a half keep-alives, as MQTT has it.
            silence_max: keep_alive + keep_alive / 2,
            write_stall: limits.write_stall,
            heard: now,
            stalled: None,
            judge_at: now + limits.judged_every,
            packets: Pace::new(limits.packets_per_second, limits.packets_burst, now),
            bytes: Pace::new(BYTES_PER_SECOND, BYTES_BURST, now),
        }
    }

    fn spend(&mut self, bytes: usize, now: Instant) {
        self.packets.spend(1, now);
        self.bytes.spend(u32::try_from(bytes).unwrap_or(u32::MAX), now);
    }

    /// When reading goes on, if it is paused now.
    fn paused_until(&self, now: Instant) -> Option<Instant> {
        let ready = self.packets.ready_at().max(self.bytes.ready_at());
        (ready > now).then_some(ready)
    }

    /// What is due by now, if anything. A client that we do not read is not silent.
    fn due(&self, now: Instant, reading: Reading) -> Option<Ending> {
        if self.stalled.is_some_and(|since| now >= since + self.write_stall) {
            return Some(Ending::SlowReader);
        }
        if reading == Reading::Yes && now >= self.heard + self.silence_max {
            return Some(Ending::KeepAlive);
        }
        None
    }

    fn next(&self, paused: Option<Instant>, reading: Reading) -> Instant {
        let silence = match reading {
            Reading::Yes => Some(self.heard + self.silence_max),
            Reading::No => None,
        };
        let stall = self.stalled.map(|since| since + self.write_stall);
        // Reading is off only while something is stalled or paused, so there is always a time.
        [silence, stall, paused].into_iter().flatten().min().unwrap_or(self.heard + self.silence_max)
    }
}

/// Whether the client is being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    Yes,
    No,
}

/// What rumqttd's or a client's end of the pump did.
enum Moved {
    FromClient(io::Result<usize>),
    FromBroker(io::Result<usize>),
    ToClient(io::Result<usize>),
    Flushed(io::Result<()>),
    ToBroker(io::Result<usize>),
    Time,
    Superseded,
    /// The certificate is to be judged again.
    Judge,
    Shutdown,
}

/// One connection's ends and state.
pub(super) struct Pump<'a, S> {
    pub(super) client: &'a mut S,
    pub(super) unread: BytesMut,
    pub(super) link: &'a mut Link,
    pub(super) session: &'a mut Session,
    pub(super) out: &'a mut Outputs,
    pub(super) claim: &'a mut Claim,
    pub(super) shutdown: watch::Receiver<bool>,
    /// The client's certificates.
    pub(super) chain: &'a [CertificateDer<'static>],
    pub(super) trust: watch::Receiver<Arc<Trust>>,
    pub(super) metrics: &'a Metrics,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Pump<'_, S> {
    /// Runs until the connection ends.
    pub(super) async fn run(mut self, keep_alive: Duration, limits: &Limits) -> Ending {
        match self.run_until_end(keep_alive, limits).await {
            Ok(never) => match never {},
            Err(ending) => ending,
        }
    }

    async fn run_until_end(
        &mut self,
        keep_alive: Duration,
        limits: &Limits,
    ) -> Result<std::convert::Infallible, Ending> {
        let mut clocks = Clocks::new(keep_alive, limits, Instant::now());
        let mut unflushed = Unflushed::No;
        loop {
            let now = Instant::now();
            let paused = self.take_from_client(&mut clocks, now)?;
            self.take_from_broker()?;
            if self.out.to_client.is_empty() && unflushed == Unflushed::No {
                clocks.stalled = None;
            } else {
                clocks.stalled.get_or_insert(now);
            }
            let room = paused.is_none() && has_room(&self.out.to_client) && has_room(&self.out.to_broker);
            let reading = if room { Reading::Yes } else { Reading::No };
            let (next, judge_at) = (clocks.next(paused, reading), clocks.judge_at);
            match self.step(reading, unflushed, next, judge_at).await {
                Moved::FromClient(read) => {
                    ended(read).map_err(Ending::Gone)?;
                    clocks.heard = Instant::now();
                }
                Moved::FromBroker(read) => {
                    ended(read).map_err(|error| Ending::BackendLost(error.to_string()))?;
                }
                Moved::ToClient(written) => {
                    ended(written).map_err(Ending::Gone)?;
                    clocks.stalled = Some(Instant::now());
                    unflushed = Unflushed::Yes;
                }
                Moved::Flushed(flushed) => {
                    flushed.map_err(Ending::Gone)?;
                    unflushed = Unflushed::No;
                }
                Moved::ToBroker(written) => {
                    ended(written).map_err(|error| Ending::BackendLost(error.to_string()))?;
                }
                Moved::Time => {
                    if let Some(ending) = clocks.due(Instant::now(), reading) {
                        return Err(ending);
                    }
                }
                Moved::Superseded => return Err(Ending::TakenOver),
                Moved::Judge => {
                    clocks.judge_at = Instant::now() + limits.judged_every;
                    let trust = Arc::clone(&self.trust.borrow_and_update());
                    trust.judge(self.chain).map_err(Ending::Distrusted)?;
                }
                Moved::Shutdown => return Err(Ending::Shutdown),
            }
        }
    }

    /// Handles the client's whole packets, as far as there is room and pace. Says until when there is none.
    fn take_from_client(&mut self, clocks: &mut Clocks, now: Instant) -> Result<Option<Instant>, Ending> {
        loop {
            let paused = clocks.paused_until(now);
            if paused.is_some() {
                self.metrics.throttled.add();
                return Ok(paused);
            }
            if !has_room(&self.out.to_client) || !has_room(&self.out.to_broker) {
                return Ok(None);
            }
            let Some(frame) = next_frame(&mut self.unread, PACKET_BYTES_MAX)? else { return Ok(None) };
            clocks.spend(frame.bytes().len(), now);
            self.session.take_from_client(&frame, self.out)?;
        }
    }

    /// Handles rumqttd's whole packets, as far as the client has room. Room towards rumqttd does not matter: it does not
    /// read while it cannot write, and to wait for it would be to wait for ever.
    fn take_from_broker(&mut self) -> Result<(), Ending> {
        while has_room(&self.out.to_client) {
            let frame = next_frame(&mut self.link.unread, PACKET_BYTES_MAX.saturating_mul(2))
                .map_err(|error| Ending::BackendLost(error.to_string()))?;
            let Some(frame) = frame else { return Ok(()) };
            self.session.take_from_broker(&frame, self.out)?;
        }
        Ok(())
    }

    async fn step(
        &mut self,
        reading: Reading,
        unflushed: Unflushed,
        next: Instant,
        judge_at: Instant,
    ) -> Moved {
        let (mut client_in, mut client_out) = split(&mut *self.client);
        let (mut broker_in, mut broker_out) = self.link.stream.split();
        let from_broker = has_room(&self.out.to_client);
        let to_client = !self.out.to_client.is_empty() || unflushed == Unflushed::Yes;
        let to_broker = !self.out.to_broker.is_empty();
        if reading == Reading::Yes {
            self.unread.reserve(READ_BYTES);
        }
        if from_broker {
            self.link.unread.reserve(READ_BYTES);
        }
        tokio::select! {
            biased;
            () = self.claim.superseded() => Moved::Superseded,
            () = shutting_down(&mut self.shutdown) => Moved::Shutdown,
            Ok(()) = self.trust.changed() => Moved::Judge,
            () = sleep_until(judge_at.into()) => Moved::Judge,
            moved = push(&mut client_out, &mut self.out.to_client), if to_client => moved,
            written = broker_out.write_buf(&mut self.out.to_broker), if to_broker => Moved::ToBroker(written),
            read = broker_in.read_buf(&mut self.link.unread), if from_broker => Moved::FromBroker(read),
            read = client_in.read_buf(&mut self.unread), if reading == Reading::Yes => Moved::FromClient(read),
            () = sleep_until(next.into()) => Moved::Time,
        }
    }
}

/// Writes what there is; flushes TLS when there is nothing more.
async fn push(client: &mut (impl AsyncWrite + Unpin), bytes: &mut BytesMut) -> Moved {
    if bytes.is_empty() {
        Moved::Flushed(client.flush().await)
    } else {
        Moved::ToClient(client.write_buf(bytes).await)
    }
}

/// Whether bytes written to TLS may still be inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unflushed {
    Yes,
    No,
}

fn has_room(buffer: &BytesMut) -> bool {
    buffer.len() < BUFFER_BYTES_MAX
}

fn ended(moved: io::Result<usize>) -> io::Result<()> {
    match moved {
        Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
        Ok(_) => Ok(()),
        Err(error) => Err(error),
    }
}

async fn shutting_down(shutdown: &mut watch::Receiver<bool>) {
    if shutdown.wait_for(|down| *down).await.is_err() {
        // Whoever could say so is gone, and with it the process soon.
        pending::<()>().await;
    }
}
