//! What `check` takes.

use clap::Args;

/// `check`.
#[derive(Debug, Args)]
pub struct Check {
    /// The configuration is for another machine: files that it names may be missing here
    #[arg(long)]
    pub elsewhere: bool,
    /// Keys and certificates may be enrolled later: what the building's package asks while it is installed
    #[arg(long, conflicts_with = "elsewhere")]
    pub unenrolled: bool,
}
