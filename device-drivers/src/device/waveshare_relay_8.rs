//! Waveshare Modbus RTU Relay, 8 channels; and the (D) model with 8 inputs beside them.
//!
//! Document: <https://www.waveshare.com/wiki/Modbus_RTU_Relay> and <https://www.waveshare.com/wiki/Modbus_RTU_Relay_(D)>.
//!
//! Traps: coil 0x00FF is *all*, one byte away from a single coil, so only typed outputs 1 to 8 reach the codec. Control
//! mode 1 of a (D) board lets a door contact fire a lock: it is read back and cleared on every connect. Boards restart
//! with outputs as configured: outputs are read every second, and what nobody ordered is switched off.

use crate::channel::Channel;
use crate::device::Model;
use crate::device::plan::{Expect, Lane, Meaning, Plan, Poll, Provides, SetUpStep};
use crate::frame;
use crate::frame::modbus_rtu::{RelayOutput, Request, SpanError, Table};
use crate::limits::{DOOR_PERIOD, OUTPUTS_PERIOD};
use crate::order::PulseLength;

const OUTPUTS: u8 = RelayOutput::COUNT;
const INPUTS: u8 = 8;
const CONTROL_MODE: u16 = 0x1000;
const VERSION: u16 = 0x8000;

/// The models of this file.
#[must_use]
pub fn models() -> Vec<Model> {
    let plain = plan(0).map(|plan| Model::new("waveshare-relay-8", plan));
    let with_inputs = plan(INPUTS).map(|plan| Model::new("waveshare-relay-8-d", plan));
    [plain, with_inputs].into_iter().flatten().collect()
}

fn plan(inputs: u8) -> Result<Plan, SpanError> {
    let read_outputs = Request::read(Table::Coils, 0, OUTPUTS.into())?;
    let mut set_up = vec![
        SetUpStep { name: "all outputs off", request: Request::all_off().into(), expect: Expect::Echo },
        SetUpStep { name: "outputs read back off", request: read_outputs.into(), expect: Expect::AllZero },
    ];
    let mut polls = vec![Poll {
        lane: Lane::Background,
        period: OUTPUTS_PERIOD,
        request: read_outputs.into(),
        meaning: Meaning::Outputs,
    }];
    if inputs > 0 {
        let modes = Request::read(Table::HoldingRegisters, CONTROL_MODE, OUTPUTS.into())?;
        let expect = Expect::ClearedRegisters;
        set_up.push(SetUpStep {
            name: "control mode of every output is normal",
            request: modes.into(),
            expect,
        });
        let request = Request::read(Table::DiscreteInputs, 0, inputs.into())?;
        polls.push(Poll {
            lane: Lane::Door,
            period: DOOR_PERIOD,
            request: request.into(),
            meaning: Meaning::Inputs,
        });
    }
    let version = Request::read(Table::HoldingRegisters, VERSION, 1)?;
    Ok(Plan {
        provides: Provides { outputs: OUTPUTS, inputs, probes: 0 },
        set_up,
        polls,
        fences: vec![read_outputs.into(), version.into()],
        pulse: Some(pulse),
    })
}

fn pulse(output: Channel, length: PulseLength) -> Option<frame::Request> {
    RelayOutput::new(output).map(|output| Request::flash_on(output, length).into())
}

#[cfg(test)]
mod golden {
    use super::*;
    use crate::spec::Address;

    fn sent(request: frame::Request) -> frame::FrameBytes {
        request.encode(Address::new(1).unwrap())
    }

    fn pulse_of(channel: u8, millis: u32) -> frame::FrameBytes {
        sent(pulse(Channel::new(channel).unwrap(), PulseLength::from_millis(millis).unwrap()).unwrap())
    }

    #[test]
    fn pulse_frames() {
        assert_eq!(pulse_of(1, 700), [0x01, 0x05, 0x02, 0x00, 0x00, 0x07, 0x8D, 0xB0]);
        assert_eq!(pulse_of(4, 300), [0x01, 0x05, 0x02, 0x03, 0x00, 0x03, 0x7C, 0x73]);
        assert_eq!(pulse_of(8, 700)[..6], [0x01, 0x05, 0x02, 0x07, 0x00, 0x07]);
        assert!(pulse(Channel::new(9).unwrap(), PulseLength::from_millis(700).unwrap()).is_none());
    }

    #[test]
    fn set_up_frames() {
        let plan = plan(INPUTS).unwrap();
        let frames: Vec<frame::FrameBytes> = plan.set_up.iter().map(|step| sent(step.request)).collect();
        assert_eq!(
            frames,
            [
                [0x01, 0x05, 0x00, 0xFF, 0x00, 0x00, 0xFD, 0xFA],
                [0x01, 0x01, 0x00, 0x00, 0x00, 0x08, 0x3D, 0xCC],
                [0x01, 0x03, 0x10, 0x00, 0x00, 0x08, 0x40, 0xCC],
            ]
        );
    }
}
