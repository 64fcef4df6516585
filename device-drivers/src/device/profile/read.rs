//! From a profile's text to its definition: every table is read, so that every flaw is told at once.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use toml::de::DeTable;

use super::flag::{FLAG_NAME_MAX, FlagField, FlagName, FlagRole};
use super::flaw::{Flaw, Flaws};
use super::probe::{Kind, ProbeField, Role, WordOrder};
use super::table::{Reader, Spot};
use super::{Definition, FLAGS_MAX, PROFILE_BYTES_MAX, Point, SETTINGS_MAX, Span};
use crate::channel::{Channel, MAX_CHANNEL};
use crate::frame::modbus_rtu::{MAX_REGISTERS, Request, Setting, Table};
use crate::id::MAX_ID_BYTES;

/// Longest words about a model, in bytes: a line of the list of models.
const ABOUT_MAX: usize = 160;
/// Time between two reads, in seconds.
const PERIOD_S: std::ops::RangeInclusive<i64> = 1..=3_600;
/// Longest rest between two transactions, in milliseconds; no instrument of the field needs a fifth of it.
const GUARD_MAX_MS: i64 = 500;
/// Most sentinels of a probe.
const SENTINELS_MAX: usize = 16;
/// Widest hole that a read may bridge: more costs more than the next transaction.
const HOLE_MAX: i64 = 32;
/// A register or bit, in the protocol's count.
const ADDRESS: std::ops::RangeInclusive<i64> = 0..=0xFFFF;
/// What any thousandth may be.
const MILLI: std::ops::RangeInclusive<i64> = i32::MIN as i64..=i32::MAX as i64;

const TABLES: [(&str, Table); 4] = [
    ("coil", Table::Coils),
    ("discrete", Table::DiscreteInputs),
    ("holding", Table::HoldingRegisters),
    ("input", Table::InputRegisters),
];
const KINDS: [(&str, Kind); 4] =
    [("s16", Kind::S16), ("u16", Kind::U16), ("s32", Kind::S32), ("u32", Kind::U32)];
const ORDERS: [(&str, WordOrder); 2] =
    [("high-first", WordOrder::HighFirst), ("low-first", WordOrder::LowFirst)];
const ROLES: [(&str, Role); 2] = [("temperature", Role::Temperature), ("humidity", Role::Humidity)];
const LEVELS: [(&str, bool); 2] = [("on", true), ("off", false)];

/// Reads the text; none where nothing of use is in it.
pub(super) fn definition(text: &str, flaws: &Flaws) -> Option<Definition> {
    if text.len() > PROFILE_BYTES_MAX {
        flaws.add(Flaw::new(0..1, format!("a profile has at most {PROFILE_BYTES_MAX} bytes")));
        return None;
    }
    let (parsed, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        for error in errors {
            let at = error.span().unwrap_or(0..0);
            let end = at.end.max(at.start + 1);
            flaws.add(Flaw::new(at.start..end, format!("not TOML: {}", error.message())));
        }
        // What a broken text meant would only be guessed.
        return None;
    }
    let root = Reader::new(parsed.get_ref(), 0..text.len().min(1), "the profile", flaws);
    let head = head(&root);
    let settings = root.tables("set_up", SETTINGS_MAX).into_iter().filter_map(setting).collect();
    let table = head.table;
    let mut seen = Seen::default();
    let probes = root.tables("probe", MAX_CHANNEL.into()).into_iter();
    let mut points: Vec<Point> = probes.filter_map(|reader| probe(reader, table, &mut seen)).collect();
    let flags = root.tables("flag", FLAGS_MAX).into_iter();
    points.extend(flags.filter_map(|reader| flag(reader, table, &mut seen)));
    root.finish();
    head.definition.map(|definition| Definition { settings, points, ..definition })
}

/// `[model]` as far as it can be read, and the table that its points are in unless they say otherwise.
#[derive(Default)]
struct Head {
    definition: Option<Definition>,
    table: Option<Table>,
}

fn head(root: &Reader<'_>) -> Head {
    let Some(mut model) = root.table("model") else {
        root.missing("[model]", "name, about, period_s, table and a fence say what it is");
        return Head::default();
    };
    "[model]".clone_into(&mut model.what);
    let table = model.choice("table", &TABLES).map(|table| table.value);
    // What stands there and is none is told once, and not again for each point.
    let table = table.or_else(|| model.has("table").then_some(Table::HoldingRegisters));
    let definition = plain(&model);
    model.finish();
    Head { definition, table }
}

/// All of `[model]` but its table.
fn plain(model: &Reader<'_>) -> Option<Definition> {
    let name = name(model);
    let about = model.text("about", ABOUT_MAX);
    if about.is_none() {
        model.missing("about", "what it is, in a few words: maker, model, kind");
    }
    let notes = model.text("notes", ABOUT_MAX);
    model.text("document", ABOUT_MAX);
    let period = model.required("period_s", PERIOD_S, "seconds between two reads; 10 is usual");
    let guard = model.integer("guard_ms", 0..=GUARD_MAX_MS);
    let largest_read = model.integer("largest_read", 1..=MAX_REGISTERS.into());
    let largest_hole = model.integer("largest_hole", 0..=HOLE_MAX);
    let fence = fence(model);
    let words = |spot: Option<Spot<&str>>| spot.map(|spot| spot.value.to_owned()).unwrap_or_default();
    let number = |spot: Option<Spot<i64>>, or: i64| spot.map_or(or, |spot| spot.value);
    Some(Definition {
        name: name?,
        about: words(about),
        notes: words(notes),
        period: Duration::from_secs(u64::try_from(period?.value).ok()?),
        guard: Duration::from_millis(u64::try_from(number(guard, 0)).ok()?),
        largest_read: u16::try_from(number(largest_read, MAX_REGISTERS.into())).ok()?,
        largest_hole: u16::try_from(number(largest_hole, 0)).ok()?,
        fence: fence?,
        settings: Vec::new(),
        points: Vec::new(),
    })
}

fn name(model: &Reader<'_>) -> Option<String> {
    let Some(name) = model.text("name", MAX_ID_BYTES) else {
        model.missing("name", "the name in the configuration: a-z, 0-9 and '-'");
        return None;
    };
    let plain = name.value.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '-'));
    if name.value.is_empty() || !plain {
        model.flaws.add(Flaw::new(name.at, "a model's name is made of a-z, 0-9 and '-'"));
        return None;
    }
    Some(name.value.to_owned())
}

/// A harmless read whose answer cannot be taken for that of another: it shows that nothing old is on its way any more.
fn fence(model: &Reader<'_>) -> Option<Request> {
    let Some(mut fence) = model.table("fence") else {
        model.missing("fence", "a register of another table that is harmless to read, e.g. its own address");
        return None;
    };
    "the fence".clone_into(&mut fence.what);
    let table = fence.required_choice("table", &TABLES);
    let register = fence.required("register", ADDRESS, "in the protocol's count, from 0");
    fence.finish();
    Request::read(table?.value, u16::try_from(register?.value).ok()?, 1).ok()
}

fn setting(mut reader: Reader<'_>) -> Option<Setting> {
    let register =
        reader.required("register", ADDRESS, "a holding register, in the protocol's count, from 0");
    if let Some(register) = &register {
        reader.what = format!("set_up of register {}", register.value);
    }
    let value =
        reader.required("value", ADDRESS, "what it must hold; it is written where it holds something else");
    reader.text("why", ABOUT_MAX);
    let (at, flaws) = (reader.at.clone(), reader.flaws);
    reader.finish();
    let (register, value) = (register?.value, value?.value);
    let setting = Setting::new(u16::try_from(register).ok()?, u16::try_from(value).ok()?);
    if setting.is_none() {
        let message = format!("writing {value:#06x} to register {register} is how relay boards open doors");
        flaws.add(Flaw::new(at, message).help("a profile's settings never move an output"));
    }
    setting
}

/// Names and numbers that are taken.
#[derive(Default)]
struct Seen {
    channels: BTreeMap<Channel, Range<usize>>,
    flags: BTreeMap<FlagName, Range<usize>>,
}

fn probe(mut reader: Reader<'_>, table: Option<Table>, seen: &mut Seen) -> Option<Point> {
    let channel = reader.required("channel", 1..=MAX_CHANNEL.into(), "its number on the device, from 1");
    if let Some(channel) = &channel {
        reader.what = format!("probe {}", channel.value);
    }
    let role = reader.required_choice("role", &ROLES);
    let kind = reader.required_choice("type", &KINDS);
    let span = span(&reader, table, kind.as_ref().map_or(1, |kind| kind.value.registers()));
    let order = reader.choice("word_order", &ORDERS);
    let scale = reader.required("scale_milli", MILLI, "thousandths of a degree or percent that one count is");
    let offset = reader.integer("offset_milli", MILLI);
    let sentinels = reader.integers("sentinels", 0..=u32::MAX.into(), SENTINELS_MAX);
    let sentinels_milli = reader.integers("sentinels_milli", MILLI, SENTINELS_MAX);
    let plausible = plausible(&reader);
    let rate = reader.integer("greatest_rate_milli_per_min", 1..=u32::MAX.into());
    let (at, flaws) = (reader.at.clone(), reader.flaws);
    if let Some(span) = span.filter(|span| matches!(span.table, Table::Coils | Table::DiscreteInputs)) {
        let message = format!("{} is in the table of {:?}, which has no numbers", reader.what, span.table);
        flaws.add(Flaw::new(at.clone(), message).help("holding or input"));
    }
    if let Some(zero) = scale.as_ref().filter(|scale| scale.value == 0) {
        flaws.add(Flaw::new(zero.at.clone(), format!("scale_milli of {} is 0", reader.what)));
    }
    reader.finish();
    let channel = Channel::new(u8::try_from(channel?.value).ok()?).ok()?;
    if seen.channels.insert(channel, at.clone()).is_some() {
        flaws.add(Flaw::new(at, format!("probe {channel} is there twice")));
    }
    let words = |list: Vec<i64>| list.into_iter().filter_map(|word| u32::try_from(word).ok()).collect();
    let millis = |list: Vec<i64>| list.into_iter().filter_map(|milli| i32::try_from(milli).ok()).collect();
    Some(Point::Probe(ProbeField {
        channel,
        role: role?.value,
        span: span?,
        kind: kind?.value,
        word_order: order.map_or(WordOrder::HighFirst, |order| order.value),
        scale_milli: i32::try_from(scale?.value).ok()?,
        offset_milli: offset.map_or(Some(0), |offset| i32::try_from(offset.value).ok())?,
        sentinels: words(sentinels.value),
        sentinels_milli: millis(sentinels_milli.value),
        plausible_milli: plausible?,
        greatest_rate_milli_per_min: rate.and_then(|rate| u32::try_from(rate.value).ok()),
    }))
}

fn plausible(reader: &Reader<'_>) -> Option<[i32; 2]> {
    let bounds = reader.integers("plausible_milli", MILLI, 2);
    match bounds.value[..] {
        [low, high] if low < high => Some([i32::try_from(low).ok()?, i32::try_from(high).ok()?]),
        _ => {
            let message = format!("plausible_milli of {} must be [lowest, highest]", reader.what);
            let help = "thousandths that the place can have; what is outside is a fault, not a reading";
            reader.flaws.add(Flaw::new(bounds.at, message).help(help));
            None
        }
    }
}

fn flag(mut reader: Reader<'_>, table: Option<Table>, seen: &mut Seen) -> Option<Point> {
    let name = reader.text("name", FLAG_NAME_MAX);
    match &name {
        Some(name) => reader.what = format!("flag \"{}\"", name.value),
        None => reader.missing("name", "what it is called in status and messages, e.g. \"high-temperature\""),
    }
    let role = reader.required_choice("role", &FlagRole::WORDS);
    let span = span(&reader, table, 1);
    let bit = reader.integer("bit", 0..=15);
    let level = reader.choice("raised_when", &LEVELS);
    let (at, flaws) = (reader.at.clone(), reader.flaws);
    if let (Some(span), Some(bit)) = (span, &bit)
        && matches!(span.table, Table::Coils | Table::DiscreteInputs)
    {
        let message = format!("{} is a bit already, it has none of its own", reader.what);
        flaws.add(Flaw::new(bit.at.clone(), message));
    }
    reader.finish();
    let name = name?;
    let Some(known) = FlagName::new(name.value) else {
        flaws.add(Flaw::new(name.at, "a flag's name is made of a-z, 0-9 and '-'"));
        return None;
    };
    if seen.flags.insert(known.clone(), at).is_some() {
        flaws.add(Flaw::new(name.at, format!("flag \"{known}\" is there twice")));
    }
    Some(Point::Flag(FlagField {
        name: known,
        role: role?.value,
        span: span?,
        bit: bit.and_then(|bit| u8::try_from(bit.value).ok()),
        raised_when: level.is_none_or(|level| level.value),
    }))
}

fn span(reader: &Reader<'_>, model: Option<Table>, count: u16) -> Option<Span> {
    let own = reader.choice("table", &TABLES).map(|table| table.value);
    let table = own.or(model);
    if table.is_none() {
        reader.missing("table", "coil, discrete, holding or input, here or once in [model]");
    }
    let register = reader.required("register", ADDRESS, "in the protocol's count, from 0");
    let span = Span { table: table?, first: u16::try_from(register?.value).ok()?, count };
    if span.end() > 0x1_0000 {
        let message = format!("{} ends beyond the last register", reader.what);
        reader.flaws.add(Flaw::new(reader.at.clone(), message));
        return None;
    }
    Some(span)
}
