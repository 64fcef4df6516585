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
