//! What `device` takes.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand, ValueEnum};
use device_drivers::frame::Protocol;

/// `device`.
#[derive(Debug, Args)]
pub struct Device {
    /// What to do
    #[command(subcommand)]
    pub action: DeviceAction,
}

/// What can be done about devices.
#[derive(Debug, Subcommand)]
pub enum DeviceAction {
    /// List every model that a [[device]] may be of
    #[command(
        after_help = "Profiles of your own in /etc/vestibule/profiles/*.toml are listed with the built-in models, and what is wrong\n\
        with one is told. The daemon need not run.\nExamples:\n  vestibule device models\n  vestibule device models --json\n  \
        vestibule device models --config ./vestibule.toml     with the profiles beside that file"
    )]
    Models,
    /// Find every board on a line: speed, parity, address, model, doubled addresses
    #[command(
        after_help = "Only harmless reads are sent. Without --baud and --parity every usual setting is tried, makers' defaults first;\n\
        the first 32 addresses are unless --all or --addresses say otherwise. Lock boards with a protocol of their own are looked\n\
        for with --protocol, on a configured line by themselves; one line has one protocol, so that the scan ends with the first\n\
        in which somebody answers. While the daemon runs, the line is out of service for the scan and comes back by itself.\n\
        Examples:\n  vestibule device scan --line rs485-1\n  \
        vestibule device scan --port /dev/ttyUSB0                    before there is a configuration\n  \
        vestibule device scan --port /dev/ttyUSB0 --protocol all     whatever it speaks\n  \
        vestibule device scan --line rs485-1 --baud 9600 --parity none --all\n\
        Exit codes: 0 boards were found, 1 none, or two on one address, 2 usage, 3 the line cannot be reached."
    )]
    Scan(Scan),
    /// Ask one board what it is
    #[command(
        after_help = "Only harmless reads are sent. Every model that fits is listed with what speaks for it.\n\
        Examples:\n  vestibule device identify 2 --line rs485-1\n  \
        vestibule device identify 1 --port /dev/ttyUSB0 --protocol winnsen\n  \
        vestibule device identify 1 --port /dev/ttyUSB0 --baud 19200 --parity even --json"
    )]
    Identify(Identify),
    /// Give the one board on a line another address
    #[command(
        after_help = "One board at a time: the line is scanned first, and with two boards on it nothing is written. The new address is\n\
        proven by an answer there and silence at the old one. Boards with switches are named, and how to set them.\nExamples:\n  \
        vestibule device address 2 --port /dev/ttyUSB0 --baud 9600 --parity none\n  vestibule device address 5 --line rs485-1"
    )]
    Address(Address),
    /// Pulse one output once, or look at a board's inputs while somebody moves doors
    #[command(
        after_help = "An output is pulsed once each time you ask, for as long as the daemon would; its inputs are told before and after.\n\
        Looking needs no leave, pulsing does: staff, and on a commissioned site --break-seal.\nExamples:\n  \
        vestibule device test bank-a-locks/3\n  vestibule device test bank-a-doors --inputs\n  \
        vestibule device test bank-a-doors --inputs --seconds 20 --json"
    )]
    Test(Test),
    /// Walk past every door: learn its lock, contact, latch and polarity from what you do, and write it down
    #[command(
        after_help = "Each lock is pulsed once and the door that should open is named. Open it wide and press Enter, or type the label of\n\
        the door that opened instead, or none, skip or quit; then shut it. What moved, and in which order, tells the contacts.\n\
        What is ambiguous is asked again, never guessed. At the end all of it is checked as a whole, written to learned.toml in\n\
        the state folder, and reported in Markdown and HTML to sign. Nothing is lost when it is interrupted: --resume.\n\
        Doors behind which something may lie are left out unless a second person is there.\nExamples:\n  \
        vestibule device walk\n  vestibule device walk --bank a\n  vestibule device walk --resume\n  \
        vestibule device walk --json        one JSON value a line, answers on standard input"
    )]
    Walk(Walk),
}

/// Leave to move locks and set addresses.
#[derive(Debug, Args)]
pub struct Permission {
    /// On a commissioned site: why locks are moved past the record; it is journalled as seal.broken
    #[arg(long, value_name = "REASON")]
    pub break_seal: Option<String>,
    /// The account of a second person who is there, for doors behind which something lies
    #[arg(long, value_name = "ACCOUNT")]
    pub second_person: Option<String>,
}

/// `device walk`.
#[derive(Debug, Args)]
pub struct Walk {
    /// Only this bank; may be given several times
    #[arg(long, value_name = "ID")]
    pub bank: Vec<String>,
    /// Go on with the walk that was interrupted, or with the doors that it could not learn
    #[arg(long)]
    pub resume: bool,
    /// Put the walk that was interrupted aside and begin anew
    #[arg(long, conflicts_with = "resume")]
    pub anew: bool,
    /// Leave
    #[command(flatten)]
    pub permit: Permission,
}

/// `device test`.
#[derive(Debug, Args)]
pub struct Test {
    /// A board, or one of its outputs as board/number
    #[arg(value_name = "DEVICE[/OUTPUT]")]
    pub target: String,
    /// Tell each change of the board's inputs until the input ends (Ctrl-D), or for --seconds
    #[arg(long)]
    pub inputs: bool,
    /// How long to tell changes
    #[arg(long, value_name = "N", requires = "inputs")]
    pub seconds: Option<u64>,
    /// Leave
    #[command(flatten)]
    pub permit: Permission,
}

/// `device address`.
#[derive(Debug, Args)]
pub struct Address {
    /// The new address
    #[arg(value_parser = clap::value_parser!(u8).range(1..=247))]
    pub new: u8,
    /// Where
    #[command(flatten)]
    pub on: OnLine,
    /// Only look for the board at this speed; may be given several times [default: the line's, else every usual one]
    #[arg(long, value_name = "BAUD")]
    pub baud: Vec<u32>,
    /// Only this parity; may be given several times
    #[arg(long)]
    pub parity: Vec<ParityName>,
    /// The board's model, where it cannot be told
    #[arg(long)]
    pub model: Option<String>,
    /// Leave
    #[command(flatten)]
    pub permit: Permission,
}

/// Which line, and how it is set.
#[derive(Debug, Args)]
pub struct OnLine {
    /// A line of the configuration [default: the only one there is]
    #[arg(long, value_name = "ID", conflicts_with = "port")]
    pub line: Option<String>,
    /// A serial port, whatever the configuration says
    #[arg(long, value_name = "PATH")]
    pub port: Option<PathBuf>,
    /// How long a board may take to begin its answer, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 60, value_parser = clap::value_parser!(u16).range(20..=1000))]
    pub timeout_ms: u16,
}

/// Parity as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ParityName {
    /// 8N1
    None,
    /// 8E1
    Even,
    /// 8O1
    Odd,
}

/// `device scan`.
#[derive(Debug, Args)]
pub struct Scan {
    /// Where
    #[command(flatten)]
    pub on: OnLine,
    /// Only this speed; may be given several times
    #[arg(long, value_name = "BAUD")]
    pub baud: Vec<u32>,
    /// Only this parity; may be given several times
    #[arg(long)]
    pub parity: Vec<ParityName>,
    /// What is spoken; may be given several times [default: the line's, else modbus-rtu]
    #[arg(long, value_name = "NAME", value_parser = spoken())]
    pub protocol: Vec<Spoken>,
    /// Only these addresses, e.g. 1-8 or 7
    #[arg(long, value_name = "FIRST-LAST", value_parser = addresses, conflicts_with = "all")]
    pub addresses: Option<(u8, u8)>,
    /// Every address that a board can have
    #[arg(long)]
    pub all: bool,
}

/// `device identify`.
#[derive(Debug, Args)]
pub struct Identify {
    /// The board's address
    #[arg(value_parser = clap::value_parser!(u8).range(0..=247))]
    pub address: u8,
    /// Where
    #[command(flatten)]
    pub on: OnLine,
    /// What is spoken [default: the line's, else modbus-rtu]
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(Protocol::ALL.map(Protocol::name)))]
    pub protocol: Option<String>,
    /// Speed [default: the line's, else the maker's]
    #[arg(long)]
    pub baud: Option<u32>,
    /// Parity [default: the line's, else none]
    #[arg(long)]
    pub parity: Option<ParityName>,
}

/// A protocol as typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spoken {
    /// Each in turn, until somebody answers.
    All,
    /// That one.
    One(Protocol),
}

fn spoken() -> impl TypedValueParser<Value = Spoken> {
    let names = Protocol::ALL.map(Protocol::name).into_iter().chain(["all"]);
    let read = |name: String| Protocol::by_name(&name).map_or(Spoken::All, Spoken::One);
    PossibleValuesParser::new(names).map(read)
}

fn addresses(text: &str) -> Result<(u8, u8), String> {
    let number = |text: &str| match text.parse::<u8>() {
        Ok(number @ 0..=247) => Ok(number),
        _ => Err(format!("{text:?} is no address; boards have 1 to 247, some lock boards 0")),
    };
    let (first, last) = match text.split_once('-') {
        Some((first, last)) => (number(first)?, number(last)?),
        None => (number(text)?, number(text)?),
    };
    if last < first {
        return Err("the range runs backwards".to_owned());
    }
    Ok((first, last))
}
