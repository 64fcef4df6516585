//! What can be typed, and the help that teaches it.

mod bundle;
mod check;
mod device;
mod doctor;
mod doors;
mod enroll;
mod journal;
mod keep;
mod line;
mod reader;
mod run;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

pub use bundle::SupportBundle;
pub use check::Check;
pub use device::{
    Address, Device, DeviceAction, Identify, OnLine, ParityName, Permission, Scan, Spoken, Test, Walk,
};
pub use doctor::Doctor;
pub use doors::{Doors, Terminal, Unlock};
pub use enroll::{Enroll, TLS_FOLDER};
pub use journal::{Journal, JournalAction};
pub use keep::{Backup, Decommission, Restore};
pub use line::{Filter, Line, LineAction, Trace};
pub use reader::{Reader, ReaderAction};
pub use run::{Broker, Run};

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
  vestibule line trace rs485-1                     every frame on a line, decoded, as it comes
  vestibule doctor                                 what is wrong, and what to do about it
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
        after_help = "It prints `READY <address>` once clients can connect. It reads [building], [broker], [metrics] and [log]."
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
    /// Open a door, or several in turn
    #[command(
        after_help = "The opening is journalled with your name and reason before the lock moves, and the recipient of \
        what lies there is told.\nExamples:\n  vestibule unlock A3 --reason \"resident forgot the code\"\n  \
        vestibule unlock a-3 --reason inspection --json\n  \
        vestibule unlock A1 A2 A3 --reason \"monthly inspection\"    in turn, as many at once as their supply drives\n  \
        vestibule unlock --cancel cli-0123456789abcdef    what it has not opened yet stays shut"
    )]
    Unlock(Unlock),
    /// Sit down at a terminal
    #[command(
        after_help = "Type a code, a unit or a number and press enter. Keys: /ok /cancel /next /not-delivered /reopen \
        /need-larger /not-empty\nAn empty line is /ok. The end of the input (Ctrl-D) waits for the end of the session.\n\
        Examples:\n  vestibule terminal lobby\n  printf '123-456-7890\\n' | vestibule terminal lobby --json"
    )]
    Terminal(Terminal),
    /// List readers, give them their keys, take keys away
    #[command(after_help = reader::HELP)]
    Reader(Reader),
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
    /// Look at a serial line
    Line(Line),
    /// Print the building's numbers as OpenMetrics
    #[command(
        after_help = "For a collector that reads files, or for a look. With [metrics] listen = \"127.0.0.1:9464\" the daemon\n\
        serves the same at http://127.0.0.1:9464/metrics, and with broker_listen the broker its own. A Grafana dashboard\n\
        and alert rules are in /usr/share/doc/vestibule/examples/monitoring.\n\
        Example:\n  vestibule metrics | grep vestibule_probe"
    )]
    Metrics,
    /// Look at everything that a technician would look at, and say what to do
    #[command(after_help = doctor::HELP)]
    Doctor(Doctor),
    /// Look up what can hang on a line, find what does, and commission it
    Device(Device),
    /// Make keys and requests, sign them, put certificates in place
    #[command(after_help = enroll::HELP)]
    Enroll(Box<Enroll>),
    /// Write the building's record to one file
    #[command(
        after_help = "The daemon may run or be stopped. Inside: state, journal, what was learned, certificates and private keys; no code \
        key,\nbecause restoring makes every code void. Run it as root; the file is for its owner only and is not encrypted:\n  \
        vestibule backup /root/maple-court.vestibule\n  age -p /root/maple-court.vestibule > maple-court.age"
    )]
    Backup(Backup),
    /// Put an earlier record in the place of the present one
    #[command(
        after_help = "The daemon must be stopped. The backup is verified whole before anything is touched; the present record is kept \
        under a\ndated name. A new epoch begins, codes told before are void, doors where something may have happened since are \
        to be\nlooked into, and the cloud is told `gateway.rewound`.\n  systemctl stop vestibule\n  \
        vestibule restore /root/maple-court.vestibule\n  systemctl start vestibule"
    )]
    Restore(Restore),
    /// End this computer's life as this building's gateway
    #[command(
        after_help = "The daemon must be stopped. Keys, codes, record and the package's backups are removed; certificates stay, to be \
        revoked.\n  vestibule decommission --export /root/journal.ndjson"
    )]
    Decommission(Decommission),
    /// Pack what somebody elsewhere needs to help, without secrets
    #[command(after_help = bundle::HELP)]
    SupportBundle(SupportBundle),
    /// Print the version
    Version,
}
