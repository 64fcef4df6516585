//! Who is at the other end of the socket: the kernel says the uid, the system's files say name and groups.

use std::path::Path;

use rustix::process::geteuid;

/// Members may do everything that a person on site may.
pub const STAFF_GROUP: &str = "vestibule-staff";
/// Members may look.
pub const TECH_GROUP: &str = "vestibule-tech";
/// Largest account file that is read, in bytes: thousands of accounts.
const ACCOUNTS_MAX: u64 = 1024 * 1024;

/// What a peer may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    Staff,
    /// Look, and sit down at a terminal as anybody in the lobby may.
    Technician,
}

/// A peer that may talk to us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// `os:{user}`.
    pub name: Box<str>,
    /// What it may do.
    pub role: Role,
    /// Whether it could read the daemon's own files anyway: root, and the daemon's user.
    pub owner: bool,
}

/// Finds out who has this uid and primary group; `None` for somebody without a role.
#[must_use]
pub fn identify(uid: u32, gid: u32) -> Option<Peer> {
    let read = |path: &str| crate::config::read_bounded(Path::new(path), ACCOUNTS_MAX).unwrap_or_default();
    judge(uid, gid, geteuid().as_raw(), &read("/etc/passwd"), &read("/etc/group"))
}

/// Every account of this computer.
#[must_use]
pub fn account_names() -> Vec<String> {
    let passwd = crate::config::read_bounded(Path::new("/etc/passwd"), ACCOUNTS_MAX).unwrap_or_default();
    passwd.lines().filter_map(|line| line.split(':').next()).map(str::to_owned).collect()
}

/// `os:{user}` of this uid.
#[must_use]
pub fn user_name_of(uid: u32) -> String {
    let passwd = crate::config::read_bounded(Path::new("/etc/passwd"), ACCOUNTS_MAX).unwrap_or_default();
    user_name(uid, &passwd).map_or_else(|| format!("os:uid-{uid}"), |user| format!("os:{user}"))
}

/// Root and the daemon's own user are staff: they can read its key and its database anyway.
fn judge(uid: u32, gid: u32, own: u32, passwd: &str, groups: &str) -> Option<Peer> {
    let user = user_name(uid, passwd);
    let member = |group| is_member(group, user, gid, groups);
    let role = if uid == 0 || uid == own || member(STAFF_GROUP) {
        Role::Staff
    } else if member(TECH_GROUP) {
        Role::Technician
    } else {
        return None;
    };
    let name = user.map_or_else(|| format!("os:uid-{uid}"), |user| format!("os:{user}"));
    Some(Peer { name: name.into(), role, owner: uid == 0 || uid == own })
}

/// `name:password:uid:...`
fn user_name(uid: u32, passwd: &str) -> Option<&str> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then_some(name)
    })
}

/// `group:password:gid:member,member`
fn is_member(group: &str, user: Option<&str>, gid: u32, groups: &str) -> bool {
    let mut entry = groups.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let Some(fields) = entry.find(|fields| fields.first() == Some(&group)) else { return false };
    let primary = fields.get(2).is_some_and(|number| number.parse() == Ok(gid));
    let listed = || {
        fields.get(3).is_some_and(|members| user.is_some_and(|user| members.split(',').any(|m| m == user)))
    };
    primary || listed()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0::/root:/bin/sh\nanna:x:1001:1001::/:/bin/sh\nben:x:1002:60::/:/bin/sh\neve:x:1003:1003::/:\n";
    const GROUP: &str = "root:x:0:\nvestibule-staff:x:50:anna,carl\nvestibule-tech:x:60:\n";

    fn peer(uid: u32, gid: u32) -> Option<(String, Role)> {
        judge(uid, gid, 990, PASSWD, GROUP).map(|peer| (peer.name.into(), peer.role))
    }

    #[test]
    fn role_follows_the_groups_and_the_daemons_own_user() {
        assert_eq!(peer(0, 0), Some(("os:root".into(), Role::Staff)));
        assert_eq!(peer(990, 990), Some(("os:uid-990".into(), Role::Staff)));
        assert_eq!(peer(1001, 1001), Some(("os:anna".into(), Role::Staff)));
        assert_eq!(peer(1002, 60), Some(("os:ben".into(), Role::Technician)));
    }

    #[test]
    fn nobody_has_a_role_when_no_group_says_so() {
        assert_eq!(peer(1003, 1003), None);
        assert_eq!(peer(4_000, 4_000), None, "an unknown uid is no member by an empty name");
        assert_eq!(judge(1001, 1001, 990, "", ""), None);
    }
}
