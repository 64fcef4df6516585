//! Whom the broker trusts now: certificates, authority and revocation list as the files say, read again when they change.
//! Nobody is dropped for a change who is still trusted after it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use rustls::ServerConfig;
use rustls::server::danger::ClientCertVerifier;
use rustls::time_provider::TimeProvider;
use rustls_pki_types::CertificateDer;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use tokio_rustls::TlsAcceptor;

use super::limits::Limits;
use super::metrics::Metrics;
use super::tls::{self, TlsError};

/// The broker's PEM files.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The building's authority; during a change of authority both of them.
    pub ca: PathBuf,
    /// The broker's certificate chain.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
    /// The authority's list of revoked certificates, where there is one.
    pub revoked: Option<PathBuf>,
}

impl TlsFiles {
    fn all(&self) -> impl Iterator<Item = &Path> {
        let always = [&self.ca, &self.certificate, &self.key];
        always.into_iter().chain(&self.revoked).map(PathBuf::as_path)
    }

    /// What tells that a file was replaced. Look before reading: what is replaced between the two is then read again.
    pub(super) fn look(&self) -> Looked {
        let look = |path: &Path| {
            let file = fs::metadata(path).ok()?;
            Some((file.modified().ok()?, file.len()))
        };
        self.all().map(look).collect()
    }
}

/// Time and size of each file.
pub(super) type Looked = Vec<Option<(SystemTime, u64)>>;

/// What the files said when they were read last.
pub(super) struct Trust {
    pub(super) acceptor: TlsAcceptor,
    verifier: Arc<dyn ClientCertVerifier>,
    clock: Arc<dyn TimeProvider>,
}

impl Trust {
    pub(super) fn read(files: &TlsFiles) -> Result<Self, TlsError> {
        let (config, verifier): (Arc<ServerConfig>, _) = tls::server_config(files)?;
        let clock = Arc::clone(&config.time_provider);
        Ok(Self { acceptor: TlsAcceptor::from(config), verifier, clock })
    }

    /// Whether a client that was let in would be let in again: its certificate may have expired or been revoked since.
    pub(super) fn judge(&self, chain: &[CertificateDer<'_>]) -> Result<(), rustls::Error> {
        let (leaf, rest) = chain.split_first().ok_or(rustls::Error::NoCertificatesPresented)?;
        let now = self.clock.current_time().ok_or(rustls::Error::FailedToGetCurrentTime)?;
        self.verifier.verify_client_cert(leaf, rest, now).map(|_| ())
    }
}

/// Reads the files again whenever one of them was replaced, and tells everybody. Files that cannot be used leave the old
/// trust in force and are tried again.
pub(super) async fn renew(
    files: TlsFiles,
    limits: &Limits,
    metrics: &Metrics,
    trust: &watch::Sender<Arc<Trust>>,
    mut seen: Looked,
) -> std::convert::Infallible {
    let mut refused = None;
    let mut ticks = interval(limits.trust_every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let now = files.look();
        if now == seen {
            continue;
        }
        match Trust::read(&files) {
            Ok(fresh) => {
                seen = now;
                metrics.trust_renewed.add();
                trust.send_replace(Arc::new(fresh));
                tracing::info!(
                    "certificates or the revocation list were replaced; the new ones are in force"
                );
            }
            Err(error) => {
                metrics.trust_refused.add();
                // Once for each state of the files, however often it is tried.
                if refused.replace(now.clone()) == Some(now) {
                    continue;
                }
                let reason = &error as &dyn std::error::Error;
                tracing::error!(
                    reason,
                    "certificates or the revocation list were replaced by files that cannot be used; the old ones stay in force"
                );
            }
        }
    }
}
