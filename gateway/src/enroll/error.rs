//! What can go wrong while keys and certificates are made, read and written.

use std::io;
use std::path::PathBuf;

use super::identity::BadIdentity;

/// One variant per operation; each names the file or identity at hand.
#[derive(Debug, thiserror::Error)]
pub enum EnrollError {
    /// The identity cannot be written into a certificate.
    #[error("the identity is not usable")]
    Identity(#[from] BadIdentity),
    /// The file is there and was to be kept.
    #[error("{0} exists; it is not overwritten unless asked to replace it")]
    Exists(PathBuf),
    /// A directory could not be made.
    #[error("cannot make directory {path}")]
    MakeDirectory {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file could not be read.
    #[error("cannot read {path}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file could not be written durably.
    #[error("cannot write {path}")]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A key could not be generated or a certificate not be signed.
    #[error("cannot make the certificate of {subject}")]
    Sign {
        /// Whose certificate.
        subject: String,
        /// Why.
        source: rcgen::Error,
    },
    /// The authority's key or certificate is not what it should be.
    #[error("{path} is not the authority's key or certificate")]
    NotAnAuthority {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: rcgen::Error,
    },
    /// The file holds no certificate of this authority.
    #[error("{path} is no certificate of this authority: {reason}")]
    NotACertificate {
        /// Which file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The file is no request that can be signed.
    #[error("{path} is no request to sign: {reason}")]
    NotARequest {
        /// Which file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The key beside it is not a key.
    #[error("{path} is no private key")]
    NotAKey {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: rcgen::Error,
    },
    /// The certificate is not put in place; everything is as it was.
    #[error("{path} is not accepted: {reason}")]
    NotAccepted {
        /// Which file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The revocation list cannot be read; it is not replaced by one that has forgotten what stood in it.
    #[error("{path} is no revocation list; put the last good one in its place")]
    NotAList {
        /// Which file.
        path: PathBuf,
    },
    /// The request is another building's.
    #[error("it asks for building {asked}, and this authority is building {own}'s")]
    OtherBuilding {
        /// What the request says.
        asked: String,
        /// Whose authority this is.
        own: String,
    },
    /// The authority belongs to another building.
    #[error("{path} names no building: its common name is \"{common_name}\"")]
    NoBuilding {
        /// Which file.
        path: PathBuf,
        /// What its subject says.
        common_name: String,
    },
}
