//! What can be typed, and the help that teaches it.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// The parcel gateway of one apartment building.
///
/// Exit codes: 0 done, 1 refused or failed, 2 usage, 3 cannot reach the daemon.
#[derive(Debug, Parser)]
#[command(
    name = "vestibule",
    version,
    propagate_version = true,
    max_term_width = 100,
    after_help = "\
Examples:
  vestibule check                                  every problem of the configuration at once
  vestibule status                                 how is the building, and what to do next
  vestibule doors                                  every door with its use, contact and latch
  vestibule unlock A3 --reason \"resident forgot\"    open one door; it is in the journal before it moves
  vestibule terminal lobby                         type as a courier or resident would
  vestibule journal --follow                       watch what happens
  vestibule journal verify                         was the record changed?"
)]
pub struct Arguments {
    /// Configuration file or folder instead of the installed layers; may be given several times, weakest first
    #[arg(long, global = true, value_name = "PATH")]
    pub config: Vec<PathBuf>,
    /// The daemon's socket instead of the configured one
    #[arg(long, global = true, value_name = "PATH")]
    pub socket: Option<PathBuf>,
    /// Print data as JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the daemon: doors, terminals, journal, bus and cloud
    #[command(
        after_help = "The service unit runs this. On a terminal its log is for people; under systemd it goes to \
        the journal with its fields:\n  journalctl -u vestibule -o verbose"
    )]
    Run(Run),
    /// Run the building's own MQTT broker
    #[command(
        after_help = "It prints `READY <address>` once clients can connect. It reads [building] and [broker] only."
    )]
    Broker(Broker),
    /// Check the configuration and list every problem at once
    #[command(after_help = "Examples:\n  vestibule check\n  vestibule check --config ./vestibule.toml\n  \
        vestibule check --elsewhere --config site.toml   for another machine\n  vestibule check --json")]
    Check(Check),
    /// Tell how the building is, and what to do next
    Status,
    /// List every door: use, contact, latch
    #[command(
        after_help = "Examples:\n  vestibule doors\n  vestibule doors --attention\n  vestibule doors --json"
    )]
    Doors(Doors),
    /// Open one door
    #[command(
        after_help = "The opening is journalled with your name and reason before the lock moves, and the recipient of \
        what lies there is told.\nExamples:\n  vestibule unlock A3 --reason \"resident forgot the code\"\n  \
        vestibule unlock a-3 --reason inspection --json"
    )]
    Unlock(Unlock),
    /// Sit down at a terminal
    #[command(
        after_help = "Type a code, a unit or a number and press enter. Keys: /ok /cancel /next /not-delivered /reopen \
        /need-larger /not-empty\nAn empty line is /ok. The end of the input (Ctrl-D) waits for the end of the session.\n\
        Examples:\n  vestibule terminal lobby\n  printf '123-456-7890\\n' | vestibule terminal lobby --json"
    )]
    Terminal(Terminal),
    /// Read, follow, verify or export the journal
    #[command(
        after_help = "Examples:\n  vestibule journal                               the newest rows\n  \
        vestibule journal --follow --json               rows as they come, one JSON value a line\n  \
        vestibule journal verify                        against the row the cloud acknowledged last\n  \
        vestibule journal verify --anchor 1041:9f86d0…  against a row of the cloud's copy: proof\n  \
        vestibule journal export --out journal.ndjson   every row, byte for byte\n\
        With the daemon stopped, the database file is read instead."
    )]
    Journal(Journal),
    /// Make the building's own certificate authority, and certificates from it
    #[command(after_help = "Examples:\n  \
        vestibule enroll --building-ca /etc/vestibule/authority --building maple-court\n  \
        vestibule enroll --building-ca /etc/vestibule/authority --role broker --name local --dns maple-court.local \
        --ip 10.0.0.5 --out /etc/vestibule/tls\n  \
        vestibule enroll --building-ca /etc/vestibule/authority --role staff --name kim --out ./kim\n  \
        vestibule enroll --building-ca /etc/vestibule/authority --revoke ./kim/staff-kim.pem\n\
        The broker reads the list of revoked certificates ([broker] revoked) and new certificates by itself.\n\
        Roles: broker (with --dns or --ip), gateway, staff, technician, cloud, reader, notifier, and those of your own roles file. \
        Keep the authority's key off the gateway if you can.")]
    Enroll(Enroll),
    /// Print the version
    Version,
}

/// `vestibule broker`.
#[derive(Debug, Args)]
pub struct Broker {
    /// Process that started it and that it ends with; given by `run --with-broker`
    #[arg(long, value_name = "PID", hide = true)]
    pub child_of: Option<i32>,
}

/// `check`.
#[derive(Debug, Args)]
pub struct Check {
    /// The configuration is for another machine: files that it names may be missing here
    #[arg(long)]
    pub elsewhere: bool,
}

/// `run`.
#[derive(Debug, Args)]
pub struct Run {
    /// Start the building's own broker as a child, and again whenever it ends
    #[arg(long)]
    pub with_broker: bool,
}

/// `doors`.
#[derive(Debug, Args)]
pub struct Doors {
    /// Only doors that somebody should look at
    #[arg(long)]
    pub attention: bool,
}

/// `unlock`.
#[derive(Debug, Args)]
pub struct Unlock {
    /// What the sticker says, or the compartment's id
    pub door: String,
    /// Why, in words; it is journalled
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Command id; the same id never opens twice [default: a new one]
    #[arg(long, value_name = "ID")]
    pub id: Option<String>,
}

/// `terminal`.
#[derive(Debug, Args)]
pub struct Terminal {
    /// The terminal's id
    pub terminal: String,
}

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

/// `enroll`.
#[derive(Debug, Args)]
pub struct Enroll {
    /// Folder of the building's authority
    #[arg(long, value_name = "DIR", required = true)]
    pub building_ca: PathBuf,
    /// Make a new authority for this building
    #[arg(long, value_name = "ID", conflicts_with_all = ["role", "name", "out"],
        required_unless_present_any = ["role", "revoke"])]
    pub building: Option<String>,
    /// Issue a certificate for this role
    #[arg(long, requires = "name", requires = "out")]
    pub role: Option<String>,
    /// The building's own roles file, where it has roles of its own
    #[arg(long, value_name = "FILE", requires = "role")]
    pub roles: Option<PathBuf>,
    /// For this name
    #[arg(long, requires = "role")]
    pub name: Option<String>,
    /// Into this folder
    #[arg(long, value_name = "DIR", requires = "role")]
    pub out: Option<PathBuf>,
    /// A name a server is reached at; makes it a server's certificate
    #[arg(long, value_name = "NAME", requires = "role")]
    pub dns: Vec<String>,
    /// An address a server is reached at; makes it a server's certificate
    #[arg(long, value_name = "ADDRESS", requires = "role")]
    pub ip: Vec<IpAddr>,
    /// Put this certificate on the list of revoked ones; may be given several times
    #[arg(long, value_name = "FILE", conflicts_with_all = ["building", "role"])]
    pub revoke: Vec<PathBuf>,
    /// Put the new certificate in the place of an old one
    #[arg(long, requires = "role")]
    pub replace: bool,
}

fn anchor(text: &str) -> Result<(u64, String), String> {
    let (sequence, hash) = text.split_once(':').ok_or("write SEQ:HASH, e.g. 1041:9f86d0…")?;
    let sequence = sequence.parse().map_err(|_| format!("{sequence:?} is not a sequence"))?;
    match hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit()) {
        true => Ok((sequence, hash.to_ascii_lowercase())),
        false => Err("the hash has 64 hexadecimal digits".to_owned()),
    }
}
