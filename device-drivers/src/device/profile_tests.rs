//! Profiles: what a text must hold, what the raw words become, and the golden frames of the XY-MD02.

use super::*;
use crate::frame::{Protocol, Verdict, View};
use crate::spec::Address;

const XY_MD02: &str = include_str!("../../profiles/xy-md02.toml");

fn fields(text: &str) -> Vec<ProbeField> {
    let model = model("xy-md02", text).unwrap();
    match &model.plan().polls[0].meaning {
        Meaning::Probes(fields) => fields.clone(),
        other => panic!("{other:?}"),
    }
}

fn temperature(counts: [u8; 2]) -> Reading {
    fields(XY_MD02)[0].reading(&[counts[0], counts[1], 0, 0], Monotonic::ZERO, &mut None)
}

fn seconds(count: u64) -> Monotonic {
    Monotonic::from_micros(count * 1_000_000)
}

#[test]
fn xy_md02_golden_frames() {
    let model = model("xy-md02", XY_MD02).unwrap();
    let (address, request) = (Address::new(1).unwrap(), model.plan().polls[0].request);
    assert_eq!(request.encode(address), [0x01, 0x04, 0x00, 0x01, 0x00, 0x02, 0x20, 0x0B]);
    // 21.5 degC and 50.0 %.
    let answer = [0x01, 0x04, 0x04, 0x00, 0xD7, 0x01, 0xF4, 0x4B, 0xAB];
    let view = View::new(Protocol::ModbusRtu, &answer).unwrap();
    let Verdict::Data(data) = request.judge(address, &view) else { panic!("not the answer") };
    let readings: Vec<Reading> =
        fields(XY_MD02).iter().map(|field| field.reading(data, Monotonic::ZERO, &mut None)).collect();
    assert_eq!(readings, [Reading::Temperature(MilliDegC(21_500)), Reading::Humidity(MilliPercent(50_000))]);
}

#[test]
fn reading_is_negative_when_the_word_is() {
    assert_eq!(temperature([0xFF, 0xCE]), Reading::Temperature(MilliDegC(-5_000)));
}

#[test]
fn reading_is_a_fault_when_the_word_is_a_sentinel_or_implausible() {
    for raw in [0x7FFF_u16, 0x8000, 0xFFFF, 0xFFFE] {
        let fault = ProbeFault::Sentinel { raw: raw.into() };
        assert_eq!(temperature(raw.to_be_bytes()), Reading::Fault(fault));
    }
    // A look-alike that counts in hundredths: 21.50 degC reads as 215.0.
    assert_eq!(temperature([0x08, 0x66]), Reading::Fault(ProbeFault::OutOfRange { milli: 215_000 }));
}

#[test]
fn jump_is_a_fault_until_the_place_could_have_moved_so_far() {
    let field = &fields(XY_MD02)[0];
    let (mut last, warm, cold) = (None, [0x00, 0xD7, 0, 0], [0x00, 0x0A, 0, 0]);
    assert_eq!(field.reading(&warm, seconds(0), &mut last), Reading::Temperature(MilliDegC(21_500)));
    let jump = Reading::Fault(ProbeFault::RateOfChange { milli: 1_000 });
    assert_eq!(field.reading(&cold, seconds(10), &mut last), jump);
    assert_eq!(field.reading(&cold, seconds(50), &mut last), jump);
    assert_eq!(field.reading(&cold, seconds(70), &mut last), Reading::Temperature(MilliDegC(1_000)));
}

#[test]
fn double_words_are_joined_in_the_profiles_order() {
    let text = XY_MD02.replace(
        "type = \"u16\"\nscale_milli = 100 ",
        "type = \"s32\"\nword_order = \"low-first\"\nscale_milli = 1 ",
    );
    let field = &fields(&text)[1];
    let reading = field.reading(&[0, 0, 0x27, 0x10, 0x00, 0x00], Monotonic::ZERO, &mut None);
    assert_eq!(reading, Reading::Humidity(MilliPercent(10_000)));
    let reading = field.reading(&[0, 0, 0xFF, 0xFF, 0xFF, 0xFF], Monotonic::ZERO, &mut None);
    assert_eq!(reading, Reading::Fault(ProbeFault::OutOfRange { milli: -1 }));
}

#[test]
fn text_is_refused_when_a_field_is_wrong() {
    let refused = |from: &str, to: &str| {
        assert!(XY_MD02.contains(from), "{from}");
        model("xy-md02", &XY_MD02.replacen(from, to, 1)).map(|_| ()).unwrap_err().to_string()
    };
    assert!(refused("function = 4", "function = 6").contains("model.function is 6"));
    assert!(refused("period_s = 10", "period_s = 0").contains("period_s is 0"));
    assert!(refused("channel = 1", "channel = 0").contains("channel"));
    assert!(refused("[-40000, 80000]", "[80000, -40000]").contains("plausible_milli"));
    assert!(refused("register = 2", "register = 900").contains("one read"));
    assert!(refused("name = \"xy-md02\"", "name = \"other\"").contains("other"));
    assert!(refused("scale_milli = 100", "scale_milli = 0").contains("scale_milli"));
    assert!(refused("period_s", "period").contains("cannot be read"));
}
