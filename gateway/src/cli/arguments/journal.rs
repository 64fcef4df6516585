//! What `journal` takes.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `journal`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Journal {
    /// Rows after this sequence [default: the newest ones]
    #[arg(long, value_name = "SEQ")]
    pub after: Option<u64>,
    /// How many rows at most
    #[arg(long, value_name = "N")]
    pub rows: Option<u64>,
    /// Go on with rows as they come
    #[arg(long)]
    pub follow: bool,
    /// What else
    #[command(subcommand)]
    pub action: Option<JournalAction>,
}

/// What else can be done with the journal.
#[derive(Debug, Subcommand)]
pub enum JournalAction {
    /// Find any edited, dropped, reordered or cut row; exit 0 only if an anchor holds it
    #[command(
        after_help = "An anchor is a row that somebody else has: SEQ is its \"sequence\", HASH the SHA-256 over the bytes of the\n\
        message that the cloud received (sha256sum), or the \"previoushash\" of the row after it. On another day\n\
        `vestibule journal --json` tells the hash of each row, to be noted down elsewhere.\n\
        Without --anchor the journal is held against the acknowledgement that its own file remembers: that finds damage,\n\
        and not somebody who can rewrite the file.\n\
        Exit codes: 0 whole up to the anchor, 1 changed or unanchored."
    )]
    Verify {
        /// A row known from elsewhere, as SEQ:HASH [default: what this file remembers as acknowledged by the cloud]
        #[arg(long, value_name = "SEQ:HASH", value_parser = anchor)]
        anchor: Option<(u64, String)>,
    },
    /// Write every row, byte for byte as stored and sent, one a line
    Export {
        /// Rows after this sequence
        #[arg(long, value_name = "SEQ", default_value_t = 0)]
        after: u64,
        /// Into this file, which must not exist [default: standard output]
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

fn anchor(text: &str) -> Result<(u64, String), String> {
    let (sequence, hash) = text.split_once(':').ok_or("write SEQ:HASH, e.g. 1041:9f86d0…")?;
    let sequence = sequence.parse().map_err(|_| format!("{sequence:?} is not a sequence"))?;
    match hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit()) {
        true => Ok((sequence, hash.to_ascii_lowercase())),
        false => Err("the hash has 64 hexadecimal digits".to_owned()),
    }
}
