//! JSON with one spelling only: keys in the order given, no spaces, the fewest escapes.
//!
//! Journal rows are hashed as bytes, so their spelling must not depend on a library's version or features. Writing
//! cannot fail, so a decision can always be recorded.

use std::fmt::Write as _;

/// A JSON value without floating point numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Json {
    /// No value.
    Null,
    /// Truth.
    Bool(bool),
    /// A whole number.
    Number(i128),
    /// Text.
    Text(String),
    /// Named values in the order in which they are written.
    Object(Vec<(&'static str, Json)>),
}

impl Json {
    /// Text from anything that can be displayed.
    pub(crate) fn text(value: &impl ToString) -> Self {
        Self::Text(value.to_string())
    }

    /// The one spelling.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut out = String::with_capacity(640);
        self.write(&mut out);
        out.into_bytes()
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            Self::Number(number) => {
                // Writing to a String cannot fail.
                write!(out, "{number}").ok();
            }
            Self::Text(text) => quote(text, out),
            Self::Object(fields) => object(fields, out),
        }
    }
}

fn object(fields: &[(&str, Json)], out: &mut String) {
    out.push('{');
    for (index, (name, value)) in fields.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        quote(name, out);
        out.push(':');
        value.write(out);
    }
    out.push('}');
}

/// RFC 8785: the two-character escapes where there is one, `\u00xx` for other control characters, all else as it is.
fn quote(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            control if control < ' ' => {
                write!(out, "\\u{:04x}", u32::from(control)).ok();
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_back_by_another_reader_when_it_holds_every_character() {
        let text: String = (0..0x250).filter_map(char::from_u32).chain("\u{2028}\u{1f4e6}".chars()).collect();
        let bytes = Json::Object(vec![("key", Json::Text(text.clone()))]).bytes();
        let read: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(read["key"], text);
    }

    #[test]
    fn keys_keep_their_order_when_written() {
        let json = Json::Object(vec![
            ("b", Json::Bool(true)),
            ("a", Json::Object(vec![])),
            ("c", Json::Null),
            ("d", Json::Number(-1)),
        ]);
        assert_eq!(json.bytes(), br#"{"b":true,"a":{},"c":null,"d":-1}"#);
    }
}
