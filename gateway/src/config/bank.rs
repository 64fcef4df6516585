//! `[[bank]]`: a template that stands for all compartments of a bank.

use std::collections::BTreeMap;

use vestibule_core::compartment::Contact;
use vestibule_core::id::{BankId, TerminalId};
use vestibule_core::site::{Climate, Size};
use vestibule_core::unit::Millimetres;

use super::channel::{Kind, resolve};
use super::field::{Field, first_of_its_name};
use super::problem::{Problem, Problems};
use super::reader::{Reader, Spot};
use super::source::Place;
use super::tree::{Node, Value};
use super::value::{DeviceChannel, ShutWhen};

/// Most compartments of a building: the largest towers have 1,000 units.
pub const COMPARTMENTS_MAX: usize = 2_000;
/// Most compartments of one bank; ids are `{bank}-{number}` with three digits.
pub const BANK_MAX: usize = 500;
/// Longest label in bytes: what fits on a sticker and on every screen.
pub const LABEL_MAX: usize = 16;

/// Names of sizes, as written.
pub const SIZES: [(&str, Size); 4] = [
    ("small", Size::Small),
    ("medium", Size::Medium),
    ("large", Size::Large),
    ("extra-large", Size::ExtraLarge),
];
/// Names of climates, as written.
pub const CLIMATES: [(&str, Climate); 3] =
    [("ambient", Climate::Ambient), ("chilled", Climate::Chilled), ("frozen", Climate::Frozen)];
const POLARITY: [(&str, ShutWhen); 2] = [("on", ShutWhen::On), ("off", ShutWhen::Off)];

/// A bank as written, references checked.
pub struct Bank {
    /// Its id, and where it is written.
    pub id: Spot<BankId>,
    /// Climate of all its compartments.
    pub climate: Climate,
    /// Its compartments, column by column from the left, each from the top.
    pub cells: Vec<Cell>,
    /// Label template.
    pub labels: Labels,
    /// Lock outputs in the order of the cells.
    pub locks: Channels,
    /// Door contacts in the order of the cells; `None` where the whole bank has none.
    pub doors: Option<Inputs>,
    /// Latch contacts, likewise.
    pub latches: Option<Inputs>,
    /// Eyes that see whether something lies inside, likewise.
    pub eyes: Option<Inputs>,
    /// Terminals that serve it.
    pub terminals: Vec<Spot<TerminalId>>,
}

/// One opening of a bank.
pub struct Cell {
    /// Column from the left, from 0.
    pub column: u16,
    /// Row from the top, from 0.
    pub row: u16,
    /// Size class.
    pub size: Size,
    /// Height of its lower edge.
    pub sill: Millimetres,
    /// Height of its handle: half-way up the door.
    pub handle: Millimetres,
}

/// What the stickers say.
pub enum Labels {
    /// `{number}`, `{bank}`, `{column}` and `{row}` in a text.
    Template(Spot<String>),
    /// One label after the other.
    List(Vec<Spot<String>>),
}

/// Inputs of one kind of contact.
pub struct Inputs {
    /// In the order of the cells.
    pub channels: Channels,
    /// Their polarity.
    pub shut_when: ShutWhen,
    /// Where they are written.
    pub place: Place,
}

/// Channels in the order of the cells.
pub struct Channels {
    /// Those that could be read.
    pub list: Vec<Spot<DeviceChannel>>,
    /// Whether all that was written could be read; if not, missing ones are no further problem.
    pub complete: bool,
}

impl Channels {
    fn read(texts: &[Spot<&str>], kind: Kind, field: &Field, problems: &Problems) -> Self {
        let lists: Vec<_> = texts.iter().map(|text| resolve(text, kind, field, problems)).collect();
        let complete = lists.iter().all(|list| !list.is_empty());
        Self { list: lists.into_iter().flatten().collect(), complete }
    }
}

/// Heights of the sizes in millimetres.
pub type Heights = BTreeMap<Size, u16>;

/// Reads `[sizes]` over the defaults (openings of common parcel lockers).
pub fn read_sizes(root: &mut Reader<'_>) -> Heights {
    let mut heights =
        Heights::from([(Size::Small, 110), (Size::Medium, 220), (Size::Large, 450), (Size::ExtraLarge, 900)]);
    if let Some(mut reader) = root.table("sizes") {
        for (name, size) in SIZES {
            if let Some(mut one) = reader.table(name) {
                one.what = format!("size \"{name}\"");
                if let Some(height) = one.integer("height_mm", 30..=2_500) {
                    heights.insert(size, height.value);
                }
                one.finish();
            }
        }
        reader.finish();
    }
    heights
}

/// Reads one bank.
pub fn read(mut reader: Reader<'_>, field: &Field, heights: &Heights, others: &[Bank]) -> Option<Bank> {
    let id = reader.id("id", BankId::new);
    if let Some(id) = &id {
        reader.what = format!("bank \"{}\"", id.value);
        first_of_its_name(&reader, id, others.iter().find(|b| b.id.value == id.value).map(|b| &b.id.place));
    }
    let climate = reader.choice("climate", &CLIMATES).map_or(Climate::Ambient, |c| c.value);
    let cells = read_cells(&mut reader, heights);
    let labels = read_labels(&mut reader);
    let problems = reader.problems;
    let lock_texts = reader.texts("locks").unwrap_or_default();
    let locks = Channels::read(&lock_texts, Kind::Output, field, problems);
    let doors = reader.required(
        "doors",
        "doors = { inputs = \"board/1..\", shut_when = \"on\" }, or \"none\" to leave the bank to staff",
    );
    let doors = doors.and_then(|node| read_inputs(&reader, "doors", "inputs", node, Contact::Door, field));
    let latches = reader.get("latches");
    let latches =
        latches.and_then(|node| read_inputs(&reader, "latches", "inputs", node, Contact::Latch, field));
    let eyes = reader.get("occupancy");
    let eyes =
        eyes.and_then(|node| read_inputs(&reader, "occupancy", "inputs", node, Contact::Occupancy, field));
    let terminals = read_terminals(&mut reader);
    reader.finish();
    Some(Bank { id: id?, climate, cells: cells?, labels, locks, doors, latches, eyes, terminals })
}

fn read_cells(reader: &mut Reader<'_>, heights: &Heights) -> Option<Vec<Cell>> {
    const HELP: &str =
        "columns = [ [\"small\", \"large\"], [\"medium\"] ]: from the left, each from top to bottom";
    let top =
        match reader.required("top_mm", "height of the upper edge of the top row above the floor, in mm") {
            Some(_) => reader.integer("top_mm", 100..=3_000),
            None => None,
        };
    let columns = reader.required("columns", HELP)?;
    let Value::Array(columns) = &columns.value else {
        reader.mistyped("columns", columns, "a list of lists of sizes");
        return None;
    };
    let mut cells = Vec::new();
    for (number, column) in columns.iter().enumerate() {
        let Value::Array(rows) = &column.value else {
            reader.mistyped("columns", column, "a list of lists of sizes");
            continue;
        };
        let sizes: Vec<_> = rows.iter().filter_map(|row| read_size(reader, row)).collect();
        let column_index = u16::try_from(number).unwrap_or(u16::MAX);
        stack(&mut cells, column_index, &sizes, top.as_ref()?, column.place, heights, reader);
    }
    if cells.is_empty() || cells.len() > BANK_MAX {
        let message =
            format!("{} has {} compartments; 1 to {BANK_MAX} are allowed", reader.what, cells.len());
        reader.problems.add(Problem::error(Some(reader.place), message).help(HELP));
    }
    Some(cells)
}

fn read_size(reader: &Reader<'_>, node: &Node) -> Option<Size> {
    let Value::Text(text) = &node.value else {
        reader.mistyped("columns", node, "a size in quotes");
        return None;
    };
    let found = SIZES.iter().find(|(name, _)| name == text).map(|(_, size)| *size);
    if found.is_none() {
        let names = SIZES.map(|(name, _)| name);
        let message = format!("there is no size \"{text}\"; sizes are {}", names.join(", "));
        reader.problems.add(Problem::error(Some(node.place), message).did_you_mean(text, names));
    }
    found
}

fn stack(
    cells: &mut Vec<Cell>,
    column: u16,
    sizes: &[Size],
    top: &Spot<u16>,
    place: Place,
    heights: &Heights,
    reader: &Reader<'_>,
) {
    let mut edge = top.value;
    for (row, size) in sizes.iter().enumerate() {
        let height = heights.get(size).copied().unwrap_or(0);
        let Some(sill) = edge.checked_sub(height) else {
            let message = format!(
                "column {} of {} is higher than its top_mm of {}",
                column + 1,
                reader.what,
                top.value
            );
            let help = "check top_mm and the heights in [sizes]";
            reader.problems.add(Problem::error(Some(place), message).help(help));
            return;
        };
        let row = u16::try_from(row).unwrap_or(u16::MAX);
        let handle = Millimetres(sill + height / 2);
        cells.push(Cell { column, row, size: *size, sill: Millimetres(sill), handle });
        edge = sill;
    }
}

fn read_labels(reader: &mut Reader<'_>) -> Labels {
    let owned = |text: Spot<&str>| Spot { value: text.value.to_owned(), place: text.place };
    match reader.get("labels") {
        None => Labels::Template(Spot { value: "{number}".to_owned(), place: reader.place }),
        Some(Node { value: Value::Array(_), .. }) => {
            Labels::List(reader.texts("labels").unwrap_or_default().into_iter().map(owned).collect())
        }
        Some(node) => match reader.as_text("labels", node) {
            Some(text) => Labels::Template(owned(text)),
            None => Labels::List(Vec::new()),
        },
    }
}

impl Labels {
    /// How many a list has; a template never ends.
    pub fn len(&self) -> usize {
        match self {
            Self::Template(_) => usize::MAX,
            Self::List(list) => list.len(),
        }
    }

    /// The label of the cell with this index, and where it is written; `None` where the list is too short.
    pub fn of(&self, bank: &BankId, index: usize, cell: &Cell, problems: &Problems) -> Option<Spot<String>> {
        match self {
            Self::List(list) => list.get(index).cloned(),
            Self::Template(template) => {
                let label = template
                    .value
                    .replace("{number}", &(index + 1).to_string())
                    .replace("{bank}", bank.as_str())
                    .replace("{BANK}", &bank.as_str().to_uppercase())
                    .replace("{column}", &(cell.column + 1).to_string())
                    .replace("{row}", &(cell.row + 1).to_string());
                if label.contains(['{', '}']) {
                    let message = format!("labels = \"{}\" has an unknown placeholder", template.value);
                    let help = "{number}, {bank}, {BANK}, {column} and {row} are known";
                    problems.add(Problem::error(Some(template.place), message).help(help));
                }
                Some(Spot { value: label, place: template.place })
            }
        }
    }
}

/// Reads `{ inputs = …, shut_when = … }` or `"none"`; also for a single compartment, whose channel is called `input`.
pub fn read_inputs(
    reader: &Reader<'_>,
    key: &'static str,
    inputs: &'static str,
    node: &Node,
    contact: Contact,
    field: &Field,
) -> Option<Inputs> {
    if matches!(&node.value, Value::Text(text) if text == "none") {
        return None;
    }
    let Value::Table(table) = &node.value else {
        reader.mistyped(key, node, "a table with inputs and polarity, or \"none\"");
        return None;
    };
    let mut own = Reader::new(table, node.place, format!("{key} of {}", reader.what), reader.problems);
    let (polarity, finds_out) = match contact {
        Contact::Door => {
            ("shut_when", "(so that a broken wire reads open) or \"off\"; the walk test finds out")
        }
        Contact::Latch => {
            ("latched_when", "(so that a broken wire reads open) or \"off\"; the walk test finds out")
        }
        Contact::Occupancy => {
            ("occupied_when", "or \"off\"; put a hand inside and see with `vestibule device test`")
        }
    };
    let help = format!("{polarity} = \"on\" {finds_out}");
    let shut_when = own.required(polarity, &help).and_then(|_| own.choice(polarity, &POLARITY));
    let texts = own
        .required(inputs, "the board and its inputs, e.g. \"bank-a-doors/1\"")
        .and_then(|_| own.texts(inputs));
    let channels = Channels::read(&texts?, Kind::Input, field, reader.problems);
    own.finish();
    Some(Inputs { channels, shut_when: shut_when?.value, place: node.place })
}

fn read_terminals(reader: &mut Reader<'_>) -> Vec<Spot<TerminalId>> {
    let texts = reader.required("terminals", "terminals = [\"lobby\"]: where people stand in front of it");
    let texts = texts.and_then(|_| reader.texts("terminals")).unwrap_or_default();
    texts.into_iter().filter_map(|text| reader.parse(text, TerminalId::new)).collect()
}
