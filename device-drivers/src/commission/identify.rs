//! Which model a board is: the harmless reads of every model that we know, and which of them it answers as that model would.

use serde::{Deserialize, Serialize};

use crate::channel::Channel;
use crate::commission::ask::{Answer, Ask, Question};
use crate::commission::setting::Setting;
use crate::device::Model;
use crate::device::plan::{Expect, Meaning};
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
    setting: Setting,
    address: Address,
    timeout_ms: u16,
    models: Vec<Model>,
    asks: Vec<Ask>,
    answers: Vec<Answer>,
    tries: u8,
}

/// A request of a plan as a question; none where it is no read.
fn ask_of(frame: &[u8]) -> Option<Ask> {
    match frame {
        [_, function @ 1..=4, a, b, c, d, ..] => Some(Ask::Read {
            function: *function,
            first: u16::from_be_bytes([*a, *b]),
            count: u16::from_be_bytes([*c, *d]),
        }),
        _ => None,
    }
}

/// The reads that a model must answer with data, and those that it answers with data or a refusal.
struct Signature {
    must: Vec<Ask>,
    may: Vec<Ask>,
}

fn signature(model: &Model, address: Address) -> Option<Signature> {
    let plan = model.plan();
    if !plan.is_for(Protocol::ModbusRtu) {
        return None;
    }
    let encoded = |request: &crate::frame::Request| ask_of(&request.encode(address));
    let polls: Option<Vec<Ask>> = plan.polls.iter().map(|poll| encoded(&poll.request)).collect();
    let mut must = polls?;
    let read_back =
        plan.set_up.iter().filter(|step| matches!(step.expect, Expect::Registers(_) | Expect::Cleared(_)));
    must.extend(read_back.filter_map(|step| encoded(&step.request)));
    let may = plan.fences.iter().filter_map(encoded).filter(|ask| !must.contains(ask)).collect();
    Some(Signature { must, may })
}

impl Identify {
    /// Asks the board at `address`, which may be any of these models.
    #[must_use]
    pub fn new(setting: Setting, address: Address, timeout_ms: u16, models: Vec<Model>) -> Self {
        let mut asks: Vec<Ask> = Vec::new();
        for signature in models.iter().filter_map(|model| signature(model, address)) {
            for ask in signature.must.into_iter().chain(signature.may) {
                if !asks.contains(&ask) {
                    asks.push(ask);
                }
            }
        }
        Self { setting, address, timeout_ms, models, asks, answers: Vec::new(), tries: 0 }
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
        let signature = signature(model, self.address)?;
        let (mut score, mut reasons) = (0, Vec::new());
        for ask in &signature.must {
            self.data(ask)?;
            score += weight(ask);
            reasons.push(format!("answers {}", words(ask)));
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
            let Some(Ask::Read { first, .. }) = ask_of(&poll.request.encode(self.address)) else { continue };
            let Some(data) = ask_of(&poll.request.encode(self.address)).and_then(|ask| self.data(&ask))
            else {
                continue;
            };
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
        let more = |mine: &Ask, other: &Ask| match (mine, other) {
            (
                Ask::Read { function, first, count },
                Ask::Read { function: same, first: from, count: larger },
            ) => function == same && first == from && larger > count,
            _ => false,
        };
        let asked = self.asks.iter().zip(&self.answers);
        let refused = asked.filter(|(_, answer)| !matches!(answer, Answer::Data(_)));
        let refused = refused.filter(|(ask, _)| must.iter().any(|mine| more(mine, ask)));
        refused.map(|(ask, _)| format!("not {}", words(ask))).collect()
    }
}

fn weight(ask: &Ask) -> u32 {
    match ask {
        Ask::Read { count, .. } => u32::from(*count),
        Ask::Poll { .. } | Ask::Pulse { .. } | Ask::Readdress { .. } => 0,
    }
}

fn words(ask: &Ask) -> String {
    let Ask::Read { function, first, count } = ask else { return String::new() };
    let (one, many, hexadecimal) = match function {
        1 => ("coil", "coils", false),
        2 => ("input", "inputs", false),
        3 => ("holding register", "holding registers", true),
        _ => ("input register", "input registers", true),
    };
    let from = if hexadecimal { format!("0x{first:04X}") } else { first.to_string() };
    match count {
        1 => format!("{one} {from}"),
        _ => format!("FC{function:02} x {count} ({many} from {from})"),
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
        let mut identify = Identify::new(setting, Address::new(1).unwrap(), 60, Model::all());
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

    #[test]
    fn unknown_board_has_no_candidate() {
        assert!(board(0, 0, &[]).is_empty());
    }
}
