//! Profiles: what a text must hold, what the raw words become, how reads are merged and split. The golden frames of the built-in
//! ones stand at their own ends (`device::golden`).

use std::time::Duration;

use super::*;
use crate::frame;
use crate::signal::{MilliDegC, MilliPercent, ProbeFault, Reading};
use crate::spec::Address;
use crate::time::Monotonic;

const XY_MD02: &str = include_str!("../../../profiles/xy-md02.toml");

fn built_in(name: &str) -> Model {
    Model::by_name(name).unwrap_or_else(|| panic!("there is no {name}"))
}

fn probe(model: &Model, place: usize) -> ProbeField {
    model.probes().nth(place).unwrap().clone()
}

fn reads(model: &Model) -> Vec<[u8; 6]> {
    let address = Address::new(1).unwrap();
    let head = |request: frame::Request| *request.encode(address).first_chunk::<6>().unwrap();
    model.plan().polls.iter().map(|poll| head(poll.request)).collect()
}

fn temperature(counts: [u8; 2]) -> Reading {
    probe(&built_in("xy-md02"), 0).reading(&[counts[0], counts[1], 0, 0], 1, Monotonic::ZERO, &mut None)
}

fn seconds(count: u64) -> Monotonic {
    Monotonic::from_micros(count * 1_000_000)
}

#[test]
fn neighbouring_points_are_one_read() {
    assert_eq!(reads(&built_in("md02-shtc3")), [[1, 4, 0, 1, 0, 2]]);
    let r4dcb08 = built_in("r4dcb08");
    assert_eq!(
        r4dcb08.plan().polls[0].request.encode(Address::new(1).unwrap()),
        [0x01, 0x03, 0x00, 0x00, 0x00, 0x08, 0x44, 0x0C]
    );
    assert_eq!(reads(&built_in("pt100-8")), [[1, 3, 0, 0, 0, 8]]);
    assert_eq!(reads(&built_in("comwintop-8pt")), [[1, 4, 0, 0, 0, 8]]);
    assert_eq!(reads(&built_in("dixell-xr")), [[1, 3, 1, 0, 0, 3]]);
    // Coils 2 and 5; discrete inputs 3 to 29 and 43; input registers 403 to 412.
    let expected = [[1, 1, 0, 2, 0, 4], [1, 2, 0, 3, 0, 27], [1, 2, 0, 43, 0, 1], [1, 4, 1, 0x93, 0, 10]];
    assert_eq!(reads(&built_in("carel-ir33")), expected);
    // Probes 295 to 299; states 32876 to 32896.
    let expected = [[1, 3, 1, 0x27, 0, 5], [1, 3, 0x80, 0x6C, 0, 11], [1, 3, 0x80, 0x80, 0, 1]];
    assert_eq!(reads(&built_in("eliwell-idplus")), expected);
    let expected =
        [[1, 3, 3, 0xF2, 0, 1], [1, 3, 4, 0x0B, 0, 1], [1, 3, 9, 0xE1, 0, 3], [1, 3, 0x4E, 0x21, 0, 10]];
    assert_eq!(reads(&built_in("danfoss-ekc-202d")), expected);
    let expected = [[1, 3, 3, 0xF2, 0, 1], [1, 3, 7, 0xD1, 0, 1], [1, 3, 9, 0xE1, 0, 1]];
    assert_eq!(reads(&built_in("danfoss-erc-211")), expected);
}

#[test]
fn settings_are_read_back_and_set_where_they_differ() {
    let model = built_in("r4dcb08");
    let [step] = model.plan().set_up[..] else { panic!("one setting") };
    let sent = |request: frame::Request| request.encode(Address::new(1).unwrap())[..6].to_vec();
    assert_eq!(sent(step.request), [1, 3, 0, 0xFD, 0, 1]);
    assert_eq!(step.expect.mend(&step.request, &[0, 0]), Ok(None));
    let mend = step.expect.mend(&step.request, &[0, 10]).unwrap().unwrap();
    assert_eq!(sent(mend), [1, 6, 0, 0xFD, 0, 0]);
    assert_eq!(model.plan().guard, Duration::from_millis(50));
}

#[test]
fn read_is_split_at_holes_and_then_in_halves() {
    let model = built_in("carel-ir33");
    let spans = |polls: &[Poll]| -> Vec<[u8; 6]> {
        let encode = |poll: &Poll| poll.request.encode(Address::new(1).unwrap());
        polls.iter().map(|poll| *encode(poll).first_chunk::<6>().unwrap()).collect()
    };
    let temperatures = &model.plan().polls[3];
    let parts = temperatures.parts();
    assert_eq!(spans(&parts), [[1, 4, 1, 0x93, 0, 1], [1, 4, 1, 0x96, 0, 1], [1, 4, 1, 0x9C, 0, 1]]);
    assert!(parts.iter().all(|part| part.parts().is_empty()), "a single point cannot be split");
    let alarms = built_in("danfoss-ekc-202d").plan().polls[3].parts();
    assert_eq!(spans(&alarms), [[1, 3, 0x4E, 0x21, 0, 5], [1, 3, 0x4E, 0x26, 0, 5]]);
    let points = |polls: &[Poll]| -> usize {
        polls
            .iter()
            .map(|poll| if let Meaning::Points(points) = &poll.meaning { points.len() } else { 0 })
            .sum()
    };
    assert_eq!(points(&alarms), 10, "none is lost");
}

#[test]
fn flags_are_bits_of_their_table_or_of_a_register() {
    let carel = built_in("carel-ir33");
    let flag =
        |model: &Model, name: &str| model.flags().find(|flag| flag.name.as_str() == name).unwrap().clone();
    let defrost = flag(&carel, "defrost");
    // A read of 27 bits from 3: 18 is bit 15.
    assert_eq!(defrost.raised(&[0, 0x80, 0, 0], 3), Some(true));
    assert_eq!(defrost.raised(&[0, 0x7F, 0, 0], 3), Some(false));
    assert_eq!(defrost.raised(&[0], 3), None, "the data do not reach it");
    assert_eq!((defrost.role, flag(&carel, "door").role), (FlagRole::Defrost, FlagRole::Door));
    let eliwell = built_in("eliwell-idplus");
    let low = flag(&eliwell, "low-temperature");
    assert_eq!(low.raised(&[0, 0x40], 32_876), Some(true));
    assert_eq!(low.raised(&[0x40, 0xBF], 32_876), Some(false));
    let danfoss = flag(&built_in("danfoss-ekc-202d"), "high-temperature");
    assert_eq!(danfoss.raised(&[0, 0, 0, 0, 0, 0, 0, 1], 20_001), Some(true));
}

#[test]
fn reading_is_negative_when_the_word_is() {
    assert_eq!(temperature([0xFF, 0xCE]), Reading::Temperature(MilliDegC(-5_000)));
    assert_eq!(
        temperature([0xFF, 0xFF]),
        Reading::Temperature(MilliDegC(-100)),
        "no sentinel of a temperature"
    );
}

#[test]
fn reading_is_a_fault_when_the_word_is_a_sentinel_or_implausible() {
    for raw in [0x7FFF_u16, 0x8000] {
        let fault = ProbeFault::Sentinel { raw: raw.into() };
        assert_eq!(temperature(raw.to_be_bytes()), Reading::Fault(fault));
    }
    // A look-alike that counts in hundredths: 21.50 degC reads as 215.0.
    assert_eq!(temperature([0x08, 0x66]), Reading::Fault(ProbeFault::OutOfRange { milli: 215_000 }));
}

#[test]
fn reading_is_a_fault_when_a_scaled_value_is_a_sentinel() {
    let sensor = probe(&built_in("r4dcb08"), 0);
    let reading = |raw: u16| sensor.reading(&raw.to_be_bytes(), 0, Monotonic::ZERO, &mut None);
    for (name, raw) in
        [("no sensor", 0x8000_u16), ("85.0, before the first conversion", 850), ("-127, lost", 0xFB0A)]
    {
        assert_eq!(reading(raw), Reading::Fault(ProbeFault::Sentinel { raw: raw.into() }), "{name}");
    }
    assert_eq!(reading(849), Reading::Temperature(MilliDegC(84_900)));
    assert_eq!(reading(0xFFF6), Reading::Temperature(MilliDegC(-1_000)));
}

#[test]
fn jump_is_a_fault_until_the_place_could_have_moved_so_far() {
    let field = probe(&built_in("xy-md02"), 0);
    let (mut last, warm, cold) = (None, [0x00, 0xD7, 0, 0], [0x00, 0x0A, 0, 0]);
    assert_eq!(field.reading(&warm, 1, seconds(0), &mut last), Reading::Temperature(MilliDegC(21_500)));
    let jump = Reading::Fault(ProbeFault::RateOfChange { milli: 1_000 });
    assert_eq!(field.reading(&cold, 1, seconds(10), &mut last), jump);
    assert_eq!(field.reading(&cold, 1, seconds(50), &mut last), jump);
    assert_eq!(field.reading(&cold, 1, seconds(70), &mut last), Reading::Temperature(MilliDegC(1_000)));
}

#[test]
fn double_words_are_joined_in_the_profiles_order() {
    let text = XY_MD02.replace(
        "type = \"u16\"\nscale_milli = 100 ",
        "type = \"s32\"\nword_order = \"low-first\"\nscale_milli = 1 ",
    );
    let field = probe(&parse(&text).unwrap(), 1);
    let reading = field.reading(&[0, 0, 0x27, 0x10, 0x00, 0x00], 1, Monotonic::ZERO, &mut None);
    assert_eq!(reading, Reading::Humidity(MilliPercent(10_000)));
    let reading = field.reading(&[0, 0, 0xFF, 0xFF, 0xFF, 0xFE], 1, Monotonic::ZERO, &mut None);
    assert_eq!(reading, Reading::Fault(ProbeFault::OutOfRange { milli: -65_537 }));
}

/// What is told of a text in which one thing was changed, and the words that it is told at.
fn refused(from: &str, to: &str) -> Vec<(String, String)> {
    assert!(XY_MD02.contains(from), "{from}");
    let text = XY_MD02.replacen(from, to, 1);
    let flaws = parse(&text).map(|_| ()).unwrap_err();
    flaws.into_iter().map(|flaw| (flaw.message, text[flaw.at].to_owned())).collect()
}

#[test]
fn text_is_refused_with_the_place_when_a_field_is_wrong() {
    let one = |from: &str, to: &str| {
        let all = refused(from, to);
        assert_eq!(all.len(), 1, "{all:?}");
        all.into_iter().next().unwrap()
    };
    let told = |message: &str, at: &str| (message.to_owned(), at.to_owned());
    assert_eq!(
        one("table = \"input\"", "table = \"inptu\""),
        told("table of [model] is \"inptu\"; it can be coil, discrete, holding, input", "\"inptu\"")
    );
    assert_eq!(one("= 10\n", "= 0\n"), told("period_s of [model] is 0; 1 to 3600 are allowed", "0"));
    assert_eq!(one("channel = 1", "channel = 97"), told("channel of probe is 97; 1 to 96 are allowed", "97"));
    assert_eq!(one("channel = 1", "channel = 2").0, "probe 2 is there twice");
    assert_eq!(
        one("[-40000, 80000]", "[80000, -40000]"),
        told("plausible_milli of probe 1 must be [lowest, highest]", "[80000, -40000]")
    );
    assert_eq!(one("\"xy-md02\"", "\"XY MD02\"").1, "\"XY MD02\"");
    assert_eq!(one("scale_milli = 100", "scale_milli = 0"), told("scale_milli of probe 1 is 0", "0"));
    assert_eq!(one("period_s = 10", "period_s = \"x\"").0, "period_s of [model] must be a whole number");
    assert_eq!(one("register = 1\n", "register = 65536\n").1, "65536");
    // A fence of the same table and length as a read proves nothing.
    let alike =
        XY_MD02.replacen("register = 2\n", "register = 900\n", 1).replacen("\"holding\"", "\"input\"", 1);
    let flaws = parse(&alike).map(|_| ()).unwrap_err();
    assert_eq!(flaws[0].message, "the fence cannot be told apart from a read of the profile");
}

#[test]
fn unknown_keys_are_told_with_what_may_have_been_meant() {
    let text = XY_MD02.replacen("sentinels =", "sentinel =", 1);
    let flaws = parse(&text).map(|_| ()).unwrap_err();
    let [flaw] = &flaws[..] else { panic!("{flaws:?}") };
    assert_eq!(flaw.message, "probe 1 has no key \"sentinel\"");
    let guess = flaw.guess.as_ref().unwrap();
    assert_eq!(guess.typed, "sentinel");
    assert!(guess.candidates.contains(&"sentinels"), "{guess:?}");
}

#[test]
fn setting_is_refused_when_it_would_move_a_relay() {
    let text = format!("{XY_MD02}\n[[set_up]]\nregister = 1\nvalue = 0x0100\n");
    let flaws = parse(&text).map(|_| ()).unwrap_err();
    assert_eq!(flaws[0].message, "writing 0x0100 to register 1 is how relay boards open doors");
}

#[test]
fn broken_text_is_told_at_its_place_and_nothing_else() {
    let flaws = parse(&XY_MD02.replacen("channel = 1", "channel = ", 1)).map(|_| ()).unwrap_err();
    assert!(flaws.iter().all(|flaw| flaw.message.starts_with("not TOML")), "{flaws:?}");
    assert!(parse(&" ".repeat(PROFILE_BYTES_MAX + 1)).is_err());
    assert!(parse("").is_err());
}

proptest::proptest! {
    #[test]
    fn reading_never_panics_and_a_value_is_always_plausible(
        words in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..40),
        first in 0_u16..420,
        then in 0_u64..1_000_000,
    ) {
        for model in Model::all() {
            for flag in model.flags() {
                let raised = flag.raised(&words, first);
                proptest::prop_assert!(raised.is_none() || flag.span().first >= first);
            }
            for field in model.probes() {
                let mut last = None;
                let reading = field.reading(&words, first, seconds(then), &mut last);
                let value = match reading {
                    Reading::Temperature(MilliDegC(value)) => Some(value),
                    Reading::Humidity(MilliPercent(value)) => Some(value),
                    Reading::Fault(_) => None,
                };
                proptest::prop_assert_eq!(last, value.map(|value| (seconds(then), value)), "{:?}", model);
                proptest::prop_assert!(value.is_none_or(|v| (-200_000..=650_000).contains(&v)));
            }
        }
    }

    #[test]
    fn merged_reads_hold_every_point_once(
        registers in proptest::collection::btree_set(0_u16..600, 1..32),
        largest in 1_u16..125,
        hole in 0_u16..32,
    ) {
        let template = probe(&built_in("xy-md02"), 0);
        let at = |first: &u16| {
            let span = Span { table: Table::HoldingRegisters, first: *first, count: 1 };
            Point::Probe(ProbeField { span, ..template.clone() })
        };
        let points: Vec<Point> = registers.iter().map(at).collect();
        let reads = merge::merged(&points, largest, hole);
        let seen: Vec<u16> = reads.iter().flat_map(|read| &read.points).map(|point| point.span().first).collect();
        proptest::prop_assert_eq!(&seen, &registers.iter().copied().collect::<Vec<_>>());
        for read in &reads {
            let last = read.points.last().unwrap().span().first;
            proptest::prop_assert!(last - read.points[0].span().first < largest);
            let parts: usize = split(&read.points).iter().map(|part| part.points.len()).sum();
            proptest::prop_assert!(parts == read.points.len() || (parts == 0 && read.points.len() == 1));
        }
    }
}
