//! `vestibule enroll`: keys and requests on the gateway, certificates from the building's own authority.

mod accept;
mod authority;
mod request;
mod sign;

use super::arguments::{Arguments, Enroll};
use super::{Exit, Failure, Out};
use crate::enroll::Purpose;

pub use request::pending;

/// Runs the command: the one of its steps that the arguments name.
///
/// # Errors
/// What the step says. No key is ever replaced unasked, and a refused certificate changes nothing.
pub fn enroll(all: &Arguments, arguments: &Enroll, out: &mut Out) -> Result<Exit, Failure> {
    match (&arguments.building_ca, &arguments.accept) {
        (Some(folder), _) if !arguments.revoke.is_empty() => authority::revoke(folder, arguments, out),
        (Some(folder), _) => match &arguments.sign {
            Some(request) => sign::sign(folder, request, arguments, out),
            None => authority::authority(folder, arguments, out),
        },
        (None, Some(certificate)) => accept::accept(&all.config, certificate, arguments, out),
        (None, None) if arguments.missing => request::missing(&all.config, out),
        (None, None) => request::request(&all.config, arguments, out),
    }
}

fn purpose(arguments: &Enroll) -> Purpose {
    match (arguments.dns.as_slice(), arguments.ip.as_slice()) {
        ([], []) => Purpose::Client,
        (dns, addresses) => Purpose::Server { dns: dns.to_vec(), addresses: addresses.to_vec() },
    }
}

fn usage(words: &str) -> Failure {
    Failure { exit: Exit::Usage, words: words.to_owned() }
}
