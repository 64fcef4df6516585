//! The same rights for a site that runs Mosquitto 2.0 instead: its configuration and ACL, made from the same roles.
//!
//! Mosquitto takes a user name from a certificate's common name and knows no groups, so the ACL names each client:
//! `{building}.{role}.{name}`. Make it anew for a new client; Mosquitto reads it again on SIGHUP.

use std::net::SocketAddr;
use std::path::Path;

use super::limits::{CONNECTIONS_MAX, KEEP_ALIVE_MAX, PACKET_BYTES_MAX};
use super::roles::RoleTable;
use crate::enroll::Identity;

/// Where Mosquitto's files are.
#[derive(Clone, Copy, Debug)]
pub struct Files<'a> {
    /// Where clients connect.
    pub listen: SocketAddr,
    /// The authority's certificate.
    pub ca: &'a Path,
    /// The broker's certificate.
    pub certificate: &'a Path,
    /// The broker's key.
    pub key: &'a Path,
    /// The ACL from [`acl`].
    pub acl: &'a Path,
    /// Where the cloud's broker keeps its sessions.
    pub data: &'a Path,
}

/// Which broker it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The building's own.
    Building,
    /// The cloud's.
    Cloud,
}

/// Mosquitto's `mosquitto.conf`.
#[must_use]
pub fn configuration(place: Place, files: Files<'_>) -> String {
    let title = match place {
        Place::Building => "Mosquitto 2.0 as a building's own broker",
        Place::Cloud => "Mosquitto 2.0 as the cloud's broker",
    };
    // A gateway's backlog after an outage must wait on disk; a building's bus keeps nothing over a restart.
    let sessions = match place {
        Place::Building => "persistence false\npersistent_client_expiration 1h\n".to_owned(),
        Place::Cloud => format!(
            "persistence true\npersistence_location {}/\nautosave_interval 60\npersistent_client_expiration 60d\n",
            files.data.display()
        ),
    };
    format!(
        "# {title}. Made by vestibule from its roles; do not edit, make it anew.\n\
         listener {port} {ip}\n\
         cafile {ca}\n\
         certfile {certificate}\n\
         keyfile {key}\n\
         tls_version tlsv1.3\n\
         require_certificate true\n\
         # The common name is {{building}}.{{role}}.{{name}}; the URI in the certificate is not read by Mosquitto.\n\
         use_identity_as_username true\n\
         # Nobody takes over another's connection. The price: one connection a certificate.\n\
         use_username_as_clientid true\n\
         allow_anonymous false\n\
         acl_file {acl}\n\
         max_qos 1\n\
         max_topic_alias 0\n\
         max_connections {connections}\n\
         max_packet_size {packet}\n\
         max_keepalive {keep_alive}\n\
         max_inflight_messages 100\n\
         max_queued_messages 10000\n\
         max_queued_bytes 16777216\n\
         {sessions}",
        port = files.listen.port(),
        ip = files.listen.ip(),
        ca = files.ca.display(),
        certificate = files.certificate.display(),
        key = files.key.display(),
        acl = files.acl.display(),
        connections = CONNECTIONS_MAX,
        packet = PACKET_BYTES_MAX,
        keep_alive = KEEP_ALIVE_MAX.as_secs(),
    )
}

/// Mosquitto's `acl_file` for these clients. A client whose role the table does not know gets nothing.
///
/// Mosquitto cannot refuse the retain flag by topic: a retained command gets to the daemon there, which refuses it.
#[must_use]
pub fn acl(table: &RoleTable, clients: &[Identity]) -> String {
    let mut text = String::from(
        "# Who may do what on Mosquitto. Made by vestibule from its roles; do not edit, make it anew.\n\
         # What no line allows is refused. A subscription to more than that is accepted and gets no more than that.\n",
    );
    for who in clients {
        let Some(role) = table.role(who.role()) else { continue };
        let writes = role.publish.iter().map(|pattern| ("write", pattern));
        let reads = role.subscribe.iter().map(|pattern| ("read", pattern));
        text.push_str(&format!("\nuser {}\n", who.common_name()));
        for (access, pattern) in writes.chain(reads) {
            text.push_str(&format!("topic {access} {}\n", table.expand(pattern, who)));
        }
    }
    text
}
