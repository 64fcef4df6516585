//! A building's own certificate authority: who may speak on its bus, and how that is written into a certificate.
//!
//! A building must be able to renew its certificates in a long outage, so the authority's key lies with the building
//! (`vestibule enroll --building-ca`), not with the cloud.

mod ca;
mod error;
mod files;
mod identity;
mod revocation;

pub use ca::{BuildingCa, Existing, Issued, Purpose, WrittenIdentity};
pub use error::EnrollError;
pub use identity::{BadIdentity, Identity, NAME_MAX, ROLE_MAX, URN_PREFIX};
pub use revocation::REVOKED;
