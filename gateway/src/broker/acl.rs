//! What one client may publish, retain and read: its role's patterns filled in with its building and name.

use super::roles::RoleTable;
use super::topic::{BadTopic, check_filter, check_topic, covers, has_wildcard, overlap};
use crate::enroll::Identity;

/// Quality of service a subscription is granted at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum QosLimit {
    /// At most once. A wildcard over retained topics: with QoS 1 rumqttd sends only the first 100 of them.
    AtMostOnce,
    /// At least once.
    AtLeastOnce,
}

/// Why a client may not do what it asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The text of the topic or filter.
    #[error(transparent)]
    Topic(#[from] BadTopic),
    /// Not a topic of its role.
    #[error("this role may not publish that topic")]
    Publish,
    /// Its role may publish but not retain it.
    #[error("this role may not retain that topic")]
    Retain,
    /// An empty payload without the retain flag on a retained topic; rumqttd deletes the retained message on it.
    #[error("an empty payload clears a retained topic only with the retain flag")]
    EmptyWithoutRetain,
    /// Not a topic its role may read.
    #[error("this role may not read that topic")]
    Subscribe,
}

/// A PUBLISH or a will, as far as the ACL looks at it.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// Where to.
    pub topic: &'a str,
    /// The retain flag.
    pub retain: Retain,
    /// Whether there is a payload.
    pub payload: Payload,
}

/// The retain flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retain {
    /// Set.
    Yes,
    /// Not set.
    No,
}

/// Whether a message has a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    /// No bytes.
    Empty,
    /// Some bytes.
    Present,
}

/// The filled-in rights of one client.
#[derive(Clone, Debug)]
pub struct Acl {
    publish: Vec<String>,
    retain: Vec<String>,
    subscribe: Vec<String>,
    retained: Vec<String>,
    commands: String,
}

impl Acl {
    /// The rights of `who`, or none if the table has no such role.
    #[must_use]
    pub fn of(table: &RoleTable, who: &Identity) -> Option<Self> {
        let role = table.role(who.role())?;
        let fill = |patterns: &[String]| patterns.iter().map(|p| table.expand(p, who)).collect();
        Some(Self {
            publish: fill(&role.publish),
            retain: fill(&role.retain),
            subscribe: fill(&role.subscribe),
            retained: table.retained_of(who.building()),
            commands: table.commands_of(who.building()),
        })
    }

    /// Whether a topic, or every topic of a filter, is a command's.
    #[must_use]
    pub fn is_command(&self, topic_or_filter: &str) -> bool {
        covers(&self.commands, topic_or_filter)
    }

    /// Whether this client may read a command: the gateway does.
    #[must_use]
    pub fn reads_commands(&self) -> bool {
        self.subscribe.iter().any(|pattern| covers(&self.commands, pattern))
    }

    /// Whether the message may be published, now or as a will.
    ///
    /// # Errors
    /// [`Denied`] says why not.
    pub fn may_publish(&self, message: Message<'_>) -> Result<(), Denied> {
        check_topic(message.topic)?;
        let allowed = |patterns: &[String]| patterns.iter().any(|pattern| covers(pattern, message.topic));
        match (message.retain, message.payload) {
            _ if !allowed(&self.publish) => Err(Denied::Publish),
            (Retain::Yes, _) if !allowed(&self.retain) => Err(Denied::Retain),
            (Retain::No, Payload::Empty) if allowed(&self.retained) => Err(Denied::EmptyWithoutRetain),
            _ => Ok(()),
        }
    }

    /// Whether the filter may be subscribed to, and at which quality at most.
    ///
    /// # Errors
    /// [`Denied`] says why not.
    pub fn may_subscribe(&self, filter: &str) -> Result<QosLimit, Denied> {
        check_filter(filter)?;
        if !self.subscribe.iter().any(|pattern| covers(pattern, filter)) {
            return Err(Denied::Subscribe);
        }
        let over_retained = self.retained.iter().any(|retained| overlap(retained, filter));
        Ok(if has_wildcard(filter) && over_retained { QosLimit::AtMostOnce } else { QosLimit::AtLeastOnce })
    }

    /// Whether a reply may be asked for on this topic: the caller must be able to read it itself, or it would have the
    /// gateway write where it may not.
    ///
    /// # Errors
    /// [`Denied`] says why not.
    pub fn may_ask_reply_on(&self, topic: &str) -> Result<(), Denied> {
        check_topic(topic)?;
        if self.subscribe.iter().any(|pattern| covers(pattern, topic)) {
            return Ok(());
        }
        Err(Denied::Subscribe)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acl(role: &str, name: &str) -> Acl {
        let who = Identity::new("b", role, name).unwrap();
        Acl::of(&RoleTable::building().unwrap(), &who).unwrap()
    }

    fn plain(topic: &str) -> Message<'_> {
        Message { topic, retain: Retain::No, payload: Payload::Present }
    }

    #[test]
    fn a_role_keeps_to_its_topics() {
        let (gateway, staff) = (acl("gateway", "gw"), acl("staff", "desk"));
        assert_eq!(gateway.may_publish(plain("vestibule/v1/b/state/door/a-1")), Ok(()));
        assert_eq!(staff.may_publish(plain("vestibule/v1/b/state/door/a-1")), Err(Denied::Publish));
        assert_eq!(staff.may_subscribe("vestibule/v1/b/reply/desk"), Ok(QosLimit::AtLeastOnce));
        assert_eq!(staff.may_subscribe("vestibule/v1/b/reply/other"), Err(Denied::Subscribe));
        assert_eq!(staff.may_subscribe("vestibule/v1/b/reply/+"), Err(Denied::Subscribe));
        assert_eq!(staff.may_subscribe("vestibule/v1/b/#"), Err(Denied::Subscribe));
        assert_eq!(staff.may_subscribe("#"), Err(Denied::Subscribe));
    }

    #[test]
    fn a_command_ends_in_its_senders_name() {
        let (gateway, staff) = (acl("gateway", "gw"), acl("staff", "desk"));
        assert_eq!(staff.may_publish(plain("vestibule/v1/b/command/unlock/desk")), Ok(()));
        for topic in [
            "vestibule/v1/b/command/unlock/other",
            "vestibule/v1/b/command/unlock",
            "vestibule/v1/b/command/unlock/desk/now",
            "vestibule/v1/c/command/unlock/desk",
        ] {
            assert_eq!(staff.may_publish(plain(topic)), Err(Denied::Publish), "{topic}");
        }
        assert_eq!(gateway.may_publish(plain("vestibule/v1/b/command/unlock/gw")), Err(Denied::Publish));
        assert_eq!(gateway.may_subscribe("vestibule/v1/b/command/+/+"), Ok(QosLimit::AtLeastOnce));
        assert_eq!(staff.may_subscribe("vestibule/v1/b/command/#"), Err(Denied::Subscribe));
        assert_eq!(staff.may_subscribe("vestibule/v1/b/command/unlock/desk"), Err(Denied::Subscribe));
    }

    #[test]
    fn state_wildcards_are_granted_at_most_once() {
        let staff = acl("staff", "desk");
        assert_eq!(staff.may_subscribe("vestibule/v1/b/state/#"), Ok(QosLimit::AtMostOnce));
        assert_eq!(staff.may_subscribe("vestibule/v1/b/state/door/+"), Ok(QosLimit::AtMostOnce));
        assert_eq!(staff.may_subscribe("vestibule/v1/b/state/door/a-1"), Ok(QosLimit::AtLeastOnce));
        assert_eq!(staff.may_subscribe("vestibule/v1/b/event/#"), Ok(QosLimit::AtLeastOnce));
        let gateway = acl("gateway", "gw");
        assert_eq!(gateway.may_subscribe("vestibule/v1/b/state/+/+"), Ok(QosLimit::AtMostOnce));
        assert_eq!(gateway.may_subscribe("vestibule/v1/b/state/#"), Err(Denied::Subscribe));
    }

    #[test]
    fn retain_is_for_state_and_an_empty_payload_clears_only_with_it() {
        let gateway = acl("gateway", "gw");
        let state = "vestibule/v1/b/state/door/a-1";
        let message = |topic, retain, payload| Message { topic, retain, payload };
        assert_eq!(gateway.may_publish(message(state, Retain::Yes, Payload::Empty)), Ok(()));
        assert_eq!(
            gateway.may_publish(message(state, Retain::No, Payload::Empty)),
            Err(Denied::EmptyWithoutRetain)
        );
        let event = "vestibule/v1/b/event/parcel.deposited";
        assert_eq!(gateway.may_publish(message(event, Retain::Yes, Payload::Present)), Err(Denied::Retain));
        let command = "vestibule/v1/b/command/resync/desk";
        let staff = acl("staff", "desk");
        assert_eq!(staff.may_publish(message(command, Retain::No, Payload::Empty)), Ok(()));
        assert_eq!(staff.may_publish(message(command, Retain::Yes, Payload::Present)), Err(Denied::Retain));
    }
}
