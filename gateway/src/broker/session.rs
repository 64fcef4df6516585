//! One client's session as a function of packets: what a packet from either side makes the guard write to each.
//!
//! No sockets and no clock here. rumqttd keeps subscriptions, retained messages and order; this module keeps what
//! rumqttd gets wrong from happening.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::BytesMut;
use rumqttc::v5::mqttbytes::v5::{self, DisconnectReasonCode, SubscribeReasonCode, UnsubAckReason};
use rumqttc::v5::mqttbytes::{self as m5};

use super::acl::{Acl, QosLimit};
use super::answer::{self, Manner};
use super::ending::Ending;
use super::hello::message_of;
use super::in_flight::InFlight;
use super::limits::{FILTERS_PER_CONNECTION_MAX, FILTERS_PER_PACKET_MAX, UNANSWERED_MAX};
use super::metrics::Metrics;
use super::post::{Mail, Subscriber, Subscription};
use super::quota::Quota;
use super::refused::{Refused, check_publish_form};
use super::wire::{BrokerPacket, ClientPacket, Frame, WireError, read_broker, read_client};
use super::wishes::{Known, Wish, Wishes};

/// Bytes waiting to be written to either side.
#[derive(Debug, Default)]
pub(super) struct Outputs {
    pub(super) to_client: BytesMut,
    pub(super) to_broker: BytesMut,
    /// A command, to be given to the post before anything else is read.
    pub(super) posted: Option<v5::Publish>,
}

/// An answer that rumqttd owes.
#[derive(Debug)]
enum Unanswered {
    /// A SUBACK; the codes for the client in the order it asked.
    Subscribe { pkid: u16, codes: Vec<SubscribeReasonCode>, refusal: Option<String> },
    /// As many UNSUBACKs as filters were forwarded: rumqttd answers each one. No reasons: the guard itself asked.
    Unsubscribe { pkid: u16, owed: usize, reasons: Option<Vec<UnsubAckReason>> },
}

/// What a session needs to know of its client.
pub(super) struct SessionFacts {
    pub(super) manner: Manner,
    pub(super) acl: Acl,
    pub(super) name: String,
    pub(super) receive_maximum: u16,
    pub(super) packet_maximum: u32,
}

/// The state of one connection.
pub(super) struct Session {
    facts: SessionFacts,
    wishes: Wishes,
    unanswered: VecDeque<Unanswered>,
    in_flight: InFlight,
    commands: Subscriber,
    quota: Arc<Quota>,
    metrics: Arc<Metrics>,
}

impl Session {
    /// A session without subscriptions.
    pub(super) fn new(
        facts: SessionFacts,
        commands: Subscriber,
        quota: Arc<Quota>,
        metrics: Arc<Metrics>,
    ) -> Self {
        let in_flight = InFlight::new(facts.receive_maximum);
        let (wishes, unanswered) = (Wishes::default(), VecDeque::new());
        Self { facts, wishes, unanswered, in_flight, commands, quota, metrics }
    }

    /// How the client is spoken to.
    pub(super) fn manner(&self) -> Manner {
        self.facts.manner
    }

    /// Whether a message is a command.
    pub(super) fn is_command(&self, publish: &v5::Publish) -> bool {
        self.facts.acl.is_command(message_of(publish).topic)
    }

    /// Takes one packet of the client.
    pub(super) fn take_from_client(&mut self, frame: &Frame, out: &mut Outputs) -> Result<(), Ending> {
        match read_client(self.facts.manner.version, frame)? {
            ClientPacket::Publish(publish) => self.publish(&publish, out),
            ClientPacket::PubAck(pkid) => {
                self.in_flight.acknowledged(pkid, &mut out.to_client, &mut out.to_broker);
                Ok(())
            }
            ClientPacket::Subscribe(subscribe) => self.subscribe(subscribe, out),
            ClientPacket::Unsubscribe { pkid, filters } => self.unsubscribe(pkid, &filters, out),
            ClientPacket::PingReq => {
                m5::v5::PingReq::write(&mut out.to_broker).map_err(WireError::from)?;
                Ok(())
            }
            ClientPacket::Disconnect(farewell) => Err(Ending::Left(farewell)),
        }
    }

    fn publish(&mut self, publish: &v5::Publish, out: &mut Outputs) -> Result<(), Ending> {
        check_publish_form(publish)?;
        match self.check_publish(publish) {
            Ok(()) if self.is_command(publish) => {
                out.posted = Some(publish.clone());
                Ok(())
            }
            // Written anew: rumqttd reads what was checked, whatever else the client's bytes may be taken for.
            Ok(()) => {
                publish.write(&mut out.to_broker).map_err(WireError::from)?;
                Ok(())
            }
            Err(refused) => self.refuse_publish(publish, &refused, out),
        }
    }

    fn check_publish(&self, publish: &v5::Publish) -> Result<(), Refused> {
        let message = message_of(publish);
        self.facts.acl.may_publish(message)?;
        if let Some(topic) = publish.properties.as_ref().and_then(|p| p.response_topic.as_deref()) {
            self.facts.acl.may_ask_reply_on(topic)?;
        }
        // Commands do not reach rumqttd, whose memory the quota is about.
        if !self.facts.acl.is_command(message.topic) {
            self.quota.topic(message.topic)?;
        }
        Ok(())
    }

    /// MQTT 5 at QoS 1 is told and goes on. Where a refusal cannot be told, the connection ends: a message is never
    /// acknowledged that was not taken.
    fn refuse_publish(
        &self,
        publish: &v5::Publish,
        refused: &Refused,
        out: &mut Outputs,
    ) -> Result<(), Ending> {
        self.metrics.publish_refused.add();
        let text = refused.to_string();
        tracing::info!(
            name = self.facts.name,
            topic = %String::from_utf8_lossy(&publish.topic).escape_debug(),
            reason = text,
            "a message is refused"
        );
        let told =
            self.facts.manner.version == super::wire::Version::V5 && publish.qos == m5::QoS::AtLeastOnce;
        let (ack, end) = refused.publish_codes();
        if !told {
            return Err(Ending::Refused(end, text));
        }
        answer::puback_refused(self.facts.manner, publish.pkid, ack, &text, &mut out.to_client)?;
        Ok(())
    }

    fn subscribe(&mut self, subscribe: v5::Subscribe, out: &mut Outputs) -> Result<(), Ending> {
        self.check_count(subscribe.filters.len())?;
        if subscribe.properties.as_ref().is_some_and(|properties| properties.id == Some(0)) {
            let text = "subscription identifier 0".to_owned();
            return Err(Ending::Refused(DisconnectReasonCode::ProtocolError, text));
        }
        let pkid = subscribe.pkid;
        let id = subscribe.properties.as_ref().and_then(|properties| properties.id);
        let mut forwarded = v5::Subscribe { pkid, filters: Vec::new(), properties: subscribe.properties };
        let (mut codes, mut refusal, mut again) = (Vec::new(), None, Vec::new());
        for filter in subscribe.filters {
            match self.check_subscribe(&filter.path) {
                Ok(limit) => {
                    let qos = granted(filter.qos, limit);
                    codes.push(SubscribeReasonCode::Success(qos));
                    let wish = Wish { qos, retained: filter.retain_forward_rule };
                    let known = self.wishes.add(&filter.path, wish);
                    if self.facts.acl.is_command(&filter.path) {
                        self.commands.subscribe(Subscription { filter: filter.path, qos, id });
                        continue;
                    }
                    if known == Known::Anew {
                        again.push(filter.path.clone());
                    }
                    // The options have no effect in rumqttd.
                    forwarded.filters.push(v5::Filter::new(filter.path, qos));
                }
                Err(refused) => {
                    self.metrics.subscribe_refused.add();
                    let text = refused.to_string();
                    let filter = filter.path.escape_debug();
                    tracing::info!(name = self.facts.name, %filter, reason = text, "a filter is refused");
                    codes.push(refused.subscribe_code());
                    refusal.get_or_insert(text);
                }
            }
        }
        if forwarded.filters.is_empty() {
            answer::suback(self.facts.manner, pkid, &codes, refusal.as_deref(), &mut out.to_client)?;
            return Ok(());
        }
        self.forget_first(pkid, again, out)?;
        forwarded.write(&mut out.to_broker).map_err(WireError::from)?;
        self.unanswered.push_back(Unanswered::Subscribe { pkid, codes, refusal });
        Ok(())
    }

    /// rumqttd neither changes the QoS nor sends retained messages when a filter is subscribed to again, as MQTT demands;
    /// it does after an UNSUBSCRIBE.
    fn forget_first(&mut self, pkid: u16, filters: Vec<String>, out: &mut Outputs) -> Result<(), Ending> {
        if filters.is_empty() {
            return Ok(());
        }
        let owed = filters.len();
        write_unsubscribe(pkid, filters, out)?;
        self.unanswered.push_back(Unanswered::Unsubscribe { pkid, owed, reasons: None });
        Ok(())
    }

    fn check_subscribe(&self, filter: &str) -> Result<QosLimit, Refused> {
        let limit = self.facts.acl.may_subscribe(filter)?;
        if self.wishes.is_too_many(filter, FILTERS_PER_CONNECTION_MAX) {
            return Err(Refused::TooManyFilters);
        }
        if !self.facts.acl.is_command(filter) {
            self.quota.filter(&self.facts.name, filter)?;
        }
        Ok(limit)
    }

    /// Unknown filters are answered here; rumqttd says nothing to them.
    fn unsubscribe(&mut self, pkid: u16, filters: &[String], out: &mut Outputs) -> Result<(), Ending> {
        self.check_count(filters.len())?;
        let mut known = Vec::new();
        let mut reasons = Vec::new();
        for filter in filters {
            if self.wishes.remove(filter) {
                if self.facts.acl.is_command(filter) {
                    self.commands.unsubscribe(filter);
                } else {
                    known.push(filter.clone());
                }
                reasons.push(UnsubAckReason::Success);
            } else {
                reasons.push(UnsubAckReason::NoSubscriptionExisted);
            }
        }
        if known.is_empty() {
            answer::unsuback(self.facts.manner, pkid, &reasons, &mut out.to_client)?;
            return Ok(());
        }
        let owed = known.len();
        write_unsubscribe(pkid, known, out)?;
        self.unanswered.push_back(Unanswered::Unsubscribe { pkid, owed, reasons: Some(reasons) });
        Ok(())
    }

    fn check_count(&self, filters: usize) -> Result<(), Ending> {
        if filters == 0 || filters > FILTERS_PER_PACKET_MAX || self.unanswered.len() + 2 > UNANSWERED_MAX {
            let text = format!("{filters} filters in one packet, or too many packets unanswered");
            return Err(Ending::Refused(DisconnectReasonCode::QuotaExceeded, text));
        }
        Ok(())
    }

    /// Takes one packet of rumqttd.
    pub(super) fn take_from_broker(&mut self, frame: &Frame, out: &mut Outputs) -> Result<(), Ending> {
        let lost = |text: String| Ending::BackendLost(text);
        match read_broker(frame).map_err(|error| lost(error.to_string()))? {
            BrokerPacket::Publish(publish) => self.deliver(&publish, frame, out),
            BrokerPacket::PubAck(pkid) => {
                answer::puback(pkid, &mut out.to_client);
                Ok(())
            }
            BrokerPacket::SubAck(pkid) => self.subscribed(pkid, out),
            BrokerPacket::UnsubAck(pkid) => self.unsubscribed(pkid, out),
            BrokerPacket::PingResp => {
                m5::v5::PingResp::write(&mut out.to_client).map_err(WireError::from)?;
                Ok(())
            }
            BrokerPacket::Disconnect => Err(lost("it said goodbye".to_owned())),
        }
    }

    /// Whether one more command may be on its way to the client.
    pub(super) fn takes_commands(&self) -> bool {
        self.in_flight.command_id().is_some()
    }

    /// Which command, and which other message, is on its way longest; others after a while, unless none is acknowledged.
    pub(super) fn oldest(&self) -> [Option<u64>; 2] {
        [self.in_flight.oldest_command(), self.in_flight.oldest_event()]
    }

    /// Takes one command that has waited so many seconds for this client.
    pub(super) fn take_command(&mut self, mail: Mail, waited: u32, out: &mut Outputs) -> Result<(), Ending> {
        let Mail { mut publish, credit, .. } = mail;
        if let Some(expiry) = publish.properties.as_mut().and_then(|p| p.message_expiry_interval.as_mut()) {
            if *expiry <= waited {
                return Ok(());
            }
            *expiry -= waited;
        }
        let at_least_once = publish.qos != m5::QoS::AtMostOnce;
        publish.pkid = 0;
        if at_least_once {
            // The pump asks first; without an id the command would have to be dropped.
            let Some(id) = self.in_flight.command_id() else {
                return Err(Ending::Unacknowledged);
            };
            publish.pkid = id;
        }
        let mut packet = BytesMut::new();
        answer::publish(self.facts.manner, &publish, &mut packet)?;
        if u32::try_from(packet.len()).map_or(true, |length| length > self.facts.packet_maximum) {
            self.metrics.oversize_dropped.add();
        } else if at_least_once {
            self.in_flight.command(publish.pkid, packet.freeze(), credit, &mut out.to_client);
        } else {
            out.to_client.extend_from_slice(&packet);
        }
        Ok(())
    }

    fn deliver(&mut self, publish: &v5::Publish, frame: &Frame, out: &mut Outputs) -> Result<(), Ending> {
        let packet = match self.facts.manner.version {
            super::wire::Version::V5 => frame.bytes().clone(),
            super::wire::Version::V311 => {
                let mut packet = BytesMut::new();
                answer::publish(self.facts.manner, publish, &mut packet)?;
                packet.freeze()
            }
        };
        let small = u32::try_from(packet.len()).is_ok_and(|length| length <= self.facts.packet_maximum);
        // What nobody asked for is acknowledged in the client's place, as what it cannot take.
        let fits = small && !(publish.retain && self.wishes.is_unasked(message_of(publish).topic));
        let taken = match (publish.qos, fits) {
            (m5::QoS::AtMostOnce, true) => {
                out.to_client.extend_from_slice(&packet);
                Ok(())
            }
            (m5::QoS::AtMostOnce, false) => Ok(()),
            (_, true) => self.in_flight.offer(publish.pkid, packet, &mut out.to_client),
            (_, false) => self.in_flight.skip(publish.pkid, &mut out.to_broker),
        };
        if !small {
            self.metrics.oversize_dropped.add();
        }
        taken.map_err(|_overrun| Ending::BackendLost("more messages in flight than it may have".to_owned()))
    }

    fn subscribed(&mut self, answered: u16, out: &mut Outputs) -> Result<(), Ending> {
        let found = self
            .unanswered
            .iter()
            .position(|waiting| matches!(waiting, Unanswered::Subscribe { pkid, .. } if *pkid == answered));
        if let Some(Unanswered::Subscribe { pkid, codes, refusal }) =
            found.and_then(|at| self.unanswered.remove(at))
        {
            answer::suback(self.facts.manner, pkid, &codes, refusal.as_deref(), &mut out.to_client)?;
        }
        Ok(())
    }

    fn unsubscribed(&mut self, answered: u16, out: &mut Outputs) -> Result<(), Ending> {
        let found = self
            .unanswered
            .iter()
            .position(|waiting| matches!(waiting, Unanswered::Unsubscribe { pkid, .. } if *pkid == answered));
        let Some(at) = found else { return Ok(()) };
        if let Some(Unanswered::Unsubscribe { owed, .. }) = self.unanswered.get_mut(at) {
            *owed = owed.saturating_sub(1);
            if *owed > 0 {
                return Ok(());
            }
        }
        if let Some(Unanswered::Unsubscribe { pkid, reasons: Some(reasons), .. }) = self.unanswered.remove(at)
        {
            answer::unsuback(self.facts.manner, pkid, &reasons, &mut out.to_client)?;
        }
        Ok(())
    }
}

fn write_unsubscribe(pkid: u16, filters: Vec<String>, out: &mut Outputs) -> Result<(), Ending> {
    let unsubscribe = v5::Unsubscribe { pkid, filters, properties: None };
    unsubscribe.write(&mut out.to_broker).map_err(WireError::from)?;
    Ok(())
}

fn granted(asked: m5::QoS, limit: QosLimit) -> m5::QoS {
    match (asked, limit) {
        (m5::QoS::AtMostOnce, _) | (_, QosLimit::AtMostOnce) => m5::QoS::AtMostOnce,
        _ => m5::QoS::AtLeastOnce,
    }
}
