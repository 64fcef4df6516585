//! Scanners: what is scanned is typed at the scanner's terminal, and how a scanner is, is told as of a board.

use std::time::Duration;

use device_drivers::scanner::{ScannerSignal, ScannerState};
use device_drivers::time::Monotonic;
use vestibule_core::id::{DeviceId, TerminalId};
use vestibule_core::input::{Entry, Health, Input, Typed};

/// A scanner that somebody tried to set up is shown as degraded for so long, so that whoever looks in a minute sees it.
const ALARM_REST: Duration = Duration::from_secs(60);

/// What one scanner's signals mean.
pub struct ScannerEar {
    device: DeviceId,
    terminal: Option<TerminalId>,
    state: ScannerState,
    told: Option<Health>,
    alarmed: Option<Monotonic>,
}

impl ScannerEar {
    /// The ear of a scanner that hangs at that terminal.
    #[must_use]
    pub const fn new(device: DeviceId, terminal: Option<TerminalId>) -> Self {
        Self { device, terminal, state: ScannerState::Away, told: None, alarmed: None }
    }

    /// What the core is to know of a signal.
    pub fn hear(&mut self, signal: &ScannerSignal) -> Vec<Input> {
        let mut inputs = Vec::new();
        match signal {
            ScannerSignal::Scan { text, .. } => {
                // Longer than what anybody may type is no code and no label.
                let typed = Typed::new(text.expose());
                if let (Some(typed), Some(terminal)) = (typed, &self.terminal) {
                    inputs.push(Input::Entry { terminal: terminal.clone(), entry: Entry::Typed(typed) });
                }
            }
            ScannerSignal::Alarm { at, .. } => self.alarmed = Some(*at),
            ScannerSignal::State { state, .. } => self.state = *state,
            ScannerSignal::Counters { at, .. } => {
                self.alarmed = self.alarmed.filter(|alarmed| at.since(*alarmed) < ALARM_REST);
            }
            ScannerSignal::Dropped { .. } | ScannerSignal::Port { .. } => {}
        }
        inputs.extend(self.health().map(|health| Input::Device { device: self.device.clone(), health }));
        inputs
    }

    /// How it is, where that has changed.
    fn health(&mut self) -> Option<Health> {
        let health = match (self.state, self.alarmed) {
            (ScannerState::Away, _) => Health::Offline,
            (ScannerState::Silent, _) | (ScannerState::Ready, Some(_)) => Health::Degraded,
            (ScannerState::Ready, None) => Health::Online,
        };
        (self.told.replace(health) != Some(health)).then_some(health)
    }
}

#[cfg(test)]
mod tests {
    use device_drivers::scanner::{ScanText, ScannerAlarm, ScannerCounters};

    use super::*;

    fn at(seconds: u64) -> Monotonic {
        Monotonic::from_micros(seconds * 1_000_000)
    }

    fn ear() -> ScannerEar {
        ScannerEar::new("lobby-scanner".parse().expect("id"), Some("lobby".parse().expect("id")))
    }

    fn healths(ear: &mut ScannerEar, signal: &ScannerSignal) -> Vec<Health> {
        let inputs = ear.hear(signal);
        inputs
            .iter()
            .filter_map(|i| if let Input::Device { health, .. } = i { Some(*health) } else { None })
            .collect()
    }

    #[test]
    fn scan_is_typed_at_its_terminal() {
        let mut ear = ear();
        let _offline = ear.hear(&ScannerSignal::State { at: at(0), state: ScannerState::Ready });
        let text = ScanText::of(b"271-828-1828").expect("text");
        let inputs = ear.hear(&ScannerSignal::Scan { at: at(1), text });
        let [Input::Entry { terminal, entry: Entry::Typed(typed) }] = &inputs[..] else { panic!("no entry") };
        assert_eq!((terminal.as_str(), typed.expose()), ("lobby", "271-828-1828"));
        let long = ScanText::of(&[b'7'; 100]).expect("text");
        assert!(ear.hear(&ScannerSignal::Scan { at: at(1), text: long }).is_empty());
    }

    #[test]
    fn alarm_shows_for_a_minute() {
        let mut ear = ear();
        let ready = ScannerSignal::State { at: at(0), state: ScannerState::Ready };
        let counters = |s| ScannerSignal::Counters { at: at(s), counters: ScannerCounters::default() };
        let alarm = ScannerSignal::Alarm { at: at(10), alarm: ScannerAlarm::SetUpCode };
        assert_eq!(healths(&mut ear, &ready), [Health::Online]);
        assert_eq!(healths(&mut ear, &alarm), [Health::Degraded]);
        assert_eq!(healths(&mut ear, &counters(60)), []);
        assert_eq!(healths(&mut ear, &counters(70)), [Health::Online]);
        let away = ScannerSignal::State { at: at(80), state: ScannerState::Away };
        assert_eq!(healths(&mut ear, &away), [Health::Offline]);
    }
}
