//! What `backup`, `restore` and `decommission` take.

use std::path::PathBuf;

use clap::Args;

/// `backup`.
#[derive(Debug, Args)]
pub struct Backup {
    /// The new file
    pub file: PathBuf,
}

/// `restore`.
#[derive(Debug, Args)]
pub struct Restore {
    /// A file that `vestibule backup` wrote
    pub file: PathBuf,
    /// Nobody used the building since the backup (a move to other hardware): no door is to be looked into
    #[arg(long)]
    pub unchanged: bool,
}

/// `decommission`.
#[derive(Debug, Args)]
pub struct Decommission {
    /// Go on although parcels lie in compartments
    #[arg(long)]
    pub with_parcels: bool,
    /// Write the journal to this file first
    #[arg(long, value_name = "FILE")]
    pub export: Option<PathBuf>,
    /// The building's id, for scripts; otherwise it is asked for
    #[arg(long, value_name = "BUILDING")]
    pub yes_decommission: Option<String>,
}
