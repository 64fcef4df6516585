//! Waveshare Modbus RTU Relay with 8, 16 and 32 channels; and the (D) model with 8 inputs beside its 8 relays.
//!
//! Document: <https://www.waveshare.com/wiki/Modbus_RTU_Relay>, `..._16CH`, `..._32CH` and
//! <https://www.waveshare.com/wiki/Modbus_RTU_Relay_(D)>.
//!
//! Traps: coil 0x00FF is *all*, one byte away from a single coil, so only typed outputs reach the codec. Control mode 1 of a
//! (D) board lets a door contact fire a lock: it is read back and cleared on every connect. Boards restart with outputs as
//! configured: outputs are read every second, and what nobody ordered is switched off. Firmware before September 2021 (V1)
//! answers off-standard and ends as a failed set-up.

use std::time::Duration;

use crate::channel::Channel;
use crate::device::Model;
use crate::device::plan::{Expect, Meaning, Plan, Poll, Provides, SetUpStep};
use crate::frame;
use crate::frame::modbus_rtu::{RelayOutput, Request, SpanError, Table};
use crate::order::PulseLength;

const INPUTS: u8 = 8;
const CONTROL_MODE: u16 = 0x1000;
const VERSION: u16 = 0x8000;

/// The models of this file.
#[must_use]
pub fn models() -> Vec<Model> {
    let model = |name, about, plan: Result<Plan, SpanError>| Some(Model::new(name, plan.ok()?).about(about));
    [
        model("waveshare-relay-8", "Waveshare Modbus RTU Relay, 8 channels", plan::<8>(0)),
        model(
            "waveshare-relay-8-d",
            "Waveshare Modbus RTU Relay (D), 8 channels, 8 inputs",
            plan::<8>(INPUTS),
        ),
        model("waveshare-relay-16", "Waveshare Modbus RTU Relay 16CH", plan::<16>(0)),
        model("waveshare-relay-32", "Waveshare Modbus RTU Relay 32CH", plan::<32>(0)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn plan<const OUTPUTS: u8>(inputs: u8) -> Result<Plan, SpanError> {
    let read_outputs = Request::read(Table::Coils, 0, OUTPUTS.into())?;
    let mut set_up = vec![
        SetUpStep::new("all outputs off", Request::all_off(), Expect::Echo),
        SetUpStep::new("outputs read back off", read_outputs, Expect::AllZero),
    ];
    let mut polls = vec![Poll::outputs(read_outputs, Meaning::Outputs)];
    if inputs > 0 {
        let modes = Request::read(Table::HoldingRegisters, CONTROL_MODE, OUTPUTS.into())?;
        set_up.push(SetUpStep::new("control mode of every output is normal", modes, Expect::Registers(0)));
        polls.push(Poll::inputs(Request::read(Table::DiscreteInputs, 0, inputs.into())?));
    }
    let version = Request::read(Table::HoldingRegisters, VERSION, 1)?;
    Ok(Plan {
        provides: Provides { outputs: OUTPUTS, inputs, probes: 0 },
        set_up,
        polls,
        fences: vec![read_outputs.into(), version.into()],
        guard: Duration::ZERO,
        pulse: Some(pulse::<OUTPUTS>),
    })
}

fn pulse<const OUTPUTS: u8>(output: Channel, length: PulseLength) -> Option<frame::Request> {
    RelayOutput::new(output, OUTPUTS).map(|output| Request::flash_on(output, length).into())
}

#[cfg(test)]
pub(super) mod golden {
    use super::*;
    use crate::spec::Address;

    fn sent(request: frame::Request) -> frame::FrameBytes {
        request.encode(Address::new(1).unwrap())
    }

    fn pulse_of<const OUTPUTS: u8>(channel: u8, millis: u32) -> Option<frame::FrameBytes> {
        let length = PulseLength::from_millis(millis).unwrap();
        pulse::<OUTPUTS>(Channel::new(channel).unwrap(), length).map(sent)
    }

    #[test]
    fn pulse_frames_of_eight_channels() {
        assert_eq!(pulse_of::<8>(1, 700), Some([0x01, 0x05, 0x02, 0x00, 0x00, 0x07, 0x8D, 0xB0].into()));
        assert_eq!(pulse_of::<8>(4, 300), Some([0x01, 0x05, 0x02, 0x03, 0x00, 0x03, 0x7C, 0x73].into()));
        assert_eq!(pulse_of::<8>(8, 700), Some([0x01, 0x05, 0x02, 0x07, 0x00, 0x07, 0x3C, 0x71].into()));
        assert_eq!(pulse_of::<8>(9, 700), None);
    }

    #[test]
    fn pulse_frames_of_sixteen_and_thirty_two_channels() {
        assert_eq!(pulse_of::<16>(16, 700), Some([0x01, 0x05, 0x02, 0x0F, 0x00, 0x07, 0xBD, 0xB3].into()));
        assert_eq!(pulse_of::<16>(17, 700), None);
        assert_eq!(pulse_of::<32>(32, 700), Some([0x01, 0x05, 0x02, 0x1F, 0x00, 0x07, 0xBC, 0x76].into()));
    }

    #[test]
    fn set_up_frames_of_a_board_with_inputs() {
        let plan = plan::<8>(INPUTS).unwrap();
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

    #[test]
    fn set_up_frames_of_thirty_two_channels() {
        let plan = plan::<32>(0).unwrap();
        assert_eq!(sent(plan.set_up[0].request), [0x01, 0x05, 0x00, 0xFF, 0x00, 0x00, 0xFD, 0xFA]);
        assert_eq!(sent(plan.set_up[1].request), [0x01, 0x01, 0x00, 0x00, 0x00, 0x20, 0x3D, 0xD2]);
    }

    /// Read by `device::golden`.
    pub(in crate::device) const FRAMES: &[(&str, &str)] = &[
        (
            "waveshare-relay-16",
            "> 01 05 00 FF 00 00 FD FA
             < 01 05 00 FF 00 00 FD FA
             = echo
             > 01 01 00 00 00 10 3D C6
             < 01 01 02 00 00 B9 FC
             = as set up
             > 01 05 02 00 00 07 8D B0
             < 01 05 02 00 00 07 8D B0
             = output 1 for 700 ms: echo
             > 01 05 02 0F 00 07 BD B3
             < 01 05 02 0F 00 07 BD B3
             = output 16 for 700 ms: echo",
        ),
        (
            "waveshare-relay-32",
            "> 01 05 00 FF 00 00 FD FA
             < 01 05 00 FF 00 00 FD FA
             = echo
             > 01 01 00 00 00 20 3D D2
             < 01 01 04 00 00 00 00 FB D1
             = as set up
             > 01 05 02 00 00 07 8D B0
             < 01 05 02 00 00 07 8D B0
             = output 1 for 700 ms: echo
             > 01 05 02 1F 00 07 BC 76
             < 01 05 02 1F 00 07 BC 76
             = output 32 for 700 ms: echo",
        ),
        (
            "waveshare-relay-8",
            "> 01 05 00 FF 00 00 FD FA
             < 01 05 00 FF 00 00 FD FA
             = echo
             > 01 01 00 00 00 08 3D CC
             < 01 01 01 00 51 88
             = as set up
             > 01 05 02 00 00 07 8D B0
             < 01 05 02 00 00 07 8D B0
             = output 1 for 700 ms: echo
             > 01 05 02 07 00 07 3C 71
             < 01 05 02 07 00 07 3C 71
             = output 8 for 700 ms: echo",
        ),
        (
            "waveshare-relay-8-d",
            "> 01 05 00 FF 00 00 FD FA
             < 01 05 00 FF 00 00 FD FA
             = echo
             > 01 01 00 00 00 08 3D CC
             < 01 01 01 00 51 88
             = as set up
             > 01 03 10 00 00 08 40 CC
             < 01 03 10 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 E4 59
             = as set up
             > 01 02 00 00 00 08 79 CC
             < 01 02 01 42 21 B9
             = on 2 7, off 1 3-6 8
             > 01 05 02 00 00 07 8D B0
             < 01 05 02 00 00 07 8D B0
             = output 1 for 700 ms: echo
             > 01 05 02 07 00 07 3C 71
             < 01 05 02 07 00 07 3C 71
             = output 8 for 700 ms: echo",
        ),
    ];
}
