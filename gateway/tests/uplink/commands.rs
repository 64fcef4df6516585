//! Commands and notices over the cloud.

use bytes::Bytes;
use rumqttc::v5::mqttbytes::v5::PublishProperties;
use vestibule::engine::{Outgoing, SealedNotice};
use vestibule_core::command::{Actor, Answer, Channel, Command, Outcome, Retention, Status};
use vestibule_core::id::{NoticeId, Serial};
use vestibule_core::input::Input;
use vestibule_core::time::Timestamp;

use crate::cloud::Cloud;
use crate::house::{House, Memory};
use crate::observer::{Observer, PREFIX};

/// The notices that the tests' engine holds: three, each sealed to nobody in particular.
pub fn sealed(after: Option<NoticeId>) -> Vec<SealedNotice> {
    let all = (1..=3).map(|number| NoticeId(Serial { boot: 1, number }));
    all.filter(|id| after.is_none_or(|after| *id > after))
        .map(|id| SealedNotice { id, bytes: format!("sealed {id}").into_bytes() })
        .collect()
}

async fn command(house: &mut House) -> vestibule_core::command::CommandRequest {
    loop {
        if let Input::Command(request) = house.input().await {
            return *request;
        }
    }
}

#[tokio::test]
async fn reply_goes_to_the_callers_response_topic_when_it_is_its_own() {
    let cloud = Cloud::start("");
    let mut observer = Observer::of(&cloud).await;
    let mut house = House::start(&Memory::default(), cloud.files("gateway-gateway"), cloud.port);
    observer.wait("state/gateway/self", |_| true).await;
    let properties = PublishProperties {
        response_topic: Some(format!("{PREFIX}reply/service/phone")),
        correlation_data: Some(Bytes::from_static(b"c-7")),
        ..PublishProperties::default()
    };
    observer.publish("command/challenge/service", r#"{"id":"c-1"}"#, false, properties).await;
    let request = command(&mut house).await;
    assert_eq!(request.command, Command::Challenge);
    assert_eq!((request.key.channel, &request.key.actor), (Channel::Cloud, &Actor::Cloud("service".into())));
    assert_eq!(request.retention, Retention::Live);
    let outcome = Outcome {
        digest: request.digest,
        status: Status::Refused,
        detail: "staff_key_required".into(),
        sentence: "Unlocking from the cloud needs a staff member's signature.".into(),
        events: vec![7],
        answer: Answer::None,
        keep_until: Timestamp(0),
    };
    house.seam.tell(&Outgoing::Resync { key: request.key, outcome });
    // The marker comes after all state.
    observer.wait("state/door/a-1", |_| true).await;
    let reply = observer.wait("reply/service/phone", |_| true).await;
    let properties = reply.properties.unwrap();
    assert_eq!(properties.correlation_data.as_deref(), Some(&b"c-7"[..]));
    let reply: serde_json::Value = serde_json::from_slice(&reply.payload).unwrap();
    assert_eq!((reply["id"].as_str(), reply["status"].as_str()), (Some("c-1"), Some("refused")));
    assert_eq!(reply["events"][0], 7);
    house.stop().await;
}

#[tokio::test]
async fn caller_is_told_what_is_wrong_when_a_command_is_malformed() {
    let cloud = Cloud::start("");
    let mut observer = Observer::of(&cloud).await;
    let house = House::start(&Memory::default(), cloud.files("gateway-gateway"), cloud.port);
    observer.wait("state/gateway/self", |_| true).await;
    let cases = [
        ("command/unlock/service", r#"{"id":"c-2","door":1}"#, "malformed", Some("c-2")),
        ("command/open.all/service", r#"{"id":"c-3"}"#, "not_found", None),
        ("command/unlock/service", "\u{fffd}", "malformed", None),
    ];
    for (topic, payload, word, id) in cases {
        observer.publish(topic, payload, false, PublishProperties::default()).await;
        let reply = observer.json("reply/service").await;
        assert_eq!(reply["status"], "refused", "{payload}");
        assert_eq!((reply["detail"]["word"].as_str(), reply["id"].as_str()), (Some(word), id), "{payload}");
    }
    house.stop().await;
}

#[tokio::test]
async fn command_is_marked_when_a_broker_had_kept_it() {
    let cloud = Cloud::start("");
    let observer = Observer::of(&cloud).await;
    observer.publish("command/resync/service", r#"{"id":"c-4"}"#, true, PublishProperties::default()).await;
    let mut house = House::start(&Memory::default(), cloud.files("gateway-gateway"), cloud.port);
    assert_eq!(command(&mut house).await.retention, Retention::Retained);
    house.stop().await;
}

#[tokio::test]
async fn notices_are_sent_until_acknowledged_when_some_wait() {
    let cloud = Cloud::start("");
    let mut observer = Observer::of(&cloud).await;
    let mut house = House::start(&Memory::default(), cloud.files("gateway-gateway"), cloud.port);
    for number in 1..=3 {
        let notice = observer.wait("notice", |_| true).await;
        assert_eq!(notice.payload, format!("sealed 1-{number}"));
        assert!(!notice.retain);
    }
    let mut erased = Vec::new();
    while erased.len() < 3 {
        if let Input::NoticeAcknowledged(id) = house.input().await {
            erased.push(id.0.number);
        }
    }
    assert_eq!(erased, [1, 2, 3]);
    house.stop().await;
}
