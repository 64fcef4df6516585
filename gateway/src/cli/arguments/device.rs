//! What `device` takes.

use clap::{Args, Subcommand};

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
}
