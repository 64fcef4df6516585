//! The cloud's side: the office that syncs rosters and reads events, and the notifier that opens notices.

use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use vestibule_contract::notice::{Notice, NotifierSecret};

use crate::ear::{Ear, Heard, Seat};
use crate::house::{BUILDING, House, HouseError};

/// A command and its reply cross two TLS connections and one commit; an attempt to connect that a busy machine spoils costs
/// 15 s, and an emulated handshake takes seconds.
const REPLY_PATIENCE: Duration = Duration::from_secs(120);

/// The office: an ordinary client of the cloud's broker.
pub struct Office {
    ear: Ear,
    sent: u32,
}

impl Office {
    /// Connects as `office` and reads events and replies.
    ///
    /// # Errors
    /// A certificate cannot be read.
    pub fn open(house: &House, port: u16) -> Result<Self, HouseError> {
        let seat =
            Seat { port, certificates: house.certificates(), role: "cloud".into(), name: "office".into() };
        let (events, replies) = (topic("event/#"), topic("reply/office"));
        let ear = Ear::open(&seat, &[&events, &replies, &topic("state/gateway/self")])?;
        Ok(Self { ear, sent: 0 })
    }

    /// Waits until whatever the gateway sends from now on is heard.
    ///
    /// # Errors
    /// The cloud's broker did not grant it in time.
    pub fn wait_listening(&self) -> Result<(), HouseError> {
        listening(&self.ear)
    }

    /// Waits until the gateway has said that it is online.
    ///
    /// # Errors
    /// It did not in time.
    pub fn wait_online(&self) -> Result<(), HouseError> {
        let own = topic("state/gateway/self");
        let online = |heard: &Heard| {
            let state: Value = serde_json::from_slice(&heard.payload).ok()?;
            (heard.topic == own && state["value"] == "online").then_some(())
        };
        let missing = || HouseError::Story("the gateway did not come online at the cloud".to_owned());
        self.ear.wait_for(REPLY_PATIENCE, online).ok_or_else(missing)
    }

    /// Tells the building its units and its carriers.
    ///
    /// # Errors
    /// The gateway did not answer `done`.
    pub fn sync(&mut self, units: &[&str], carriers: &[(&str, &str)]) -> Result<(), HouseError> {
        let units: Vec<Value> = units.iter().map(|unit| json!({ "id": unit })).collect();
        self.command("directory.sync", json!({ "version": 1, "units": units }))?;
        let carriers: Vec<Value> = carriers
            .iter()
            .map(|(id, code)| json!({ "id": id, "code_digest": carrier_digest(id, code) }))
            .collect();
        self.command("carriers.sync", json!({ "version": 1, "carriers": carriers }))
    }

    /// Sends one command and waits until it is done.
    fn command(&mut self, name: &str, arguments: Value) -> Result<(), HouseError> {
        let id = self.send(name, arguments)?;
        let story = |what: String| Err(HouseError::Story(format!("{name} from the cloud: {what}")));
        match self.reply(&id, REPLY_PATIENCE) {
            Some(reply) if reply["status"] == "done" => Ok(()),
            Some(reply) => story(format!("answered {reply}")),
            None => story("no reply".to_owned()),
        }
    }

    /// Sends one command and returns its id.
    ///
    /// # Errors
    /// Too many requests wait for the connection.
    pub fn send(&mut self, name: &str, arguments: Value) -> Result<String, HouseError> {
        self.sent += 1;
        let id = format!("office-{}", self.sent);
        let payload = json!({ "id": id, "not_after": minutes_from_now(5), "arguments": arguments });
        if self.ear.publish(&topic(&format!("command/{name}/office")), payload.to_string().into_bytes()) {
            return Ok(id);
        }
        Err(HouseError::Story(format!("{name} from the cloud: the connection takes no more requests")))
    }

    /// The reply to that command, if it comes in time; whatever comes before it is passed over.
    #[must_use]
    pub fn reply(&self, id: &str, patience: Duration) -> Option<Value> {
        let own = topic("reply/office");
        self.ear.wait_for(patience, |heard| {
            let reply: Value = serde_json::from_slice(&heard.payload).ok()?;
            (heard.topic == own && reply["id"] == id).then_some(reply)
        })
    }

    /// The next event, if one comes in time.
    #[must_use]
    pub fn next_event(&self, patience: Duration) -> Option<Value> {
        let prefix = topic("event/");
        self.ear.wait_for(patience, |heard| {
            heard.topic.starts_with(&prefix).then(|| serde_json::from_slice(&heard.payload).ok()).flatten()
        })
    }
}

/// The notifier: the only one who can read notices.
pub struct Notifier {
    ear: Ear,
    secret: NotifierSecret,
}

impl Notifier {
    /// Connects as `notifier` and reads notices.
    ///
    /// # Errors
    /// A certificate cannot be read.
    pub fn open(house: &House, port: u16, secret: NotifierSecret) -> Result<Self, HouseError> {
        let certificates = house.certificates();
        let seat = Seat { port, certificates, role: "notifier".into(), name: "notifier".into() };
        Ok(Self { ear: Ear::open(&seat, &[&topic("notice")])?, secret })
    }

    /// Waits until whatever the gateway sends from now on is heard.
    ///
    /// # Errors
    /// The cloud's broker did not grant it in time.
    pub fn wait_listening(&self) -> Result<(), HouseError> {
        listening(&self.ear)
    }

    /// The next notice, opened.
    ///
    /// # Errors
    /// None came in time, or it does not open with the notifier's key.
    pub fn next(&self, patience: Duration) -> Result<Notice, HouseError> {
        let heard = self.ear.next(patience);
        let heard = heard.ok_or_else(|| HouseError::Story("no notice came".to_owned()))?;
        self.secret
            .open(&heard.payload)
            .map_err(|error| HouseError::Story(format!("open the notice: {error}")))
    }
}

fn listening(ear: &Ear) -> Result<(), HouseError> {
    let missing = || HouseError::Story("the cloud's broker granted no subscription".to_owned());
    ear.wait_subscribed(REPLY_PATIENCE).then_some(()).ok_or_else(missing)
}

/// A topic of our building.
#[must_use]
pub fn topic(tail: &str) -> String {
    format!("vestibule/v1/{BUILDING}/{tail}")
}

/// RFC 3339, so many minutes ahead.
#[must_use]
pub fn minutes_from_now(minutes: u64) -> String {
    let ahead = jiff::SignedDuration::from_mins(i64::try_from(minutes).unwrap_or(0));
    (jiff::Timestamp::now() + ahead).to_string()
}

/// What the cloud computes for a carrier's code.
fn carrier_digest(carrier: &str, code: &str) -> String {
    let digest = Sha256::digest(format!("vestibule-carrier-code/1:{BUILDING}:{carrier}:{code}"));
    digest.iter().fold(String::new(), |all, byte| all + &format!("{byte:02x}"))
}
