//! Where a slave's set-up stands: a table of what a step expects and what came.

use crate::device::plan::{CannotMend, Expect, SetUpStep};
use crate::frame::Request;
use crate::limits::SET_UP_FIXES;
use crate::line::exchange::Ending;

/// Progress through a model's set-up steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SetUp {
    step: usize,
    /// What is being mended before the step's read is repeated.
    mend: Option<Request>,
    fixes: u8,
}

/// What a good or bad answer did to a set-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The next request is due.
    Onward,
    /// The step was not verified; all begins anew later.
    Refused(&'static str),
}

impl SetUp {
    /// The next request; none when all steps are verified.
    #[must_use]
    pub fn request(&self, steps: &[SetUpStep]) -> Option<Request> {
        let step = steps.get(self.step)?;
        Some(self.mend.unwrap_or(step.request))
    }

    /// Takes the answer to [`SetUp::request`]. Silence and damage leave all as it is: the step is asked again.
    pub fn answered(&mut self, steps: &[SetUpStep], ending: &Ending) -> Progress {
        let Some(step) = steps.get(self.step) else { return Progress::Onward };
        match (self.mend, step.expect, ending) {
            (_, _, Ending::Silent | Ending::Damaged) => Progress::Onward,
            (Some(_), _, Ending::Echo) => {
                self.mend = None;
                Progress::Onward
            }
            (None, Expect::Echo, Ending::Echo) => self.advance(),
            (None, expect, Ending::Data(data)) => match expect.mend(&step.request, data) {
                Ok(None) => self.advance(),
                Ok(Some(mend)) if self.fixes < SET_UP_FIXES => {
                    self.fixes += 1;
                    self.mend = Some(mend);
                    Progress::Onward
                }
                Ok(Some(_)) | Err(CannotMend) => self.refuse(step),
            },
            _ => self.refuse(step),
        }
    }

    fn advance(&mut self) -> Progress {
        *self = Self { step: self.step + 1, ..Self::default() };
        Progress::Onward
    }

    fn refuse(&mut self, step: &SetUpStep) -> Progress {
        *self = Self::default();
        Progress::Refused(step.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::Model;
    use crate::frame::modbus_rtu::{self, Setting};
    use crate::signal::ExceptionCode;

    fn data(bytes: &[u8]) -> Ending {
        Ending::Data(bytes.to_vec())
    }

    fn steps() -> Vec<SetUpStep> {
        Model::by_name("waveshare-relay-8-d").unwrap().plan().set_up.clone()
    }

    #[test]
    fn set_up_is_done_when_every_step_is_verified() {
        let (steps, mut set_up) = (steps(), SetUp::default());
        for ending in [Ending::Echo, data(&[0]), data(&[0; 16])] {
            assert!(set_up.request(&steps).is_some());
            assert_eq!(set_up.answered(&steps, &ending), Progress::Onward);
        }
        assert_eq!(set_up.request(&steps), None);
    }

    #[test]
    fn linkage_mode_is_cleared_and_read_again() {
        let (steps, mut set_up) = (steps(), SetUp { step: 2, ..SetUp::default() });
        let mut modes = [0; 16];
        modes[5] = 1;
        set_up.answered(&steps, &data(&modes));
        assert_eq!(
            set_up.request(&steps),
            Some(modbus_rtu::Request::set(Setting::new(0x1002, 0).unwrap()).into())
        );
        set_up.answered(&steps, &Ending::Echo);
        assert_eq!(set_up.request(&steps), Some(steps[2].request), "read back");
        set_up.answered(&steps, &data(&[0; 16]));
        assert_eq!(set_up.request(&steps), None);
    }

    #[test]
    fn register_that_never_clears_ends_as_refused() {
        let (steps, mut set_up) = (steps(), SetUp { step: 2, ..SetUp::default() });
        let modes = [1; 16];
        let refusals = (0..SET_UP_FIXES).all(|_| {
            let onward = set_up.answered(&steps, &data(&modes)) == Progress::Onward;
            set_up.answered(&steps, &Ending::Echo);
            onward
        });
        assert!(refusals);
        assert!(matches!(set_up.answered(&steps, &data(&modes)), Progress::Refused(_)));
        assert_eq!(set_up, SetUp::default(), "begins anew");
    }

    #[test]
    fn step_is_kept_when_silent_and_refused_when_wrong() {
        let steps = steps();
        let after = |ending: Ending| {
            let mut set_up = SetUp { step: 1, ..SetUp::default() };
            (set_up.answered(&steps, &ending), set_up.step)
        };
        assert_eq!(after(Ending::Silent), (Progress::Onward, 1));
        assert_eq!(after(Ending::Damaged), (Progress::Onward, 1));
        assert_eq!(after(data(&[4])), (Progress::Refused(steps[1].name), 0));
        assert_eq!(after(Ending::Exception(ExceptionCode(1))), (Progress::Refused(steps[1].name), 0));
    }
}
