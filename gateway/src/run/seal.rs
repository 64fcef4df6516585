//! The seal while the daemon runs: looked at every minute, and whatever it has to tell becomes rows of the journal.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval, timeout};
use vestibule_core::command::REASON_MAX;
use vestibule_core::input::{Input, SealBreak};
use vestibule_core::time::Timestamp;
use vestibule_core::view::StorageView;
use vestibule_store::Reader;

use crate::clock;
use crate::commission::{Break, Seal, SealError, SealStanding, known};
use crate::console::PERSON_MAX;
use crate::engine::EngineHandle;
use crate::telemetry::Telemetry;

/// How long a row may take to be durable; with a dead disk it waits in memory, and is told again at the next look.
const RECORD_TIME_MAX: Duration = Duration::from_secs(10);
/// Between two looks at two small files.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// What was handed to the engine and was not durable in time: its rows wait in memory and are not handed in twice. Held by
/// whoever tells the journal, one at a time.
static HANDED: Mutex<Option<Seal>> = Mutex::const_new(None);

/// Looks at the seal for ever. A seal of which both copies are gone is put back at the first look, where mark or journal know
/// of it.
pub(super) async fn keep_seal(
    engine: EngineHandle,
    journal: Reader,
    telemetry: Telemetry,
    state_dir: PathBuf,
) {
    let mut due = interval(LOOK_EVERY);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut journal = Some(journal);
    loop {
        due.tick().await;
        let (folder, first) = (state_dir.clone(), journal.take());
        // A dying disk holds a read back for long.
        let looked = spawn_blocking(move || {
            put_back(&folder, first.as_ref());
            Seal::of(&folder)
        });
        let Ok(looked) = looked.await else { return };
        match looked {
            Ok(Some(_)) => drop(tell_breaks(&engine, &state_dir).await),
            Ok(None) => {}
            Err(why) => {
                tracing::warn!(%why, "nobody can tell whether the site is commissioned, or its seal was broken")
            }
        }
        let folder = state_dir.clone();
        let Ok(standing) = spawn_blocking(move || SealStanding::of(&folder)).await else { return };
        telemetry.seal(standing);
    }
}

/// Where mark or journal know of a seal and the disk has none, it comes back, and is broken.
fn put_back(state_dir: &Path, journal: Option<&Reader>) {
    if !matches!(Seal::of(state_dir), Ok(None)) {
        return;
    }
    let Some(known) = known(state_dir, journal) else { return };
    tracing::error!(
        by = known.by,
        "both copies of the seal of this commissioned site are gone; it is put back as broken"
    );
    if let Err(why) = Seal::restore(state_dir, known, clock::wall().0) {
        tracing::error!(%why, "the seal cannot be put back");
    }
}

/// Hands whatever the journal does not have of the seal to the engine, and notes that it has; whether it has it all. A copy
/// that is gone is a break itself.
pub async fn tell_breaks(engine: &EngineHandle, state_dir: &Path) -> bool {
    let mut handed = HANDED.lock().await;
    let seal = match whole_seal(state_dir) {
        Ok(Some(seal)) => seal,
        Ok(None) => return true,
        Err(why) => {
            tracing::error!(%why, "nobody can tell whether the seal was broken; nothing is moved past the daemon");
            return false;
        }
    };
    if seal.told && seal.untold().next().is_none() {
        return true;
    }
    // Without a disk a row would wait in memory only; the seal's files keep it as well.
    if engine.view().view.gateway.storage != StorageView::Good {
        return false;
    }
    let inputs = news(&seal, handed.take().as_ref());
    if !recorded(engine, inputs).await {
        *handed = Some(seal);
        return false;
    }
    if let Err(why) = seal.mark_told(state_dir) {
        tracing::warn!(%why, "breaks of the seal are journalled, and will be once more at the next look");
    }
    true
}

/// The seal, a copy that somebody took put back.
fn whole_seal(state_dir: &Path) -> Result<Option<Seal>, SealError> {
    match Seal::restore_copy(state_dir, clock::wall().0) {
        Ok(true) => {
            tracing::error!("one of the two copies of the seal was gone; it is put back from the other")
        }
        Ok(false) => {}
        Err(why) => tracing::error!(%why, "a copy of the seal cannot be put back"),
    }
    Seal::of(state_dir)
}

/// The beginning of a text of a file that others can write: a row of the journal has an end.
fn clipped(mut text: String, bytes: usize) -> String {
    text.truncate(text.floor_char_boundary(bytes));
    text
}

/// What this seal has to tell that was not handed in before.
fn news(seal: &Seal, handed: Option<&Seal>) -> Vec<Input> {
    let set_is_known = seal.told || handed.is_some_and(|handed| handed.walks == seal.walks);
    let set = (!set_is_known).then(|| {
        let by = clipped(seal.by.clone(), PERSON_MAX);
        tracing::info!(by, "the site is commissioned");
        Input::SealSet { by: by.into(), at: Timestamp(seal.at) }
    });
    let is_known = |one: &Break| handed.is_some_and(|handed| handed.untold().any(|known| known == one));
    set.into_iter().chain(seal.untold().filter(|one| !is_known(one)).map(broken)).collect()
}

/// Whether these are durable rows now.
async fn recorded(engine: &EngineHandle, inputs: Vec<Input>) -> bool {
    let before = engine.view().counters;
    let count = u64::try_from(inputs.len()).unwrap_or(u64::MAX);
    if inputs.into_iter().any(|input| engine.submit(input).is_err()) {
        return false;
    }
    let mut changed = engine.changed();
    let durable = changed.wait_for(|published| {
        let now = published.counters;
        now.inputs >= before.inputs + count && now.rows >= before.rows + count
    });
    matches!(timeout(RECORD_TIME_MAX, durable).await, Ok(Ok(_)))
}

fn broken(one: &Break) -> Input {
    let Break { by, second, at, reason, .. } = one.clone();
    let (by, reason) = (clipped(by, PERSON_MAX), clipped(reason, REASON_MAX));
    let second = second.map(|second| clipped(second, PERSON_MAX));
    tracing::warn!(by, reason, "the seal was broken");
    Input::SealBroken(SealBreak { by: by.into(), second, at: Timestamp(at), reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_handed_in_is_not_told_twice_while_the_disk_is_away() {
        let one = |at| Break::new("os:eve".into(), None, at, "lock of A3".into());
        let mut seal = Seal { by: "os:anna".into(), at: 1, walks: 1, told: false, breaks: vec![one(2)] };
        assert_eq!(news(&seal, None).len(), 2, "that it was set, and broken");
        let handed = seal.clone();
        assert!(news(&seal, Some(&handed)).is_empty());
        seal.breaks.push(one(3));
        assert!(matches!(&news(&seal, Some(&handed))[..], [Input::SealBroken(it)] if it.at == Timestamp(3)));
        seal.walks = 2;
        assert!(matches!(&news(&seal, Some(&handed))[0], Input::SealSet { .. }));
    }

    #[test]
    fn texts_of_the_seals_file_are_clipped_between_characters() {
        assert_eq!(clipped("door".to_owned(), 64), "door");
        assert_eq!(clipped("\u{1f4e6}".repeat(10), 7), "\u{1f4e6}");
    }
}
