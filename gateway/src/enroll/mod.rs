//! A building's own certificate authority: who may speak on its bus, and how that is written into a certificate.
//!
//! A building must be able to renew its certificates in a long outage, so the authority's key lies with the building
//! (`vestibule enroll --building-ca`), not with the cloud.

mod accept;
mod ca;
mod error;
mod files;
mod identity;
mod request;
mod revocation;
mod sign;
mod slot;

#[cfg(test)]
mod tests;

pub use accept::{Accepted, Offer, accept};
pub use ca::{BuildingCa, Existing, Issued, Purpose, WrittenIdentity};
pub use error::EnrollError;
pub use identity::{BadIdentity, Identity, NAME_MAX, ROLE_MAX, URN_PREFIX};
pub use request::{Requested, request};
pub use revocation::REVOKED;
pub use sign::Request;
pub use slot::{Authority, Slot, State};
