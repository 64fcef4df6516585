//! What waits to be said about the building: changed things, replies, end markers of `resync`, samples.

use std::collections::{BTreeSet, VecDeque};

use vestibule_contract::state;
use vestibule_contract::topic::Topic;
use vestibule_core::effect::Thing;
use vestibule_core::id::BuildingId;
use vestibule_core::view::View;

use super::Publisher;
use super::limits::{CLEARED_MAX, REPLIES_MAX};
use super::message::Message;

/// What a publication was for.
#[derive(Debug)]
pub(super) enum Said {
    /// The state of a thing; said anew after each connect.
    State,
    /// A reply, said again if it is lost.
    Reply(Message),
    /// A sample; nobody asks whether it arrived.
    Sample,
}

/// Everything that waits. Things coalesce: only the newest truth of each is said.
#[derive(Debug, Default)]
pub(super) struct Outbound {
    birth: bool,
    changed: BTreeSet<Thing>,
    cleared: BTreeSet<String>,
    replies: VecDeque<Message>,
    markers: VecDeque<Message>,
    dropped: u64,
}

impl Outbound {
    /// All state is to be said, the gateway's first.
    pub(super) fn everything(&mut self, view: &View) {
        self.birth = true;
        self.changed.extend(state::every_thing(view));
        self.changed.remove(&Thing::Gateway);
    }

    /// This thing's state is to be said.
    pub(super) fn changed(&mut self, thing: Thing) {
        if thing == Thing::Gateway {
            self.birth = true;
        } else {
            self.changed.insert(thing);
        }
    }

    /// A retained state topic belongs to nothing that is configured.
    pub(super) fn clear(&mut self, topic: String) {
        if self.cleared.len() < CLEARED_MAX {
            self.cleared.insert(topic);
        } else if !self.cleared.contains(&topic) {
            self.dropped += 1;
        }
    }

    /// An answer is to be given.
    pub(super) fn reply(&mut self, message: Message) {
        Self::queue(&mut self.replies, message, &mut self.dropped);
    }

    /// An answer is to be given once all state that waits now has been said.
    pub(super) fn marker(&mut self, message: Message) {
        Self::queue(&mut self.markers, message, &mut self.dropped);
    }

    fn queue(queue: &mut VecDeque<Message>, message: Message, dropped: &mut u64) {
        if queue.len() >= REPLIES_MAX {
            queue.pop_front();
            *dropped += 1;
            tracing::warn!(waiting = REPLIES_MAX, "oldest reply dropped: the broker takes none");
        }
        queue.push_back(message);
    }

    /// A reply that was not acknowledged goes first.
    pub(super) fn again(&mut self, lost: Vec<Said>) {
        for said in lost.into_iter().rev() {
            if let Said::Reply(message) = said
                && self.replies.len() < REPLIES_MAX
            {
                self.replies.push_front(message);
            }
        }
    }

    /// Replies, and topics to be cleared, that were dropped since the start.
    pub(super) const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The next message: birth, replies, changed things, cleared topics, end markers.
    pub(super) fn next(&mut self, publisher: &Publisher, view: &View) -> Option<(Message, Said)> {
        if std::mem::take(&mut self.birth)
            && let Some(message) = state(publisher, view, &Thing::Gateway)
        {
            return Some((message, Said::State));
        }
        if let Some(reply) = self.replies.pop_front() {
            return Some((reply.clone(), Said::Reply(reply)));
        }
        while let Some(thing) = self.changed.pop_first() {
            if let Some(message) = state(publisher, view, &thing) {
                return Some((message, Said::State));
            }
        }
        if let Some(topic) = self.cleared.pop_first() {
            return Some((Message::kept(topic, Vec::new()), Said::State));
        }
        self.markers.pop_front().map(|marker| (marker.clone(), Said::Reply(marker)))
    }
}

/// The state message of a thing; one that is gone is cleared.
fn state(publisher: &Publisher, view: &View, thing: &Thing) -> Option<Message> {
    let topic = Topic::State(thing.clone()).text(&publisher.building);
    match state::render(view, thing, publisher.stamp()) {
        Ok(payload) => Some(Message::kept(topic, payload.unwrap_or_default())),
        Err(error) => {
            tracing::error!(%error, topic, "state not written");
            None
        }
    }
}

/// Whether a state topic belongs to something that has state.
pub(super) fn is_current(building: &BuildingId, view: &View, topic: &str) -> bool {
    match Topic::parse(building, topic) {
        Ok(Topic::State(thing)) => state::every_thing(view).contains(&thing),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use vestibule_contract::identity::BootId;
    use vestibule_core::id::ProbeId;
    use vestibule_core::time::{ClockTrust, Timestamp};
    use vestibule_core::unit::MilliCelsius;
    use vestibule_core::view::{GatewayView, Quality, Seen, StorageView};

    use super::*;

    fn house() -> (Publisher, View) {
        let gateway = GatewayView {
            boot: 1,
            version: "1".into(),
            started: Timestamp(0),
            clock: ClockTrust::Untrusted,
            storage: StorageView::Good,
        };
        let cold = Seen { value: Some(MilliCelsius(4_000)), quality: Quality::Good, observed_at: None };
        let view = View {
            gateway,
            compartments: BTreeMap::new(),
            probes: [(ProbeId::new("cold-1").unwrap(), cold)].into(),
            devices: BTreeMap::new(),
            lines: BTreeMap::new(),
            terminals: BTreeMap::new(),
            readers: BTreeMap::new(),
        };
        (Publisher::new(BuildingId::new("b").unwrap(), 1, BootId([0; 16]), "1"), view)
    }

    fn topics(outbound: &mut Outbound) -> Vec<String> {
        let (publisher, view) = house();
        let next = || outbound.next(&publisher, &view).map(|(message, _)| message.topic);
        std::iter::from_fn(next).collect()
    }

    fn reply(topic: &str) -> Message {
        Message::once(topic.into(), Vec::new())
    }

    #[test]
    fn end_marker_comes_after_all_state_and_replies_before_it() {
        let mut outbound = Outbound::default();
        outbound.marker(reply("marker"));
        outbound.everything(&house().1);
        outbound.reply(reply("reply"));
        let probe = "vestibule/v1/b/state/probe/cold-1";
        assert_eq!(topics(&mut outbound), ["vestibule/v1/b/state/gateway/self", "reply", probe, "marker"]);
    }

    #[test]
    fn thing_is_said_once_when_it_changes_often() {
        let mut outbound = Outbound::default();
        for _ in 0..1_000 {
            outbound.changed(Thing::Probe(ProbeId::new("cold-1").unwrap()));
        }
        assert_eq!(topics(&mut outbound).len(), 1);
    }

    #[test]
    fn topic_is_cleared_when_the_thing_is_gone() {
        let (publisher, view) = house();
        let mut outbound = Outbound::default();
        outbound.changed(Thing::Probe(ProbeId::new("gone").unwrap()));
        let (message, _) = outbound.next(&publisher, &view).unwrap();
        assert!(message.payload.is_empty() && message.retain());
    }

    #[test]
    fn topics_to_be_cleared_are_bounded_and_counted() {
        let mut outbound = Outbound::default();
        for number in 0..CLEARED_MAX + 3 {
            outbound.clear(format!("vestibule/v1/b/state/probe/gone-{number}"));
        }
        outbound.clear("vestibule/v1/b/state/probe/gone-0".into());
        assert_eq!(outbound.dropped(), 3);
        assert_eq!(topics(&mut outbound).len(), CLEARED_MAX);
    }

    #[test]
    fn replies_are_bounded_and_lost_ones_go_first_in_their_order() {
        let mut outbound = Outbound::default();
        for number in 0..=REPLIES_MAX {
            outbound.reply(reply(&number.to_string()));
        }
        assert_eq!(outbound.dropped(), 1);
        let mut outbound = Outbound::default();
        outbound.reply(reply("c"));
        outbound.again(vec![Said::Reply(reply("a")), Said::State, Said::Reply(reply("b"))]);
        assert_eq!(topics(&mut outbound), ["a", "b", "c"]);
    }
}
