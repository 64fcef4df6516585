//! What holds for all models: names, polls, fences, pulses, and that no frame of any of them opens more than one lock.

use super::*;
use crate::channel::MAX_CHANNEL;
use crate::device::plan::Expect;
use crate::device::plan::Poll;
use crate::frame::Request;
use crate::spec::Address;

/// Models of which no second harmless read is known.
const UNFENCED: [&str; 2] = ["kerong-", "lock-8a-"];

#[test]
fn every_model_speaks_one_protocol() {
    for model in Model::all() {
        let spoken = Protocol::ALL.into_iter().filter(|protocol| model.plan().is_for(*protocol));
        assert_eq!(spoken.count(), 1, "{model:?}");
    }
}

#[test]
fn every_model_is_listed_once_and_found_by_its_name() {
    let names: Vec<String> = Model::all().iter().map(|model| model.name().to_owned()).collect();
    let expected = [
        "carel-ir33",
        "comwintop-8pt",
        "danfoss-ekc-202d",
        "danfoss-erc-211",
        "discrete-inputs-16",
        "discrete-inputs-32",
        "discrete-inputs-4",
        "discrete-inputs-8",
        "dixell-xr",
        "ebyte-ma01-0080",
        "ebyte-ma01-2020",
        "ebyte-ma01-4020",
        "ebyte-ma01-4040",
        "eliwell-idplus",
        "kerong-cu16",
        "kerong-cu48",
        "kerong-cu48-hooks",
        "lock-8a-12",
        "lock-8a-16",
        "lock-8a-24",
        "md02-shtc3",
        "pt100-8",
        "r421a04",
        "r421a08",
        "r4dcb08",
        "waveshare-relay-16",
        "waveshare-relay-32",
        "waveshare-relay-8",
        "waveshare-relay-8-d",
        "winnsen-16",
        "wkly-12",
        "wkly-16",
        "wkly-24",
        "wkly-8",
        "xy-md02",
    ];
    assert_eq!(names, expected);
    assert_eq!(Model::by_name("xy-md02").map(|model| model.provides().probes), Some(2));
    assert!(Model::by_name("xy-md03").is_none());
    assert!(Model::all().iter().all(|model| !model.what().is_empty()), "each says what it is");
}

#[test]
fn every_model_can_be_polled_and_fenced() {
    for model in Model::all() {
        let plan = model.plan();
        assert!(!plan.polls.is_empty(), "{model:?} is never heard");
        let fence = |poll: &Poll| plan.fences.iter().any(|fence| !fence.answers_alike(&poll.request));
        // Boards with one read only are left alone for the horizon instead.
        let fenced = plan.polls.iter().all(fence) || plan.fences.is_empty();
        assert!(fenced, "{model:?}: no fence after a lost answer");
        assert_eq!(plan.fences.is_empty(), UNFENCED.iter().any(|name| model.name().starts_with(name)));
        assert_eq!(plan.pulse.is_some(), plan.provides.outputs > 0, "{model:?}");
        assert_eq!(model.pulse_lengths().is_empty(), plan.provides.outputs == 0, "{model:?}");
    }
}

#[test]
fn models_are_what_they_offer() {
    let kind = |name| Model::by_name(name).map(|model| model.kind());
    assert_eq!(kind("waveshare-relay-8-d"), Some(Kind::Locks));
    assert_eq!(kind("discrete-inputs-8"), Some(Kind::Inputs));
    assert_eq!(kind("carel-ir33"), Some(Kind::Refrigeration));
    assert_eq!(kind("xy-md02"), Some(Kind::Probe));
    let lengths = |name| Model::by_name(name).unwrap().pulse_lengths().len();
    assert_eq!(lengths("waveshare-relay-32"), 100, "100 ms to 10 s");
    assert_eq!(lengths("r421a08"), 10, "whole seconds");
    assert_eq!(lengths("ebyte-ma01-4040"), 1, "what its set-up sets");
}

/// Every frame that a model may send, but for its reads: pulses of every output and length, set-up and what mends it.
fn writes(model: &Model) -> Vec<Request> {
    let plan = model.plan();
    let pulses = Channel::first(MAX_CHANNEL).flat_map(|output| {
        let lengths =
            (1..=u32::from(MAX_PULSE_UNITS)).filter_map(|units| PulseLength::from_millis(units * 100).ok());
        lengths.filter_map(move |length| plan.pulse.and_then(|pulse| pulse(output, length)))
    });
    let steps = plan.set_up.iter().map(|step| step.request);
    let mends = plan.set_up.iter().flat_map(|step| {
        let answers =
            (0..32).map(|bit| (1_u32 << bit).to_le_bytes().repeat(16)).chain([vec![0xFF; 64], vec![0; 64]]);
        answers.filter_map(|data| step.expect.mend(&step.request, &data).ok().flatten())
    });
    pulses.chain(steps).chain(mends).filter(Request::is_write).collect()
}

#[test]
fn no_frame_of_any_modbus_model_opens_more_than_one_lock() {
    let address = Address::new(1).unwrap();
    let modbus = Model::all().into_iter().filter(|model| model.protocol() == Some(Protocol::ModbusRtu));
    for model in modbus {
        for request in writes(&model) {
            let frame = request.encode(address);
            let [_, function, a, b, c, d, _, _] = frame[..] else { panic!("{frame:?}") };
            let (place, value) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
            let harmless = match function {
                // Waveshare's *all* only ever off; a single coil on or off; a timed pulse of one output of 32. No toggle.
                5 => match place {
                    0x00FF => value == 0,
                    0..32 => matches!(value, 0 | 0xFF00),
                    0x0064..0x0084 => value == 0,
                    0x0200..0x0220 => (1..=100).contains(&value),
                    _ => false,
                },
                // Eletechsup's register of all only ever off; a delay of one output; settings.
                6 => match place {
                    0 => value == 0x0800,
                    1..=32 => (0x0601..=0x060A).contains(&value),
                    _ => true,
                },
                _ => false,
            };
            assert!(harmless, "{model:?}: function {function}, {place:#06x}, {value:#06x}");
        }
    }
}

#[test]
fn no_pulse_reaches_an_output_that_the_board_has_not() {
    for model in Model::all() {
        let Some(pulse) = model.plan().pulse else { continue };
        let length = model.pulse_lengths()[0];
        let reached = Channel::first(MAX_CHANNEL).filter(|output| pulse(*output, length).is_some());
        assert_eq!(reached.count(), usize::from(model.provides().outputs), "{model:?}");
    }
}

#[test]
fn what_switches_a_board_on_for_good_is_not_its_pulse() {
    let modbus =
        |model: &&Model| model.protocol() == Some(Protocol::ModbusRtu) && model.plan().pulse.is_some();
    for model in Model::all().iter().filter(modbus) {
        let plan = model.plan();
        let coil_on = |request: &Request| request.encode(Address::new(1).unwrap())[4..6] == [0xFF, 0x00];
        let raw = model.pulse_lengths().into_iter().any(|length| {
            plan.pulse
                .and_then(|pulse| pulse(Channel::new(1).ok()?, length))
                .is_some_and(|request| coil_on(&request))
        });
        let verified = plan
            .set_up
            .iter()
            .any(|step| step.name.contains("pulse mode") && step.expect == Expect::Registers(1));
        assert!(!raw || verified, "{model:?} switches a coil on that nothing switches off");
    }
}
