//! Where a client connects to, and what it says of itself in CONNECT.

use std::time::Duration;

use rumqttc::v5::MqttOptions;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{ConnectProperties, LastWill};
use rumqttc::{NetworkOptions, TlsConfiguration, Transport};
use vestibule_core::time::Timestamp;

use super::limits::{CONNECT_PATIENCE_SECONDS, KEEP_ALIVE, PACKET_IDS, PACKET_MAX, WINDOW};
use super::message::Message;
use super::tls::{Credentials, TlsError, credentials};
use crate::config::Tls;

/// A broker.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Host name or address; the broker's certificate must name it.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Our files.
    pub tls: Tls,
    /// Added to our name with a dot as client id; makes it unique on a broker that serves many buildings.
    pub suffix: Option<String>,
    /// What the broker keeps for us while we are away.
    pub session: Session,
    /// Longest wait before the first new attempt.
    pub retry_first: Duration,
    /// Longest wait before any new attempt.
    pub retry_most: Duration,
}

/// What a broker keeps for us while we are away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Session {
    /// Nothing: who commands locally sees that we are gone.
    Clean,
    /// Commands sent meanwhile, for this long.
    Kept(Duration),
}

impl Endpoint {
    /// The options of one connection; reads the TLS files. `recorded` stands in for a clock that is wrong for certain.
    pub(super) fn options(&self, will: Message, recorded: Timestamp) -> Result<MqttOptions, TlsError> {
        let Credentials { config, name } = credentials(&self.tls, recorded)?;
        let client_id = match &self.suffix {
            Some(suffix) => format!("{name}.{suffix}"),
            None => name,
        };
        let mut options = MqttOptions::new(client_id, self.host.clone(), self.port);
        options
            .set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(config)))
            .set_keep_alive(KEEP_ALIVE)
            .set_connection_timeout(CONNECT_PATIENCE_SECONDS)
            .set_last_will(LastWill::new(will.topic, will.payload, QoS::AtLeastOnce, true, None))
            .set_outgoing_inflight_upper_limit(PACKET_IDS)
            .set_clean_start(self.session == Session::Clean)
            .set_connect_properties(self.properties());
        let mut network = NetworkOptions::new();
        network.set_tcp_nodelay(true);
        options.set_network_options(network);
        Ok(options)
    }

    fn properties(&self) -> ConnectProperties {
        let expiry = match self.session {
            Session::Clean => 0,
            Session::Kept(span) => u32::try_from(span.as_secs()).unwrap_or(u32::MAX),
        };
        let mut properties = ConnectProperties::new();
        properties.session_expiry_interval = Some(expiry);
        properties.receive_maximum = u16::try_from(WINDOW).ok();
        properties.max_packet_size = Some(PACKET_MAX);
        properties.topic_alias_max = Some(0);
        properties
    }
}
