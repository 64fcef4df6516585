//! Commands from a broker: who sent them, where the answer goes, and what is refused at the door.

use std::collections::VecDeque;

use bytes::Bytes;
use rumqttc::v5::mqttbytes::v5::Publish;
use vestibule_contract::command::{self, Arrival};
use vestibule_contract::identity::ClientName;
use vestibule_contract::reply::Reply;
use vestibule_contract::topic::{CommandName, Topic, TopicError, reply_to};
use vestibule_core::command::{Actor, Channel, CommandKey, Outcome, Retention, Status};
use vestibule_core::id::BuildingId;
use vestibule_core::input::Input;
use vestibule_core::refusal::Refusal;

use super::limits::{CORRELATION_MAX, ROUTES_MAX};
use super::message::Message;
use crate::engine::EngineHandle;

/// Where answers go. Routes are remembered until the final reply; the oldest is forgotten first, and its answer then
/// goes to `reply/{client}` without correlation data.
pub(super) struct Commands {
    building: BuildingId,
    channel: Channel,
    routes: VecDeque<(CommandKey, Route)>,
}

#[derive(Clone)]
struct Route {
    topic: String,
    correlation: Option<Bytes>,
}

impl Commands {
    pub(super) const fn new(building: BuildingId, channel: Channel) -> Self {
        Self { building, channel, routes: VecDeque::new() }
    }

    /// Hands a command to the engine, or says at once why not.
    pub(super) fn take(&mut self, publish: &Publish, engine: &EngineHandle) -> Option<Message> {
        let topic = String::from_utf8_lossy(&publish.topic);
        match Topic::parse(&self.building, &topic) {
            Ok(Topic::Command { name, client }) => self.command(name, &client, publish, engine),
            Err(TopicError::NoSuchCommand { word, client }) => {
                let sentence = format!("There is no command {word:?}.");
                let route = self.route(&client, publish);
                answer(&route, &Reply::refused(None, Refusal::NotFound, sentence))
            }
            Ok(_) => None,
            Err(error) => {
                tracing::warn!(topic = %topic.escape_debug(), %error, "message ignored");
                None
            }
        }
    }

    fn command(
        &mut self,
        name: CommandName,
        client: &ClientName,
        publish: &Publish,
        engine: &EngineHandle,
    ) -> Option<Message> {
        let retention = if publish.retain { Retention::Retained } else { Retention::Live };
        let arrival = Arrival { channel: self.channel, actor: actor(self.channel, client), retention };
        let route = self.route(client, publish);
        let request = match command::parse(name, &publish.payload, arrival) {
            Ok(request) => request,
            Err(error) => {
                let reply = Reply::refused(error.id.as_ref(), Refusal::Malformed, error.to_string());
                return answer(&route, &reply);
            }
        };
        let key = request.key.clone();
        match engine.submit(Input::Command(Box::new(request))) {
            Ok(()) => {
                self.remember(key, route);
                None
            }
            Err(full) => {
                tracing::warn!(%full, command = %name, %client, "command refused");
                let sentence = "Too many requests wait; send it again in a few seconds.".into();
                answer(&route, &Reply::refused(Some(&key.id), Refusal::TooManyCommands, sentence))
            }
        }
    }

    /// The reply to a command of this channel.
    pub(super) fn reply(&mut self, key: &CommandKey, outcome: &Outcome) -> Option<Message> {
        let at = self.routes.iter().position(|(known, _)| known == key);
        let route = match (at, outcome.status) {
            (Some(at), Status::Received) => self.routes.get(at).map(|(_, route)| route.clone()),
            (Some(at), _) => self.routes.remove(at).map(|(_, route)| route),
            (None, _) => None,
        };
        let route = match route {
            Some(route) => route,
            None => Route { topic: reply_to(&self.building, &client(&key.actor)?, None), correlation: None },
        };
        answer(&route, &Reply::of(&key.id, outcome))
    }

    fn route(&self, client: &ClientName, publish: &Publish) -> Route {
        let properties = publish.properties.as_ref();
        let asked = properties.and_then(|all| all.response_topic.as_deref());
        let correlation = properties.and_then(|all| all.correlation_data.clone());
        Route {
            topic: reply_to(&self.building, client, asked),
            correlation: correlation.filter(|data| data.len() <= CORRELATION_MAX),
        }
    }

    fn remember(&mut self, key: CommandKey, route: Route) {
        self.routes.retain(|(known, _)| *known != key);
        if self.routes.len() >= ROUTES_MAX {
            self.routes.pop_front();
        }
        self.routes.push_back((key, route));
    }
}

/// Who a client of this channel is to the core. The broker's ACL has proven the name.
fn actor(channel: Channel, client: &ClientName) -> Actor {
    match channel {
        Channel::Cloud => Actor::Cloud(client.as_str().into()),
        Channel::Bus | Channel::Console => Actor::Staff(client.as_str().into()),
    }
}

fn client(actor: &Actor) -> Option<ClientName> {
    match actor {
        Actor::Staff(name) | Actor::Cloud(name) => ClientName::new(name).ok(),
        Actor::Gateway | Actor::Courier(_) | Actor::Resident(_) | Actor::Anonymous => None,
    }
}

fn answer(route: &Route, reply: &Reply) -> Option<Message> {
    match reply.bytes() {
        Ok(payload) => {
            Some(Message::once(route.topic.clone(), payload).with_correlation(route.correlation.clone()))
        }
        Err(error) => {
            tracing::error!(%error, "reply not written");
            None
        }
    }
}
