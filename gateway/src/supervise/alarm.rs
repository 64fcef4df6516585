//! How parts tell that they have ended, panics included.

use tokio::sync::mpsc;
use vestibule_core::id::LineId;

/// Alarms waiting: the first one decides, the others are for the log.
const ALARMS_MAX: usize = 16;

/// A part whose end ends the daemon.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Part {
    Engine,
    Line(LineId),
}

/// What an alarm says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fallen {
    /// A part has ended.
    Ended(Part),
    /// The daemon must start anew; everything works until it does.
    Restart(String),
}

/// Raises alarms; never waits.
#[derive(Clone, Debug)]
pub struct Alarm(mpsc::Sender<Fallen>);

/// Says that its part has ended when it is dropped, by a panic too.
#[derive(Debug)]
pub struct Guard {
    alarm: Alarm,
    part: Part,
}

impl Alarm {
    /// The bell and its listener.
    #[must_use]
    pub fn new() -> (Self, mpsc::Receiver<Fallen>) {
        let (sender, receiver) = mpsc::channel(ALARMS_MAX);
        (Self(sender), receiver)
    }

    /// Raises an alarm. One that finds the queue full or nobody listening adds nothing to those before it.
    pub fn raise(&self, fallen: Fallen) {
        self.0.try_send(fallen).ok();
    }

    /// Watches a part: the guard lives where the part lives.
    #[must_use]
    pub fn guard(&self, part: Part) -> Guard {
        Guard { alarm: self.clone(), part }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.alarm.raise(Fallen::Ended(self.part.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn end_is_told_when_a_part_panics() {
        let (alarm, mut listener) = Alarm::new();
        let guard = alarm.guard(Part::Engine);
        let part = std::thread::spawn(move || {
            let _guard = guard;
            panic!("as a test");
        });
        assert!(part.join().is_err());
        assert_eq!(listener.try_recv(), Ok(Fallen::Ended(Part::Engine)));
    }
}
