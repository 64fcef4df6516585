//! Banks become compartments; `[[compartment]]` entries override single ones.

use std::collections::BTreeMap;

use vestibule_core::compartment::Contact;
use vestibule_core::id::{CompartmentId, ProbeId};
use vestibule_core::site::{CompartmentSite, PhysicalLock, Sensing};

use super::bank::{Bank, COMPARTMENTS_MAX, Cell, LABEL_MAX, SIZES, read_inputs};
use super::channel::{Kind, Uses, resolve};
use super::field::{Field, first_of_its_name};
use super::problem::{Problem, Problems};
use super::reader::{Reader, Spot};
use super::source::Place;
use super::value::{ContactWire, DeviceChannel, ShutWhen, Wiring};

/// What one `[[compartment]]` says.
#[derive(Default)]
struct Override {
    place: Option<Place>,
    label: Option<Spot<String>>,
    size: Option<vestibule_core::site::Size>,
    lock: Option<Spot<DeviceChannel>>,
    door: Own,
    latch: Own,
    occupancy: Own,
}

/// What a compartment says about one of its contacts.
#[derive(Default)]
enum Own {
    /// Nothing: the bank's template holds.
    #[default]
    Template,
    /// It has none.
    Absent,
    /// This one.
    Wired(Spot<DeviceChannel>, ShutWhen),
}

/// The compartments under construction.
pub struct Compartments<'a> {
    /// Where problems go.
    pub problems: &'a Problems,
    /// Who uses which channel.
    pub uses: &'a mut Uses,
    /// The contacts.
    pub wiring: &'a mut Wiring,
    /// Probe of each bank.
    pub probes: &'a BTreeMap<String, ProbeId>,
    /// The result.
    pub all: BTreeMap<CompartmentId, CompartmentSite>,
    labels: BTreeMap<String, (CompartmentId, Place)>,
    overrides: BTreeMap<String, Override>,
}

impl<'a> Compartments<'a> {
    /// Reads the overrides.
    pub fn new(
        root: &mut Reader<'_>,
        field: &'a Field,
        problems: &'a Problems,
        uses: &'a mut Uses,
        wiring: &'a mut Wiring,
        probes: &'a BTreeMap<String, ProbeId>,
    ) -> Self {
        let mut overrides = BTreeMap::new();
        for reader in root.tables("compartment") {
            read_override(reader, field, &mut overrides);
        }
        Self { problems, uses, wiring, probes, all: BTreeMap::new(), labels: BTreeMap::new(), overrides }
    }

    /// Adds all compartments of a bank.
    pub fn add_bank(&mut self, bank: &Bank) {
        for (index, cell) in bank.cells.iter().enumerate() {
            let Ok(id) = CompartmentId::new(&format!("{}-{}", bank.id.value, index + 1)) else {
                let message = format!("the id \"{}\" is too long to number its compartments", bank.id.value);
                self.problems.add(Problem::error(Some(bank.id.place), message));
                return;
            };
            let own = self.overrides.remove(id.as_str()).unwrap_or_default();
            self.add_cell(bank, index, cell, id, &own);
        }
    }

    fn add_cell(&mut self, bank: &Bank, index: usize, cell: &Cell, id: CompartmentId, own: &Override) {
        let by = format!("compartment \"{id}\"");
        let label = own.label.clone().or_else(|| bank.labels.of(&bank.id.value, index, cell, self.problems));
        let label = self.check_label(bank, &id, label);
        let door = self.contact(bank, &own.door, index, &id, Contact::Door);
        let latch = self.contact(bank, &own.latch, index, &id, Contact::Latch);
        let occupancy = self.contact(bank, &own.occupancy, index, &id, Contact::Occupancy);
        let Some(lock) = own.lock.as_ref().or_else(|| bank.locks.list.get(index)) else {
            if bank.locks.complete {
                self.too_few(bank, "lock outputs", bank.locks.list.len(), bank.id.place);
            }
            return;
        };
        self.uses.take(Kind::Output, lock, &by, self.problems);
        let DeviceChannel { device, channel } = lock.value.clone();
        let site = CompartmentSite {
            bank: bank.id.value.clone(),
            label: label.unwrap_or_default(),
            column: cell.column,
            row: cell.row,
            size: own.size.unwrap_or(cell.size),
            climate: bank.climate,
            handle: cell.handle,
            sill: cell.sill,
            lock: PhysicalLock { device, output: channel },
            door,
            latch,
            occupancy,
            probe: self.probes.get(bank.id.value.as_str()).cloned(),
        };
        self.all.insert(id, site);
    }

    fn contact(
        &mut self,
        bank: &Bank,
        own: &Own,
        index: usize,
        id: &CompartmentId,
        contact: Contact,
    ) -> Sensing {
        let (template, kind) = match contact {
            Contact::Door => (bank.doors.as_ref(), "door inputs"),
            Contact::Latch => (bank.latches.as_ref(), "latch inputs"),
            Contact::Occupancy => (bank.eyes.as_ref(), "occupancy inputs"),
        };
        let (channel, shut_when) = match (own, template) {
            (Own::Absent, _) | (Own::Template, None) => return Sensing::Absent,
            (Own::Wired(channel, shut_when), _) => (channel.clone(), *shut_when),
            (Own::Template, Some(inputs)) => match inputs.channels.list.get(index) {
                Some(channel) => (channel.clone(), inputs.shut_when),
                None => {
                    if inputs.channels.complete {
                        self.too_few(bank, kind, inputs.channels.list.len(), inputs.place);
                    }
                    return Sensing::Absent;
                }
            },
        };
        self.uses.take(Kind::Input, &channel, &format!("the {} of \"{id}\"", name(contact)), self.problems);
        let wire = ContactWire { compartment: id.clone(), contact, shut_when };
        self.wiring.contacts.insert(channel.value, wire);
        Sensing::Wired
    }

    fn check_label(
        &mut self,
        bank: &Bank,
        id: &CompartmentId,
        label: Option<Spot<String>>,
    ) -> Option<String> {
        let Some(label) = label else {
            self.too_few(bank, "labels", bank.labels.len(), bank.id.place);
            return None;
        };
        let text = label.value.trim();
        if text.is_empty() || text.len() > LABEL_MAX || text.chars().any(char::is_control) {
            let message = format!("the label of \"{id}\" must have 1 to {LABEL_MAX} bytes of plain text");
            self.problems.add(Problem::error(Some(label.place), message));
        }
        if let Some((other, place)) = self.labels.get(text) {
            let message = format!("compartments \"{other}\" and \"{id}\" both have the label \"{text}\"");
            let help =
                "a notice names the door by its label alone; labels = \"{BANK}{number}\" tells banks apart";
            self.problems
                .add(Problem::error(Some(label.place), message).other(*place, "the other one").help(help));
        } else {
            self.labels.insert(text.to_owned(), (id.clone(), label.place));
        }
        Some(text.to_owned())
    }

    /// Says once a bank that something runs out before its compartments do.
    fn too_few(&self, bank: &Bank, of_what: &str, given: usize, place: Place) {
        let (id, cells) = (&bank.id.value, bank.cells.len());
        let message = format!("bank \"{id}\" has {cells} compartments and {of_what} for {given}");
        let help = "add a board to the list, or a [[compartment]] entry for each that differs";
        self.problems.add(Problem::error(Some(place), message).help(help));
    }

    /// Ends: overrides of nothing are problems, and so is a building that is too large.
    pub fn finish(self) -> BTreeMap<CompartmentId, CompartmentSite> {
        for (id, own) in &self.overrides {
            let message = format!("there is no compartment \"{id}\"");
            let ids = self.all.keys().map(CompartmentId::as_str);
            self.problems.add(Problem::error(own.place, message).did_you_mean(id, ids));
        }
        if self.all.len() > COMPARTMENTS_MAX {
            let message = format!(
                "{} compartments are configured; at most {COMPARTMENTS_MAX} are allowed",
                self.all.len()
            );
            self.problems.add(Problem::error(None, message));
        }
        self.all
    }
}

const fn name(contact: Contact) -> &'static str {
    match contact {
        Contact::Door => "door",
        Contact::Latch => "latch",
        Contact::Occupancy => "occupancy",
    }
}

fn read_override(mut reader: Reader<'_>, field: &Field, all: &mut BTreeMap<String, Override>) {
    let Some(id) = reader.id("id", CompartmentId::new) else { return };
    reader.what = format!("compartment \"{}\"", id.value);
    first_of_its_name(&reader, &id, all.get(id.value.as_str()).and_then(|o| o.place.as_ref()));
    let problems = reader.problems;
    let label = reader.text("label").map(|text| Spot { value: text.value.to_owned(), place: text.place });
    let size = reader.choice("size", &SIZES).map(|size| size.value);
    let lock =
        reader.text("lock").and_then(|text| single(resolve(&text, Kind::Output, field, problems), &reader));
    let mut own = |key, contact| match reader.get(key) {
        None => Own::Template,
        Some(node) => match read_inputs(&reader, key, "input", node, contact, field) {
            None => Own::Absent,
            Some(inputs) => {
                let shut_when = inputs.shut_when;
                single(inputs.channels.list, &reader)
                    .map_or(Own::Absent, |channel| Own::Wired(channel, shut_when))
            }
        },
    };
    let door = own("door", Contact::Door);
    let latch = own("latch", Contact::Latch);
    let occupancy = own("occupancy", Contact::Occupancy);
    reader.finish();
    let place = Some(id.place);
    all.insert(id.value.to_string(), Override { place, label, size, lock, door, latch, occupancy });
}

fn single(mut channels: Vec<Spot<DeviceChannel>>, reader: &Reader<'_>) -> Option<Spot<DeviceChannel>> {
    let first = channels.pop()?;
    if !channels.is_empty() {
        let message = format!("{} needs one channel, not a range", reader.what);
        reader.problems.add(Problem::error(Some(first.place), message));
    }
    Some(first)
}
