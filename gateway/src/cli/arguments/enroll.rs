//! What `enroll` takes.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args;

/// `enroll`.
#[derive(Debug, Args)]
pub struct Enroll {
    /// Folder of the building's authority
    #[arg(long, value_name = "DIR", required = true)]
    pub building_ca: PathBuf,
    /// Make a new authority for this building
    #[arg(long, value_name = "ID", conflicts_with_all = ["role", "name", "out"],
        required_unless_present_any = ["role", "revoke"])]
    pub building: Option<String>,
    /// Issue a certificate for this role
    #[arg(long, requires = "name", requires = "out")]
    pub role: Option<String>,
    /// The building's own roles file, where it has roles of its own
    #[arg(long, value_name = "FILE", requires = "role")]
    pub roles: Option<PathBuf>,
    /// For this name
    #[arg(long, requires = "role")]
    pub name: Option<String>,
    /// Into this folder
    #[arg(long, value_name = "DIR", requires = "role")]
    pub out: Option<PathBuf>,
    /// A name a server is reached at; makes it a server's certificate
    #[arg(long, value_name = "NAME", requires = "role")]
    pub dns: Vec<String>,
    /// An address a server is reached at; makes it a server's certificate
    #[arg(long, value_name = "ADDRESS", requires = "role")]
    pub ip: Vec<IpAddr>,
    /// Put this certificate on the list of revoked ones; may be given several times
    #[arg(long, value_name = "FILE", conflicts_with_all = ["building", "role"])]
    pub revoke: Vec<PathBuf>,
    /// Put the new certificate in the place of an old one
    #[arg(long, requires = "role")]
    pub replace: bool,
}
