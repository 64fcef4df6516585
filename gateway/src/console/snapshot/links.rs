//! How the connections to the brokers are.

use serde::{Deserialize, Serialize};

use crate::config::Configuration;
use crate::telemetry::{Connection, Totals};

/// The connections that are configured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Links {
    /// To the building's own broker.
    pub bus: Option<Link>,
    /// To the cloud's broker.
    pub cloud: Option<Link>,
}

/// One connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Whether it stands.
    pub connected: bool,
    /// When it was made or lost last, in milliseconds since 1970; none before the first attempt ended.
    pub since: Option<i64>,
    /// How often it was made since the start.
    pub made: u64,
    /// Why it was lost or not made last, in words; none while it stands.
    pub reason: Option<String>,
}

impl Links {
    /// Each connection with its name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Link)> {
        [("bus", &self.bus), ("cloud", &self.cloud)]
            .into_iter()
            .filter_map(|(name, link)| Some((name, link.as_ref()?)))
    }
}

pub(super) fn make(configuration: &Configuration, totals: &Totals) -> Links {
    Links {
        bus: configuration.broker.as_ref().map(|_| link(&totals.bus)),
        cloud: configuration.cloud.as_ref().map(|_| link(&totals.cloud)),
    }
}

fn link(connection: &Connection) -> Link {
    Link {
        connected: connection.connected,
        since: connection.since.map(|at| at.0),
        made: connection.made,
        reason: connection.reason.clone(),
    }
}
