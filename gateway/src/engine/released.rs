//! What one step lets out, after its rows are durable or witnessed.

use std::collections::BTreeSet;
use std::sync::Arc;

use vestibule_core::effect::Effect;
use vestibule_store::JournalRow;

/// What one step lets out. Nothing of it may be lost: each is released once.
#[derive(Debug, Default)]
pub struct Released {
    /// Effects in order; each changed thing once.
    pub effects: Vec<Effect>,
    /// Rows that became durable, in order.
    pub rows: Vec<JournalRow>,
    /// Rows that wait for the disk, in order.
    pub witnesses: Vec<Witness>,
    /// Whether the public truth may have changed.
    pub view: ViewChange,
    /// The daemon must start anew to load what the disk holds.
    pub restart: Option<String>,
}

/// A row that is shown before it is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// CloudEvents type.
    pub event_type: &'static str,
    /// The CloudEvents document with a provisional id and no sequence.
    pub bytes: Arc<[u8]>,
}

/// How urgently the snapshot must be made anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum ViewChange {
    /// Nothing was decided.
    #[default]
    None,
    /// Something was heard again; only observation times differ.
    Observed,
    /// Somebody is told of a change and reads the snapshot for it.
    Changed,
}

impl Released {
    /// Drops all but the last telling of each changed thing: they are rendered from one snapshot.
    pub(crate) fn tell_once(&mut self) {
        let mut told = BTreeSet::new();
        let mut kept: Vec<Effect> = Vec::with_capacity(self.effects.len());
        for effect in self.effects.drain(..).rev() {
            let again = matches!(&effect, Effect::Changed(thing) if !told.insert(thing.clone()));
            if !again {
                kept.push(effect);
            }
        }
        kept.reverse();
        self.effects = kept;
    }
}

#[cfg(test)]
mod tests {
    use vestibule_core::effect::Thing;

    use super::*;

    #[test]
    fn thing_is_told_once_when_it_changed_twice_in_a_step() {
        let line = Thing::Line("one".parse().expect("id"));
        let changed = |thing: &Thing| Effect::Changed(thing.clone());
        let effects = vec![changed(&Thing::Gateway), changed(&line), changed(&Thing::Gateway)];
        let mut released = Released { effects, ..Released::default() };
        released.tell_once();
        assert_eq!(released.effects, [changed(&line), changed(&Thing::Gateway)]);
    }
}
