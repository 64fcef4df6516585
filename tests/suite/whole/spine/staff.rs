//! A staff member at the building's own broker.

use serde_json::{Value, json};
use vestibule_demo::cloud::{minutes_from_now, topic};
use vestibule_demo::ear::{Ear, Heard, Seat};
use vestibule_demo::house::House;

use vestibule_tests::house::PATIENCE;

/// Kim, who hears state, events and her own replies.
pub struct Staff {
    ear: Ear,
}

impl Staff {
    pub fn at(house: &House) -> Self {
        let (port, certificates) = (house.broker_port, house.certificates());
        let seat = Seat { port, certificates, role: "staff".into(), name: "kim".into() };
        let filters = ["state/#", "event/#", "reply/kim"].map(topic);
        let ear = Ear::open(&seat, &filters.each_ref().map(String::as_str)).unwrap();
        assert!(ear.wait_subscribed(PATIENCE), "the broker granted no subscription");
        Self { ear }
    }

    /// Waits for a message of that topic which `wanted` makes something of.
    fn wait<T>(&self, tail: &str, wanted: impl Fn(Value) -> Option<T>) -> T {
        let own = topic(tail);
        let read = |heard: &Heard| {
            (heard.topic == own).then(|| wanted(serde_json::from_slice(&heard.payload).ok()?)).flatten()
        };
        self.ear.wait_for(PATIENCE, read).unwrap_or_else(|| panic!("{tail}: not heard"))
    }

    /// Waits until the bus says that of a compartment.
    pub fn wait_compartment(&self, id: &str, value: &str) {
        let told = |state: Value| (state["value"] == value).then_some(());
        self.wait(&format!("state/compartment/{id}"), told);
    }

    /// The next event of that type.
    pub fn wait_event(&self, event_type: &str) -> Value {
        self.wait(&format!("event/{event_type}"), Some)
    }

    /// Asks for a nonce and, with it, for a door; the final reply.
    pub fn unlock(&self, compartment: &str) -> Value {
        let nonce = self.ask("challenge", json!({ "id": "kim-challenge" }));
        let nonce = nonce["answer"]["nonce"].as_str().unwrap_or_else(|| panic!("no nonce: {nonce}"));
        let payload = json!({
            "id": "kim-unlock", "target": compartment, "reason": "resident locked out",
            "not_after": minutes_from_now(1), "nonce": nonce,
        });
        self.ask("unlock", payload)
    }

    fn ask(&self, name: &str, payload: Value) -> Value {
        let id = payload["id"].clone();
        assert!(self.ear.publish(&topic(&format!("command/{name}/kim")), payload.to_string().into_bytes()));
        let last = |reply: Value| (reply["id"] == id && reply["status"] != "received").then_some(reply);
        self.wait("reply/kim", last)
    }
}
