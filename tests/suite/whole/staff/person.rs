//! A staff member at the building's own broker.

use serde_json::{Value, json};
use vestibule_demo::house::House;

use super::clients::{Client, Listener, Message, Version};

/// Somebody who hears state, events and their own replies.
pub struct Member {
    pub client: Client,
    pub ear: Listener,
    name: String,
    challenges: u32,
}

impl Member {
    /// Sits down at the broker; the daemon is there and hears commands.
    pub fn at(house: &House, name: &str, version: Version) -> Self {
        let client = Client::of(house, house.broker_port, "staff", name, version);
        let ear = client.listen(&[&format!("reply/{name}"), "event/#", "state/#"]);
        let mut this = Self { client, ear, name: name.to_owned(), challenges: 0 };
        this.wait_online(0);
        this
    }

    /// Waits until the gateway is online in a later start than that one; its number. The daemon subscribes to commands
    /// before it says so.
    pub fn wait_online(&mut self, before: u64) -> u64 {
        let later = |message: &Message| message.payload["boot"].as_u64() > Some(before);
        let online = |message: &Message| message.payload["value"] == "online" && later(message);
        self.ear.take("state/gateway/self", online).payload["boot"].as_u64().unwrap()
    }

    /// Waits until the bus says that of a compartment.
    pub fn wait_compartment(&mut self, id: &str, value: &str) {
        self.ear.take(&format!("state/compartment/{id}"), |message| message.payload["value"] == value);
    }

    /// Sends a command; the broker takes it.
    pub fn send(&self, command: &str, payload: &[u8]) {
        self.send_with(command, payload, &[]);
    }

    /// The same with more options for `mosquitto_pub`.
    pub fn send_with(&self, command: &str, payload: &[u8], more: &[&str]) {
        let ended = self.client.publish(&self.command(command), payload, more);
        assert!(ended.is_taken(), "{command}: {ended:?}");
    }

    /// Where this member sends that command.
    pub fn command(&self, command: &str) -> String {
        format!("command/{command}/{}", self.name)
    }

    /// The next reply to that id; `null` stands for a command whose id could not be read.
    pub fn reply(&mut self, id: &Value) -> Message {
        self.ear.take(&format!("reply/{}", self.name), |message| message.payload["id"] == *id)
    }

    /// The final reply to that id.
    pub fn outcome(&mut self, id: &str) -> Value {
        let id = json!(id);
        loop {
            let reply = self.reply(&id).payload;
            if reply["status"] != "received" {
                return reply;
            }
        }
    }

    /// A fresh nonce.
    pub fn nonce(&mut self) -> String {
        self.challenges += 1;
        let id = format!("challenge-{}-{}", self.client.version.word(), self.challenges);
        self.send("challenge", json!({ "id": id }).to_string().as_bytes());
        let reply = self.outcome(&id);
        reply["answer"]["nonce"].as_str().unwrap_or_else(|| panic!("no nonce: {reply}")).to_owned()
    }
}

/// An unlock as staff write it, good for a minute.
pub fn unlock(id: &str, compartment: &str, nonce: &str) -> Value {
    json!({
        "id": id, "target": compartment, "reason": "resident locked out",
        "not_after": vestibule_demo::cloud::minutes_from_now(1), "nonce": nonce,
    })
}
