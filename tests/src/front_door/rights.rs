//! Who may do what, said a second time and by hand: `roles.toml` and its reader must not judge themselves.

/// What all topics of the building start with.
pub const PREFIX: &str = "vestibule/v1/maple-court/";
/// Roles under test, each with its client's name.
pub const CLIENTS: [(&str, &str); 4] =
    [("gateway", "gw"), ("staff", "desk"), ("technician", "bench"), ("reader", "feed")];

/// Commands that a technician may send.
const REPAIRS: [&str; 3] = ["compartment.service", "diagnose", "resync"];
/// Commands that nobody sends on the bus of a building.
const NEVER: [&str; 1] = ["staff.sync"];

/// The levels of a topic below the building's prefix; none for a topic that no broker of ours may see.
fn levels(topic: &[u8]) -> Option<Vec<&str>> {
    let topic = std::str::from_utf8(topic).ok()?;
    let plain = topic.len() <= 256 && topic.bytes().all(|byte| byte.is_ascii_graphic());
    let levels: Vec<&str> = topic.strip_prefix(PREFIX)?.split('/').collect();
    (plain && levels.iter().all(|level| !level.is_empty())).then_some(levels)
}

/// Whether that client may publish there what rumqttd delivers.
pub fn may_publish(role: &str, topic: &[u8], retain: bool) -> bool {
    let Some(levels) = levels(topic) else { return false };
    if levels.iter().any(|level| level.contains(['+', '#'])) {
        return false;
    }
    match (role, levels.as_slice()) {
        ("gateway", ["state", _, _]) => true,
        ("gateway", ["event" | "reply", _] | ["telemetry", _, _]) => !retain,
        _ => false,
    }
}

/// Whether that client may send that command. Names of commands are not guessed here: of those with the right form only what
/// must never pass is told.
pub fn may_command(role: &str, name: &str, topic: &[u8]) -> bool {
    match (role, levels(topic).as_deref()) {
        ("staff", Some(["command", command, own])) => {
            *own == name && !NEVER.contains(command) && !command.contains(['+', '#'])
        }
        ("technician", Some(["command", command, own])) => *own == name && REPAIRS.contains(command),
        _ => false,
    }
}

/// Whether that client may read what that filter matches.
pub fn may_read(role: &str, name: &str, filter: &[u8]) -> bool {
    let Some(levels) = levels(filter) else { return false };
    let plain = |level: &str| level.len() == 1 || !level.contains(['+', '#']);
    let last = levels.len() - 1;
    if !levels.iter().all(|level| plain(level)) || levels.iter().take(last).any(|level| *level == "#") {
        return false;
    }
    match (role, levels.as_slice()) {
        ("gateway", ["command", ..]) => true,
        ("gateway", ["state", one, two]) => *one != "#" && *two != "#",
        ("staff" | "reader", ["state" | "event" | "telemetry", ..]) => true,
        ("staff" | "technician", ["reply", own]) => *own == name,
        ("technician", ["state" | "telemetry", ..]) => true,
        ("technician", ["event", event]) => {
            ["cold.", "compartment.", "device.", "line.", "probe.", "storage."]
                .iter()
                .any(|family| event.starts_with(family))
        }
        _ => false,
    }
}

/// Whether rumqttd must be asked for at most once: a wildcard over retained topics.
pub fn at_most_once(filter: &[u8]) -> bool {
    let Some(levels) = levels(filter) else { return true };
    levels.first() == Some(&"state") && levels.iter().any(|level| ["+", "#"].contains(level))
}
