//! Maker and model, as printed on the board: copy this file to begin a device.
//!
//! Document: link to the maker's register list.
//!
//! Traps: what the document does not say, what differs by firmware, what is one byte away from opening everything.
//! If the model is a register map without set-up and outputs, write a profile in `profiles/` instead.
//!
//! A board with inputs or probes is this file, its lines in `mod.rs`, in `built_in` of `catalogue.rs` and in the lists of
//! `tests.rs` and `golden.rs`, and a simulator in `sim-devices/src/device/`. A lock board needs three things more: a typed constructor of
//! its pulse in its codec (for Modbus `frame/modbus_rtu/outputs.rs`; there is none that writes a coil by number, so that no
//! all-open code can be built by accident), that pulse as the plan's `pulse` (see `waveshare_relay.rs`), and how it gets
//! another address in `commission/readdress.rs`.
//!
//! A board that speaks no Modbus begins with a codec of its own in `frame/`. Its `FACTS` are all that differs between formats (until
//! when its word about an opening may come and how long it drives by itself, how many agreeing reads its check bytes need, how a
//! scan finds it); it gets a variant and a line in `frame/mod.rs`, `frame/protocol.rs`, `frame/request.rs` and `frame/view.rs`.
//! Its simulator is a file in `sim-devices/src/lock_board/`, what a trace says of it stands in `trace/lock_words.rs`, and the tests
//! of wrong doors learn of it in `tests/src/wire/lockers.rs`.

use std::time::Duration;

use crate::device::Model;
use crate::device::plan::{Expect, Plan, Poll, Provides, SetUpStep};
use crate::frame::modbus_rtu::{Request, SpanError, Table};

const INPUTS: u8 = 4;
const CONTROL_MODE: u16 = 0x1000;
const VERSION: u16 = 0x8000;

/// The models of this file, under the names that a configuration uses. Add them to `built_in`.
#[must_use]
pub fn models() -> Vec<Model> {
    plan().map(|plan| Model::new("maker-model", plan).about("Maker and model")).into_iter().collect()
}

fn plan() -> Result<Plan, SpanError> {
    // Verified on every connect and reconnect, in this order, before anything else is asked of the board.
    let modes = Request::read(Table::HoldingRegisters, CONTROL_MODE, INPUTS.into())?;
    let set_up = vec![SetUpStep::new("control mode is normal", modes, Expect::Registers(0))];

    // Read again and again. The first of them is also how the board is probed when it is down.
    let polls = vec![Poll::inputs(Request::read(Table::DiscreteInputs, 0, INPUTS.into())?)];

    // A harmless read whose answer has another form than each poll's: see `line::quarantine`.
    let fences = vec![Request::read(Table::HoldingRegisters, VERSION, 1)?.into()];

    Ok(Plan {
        provides: Provides { outputs: 0, inputs: INPUTS, probes: 0 },
        set_up,
        polls,
        fences,
        guard: Duration::ZERO,
        pulse: None,
    })
}

/// In a device's own file `pub(super) mod golden`, and its frames one more line of `CODE` in `golden.rs`, which checks that none
/// is missing: this test and its two imports are for the template, which is no model.
#[cfg(test)]
mod golden {
    use super::models;
    use crate::device::golden::check;

    /// Every frame the board gets and every answer, as the document prints them or a wire analyser showed them, for address 1, check
    /// bytes by another program than ours. Outputs: channel 1 and the last.
    const FRAMES: &[(&str, &str)] = &[(
        "maker-model",
        "> 01 03 10 00 00 04 40 C9
         < 01 03 08 00 00 00 00 00 00 00 00 95 D7
         = as set up
         > 01 02 00 00 00 04 79 C9
         < 01 02 01 09 61 8E
         = on 1 4, off 2-3",
    )];

    #[test]
    fn frames() {
        let [(model, frames)] = FRAMES else { panic!("one model") };
        assert_eq!(models()[0].name(), *model);
        check(&models()[0], frames);
    }
}
