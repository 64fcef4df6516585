//! What happens by itself while people act, printed as it comes: doors, and notices that the notifier opens.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use sim_devices::{Events, Happening, SimTime};

use crate::cloud::Notifier;
use crate::house::House;
use crate::timeline::{Timeline, Who};

/// How often a thread looks whether it should end.
const LOOK: Duration = Duration::from_millis(100);

/// A thread that prints until it is dropped.
pub struct Watcher {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Watcher {
    /// Prints what the doors do.
    #[must_use]
    pub fn of_doors(events: Events, house: &House, timeline: &Arc<Timeline>) -> Self {
        let timeline = Arc::clone(timeline);
        let origin = house.line.instant(SimTime::ZERO);
        Self::start(move || {
            let Some(event) = events.next(LOOK) else { return };
            if worth_showing(&event.what) {
                let since = Duration::from_micros(event.at.as_micros() - SimTime::ZERO.as_micros());
                timeline.say_at(origin + since, Who::Door, &event.what.to_string());
            }
        })
    }

    /// Prints each notice that the notifier opens.
    #[must_use]
    pub fn of_notices(notifier: Notifier, timeline: &Arc<Timeline>) -> Self {
        let timeline = Arc::clone(timeline);
        Self::start(move || {
            if let Ok(notice) = notifier.next(LOOK) {
                timeline.say(Who::Cloud, &crate::story::told(&notice));
            }
        })
    }

    fn start(mut step: impl FnMut() + Send + 'static) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                step();
            }
        });
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

const fn worth_showing(what: &Happening) -> bool {
    use Happening as H;
    matches!(
        what,
        H::DoorJammed(_)
            | H::DoorAjar(_)
            | H::DoorForced(_)
            | H::DoorShut(_)
            | H::ParcelIn(_)
            | H::ParcelOut(_)
    )
}
