//! What a board must be set to before an output of it is pulsed past the line master, whose set-up sees to it otherwise.
//!
//! Some boards (Ebyte) know a pulse only as a coil that is switched on in their pulse mode: in another mode the lock is held on
//! without end. Nothing is mended here: a board that is not as it must be is not pulsed.

use std::time::Duration;

use crate::commission::ask::{Answer, Ask, AskError, Encoded, Question, known};
use crate::device::plan::Expect;
use crate::frame::Request;
use crate::spec::Address;

/// One read before a pulse, and what it must show.
#[derive(Debug, Clone)]
pub struct Check {
    name: &'static str,
    request: Request,
    expect: Expect,
    asked: Encoded,
}

impl Check {
    /// The read, as it goes over the wire.
    #[must_use]
    pub const fn asked(&self) -> &Encoded {
        &self.asked
    }

    /// Why the board is not pulsed after this answer; none where it is as it must be.
    #[must_use]
    pub fn refusal(&self, answer: &Answer) -> Option<String> {
        let seen = match answer {
            Answer::Data(data) if self.expect.mend(&self.request, data) == Ok(None) => return None,
            Answer::Data(data) => format!("it reads {data:02x?}"),
            Answer::Exception(code) => format!("the board refuses to tell (exception {code})"),
            _ => "the board does not tell".to_owned(),
        };
        Some(format!("{}: {seen}; a pulse could hold the lock on without end", self.name))
    }
}

/// Everything to read before this question is asked: every setting that the model's pulses rest upon. None but pulses need any.
///
/// # Errors
/// [`AskError`] where nobody can be asked.
pub fn checks(question: &Question) -> Result<Vec<Check>, AskError> {
    let Ask::Pulse { model, .. } = &question.ask else { return Ok(Vec::new()) };
    let settings = |expect| matches!(expect, Expect::Registers(_) | Expect::Cleared(_));
    let known = known(model)?;
    let plan = known.plan();
    let steps = plan.set_up.iter().filter(|step| settings(step.expect));
    let check = |step: &crate::device::plan::SetUpStep| {
        let (name, request, expect) = (step.name, step.request, step.expect);
        Ok(Check { name, request, expect, asked: read(question, request)? })
    };
    steps.map(check).collect()
}

/// A harmless read of the board that this question writes to: it shows whether the adapter gives back what is sent.
///
/// # Errors
/// [`AskError`] where nobody can be asked.
pub fn first_read(question: &Question) -> Result<Option<Encoded>, AskError> {
    let (Ask::Pulse { model, .. } | Ask::Readdress { model, .. }) = &question.ask else { return Ok(None) };
    let poll = known(model)?.plan().polls.first().map(|poll| poll.request);
    poll.map(|request| read(question, request)).transpose()
}

/// The rest that the question's board needs between two transactions.
///
/// # Errors
/// [`AskError`]: nobody knows the model.
pub fn rest(question: &Question) -> Result<Duration, AskError> {
    match &question.ask {
        Ask::Pulse { model, .. } | Ask::Readdress { model, .. } => Ok(known(model)?.plan().guard),
        Ask::Read { .. } | Ask::Status { .. } | Ask::Poll { .. } => Ok(Duration::ZERO),
    }
}

fn read(question: &Question, request: Request) -> Result<Encoded, AskError> {
    let protocol = request.protocol();
    let address = Address::on(protocol, question.address)?;
    let timeout = Duration::from_millis(question.timeout_ms.into());
    let (frame, answer_bytes) = (request.encode(address).to_vec(), request.answer_bytes());
    Ok(Encoded { frame, address, protocol, request: Some(request), answer_bytes, timeout })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commission::setting::Setting;
    use crate::device::Model;

    fn pulse(model: &str) -> Question {
        let ask = Ask::Pulse { model: model.into(), output: 1, millis: 500 };
        Question { setting: Setting::likely(&[], &[])[0], address: 1, ask, timeout_ms: 100 }
    }

    #[test]
    fn board_whose_pulse_rests_on_its_mode_is_pulsed_in_that_mode_only() {
        let ebyte = Model::all().into_iter().find(|model| model.name().starts_with("ebyte")).unwrap();
        let checks = checks(&pulse(ebyte.name())).unwrap();
        let registers: Vec<_> =
            checks.iter().filter(|check| matches!(check.expect, Expect::Registers(_))).collect();
        assert_eq!(registers.len(), 2, "width and mode");
        for check in registers {
            let Expect::Registers(value) = check.expect else { continue };
            let count = usize::from(ebyte.provides().outputs);
            let good = value.to_be_bytes().repeat(count);
            assert_eq!(check.refusal(&Answer::Data(good.clone())), None);
            let mut bad = good;
            *bad.last_mut().unwrap() ^= 1;
            assert!(check.refusal(&Answer::Data(bad)).unwrap().contains(check.name));
            for none in [Answer::Silent, Answer::Damaged, Answer::Echo, Answer::Exception(2)] {
                assert!(check.refusal(&none).is_some(), "{none:?}");
            }
        }
    }

    #[test]
    fn every_model_that_is_set_up_by_registers_is_checked_before_it_is_pulsed() {
        for model in Model::all().into_iter().filter(|model| model.plan().pulse.is_some()) {
            let must = model.plan().set_up.iter().filter(|step| matches!(step.expect, Expect::Registers(_)));
            let checks = checks(&pulse(model.name())).unwrap();
            assert!(checks.len() >= must.count(), "{model:?}");
            assert!(first_read(&pulse(model.name())).unwrap().is_some(), "{model:?}");
        }
    }

    #[test]
    fn reads_need_nothing() {
        let ask = Ask::Read { function: 1, first: 0, count: 8 };
        let question = Question { ask, ..pulse("waveshare-relay-8") };
        assert!(checks(&question).unwrap().is_empty() && first_read(&question) == Ok(None));
    }
}
