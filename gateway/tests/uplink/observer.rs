//! The cloud service: hears everything of the building through a session that the broker keeps, and sends commands.

use std::sync::Arc;
use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Filter, Packet, Publish, PublishProperties};
use rumqttc::v5::{AsyncClient, Event, EventLoop, MqttOptions};
use rumqttc::{TlsConfiguration, Transport};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use vestibule::config::Tls;

use crate::cloud::{Cloud, PATIENCE};

/// Below every topic of the test's building.
pub const PREFIX: &str = "vestibule/v1/maple-court/";

pub struct Observer {
    client: AsyncClient,
    heard: mpsc::UnboundedReceiver<Told>,
    polling: JoinHandle<()>,
}

enum Told {
    Subscribed,
    Published(Box<Publish>),
}

impl Observer {
    /// The cloud service at Mosquitto, which lets it hear everything.
    pub async fn of(cloud: &Cloud) -> Self {
        Self::at(cloud.port, "service", &cloud.files("cloud-service"), &["#"]).await
    }

    /// Connects and subscribes; returns once the broker has confirmed.
    pub async fn at(port: u16, name: &str, files: &Tls, filters: &[&str]) -> Self {
        let mut options = MqttOptions::new(name, "localhost", port);
        options
            .set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(tls(files))))
            .set_keep_alive(Duration::from_secs(30))
            .set_clean_start(false)
            .set_session_expiry_interval(Some(3_600))
            .set_max_packet_size(Some(200_000));
        let (client, eventloop) = AsyncClient::new(options, 16);
        let (told, heard) = mpsc::unbounded_channel();
        let filters = filters.iter().map(|below| Filter::new(format!("{PREFIX}{below}"), QoS::AtLeastOnce));
        let polling = tokio::spawn(poll(eventloop, client.clone(), filters.collect(), told));
        let mut observer = Self { client, heard, polling };
        observer.subscribed().await;
        observer
    }

    /// Waits until the broker has confirmed the subscription (again).
    pub async fn subscribed(&mut self) {
        while !matches!(self.told().await, Told::Subscribed) {}
    }

    /// The next message.
    pub async fn next(&mut self) -> Publish {
        loop {
            if let Told::Published(publish) = self.told().await {
                return *publish;
            }
        }
    }

    /// The first message on this topic (below the prefix) for which `wanted` holds.
    pub async fn wait(&mut self, topic: &str, wanted: impl Fn(&Publish) -> bool) -> Publish {
        loop {
            let publish = self.next().await;
            if publish.topic == format!("{PREFIX}{topic}") && wanted(&publish) {
                return publish;
            }
        }
    }

    /// The JSON of the next message on this topic.
    pub async fn json(&mut self, topic: &str) -> serde_json::Value {
        let publish = self.wait(topic, |_| true).await;
        serde_json::from_slice(&publish.payload).unwrap()
    }

    async fn told(&mut self) -> Told {
        timeout(PATIENCE, self.heard.recv()).await.expect("a message in time").expect("the observer lives")
    }

    pub async fn publish(&self, topic: &str, payload: &str, retain: bool, properties: PublishProperties) {
        let topic = format!("{PREFIX}{topic}");
        self.client
            .publish_with_properties(topic, QoS::AtLeastOnce, retain, payload.to_owned(), properties)
            .await
            .unwrap();
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        self.polling.abort();
    }
}

async fn poll(
    mut events: EventLoop,
    client: AsyncClient,
    filters: Vec<Filter>,
    told: mpsc::UnboundedSender<Told>,
) {
    loop {
        match events.poll().await {
            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                client.try_subscribe_many(filters.clone()).unwrap();
            }
            Ok(Event::Incoming(Packet::SubAck(_))) => drop(told.send(Told::Subscribed)),
            Ok(Event::Incoming(Packet::Publish(publish))) => {
                drop(told.send(Told::Published(Box::new(publish))))
            }
            Ok(_) => {}
            // The broker restarts: try again as fast as the machine lets others run.
            Err(_) => tokio::task::yield_now().await,
        }
    }
}

fn tls(files: &Tls) -> Arc<rustls::ClientConfig> {
    let certificates =
        |file| CertificateDer::pem_file_iter(file).unwrap().collect::<Result<Vec<_>, _>>().unwrap();
    let mut roots = rustls::RootCertStore::empty();
    for root in certificates(&files.ca) {
        roots.add(root).unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(
            certificates(&files.certificate),
            PrivateKeyDer::from_pem_file(&files.key).unwrap(),
        )
        .unwrap();
    Arc::new(config)
}
