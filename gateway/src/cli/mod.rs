//! The command line: raw arguments become resolved ones, then one command runs and ends with one of four exit codes.

mod advice;
mod arguments;
mod ask;
mod backup;
mod bundle;
mod check;
mod commission;
mod daemon;
mod decommission;
mod device;
mod doctor;
mod doors;
mod enroll;
mod journal;
mod line;
mod metrics;
mod output;
mod progress;
mod reader;
mod restore;
mod round;
mod status;
pub(crate) mod table;
mod terminal;
mod unlock;
mod version;

#[cfg(test)]
mod tests;

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use crate::run::StateFolder;
use arguments::{Arguments, Command};
pub use output::Out;

/// How a command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done,
    /// Refused or failed; nothing is hidden behind it, the words say why.
    Failed,
    /// The arguments make no sense.
    Usage,
    /// Nobody answers on the socket.
    Unreachable,
}

impl Exit {
    /// The code for the shell.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Unreachable => 3,
        }
    }
}

/// A command that did not get to its end: what to say, and how to exit.
#[derive(Debug)]
pub struct Failure {
    /// How the command ends.
    pub exit: Exit,
    /// Why, in words.
    pub words: String,
}

impl Failure {
    /// Refused or failed.
    pub fn new(words: impl Into<String>) -> Self {
        Self { exit: Exit::Failed, words: words.into() }
    }

    /// An error with its causes, outermost first.
    pub fn chain(error: &dyn std::error::Error) -> Self {
        let causes = std::iter::successors(Some(error), |error| error.source());
        Self::new(causes.map(ToString::to_string).collect::<Vec<_>>().join(": "))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        // Somebody who stops reading our output has seen enough: `vestibule journal | head`.
        let exit = match error.kind() {
            std::io::ErrorKind::BrokenPipe => Exit::Done,
            _ => Exit::Failed,
        };
        Self { exit, words: error.to_string() }
    }
}

/// Takes the state folder of a daemon that must not run meanwhile.
fn stopped(state_dir: &Path) -> Result<StateFolder, Failure> {
    StateFolder::take(state_dir).map_err(|error| {
        Failure::new(format!("{}; stop it first: systemctl stop vestibule", Failure::chain(&error).words))
    })
}

/// The whole command line, to make manual pages and completions from.
#[must_use]
pub fn command() -> clap::Command {
    Arguments::command()
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Done };
            // Nothing can be done about a terminal that is gone.
            drop(error.print());
            return ExitCode::from(exit.code());
        }
    };
    let mut out = Out::standard(arguments.json);
    let exit = match dispatch(&arguments, &mut out) {
        Ok(exit) => exit,
        Err(Failure { exit: Exit::Done, .. }) => Exit::Done,
        Err(Failure { exit, words }) => {
            drop(writeln!(std::io::stderr(), "vestibule: {words}"));
            exit
        }
    };
    ExitCode::from(exit.code())
}

fn dispatch(arguments: &Arguments, out: &mut Out) -> Result<Exit, Failure> {
    match &arguments.command {
        Command::Run(run) => daemon::run(&arguments.config, run),
        Command::Broker(broker) => daemon::broker(broker, &arguments.config, out),
        Command::Check(check) => check::check(&arguments.config, check, out),
        Command::Status => status::status(arguments, out),
        Command::Doors(doors) => doors::doors(&ask::socket(arguments), doors, out),
        Command::Unlock(unlock) => unlock::unlock(&ask::socket(arguments), unlock, out),
        Command::Terminal(terminal) => terminal::terminal(&ask::socket(arguments), &terminal.terminal, out),
        Command::Reader(reader) => reader::reader(&ask::socket(arguments), reader, out),
        Command::Journal(journal) => journal::journal(arguments, journal, out),
        Command::Line(line) => line::line(&ask::socket(arguments), line, out),
        Command::Metrics => metrics::metrics(&ask::socket(arguments), out),
        Command::Doctor(doctor) => doctor::doctor(arguments, doctor, out),
        Command::Device(given) => device::device(arguments, given, out),
        Command::Enroll(enroll) => enroll::enroll(arguments, enroll, out),
        Command::Backup(backup) => backup::backup(arguments, backup, out),
        Command::Restore(restore) => restore::restore(arguments, restore, out),
        Command::Decommission(given) => decommission::decommission(arguments, given, out),
        Command::SupportBundle(bundle) => bundle::bundle(arguments, bundle, out),
        Command::Version => version::version(out),
    }
}
