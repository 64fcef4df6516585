//! What `line` takes.

use clap::{Args, Subcommand};

/// The help's examples.
pub const HELP: &str = "Examples:\n  vestibule line trace rs485-1\n  \
    vestibule line trace rs485-1 --filter bank-a-doors --seconds 10\n  \
    vestibule line trace rs485-1 --filter address=3 --json\n  \
    vestibule line trace rs485-1 --kept               what the line has kept until now\n\
    Scanners' lines show lengths only: what is scanned may be somebody's code.";

/// `line`.
#[derive(Debug, Args)]
pub struct Line {
    /// What to do
    #[command(subcommand)]
    pub action: LineAction,
}

/// What to do with a line.
#[derive(Debug, Subcommand)]
pub enum LineAction {
    /// Show every frame on a line as it comes, decoded
    #[command(after_help = HELP)]
    Trace(Trace),
}

/// `line trace`.
#[derive(Debug, Args)]
pub struct Trace {
    /// The line's id
    pub line: String,
    /// Only frames of a device (its id), an address (`address=3`) or a function (`function=5`)
    #[arg(long, value_name = "WHAT", value_parser = Filter::parse)]
    pub filter: Option<Filter>,
    /// Stop after so many seconds [default: go on until Ctrl-C]
    #[arg(long, value_name = "N", conflicts_with = "kept")]
    pub seconds: Option<u64>,
    /// What the line has kept until now, instead of what comes
    #[arg(long)]
    pub kept: bool,
}

/// Which frames are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Of the device of that id.
    Device(String),
    /// To or from that address.
    Address(u8),
    /// Of that function, refused or not.
    Function(u8),
}

impl Filter {
    fn parse(text: &str) -> Result<Self, String> {
        let number = |text: &str| {
            let hex = text.strip_prefix("0x").map(|digits| u8::from_str_radix(digits, 16));
            hex.unwrap_or_else(|| text.parse()).map_err(|_| format!("{text:?} is no number from 0 to 255"))
        };
        match text.split_once('=') {
            Some(("address", address)) => number(address).map(Self::Address),
            Some(("function", function)) => number(function).map(Self::Function),
            Some(("device", device)) => Ok(Self::Device(device.to_owned())),
            Some((other, _)) => Err(format!("{other:?} is neither device nor address nor function")),
            None => Ok(Self::Device(text.to_owned())),
        }
    }

    /// Whether a frame is shown.
    #[must_use]
    pub fn takes(&self, device: Option<&str>, address: Option<u8>, bytes: &[u8]) -> bool {
        match self {
            Self::Device(wanted) => device == Some(wanted.as_str()),
            Self::Address(wanted) => address == Some(*wanted),
            Self::Function(wanted) => bytes.get(1).is_some_and(|function| function & 0x7F == *wanted),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filter_is_a_device_an_address_or_a_function() {
        assert_eq!(Filter::parse("bank-a"), Ok(Filter::Device("bank-a".into())));
        assert_eq!(Filter::parse("address=3"), Ok(Filter::Address(3)));
        assert_eq!(Filter::parse("function=0x10"), Ok(Filter::Function(16)));
        assert!(Filter::parse("address=300").is_err() && Filter::parse("adress=3").is_err());
        assert!(Filter::Function(2).takes(None, Some(1), &[1, 0x82, 2]));
        assert!(!Filter::Function(2).takes(None, Some(1), &[1, 5]));
        assert!(Filter::Address(1).takes(None, Some(1), &[]) && !Filter::Address(1).takes(None, None, &[]));
    }
}
