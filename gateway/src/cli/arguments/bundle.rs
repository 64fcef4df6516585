//! What `support-bundle` takes.

use std::path::PathBuf;

use clap::Args;

/// What the help of `support-bundle` ends with.
pub const HELP: &str = "\
It holds the doctor's findings, the status, counters, the newest journal rows with pseudonyms, listed keys of the
configuration, public parts of certificates, and the end of the log: no key, no code, no name. Every file is searched for
the keys of this machine before anything is written. Root sees more. Please look through it before you send it.
Examples:
  vestibule support-bundle
  vestibule support-bundle /tmp/maple-court.tar.gz && tar -tzf /tmp/maple-court.tar.gz
Exit codes: 0 written, 1 not written.";

/// `support-bundle`.
#[derive(Debug, Args)]
pub struct SupportBundle {
    /// The archive, which must not exist [default: vestibule-support-{building}-{time}.tar.gz in this folder]
    #[arg(value_name = "FILE.tar.gz")]
    pub file: Option<PathBuf>,
    /// The end of this log file instead of the system's journal
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
}
