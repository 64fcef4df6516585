//! What `doors`, `unlock` and `terminal` take.

use clap::Args;

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
    /// What the stickers say, or the compartments' ids; several are opened one after the other
    #[arg(value_name = "DOOR", required_unless_present = "cancel")]
    pub doors: Vec<String>,
    /// Why, in words; it is journalled
    #[arg(long, value_name = "TEXT", required_unless_present = "cancel")]
    pub reason: Option<String>,
    /// Command id; the same id never opens twice [default: a new one]
    #[arg(long, value_name = "ID")]
    pub id: Option<String>,
    /// Take back what the command of this id has not opened yet
    #[arg(long, value_name = "ID", conflicts_with_all = ["doors", "reason", "id"])]
    pub cancel: Option<String>,
}

/// `terminal`.
#[derive(Debug, Args)]
pub struct Terminal {
    /// The terminal's id
    pub terminal: String,
}
