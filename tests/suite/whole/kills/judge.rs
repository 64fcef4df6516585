//! What must hold after all kills: the journal against the cloud, and both against what the relays did.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use serde_json::Value;
use sim_devices::{Address, DoorNumber, Happening, SimTime};
use vestibule_demo::ear::{Ear, Heard};
use vestibule_demo::house::House;
use vestibule_demo::wires;
use vestibule_tests::house::{PATIENCE, compartment, wall_micros};

/// Times in the journal are whole milliseconds, and two clocks are compared.
const CLOCK_SLACK_MICROS: i64 = 2_000;
/// Function codes that write coils: the only first words a lock board may hear are "all off".
const WRITES: [u8; 2] = [0x05, 0x0f];

/// One life of the daemon, on the line's clock.
pub struct Life {
    /// When its process was started; the line was silent.
    pub started: SimTime,
    /// When the first key was pressed, if anybody came.
    pub first_key: Option<SimTime>,
    /// When it was dead and the line silent again.
    pub ended: SimTime,
    /// What each device was asked first.
    pub first_served: BTreeMap<Address, u8>,
}

/// The exported journal: rows as they are stored, and read.
pub struct Record {
    rows: Vec<(String, Value)>,
}

impl Record {
    pub fn export(house: &House) -> Self {
        let text = house.ask(&["journal", "export"]).unwrap();
        let rows = text.lines().map(|line| (line.to_owned(), serde_json::from_str(line).unwrap()));
        Self { rows: rows.collect() }
    }

    pub fn head(&self) -> u64 {
        self.rows.last().map_or(0, |(_, row)| sequence(row))
    }

    /// Sequences are 1, 2, 3 ... without a gap, and no id is there twice.
    pub fn is_whole(&self) {
        for ((_, row), expected) in self.rows.iter().zip(1..) {
            assert_eq!(sequence(row), expected, "the journal has a gap or a double");
        }
        let ids: BTreeMap<&str, ()> = self.rows.iter().map(|(_, row)| (id(row), ())).collect();
        assert_eq!(ids.len(), self.rows.len(), "an event id is in the journal twice");
    }

    /// When each unlock of a compartment was intended, in microseconds since 1970.
    fn intents(&self, compartment: &str) -> Vec<i64> {
        let intents = self.rows.iter().filter(|(_, row)| row["type"] == "unlock.intended");
        let own = intents.filter(|(_, row)| row["data"]["compartment"] == compartment);
        own.map(|(_, row)| row["time"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_microsecond())
            .collect()
    }
}

fn sequence(row: &Value) -> u64 {
    row["sequence"].as_str().unwrap().parse().unwrap()
}

fn id(row: &Value) -> &str {
    row["id"].as_str().unwrap()
}

/// What the cloud was told, by event id.
pub struct Cloud {
    ear: Ear,
    told: HashMap<String, Told>,
    newest: u64,
    duplicates: u64,
}

struct Told {
    payload: Vec<u8>,
    sequence: u64,
    topic: String,
}

impl Cloud {
    pub fn new(ear: Ear) -> Self {
        Self { ear, told: HashMap::new(), newest: 0, duplicates: 0 }
    }

    /// Takes what has come.
    pub fn listen(&mut self) {
        while let Some(heard) = self.ear.next(Duration::ZERO) {
            self.take(heard);
        }
    }

    /// Waits until every row up to `head` has come.
    pub fn wait_for(&mut self, head: u64) {
        let until = Instant::now() + PATIENCE;
        while self.missing(head).is_some() {
            let heard = self.ear.next(until.saturating_duration_since(Instant::now()));
            let heard =
                heard.unwrap_or_else(|| panic!("row {:?} never reached the cloud", self.missing(head)));
            self.take(heard);
        }
    }

    fn missing(&self, head: u64) -> Option<u64> {
        if self.newest < head {
            return Some(self.newest + 1);
        }
        let there: std::collections::BTreeSet<u64> = self.told.values().map(|told| told.sequence).collect();
        (1..=head).find(|sequence| !there.contains(sequence))
    }

    fn take(&mut self, heard: Heard) {
        let row: Value = serde_json::from_slice(&heard.payload).expect("an event is JSON");
        let told = Told { sequence: sequence(&row), payload: heard.payload, topic: heard.topic };
        self.newest = self.newest.max(told.sequence);
        match self.told.get(id(&row)) {
            None => drop(self.told.insert(id(&row).to_owned(), told)),
            Some(before) => {
                assert_eq!(before.payload, told.payload, "{}: sent again with other bytes", id(&row));
                self.duplicates += 1;
            }
        }
    }

    pub fn duplicates(&self) -> u64 {
        self.duplicates
    }

    /// Every row of the journal is there as it is stored, once by its id, and nothing else is.
    pub fn agrees_with(&self, record: &Record) {
        for (stored, row) in &record.rows {
            let told = self.told.get(id(row)).unwrap_or_else(|| panic!("not at the cloud: {stored}"));
            assert_eq!(std::str::from_utf8(&told.payload).unwrap(), stored, "the cloud has other bytes");
            let tail = format!("/event/{}", row["type"].as_str().unwrap());
            assert!(told.topic.ends_with(&tail), "{} came as {}", stored, told.topic);
        }
        let up_to_head = self.told.values().filter(|told| told.sequence <= record.head()).count();
        assert_eq!(up_to_head, record.rows.len(), "the cloud was told of rows that the journal lacks");
    }
}

/// The k-th time a relay closes, or is told to while closed, k intents for its compartment are in the journal already.
pub fn every_pulse_was_intended(house: &House, record: &Record) {
    let mut pulses: BTreeMap<String, usize> = BTreeMap::new();
    for pulse in house.line.energisings() {
        let door = compartment(pulse.door.expect("a lock at every relay"));
        let intents = record.intents(&door);
        let at = wall_micros(house, pulse.at);
        let earlier = intents.iter().filter(|intent| **intent <= at + CLOCK_SLACK_MICROS).count();
        let count = pulses.entry(door.clone()).or_default();
        *count += 1 + usize::try_from(pulse.repeats).unwrap();
        assert!(*count <= earlier, "{door}: pulse {count} at {at} us after {earlier} intents: {pulse:?}");
    }
    assert!(!pulses.is_empty(), "nobody opened a door: nothing was tested");
}

/// Nothing moves between a start and the first key, and a lock board first hears a write: all off.
pub fn no_start_opened_a_door(house: &House, lives: &[Life]) {
    let locks: Vec<Address> =
        (0..house.banks).filter_map(|bank| Address::new(wires::boards(bank)[0])).collect();
    let energisings = house.line.energisings();
    let mut greeted = 0;
    for (number, life) in lives.iter().enumerate() {
        let until = life.first_key.unwrap_or(life.ended);
        let moved: Vec<_> =
            energisings.iter().filter(|pulse| pulse.at >= life.started && pulse.at < until).collect();
        assert!(moved.is_empty(), "life {number} opened a door before anybody pressed a key: {moved:?}");
        for board in &locks {
            let Some(function) = life.first_served.get(board) else { continue };
            assert!(WRITES.contains(function), "life {number}: board {board} first heard {function:#04x}");
            greeted += 1;
        }
    }
    assert!(greeted > lives.len() / 2, "hardly a life reached a lock board: nothing was tested");
}

/// How many parcels lie behind each door, followed from event to event.
#[derive(Default)]
pub struct Contents(BTreeMap<DoorNumber, u32>);

impl Contents {
    /// A compartment is never given to a second parcel while one lies in it.
    pub fn follow(&mut self, what: &Happening) {
        match what {
            Happening::ParcelIn(door) => {
                let lie = self.0.entry(*door).or_default();
                *lie += 1;
                assert!(*lie == 1, "{lie} parcels lie in {}", compartment(*door));
            }
            // People take all there is.
            Happening::ParcelOut(door) => drop(self.0.remove(door)),
            _ => {}
        }
    }
}

/// Where the daemon would put the next parcel, nothing lies.
pub fn what_is_free_is_empty(house: &House) {
    let text = house.ask(&["doors", "--json"]).unwrap();
    let all: Value = serde_json::from_str(&text).unwrap();
    let usage: HashMap<&str, &str> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|door| (door["id"].as_str().unwrap(), door["usage"].as_str().unwrap()))
        .collect();
    for door in house.line.with(|sim| sim.plant().doors()) {
        let id = compartment(door.number);
        let usage = usage[id.as_str()];
        assert!(door.contents <= 1, "{} parcels lie in {id}", door.contents);
        assert!(door.contents == 0 || usage != "free", "a parcel lies in {id}, which is {usage}");
    }
}
