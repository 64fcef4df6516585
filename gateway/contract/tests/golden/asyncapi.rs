//! The AsyncAPI 3 document: channels, messages with their schemas and examples, who sends.

use serde_json::{Map, Value, json};
use vestibule_contract::VERSION;
use vestibule_contract::topic::CommandName;

use super::{generated, schemas};

/// Address below the prefix, schema names, who writes, and how.
fn channels() -> Vec<(String, String, Vec<String>, &'static str, &'static str)> {
    let mut all = Vec::new();
    for kind in ["gateway", "compartment", "door", "probe", "device", "line", "terminal"] {
        let name = format!("state.{kind}");
        all.push((name.clone(), format!("state/{kind}/{{id}}"), vec![name], "send", "QoS 1, retained"));
    }
    for kind in ["gateway", "probe", "line", "device", "terminal"] {
        let name = format!("telemetry.{kind}");
        all.push((name.clone(), format!("telemetry/{kind}/{{id}}"), vec![name], "send", "QoS 0"));
    }
    let damaged = "QoS 1; a stored row that says no readable type any more is event/journal.unreadable, its bytes as they lie";
    all.push(("event".into(), "event/{type}".into(), vec!["event".into()], "send", damaged));
    all.push(("notice".into(), "notice".into(), vec!["notice.sealed".into()], "send", "QoS 1; cloud only"));
    all.push(("reply".into(), "reply/{client}".into(), vec!["reply".into()], "send", "QoS 1"));
    for name in CommandName::ALL {
        let address = format!("command/{name}/{{client}}");
        let schema = format!("command.{name}");
        all.push((schema.clone(), address, vec![schema], "receive", "QoS 1, never retained"));
    }
    all
}

fn document() -> Value {
    let mut addresses = Map::new();
    let mut operations = Map::new();
    for (name, below, messages, action, delivery) in channels() {
        let reference = |message: &String| {
            (message.clone(), json!({ "$ref": format!("#/components/messages/{message}") }))
        };
        let messages: Map<String, Value> = messages.iter().map(reference).collect();
        let address = format!("vestibule/v{VERSION}/{{building}}/{below}");
        let channel = json!({ "address": address, "description": delivery, "messages": messages });
        addresses.insert(name.clone(), channel);
        let channel = json!({ "$ref": format!("#/channels/{name}") });
        operations.insert(format!("{action}.{name}"), json!({ "action": action, "channel": channel }));
    }
    let message = |(name, _): (&str, _)| {
        let payload = json!({ "$ref": format!("schemas/{name}.json") });
        (name.to_owned(), json!({ "name": name, "contentType": "application/json", "payload": payload }))
    };
    let messages: Map<String, Value> = schemas::all().into_iter().map(message).collect();
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Vestibule",
            "version": VERSION.to_string(),
            "description": "What a building's parcel gateway says and hears over MQTT, on the building's own broker and on the cloud's. Operations are the gateway's.",
        },
        "defaultContentType": "application/json",
        "channels": addresses,
        "operations": operations,
        "components": { "messages": messages },
    })
}

#[test]
fn document_is_in_step_with_topics_and_types() {
    generated("asyncapi.json", &document());
}
