//! The validated configuration. Whoever holds one need not check anything again.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use super::model::Protocol;
use super::source::Sources;
use device_drivers::device::Catalogue;
use device_drivers::duty::Duty;
use device_drivers::supply::LocksAtOnce;
use vestibule_core::compartment::{Contact, Level};
use vestibule_core::id::{CompartmentId, DeviceId, LineId, ProbeId, TerminalId};
use vestibule_core::site::Site;
use vestibule_core::time::Millis;
use vestibule_core::unit::Digest;

/// Everything that makes one building differ from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// The building's name for people.
    pub name: String,
    /// IANA name of the building's time zone, known to exist.
    pub time_zone: String,
    /// What the core decides on: building id, support number, compartments, terminals, probes, policies.
    pub site: Site,
    /// The serial lines with their boards.
    pub lines: BTreeMap<LineId, Line>,
    /// Every model that a board may be of.
    pub models: Catalogue,
    /// The scanners, each on a line of its own.
    pub scanners: BTreeMap<LineId, Scanner>,
    /// Which terminals are readers, and where.
    pub readers: BTreeMap<TerminalId, ReaderPlace>,
    /// Which input of which board is which contact or probe. Lock outputs are in [`Site`].
    pub wiring: Wiring,
    /// The building's own broker; `None` where a building has none.
    pub broker: Option<Broker>,
    /// The cloud's broker; `None` where a building has none.
    pub cloud: Option<Cloud>,
    /// Where metrics are served.
    pub metrics: Metrics,
    /// Paths on this machine.
    pub local: Local,
    /// SHA-256 over every source, name and text, in the order of the layers.
    pub digest: Digest,
    /// Whether these are the files as they are now.
    pub origin: Origin,
    /// The files, weakest layer first; a copy is kept after a good start.
    pub sources: Sources,
}

/// Which files a configuration was made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The files as they are.
    Current,
    /// The files are bad; this is the copy kept at the last good start.
    LastGood {
        /// How many problems the files have; each one was logged.
        problems: usize,
    },
}

/// One serial line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its id.
    pub id: LineId,
    /// Where it is.
    pub port: Port,
    /// Bits per second, 1,200 to 230,400.
    pub baud: u32,
    /// Parity bit.
    pub parity: Parity,
    /// Who switches the RS-485 driver.
    pub direction: Direction,
    /// What is spoken on it; never two protocols on one line.
    pub protocol: Spoken,
    /// How long a board may take to begin its answer, 20 to 1,000 ms.
    pub response_timeout: Millis,
    /// The boards, in the order of the files; addresses are unique.
    pub devices: Vec<Device>,
    /// The power supplies that boards of it name.
    pub supplies: Vec<Supply>,
}

/// Where a line is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Port {
    /// A terminal device; it need not exist at the start (unplugged adapters come back).
    Path(PathBuf),
    /// A serial server that passes raw bytes; it need not answer at the start.
    Tcp(SocketAddr),
    /// A Modbus/TCP server.
    ModbusTcp(SocketAddr),
}

impl Port {
    /// The server behind which the line is, if it is behind one.
    #[must_use]
    pub const fn server(&self) -> Option<SocketAddr> {
        match self {
            Self::Path(_) => None,
            Self::Tcp(server) | Self::ModbusTcp(server) => Some(*server),
        }
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => write!(f, "{}", path.display()),
            Self::Tcp(server) | Self::ModbusTcp(server) => write!(f, "tcp://{server}"),
        }
    }
}

/// Who switches an RS-485 driver between talking and listening.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// The adapter by itself.
    #[default]
    Adapter,
    /// The kernel, for ports whose driver it can switch.
    Kernel,
}

/// One scanner and the line that it has for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scanner {
    /// Its line.
    pub line: LineId,
    /// The same name, as a device is called whose state is told.
    pub device: DeviceId,
    /// The terminal at which its scans are typed; `None` where nobody named it.
    pub terminal: Option<TerminalId>,
    /// Where it is.
    pub port: Port,
    /// Bits per second, 1,200 to 230,400.
    pub baud: u32,
    /// Parity bit.
    pub parity: Parity,
    /// Who switches the RS-485 driver.
    pub direction: Direction,
    /// Which commands it takes.
    pub commands: Commands,
}

/// Commands of a scanner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Commands {
    /// None that are known.
    #[default]
    None,
    /// Those of the GM65 and its relatives.
    Gm65,
}

/// Parity of a line; one stop bit always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Parity {
    #[default]
    None,
    Even,
    Odd,
}

/// What is spoken on a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spoken {
    /// Boards and instruments, under a line master.
    Boards(Protocol),
    /// OSDP: readers, and nothing else.
    Readers,
}

impl Spoken {
    /// The boards' protocol, where boards are on the line.
    #[must_use]
    pub const fn boards(self) -> Option<Protocol> {
        match self {
            Self::Boards(protocol) => Some(protocol),
            Self::Readers => None,
        }
    }
}

/// One board or instrument on a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its id.
    pub id: DeviceId,
    /// Its address on the line, one that its protocol allows (Modbus: 1 to 247).
    pub address: u8,
    /// A model that `device_drivers` knows.
    pub model: String,
    /// What the locks at its outputs bear.
    pub locks: Locks,
}

/// What the locks of a board bear, and what drives them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Locks {
    /// How long they may be held.
    pub duty: Duty,
    /// Place of their power supply in the line's; a usual one of their own where none is named.
    pub supply: Option<usize>,
}

/// A power supply of locks on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Supply {
    /// Its id.
    pub id: String,
    /// How many locks it drives at once.
    pub locks_at_once: LocksAtOnce,
}

/// Where a reader is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReaderPlace {
    /// Its OSDP line.
    pub line: LineId,
    /// Its address there, 0 to 126.
    pub address: u8,
}

/// One channel of one board, numbered as printed on it, from 1.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeviceChannel {
    /// The board.
    pub device: DeviceId,
    /// The channel, from 1.
    pub channel: u16,
}

/// What hangs on which input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wiring {
    /// Digital inputs that are door or latch contacts; an input has one use.
    pub contacts: BTreeMap<DeviceChannel, ContactWire>,
    /// Instrument channels that are probes; a channel has one use.
    pub probes: BTreeMap<DeviceChannel, ProbeId>,
}

/// One contact on one input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactWire {
    /// Whose contact.
    pub compartment: CompartmentId,
    /// Door or latch.
    pub contact: Contact,
    /// Which level of the input means shut (or latched).
    pub shut_when: ShutWhen,
}

/// Polarity of a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShutWhen {
    /// The input is energised while the door is shut, so that a broken wire reads open.
    On,
    /// The input is not energised while the door is shut.
    Off,
}

impl ShutWhen {
    /// The contact's level when the input reads `on`.
    #[must_use]
    pub const fn level(self, input_is_on: bool) -> Level {
        match (self, input_is_on) {
            (Self::On, true) | (Self::Off, false) => Level::Shut,
            (Self::On, false) | (Self::Off, true) => Level::Open,
        }
    }
}

/// Files of one TLS end. All are PEM; they exist when the configuration is checked and are read when used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The authority the other end must come from.
    pub ca: PathBuf,
    /// Our certificate chain.
    pub certificate: PathBuf,
    /// Our private key.
    pub key: PathBuf,
}

/// The building's own broker, for both of its ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broker {
    /// Where `vestibule broker` listens.
    pub listen: SocketAddr,
    /// The broker's own certificate.
    pub server: Tls,
    /// `host` the daemon connects to; also the name it expects in the broker's certificate.
    pub host: String,
    /// Port the daemon connects to.
    pub port: u16,
    /// The daemon's certificate (role `gateway`).
    pub client: Tls,
    /// The authority's list of revoked certificates.
    pub revoked: Option<PathBuf>,
    /// Roles file that replaces the built-in roles.
    pub roles: Option<PathBuf>,
}

/// The cloud's broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cloud {
    /// Host name; also the name expected in its certificate.
    pub host: String,
    /// Port, 8883 unless the URL says otherwise.
    pub port: u16,
    /// The daemon's certificate for the cloud.
    pub client: Tls,
    /// The notifier's X25519 public key; notices are sealed to it.
    pub notifier_key: [u8; 32],
}

/// Where the numbers are served to collectors on this machine; nowhere unless it is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metrics {
    /// The daemon's; a loopback address.
    pub listen: Option<SocketAddr>,
    /// The broker's; a loopback address.
    pub broker_listen: Option<SocketAddr>,
}

/// Paths on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Local {
    /// Database, keys, last good configuration; default `/var/lib/vestibule`.
    pub state_dir: PathBuf,
    /// The console's unix socket; default `/run/vestibule/console.sock`.
    pub socket: PathBuf,
    /// File whose existence says that the wall clock is synchronised; default `/run/systemd/timesync/synchronized`.
    pub clock_marker: PathBuf,
    /// How long journal rows are kept here; default 400 days.
    pub journal_keep: Millis,
    /// `tracing` filter, e.g. `info` or `vestibule::field=debug`.
    pub log: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_wire_reads_open_when_shut_is_energised() {
        assert_eq!(ShutWhen::On.level(false), Level::Open);
        assert_eq!(ShutWhen::On.level(true), Level::Shut);
        assert_eq!(ShutWhen::Off.level(false), Level::Shut);
        assert_eq!(ShutWhen::Off.level(true), Level::Open);
    }
}
