//! Applies rules to requests and answers, from one seeded generator.

use std::time::Duration;

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

use super::{Fault, Injected, Rule};
use crate::lock_board::LockFamily;
use crate::number::Address;
use crate::time::SimTime;
use crate::wire::sealed;

/// Replies of each slave are remembered as foreign frames for the others; so many of them.
const MAX_REMEMBERED: usize = 8;

/// The rules in force and the generator. Xoshiro256++ is fixed by its algorithm: a seed means the same bytes
/// with every version of the crate.
#[derive(Debug)]
pub(crate) struct Injector {
    rng: Xoshiro256PlusPlus,
    rules: Vec<Armed>,
    requests: u64,
    remembered: Vec<Vec<u8>>,
    /// The family whose frames these are; none for Modbus.
    locks: Option<LockFamily>,
}

#[derive(Debug)]
struct Armed {
    rule: Rule,
    matched: u64,
    struck: u64,
}

/// What is to happen to one request and its answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub faults: Vec<Injected>,
}

impl Verdict {
    pub fn has(&self, fault: Fault) -> bool {
        self.faults.iter().any(|injected| injected.fault == fault)
    }

    /// All delays together.
    pub fn delay(&self) -> Duration {
        self.faults
            .iter()
            .map(|injected| match injected.fault {
                Fault::Delay(delay) => delay,
                _ => Duration::ZERO,
            })
            .sum()
    }

    /// Whether the answer waits: for a time, or for the next request.
    pub fn is_held_back(&self) -> bool {
        self.has(Fault::LateReply) || !self.delay().is_zero()
    }

    /// How long the adapter is out.
    pub fn unplug(&self) -> Option<Duration> {
        self.faults.iter().find_map(|injected| match injected.fault {
            Fault::Unplug(span) => Some(span),
            _ => None,
        })
    }
}

impl Injector {
    pub fn new(seed: u64, rules: Vec<Rule>, locks: Option<LockFamily>) -> Self {
        let mut injector = Self {
            rng: Xoshiro256PlusPlus::seed_from_u64(seed),
            rules: Vec::new(),
            requests: 0,
            remembered: Vec::new(),
            locks,
        };
        injector.set(rules);
        injector
    }

    /// Replaces the rules; their counts begin anew. The generator goes on.
    pub fn set(&mut self, rules: Vec<Rule>) {
        self.rules = rules.into_iter().map(|rule| Armed { rule, matched: 0, struck: 0 }).collect();
    }

    /// Decides about one request. `slave` is `None` for a broadcast.
    pub fn judge(&mut self, now: SimTime, slave: Option<Address>, function: u8) -> Verdict {
        self.requests += 1;
        let mut verdict = Verdict::default();
        for armed in &mut self.rules {
            if armed.strikes(&mut self.rng, now, slave, function) {
                let fault = armed.rule.fault;
                verdict.faults.push(Injected { fault, slave, function, request: self.requests });
            }
        }
        verdict
    }

    /// The answer's bursts after the faults that change bytes, in the order in which they go on the wire.
    ///
    /// Another slave's frame is among them only if they go `at_once`: one that is held back until its slave is asked the
    /// same again is not foreign but that slave's answer, byte for byte, and no master can tell.
    pub fn distort(&mut self, verdict: &Verdict, reply: &[u8], at_once: bool) -> Vec<Vec<u8>> {
        let mut before = Vec::new();
        let mut answer = reply.to_vec();
        for injected in &verdict.faults {
            match injected.fault {
                Fault::Babble(characters) => before.push(self.noise(characters)),
                Fault::ForeignFrame if at_once => before.push(self.foreign(reply)),
                Fault::Forged(bits) => before.extend(self.forged(reply, bits)),
                Fault::Truncate if answer.len() > 1 => {
                    let keep = self.rng.random_range(1..answer.len());
                    answer.truncate(keep);
                }
                Fault::FlipBits(bits) => (0..bits).for_each(|_| self.flip(&mut answer)),
                _ => {}
            }
        }
        self.remember(reply);
        if verdict.has(Fault::Duplicate) {
            before.push(answer.clone());
        }
        before.push(answer);
        before
    }

    /// The request as the slaves hear it.
    pub fn distort_request(&mut self, verdict: &Verdict, request: &[u8]) -> Vec<u8> {
        let mut heard = request.to_vec();
        for injected in &verdict.faults {
            if let Fault::FlipRequestBits(bits) = injected.fault {
                (0..bits).for_each(|_| self.flip(&mut heard));
            }
        }
        heard
    }

    fn noise(&mut self, characters: u8) -> Vec<u8> {
        (0..characters).map(|_| self.rng.random()).collect()
    }

    fn flip(&mut self, bytes: &mut [u8]) {
        if bytes.is_empty() {
            return;
        }
        let place = self.rng.random_range(0..bytes.len());
        bytes[place] ^= 1 << self.rng.random_range(0..8_u8);
    }

    /// A valid frame of another slave: one that was heard before, or this answer under another address.
    fn foreign(&mut self, reply: &[u8]) -> Vec<u8> {
        if let Some(family) = self.locks {
            return family.readdressed(reply);
        }
        let own = reply.first().copied().unwrap_or_default();
        let others: Vec<&Vec<u8>> =
            self.remembered.iter().filter(|frame| frame.first() != Some(&own)).collect();
        if !others.is_empty() && self.rng.random_bool(0.5) {
            return others[self.rng.random_range(0..others.len())].clone();
        }
        let mut body = reply.get(..reply.len().saturating_sub(2)).unwrap_or_default().to_vec();
        if let Some(address) = body.first_mut() {
            *address = address.checked_add(1).unwrap_or(1);
        }
        sealed(body)
    }

    /// The answer as somebody gives it who says otherwise.
    fn forged(&self, reply: &[u8], bits: u8) -> Option<Vec<u8>> {
        let mut body = reply.get(..reply.len().checked_sub(2)?)?.to_vec();
        *body.last_mut()? ^= bits;
        self.locks.is_none().then(|| sealed(body))
    }

    fn remember(&mut self, reply: &[u8]) {
        if self.remembered.iter().any(|known| known == reply) {
            return;
        }
        if self.remembered.len() == MAX_REMEMBERED {
            self.remembered.remove(0);
        }
        self.remembered.push(reply.to_vec());
    }
}

impl Armed {
    fn strikes(
        &mut self,
        rng: &mut Xoshiro256PlusPlus,
        now: SimTime,
        slave: Option<Address>,
        function: u8,
    ) -> bool {
        let rule = &self.rule;
        let matches = rule.target.is_none_or(|target| Some(target) == slave)
            && rule.function.is_none_or(|wanted| wanted == function)
            && rule.window.is_none_or(|(from, until)| from <= now && now < until);
        if !matches {
            return false;
        }
        self.matched += 1;
        let strikes = rule.nth.is_none_or(|nth| nth == self.matched)
            && rule.times.is_none_or(|times| self.struck < times)
            && rule.per_mille.is_none_or(|chance| rng.random_range(0..1_000_u16) < chance);
        self.struck += u64::from(strikes);
        strikes
    }
}

#[cfg(test)]
mod tests {
    use super::{Address, Fault, Injector, Rule, SimTime};
    use crate::wire::{checked, sealed};

    fn reply() -> Vec<u8> {
        sealed(vec![2, 2, 1, 0xA5])
    }

    fn run(seed: u64, rules: &[Rule]) -> Vec<Vec<Vec<u8>>> {
        let mut injector = Injector::new(seed, rules.to_vec(), None);
        (0..50)
            .map(|index| {
                let verdict = injector.judge(SimTime::from_millis(index), Address::new(2), 2);
                injector.distort(&verdict, &reply(), true)
            })
            .collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
        let rules = [
            Rule::new(Fault::FlipBits(2)).chance(300),
            Rule::new(Fault::Truncate).chance(200),
            Rule::new(Fault::Babble(9)).chance(200),
            Rule::new(Fault::ForeignFrame).chance(200),
        ];
        assert_eq!(run(7, &rules), run(7, &rules));
        assert_ne!(run(7, &rules), run(8, &rules));
    }

    #[test]
    fn the_nth_request_alone_is_struck() {
        let bursts = run(1, &[Rule::new(Fault::Truncate).nth(3)]);
        let whole: Vec<bool> = bursts.iter().map(|bursts| bursts[0] == reply()).collect();
        assert_eq!(whole.iter().position(|whole| !whole), Some(2));
        assert_eq!(whole.iter().filter(|whole| !**whole).count(), 1);
    }

    #[test]
    fn a_rule_keeps_to_its_window_its_slave_and_its_function() {
        let (from, until) = (SimTime::from_millis(10), SimTime::from_millis(20));
        let two = Address::new(2).expect("not broadcast");
        let rule = Rule::new(Fault::Silence).on(two).function(5).between(from, until).times(1);
        let mut injector = Injector::new(1, vec![rule], None);
        let mut struck = |at, slave, function| {
            injector.judge(SimTime::from_millis(at), Address::new(slave), function).has(Fault::Silence)
        };
        assert!(!struck(9, 2, 5), "before the window");
        assert!(!struck(12, 3, 5), "another slave");
        assert!(!struck(12, 2, 2), "another function");
        assert!(struck(12, 2, 5));
        assert!(!struck(13, 2, 5), "only once");
        assert!(!struck(20, 2, 5), "after the window");
    }

    #[test]
    fn a_foreign_frame_is_valid_and_of_another_slave() {
        for bursts in run(3, &[Rule::new(Fault::ForeignFrame)]) {
            let body = checked(&bursts[0]).expect("a valid checksum");
            assert_ne!(body[0], 2);
            assert_eq!(bursts[1], reply());
        }
    }

    #[test]
    fn no_foreign_frame_is_held_back_with_an_answer() {
        let mut injector = Injector::new(3, vec![Rule::new(Fault::ForeignFrame)], None);
        let verdict = injector.judge(SimTime::ZERO, Address::new(2), 2);
        assert_eq!(injector.distort(&verdict, &reply(), false), [reply()]);
        assert_eq!(injector.distort(&verdict, &reply(), true).len(), 2);
    }

    #[test]
    fn a_forged_answer_is_valid_says_otherwise_and_comes_first() {
        for bursts in run(3, &[Rule::new(Fault::Forged(0x04))]) {
            assert_eq!(bursts, [sealed(vec![2, 2, 1, 0xA1]), reply()]);
        }
    }

    #[test]
    fn a_chance_is_about_as_often_as_it_says() {
        let mut injector = Injector::new(11, vec![Rule::new(Fault::Silence).chance(250)], None);
        let struck = (0..4_000)
            .filter(|at| injector.judge(SimTime::from_millis(*at), Address::new(1), 5).has(Fault::Silence))
            .count();
        assert!((900..1_100).contains(&struck), "{struck} of 4000");
    }
}
