//! `vestibule enroll --building-ca DIR --sign FILE`: the second step, at the authority.

use std::path::Path;

use serde::Serialize;

use super::super::arguments::Enroll;
use super::super::{Exit, Failure, Out};
use super::{authority, purpose, usage};
use crate::enroll::{BuildingCa, Existing, Identity, Purpose, Request};

#[derive(Serialize)]
struct Signed {
    identity: String,
    fingerprint: String,
    names: Vec<String>,
    certificate: String,
    ca: String,
}

/// Signs one request. The role is what the person says, the building is the authority's, and a request that asks for
/// something else is refused.
pub fn sign(folder: &Path, file: &Path, arguments: &Enroll, out: &mut Out) -> Result<Exit, Failure> {
    let (Some(role), Some(to)) = (&arguments.role, &arguments.out) else {
        return Err(usage("give --role and --out with --sign"));
    };
    authority::known(role, arguments.roles.as_deref())?;
    let failed = |error| Failure::chain(&error);
    let ca = BuildingCa::open(folder).map_err(failed)?;
    let request = Request::read(file).map_err(failed)?;
    let asked = &request.identity;
    let name = arguments.name.as_deref().unwrap_or(asked.name());
    if asked.role() != role || asked.name() != name {
        let words = format!("it asks to be {asked}, and you said {role}/{name}; nothing is signed");
        return Err(Failure::new(format!("{}: {words}", file.display())));
    }
    let identity = Identity::new(asked.building(), role, name).map_err(|error| Failure::chain(&error))?;
    let purpose = granted(role, &request, purpose(arguments))?;
    let stem = file.file_stem().unwrap_or_default();
    let certificate = to.join(stem).with_extension("pem");
    let pem = ca.sign(&request, &identity, &purpose, BuildingCa::LEAF_LIFE).map_err(failed)?;
    let existing = if arguments.replace { Existing::Replace } else { Existing::Refuse };
    let ca_file = ca.hand_over(&certificate, &pem, existing).map_err(failed)?;
    let signed = Signed {
        identity: identity.urn(),
        fingerprint: request.fingerprint.clone(),
        names: names(&purpose),
        certificate: certificate.display().to_string(),
        ca: ca_file.display().to_string(),
    };
    out.either(&signed, || words(&signed, &identity))?;
    Ok(Exit::Done)
}

/// What the certificate will be good for: a broker's names are what the person says, else what it asks for; anybody else
/// is a client unless the person gives names.
fn granted(role: &str, request: &Request, said: Purpose) -> Result<Purpose, Failure> {
    match (said, role) {
        (Purpose::Client, authority::BROKER) if request.dns.is_empty() && request.addresses.is_empty() => {
            Err(usage("the request names no host: give --dns or --ip for a broker"))
        }
        (Purpose::Client, authority::BROKER) => {
            Ok(Purpose::Server { dns: request.dns.clone(), addresses: request.addresses.clone() })
        }
        (said, _) => Ok(said),
    }
}

fn names(purpose: &Purpose) -> Vec<String> {
    match purpose {
        Purpose::Client => Vec::new(),
        Purpose::Server { dns, addresses } => {
            dns.iter().cloned().chain(addresses.iter().map(ToString::to_string)).collect()
        }
    }
}

fn words(signed: &Signed, identity: &Identity) -> String {
    let reached = match signed.names.as_slice() {
        [] => String::new(),
        names => format!("\nreached at   {}", names.join(", ")),
    };
    format!(
        "signed       {identity} of building {}{reached}\nfingerprint  {}\ncertificate  {}\nauthority    {}\n\n\
         Is that the fingerprint that the gateway showed? If not, revoke the certificate (--revoke) and ask who changed the request.\n\
         Next, on the gateway: vestibule enroll --accept {} --ca ca.pem",
        identity.building(),
        signed.fingerprint,
        signed.certificate,
        signed.ca,
        Path::new(&signed.certificate).file_name().unwrap_or_default().display(),
    )
}
