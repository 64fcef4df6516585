//! Different topics and filters, bounded for the life of the process: rumqttd keeps memory for each for ever.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use super::limits::{FILTERS_MAX, FILTERS_PER_NAME_MAX, TOPICS_MAX};

/// The topics and filters seen.
#[derive(Debug, Default)]
pub(super) struct Quota {
    topics: Mutex<HashSet<String>>,
    filters: Mutex<Filters>,
}

#[derive(Debug, Default)]
struct Filters {
    all: HashSet<String>,
    by_name: HashMap<String, HashSet<String>>,
}

/// A bound would be passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Exceeded {
    #[error("more than {TOPICS_MAX} different topics since the broker started")]
    Topics,
    #[error("more than {FILTERS_PER_NAME_MAX} different filters of one name since the broker started")]
    FiltersOfName,
    #[error("more than {FILTERS_MAX} different filters since the broker started")]
    Filters,
}

impl Quota {
    /// Counts a topic that is published to.
    pub(super) fn topic(&self, topic: &str) -> Result<(), Exceeded> {
        let mut topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
        if topics.contains(topic) {
            return Ok(());
        }
        if topics.len() >= TOPICS_MAX {
            return Err(Exceeded::Topics);
        }
        topics.insert(topic.to_owned());
        Ok(())
    }

    /// Counts a filter that `name` subscribes to.
    pub(super) fn filter(&self, name: &str, filter: &str) -> Result<(), Exceeded> {
        let mut filters = self.filters.lock().unwrap_or_else(PoisonError::into_inner);
        let Filters { all, by_name } = &mut *filters;
        let own = by_name.entry(name.to_owned()).or_default();
        if own.contains(filter) {
            return Ok(());
        }
        if own.len() >= FILTERS_PER_NAME_MAX {
            return Err(Exceeded::FiltersOfName);
        }
        if !all.contains(filter) && all.len() >= FILTERS_MAX {
            return Err(Exceeded::Filters);
        }
        own.insert(filter.to_owned());
        all.insert(filter.to_owned());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_names_filters_leave_room_for_others() {
        let quota = Quota::default();
        for number in 0..FILTERS_PER_NAME_MAX {
            quota.filter("desk", &format!("a/{number}")).unwrap();
        }
        assert_eq!(quota.filter("desk", "b"), Err(Exceeded::FiltersOfName));
        assert_eq!(quota.filter("desk", "a/0"), Ok(()));
        assert_eq!(quota.filter("night", "b"), Ok(()));
    }

    #[test]
    fn topics_are_bounded() {
        let quota = Quota::default();
        for number in 0..TOPICS_MAX {
            quota.topic(&number.to_string()).unwrap();
        }
        assert_eq!(quota.topic("one more"), Err(Exceeded::Topics));
        assert_eq!(quota.topic("0"), Ok(()));
    }
}
