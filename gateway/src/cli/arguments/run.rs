//! What `run` and `broker` take.

use clap::Args;

/// `run`.
#[derive(Debug, Args)]
pub struct Run {
    /// Start the building's own broker as a child, and again whenever it ends
    #[arg(long)]
    pub with_broker: bool,
}

/// `vestibule broker`.
#[derive(Debug, Args)]
pub struct Broker {
    /// Process that started it and that it ends with; given by `run --with-broker`
    #[arg(long, value_name = "PID", hide = true)]
    pub child_of: Option<i32>,
}
