//! Where core and readers meet: a reader's signals become entries and reports, screens become light, sound and text.

use std::time::Duration;

use device_drivers::osdp::{Buzz, Card as Read, Colour, Light, ReaderState, ReaderTask, Tamper};
use device_drivers::time::Monotonic;
use vestibule_core::command::Actor;
use vestibule_core::id::TerminalId;
use vestibule_core::input::{Card, Entry, Input, Key, Typed};
use vestibule_core::reader::{Housing, InstallStep, ReaderFault, ReaderReport};
use vestibule_core::screen::Screen;
use zeroize::{Zeroize as _, Zeroizing};

/// What the `#` key sends.
const HASH: u8 = 0x0D;
/// What the `*` key sends.
const STAR: u8 = 0x7F;
/// Keys that were pressed longer ago than this belong to somebody who has left.
const PATIENCE: Duration = Duration::from_secs(15);
/// Reports of one reader that may follow each other at once: an installer tries things.
const REPORTS_MAX: u8 = 20;
/// One more each so often: whoever plays with the wire forces at most six commits an hour.
const REPORT_EVERY: Duration = Duration::from_secs(600);

/// A twelve-key pad, whose keys come one by one. `#` closes what was typed; alone it goes on. `*` takes it back; alone it
/// cancels.
pub struct Keypad {
    typed: Zeroizing<String>,
    at: Monotonic,
    /// What the reader shows; `#` alone means what it asks for.
    screen: Screen,
}

impl Default for Keypad {
    fn default() -> Self {
        // All at once, so that no part of a code stays behind in memory that was outgrown.
        let typed = Zeroizing::new(String::with_capacity(Typed::MAX));
        Self { typed, at: Monotonic::ZERO, screen: Screen::Welcome }
    }
}

impl Keypad {
    /// Takes keys as they come; what they make.
    pub fn press(&mut self, keys: &[u8], now: Monotonic) -> Vec<Entry> {
        if now.since(self.at) > PATIENCE {
            self.clear();
        }
        self.at = now;
        keys.iter().filter_map(|key| self.key(*key)).collect()
    }

    fn key(&mut self, key: u8) -> Option<Entry> {
        match (key, self.typed.is_empty()) {
            (HASH, true) => Some(Entry::Key(match self.screen {
                Screen::TakeOut { more: 1.., .. } => Key::Next,
                _ => Key::Confirm,
            })),
            (HASH, false) => {
                let typed = Typed::new(&self.typed);
                self.clear();
                typed.map(Entry::Typed)
            }
            (STAR, true) => Some(Entry::Key(Key::Cancel)),
            (STAR, false) => {
                self.clear();
                None
            }
            (digit, _) if digit.is_ascii_alphanumeric() && self.typed.len() < Typed::MAX => {
                self.typed.push(char::from(digit));
                None
            }
            _ => None,
        }
    }

    fn clear(&mut self) {
        self.typed.zeroize();
    }

    /// What the reader is to show now: a light, a sound where one helps, and a text where there is a display.
    #[must_use]
    pub fn shown(&self) -> Vec<ReaderTask> {
        let (light, buzz, text) = shown(&self.screen);
        let light = std::iter::once(ReaderTask::Light(light));
        light.chain(buzz.map(ReaderTask::Buzz)).chain([ReaderTask::Text(text)]).collect()
    }
}

/// Shows a screen.
pub fn show(pad: &mut Keypad, screen: Screen) -> Vec<ReaderTask> {
    pad.screen = screen;
    pad.shown()
}

const fn beeps(times: u8) -> Option<Buzz> {
    Some(Buzz { on_ms: 100, off_ms: 100, times })
}

fn shown(screen: &Screen) -> (Light, Option<Buzz>, String) {
    let steady = Light::Steady;
    let blink = |on| Light::Blink { on, ms: 3_000 };
    match screen {
        Screen::Welcome => (steady(Colour::Blue), None, "Code, then #".into()),
        Screen::AskUnit => (steady(Colour::Amber), None, "Unit, then #".into()),
        Screen::AskCode => (steady(Colour::Amber), None, "Code, then #".into()),
        Screen::AskRecipient => (steady(Colour::Amber), None, "For which unit?".into()),
        Screen::ConfirmRecipient { unit } => {
            (steady(Colour::Amber), beeps(1), format!("Unit {unit}? #=yes *=no"))
        }
        Screen::AskSize { sizes } => (steady(Colour::Amber), None, format!("Size 1 to {}?", sizes.len())),
        Screen::Opening { label } => (blink(Colour::Green), None, format!("Door {label} opens")),
        Screen::PutIn { label } => (steady(Colour::Green), beeps(1), format!("Door {label}: put in")),
        Screen::Delivered { label } => (steady(Colour::Green), beeps(1), format!("Door {label}: done")),
        Screen::TakeOut { label, more: 0 } => {
            (steady(Colour::Green), beeps(1), format!("Door {label}: take out"))
        }
        Screen::TakeOut { label, more } => {
            (steady(Colour::Green), beeps(1), format!("Door {label}, {more} more: #"))
        }
        Screen::Collected { .. } => (steady(Colour::Green), beeps(1), "Thank you".into()),
        Screen::DoorFailed { label, .. } => (blink(Colour::Red), beeps(3), format!("Door {label} is stuck")),
        Screen::DoorCooling { label, seconds } => {
            (blink(Colour::Red), beeps(3), format!("Door {label}: wait {seconds} s"))
        }
        Screen::PleaseShut { label } => (blink(Colour::Amber), beeps(3), format!("Please shut door {label}")),
        Screen::StillThere => (blink(Colour::Amber), beeps(2), "Still there? #".into()),
        Screen::Refused { refusal, .. } => (blink(Colour::Red), beeps(3), refusal.word().replace('_', " ")),
    }
}

/// An entry of a terminal.
#[must_use]
pub fn entered(terminal: &TerminalId, entry: Entry) -> Input {
    Input::Entry { terminal: terminal.clone(), entry }
}

/// A card at a terminal; none for a number that no card has.
#[must_use]
pub fn tapped(terminal: &TerminalId, read: &Read) -> Option<Input> {
    Card::new(read.bits, &read.number).map(|card| entered(terminal, Entry::Card(card)))
}

/// What somebody (by the name the kernel gives them), or the gateway, did about a reader's key.
#[must_use]
pub fn install(terminal: &TerminalId, step: Step, by: Option<&str>) -> Input {
    let by = by.map_or(Actor::Gateway, |name| Actor::Staff(name.into()));
    let step = match step {
        Step::WindowOpened => InstallStep::WindowOpened,
        Step::Done => InstallStep::Done,
        Step::Expired => InstallStep::Expired,
        Step::Refused => InstallStep::Refused,
        Step::WindowClosed => InstallStep::WindowClosed,
        Step::Forgotten => InstallStep::Forgotten,
    };
    Input::Reader { terminal: terminal.clone(), report: ReaderReport::Install { step, by } }
}

/// See [`InstallStep`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "see `vestibule_core::reader::InstallStep`")]
pub enum Step {
    WindowOpened,
    Done,
    Expired,
    Refused,
    WindowClosed,
    Forgotten,
}

/// What the journal is told of one reader: changes, in bounds.
pub struct Reporter {
    terminal: TerminalId,
    state: Level<ReaderState>,
    tamper: Level<Tamper>,
    clear_reads: u32,
    left: u8,
    refill_at: Monotonic,
}

/// How something is, and what was told of it.
#[derive(Clone, Copy)]
struct Level<T> {
    now: Option<T>,
    told: Option<T>,
}

impl<T: Copy + PartialEq> Level<T> {
    const NONE: Self = Self { now: None, told: None };

    /// What is to be told.
    fn news(&self) -> Option<T> {
        self.now.filter(|now| self.told != Some(*now))
    }
}

impl Reporter {
    /// Nothing is known yet.
    #[must_use]
    pub const fn new(terminal: TerminalId) -> Self {
        Self {
            terminal,
            state: Level::NONE,
            tamper: Level::NONE,
            clear_reads: 0,
            left: REPORTS_MAX,
            refill_at: Monotonic::ZERO,
        }
    }

    /// The reader's standing.
    pub const fn stands(&mut self, state: ReaderState) {
        self.state.now = Some(state);
    }

    /// The reader's tamper switch.
    pub const fn switched(&mut self, tamper: Tamper) {
        self.tamper.now = Some(tamper);
    }

    /// A card or keys in clear text were ignored; whether they are the first since the last report.
    pub const fn clear_read(&mut self) -> bool {
        self.clear_reads = self.clear_reads.saturating_add(1);
        self.clear_reads == 1
    }

    /// What is to be told now. What does not fit the bounds is told later as it is then; what `pass` does not take, too.
    pub fn tell(&mut self, now: Monotonic, mut pass: impl FnMut(Input) -> super::Taken) {
        if now >= self.refill_at {
            self.refill_at = now + REPORT_EVERY;
            self.left = (self.left + 1).min(REPORTS_MAX);
        }
        let state = self.state.news().map(state_report);
        let tamper = self.tamper.news().map(|tamper| Some(ReaderReport::Tampered(housing(tamper))));
        let reads =
            (self.clear_reads > 0).then_some(Some(ReaderReport::ClearText { reads: self.clear_reads }));
        for (report, which) in [(state, 0), (tamper, 1), (reads, 2)] {
            let taken = match report {
                None => continue,
                Some(None) => super::Taken::Yes,
                Some(Some(_)) if self.left == 0 => super::Taken::No,
                Some(Some(report)) => {
                    let taken = pass(Input::Reader { terminal: self.terminal.clone(), report });
                    self.left -= u8::from(taken == super::Taken::Yes);
                    taken
                }
            };
            match (taken, which) {
                (super::Taken::No, _) => {}
                (super::Taken::Yes, 0) => self.state.told = self.state.now,
                (super::Taken::Yes, 1) => self.tamper.told = self.tamper.now,
                (super::Taken::Yes, _) => self.clear_reads = 0,
            }
        }
    }
}

/// None for what is not worth a row.
const fn state_report(state: ReaderState) -> Option<ReaderReport> {
    match state {
        ReaderState::Unknown => None,
        ReaderState::Uninstalled => Some(ReaderReport::Uninstalled),
        ReaderState::Secure => Some(ReaderReport::Online),
        ReaderState::Silent => Some(ReaderReport::Offline),
        ReaderState::Keyless => Some(ReaderReport::Insecure(ReaderFault::Keyless)),
        ReaderState::WrongKey => Some(ReaderReport::Insecure(ReaderFault::WrongKey)),
        ReaderState::NoChannel => Some(ReaderReport::Insecure(ReaderFault::NoChannel)),
    }
}

const fn housing(tamper: Tamper) -> Housing {
    match tamper {
        Tamper::Open => Housing::Opened,
        Tamper::Closed => Housing::Closed,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Taken;
    use super::*;

    fn at(seconds: u64) -> Monotonic {
        Monotonic::from_micros(seconds * 1_000_000)
    }

    fn words(entries: Vec<Entry>) -> Vec<String> {
        let word = |entry| match entry {
            Entry::Typed(typed) => typed.expose().to_owned(),
            other => format!("{other:?}"),
        };
        entries.into_iter().map(word).collect()
    }

    #[test]
    fn keys_become_a_code_when_it_is_closed() {
        let mut pad = Keypad::default();
        assert!(pad.press(b"123", at(100)).is_empty());
        assert_eq!(words(pad.press(b"4567890\r", at(101))), ["1234567890"]);
        assert_eq!(words(pad.press(b"12\x7F34\r\r\x7F", at(102))), ["34", "Key(Confirm)", "Key(Cancel)"]);
        assert!(pad.press(b"99", at(103)).is_empty());
        assert_eq!(words(pad.press(b"1\r", at(130))), ["1"], "somebody else's keys are forgotten");
        assert_eq!(words(pad.press(&[b'7'; Typed::MAX + 8], at(131))), Vec::<String>::new());
        assert_eq!(words(pad.press(b"\r", at(131)))[0].len(), Typed::MAX);
    }

    #[test]
    fn hash_goes_on_to_the_next_door_while_more_waits() {
        let mut pad = Keypad::default();
        let label = || "4".to_owned();
        show(&mut pad, Screen::TakeOut { label: label(), more: 2 });
        assert_eq!(words(pad.press(b"\r", at(1))), ["Key(Next)"]);
        show(&mut pad, Screen::TakeOut { label: label(), more: 0 });
        assert_eq!(words(pad.press(b"\r", at(1))), ["Key(Confirm)"]);
    }

    fn told(reporter: &mut Reporter, now: u64) -> Vec<ReaderReport> {
        let mut all = Vec::new();
        reporter.tell(at(now), |input| {
            if let Input::Reader { report, .. } = input {
                all.push(report);
            }
            Taken::Yes
        });
        all
    }

    #[test]
    fn each_change_is_told_once_and_a_flapping_reader_in_bounds() {
        let mut reporter = Reporter::new(TerminalId::new("room-reader").expect("id"));
        reporter.stands(ReaderState::Secure);
        reporter.switched(Tamper::Closed);
        let first = [ReaderReport::Online, ReaderReport::Tampered(Housing::Closed)];
        assert_eq!(told(&mut reporter, 0), first, "the core knows that a housing found shut is no news");
        assert_eq!(told(&mut reporter, 1), []);
        reporter.switched(Tamper::Open);
        reporter.clear_read();
        reporter.clear_read();
        let both = [ReaderReport::Tampered(Housing::Opened), ReaderReport::ClearText { reads: 2 }];
        assert_eq!(told(&mut reporter, 2), both);
        let mut rows = 0;
        for second in 0..3_600 {
            reporter.stands(if second % 2 == 0 { ReaderState::Keyless } else { ReaderState::Secure });
            rows += told(&mut reporter, 10 + second).len();
        }
        assert!((17..=24).contains(&rows), "{rows}");
        reporter.stands(ReaderState::WrongKey);
        assert_eq!(
            told(&mut reporter, 9_000),
            [ReaderReport::Insecure(ReaderFault::WrongKey)],
            "as it is then"
        );
    }

    #[test]
    fn report_that_the_engine_did_not_take_is_told_again() {
        let mut reporter = Reporter::new(TerminalId::new("room-reader").expect("id"));
        reporter.stands(ReaderState::Silent);
        reporter.tell(at(0), |_| Taken::No);
        assert_eq!(told(&mut reporter, 1), [ReaderReport::Offline]);
    }
}
