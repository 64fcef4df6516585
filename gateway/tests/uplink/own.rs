//! Bus and uplink at our own broker: as the building's broker, and standing in for the cloud's.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use rumqttc::v5::mqttbytes::v5::PublishProperties;
use tokio::sync::oneshot;
use tokio::time::timeout;
use vestibule::broker::{self, BrokerSettings, Limits, RoleTable, TlsFiles};
use vestibule::config::Tls;
use vestibule::engine::Outgoing;
use vestibule::enroll::{BuildingCa, Existing, Purpose, WrittenIdentity};
use vestibule_core::command::{Actor, Channel, Command, Outcome, Status};
use vestibule_core::command::{Answer, Nonce};
use vestibule_core::input::Input;
use vestibule_core::time::Timestamp;

use crate::cloud::PATIENCE;
use crate::house::{House, Memory};
use crate::observer::Observer;

/// Our broker in a task, and the authority for its clients.
struct Own {
    folder: tempfile::TempDir,
    ca: BuildingCa,
    port: u16,
    /// Dropped, it ends the broker.
    _stop: oneshot::Sender<()>,
}

impl Own {
    async fn start(roles: RoleTable) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ca = BuildingCa::create("maple-court", folder.path()).unwrap();
        let purpose =
            Purpose::Server { dns: vec!["localhost".into()], addresses: vec![Ipv4Addr::LOCALHOST.into()] };
        let server = ca.issue_into(folder.path(), "broker", "broker", &purpose, Existing::Refuse).unwrap();
        let settings = BrokerSettings {
            building: "maple-court".into(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            tls: TlsFiles { ca: server.ca, certificate: server.certificate, key: server.key, revoked: None },
            roles,
            limits: Limits::default(),
            metrics: Arc::default(),
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let (ready, address) = oneshot::channel();
        let mut ready = Some(ready);
        let shutdown = async { drop(stopped.await) };
        tokio::spawn(broker::run(settings, shutdown, move |at: SocketAddr| {
            ready.take().map(|ready| ready.send(at));
        }));
        let address = timeout(PATIENCE, address).await.expect("the broker starts").unwrap();
        Self { folder, ca, port: address.port(), _stop: stop }
    }

    fn client(&self, role: &str, name: &str) -> Tls {
        let issued = self.ca.issue_into(self.folder.path(), role, name, &Purpose::Client, Existing::Refuse);
        let WrittenIdentity { ca, certificate, key } = issued.unwrap();
        Tls { ca, certificate, key }
    }
}

async fn command(house: &mut House) -> vestibule_core::command::CommandRequest {
    loop {
        if let Input::Command(request) = house.input().await {
            return *request;
        }
    }
}

#[tokio::test]
async fn staff_gets_state_events_and_a_reply_when_the_bus_is_at_our_broker() {
    let own = Own::start(RoleTable::building().unwrap()).await;
    let files = own.client("staff", "anna");
    let filters = ["state/#", "event/#", "telemetry/#", "reply/anna"];
    let mut anna = Observer::at(own.port, "anna", &files, &filters).await;
    let mut house = House::bus(own.client("gateway", "gateway"), own.port);
    let birth = anna.json("state/gateway/self").await;
    assert_eq!(birth["value"], "online");
    anna.wait("state/door/a-1", |_| true).await;

    house.record(1);
    let event = anna.json("event/compartment.closed").await;
    assert_eq!(event["sequence"], "00000000000000000001");

    anna.publish("command/challenge/anna", r#"{"id":"c-1"}"#, false, PublishProperties::default()).await;
    let request = command(&mut house).await;
    assert_eq!(request.command, Command::Challenge);
    assert_eq!((request.key.channel, &request.key.actor), (Channel::Bus, &Actor::Staff("anna".into())));
    let outcome = Outcome {
        digest: request.digest,
        status: Status::Done,
        detail: "done".into(),
        sentence: "Use the nonce within 120 s.".into(),
        events: Vec::new(),
        answer: Answer::Nonce(Nonce([0xa5; 16])),
        keep_until: Timestamp(0),
    };
    house.seam.tell(&Outgoing::Reply { key: request.key, outcome });
    let reply = anna.json("reply/anna").await;
    assert_eq!(reply["answer"]["nonce"], "a5".repeat(16));
    house.stop().await;
    let farewell = anna.json("state/gateway/self").await;
    assert_eq!(farewell["value"], "offline");
}

#[tokio::test]
async fn rows_and_notices_arrive_when_our_broker_stands_in_for_the_cloud() {
    let own = Own::start(RoleTable::cloud().unwrap()).await;
    let service = own.client("cloud", "service");
    let mut service = Observer::at(own.port, "service", &service, &["state/#", "event/#"]).await;
    let notifier = own.client("notifier", "post");
    let mut notifier = Observer::at(own.port, "post", &notifier, &["notice"]).await;
    let memory = Memory::default();
    memory.journal(100, 100);
    let mut house = House::start(&memory, own.client("gateway", "gateway"), own.port);
    for sequence in 1..=100 {
        let event = service.json("event/compartment.closed").await;
        assert_eq!(event["sequence"], format!("{sequence:020}"));
    }
    house.acknowledged(100).await;
    let notice = notifier.wait("notice", |_| true).await;
    assert_eq!(notice.payload, "sealed 1-1");
    house.stop().await;
}
