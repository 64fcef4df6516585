//! Which model a board is: the harmless reads of every model that we know, and which of them it answers as that model would.

use serde::{Deserialize, Serialize};

use crate::channel::Channel;
use crate::commission::ask::{Answer, Ask, Question};
use crate::commission::setting::Setting;
use crate::commission::signature::{ask_of, asks_more, signature, told, weight, words};
use crate::device::Model;
use crate::device::plan::Meaning;
use crate::device::profile::Point;
use crate::frame::Protocol;
use crate::signal::Reading;
use crate::spec::Address;
use crate::time::Monotonic;

/// Tries of a read whose answer was damaged or missing: one lost frame must not make another model of a board.
const TRIES: u8 = 2;
/// What a plausible value of each probe counts beside the registers that were read.
const PLAUSIBLE: u32 = 8;

/// A model that a board may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The model's name.
    pub model: String,
    /// How much speaks for it; only the order means anything.
    pub score: u32,
    /// What speaks for it, and for others against it, in words.
    pub reasons: Vec<String>,
}

/// The reads under way at one address.
#[derive(Debug)]
pub struct Identify {
    protocol: Protocol,
    setting: Setting,
    address: Address,
    timeout_ms: u16,
    models: Vec<Model>,
    asks: Vec<Ask>,
    answers: Vec<Answer>,
    tries: u8,
}

impl Identify {
    /// Asks the board at `address` of a line of `protocol`, which may be any of these models.
    #[must_use]
    pub fn new(
        protocol: Protocol,
        setting: Setting,
        address: Address,
        timeout_ms: u16,
        models: Vec<Model>,
    ) -> Self {
        let mut asks: Vec<Ask> = Vec::new();
        for signature in models.iter().filter_map(|model| signature(model, protocol, address)) {
            for ask in signature.must.into_iter().chain(signature.may) {
                if !asks.contains(&ask) {
                    asks.push(ask);
                }
            }
        }
        Self { protocol, setting, address, timeout_ms, models, asks, answers: Vec::new(), tries: 0 }
    }

    /// What to ask next; none when all has been asked.
    #[must_use]
    pub fn next(&self) -> Option<Question> {
        let ask = self.asks.get(self.answers.len())?.clone();
        let (setting, timeout_ms) = (self.setting, self.timeout_ms);
        Some(Question { setting, address: self.address.number(), ask, timeout_ms })
    }

    /// The answer to [`Self::next`].
    pub fn answered(&mut self, answer: Answer) {
        self.tries += 1;
        if answer.is_answer() || self.tries >= TRIES {
            self.answers.push(answer);
            self.tries = 0;
        }
    }

    /// Reads asked, and reads in all.
    #[must_use]
    pub const fn progress(&self) -> (usize, usize) {
        (self.answers.len(), self.asks.len())
    }

    fn answer(&self, ask: &Ask) -> Option<&Answer> {
        self.asks.iter().zip(&self.answers).find(|(asked, _)| *asked == ask).map(|(_, answer)| answer)
    }

    fn data(&self, ask: &Ask) -> Option<&[u8]> {
        match self.answer(ask)? {
            Answer::Data(data) => Some(data),
            _ => None,
        }
    }

    /// The models that the board may be, the likeliest first. None: it is something that we do not know.
    #[must_use]
    pub fn candidates(&self) -> Vec<Candidate> {
        let mut candidates: Vec<Candidate> =
            self.models.iter().filter_map(|model| self.candidate(model)).collect();
        candidates.sort_by(|a, b| b.score.cmp(&a.score).then_with(|| a.model.cmp(&b.model)));
        candidates
    }

    fn candidate(&self, model: &Model) -> Option<Candidate> {
        let signature = signature(model, self.protocol, self.address)?;
        let (mut score, mut reasons) = (0, Vec::new());
        for ask in &signature.must {
            let data = self.data(ask)?;
            score += weight(ask);
            let told = told(ask, data).map(|told| format!(" ({told})")).unwrap_or_default();
            reasons.push(format!("answers {}{told}", words(ask)));
        }
        for ask in &signature.may {
            if let Some(data) = self.data(ask) {
                score += weight(ask);
                reasons.push(format!("{} = {}", words(ask), hex(data)));
            }
        }
        self.weigh_probes(model, &mut score, &mut reasons);
        reasons.extend(self.larger(&signature.must));
        Some(Candidate { model: model.name().to_owned(), score, reasons })
    }

    /// Values that a place can have speak for a register map, others against it.
    fn weigh_probes(&self, model: &Model, score: &mut u32, reasons: &mut Vec<String>) {
        for poll in &model.plan().polls {
            let Meaning::Points(points) = &poll.meaning else { continue };
            let Some(ask @ Ask::Read { first, .. }) = ask_of(&poll.request, self.address) else { continue };
            let Some(data) = self.data(&ask) else { continue };
            for point in points {
                let Point::Probe(field) = point else { continue };
                let channel: Channel = field.channel;
                match field.reading(data, first, Monotonic::ZERO, &mut None) {
                    Reading::Fault(fault) => {
                        *score = score.saturating_sub(PLAUSIBLE);
                        reasons.push(format!("but channel {channel} reads {fault:?}"));
                    }
                    value => {
                        *score += PLAUSIBLE;
                        reasons.push(format!("channel {channel} reads {value:?}, which is plausible"));
                    }
                }
            }
        }
    }

    /// Reads of the same kind as the model's, but of more items, that the board refuses: why it is no larger board.
    fn larger(&self, must: &[Ask]) -> Vec<String> {
        let asked = self.asks.iter().zip(&self.answers);
        let refused = asked.filter(|(_, answer)| !matches!(answer, Answer::Data(_)));
        let refused = refused.filter(|(ask, _)| must.iter().any(|mine| asks_more(mine, ask)));
        refused.map(|(ask, _)| format!("not {}", words(ask))).collect()
    }
}

fn hex(data: &[u8]) -> String {
    match data {
        [high, low] => u16::from_be_bytes([*high, *low]).to_string(),
        _ => data.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(" "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A board with so many coils and inputs, and these holding registers.
    fn board(coils: u16, inputs: u16, holding: &[(u16, u16)]) -> Vec<Candidate> {
        let setting = Setting::likely(&[], &[])[0];
        let mut identify =
            Identify::new(Protocol::ModbusRtu, setting, Address::new(1).unwrap(), 60, Model::all());
        while let Some(question) = identify.next() {
            assert!(!question.ask.is_write() && question.encode().is_ok());
            let Ask::Read { function, first, count } = question.ask else { panic!("a write") };
            let bits = |have: u16| match first.checked_add(count) {
                Some(end) if end <= have => Answer::Data(vec![0; usize::from(count.div_ceil(8))]),
                _ => Answer::Exception(2),
            };
            identify.answered(match function {
                1 => bits(coils),
                2 => bits(inputs),
                3 if holding.iter().any(|(from, many)| *from <= first && first + count <= from + many) => {
                    Answer::Data(vec![0; usize::from(count) * 2])
                }
                _ => Answer::Exception(2),
            });
        }
        identify.candidates()
    }

    #[test]
    fn relay_board_with_inputs_is_told_from_its_siblings() {
        let plain = board(8, 0, &[(0x4000, 1), (0x8000, 1)]);
        assert_eq!(plain[0].model, "waveshare-relay-8");
        let with_inputs = board(8, 8, &[(0x1000, 8), (0x4000, 1), (0x8000, 1)]);
        assert_eq!(with_inputs[0].model, "waveshare-relay-8-d", "{with_inputs:#?}");
    }

    #[test]
    fn input_board_is_as_large_as_what_it_answers_and_the_reasons_say_so() {
        for (inputs, model) in
            [(8, "discrete-inputs-8"), (16, "discrete-inputs-16"), (32, "discrete-inputs-32")]
        {
            let candidates = board(0, inputs, &[(0x4000, 1)]);
            assert_eq!(candidates[0].model, model);
        }
        let sixteen = board(0, 16, &[(0x4000, 1)]);
        assert!(sixteen[0].reasons.iter().any(|why| why.starts_with("not FC02 x 32")), "{sixteen:#?}");
    }

    /// A lock board that answers statuses which end with one of `ends`.
    fn locks(protocol: Protocol, ends: &[u8], data: &[u8]) -> Vec<String> {
        let setting = Setting::likely(&[], &[])[0];
        let board = Address::on(protocol, 1).unwrap();
        let mut identify = Identify::new(protocol, setting, board, 60, Model::all());
        while let Some(question) = identify.next() {
            assert!(!question.ask.is_write() && question.encode().is_ok());
            let Ask::Status { last, .. } = question.ask else { panic!("{:?}", question.ask) };
            let good = ends.contains(&last);
            identify.answered(if good { Answer::Data(data.to_vec()) } else { Answer::Damaged });
        }
        identify.candidates().into_iter().map(|candidate| candidate.model).collect()
    }

    #[test]
    fn lock_board_is_the_largest_whose_locks_it_answers_for() {
        assert_eq!(locks(Protocol::KerongCu16, &[32], &[0; 4]), ["kerong-cu16"]);
        assert_eq!(locks(Protocol::KerongCu48, &[96], &[0; 12]), ["kerong-cu48"]);
        assert_eq!(locks(Protocol::KerongCu48, &[48], &[0; 6]), ["kerong-cu48-hooks"]);
        assert_eq!(locks(Protocol::Lock8a, &[24], &[0; 3]), ["lock-8a-24"]);
        // Both have two bytes of status: nothing on the wire tells them apart.
        assert_eq!(locks(Protocol::Lock8a, &[12, 16], &[0; 2]), ["lock-8a-16", "lock-8a-12"]);
        assert_eq!(locks(Protocol::Winnsen, &[1, 16], &[0]), ["winnsen-16"]);
        assert_eq!(locks(Protocol::Wkly, &[1, 8, 12], &[0]), ["wkly-12", "wkly-8"]);
        assert!(locks(Protocol::Wkly, &[], &[]).is_empty());
    }

    #[test]
    fn unknown_board_has_no_candidate() {
        assert!(board(0, 0, &[]).is_empty());
    }
}
