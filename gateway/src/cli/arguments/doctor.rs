//! What `doctor` takes.

use clap::Args;

/// What the help of `doctor` ends with.
pub const HELP: &str = "\
It changes nothing, takes less than 10 s, and works with the daemon running or stopped. Root sees more.
Examples:
  vestibule doctor                   every check, by group
  vestibule doctor --worst           what is not fine, the worst first
  vestibule doctor --only lines      one group
  vestibule doctor --only '*.expiry' --json
Exit codes: 0 no failure (there may be warnings), 1 a failure, 2 usage.";

/// `doctor`.
#[derive(Debug, Args)]
pub struct Doctor {
    /// Only these checks: an id, a group, or a name with *; may be given several times
    #[arg(long, value_name = "ID")]
    pub only: Vec<String>,
    /// The worst first instead of by group, and only what is not fine
    #[arg(long)]
    pub worst: bool,
    /// List the checks and look at nothing
    #[arg(long, conflicts_with_all = ["only", "worst"])]
    pub list: bool,
}
