//! Commands as people and services send them, right and wrong.

use super::*;
use vestibule_core::command::{Carriers, Directory};
use vestibule_core::id::CompartmentId;

fn arrival() -> Arrival {
    Arrival { channel: Channel::Bus, actor: Actor::Staff("anna".into()), retention: Retention::Live }
}

fn parsed(name: CommandName, payload: &str) -> Result<CommandRequest, CommandError> {
    parse(name, payload.as_bytes(), arrival())
}

fn wrong(name: CommandName, payload: &str) -> String {
    parsed(name, payload).err().map(|error| error.to_string()).unwrap()
}

#[test]
fn unlock_is_read_when_all_its_fields_are_there() {
    let payload = r#"{"id":"c-1","target":"a-2","reason":"jam","not_after":"2026-03-01T07:30:00Z",
        "nonce":"000102030405060708090a0b0c0d0e0f"}"#;
    let request = parsed(CommandName::Unlock, payload).unwrap();
    assert_eq!(request.command, Command::Unlock { compartment: CompartmentId::new("a-2").unwrap() });
    assert_eq!(request.not_after, Some(Timestamp(1_772_350_200_000)));
    assert_eq!(request.nonce.unwrap().0[15], 15);
    assert_eq!(request.reason.as_deref(), Some("jam"));
    assert_eq!(request.key.id.as_str(), "c-1");
    assert_eq!(request.key.actor, Actor::Staff("anna".into()));
}

#[test]
fn command_is_refused_when_it_names_its_own_actor() {
    let said = wrong(CommandName::Challenge, r#"{"id":"c-1","actor":"boss"}"#);
    assert!(said.contains("unknown field `actor`") && said.contains("column"), "{said}");
}

#[test]
fn id_is_known_when_the_rest_is_wrong() {
    let error = parsed(CommandName::Unlock, r#"{"id":"c-9","target":7}"#).err().unwrap();
    assert_eq!(error.id.unwrap().as_str(), "c-9");
    let error = parsed(CommandName::Unlock, r#"{"id":"c 9"}"#).err().unwrap();
    assert_eq!((error.id.is_none(), error.wrong.to_string().starts_with("id: character 2")), (true, true));
}

#[test]
fn field_is_named_when_it_is_wrong() {
    use CommandName::{CarriersSync, Challenge, DirectorySync, ParcelIntake, Resync, Unlock};
    let cases = [
        (Unlock, r#"{"id":"1"}"#, "target is missing"),
        (Unlock, r#"{"id":"1","target":"A"}"#, "target: character 1"),
        (Unlock, r#"{"id":"1","target":"a-1","nonce":"12"}"#, "nonce: "),
        (Unlock, r#"{"id":"1","target":"a-1","not_after":"soon"}"#, "not_after: read a time"),
        (Unlock, r#"{"id":"1","id":"2"}"#, "duplicate field `id`"),
        (Challenge, r#"{"id":"1","reason":"a\u0007b"}"#, "reason: a character"),
        (Challenge, r#"{"id":"1"} {}"#, "trailing characters"),
        (Challenge, r#"{"id":"1","arguments":{"x":1}}"#, "unknown field `x`"),
        (Resync, r#"{"id":"1","target":"a-1"}"#, "target is not used by resync"),
        (ParcelIntake, r#"{"id":"1"}"#, "arguments is missing"),
        (ParcelIntake, r#"{"id":"1","arguments":{"unit":"4b","size":"huge"}}"#, "unknown variant `huge`"),
        (
            ParcelIntake,
            r#"{"id":"1","arguments":{"unit":"4b","size":"small","tracking":"a b"}}"#,
            "arguments.tracking",
        ),
        (
            DirectorySync,
            r#"{"id":"1","arguments":{"version":1,"units":[{"id":"a"},{"id":"a"}]}}"#,
            "units[1]: id \"a\"",
        ),
        (
            DirectorySync,
            r#"{"id":"1","arguments":{"version":1,"units":[{"id":"4B"}]}}"#,
            "units[0]: character 2",
        ),
        (
            CarriersSync,
            r#"{"id":"1","arguments":{"version":1,"carriers":[{"id":"ups","code_digest":"00"}]}}"#,
            "carriers[0].code_digest",
        ),
    ];
    for (name, payload, expected) in cases {
        let said = wrong(name, payload);
        assert!(said.contains(expected), "{payload}: {said}");
    }
}

#[test]
fn command_is_refused_before_it_is_read_when_it_is_too_large() {
    let payload = vec![b'['; PLAIN_MAX + 1];
    let error = parse(CommandName::Unlock, &payload, arrival()).err().unwrap();
    assert!(error.to_string().contains("at most 4096"));
    let deep = "[".repeat(PLAIN_MAX);
    assert!(wrong(CommandName::Unlock, &deep).starts_with("payload: "));
}

#[test]
fn largest_building_fits_when_its_directory_is_synced() {
    let unit = |number: usize| UnitFields { id: format!("tower-{number}"), reach: arguments::ReachWord::Any };
    let units = (0..vestibule_core::command::UNITS_MAX).map(unit).collect();
    let arguments = DirectoryArguments { version: 7, units };
    let request = Request { arguments: Some(arguments), ..Request::new("sync-7") };
    let payload = serde_json::to_string(&request).unwrap();
    assert!(payload.len() <= PAYLOAD_MAX, "{}", payload.len());
    let Command::DirectorySync(Directory { version, units }) =
        parsed(CommandName::DirectorySync, &payload).unwrap().command
    else {
        panic!("another command")
    };
    assert_eq!((version, units.len()), (7, 2_000));
    let empty = parsed(CommandName::CarriersSync, r#"{"id":"1","arguments":{"version":0,"carriers":[]}}"#);
    assert_eq!(empty.unwrap().command, Command::CarriersSync(Carriers::default()));
}

#[test]
fn digest_differs_when_the_same_payload_asks_another_command() {
    let payload = br#"{"id":"c-1"}"#;
    assert_ne!(digest(CommandName::Challenge, payload), digest(CommandName::Resync, payload));
}
