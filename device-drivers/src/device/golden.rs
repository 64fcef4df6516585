//! Golden frames of every model: what it is asked, what answers it, and what that says, whole and byte for byte.
//!
//! They stand at the end of each device's file (`golden::FRAMES`) and of each profile, for address 1, and come from the makers'
//! documents by way of another program than our encoder. If one of these tests fails, do not change the frame.
//!
//! `> ` is asked, `< ` answers it (nothing after it: no answer is owed), `= ` is what that says.

use std::collections::BTreeMap;

use super::catalogue::PROFILES;
use super::plan::{Expect, Poll, SetUpStep};
use super::profile::parse;
use super::*;
use crate::frame::{Head, Request, Verdict, View};
use crate::signal::{InputStates, Level, MilliDegC, MilliPercent, ProbeFault, Reading};
use crate::spec::Address;
use crate::time::Monotonic;

/// The frames of the models that are code.
const CODE: [&[(&str, &str)]; 8] = [
    discrete_inputs::golden::FRAMES,
    ebyte_ma01::golden::FRAMES,
    eletechsup_relay::golden::FRAMES,
    kerong::golden::FRAMES,
    lock_8a::golden::FRAMES,
    waveshare_relay::golden::FRAMES,
    winnsen::golden::FRAMES,
    wkly::golden::FRAMES,
];

#[derive(Debug)]
struct Exchange {
    asked: Vec<u8>,
    answered: Vec<u8>,
    says: String,
}

/// The texts that hold them, by model.
fn golden() -> BTreeMap<String, &'static str> {
    let code = CODE.into_iter().flatten().map(|(model, text)| ((*model).to_owned(), *text));
    let profiles = PROFILES.map(|text| (parse(text).unwrap().name().to_owned(), text));
    code.chain(profiles).collect()
}

/// The marked lines of a text; in a profile they are comments.
fn exchanges(text: &str) -> Vec<Exchange> {
    let mut all: Vec<Exchange> = Vec::new();
    for line in text.lines() {
        let line = line.trim_start().trim_start_matches("# ");
        if let Some(asked) = line.strip_prefix('>') {
            all.push(Exchange { asked: bytes(asked), answered: Vec::new(), says: String::new() });
        } else if let Some(answered) = line.strip_prefix('<') {
            all.last_mut().unwrap().answered = bytes(answered);
        } else if let Some(says) = line.strip_prefix('=') {
            says.trim().clone_into(&mut all.last_mut().unwrap().says);
        }
    }
    all
}

fn bytes(text: &str) -> Vec<u8> {
    text.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}

fn board(model: &Model) -> Address {
    Address::on(model.protocol().unwrap(), 1).unwrap()
}

/// What a frame to a model is for.
enum Purpose<'m> {
    SetUp(&'m SetUpStep),
    Poll(&'m Poll),
    Pulse(Channel, PulseLength, Request),
}

impl Purpose<'_> {
    fn request(&self) -> Request {
        match self {
            Self::SetUp(step) => step.request,
            Self::Poll(poll) => poll.request,
            Self::Pulse(_, _, request) => *request,
        }
    }
}

/// Everything that a model is asked by its plan, set-up first.
fn purposes(model: &Model) -> impl Iterator<Item = Purpose<'_>> {
    let plan = model.plan();
    let lengths = model.pulse_lengths();
    let pulses = Channel::first(model.provides().outputs).flat_map(move |output| {
        let pulse = move |length| {
            Some(Purpose::Pulse(output, length, plan.pulse.and_then(|pulse| pulse(output, length))?))
        };
        lengths.clone().into_iter().filter_map(pulse)
    });
    plan.set_up.iter().map(Purpose::SetUp).chain(plan.polls.iter().map(Purpose::Poll)).chain(pulses)
}

/// What must be among a model's golden frames, in words where it is not: all of its set-up and reads (of locks that are asked one
/// by one the first and the last), and the pulses of its first and last output.
fn missing(model: &Model, exchanges: &[Exchange]) -> Vec<String> {
    let Provides { outputs, inputs, .. } = model.provides();
    let golden = |request: Request| {
        let asked = request.encode(board(model));
        let answer_owed = request.opening().is_none();
        let whole = |exchange: &&Exchange| !(exchange.answered.is_empty() && answer_owed);
        exchanges.iter().filter(whole).any(|exchange| asked == exchange.asked[..])
    };
    let mut missing = Vec::new();
    let mut pulsed = Vec::new();
    for purpose in purposes(model) {
        let (request, found) = (purpose.request(), golden(purpose.request()));
        match purpose {
            Purpose::Pulse(output, ..) if found => pulsed.push(output.number()),
            Purpose::Poll(Poll { meaning: Meaning::Input(one), .. })
                if ![1, inputs].contains(&one.number()) => {}
            Purpose::SetUp(_) | Purpose::Poll(_) if !found => missing.push(format!("{request:?}")),
            Purpose::SetUp(_) | Purpose::Poll(_) | Purpose::Pulse(..) => {}
        }
    }
    let ends = [1, outputs].into_iter().filter(|output| outputs > 0 && !pulsed.contains(output));
    missing.extend(ends.map(|output| format!("a pulse of output {output}")));
    missing
}

/// What an exchange says by the driver.
fn told(model: &Model, exchange: &Exchange) -> String {
    let asked = |purpose: &Purpose<'_>| purpose.request().encode(board(model)) == exchange.asked[..];
    let Some(purpose) = purposes(model).find(asked) else { return "never asked".to_owned() };
    let request = purpose.request();
    if exchange.answered.is_empty() {
        let Purpose::Pulse(lock, ..) = purpose else { return "no answer".to_owned() };
        return format!("lock {lock}: no answer is owed");
    }
    let view = View::new(request.protocol(), &exchange.answered).unwrap();
    match (purpose, request.judge(board(model), &view)) {
        (Purpose::SetUp(SetUpStep { expect: Expect::Echo, .. }), Verdict::Echo) => "echo".to_owned(),
        (Purpose::SetUp(step), Verdict::Data(data))
            if step.expect.mend(&step.request, data).is_ok_and(|mend| mend.is_none()) =>
        {
            "as set up".to_owned()
        }
        (Purpose::Poll(Poll { meaning: Meaning::Points(points), .. }), Verdict::Data(data)) => {
            let first = request.first_register().unwrap();
            points.iter().filter_map(|point| pointed(point, data, first)).collect::<Vec<_>>().join("; ")
        }
        (Purpose::Poll(poll), Verdict::Data(data)) if poll.meaning.is_inputs() => {
            levels(&request.inputs(data, model.provides().inputs))
        }
        (Purpose::Pulse(lock, ..), Verdict::Word) => format!("lock {lock}: word"),
        (Purpose::Pulse(output, length, _), Verdict::Echo) => {
            format!("output {output} for {} ms: echo", length.duration().as_millis())
        }
        (_, other) => format!("{other:?}"),
    }
}

/// Which are on and which are off, neighbours as `2-7`.
fn levels(states: &InputStates) -> String {
    let of = |level: Level, word: &str| {
        let mut runs: Vec<(u8, u8)> = Vec::new();
        for (input, _) in states.iter().filter(|(_, seen)| *seen == level) {
            match runs.last_mut() {
                Some((_, last)) if *last + 1 == input.number() => *last += 1,
                _ => runs.push((input.number(), input.number())),
            }
        }
        let run = |(first, last): (u8, u8)| {
            if first == last { format!(" {first}") } else { format!(" {first}-{last}") }
        };
        let runs: String = runs.into_iter().map(run).collect();
        (!runs.is_empty()).then(|| format!("{word}{runs}"))
    };
    [of(Level::On, "on"), of(Level::Off, "off")].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// What a point of a profile reads; none for a flag that is not raised.
fn pointed(point: &Point, data: &[u8], first: u16) -> Option<String> {
    let probe = match point {
        Point::Flag(flag) => return flag.raised(data, first).unwrap().then(|| flag.name.to_string()),
        Point::Probe(probe) => probe,
    };
    let reading = match probe.reading(data, first, Monotonic::ZERO, &mut None) {
        Reading::Temperature(MilliDegC(milli)) => format!("{} degC", units(milli)),
        Reading::Humidity(MilliPercent(milli)) => format!("{} %", units(milli)),
        Reading::Fault(ProbeFault::Sentinel { raw }) => format!("sentinel {raw:04X}"),
        Reading::Fault(ProbeFault::OutOfRange { .. }) => "out of range".to_owned(),
        Reading::Fault(other) => format!("{other:?}"),
    };
    Some(format!("probe {} {reading}", probe.channel))
}

fn units(milli: i32) -> String {
    let (sign, milli) = (if milli < 0 { "-" } else { "" }, milli.unsigned_abs());
    format!("{sign}{}.{:03}", milli / 1_000, milli % 1_000)
}

/// Checks that the frames of a model are all there, say what they say, and answer nobody else.
pub(super) fn check(model: &Model, text: &str) {
    let exchanges = exchanges(text);
    let missing = missing(model, &exchanges);
    assert!(missing.is_empty(), "{model:?} has no golden frames for {missing:#?}");
    for exchange in &exchanges {
        assert_eq!(told(model, exchange), exchange.says, "{model:?}: {exchange:02X?}");
        if !exchange.answered.is_empty() {
            own_and_whole(model, exchange);
        }
    }
}

/// An answer is a frame only when it is whole, and answers its own board only.
fn own_and_whole(model: &Model, Exchange { asked, answered, .. }: &Exchange) {
    let protocol = model.protocol().unwrap();
    let asks = |purpose: &Purpose<'_>| purpose.request().encode(board(model)) == asked[..];
    let request = purposes(model).find(asks).unwrap().request();
    for cut in 0..answered.len() {
        assert_eq!(protocol.head(&answered[..cut], request.answer_bytes()), Head::More, "{answered:02X?}");
    }
    assert_eq!(protocol.head(answered, request.answer_bytes()), Head::Frame(answered.len()));
    let view = View::new(protocol, answered).unwrap();
    let other = Address::on(protocol, 2).unwrap();
    assert_eq!(request.judge(other, &view), Verdict::NotMine, "{model:?}: {answered:02X?}");
}

#[test]
fn every_model_has_golden_frames_of_all_that_it_is_asked_and_answers() {
    let golden = golden();
    let models: Vec<String> = Model::all().iter().map(|model| model.name().to_owned()).collect();
    assert_eq!(
        golden.keys().cloned().collect::<Vec<_>>(),
        models,
        "golden frames, and models that there are"
    );
    Model::all().iter().for_each(|model| check(model, golden[model.name()]));
}

#[test]
fn model_is_told_when_a_golden_frame_is_missing() {
    let model = Model::by_name("discrete-inputs-4").unwrap();
    let frames = golden()["discrete-inputs-4"];
    assert_eq!(missing(&model, &exchanges(frames)), [""; 0]);
    assert_eq!(missing(&model, &[]).len(), 1);
    let unanswered: Vec<&str> = frames.lines().filter(|line| !line.trim_start().starts_with('<')).collect();
    let unanswered = exchanges(&unanswered.join("\n"));
    assert_eq!(missing(&model, &unanswered).len(), 1, "a question without its answer is none");
}
