//! Ebyte MA01 relay boards, with and without inputs. The makers' MA02 and ME31 use the same map.
//!
//! Document: Ebyte "MA01-AXCX4040 User Manual", chapter 7, "Register list".
//!
//! Traps: in its "level mode", as it leaves the works, a coil stays on until it is written off. In "pulse mode" the board
//! lets go by itself after the width in a register. Mode, width and what the outputs do when power comes are read back, set
//! where they differ and read back again on every connect; a board that was exchanged for one in level mode has been dead
//! for longer than it takes to be set up anew. Should one lose its mode all the same, the read of its outputs every second
//! finds the coil on and switches it off. The width belongs to the board, so one length serves: 500 ms.

use std::time::Duration;

use crate::channel::Channel;
use crate::device::Model;
use crate::device::plan::{Expect, Meaning, OutputBits, Plan, Poll, Provides, SetUpStep};
use crate::frame;
use crate::frame::modbus_rtu::{RelayOutput, Request, SpanError, Table};
use crate::order::PulseLength;

const POWER_ON_STATE: u16 = 0x0064;
const MODE: u16 = 0x0578;
const PULSE_MODE: u16 = 1;
const WIDTH: u16 = 0x05DC;
/// In milliseconds, as the board counts; the length that the house's policy has unless it says otherwise.
const WIDTH_MS: u16 = 500;
/// The same in units of 100 ms.
const WIDTH_UNITS: u8 = 5;
/// Module model, for fences.
const MODULE: u16 = 0x07D0;
/// What is said of it in the list of models.
const NOTES: &str =
    "pulses of 500 ms only; pulse mode, width and power-on state are set and verified on every connect";

/// The models of this file.
#[must_use]
pub fn models() -> Vec<Model> {
    let model = |name, about, plan: Result<Plan, SpanError>| {
        Some(Model::new(name, plan.ok()?).about(about).notes(NOTES))
    };
    [
        model("ebyte-ma01-0080", "Ebyte MA01-XXCX0080, 8 relays", plan::<8>(0)),
        model("ebyte-ma01-2020", "Ebyte MA01-AXCX2020, 2 relays, 2 inputs", plan::<2>(2)),
        model("ebyte-ma01-4020", "Ebyte MA01-AXCX4020, 2 relays, 4 inputs", plan::<2>(4)),
        model("ebyte-ma01-4040", "Ebyte MA01-AXCX4040, 4 relays, 4 inputs", plan::<4>(4)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn plan<const OUTPUTS: u8>(inputs: u8) -> Result<Plan, SpanError> {
    let coils = |first| Request::read(Table::Coils, first, OUTPUTS.into());
    let registers = |first| Request::read(Table::HoldingRegisters, first, OUTPUTS.into());
    let read_outputs = coils(0)?;
    let set_up = vec![
        SetUpStep::new("outputs off", read_outputs, Expect::Cleared(OutputBits::Now)),
        SetUpStep::new(
            "outputs stay off when power comes",
            coils(POWER_ON_STATE)?,
            Expect::Cleared(OutputBits::AtPowerOn),
        ),
        SetUpStep::new(
            "pulse width of every output is 500 ms",
            registers(WIDTH)?,
            Expect::Registers(WIDTH_MS),
        ),
        SetUpStep::new("every output is in pulse mode", registers(MODE)?, Expect::Registers(PULSE_MODE)),
        SetUpStep::new("outputs read back off", read_outputs, Expect::AllZero),
    ];
    let mut polls = vec![Poll::outputs(read_outputs, Meaning::Outputs)];
    if inputs > 0 {
        polls.push(Poll::inputs(Request::read(Table::DiscreteInputs, 0, inputs.into())?));
    }
    let module = Request::read(Table::HoldingRegisters, MODULE, 1)?;
    Ok(Plan {
        provides: Provides { outputs: OUTPUTS, inputs, probes: 0 },
        set_up,
        polls,
        fences: vec![module.into(), read_outputs.into()],
        guard: Duration::ZERO,
        pulse: Some(pulse::<OUTPUTS>),
    })
}

fn pulse<const OUTPUTS: u8>(output: Channel, length: PulseLength) -> Option<frame::Request> {
    let output = RelayOutput::new(output, OUTPUTS)?;
    (length.units() == WIDTH_UNITS).then(|| Request::begin_pulse(output).into())
}

const _: () = assert!(WIDTH_MS == WIDTH_UNITS as u16 * 100, "what is asked for is what the board is set to");

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
    fn pulse_frames() {
        assert_eq!(pulse_of::<8>(1, 500), Some([0x01, 0x05, 0x00, 0x00, 0xFF, 0x00, 0x8C, 0x3A].into()));
        assert_eq!(pulse_of::<8>(8, 500), Some([0x01, 0x05, 0x00, 0x07, 0xFF, 0x00, 0x3D, 0xFB].into()));
        assert_eq!(pulse_of::<4>(4, 500), Some([0x01, 0x05, 0x00, 0x03, 0xFF, 0x00, 0x7C, 0x3A].into()));
        assert_eq!(pulse_of::<4>(5, 500), None);
        assert_eq!(pulse_of::<8>(1, 700), None, "the board would hold it for 500 ms");
    }

    #[test]
    fn set_up_frames() {
        let plan = plan::<8>(0).unwrap();
        let frames: Vec<frame::FrameBytes> = plan.set_up.iter().map(|step| sent(step.request)).collect();
        assert_eq!(
            frames,
            [
                [0x01, 0x01, 0x00, 0x00, 0x00, 0x08, 0x3D, 0xCC],
                [0x01, 0x01, 0x00, 0x64, 0x00, 0x08, 0x7C, 0x13],
                [0x01, 0x03, 0x05, 0xDC, 0x00, 0x08, 0x85, 0x3A],
                [0x01, 0x03, 0x05, 0x78, 0x00, 0x08, 0xC4, 0xD9],
                [0x01, 0x01, 0x00, 0x00, 0x00, 0x08, 0x3D, 0xCC],
            ]
        );
    }

    #[test]
    fn what_differs_is_mended_one_by_one() {
        let plan = plan::<8>(0).unwrap();
        let mended = |step: usize, data: &[u8]| {
            let SetUpStep { request, expect, .. } = plan.set_up[step];
            expect.mend(&request, data).unwrap().map(sent)
        };
        assert_eq!(mended(0, &[0x80]).map(|frame| frame[..6].to_vec()), Some(vec![1, 5, 0, 7, 0, 0]));
        assert_eq!(mended(1, &[0x02]).map(|frame| frame[..6].to_vec()), Some(vec![1, 5, 0, 0x65, 0, 0]));
        let mut widths = [0x01, 0xF4].repeat(8);
        assert_eq!(mended(2, &widths), None);
        widths[1] = 0xF5;
        assert_eq!(mended(2, &widths), Some([0x01, 0x06, 0x05, 0xDC, 0x01, 0xF4, 0x48, 0xEB].into()));
        assert_eq!(mended(3, &[0; 16]), Some([0x01, 0x06, 0x05, 0x78, 0x00, 0x01, 0xC8, 0xDF].into()));
        assert!(plan.set_up[4].expect.mend(&plan.set_up[4].request, &[1]).is_err());
    }

    /// Read by `device::golden`.
    pub(in crate::device) const FRAMES: &[(&str, &str)] = &[
        (
            "ebyte-ma01-0080",
            "> 01 01 00 00 00 08 3D CC
             < 01 01 01 00 51 88
             = as set up
             > 01 01 00 64 00 08 7C 13
             < 01 01 01 00 51 88
             = as set up
             > 01 03 05 DC 00 08 85 3A
             < 01 03 10 01 F4 01 F4 01 F4 01 F4 01 F4 01 F4 01 F4 01 F4 97 D5
             = as set up
             > 01 03 05 78 00 08 C4 D9
             < 01 03 10 00 01 00 01 00 01 00 01 00 01 00 01 00 01 00 01 93 B4
             = as set up
             > 01 05 00 00 FF 00 8C 3A
             < 01 05 00 00 FF 00 8C 3A
             = output 1 for 500 ms: echo
             > 01 05 00 07 FF 00 3D FB
             < 01 05 00 07 FF 00 3D FB
             = output 8 for 500 ms: echo",
        ),
        (
            "ebyte-ma01-2020",
            "> 01 01 00 00 00 02 BD CB
             < 01 01 01 00 51 88
             = as set up
             > 01 01 00 64 00 02 FC 14
             < 01 01 01 00 51 88
             = as set up
             > 01 03 05 DC 00 02 05 3D
             < 01 03 04 01 F4 01 F4 BA 2A
             = as set up
             > 01 03 05 78 00 02 44 DE
             < 01 03 04 00 01 00 01 6A 33
             = as set up
             > 01 02 00 00 00 02 F9 CB
             < 01 02 01 02 20 49
             = on 2, off 1
             > 01 05 00 00 FF 00 8C 3A
             < 01 05 00 00 FF 00 8C 3A
             = output 1 for 500 ms: echo
             > 01 05 00 01 FF 00 DD FA
             < 01 05 00 01 FF 00 DD FA
             = output 2 for 500 ms: echo",
        ),
        (
            "ebyte-ma01-4020",
            "> 01 01 00 00 00 02 BD CB
             < 01 01 01 00 51 88
             = as set up
             > 01 01 00 64 00 02 FC 14
             < 01 01 01 00 51 88
             = as set up
             > 01 03 05 DC 00 02 05 3D
             < 01 03 04 01 F4 01 F4 BA 2A
             = as set up
             > 01 03 05 78 00 02 44 DE
             < 01 03 04 00 01 00 01 6A 33
             = as set up
             > 01 02 00 00 00 04 79 C9
             < 01 02 01 08 A0 4E
             = on 4, off 1-3
             > 01 05 00 00 FF 00 8C 3A
             < 01 05 00 00 FF 00 8C 3A
             = output 1 for 500 ms: echo
             > 01 05 00 01 FF 00 DD FA
             < 01 05 00 01 FF 00 DD FA
             = output 2 for 500 ms: echo",
        ),
        (
            "ebyte-ma01-4040",
            "> 01 01 00 00 00 04 3D C9
             < 01 01 01 00 51 88
             = as set up
             > 01 01 00 64 00 04 7C 16
             < 01 01 01 00 51 88
             = as set up
             > 01 03 05 DC 00 04 85 3F
             < 01 03 08 01 F4 01 F4 01 F4 01 F4 11 C9
             = as set up
             > 01 03 05 78 00 04 C4 DC
             < 01 03 08 00 01 00 01 00 01 00 01 28 D7
             = as set up
             > 01 02 00 00 00 04 79 C9
             < 01 02 01 08 A0 4E
             = on 4, off 1-3
             > 01 05 00 00 FF 00 8C 3A
             < 01 05 00 00 FF 00 8C 3A
             = output 1 for 500 ms: echo
             > 01 05 00 03 FF 00 7C 3A
             < 01 05 00 03 FF 00 7C 3A
             = output 4 for 500 ms: echo",
        ),
    ];
}
