//! What locks bear and what drives them: `lock_on_time`, `lock_duty` and `supply` of a `[[device]]`, and `[[supply]]`.

use std::collections::BTreeMap;
use std::time::Duration;

use device_drivers::duty::{DEFAULT_ON_TIME, DEFAULT_PERCENT, Duty, MAX_ON_TIME, MIN_ON_TIME};
use device_drivers::limits::DRAW_MARGIN;
use device_drivers::supply::{LocksAtOnce, MOST_AT_ONCE};
use vestibule_core::id::{DeviceId, LineId};
use vestibule_core::time::Millis;

use super::channel::{Kind, Uses};
use super::field::{Field, first_of_its_name};
use super::policy::{read_span, words};
use super::problem::{Problem, Problems};
use super::reader::{Reader, Spot};
use super::source::Place;
use super::value::{Device, Locks, Supply};

/// Power supplies by their names, before it is known on which line each is.
pub type Supplies = BTreeMap<String, KnownSupply>;

/// A supply that devices may name.
pub struct KnownSupply {
    locks_at_once: LocksAtOnce,
    place: Place,
    /// The line of the first device that named it.
    line: Option<LineId>,
}

/// What a `[[device]]` says of its locks.
pub struct Written {
    duty: Duty,
    /// Where the first of the keys stands.
    place: Option<Place>,
    supply: Option<Spot<String>>,
}

/// Reads all supplies.
pub fn read_supplies(root: &mut Reader<'_>) -> Supplies {
    let mut supplies = Supplies::new();
    for mut reader in root.tables("supply") {
        // The alphabet of all ids.
        let id = reader.id("id", |text| DeviceId::new(text).map(|_| text.to_owned()));
        if let Some(id) = &id {
            reader.what = format!("supply \"{}\"", id.value);
            first_of_its_name(&reader, id, supplies.get(&id.value).map(|known| &known.place));
        }
        let help =
            "what the supply gives, in amperes, by what one lock takes: 5 A and locks of 2 A are 2 at once";
        reader.required("locks_at_once", help);
        let locks = reader.integer("locks_at_once", 1..=MOST_AT_ONCE);
        reader.finish();
        if let Some(id) = id {
            let locks_at_once =
                locks.and_then(|locks| LocksAtOnce::new(locks.value).ok()).unwrap_or_default();
            supplies.entry(id.value).or_insert(KnownSupply { locks_at_once, place: id.place, line: None });
        }
    }
    supplies
}

/// Reads what a `[[device]]` says of its locks.
pub fn read(reader: &mut Reader<'_>) -> Written {
    let place = ["lock_on_time", "lock_duty", "supply"].into_iter().find_map(|key| reader.get(key));
    let place = place.map(|node| node.place);
    let on_time = read_span(reader, "lock_on_time", &(millis(MIN_ON_TIME)..=millis(MAX_ON_TIME)));
    let percent = reader.integer("lock_duty", 1..=100);
    let on_time = on_time.map_or(DEFAULT_ON_TIME, |span| Duration::from_millis(span.0));
    let percent = percent.map_or(DEFAULT_PERCENT, |percent| percent.value);
    let duty = Duty::new(on_time, percent).unwrap_or_default();
    let supply = reader.text("supply").map(|text| Spot { value: text.value.to_owned(), place: text.place });
    Written { duty, place, supply }
}

/// Joins a device that hangs on `line` with its supply; each supply becomes one of the line.
pub fn join(
    written: Written,
    field: &mut Field,
    line: &LineId,
    device: &DeviceId,
    problems: &Problems,
) -> Locks {
    let Written { duty, place, supply } = written;
    field.lock_places.extend(place.map(|place| (device.clone(), place)));
    let line = field.lines.get_mut(line);
    let supply = supply.zip(line).and_then(|(named, line)| {
        let known = find(&named, &mut field.supplies, problems)?;
        let id = named.value;
        if *known.line.get_or_insert_with(|| line.id.clone()) != line.id {
            let message =
                format!("supply \"{id}\" drives locks of two lines; \"{device}\" is on \"{}\"", line.id);
            let help =
                "lines do not wait for each other: give each line a [[supply]] with its share of the locks";
            let problem = Problem::error(Some(named.place), message);
            problems.add(problem.other(known.place, "the supply").help(help));
            return None;
        }
        let there = line.supplies.iter().position(|supply| supply.id == id);
        Some(there.unwrap_or_else(|| {
            line.supplies.push(Supply { id, locks_at_once: known.locks_at_once });
            line.supplies.len() - 1
        }))
    });
    Locks { duty, supply }
}

fn find<'a>(
    named: &Spot<String>,
    supplies: &'a mut Supplies,
    problems: &Problems,
) -> Option<&'a mut KnownSupply> {
    if !supplies.contains_key(&named.value) {
        let message = format!("there is no supply \"{}\"", named.value);
        let help = format!("add [[supply]] id = \"{}\", locks_at_once = 2", named.value);
        let problem = Problem::error(Some(named.place), message).help(help);
        problems.add(problem.did_you_mean(&named.value, supplies.keys().map(String::as_str)));
    }
    supplies.get_mut(&named.value)
}

/// Longest that one pulse of the house draws from a supply, by what the line reckons.
pub fn longest_hold(field: &Field, uses: &Uses, pulse: Millis) -> Millis {
    let boards = field.devices.iter().filter(|(id, _)| uses.any(Kind::Output, id));
    let own = boards.filter_map(|(_, known)| known.model.as_ref()?.own_pulse()).map(millis);
    Millis(own.fold(pulse.0, u64::max).saturating_add(millis(DRAW_MARGIN)))
}

/// What nobody uses is a slip; what cannot bear one pulse opens no door as often as it should.
pub fn check(field: &Field, uses: &Uses, pulse: Millis, problems: &Problems) {
    for (name, known) in field.supplies.iter().filter(|(_, known)| known.line.is_none()) {
        let message = format!("no device names supply \"{name}\"");
        let help = format!("write supply = \"{name}\" in each [[device]] whose locks it drives");
        problems.add(Problem::warning(Some(known.place), message).help(help));
    }
    for device in field.lines.values().flat_map(|line| &line.devices) {
        let Some(place) = field.lock_places.get(&device.id).copied() else { continue };
        if !uses.any(Kind::Output, &device.id) {
            let message = format!("\"{}\" has no lock that is used", device.id);
            let help = "lock_on_time, lock_duty and supply are about the locks at a board's outputs";
            problems.add(Problem::warning(Some(place), message).help(help));
            continue;
        }
        check_pulse(field, device, pulse, place, problems);
    }
}

fn check_pulse(field: &Field, device: &Device, pulse: Millis, place: Place, problems: &Problems) {
    let model = field.devices.get(&device.id).and_then(|known| known.model.as_ref());
    let own = model.and_then(device_drivers::device::Model::own_pulse);
    let held = own.unwrap_or(Duration::from_millis(pulse.0));
    let on_time = device.locks.duty.on_time();
    if held > on_time {
        let message = format!(
            "lock_on_time of \"{}\" is {}, and one pulse takes {}",
            device.id,
            words(Millis(millis(on_time))),
            words(Millis(millis(held)))
        );
        let help = "it is how long a cold lock may be held in all before it has to cool, by its data sheet";
        problems.add(Problem::error(Some(place), message).help(help));
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
