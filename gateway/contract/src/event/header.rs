//! What `verify`, uplink and readers need of a stored row, without knowing its type.

use serde::Deserialize;
use vestibule_core::time::{ClockTrust, Timestamp};
use vestibule_core::unit::Digest;

use super::{ROW_MAX, SEQUENCE_DIGITS};
use crate::{hex, time};

/// The attributes that place a row in its journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// `{building}:{epoch}:{boot}:{sequence}`.
    pub id: String,
    /// Position in the journal, from 1.
    pub sequence: u64,
    /// The CloudEvents type.
    pub event_type: String,
    /// Hash of the row before.
    pub previous: Digest,
    /// When it was recorded.
    pub at: Timestamp,
    /// How far that may be believed.
    pub trust: ClockTrust,
}

/// Why bytes are not a journal row.
#[derive(Debug, thiserror::Error)]
pub enum HeaderError {
    /// More bytes than any row has.
    #[error("a row has at most {ROW_MAX} bytes, this one {0}")]
    TooLarge(usize),
    /// Not JSON, or not an object of texts.
    #[error("read row as JSON")]
    Json(#[source] serde_json::Error),
    /// An attribute is absent.
    #[error("row has no attribute {0:?}")]
    Missing(&'static str),
    /// An attribute has a wrong form.
    #[error("row's attribute {name:?} is {value:?}")]
    Attribute {
        /// Which.
        name: &'static str,
        /// Its text.
        value: String,
    },
}

#[derive(Deserialize)]
struct Attributes {
    id: String,
    r#type: String,
    time: String,
    sequence: Option<String>,
    previoushash: Option<String>,
    clocktrust: ClockTrust,
}

/// Reads the attributes of a stored row.
///
/// # Errors
/// [`HeaderError`] names the first attribute that is not as [`super::seal`] writes it.
pub fn read_header(bytes: &[u8]) -> Result<Header, HeaderError> {
    if bytes.len() > ROW_MAX {
        return Err(HeaderError::TooLarge(bytes.len()));
    }
    let read: Attributes = serde_json::from_slice(bytes).map_err(HeaderError::Json)?;
    let sequence = read.sequence.ok_or(HeaderError::Missing("sequence"))?;
    let previous = read.previoushash.ok_or(HeaderError::Missing("previoushash"))?;
    Ok(Header {
        id: read.id,
        event_type: read.r#type,
        sequence: number(&sequence).ok_or(HeaderError::Attribute { name: "sequence", value: sequence })?,
        previous: hex::decode(&previous)
            .map(Digest)
            .ok_or(HeaderError::Attribute { name: "previoushash", value: previous })?,
        at: time::parse(&read.time).map_err(|_| HeaderError::Attribute { name: "time", value: read.time })?,
        trust: read.clocktrust,
    })
}

fn number(text: &str) -> Option<u64> {
    let digits = text.len() == SEQUENCE_DIGITS && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_is_refused_when_its_sequence_is_not_twenty_digits() {
        assert_eq!(number("00000000000000000042"), Some(42));
        for wrong in ["42", "+0000000000000000042", "99999999999999999999", "0000000000000000004x"] {
            assert_eq!(number(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn row_is_refused_when_it_is_not_json() {
        assert!(matches!(read_header(b"{\"id\":"), Err(HeaderError::Json(_))));
        assert!(matches!(read_header(&[b' '; ROW_MAX + 1]), Err(HeaderError::TooLarge(_))));
    }
}
