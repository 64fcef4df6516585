//! Breaks of the seal become rows of the journal: those noted down while the daemon was stopped, and those it lends itself to.

use std::path::Path;
use std::time::Duration;

use tokio::time::timeout;
use vestibule_core::input::{Input, SealBreak};
use vestibule_core::time::Timestamp;

use crate::commission::{Break, Seal};
use crate::engine::EngineHandle;

/// How long a row may take to be durable; with a dead disk it waits in memory, and is told again at the next start.
const RECORD_TIME_MAX: Duration = Duration::from_secs(10);

/// Hands every break that the journal does not have to the engine, and notes which it has. A copy of the seal that is gone
/// is a break itself.
pub async fn tell_breaks(engine: &EngineHandle, state_dir: &Path) {
    if Seal::copy_is_gone(state_dir) {
        tracing::error!("one of the two copies of the seal is gone; it is restored from the other");
        let at = jiff::Timestamp::now().as_millisecond();
        let reason = "one of the two copies of the seal was removed".to_owned();
        let one = Break { by: "unknown".to_owned(), second: None, at, reason, told: false };
        if let Err(why) = Seal::record(state_dir, one) {
            tracing::error!(%why, "the seal cannot be restored");
        }
    }
    let untold: Vec<Break> = Seal::of(state_dir).iter().flat_map(|seal| seal.untold().cloned()).collect();
    if untold.is_empty() || !recorded(engine, &untold).await {
        return;
    }
    if let Err(why) = Seal::mark_told(state_dir, &untold) {
        tracing::warn!(%why, "breaks of the seal are journalled, and will be once more at the next start");
    }
}

/// Whether these are durable rows now.
async fn recorded(engine: &EngineHandle, breaks: &[Break]) -> bool {
    let before = engine.view().counters;
    for one in breaks {
        let Break { by, second, at, reason, .. } = one.clone();
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
