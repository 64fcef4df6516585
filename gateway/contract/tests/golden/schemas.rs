//! JSON Schemas, generated from the payload types.

use schemars::{Schema, schema_for};
use serde_json::{Value, json};
use vestibule_contract::command::{
    CarriersArguments, DirectoryArguments, IntakeArguments, NoArguments, Request, UnlockManyArguments,
};
use vestibule_contract::event::data_schema;
use vestibule_contract::notice::{Notice, SealedNotice};
use vestibule_contract::reply::Reply;
use vestibule_contract::state::{
    CompartmentState, DoorState, GatewayState, PresenceState, ProbeState, TerminalState,
};
use vestibule_contract::telemetry::{
    DeviceValues, GatewayValues, LineValues, ProbeValues, Sample, TerminalValues,
};

use super::facts::every_fact;
use super::generated;

/// Every schema with its name: `schemas/{name}.json`.
pub fn all() -> Vec<(&'static str, Schema)> {
    vec![
        ("state.gateway", schema_for!(GatewayState)),
        ("state.compartment", schema_for!(CompartmentState)),
        ("state.door", schema_for!(DoorState)),
        ("state.probe", schema_for!(ProbeState)),
        ("state.device", schema_for!(PresenceState)),
        ("state.line", schema_for!(PresenceState)),
        ("state.terminal", schema_for!(TerminalState)),
        ("telemetry.gateway", schema_for!(Sample<GatewayValues>)),
        ("telemetry.probe", schema_for!(Sample<ProbeValues>)),
        ("telemetry.line", schema_for!(Sample<LineValues>)),
        ("telemetry.device", schema_for!(Sample<DeviceValues>)),
        ("telemetry.terminal", schema_for!(Sample<TerminalValues>)),
        ("reply", schema_for!(Reply)),
        ("notice", schema_for!(Notice)),
        ("notice.sealed", schema_for!(SealedNotice)),
        ("command.challenge", schema_for!(Request<NoArguments>)),
        ("command.unlock", schema_for!(Request<NoArguments>)),
        ("command.resync", schema_for!(Request<NoArguments>)),
        ("command.unlock.many", schema_for!(Request<UnlockManyArguments>)),
        ("command.unlock.cancel", schema_for!(Request<NoArguments>)),
        ("command.parcel.intake", schema_for!(Request<IntakeArguments>)),
        ("command.directory.sync", schema_for!(Request<DirectoryArguments>)),
        ("command.carriers.sync", schema_for!(Request<CarriersArguments>)),
        ("event", event()),
    ]
}

/// The envelope, with the `data` that each type has.
fn event() -> Schema {
    let of_type = |fact: &vestibule_core::event::Fact| json!({ "properties": { "type": { "const": fact.name() }, "data": data_schema(fact) } });
    let text = json!({ "type": "string" });
    let matching = |pattern: &str| json!({ "type": "string", "pattern": pattern });
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Event",
        "description": "A journal row: CloudEvents 1.0. A witness has neither sequence nor previoushash.",
        "type": "object",
        "properties": {
            "specversion": { "const": "1.0" },
            "id": matching("^[a-z0-9-]+:[0-9a-f]{16}:[0-9]+:p?[0-9]+$"),
            "source": matching("^/buildings/[a-z0-9-]+$"),
            "type": text,
            "subject": text,
            "time": { "type": "string", "format": "date-time" },
            "datacontenttype": { "const": "application/json" },
            "sequence": matching("^[0-9]{20}$"),
            "bootid": matching("^[0-9a-f]{32}$"),
            "clocktrust": { "enum": ["synchronised", "holdover", "untrusted"] },
            "previoushash": matching("^[0-9a-f]{64}$"),
            "data": { "type": "object" },
        },
        "required": ["specversion", "id", "source", "type", "subject", "time", "bootid", "clocktrust", "data"],
        "oneOf": every_fact().iter().map(of_type).collect::<Vec<Value>>(),
    });
    Schema::try_from(schema).unwrap()
}

#[test]
fn schemas_are_in_step_with_the_types() {
    for (name, schema) in all() {
        generated(&format!("schemas/{name}.json"), schema.as_value());
    }
}
