//! What `enroll` takes.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{ArgGroup, Args};

/// Where an installed gateway keeps keys, requests and certificates.
pub const TLS_FOLDER: &str = "/etc/vestibule/tls";

/// The help that teaches the three steps.
pub const HELP: &str = "\
A key is made on the gateway and stays there. Three steps, the same for each certificate:
  1 on the gateway   the first start has made keys and requests by itself: `vestibule enroll --missing` tells where.
                     By hand: vestibule enroll --request --role gateway --name one --out /etc/vestibule/tls
                              vestibule enroll --request --role broker --name local --dns maple-court.local --ip 10.0.0.5 \\
                                --out /etc/vestibule/tls
  2 at the authority vestibule enroll --building-ca ./authority --sign gateway-one.csr --role gateway --out ./signed
                     Compare the fingerprint with the one that step 1 showed.
  3 on the gateway   vestibule enroll --accept gateway-one.pem --ca ca.pem
Broker and daemon take the new certificate up by themselves.

The building's authority, best kept off the gateway:
  vestibule enroll --building-ca ./authority --building maple-court                 make it
  vestibule enroll --building-ca ./authority --role staff --name kim --out ./kim    key and certificate at once
  vestibule enroll --building-ca ./authority --revoke ./kim/staff-kim.pem           the broker reads the list by itself
Roles: broker (with --dns or --ip), gateway, staff, technician, cloud, reader, notifier, and those of your own roles file.";

/// `enroll`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("step").args(["building_ca", "request", "accept", "missing"]).required(true))]
pub struct Enroll {
    /// Folder of the building's authority
    #[arg(long, value_name = "DIR")]
    pub building_ca: Option<PathBuf>,
    /// Step 1: make a key and a request for --role and --name in --out; a key that is there is kept
    #[arg(long, requires = "role", requires = "name", requires = "out")]
    pub request: bool,
    /// Step 1 for everything that the configuration names and that is not there; tells how far each one is
    #[arg(long)]
    pub missing: bool,
    /// Step 2, with --building-ca: sign this request for --role
    #[arg(long, value_name = "FILE", requires = "building_ca", requires = "role", requires = "out",
        conflicts_with_all = ["building", "revoke"])]
    pub sign: Option<PathBuf>,
    /// Step 3: check a certificate that came back, and put it beside its key
    #[arg(long, value_name = "FILE")]
    pub accept: Option<PathBuf>,
    /// The authority's certificate, where it came along
    #[arg(long, value_name = "FILE", requires = "accept", conflicts_with = "building_ca")]
    pub ca: Option<PathBuf>,
    /// The building's id: of a new authority, or of a request where there is no configuration yet
    #[arg(long, value_name = "ID")]
    pub building: Option<String>,
    /// For this role
    #[arg(long)]
    pub role: Option<String>,
    /// The building's own roles file, where it has roles of its own
    #[arg(long, value_name = "FILE", requires = "role")]
    pub roles: Option<PathBuf>,
    /// For this name
    #[arg(long, requires = "role")]
    pub name: Option<String>,
    /// Into this folder [--accept: /etc/vestibule/tls]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// A name a server is reached at; makes it a server's certificate
    #[arg(long, value_name = "NAME", requires = "role")]
    pub dns: Vec<String>,
    /// An address a server is reached at; makes it a server's certificate
    #[arg(long, value_name = "ADDRESS", requires = "role")]
    pub ip: Vec<IpAddr>,
    /// Put this certificate on the list of revoked ones; may be given several times
    #[arg(long, value_name = "FILE", requires = "building_ca", conflicts_with_all = ["building", "role"])]
    pub revoke: Vec<PathBuf>,
    /// Put the new certificate (with --accept: the authority's) in the place of an old one
    #[arg(long)]
    pub replace: bool,
}
