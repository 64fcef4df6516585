//! Text becomes a tree in which each value remembers its place; a stronger layer's tree is laid over a weaker one's.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

use super::problem::{Problem, Problems};
use super::source::{Place, Source};

/// Deepest nesting that is read; the format needs four levels.
const DEPTH_MAX: usize = 16;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where.
    pub place: Place,
    /// What.
    pub value: Value,
}

/// What a file can say.
#[derive(Clone, Debug)]
pub enum Value {
    /// Text in quotes.
    Text(String),
    /// A whole number of 64 bits.
    Integer(i64),
    /// True or false.
    Boolean(bool),
    /// A list.
    Array(Vec<Node>),
    /// A table.
    Table(Table),
    /// A fraction, a date or a number beyond 64 bits: nothing here takes one.
    Other(&'static str),
}

/// A table: each key with the place of the key and its value.
pub type Table = BTreeMap<String, (Place, Node)>;

impl Value {
    /// What a person calls it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Integer(_) => "a whole number",
            Self::Boolean(_) => "true or false",
            Self::Array(_) => "a list",
            Self::Table(_) => "a table",
            Self::Other(kind) => kind,
        }
    }
}

/// Parses one source; what cannot be read is a problem, the rest of the file is still read.
pub fn parse(index: usize, source: &Source, problems: &Problems) -> Table {
    let (parsed, errors) = DeTable::parse_recoverable(&source.text);
    for error in errors {
        let place =
            error.span().map(|s| Place { source: index, start: s.start, end: s.end.max(s.start + 1) });
        problems.add(Problem::error(place, format!("not TOML: {}", error.message())));
    }
    convert_table(index, parsed.get_ref(), 0)
}

fn convert_table(source: usize, table: &DeTable<'_>, depth: usize) -> Table {
    table
        .iter()
        .map(|(key, value)| {
            let at = Place { source, start: key.span().start, end: key.span().end };
            let span = value.span();
            let place = Place { source, start: span.start, end: span.end };
            let node = Node { place, value: convert(source, value.get_ref(), depth + 1) };
            (key.get_ref().to_string(), (at, node))
        })
        .collect()
}

fn convert(source: usize, value: &DeValue<'_>, depth: usize) -> Value {
    if depth > DEPTH_MAX {
        return Value::Other("something nested too deeply");
    }
    match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(Value::Other("a number that is too large"), Value::Integer),
        DeValue::Float(_) => Value::Other("a fraction"),
        DeValue::Boolean(value) => Value::Boolean(*value),
        DeValue::Datetime(_) => Value::Other("a date"),
        DeValue::Array(items) => Value::Array(
            items
                .iter()
                .map(|item| {
                    let place = Place { source, start: item.span().start, end: item.span().end };
                    Node { place, value: convert(source, item.get_ref(), depth + 1) }
                })
                .collect(),
        ),
        DeValue::Table(table) => Value::Table(convert_table(source, table, depth)),
    }
}

/// Lays a stronger layer over a weaker one: tables key by key, lists of tables with an `id` entry by entry, all else replaced.
pub fn overlay(base: &mut Table, over: Table) {
    for (key, (at, node)) in over {
        match (base.get_mut(&key), node) {
            (Some((_, Node { value: Value::Table(below), .. })), Node { value: Value::Table(above), .. }) => {
                overlay(below, above);
            }
            (Some((_, Node { value: Value::Array(below), .. })), Node { value: Value::Array(above), .. })
                if has_ids(below) && has_ids(&above) =>
            {
                overlay_list(below, above);
            }
            (_, node) => {
                base.insert(key, (at, node));
            }
        }
    }
}

fn overlay_list(below: &mut Vec<Node>, above: Vec<Node>) {
    // Only entries of the weaker layers are met by id: the same id twice within one layer stays twice, and is told.
    let weaker = below.len();
    for node in above {
        let same =
            below.iter().take(weaker).position(|old| id_of(old).is_some() && id_of(old) == id_of(&node));
        let old = same.and_then(|at| below.get_mut(at));
        match (old, node) {
            (Some(Node { value: Value::Table(old), .. }), Node { value: Value::Table(new), .. }) => {
                overlay(old, new)
            }
            (_, node) => below.push(node),
        }
    }
}

fn has_ids(list: &[Node]) -> bool {
    !list.is_empty() && list.iter().all(|node| matches!(node.value, Value::Table(_)))
}

fn id_of(node: &Node) -> Option<&str> {
    let Value::Table(table) = &node.value else { return None };
    match table.get("id") {
        Some((_, Node { value: Value::Text(id), .. })) => Some(id),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(index: usize, text: &str) -> Table {
        let problems = Problems::default();
        let table = parse(
            index,
            &Source { path: format!("{index}.toml").into(), text: text.into(), ..Source::default() },
            &problems,
        );
        assert_eq!(problems.errors(), 0, "{text}");
        table
    }

    fn list<'a>(table: &'a Table, key: &str) -> &'a [Node] {
        match &table.get(key).unwrap().1.value {
            Value::Array(items) => items,
            other => panic!("{key} is {}", other.kind()),
        }
    }

    #[test]
    fn stronger_layer_wins_key_by_key_and_entry_by_entry() {
        let mut base =
            tree(0, "[building]\nid = 'a'\nname = 'A'\n[[line]]\nid = 'x'\nbaud = 9600\nport = '/p'\n");
        overlay(
            &mut base,
            tree(1, "[building]\nname = 'B'\n[[line]]\nid = 'x'\nbaud = 19200\n[[line]]\nid = 'y'\n"),
        );
        let lines = list(&base, "line");
        assert_eq!(lines.len(), 2);
        let Value::Table(x) = &lines[0].value else { panic!("a table") };
        assert_eq!(x.len(), 3, "the port of the weaker layer stays");
        let baud = &x.get("baud").unwrap().1;
        assert!(matches!(baud.value, Value::Integer(19200)));
        assert_eq!(baud.place.source, 1, "the place is that of the layer that won");
        let Value::Table(building) = &base.get("building").unwrap().1.value else { panic!("a table") };
        assert_eq!(building.get("id").unwrap().1.place.source, 0);
        assert_eq!(building.get("name").unwrap().1.place.source, 1);
    }

    #[test]
    fn same_id_twice_in_one_layer_stays_twice() {
        let mut base = tree(0, "[[line]]\nid = 'x'\n");
        overlay(&mut base, tree(1, "[[line]]\nid = 'y'\n[[line]]\nid = 'y'\n"));
        assert_eq!(list(&base, "line").len(), 3);
    }

    #[test]
    fn every_syntax_error_of_a_file_is_told() {
        let problems = Problems::default();
        let source = Source {
            path: "x".into(),
            text: "a = \nb = 1\nc = [1,\n[d]\ne == 2\n".into(),
            ..Source::default()
        };
        let table = parse(0, &source, &problems);
        assert!(problems.errors() >= 2, "{problems:?}");
        assert!(table.contains_key("b"), "what can be read is read");
    }

    #[test]
    fn deep_nesting_is_bounded() {
        let text = format!("a = {}1{}", "[".repeat(60), "]".repeat(60));
        let problems = Problems::default();
        let table = parse(0, &Source { path: "x".into(), text, ..Source::default() }, &problems);
        let mut depth = 0;
        let mut node = table.get("a").map(|(_, node)| node);
        while let Some(Node { value: Value::Array(items), .. }) = node {
            depth += 1;
            node = items.first();
        }
        assert!(depth <= DEPTH_MAX);
    }
}
