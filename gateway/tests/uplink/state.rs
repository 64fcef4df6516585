//! Birth, last will, retained state.

use vestibule_core::command::{Actor, Answer, Channel, CommandKey, Outcome, Status};
use vestibule_core::compartment::Use;
use vestibule_core::effect::Thing;
use vestibule_core::id::{CommandId, ParcelId, Serial};
use vestibule_core::time::Timestamp;
use vestibule_core::unit::Digest;

use crate::cloud::Cloud;
use crate::house::{BOOT, House, Memory, compartment, published};
use crate::observer::Observer;
use crate::relay::{Relay, Wire};
use vestibule::engine::Outgoing;

#[tokio::test]
async fn gateway_is_offline_with_its_boot_when_the_wire_is_cut_and_online_again_after() {
    let cloud = Cloud::start("");
    let mut observer = Observer::of(&cloud).await;
    let relay = Relay::to(cloud.port, Wire::Open).await;
    let house = House::start(&Memory::default(), cloud.files("gateway-gateway"), relay.port);
    let birth = observer.json("state/gateway/self").await;
    assert_eq!((birth["value"].as_str(), birth["boot"].as_u64()), (Some("online"), Some(BOOT.into())));
    assert_eq!(birth["version"], "1.2.3");
    relay.set(Wire::Cut);
    let will = observer.json("state/gateway/self").await;
    assert_eq!((will["value"].as_str(), will["boot"].as_u64()), (Some("offline"), Some(BOOT.into())));
    assert!(will["sequence"].is_null());
    relay.set(Wire::Open);
    let again = observer.json("state/gateway/self").await;
    assert_eq!(again["value"], "online");
    assert!(again["sequence"].as_u64() > birth["sequence"].as_u64());
    house.stop().await;
    let farewell = observer.json("state/gateway/self").await;
    assert_eq!(farewell["value"], "offline");
}

#[tokio::test]
async fn newest_state_is_said_when_a_thing_changes() {
    let cloud = Cloud::start("");
    let mut observer = Observer::of(&cloud).await;
    let house = House::start(&Memory::default(), cloud.files("gateway-gateway"), cloud.port);
    let first = observer.json("state/compartment/a-1").await;
    assert_eq!((first["value"].as_str(), first["quality"].as_str()), (Some("free"), Some("good")));
    let door = observer.json("state/door/a-1").await;
    assert_eq!((door["value"].is_null(), door["quality"].as_str()), (true, Some("unknown")));
    let mut changed = published();
    if let Some(compartment) = changed.view.compartments.get_mut(&compartment()) {
        compartment.usage = Use::Occupied(ParcelId(Serial { boot: 1, number: 1 }));
    }
    house.seam.publish(changed);
    house.seam.tell(&Outgoing::Changed(Thing::Compartment(compartment())));
    let second = observer.json("state/compartment/a-1").await;
    assert_eq!(second["value"], "occupied");
    assert!(second["sequence"].as_u64() > first["sequence"].as_u64());
    house.stop().await;
}

#[tokio::test]
async fn all_state_is_said_again_when_the_console_asks_for_it() {
    let cloud = Cloud::start("");
    let mut observer = Observer::of(&cloud).await;
    let house = House::start(&Memory::default(), cloud.files("gateway-gateway"), cloud.port);
    let first = observer.json("state/door/a-1").await;
    let key = CommandKey {
        channel: Channel::Console,
        actor: Actor::Staff("os:ann".into()),
        id: CommandId::new("again").expect("id"),
    };
    let outcome = Outcome {
        digest: Digest([0; 32]),
        status: Status::Done,
        detail: String::new(),
        sentence: String::new(),
        events: Vec::new(),
        answer: Answer::None,
        keep_until: Timestamp(0),
    };
    house.seam.tell(&Outgoing::Resync { key, outcome });
    let second = observer.json("state/door/a-1").await;
    assert!(second["sequence"].as_u64() > first["sequence"].as_u64());
    house.stop().await;
}

#[tokio::test]
async fn retained_topic_is_cleared_when_nothing_is_configured_under_it() {
    let cloud = Cloud::start("");
    let mut observer = Observer::of(&cloud).await;
    observer.publish("state/door/gone-9", "{}", true, Default::default()).await;
    observer.wait("state/door/gone-9", |publish| !publish.payload.is_empty()).await;
    let house = House::start(&Memory::default(), cloud.files("gateway-gateway"), cloud.port);
    observer.wait("state/door/gone-9", |publish| publish.payload.is_empty()).await;
    house.stop().await;
}
