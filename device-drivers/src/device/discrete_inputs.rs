//! Boards with 4, 8, 16 or 32 discrete inputs by function 2, in the order of their terminals.
//!
//! Document: <https://www.waveshare.com/wiki/Modbus_RTU_IO_8CH>; the generic boards follow the Modbus application
//! protocol, 6.2.
//!
//! Traps: bit 0 of the first byte is the terminal printed 1. Inputs are pulled so that a broken wire reads off.
//! Unused bits of the last byte are not defined, and are ignored.

use std::time::Duration;

use crate::device::Model;
use crate::device::plan::{Plan, Poll, Provides};
use crate::frame::modbus_rtu::{Request, SpanError, Table};

/// Holding register of Waveshare's boards with their own address; others answer with an exception, which fences as well.
const OWN_ADDRESS: u16 = 0x4000;

/// The models of this file.
#[must_use]
pub fn models() -> Vec<Model> {
    let model = |inputs: u8| {
        let model = Model::new(&format!("discrete-inputs-{inputs}"), plan(inputs).ok()?);
        Some(
            model.about(&format!("{inputs} discrete inputs by function 2: Waveshare, Eletechsup and others")),
        )
    };
    [4, 8, 16, 32].into_iter().filter_map(model).collect()
}

fn plan(inputs: u8) -> Result<Plan, SpanError> {
    let polls = vec![Poll::inputs(Request::read(Table::DiscreteInputs, 0, inputs.into())?)];
    let coils = Request::read(Table::Coils, 0, 1)?;
    let own_address = Request::read(Table::HoldingRegisters, OWN_ADDRESS, 1)?;
    Ok(Plan {
        provides: Provides { outputs: 0, inputs, probes: 0 },
        set_up: Vec::new(),
        polls,
        fences: vec![own_address.into(), coils.into()],
        guard: Duration::ZERO,
        pulse: None,
    })
}

#[cfg(test)]
pub(super) mod golden {
    /// Read by `device::golden`.
    pub(in crate::device) const FRAMES: &[(&str, &str)] = &[
        (
            "discrete-inputs-16",
            "> 01 02 00 00 00 10 79 C6
             < 01 02 02 05 80 BB 48
             = on 1 3 16, off 2 4-15",
        ),
        (
            "discrete-inputs-32",
            "> 01 02 00 00 00 20 79 D2
             < 01 02 04 01 02 04 80 58 BE
             = on 1 10 19 32, off 2-9 11-18 20-31",
        ),
        (
            "discrete-inputs-4",
            "> 01 02 00 00 00 04 79 C9
             < 01 02 01 F9 61 CA
             = on 1 4, off 2-3",
        ),
        (
            "discrete-inputs-8",
            "> 01 02 00 00 00 08 79 CC
             < 01 02 01 81 61 E8
             = on 1 8, off 2-7",
        ),
    ];
}
