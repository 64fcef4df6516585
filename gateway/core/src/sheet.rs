//! One table seen through the changes of the decision being made.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// A table of the building with the pending changes laid over it.
pub(crate) struct Sheet<'a, K, V> {
    below: &'a BTreeMap<K, V>,
    over: BTreeMap<K, Option<V>>,
}

impl<'a, K: Ord + Clone, V: Clone + PartialEq> Sheet<'a, K, V> {
    pub(crate) const fn new(below: &'a BTreeMap<K, V>) -> Self {
        Self { below, over: BTreeMap::new() }
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        match self.over.get(key) {
            Some(changed) => changed.as_ref(),
            None => self.below.get(key),
        }
    }

    pub(crate) fn put(&mut self, key: K, value: V) {
        self.over.insert(key, Some(value));
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let gone = self.get(key).cloned();
        if gone.is_some() {
            self.over.insert(key.clone(), None);
        }
        gone
    }

    /// Changes the value in place, if there is one.
    pub(crate) fn edit(&mut self, key: &K, change: impl FnOnce(&mut V)) {
        if let Some(mut value) = self.get(key).cloned() {
            change(&mut value);
            self.over.insert(key.clone(), Some(value));
        }
    }

    /// All entries: first those of the table, in order, then those the decision added, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        let kept = self.below.iter().filter_map(|(key, value)| match self.over.get(key) {
            Some(changed) => changed.as_ref().map(|value| (key, value)),
            None => Some((key, value)),
        });
        let added = self
            .over
            .iter()
            .filter(|(key, _)| !self.below.contains_key(*key))
            .filter_map(|(key, value)| value.as_ref().map(|value| (key, value)));
        kept.chain(added)
    }

    pub(crate) fn contains(&self, key: &K) -> bool {
        self.get(key).is_some()
    }

    pub(crate) fn len(&self) -> usize {
        let added = self.over.iter().filter(|(k, v)| v.is_some() && !self.below.contains_key(*k)).count();
        let removed = self.over.iter().filter(|(k, v)| v.is_none() && self.below.contains_key(*k)).count();
        self.below.len() + added - removed
    }

    /// Keys whose public part differs from the table below.
    pub(crate) fn changed<P: PartialEq>(&self, public: impl Fn(&V) -> P) -> impl Iterator<Item = K> {
        self.over
            .iter()
            .filter(move |(key, value)| self.below.get(key).map(&public) != value.as_ref().map(&public))
            .map(|(key, _)| key.clone())
    }

    /// What really differs from the table below.
    pub(crate) fn into_changes(self) -> Vec<(K, Option<V>)> {
        let below = self.below;
        self.over.into_iter().filter(|(key, value)| below.get(key) != value.as_ref()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_sees_the_pending_change_when_one_lies_over_the_table() {
        let below = BTreeMap::from([(1, 'a'), (2, 'b')]);
        let mut sheet = Sheet::new(&below);
        sheet.put(2, 'x');
        sheet.put(3, 'c');
        sheet.remove(&1);
        assert_eq!(sheet.get(&1), None);
        assert_eq!(sheet.iter().map(|(k, v)| (*k, *v)).collect::<Vec<_>>(), [(2, 'x'), (3, 'c')]);
        assert_eq!(sheet.len(), 2);
    }

    #[test]
    fn nothing_is_changed_when_a_value_is_put_back_as_it_was() {
        let below = BTreeMap::from([(1, 'a')]);
        let mut sheet = Sheet::new(&below);
        sheet.put(1, 'z');
        sheet.put(1, 'a');
        assert!(sheet.into_changes().is_empty());
    }
}
