//! Eletechsup R421A08 (also sold by LaskaKit and others) with 8 relays, and its small sister R421A04 with 4.
//!
//! Document: the seller's "R421A08 command" sheet; register use as in the open drivers Erriez/R421A08-rs485-8ch-relay-board
//! and mikee47/IOControl.
//!
//! Traps: commands are register values, and register 0 is *all*, so only typed outputs reach the codec. The board counts
//! whole seconds, nothing finer. It loses the answer to a command that follows another at once: it gets a rest. "Delay" is
//! used for every pulse, never "on" and later "off": a board whose master dies in between would cook its lock.

use std::time::Duration;

use crate::channel::Channel;
use crate::device::Model;
use crate::device::plan::{Expect, Meaning, Plan, Poll, Provides, SetUpStep};
use crate::frame;
use crate::frame::modbus_rtu::{RelayOutput, Request, SpanError, Table, WholeSeconds};
use crate::order::PulseLength;

/// Registers count from 1, like the outputs.
const FIRST_STATE: u16 = 1;
/// Rest between two transactions: twice what the open drivers leave.
const GUARD: Duration = Duration::from_millis(50);
/// What is said of it in the list of models.
const NOTES: &str = "pulses of whole seconds only: set [policy] pulse = \"1 s\"";

/// The models of this file.
#[must_use]
pub fn models() -> Vec<Model> {
    let model = |name, about, plan: Result<Plan, SpanError>| {
        Some(Model::new(name, plan.ok()?).about(about).notes(NOTES))
    };
    [
        model("r421a04", "Eletechsup R421A04, 4 relays", plan::<4>()),
        model("r421a08", "Eletechsup R421A08, 8 relays", plan::<8>()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn plan<const OUTPUTS: u8>() -> Result<Plan, SpanError> {
    let read_outputs = Request::read(Table::HoldingRegisters, FIRST_STATE, OUTPUTS.into())?;
    let set_up = vec![
        SetUpStep::new("all outputs off", Request::registers_all_off(), Expect::Echo),
        SetUpStep::new("outputs read back off", read_outputs, Expect::AllZero),
    ];
    let polls = vec![Poll::outputs(read_outputs, Meaning::OutputRegisters)];
    let one_output = Request::read(Table::HoldingRegisters, FIRST_STATE, 1)?;
    Ok(Plan {
        provides: Provides { outputs: OUTPUTS, inputs: 0, probes: 0 },
        set_up,
        polls,
        fences: vec![one_output.into(), read_outputs.into()],
        guard: GUARD,
        pulse: Some(pulse::<OUTPUTS>),
    })
}

fn pulse<const OUTPUTS: u8>(output: Channel, length: PulseLength) -> Option<frame::Request> {
    Some(Request::on_for(RelayOutput::new(output, OUTPUTS)?, WholeSeconds::new(length)?).into())
}

#[cfg(test)]
pub(super) mod golden {
    use super::*;
    use crate::spec::Address;

    fn sent(request: frame::Request) -> frame::FrameBytes {
        request.encode(Address::new(1).unwrap())
    }

    fn pulse_of(channel: u8, millis: u32) -> Option<frame::FrameBytes> {
        pulse::<8>(Channel::new(channel).unwrap(), PulseLength::from_millis(millis).unwrap()).map(sent)
    }

    #[test]
    fn pulse_frames() {
        assert_eq!(pulse_of(1, 1_000), Some([0x01, 0x06, 0x00, 0x01, 0x06, 0x01, 0x1A, 0x6A].into()));
        assert_eq!(pulse_of(8, 5_000), Some([0x01, 0x06, 0x00, 0x08, 0x06, 0x05, 0xCB, 0xAB].into()));
        assert_eq!(pulse_of(9, 1_000), None);
        assert_eq!(pulse_of(1, 500), None, "half a second cannot be counted, and is not rounded");
    }

    #[test]
    fn set_up_frames() {
        let plan = plan::<8>().unwrap();
        assert_eq!(sent(plan.set_up[0].request), [0x01, 0x06, 0x00, 0x00, 0x08, 0x00, 0x8E, 0x0A]);
        assert_eq!(sent(plan.set_up[1].request), [0x01, 0x03, 0x00, 0x01, 0x00, 0x08, 0x15, 0xCC]);
    }

    /// Read by `device::golden`.
    pub(in crate::device) const FRAMES: &[(&str, &str)] = &[
        (
            "r421a04",
            "> 01 06 00 00 08 00 8E 0A
             < 01 06 00 00 08 00 8E 0A
             = echo
             > 01 03 00 01 00 04 15 C9
             < 01 03 08 00 00 00 00 00 00 00 00 95 D7
             = as set up
             > 01 06 00 01 06 01 1A 6A
             < 01 06 00 01 06 01 1A 6A
             = output 1 for 1000 ms: echo
             > 01 06 00 04 06 05 0B A8
             < 01 06 00 04 06 05 0B A8
             = output 4 for 5000 ms: echo",
        ),
        (
            "r421a08",
            "> 01 06 00 00 08 00 8E 0A
             < 01 06 00 00 08 00 8E 0A
             = echo
             > 01 03 00 01 00 08 15 CC
             < 01 03 10 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 E4 59
             = as set up
             > 01 06 00 01 06 01 1A 6A
             < 01 06 00 01 06 01 1A 6A
             = output 1 for 1000 ms: echo
             > 01 06 00 08 06 05 CB AB
             < 01 06 00 08 06 05 CB AB
             = output 8 for 5000 ms: echo",
        ),
    ];
}
