//! `vestibule enroll --request` and `--missing`: the first of three steps, on the gateway.

use std::path::PathBuf;

use serde::Serialize;

use super::super::arguments::Enroll;
use super::super::{Exit, Failure, Out};
use super::{authority, purpose, usage};
use crate::config::{self, Layers};
use crate::decommission;
use crate::enroll::{Authority, Identity, Purpose, Requested, Slot, State, request as make};

#[derive(Serialize)]
struct Made {
    identity: String,
    key: String,
    kept: bool,
    request: String,
    fingerprint: String,
}

/// Makes one key and its request.
pub fn request(options: &[PathBuf], arguments: &Enroll, out: &mut Out) -> Result<Exit, Failure> {
    let (Some(role), Some(name), Some(folder)) = (&arguments.role, &arguments.name, &arguments.out) else {
        return Err(usage("give --role, --name and --out with --request"));
    };
    authority::known(role, arguments.roles.as_deref())?;
    let building = building(options, arguments.building.as_deref())?;
    let identity = Identity::new(&building, role, name).map_err(|error| Failure::chain(&error))?;
    let purpose = purpose(arguments);
    if role == authority::BROKER && purpose == Purpose::Client {
        return Err(usage("give --dns or --ip: a broker's certificate names where it is reached"));
    }
    let key = folder.join(format!("{role}-{name}.key"));
    let state_dir = config::peek_state_dir(&Layers::from_options(options));
    let requested = make(&key, &identity, &purpose).map_err(|error| Failure::chain(&error))?;
    // Whoever enrols a decommissioned gateway by hand means it.
    decommission::lift(&state_dir)?;
    let made = made(&identity, &requested);
    out.either(&made, || words(&made, role, Authority::Building))?;
    Ok(Exit::Done)
}

/// The building as asked for, which must be the configured one where there is one.
fn building(options: &[PathBuf], asked: Option<&str>) -> Result<String, Failure> {
    let configured = config::peek_building(&Layers::from_options(options));
    match (asked, configured) {
        (Some(asked), Some(configured)) if asked != configured => {
            Err(usage(&format!("the configuration is of building {configured}, not {asked}")))
        }
        (Some(building), _) => Ok(building.to_owned()),
        (None, Some(building)) => Ok(building),
        (None, None) => Err(usage(
            "there is no configuration yet: give --building, or install the building's package first",
        )),
    }
}

fn made(identity: &Identity, requested: &Requested) -> Made {
    Made {
        identity: identity.urn(),
        key: requested.key.display().to_string(),
        kept: requested.kept,
        request: requested.request.display().to_string(),
        fingerprint: requested.fingerprint.clone(),
    }
}

fn words(made: &Made, role: &str, authority: Authority) -> String {
    let Made { key, request, fingerprint, .. } = made;
    let kept = if made.kept { "kept as it was" } else { "made; it stays here" };
    let file = std::path::Path::new(request).file_name().unwrap_or_default().display();
    let next = match authority {
        Authority::Building => format!(
            "vestibule enroll --building-ca DIR --sign {file} --role {role} --out DIR    at the authority"
        ),
        Authority::Cloud => "have it signed by the cloud's authority".to_owned(),
    };
    format!(
        "key          {key} ({kept})\nrequest      {request}\nfingerprint  {fingerprint}\n\n\
         Next: carry the request out, have it signed, bring the certificate back:\n  {next}\n  \
         vestibule enroll --accept CERTIFICATE --ca ca.pem    here"
    )
}

#[derive(Serialize)]
struct Place {
    identity: String,
    state: &'static str,
    certificate: String,
    request: String,
    fingerprint: Option<String>,
}

/// Makes every key and request that the configuration asks for and that is not there, and tells how far each one is. The
/// first start runs it; without a configuration there is nothing to do yet.
pub fn missing(options: &[PathBuf], out: &mut Out) -> Result<Exit, Failure> {
    if let Some(when) = decommission::mark(&config::peek_state_dir(&Layers::from_options(options))) {
        let words =
            format!("this gateway was decommissioned ({when}); enrol it anew: vestibule enroll --request");
        return Err(Failure::new(words));
    }
    let slots = slots(options)?;
    let (mut places, mut failures, mut all) = (Vec::new(), Vec::new(), Vec::new());
    for slot in &slots {
        let state = slot.state();
        let requested = match state {
            State::Enrolled => None,
            State::Requested | State::Empty => match slot.request() {
                Ok(requested) => Some(requested),
                Err(error) => {
                    failures.push(Failure::chain(&error).words);
                    continue;
                }
            },
        };
        let text = match &requested {
            None => format!("enrolled     {}", slot.files.certificate.display()),
            Some(requested) => words(&made(&slot.identity, requested), slot.identity.role(), slot.authority),
        };
        all.push(format!("{}\n{text}\n", slot.identity));
        places.push(Place {
            identity: slot.identity.urn(),
            state: if requested.is_some() { "requested" } else { "enrolled" },
            certificate: slot.files.certificate.display().to_string(),
            request: slot.request_path().display().to_string(),
            fingerprint: requested.map(|requested| requested.fingerprint),
        });
    }
    out.either(&places, || all.join("\n"))?;
    match failures.is_empty() {
        true => Ok(Exit::Done),
        false => Err(Failure::new(failures.join("; "))),
    }
}

fn slots(options: &[PathBuf]) -> Result<Vec<Slot>, Failure> {
    let loaded = config::load_for_elsewhere(&Layers::from_options(options));
    let Some(configuration) = loaded.configuration else {
        let words = match loaded.sources.is_empty() {
            true => "there is no configuration yet; install the building's package, and its keys are made",
            false => "the configuration is bad; see `vestibule check`",
        };
        return Err(Failure::new(words));
    };
    Slot::all(&configuration).map_err(|error| Failure::chain(&error))
}

/// Places whose certificate is still awaited, with what to do; empty where nothing can be read.
pub fn pending(options: &[PathBuf]) -> Vec<(String, String)> {
    let slots = slots(options).unwrap_or_default();
    let awaited = slots.iter().filter(|slot| !slot.files.certificate.exists());
    awaited
        .map(|slot| {
            let what = format!("the certificate {} is not there", slot.files.certificate.display());
            let request = slot.request_path();
            let next = match request.exists() {
                true => {
                    format!("carry {} to its authority, then `vestibule enroll --accept`", request.display())
                }
                false => "run `vestibule enroll --missing` as root".to_owned(),
            };
            (what, next)
        })
        .collect()
}
