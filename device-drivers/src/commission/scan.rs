//! Who is on a line, at which speed and parity: harmless reads to each address at each setting.
//!
//! Nobody: silence. One board: an answer, be it a refusal. Two boards on one address talk at once, so that what is heard is
//! damaged in both of two tries, in whichever form it is asked for. Damage at one address after the other is no board at all:
//! somebody talks at another speed.

use serde::{Deserialize, Serialize};

use crate::commission::ask::{Answer, Ask, Question};
use crate::commission::manner::{closer, has_forms, knocks};
use crate::commission::setting::Setting;
use crate::frame::Protocol;
use crate::spec::Address;

/// Addresses in a row with damaged answers, and none with a good one, that mean that nobody is asked at the right speed.
const NOISY_AFTER: usize = 3;
/// Tries of a read whose answer was damaged.
const TRIES: u8 = 2;

/// Where to look.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What is spoken.
    pub protocol: Protocol,
    /// Settings, in this order.
    pub settings: Vec<Setting>,
    /// Addresses, in this order.
    pub addresses: Vec<Address>,
    /// Time for an answer's first byte in milliseconds.
    pub timeout_ms: u16,
}

/// One occupied address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// What it speaks.
    pub protocol: Protocol,
    /// Where it answered first.
    pub setting: Setting,
    /// Its address.
    pub address: u8,
    /// How it answers.
    pub condition: Condition,
    /// Further settings at which it answers: an adapter that ignores parity hears a board at each.
    pub also: Vec<Setting>,
}

/// How an address answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// As one board does.
    Good,
    /// Damaged in both of two tries: two boards talk at once.
    Doubled,
}

/// How far a scan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Addresses looked at, over all settings.
    pub done: usize,
    /// Addresses to look at.
    pub of: usize,
    /// What is being tried; none at the end.
    pub trying: Option<(Setting, Address)>,
}

/// Where a scan stands at one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// `hurt`: a knock before this one was damaged in every try.
    Knock {
        place: usize,
        damaged: u8,
        hurt: bool,
    },
    Closer {
        place: usize,
        damaged: u8,
    },
}

const BEGIN: Step = Step::Knock { place: 0, damaged: 0, hurt: false };

/// A scan under way.
#[derive(Debug)]
pub struct Scan {
    plan: Plan,
    knocks: Vec<Ask>,
    closer: Vec<Ask>,
    setting: usize,
    address: usize,
    step: Step,
    found: Vec<Found>,
    /// Addresses in a row with damage at this setting, while none has answered well.
    damaged_in_a_row: usize,
    noisy: Vec<Setting>,
}

impl Scan {
    /// A scan of this plan.
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        let (knocks, closer) = (knocks(plan.protocol), Vec::new());
        let (found, noisy) = (Vec::new(), Vec::new());
        Self { plan, knocks, closer, setting: 0, address: 0, step: BEGIN, found, damaged_in_a_row: 0, noisy }
    }

    /// What is spoken.
    #[must_use]
    pub const fn protocol(&self) -> Protocol {
        self.plan.protocol
    }

    /// What to ask next; none when the scan is over.
    #[must_use]
    pub fn next(&self) -> Option<Question> {
        let (setting, address) = self.trying()?;
        let ask = match self.step {
            Step::Knock { place, .. } => self.knocks.get(place),
            Step::Closer { place, .. } => self.closer.get(place),
        };
        let timeout_ms = self.plan.timeout_ms;
        Some(Question { setting, address: address.number(), ask: ask?.clone(), timeout_ms })
    }

    fn trying(&self) -> Option<(Setting, Address)> {
        Some((*self.plan.settings.get(self.setting)?, *self.plan.addresses.get(self.address)?))
    }

    /// The answer to [`Self::next`].
    pub fn answered(&mut self, answer: &Answer) {
        let damaged = *answer == Answer::Damaged;
        match (self.step, answer) {
            (Step::Knock { place, damaged: before, hurt }, Answer::Damaged) if before + 1 < TRIES => {
                self.step = Step::Knock { place, damaged: before + 1, hurt };
            }
            (Step::Knock { place, .. }, Answer::Damaged)
                if has_forms(self.plan.protocol) && self.has_knock(place + 1) =>
            {
                self.step = Step::Knock { place: place + 1, damaged: 0, hurt: true };
            }
            (Step::Knock { place, hurt, .. }, Answer::Silent) if self.has_knock(place + 1) => {
                self.step = Step::Knock { place: place + 1, damaged: 0, hurt };
            }
            (Step::Knock { .. }, Answer::Damaged) | (Step::Knock { hurt: true, .. }, Answer::Silent) => {
                self.note(Condition::Doubled);
                self.damaged_in_a_row += 1;
                self.next_address();
            }
            (Step::Knock { .. }, Answer::Silent) => self.next_address(),
            (Step::Knock { place, .. }, _) => {
                self.note(Condition::Good);
                self.closer = self.knocks.get(place).map(closer).unwrap_or_default();
                self.step = Step::Closer { place: 0, damaged: 0 };
            }
            (Step::Closer { place, damaged: before }, _) if damaged && before + 1 < TRIES => {
                self.step = Step::Closer { place, damaged: before + 1 };
            }
            (Step::Closer { .. }, _) if damaged => {
                if let Some(found) = self.found.last_mut() {
                    found.condition = Condition::Doubled;
                }
                self.damaged_in_a_row = 0;
                self.next_address();
            }
            (Step::Closer { place, .. }, _) if place + 1 < self.closer.len() => {
                self.step = Step::Closer { place: place + 1, damaged: 0 };
            }
            (Step::Closer { .. }, _) => {
                self.damaged_in_a_row = 0;
                self.next_address();
            }
        }
    }

    fn has_knock(&self, place: usize) -> bool {
        place < self.knocks.len()
    }

    fn note(&mut self, condition: Condition) {
        if let Some((setting, address)) = self.trying() {
            let (protocol, address) = (self.plan.protocol, address.number());
            self.found.push(Found { protocol, setting, address, condition, also: Vec::new() });
        }
    }

    fn next_address(&mut self) {
        self.step = BEGIN;
        self.address += 1;
        let noisy = self.damaged_in_a_row >= NOISY_AFTER;
        if noisy && let Some(setting) = self.plan.settings.get(self.setting).copied() {
            self.found.retain(|found| found.setting != setting);
            self.noisy.push(setting);
        }
        if noisy || self.address >= self.plan.addresses.len() {
            (self.address, self.damaged_in_a_row) = (0, 0);
            self.setting += 1;
        }
    }

    /// How far it is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let each = self.plan.addresses.len();
        let done = self.setting.min(self.plan.settings.len()) * each + self.address;
        Progress { done, of: self.plan.settings.len() * each, trying: self.trying() }
    }

    /// Every occupied address so far, one entry for each address and speed.
    #[must_use]
    pub fn found(&self) -> Vec<Found> {
        let mut boards: Vec<Found> = Vec::new();
        for found in &self.found {
            let same = |board: &&mut Found| {
                board.address == found.address && board.setting.baud == found.setting.baud
            };
            match boards.iter_mut().find(same) {
                Some(board) => board.also.push(found.setting),
                None => boards.push(found.clone()),
            }
        }
        boards
    }

    /// Settings at which damage was all that was heard.
    #[must_use]
    pub fn noisy(&self) -> &[Setting] {
        &self.noisy
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commission::manner::{self, ANSWER_MS};
    use crate::spec::{Baud, Parity};

    fn plan(protocol: Protocol) -> Plan {
        let bauds = [9600, 19_200].map(|baud| Baud::new(baud).unwrap());
        Plan {
            protocol,
            settings: Setting::likely(&bauds, &[Parity::None]),
            addresses: (1..=8).map(|number| Address::on(protocol, number).unwrap()).collect(),
            timeout_ms: ANSWER_MS,
        }
    }

    /// Plays a scan against a line that answers by `line`.
    fn play(line: impl Fn(&Question) -> Answer) -> Scan {
        play_in(Protocol::ModbusRtu, line)
    }

    fn play_in(protocol: Protocol, line: impl Fn(&Question) -> Answer) -> Scan {
        let mut scan = Scan::new(plan(protocol));
        let mut asked = 0;
        while let Some(question) = scan.next() {
            assert!(!question.ask.is_write() && question.encode().is_ok());
            let before = scan.progress();
            scan.answered(&line(&question));
            assert!(scan.progress().done >= before.done);
            asked += 1;
            assert!(asked < 10_000, "it never ends");
        }
        assert_eq!(scan.progress().done, scan.progress().of);
        scan
    }

    #[test]
    fn boards_are_found_at_their_speed_and_nowhere_else() {
        let scan = play(|question| match (question.setting.baud.bits_per_second(), question.address) {
            (19_200, 3) => Answer::Exception(2),
            (9_600, 5) if matches!(question.ask, Ask::Read { function: 1, .. }) => Answer::Data(vec![0]),
            _ => Answer::Silent,
        });
        let seen: Vec<(u8, u32, Condition)> = scan
            .found()
            .iter()
            .map(|found| (found.address, found.setting.baud.bits_per_second(), found.condition))
            .collect();
        assert_eq!(seen, [(5, 9_600, Condition::Good), (3, 19_200, Condition::Good)]);
    }

    #[test]
    fn doubled_address_is_named_also_when_only_some_reads_are_damaged() {
        for damaged in [1, 2, 3, 4] {
            let scan = play(|question| match (question.setting.baud.bits_per_second(), question.address) {
                (9_600, 2) if matches!(question.ask, Ask::Read { function, .. } if function == damaged) => {
                    Answer::Damaged
                }
                (9_600, 2 | 6) => Answer::Exception(1),
                _ => Answer::Silent,
            });
            let seen: Vec<(u8, Condition)> =
                scan.found().iter().map(|found| (found.address, found.condition)).collect();
            assert_eq!(seen, [(2, Condition::Doubled), (6, Condition::Good)], "function {damaged}");
        }
    }

    #[test]
    fn lock_board_is_found_by_the_form_that_it_answers_in() {
        for (last, protocol) in [
            (96, Protocol::KerongCu48),
            (48, Protocol::KerongCu48),
            (24, Protocol::Lock8a),
            (16, Protocol::Lock8a),
        ] {
            let scan = play_in(protocol, |question| {
                match (question.setting.baud.bits_per_second(), question.address) {
                    (19_200, 3) if question.ask == (Ask::Status { protocol, last }) => {
                        Answer::Data(vec![0; 12])
                    }
                    (19_200, 3) => Answer::Damaged,
                    _ => Answer::Silent,
                }
            });
            let [found] = &scan.found()[..] else { panic!("{:?}", scan.found()) };
            assert_eq!((found.protocol, found.address, found.condition), (protocol, 3, Condition::Good));
        }
    }

    #[test]
    fn lock_boards_on_one_address_are_doubled_when_every_form_is_damaged() {
        for protocol in manner::IN_TURN {
            let scan = play_in(protocol, |question| match question.address {
                3 => Answer::Damaged,
                _ => Answer::Silent,
            });
            assert!(
                scan.found().iter().all(|found| (found.address, found.condition) == (3, Condition::Doubled))
            );
            assert_eq!(scan.found().len(), 2, "at both speeds");
        }
    }

    #[test]
    fn one_damaged_answer_is_asked_again_and_forgiven() {
        let first = std::cell::Cell::new(true);
        let scan = play(|question| match (question.setting.baud.bits_per_second(), question.address) {
            (9_600, 4) if first.take() => Answer::Damaged,
            (9_600, 4) => Answer::Exception(2),
            _ => Answer::Silent,
        });
        assert_eq!(scan.found().len(), 1);
        assert_eq!(scan.found()[0].condition, Condition::Good);
    }

    #[test]
    fn garbage_at_every_address_is_a_wrong_speed_and_no_board() {
        let scan = play(|question| match question.setting.baud.bits_per_second() {
            9_600 => Answer::Damaged,
            _ if question.address == 1 => Answer::Exception(1),
            _ => Answer::Silent,
        });
        assert_eq!(scan.noisy().iter().map(ToString::to_string).collect::<Vec<_>>(), ["9600 8N1"]);
        assert_eq!(scan.found().iter().map(|found| found.address).collect::<Vec<_>>(), [1]);
    }
}
