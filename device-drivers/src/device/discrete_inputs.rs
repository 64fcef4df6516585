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
mod golden {
    use super::*;
    use crate::frame::{Protocol, Verdict, View};
    use crate::spec::Address;

    #[test]
    fn read_frames_of_eight_inputs() {
        let address = Address::new(1).unwrap();
        let request = plan(8).unwrap().polls[0].request;
        assert_eq!(request.encode(address), [0x01, 0x02, 0x00, 0x00, 0x00, 0x08, 0x79, 0xCC]);
        // Inputs 1 and 8 on.
        let answer = [0x01, 0x02, 0x01, 0x81, 0x61, 0xE8];
        let view = View::new(Protocol::ModbusRtu, &answer).unwrap();
        assert_eq!(request.judge(address, &view), Verdict::Data(&[0x81]));
    }
}
