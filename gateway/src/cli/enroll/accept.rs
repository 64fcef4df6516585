//! `vestibule enroll --accept FILE`: the third step, on the gateway again.

use std::path::{Path, PathBuf};

use rustls::pki_types::UnixTime;
use serde::Serialize;

use super::super::arguments::{Enroll, TLS_FOLDER};
use super::super::{Exit, Failure, Out};
use crate::config::{self, Layers};
use crate::enroll::{Accepted, Existing, Offer, Slot, accept as put_in_place};

#[derive(Serialize)]
struct Done {
    identity: String,
    certificate: String,
    key: String,
    ca: String,
    until: String,
}

/// Checks a certificate against key, authority, clock and configuration, and puts it in place.
pub fn accept(options: &[PathBuf], file: &Path, arguments: &Enroll, out: &mut Out) -> Result<Exit, Failure> {
    let loaded = config::load_for_elsewhere(&Layers::from_options(options));
    let slots = match &loaded.configuration {
        Some(configuration) => Slot::all(configuration).map_err(|error| Failure::chain(&error))?,
        None => Vec::new(),
    };
    let building = loaded.configuration.as_ref().map(|configuration| configuration.site.building.as_str());
    let folder = arguments.out.clone().unwrap_or_else(|| TLS_FOLDER.into());
    let offer = Offer {
        certificate: file,
        ca: arguments.ca.as_deref(),
        folder: &folder,
        slots: &slots,
        building,
        now: UnixTime::now(),
        existing: if arguments.replace { Existing::Replace } else { Existing::Refuse },
    };
    let Accepted { identity, certificate, key, ca, until } =
        put_in_place(&offer).map_err(|error| Failure::chain(&error))?;
    let until = jiff::Timestamp::from_second(until).map_err(|error| Failure::chain(&error))?;
    let done = Done {
        identity: identity.urn(),
        certificate: certificate.display().to_string(),
        key: key.display().to_string(),
        ca: ca.display().to_string(),
        until: until.to_string(),
    };
    out.either(&done, || {
        format!(
            "accepted     {identity} of building {}, until {}\ncertificate  {}\nkey          {}\nauthority    {}\n\
             Broker and daemon take it up by themselves.",
            identity.building(),
            until.strftime("%F"),
            done.certificate,
            done.key,
            done.ca
        )
    })?;
    Ok(Exit::Done)
}
