//! The filters that one client subscribes to, and what it wishes of each that rumqttd does not know.

use std::collections::HashMap;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::RetainForwardRule;

use super::topic::covers;

/// Every subscription of a connection.
#[derive(Debug, Default)]
pub(super) struct Wishes(HashMap<String, Wish>);

/// How one filter was subscribed to.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    pub(super) qos: QoS,
    pub(super) retained: RetainForwardRule,
}

/// What rumqttd must do with a filter that is subscribed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// Nothing before it.
    New,
    /// It must forget the filter first: it neither changes the QoS of one it knows nor sends its retained messages again.
    Anew,
    /// It may go on as it is.
    Same,
}

impl Wishes {
    /// Takes a subscription up.
    pub(super) fn add(&mut self, filter: &str, wish: Wish) -> Known {
        let (qos, each) = (wish.qos, wish.retained == RetainForwardRule::OnEverySubscribe);
        match self.0.insert(filter.to_owned(), wish) {
            None => Known::New,
            Some(before) if each || before.qos != qos => Known::Anew,
            Some(_) => Known::Same,
        }
    }

    /// Ends a subscription, if there is one.
    pub(super) fn remove(&mut self, filter: &str) -> bool {
        self.0.remove(filter).is_some()
    }

    /// Whether one more filter is one too many.
    pub(super) fn is_too_many(&self, filter: &str, most: usize) -> bool {
        !self.0.contains_key(filter) && self.0.len() >= most
    }

    /// Whether a retained message is wished for by none of the filters that it can have come for.
    pub(super) fn is_unasked(&self, topic: &str) -> bool {
        let mut own = self.0.iter().filter(|(filter, _)| covers(filter, topic)).peekable();
        own.peek().is_some() && own.all(|(_, wish)| wish.retained == RetainForwardRule::Never)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retained_messages_come_as_they_are_wished_for() {
        let mut wishes = Wishes::default();
        let wish = |qos, retained| Wish { qos, retained };
        let (each, new, never) = (
            RetainForwardRule::OnEverySubscribe,
            RetainForwardRule::OnNewSubscribe,
            RetainForwardRule::Never,
        );
        assert_eq!(wishes.add("a/+", wish(QoS::AtMostOnce, never.clone())), Known::New);
        assert!(wishes.is_unasked("a/b"));
        assert!(!wishes.is_unasked("b"), "nobody knows what it came for");
        assert_eq!(wishes.add("a/b", wish(QoS::AtMostOnce, new.clone())), Known::New);
        assert!(!wishes.is_unasked("a/b"));
        assert_eq!(wishes.add("a/b", wish(QoS::AtMostOnce, new.clone())), Known::Same);
        assert_eq!(wishes.add("a/b", wish(QoS::AtLeastOnce, new)), Known::Anew);
        assert_eq!(wishes.add("a/b", wish(QoS::AtLeastOnce, each)), Known::Anew);
        assert!(wishes.remove("a/b") && !wishes.remove("a/b"));
        assert!(wishes.is_too_many("c", 1) && !wishes.is_too_many("a/+", 1));
        assert!(wishes.is_unasked("a/b"));
    }
}
