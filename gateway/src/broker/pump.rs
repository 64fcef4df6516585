//! Moving bytes between one client and rumqttd: bounded buffers, keep-alive, pace, and a reader too slow.

use std::future::pending;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use bytes::BytesMut;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::DisconnectReasonCode;
use rustls_pki_types::CertificateDer;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::sleep_until;

use super::answer;
use super::backend::Link;
use super::clocks::{Clocks, Reading, Unwritten};
use super::ending::Ending;
use super::limits::{BUFFER_BYTES_MAX, Limits, PACKET_BYTES_MAX, READ_BYTES};
use super::metrics::Metrics;
use super::pace::Above;
use super::post::{Desk, Mail, price};
use super::registry::Claim;
use super::session::{Outputs, Session};
use super::trust::Trust;
use super::wire::next_frame;

/// What rumqttd's or a client's end of the pump did.
enum Moved {
    FromClient(io::Result<usize>),
    FromBroker(io::Result<usize>),
    ToClient(io::Result<usize>),
    Flushed(io::Result<()>),
    ToBroker(io::Result<usize>),
    /// There is credit for the command that waits to be posted.
    Credit(OwnedSemaphorePermit),
    /// A command for the client.
    Mail(Box<Mail>),
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
    pub(super) desk: &'a mut Desk,
    pub(super) claim: &'a mut Claim,
    pub(super) shutdown: watch::Receiver<bool>,
    /// The client's certificates.
    pub(super) chain: &'a [CertificateDer<'static>],
    pub(super) trust: watch::Receiver<Arc<Trust>>,
    pub(super) metrics: &'a Metrics,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Pump<'_, S> {
    /// Runs until the connection ends.
    pub(super) async fn run(mut self, clocks: Clocks, limits: &Limits) -> Ending {
        match self.run_until_end(clocks, limits).await {
            Ok(never) => match never {},
            Err(ending) => ending,
        }
    }

    async fn run_until_end(
        &mut self,
        mut clocks: Clocks,
        limits: &Limits,
    ) -> Result<std::convert::Infallible, Ending> {
        let mut unflushed = Unflushed::No;
        loop {
            let now = Instant::now();
            let paused = self.take_from_client(&mut clocks, now)?;
            self.take_from_broker()?;
            let written = self.out.to_client.is_empty() && unflushed == Unflushed::No;
            let unwritten = if written { Unwritten::None } else { Unwritten::Some };
            clocks.waits(unwritten, self.session.oldest(), now);
            let free = paused.is_none() && self.out.posted.is_none();
            let room = free && has_room(&self.out.to_client) && has_room(&self.out.to_broker);
            let reading = if room { Reading::Yes } else { Reading::No };
            let (next, judge_at) = (clocks.next(paused, reading, now), clocks.judge_at);
            match self.step(reading, unflushed, next, judge_at).await {
                Moved::FromClient(read) => {
                    ended(read).map_err(Ending::Gone)?;
                    clocks.heard(Instant::now());
                }
                Moved::FromBroker(read) => {
                    ended(read).map_err(|error| Ending::BackendLost(error.to_string()))?;
                }
                Moved::ToClient(written) => {
                    ended(written).map_err(Ending::Gone)?;
                    clocks.took(Instant::now());
                    unflushed = Unflushed::Yes;
                }
                Moved::Flushed(flushed) => {
                    flushed.map_err(Ending::Gone)?;
                    unflushed = Unflushed::No;
                }
                Moved::ToBroker(written) => {
                    ended(written).map_err(|error| Ending::BackendLost(error.to_string()))?;
                }
                Moved::Credit(credit) => self.post(credit)?,
                Moved::Mail(mail) => {
                    let waited = u32::try_from(mail.posted.elapsed().as_secs()).unwrap_or(u32::MAX);
                    self.session.take_command(*mail, waited, self.out)?;
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

    /// Handles the client's whole packets, as far as there is room, pace and credit. Says until when there is no pace.
    fn take_from_client(&mut self, clocks: &mut Clocks, now: Instant) -> Result<Option<Instant>, Ending> {
        while self.out.posted.is_none() {
            if let Some((until, why)) = clocks.allowance.paused_until(now) {
                match why {
                    Above::Own => self.metrics.throttled.add(),
                    Above::Total => self.metrics.total_throttled.add(),
                }
                return Ok(Some(until));
            }
            if !has_room(&self.out.to_client) || !has_room(&self.out.to_broker) {
                return Ok(None);
            }
            let Some(frame) = next_frame(&mut self.unread, PACKET_BYTES_MAX)? else { return Ok(None) };
            clocks.allowance.spend(frame.bytes().len(), now);
            self.session.take_from_client(&frame, self.out)?;
            let cost = self.out.posted.as_ref().map(price);
            match cost.map(|cost| self.desk.counter.credit_now(cost)) {
                None => {}
                Some(Some(credit)) => self.post(credit)?,
                Some(None) => self.metrics.out_of_credit.add(),
            }
        }
        Ok(None)
    }

    /// Gives the waiting command to its readers, and then only acknowledges it.
    fn post(&mut self, credit: OwnedSemaphorePermit) -> Result<(), Ending> {
        let Some(command) = self.out.posted.take() else { return Ok(()) };
        let refused = |text: String| Ending::Refused(DisconnectReasonCode::QuotaExceeded, text);
        self.desk.counter.send(&command, credit).map_err(|overflow| refused(overflow.to_string()))?;
        if command.qos != QoS::AtMostOnce {
            answer::puback(command.pkid, &mut self.out.to_client);
        }
        Ok(())
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
        let cost = self.out.posted.as_ref().map(price);
        let takes_mail = from_broker && self.session.takes_commands();
        if reading == Reading::Yes {
            self.unread.reserve(READ_BYTES);
        }
        if from_broker {
            self.link.unread.reserve(READ_BYTES);
        }
        // What it writes and what it reads are two halves of one desk.
        let Desk { counter, mailbox } = &mut *self.desk;
        tokio::select! {
            biased;
            () = self.claim.superseded() => Moved::Superseded,
            () = shutting_down(&mut self.shutdown) => Moved::Shutdown,
            Ok(()) = self.trust.changed() => Moved::Judge,
            () = sleep_until(judge_at.into()) => Moved::Judge,
            moved = push(&mut client_out, &mut self.out.to_client), if to_client => moved,
            written = broker_out.write_buf(&mut self.out.to_broker), if to_broker => Moved::ToBroker(written),
            read = broker_in.read_buf(&mut self.link.unread), if from_broker => Moved::FromBroker(read),
            credit = counter.credit(cost.unwrap_or_default()), if cost.is_some() => Moved::Credit(credit),
            mail = mailbox.next(), if takes_mail => Moved::Mail(Box::new(mail)),
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
