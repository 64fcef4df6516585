//! The `data` of an event: who, why, and the fact's own fields. One row a fact; the compiler misses a forgotten fact or field.

use schemars::{Schema, json_schema};
use vestibule_core::command::{Actor, CommandKey};
use vestibule_core::event::{Event, Fact};

use self::field::Field;
use crate::canonical::Json;

mod field;

type Fields = Vec<(&'static str, Rendered)>;

/// A field's value, with the schema of its type beside it so that the two cannot drift.
struct Rendered {
    value: Json,
    schema: fn() -> Schema,
}

macro_rules! table {
    ($($variant:ident { $($field:ident),* })*) => {
        /// The name of every fact, as the core spells it: whoever keeps one example of each checks against these.
        #[must_use]
        pub const fn fact_variants() -> &'static [&'static str] {
            &[$(stringify!($variant)),*]
        }

        /// The fact's own fields, in the order in which they are written.
        fn fields(fact: &Fact) -> Fields {
            match fact { $(Fact::$variant { $($field),* } => vec![$((stringify!($field), rendered($field))),*],)* }
        }
    };
}

fn rendered<T: Field>(value: &T) -> Rendered {
    Rendered { value: value.json(), schema: T::schema }
}

/// The whole `data` of an event.
pub(super) fn render(event: &Event) -> Json {
    let mut all = vec![("actor", actor(&event.actor))];
    if let Some(key) = &event.cause {
        all.push(("command", command(key)));
    }
    if let Some(reason) = &event.reason {
        all.push(("reason", Json::Text(reason.clone())));
    }
    all.extend(fields(&event.fact).into_iter().map(|(name, field)| (name, field.value)));
    Json::Object(all)
}

/// JSON Schema of the `data` of events like this one.
#[must_use]
pub fn schema(fact: &Fact) -> Schema {
    let mut properties = serde_json::Map::new();
    let mut required = vec![serde_json::Value::from("actor")];
    properties.insert("actor".into(), actor_schema().into());
    properties.insert("command".into(), command_schema().into());
    properties.insert("reason".into(), String::schema().into());
    for (name, field) in fields(fact) {
        required.push(name.into());
        properties.insert(name.into(), (field.schema)().into());
    }
    json_schema!({ "type": "object", "properties": properties, "required": required })
}

/// Role and name as proven, never the secret.
fn actor(actor: &Actor) -> Json {
    let (role, name) = match actor {
        Actor::Gateway => ("gateway", None),
        Actor::Courier(carrier) => ("courier", Some(carrier.to_string())),
        Actor::Resident(unit) => ("resident", Some(unit.to_string())),
        Actor::Staff(name) => ("staff", Some(name.to_string())),
        Actor::Cloud(name) => ("cloud", Some(name.to_string())),
        Actor::Anonymous => ("anonymous", None),
    };
    let mut all = vec![("role", Json::Text(role.into()))];
    all.extend(name.map(|name| ("name", Json::Text(name))));
    Json::Object(all)
}

fn actor_schema() -> Schema {
    json_schema!({
        "type": "object",
        "properties": {
            "role": { "enum": ["gateway", "courier", "resident", "staff", "cloud", "anonymous"] },
            "name": { "type": "string", "description": "carrier, unit, certificate name or os:{user}" },
        },
        "required": ["role"],
    })
}

fn command(key: &CommandKey) -> Json {
    Json::Object(vec![
        ("channel", key.channel.json()),
        ("actor", actor(&key.actor)),
        ("id", Json::Text(key.id.as_str().into())),
    ])
}

fn command_schema() -> Schema {
    json_schema!({
        "type": "object",
        "properties": {
            "channel": vestibule_core::command::Channel::schema(),
            "actor": actor_schema(),
            "id": { "type": "string" },
        },
        "required": ["channel", "actor", "id"],
    })
}

table! {
    GatewayStarted { boot, version, configuration }
    GatewayStopping {}
    GatewayGap { dropped }
    GatewayRewound { cause, epoch, restored, known, compartments }
    ClockTrustChanged { trust }
    StorageDegraded {}
    StorageRecovered { waited }
    ConfigurationChanged { previous, configuration }
    DirectorySynced { version, units }
    CarriersSynced { version, carriers }
    ParcelExpected { parcel, unit, carrier, size, occurred_at }
    ParcelExpired { parcel, unit }
    ParcelDeposited { parcel, compartment }
    ParcelStored { parcel, unit, carrier, compartment }
    ParcelUnconfirmed { parcel, compartment }
    ParcelNotDelivered { parcel, compartment }
    ParcelCollected { parcel, unit, compartment, proof }
    ParcelException { parcel, compartment, kind }
    CompartmentReserved { compartment, parcel, unit, carrier, terminal }
    CompartmentReleased { compartment }
    CompartmentOpened { compartment, unlock }
    CompartmentClosed { compartment }
    CompartmentLeftOpen { compartment, seconds }
    CompartmentForced { compartment }
    CompartmentContradicted { compartment, door, latch }
    CompartmentJammed { compartment }
    CompartmentNeedsInspection { compartment, cause }
    CompartmentOutOfService { compartment, cause }
    CompartmentInService { compartment }
    UnlockIntended { unlock, compartment, lock, purpose }
    UnlockConfirmed { unlock, compartment, evidence }
    UnlockFailed { unlock, compartment, why, evidence }
    UnlockUnknown { unlock, compartment, evidence }
    AccessGranted { terminal }
    AccessDenied { terminal, count }
    AccessSteppedUp { never_issued_today }
    ProbeFaulted { probe, fault }
    ProbeRecovered { probe }
    DeviceOnline { device }
    DeviceDegraded { device }
    DeviceOffline { device }
    LineRecovered { line }
    LineDegraded { line }
    LineForeignFrame { line, frames }
    ReaderOnline { terminal }
    ReaderOffline { terminal }
    ReaderInsecure { terminal, fault }
    ReaderTampered { terminal, housing }
    ReaderClearText { terminal, reads }
    ReaderInstall { terminal, step }
    CommandConflict { digest }
    SealBroken { broken_at, second }
    SealSet { sealed_at }
    CapacityLow { bank, free, of }
    CapacityExhausted { bank, size }
}
