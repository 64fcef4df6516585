//! What `reader` takes.

use clap::{Args, Subcommand};

/// Help that comes after the arguments.
pub const HELP: &str = "\
A reader is given its key over the default one that everybody knows, so somebody must stand at it: the window opens only while
the reader reports its housing open, is for this reader alone, shuts when it has its key and after five minutes in any case,
and is in the journal with your name.
Examples:
  vestibule reader list
  vestibule reader install room-reader
  vestibule reader forget room-reader      before a reader that was reset or exchanged is installed again";

/// `reader`.
#[derive(Debug, Args)]
pub struct Reader {
    /// What to do
    #[command(subcommand)]
    pub action: ReaderAction,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum ReaderAction {
    /// How each reader stands
    List,
    /// Open a reader's install window: five minutes, with its housing open
    Install {
        /// Its terminal's id
        reader: String,
    },
    /// Throw a reader's key away; nothing it says is believed until it is installed again
    Forget {
        /// Its terminal's id
        reader: String,
    },
}
