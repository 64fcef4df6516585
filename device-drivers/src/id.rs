//! Names of lines and devices, as the configuration writes them, and the numbers of orders.

use std::fmt;
use std::sync::Arc;

/// Longest id in bytes: ids become MQTT topic levels, which brokers keep in memory for ever.
pub const MAX_ID_BYTES: usize = 64;

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text is empty or longer than [`MAX_ID_BYTES`].
    #[error("id {0:?} has {len} bytes, 1 to {MAX_ID_BYTES} are allowed", len = .0.len())]
    Length(String),
    /// A character is outside `a-z`, `0-9` and `-`.
    #[error("id {0:?} holds {1:?}, only a-z, 0-9 and - are allowed")]
    Character(String, char),
}

fn checked(text: &str) -> Result<Arc<str>, IdError> {
    if text.is_empty() || text.len() > MAX_ID_BYTES {
        return Err(IdError::Length(text.to_owned()));
    }
    match text.chars().find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '-')) {
        Some(odd) => Err(IdError::Character(text.to_owned(), odd)),
        None => Ok(Arc::from(text)),
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes an id of 1 to [`MAX_ID_BYTES`] characters from `a-z`, `0-9` and `-`.
            ///
            /// # Errors
            /// [`IdError`] names the text and what is wrong with it.
            pub fn new(text: &str) -> Result<Self, IdError> {
                checked(text).map(Self)
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }
    };
}

text_id!(
    /// One serial line.
    LineId
);
text_id!(
    /// One device on a line.
    DeviceId
);

/// The submitter's number of an order; its one outcome carries it back. Numbers in flight must differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderId(pub u64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_is_refused_when_empty_long_or_oddly_spelt() {
        assert!(DeviceId::new("bank-a-locks").is_ok());
        assert!(matches!(DeviceId::new(""), Err(IdError::Length(_))));
        assert!(matches!(DeviceId::new(&"a".repeat(65)), Err(IdError::Length(_))));
        assert!(matches!(LineId::new("Bank"), Err(IdError::Character(_, 'B'))));
        assert!(matches!(LineId::new("a/b"), Err(IdError::Character(_, '/'))));
    }
}
