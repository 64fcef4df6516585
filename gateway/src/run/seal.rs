//! Breaks of the seal become rows of the journal: those noted down while the daemon was stopped, and those it lends itself to.

use std::path::Path;
use std::time::Duration;

use tokio::time::timeout;
use vestibule_core::command::REASON_MAX;
use vestibule_core::input::{Input, SealBreak};
use vestibule_core::time::Timestamp;

use crate::commission::{Break, Seal, SealError};
use crate::console::PERSON_MAX;
use crate::engine::EngineHandle;

/// How long a row may take to be durable; with a dead disk it waits in memory, and is told again at the next start.
const RECORD_TIME_MAX: Duration = Duration::from_secs(10);

/// Hands every break that the journal does not have to the engine, and notes which it has; whether it has them all. A copy of
/// the seal that is gone is a break itself.
pub async fn tell_breaks(engine: &EngineHandle, state_dir: &Path) -> bool {
    let untold = match untold(state_dir) {
        Ok(untold) => untold,
        Err(why) => {
            tracing::error!(%why, "nobody can tell whether the seal was broken; nothing is moved past the daemon");
            return false;
        }
    };
    if untold.is_empty() {
        return true;
    }
    if !recorded(engine, &untold).await {
        return false;
    }
    if let Err(why) = Seal::mark_told(state_dir, &untold) {
        tracing::warn!(%why, "breaks of the seal are journalled, and will be once more at the next start");
    }
    true
}

/// Breaks that the journal does not have, with that of a copy that somebody took.
fn untold(state_dir: &Path) -> Result<Vec<Break>, SealError> {
    if Seal::copy_is_gone(state_dir)? {
        tracing::error!("one of the two copies of the seal is gone; it is restored from the other");
        let at = jiff::Timestamp::now().as_millisecond();
        let reason = "one of the two copies of the seal was removed".to_owned();
        let one = Break { by: "unknown".to_owned(), second: None, at, reason, told: false };
        if let Err(why) = Seal::record(state_dir, one) {
            tracing::error!(%why, "the seal cannot be restored");
        }
    }
    Ok(Seal::of(state_dir)?.iter().flat_map(|seal| seal.untold().cloned()).collect())
}

/// The beginning of a text of a file that others can write: a row of the journal has an end.
fn clipped(mut text: String, bytes: usize) -> String {
    text.truncate(text.floor_char_boundary(bytes));
    text
}

/// Whether these are durable rows now.
async fn recorded(engine: &EngineHandle, breaks: &[Break]) -> bool {
    let before = engine.view().counters;
    for one in breaks {
        let Break { by, second, at, reason, .. } = one.clone();
        let (by, reason) = (clipped(by, PERSON_MAX), clipped(reason, REASON_MAX));
        let second = second.map(|second| clipped(second, PERSON_MAX));
        let broken = SealBreak { by: by.into(), second, at: Timestamp(at), reason };
        tracing::warn!(by = %broken.by, reason = broken.reason, "the seal was broken");
        if engine.submit(Input::SealBroken(broken)).is_err() {
            return false;
        }
    }
    let count = u64::try_from(breaks.len()).unwrap_or(u64::MAX);
    let mut changed = engine.changed();
    let durable = changed.wait_for(|published| {
        let now = published.counters;
        now.inputs >= before.inputs + count && now.rows >= before.rows + count
    });
    matches!(timeout(RECORD_TIME_MAX, durable).await, Ok(Ok(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_the_seals_file_are_clipped_between_characters() {
        assert_eq!(clipped("door".to_owned(), 64), "door");
        assert_eq!(clipped("\u{1f4e6}".repeat(10), 7), "\u{1f4e6}");
    }
}
