//! The one scrubber that every text passes: known secrets go, names become pseudonyms, and whatever looks like a key or a
//! code goes, known or not.

use std::collections::BTreeMap;

use serde_json::Value;

use super::secrets::Secrets;

/// What stands where something was.
pub const REMOVED: &str = "[removed]";
/// What stands where a code could have been.
const DIGITS: &str = "[digits]";
/// Longest run of letters and digits that is a word and not a key.
const WORD_MAX: usize = 31;
/// Shortest run of hexadecimal digits that is taken for a key.
const HEX_LEAST: usize = 24;
/// Pairs of hexadecimal digits in a row that are taken for a key: the address of a network card has six.
const PAIRS_LEAST: usize = 10;
/// Digits of the shortest code: carriers' have six.
const CODE_LEAST: usize = 6;
/// Digits that are taken out even from the middle of a word.
const CODE_SURE: usize = 9;
/// Values of these fields are public hashes of 64 digits, which somebody who helps compares.
const HASHES: [&str; 6] = ["configuration", "fingerprint", "hash", "journal_hash", "previous", "sha256"];

/// The scrubber of one bundle: pseudonyms are the same in all of its files, and in no other bundle.
pub struct Scrubber {
    secrets: Secrets,
    names: BTreeMap<String, String>,
    counts: BTreeMap<&'static str, usize>,
}

impl Scrubber {
    /// For these secrets.
    #[must_use]
    pub const fn new(secrets: Secrets) -> Self {
        Self { secrets, names: BTreeMap::new(), counts: BTreeMap::new() }
    }

    /// What it knows.
    #[must_use]
    pub const fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// The pseudonym of a person or a unit, e.g. `staff-1`; from now on it stands for the name in every text.
    pub fn pseudonym(&mut self, kind: &'static str, name: &str) -> String {
        // Root is nobody in particular, and a word of many sentences.
        if name == "os:root" {
            return name.to_owned();
        }
        let key = format!("{kind} {name}");
        if let Some(known) = self.names.get(&key) {
            return known.clone();
        }
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        let pseudonym = format!("{kind}-{count}");
        self.names.insert(key, pseudonym.clone());
        pseudonym
    }

    /// A text as it may leave the building.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        let known = self.secrets.removed_from(text);
        let lines = known.lines().map(|line| codes(&tokens(&pairs(&self.named(line)))));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// A value as it may leave: every text in it, names of fields included.
    #[must_use]
    pub fn value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(values) => values.iter().map(|value| self.value(value)).collect(),
            Value::Object(fields) => {
                let field = |(name, value): (&String, &Value)| (self.text(name), self.field(name, value));
                Value::Object(fields.iter().map(field).collect())
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    fn field(&self, name: &str, value: &Value) -> Value {
        let is_hash = |text: &str| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        match value {
            Value::String(text) if HASHES.contains(&name) && is_hash(text) => {
                Value::String(self.secrets.removed_from(text))
            }
            value => self.value(value),
        }
    }

    /// Names of people become pseudonyms where they stand as words. Units are too short to be told from other words:
    /// they are replaced where they are fields.
    fn named(&self, line: &str) -> String {
        let people =
            self.names.iter().filter_map(|(key, pseudonym)| Some((key.strip_prefix("staff ")?, pseudonym)));
        let mut text = line.to_owned();
        for (name, pseudonym) in people {
            let bare = name.trim_start_matches("os:");
            for name in [name, bare] {
                text = replaced_word(&text, name, pseudonym);
            }
        }
        text
    }
}

/// Replaces whole words only.
fn replaced_word(text: &str, word: &str, by: &str) -> String {
    if word.is_empty() || !text.contains(word) {
        return text.to_owned();
    }
    let is_inside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let (mut clean, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(word) {
        let (before, found) = rest.split_at(at);
        let after = found.get(word.len()..).unwrap_or_default();
        let last = before.chars().next_back().or_else(|| clean.chars().next_back());
        clean.push_str(before);
        clean.push_str(if is_inside(last) || is_inside(after.chars().next()) { word } else { by });
        rest = after;
    }
    clean + rest
}

/// Bytes in pairs of hexadecimal digits with something between them are removed: URL-encoded, as fingerprints, as a dump.
fn pairs(line: &str) -> String {
    let mut clean = String::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let inside = clean.ends_with(|c: char| c.is_ascii_alphanumeric());
        let length = if inside { 0 } else { pair_run(rest.as_bytes()) };
        let step = if length > 0 { length } else { first.len_utf8() };
        let (taken, after) = rest.split_at(step);
        clean.push_str(if length > 0 { REMOVED } else { taken });
        rest = after;
    }
    clean
}

/// Length of a run of pairs; 0 where it is too short to be a key.
fn pair_run(bytes: &[u8]) -> usize {
    let between = bytes.get(2).copied().unwrap_or_default();
    if !matches!(between, b'%' | b':' | b' ' | b'-') {
        return 0;
    }
    let is_pair = |pair: &[u8]| pair.iter().all(u8::is_ascii_hexdigit) && pair.len() == 2;
    let groups = bytes.chunks(3).take_while(|group| {
        group.get(..2).is_some_and(is_pair) && group.get(2).is_none_or(|byte| *byte == between)
    });
    // The last pair has something else behind it, or nothing.
    let whole = groups.map(<[u8]>::len).sum::<usize>();
    let last = bytes.get(whole..whole + 2).is_some_and(is_pair);
    let length = whole + if last { 2 } else { 0 };
    if length / 3 < PAIRS_LEAST { 0 } else { length }
}

/// Runs that look like keys are removed.
fn tokens(line: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '_' | '-');
    let mut clean = String::new();
    let mut rest = line;
    while let Some(start) = rest.find(is_part) {
        let (before, tail) = rest.split_at(start);
        let end = tail.find(|c| !is_part(c)).unwrap_or(tail.len());
        let (token, after) = tail.split_at(end);
        clean.push_str(before);
        // A path is as long as it is; its parts are words.
        let parts = token.split('/').map(|part| if is_key(part) { REMOVED } else { part });
        let path = parts.collect::<Vec<_>>().join("/");
        let is_path = token.starts_with('/') || before.ends_with('.') || before.ends_with('/');
        let is_whole = if is_path { path == token && is_random(token) } else { is_key(token) };
        clean.push_str(if is_whole { REMOVED } else { &path });
        rest = after;
    }
    clean + rest
}

/// Hexadecimal wherever it stands in a word, or longer than words are and of all kinds of letters.
fn is_key(token: &str) -> bool {
    let runs = token.split(|c: char| !c.is_ascii_hexdigit());
    runs.map(str::len).max().unwrap_or(0) >= HEX_LEAST || (token.len() > WORD_MAX && kinds(token) == 3)
}

/// As many capitals as base64 has and no path: base64 has slashes, too.
fn is_random(token: &str) -> bool {
    let capitals = token.bytes().filter(u8::is_ascii_uppercase).count();
    token.len() > WORD_MAX && kinds(token) == 3 && capitals * 6 >= token.len()
}

/// How many of capitals, small letters and digits there are.
fn kinds(token: &str) -> usize {
    let has = |what: fn(&u8) -> bool| usize::from(token.as_bytes().iter().any(what));
    has(u8::is_ascii_uppercase) + has(u8::is_ascii_lowercase) + has(u8::is_ascii_digit)
}

/// Runs of digits that could be a code are removed, written with blanks or dashes between groups of three or more, too.
fn codes(line: &str) -> String {
    let mut clean = String::new();
    let mut rest = line;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, tail) = rest.split_at(start);
        let length = run(tail);
        let (found, after) = tail.split_at(length);
        clean.push_str(before);
        let digits = found.bytes().filter(u8::is_ascii_digit).count();
        let inside = before.ends_with(|c: char| c.is_ascii_alphabetic())
            || after.starts_with(|c: char| c.is_ascii_alphabetic());
        // A fraction of a second is none, nor the name of a device.
        let fraction = before.ends_with('.') && is_time(&clean);
        let is_code = digits >= CODE_LEAST && (!inside || digits >= CODE_SURE) && !fraction;
        clean.push_str(if is_code { DIGITS } else { found });
        rest = after;
    }
    clean + rest
}

/// Length of a run of digits with its groups.
fn run(text: &str) -> usize {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let mut length = digits(text);
    let mut group = length;
    while group >= 3 {
        let tail = text.get(length..).unwrap_or_default();
        let next = tail.strip_prefix(['-', ' ']).map_or(0, digits);
        // Dates have a group of two behind their year.
        if next < 3 {
            break;
        }
        length += 1 + next;
        group = next;
    }
    length
}

/// Whether this ends in `:05.`.
fn is_time(text: &str) -> bool {
    let mut back = text.bytes().rev();
    back.next() == Some(b'.')
        && back.next().is_some_and(|byte| byte.is_ascii_digit())
        && back.next().is_some_and(|byte| byte.is_ascii_digit())
        && back.next() == Some(b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scrubber() -> Scrubber {
        let mut secrets = Secrets::default();
        secrets.add("the test's".into(), b"correct horse");
        Scrubber::new(secrets)
    }

    #[test]
    fn keys_and_codes_go_and_words_paths_and_times_stay() {
        let clean = |text| scrubber().text(text);
        for kept in [
            "2026-11-21T17:53:28.123456Z INFO vestibule::field: port is open line=rs485-1",
            "2026-11-21T17:53:28+0000 gateway kernel: usb 1-1.3: FTDI attached to ttyUSB0",
            "/dev/serial/by-path/platform-fd500000.pcie-pci-0000:01:00.0-usb-0:1.3:1.0-port0",
            "expires in 824 d 23 h: /etc/vestibule/tls/gateway-gateway.pem",
        ] {
            assert_eq!(clean(kept), kept);
        }
        for (secret, left) in [
            ("code 123-456-7890 was typed", "code [digits] was typed"),
            ("code=314159.", "code=[digits]."),
            ("a 1234567890b", "a [digits]b"),
            ("+1 312 555 0134", "+1 [digits]"),
            ("k=%de%ad%be%ef%de%ad%be%ef%de%ad%be%ef.", "k=%[removed]."),
            (
                "fp 0a:1b:2c:3d:4e:5f:60:71:82:93:a4:b5, mac 0a:1b:2c:3d:4e:5f",
                "fp [removed], mac 0a:1b:2c:3d:4e:5f",
            ),
            ("key deadbeefdeadbeefdeadbeefdeadbeef!", "key [removed]!"),
            ("MHcCAQEEIIJ3p8Gq1w5kq0m1Qm9Yd7Zr2xVbN4s8A", "[removed]"),
            ("note-deadbeefdeadbeefdeadbeef and id=deadbeefdeadbeefdeadbeef", "[removed] and id=[removed]"),
            ("k=/HcCAQEEIIJ3p8/q1w5kq0m1Qm9Yd7Zr2xVbN4s8A==", "k=[removed]=="),
            ("/etc/x/MHcCAQEEIIJ3p8Gq1w5kq0m1Qm9Yd7Zr2xVbN4s8A.toml", "/etc/x/[removed].toml"),
            ("say correct horse and Y29ycmVjdCBob3JzZQ", "say [removed] and [removed]ZQ"),
        ] {
            assert_eq!(clean(secret), left);
        }
    }

    #[test]
    fn names_become_pseudonyms_as_words_and_the_same_ones_everywhere() {
        let mut scrubber = scrubber();
        assert_eq!(scrubber.pseudonym("staff", "os:anna"), "staff-1");
        assert_eq!(scrubber.pseudonym("unit", "4b"), "unit-1");
        assert_eq!(scrubber.pseudonym("staff", "os:anna"), "staff-1");
        assert_eq!(
            scrubber.text("peer=os:anna, anna's, susanna, 4b"),
            "peer=staff-1, staff-1's, susanna, 4b"
        );
    }

    #[test]
    fn hashes_stay_only_in_the_fields_that_hold_them() {
        let hash = "ab".repeat(32);
        let value = serde_json::json!({ "sha256": hash, "reason": hash, "n": 123_456_789 });
        let expected = serde_json::json!({ "sha256": hash, "reason": "[removed]", "n": 123_456_789 });
        assert_eq!(scrubber().value(&value), expected);
    }
}
