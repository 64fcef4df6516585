//! The journal at the cloud: every row, in order, and the cursor behind it.

use rumqttc::v5::mqttbytes::v5::{Publish, PublishProperties};

use crate::cloud::{Cloud, Memory as BrokerMemory};
use crate::house::{House, Memory};
use crate::observer::{Observer, PREFIX};
use crate::relay::{Relay, Wire};

/// Takes one message; every row must come, and first comings must be in order.
fn note(publish: &Publish, memory: &Memory, newest: &mut u64) {
    if !publish.topic.starts_with(format!("{PREFIX}event/").as_bytes()) {
        return;
    }
    let row: serde_json::Value = serde_json::from_slice(&publish.payload).unwrap();
    let sequence: u64 = row["sequence"].as_str().unwrap().parse().unwrap();
    assert!(sequence <= *newest + 1, "{sequence} came after {newest}");
    assert_eq!(&publish.payload[..], &memory.row(sequence).bytes[..], "bytes change on the way");
    *newest = sequence.max(*newest);
}

/// Hears rows up to a sequence.
async fn heard_in_order(observer: &mut Observer, memory: &Memory, newest: &mut u64, until: u64) {
    while *newest < until {
        note(&observer.next().await, memory, newest);
    }
}

/// Hears everything that the broker has taken until now.
async fn heard_until_marker(observer: &mut Observer, memory: &Memory, newest: &mut u64) {
    observer.publish("marker", "", false, PublishProperties::default()).await;
    let marker = format!("{PREFIX}marker");
    loop {
        let publish = observer.next().await;
        if publish.topic == marker {
            return;
        }
        note(&publish, memory, newest);
    }
}

#[tokio::test]
async fn rows_come_in_order_and_the_cursor_moves_when_the_cloud_is_there() {
    let cloud = Cloud::start("");
    let mut observer = Observer::of(&cloud).await;
    let memory = Memory::default();
    memory.journal(500, 100);
    let mut house = House::start(&memory, cloud.files("gateway-gateway"), cloud.port);
    let mut newest = 0;
    heard_in_order(&mut observer, &memory, &mut newest, 500).await;
    house.acknowledged(500).await;
    house.record(10);
    heard_in_order(&mut observer, &memory, &mut newest, 510).await;
    house.acknowledged(510).await;
    house.stop().await;
}

#[tokio::test]
async fn rows_go_on_after_the_last_acknowledged_one_when_the_broker_restarts() {
    for kept in [BrokerMemory::Kept, BrokerMemory::Lost] {
        let mut cloud = Cloud::start("");
        let mut observer = Observer::of(&cloud).await;
        let relay = Relay::to(cloud.port, Wire::Open).await;
        let memory = Memory::default();
        memory.journal(400, 100);
        let mut house = House::start(&memory, cloud.files("gateway-gateway"), relay.port);
        let mut newest = 0;
        heard_in_order(&mut observer, &memory, &mut newest, 50).await;
        relay.set(Wire::Cut);
        house.record(100);
        // What the broker took and forgets is its own affair: the observer hears all of it first.
        heard_until_marker(&mut observer, &memory, &mut newest).await;
        cloud.restart(kept);
        observer.subscribed().await;
        relay.set(Wire::Open);
        heard_in_order(&mut observer, &memory, &mut newest, 500).await;
        house.acknowledged(500).await;
        house.stop().await;
    }
}

#[tokio::test]
async fn rows_go_on_after_the_last_acknowledged_one_when_the_gateway_crashes() {
    let cloud = Cloud::start("");
    let mut observer = Observer::of(&cloud).await;
    let memory = Memory::default();
    memory.journal(600, 100);
    let mut newest = 0;
    for part in 1..=5 {
        let mut house = House::start(&memory, cloud.files("gateway-gateway"), cloud.port);
        house.acknowledged(part * 100).await;
        house.crash().await;
    }
    let mut house = House::start(&memory, cloud.files("gateway-gateway"), cloud.port);
    heard_in_order(&mut observer, &memory, &mut newest, 600).await;
    house.acknowledged(600).await;
    house.stop().await;
}

#[tokio::test]
async fn window_bounds_what_is_unacknowledged_when_the_broker_stalls() {
    let cloud = Cloud::start("");
    let mut observer = Observer::of(&cloud).await;
    let relay = Relay::to(cloud.port, Wire::Open).await;
    let memory = Memory::default();
    memory.journal(1, 100);
    let mut house = House::start(&memory, cloud.files("gateway-gateway"), relay.port);
    house.acknowledged(1).await;
    relay.set(Wire::Deaf);
    house.record(2_000);
    // Mosquitto grants 20 publications without PUBACK; the house's three notices may be among them.
    let mut newest = 0;
    heard_in_order(&mut observer, &memory, &mut newest, 1 + 20 - 3).await;
    heard_until_marker(&mut observer, &memory, &mut newest).await;
    assert!(newest <= 1 + 20, "{newest} rows are out and 1 is acknowledged");
    // The engine's queue does not fill meanwhile: every poke is taken.
    for _ in 0..5_000 {
        house.record(0);
        tokio::task::yield_now().await;
    }
    relay.set(Wire::Open);
    heard_in_order(&mut observer, &memory, &mut newest, 2_001).await;
    house.acknowledged(2_001).await;
    house.stop().await;
}

#[tokio::test]
async fn journal_waits_and_state_goes_on_when_a_row_is_too_large_for_the_broker() {
    let cloud = Cloud::start("max_packet_size 1000");
    let mut observer = Observer::of(&cloud).await;
    let memory = Memory::default();
    memory.journal(2, 20);
    memory.journal(1, 2_000);
    memory.journal(1, 20);
    let mut house = House::start(&memory, cloud.files("gateway-gateway"), cloud.port);
    let mut newest = 0;
    heard_in_order(&mut observer, &memory, &mut newest, 2).await;
    house.acknowledged(2).await;
    house.seam.tell(&vestibule::engine::Outgoing::Changed(vestibule_core::effect::Thing::Compartment(
        crate::house::compartment(),
    )));
    let state = observer.json("state/compartment/a-1").await;
    assert_eq!(state["value"], "free");
    house.stop().await;
}
